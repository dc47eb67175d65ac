//! The hosts' page for an occasion's own host name. It shows the DNS records that the name needs.

use std::net::IpAddr;

use askama::Template;
use axum::Extension;
use axum::response::Response;
use site::call;
use web::form_state::{self, Field, FormState};
use web::{Form, Problem, Text};

use super::frame::Place;
use super::request::{HostForm, HostRequest, PageContext};
use super::wording::Wording;
use crate::hosting::HostOf;
use crate::hosting::own_domains::{self, FIELD, OwnDomainView};
use crate::own_domain::{self, ALLOWED, RecordState, WaitsFor};
use crate::refusal::Refusal;
use crate::web::own_domain::OwnDomains;

#[derive(Template)]
#[template(path = "host/own_domain.html")]
struct OwnDomainPage<'a> {
    text: &'a Text,
    wording: Wording<'a>,
    submission: String,
    done: Option<String>,
    form_state: &'a FormState,
    is_allowed: bool,
    field: Field,
    domain: Option<DomainState>,
}

struct DomainState {
    found: OwnDomainView,
    address: String,
    warning: Option<String>,
    checked: Option<String>,
    proof: Tag,
    way: Tag,
    /// Type and value of the records that can point the name to this server. One is enough.
    records: Vec<(&'static str, String)>,
}

/// The result of checking a DNS record: the CSS class and the message id.
type Tag = (&'static str, &'static str);

/// Handles `GET …/settings/domain`. It makes no DNS look-ups, because programs that follow links
/// also request this page.
pub(super) async fn show(
    served: Option<Extension<OwnDomains>>,
    req: HostRequest,
) -> Result<Response, Problem> {
    let (context, domain) = load(&req).await?;
    let host = domain.as_ref().map_or("", |domain| &domain.own_domain);
    let form_state = FormState::of(form_state::form([(FIELD, host)]));
    Ok(page(&req, &context, &form_state, domain, served))
}

/// Handles `POST …/settings/domain`.
pub(super) async fn change(
    served: Option<Extension<OwnDomains>>,
    posted: HostForm,
) -> Result<Response, Problem> {
    let req = &posted.req;
    let is_allowed = ALLOWED.of(&req.site.declared.settings);
    let typed = posted.form.text(FIELD).to_owned();
    let to = req.at("/settings/domain?done=saved");
    let own = req.site.url().host().to_owned();
    let all = served.clone();
    let done = posted
        .once(move |tx, host: &HostOf| {
            if !is_allowed {
                return Err(Refusal::FeatureDisabled);
            }
            own_domains::set(tx, host, &typed, |name| {
                let is_served_elsewhere = all.as_ref().is_some_and(|all| all.is_reserved(name));
                name == own || is_served_elsewhere
            })?;
            Ok(to.clone())
        })
        .await;
    if done.is_ok() {
        let (context, _) = load(req).await?;
        own_domain::check(&req.site, &context.occasion.id).await?;
    }
    form_state::answer(done, async |problem| {
        let (context, domain) = load(req).await?;
        let form: Form = posted.form.clone();
        let form_state = FormState::refused(form, &problem, &req.text);
        Ok(page(req, &context, &form_state, domain, served.clone()))
    })
    .await
}

/// Handles `POST …/settings/domain/check`.
pub(super) async fn check(posted: HostForm) -> Result<Response, Problem> {
    let req = &posted.req;
    let (context, _) = load(req).await?;
    if !ALLOWED.of(&req.site.declared.settings) {
        return Err(Refusal::FeatureDisabled.into());
    }
    own_domain::check(&req.site, &context.occasion.id).await?;
    Ok(call::see_other(&req.at("/settings/domain#records")))
}

async fn load(req: &HostRequest) -> Result<(PageContext, Option<OwnDomainView>), Refusal> {
    let keys = req.site.keys.clone();
    req.read(move |tx, context| own_domains::find(tx, &keys, &context.host))
        .await
}

fn page(
    req: &HostRequest,
    context: &PageContext,
    form_state: &FormState,
    domain: Option<OwnDomainView>,
    served: Option<Extension<OwnDomains>>,
) -> Response {
    let (text, is_allowed) = (&req.text, ALLOWED.of(&req.site.declared.settings));
    let wording = req.wording(context);
    let body = OwnDomainPage {
        text,
        submission: req.submission(),
        done: req.done(),
        form_state,
        is_allowed,
        field: form_state
            .line(FIELD, text.say("host-own-domain-name"))
            .hint(text.say("host-own-domain-hint")),
        domain: domain.filter(|_| is_allowed).map(|domain| {
            let failure = served.and_then(|all| all.failed_certificate(&domain.own_domain));
            DomainState::new(req, &wording, domain, failure)
        }),
        wording,
    };
    req.page(
        context,
        Place::OwnDomain,
        &text.say("host-own-domain"),
        body,
    )
}

impl DomainState {
    fn new(
        req: &HostRequest,
        wording: &Wording<'_>,
        found: OwnDomainView,
        failed_certificate: Option<String>,
    ) -> Self {
        let (site, text) = (&req.site, &req.text);
        let kind = |address: &String| {
            let is_new = address.parse::<IpAddr>().is_ok_and(|one| one.is_ipv6());
            (if is_new { "AAAA" } else { "A" }, address.clone())
        };
        let own = site.url().host();
        // A CNAME record can point only to a name. It cannot point to an IP address.
        let is_address = own.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
        let alias = (!is_address).then(|| ("CNAME", format!("{own}.")));
        let warning = match (found.waits_for, found.failing_since) {
            (WaitsFor::Limit, _) => Some(text.say("host-own-domain-limit").into_owned()),
            (WaitsFor::Other, _) => Some(text.say("host-own-domain-other").into_owned()),
            (WaitsFor::Nothing, Some(since)) => {
                let day = text.date(wording.local(since).date());
                Some(text.with("host-own-domain-failing", [("day", day.into())]))
            }
            (WaitsFor::Nothing, None) => failed_certificate.map(|reason| {
                text.with("host-own-domain-certificate", [("reason", reason.into())])
            }),
        };
        Self {
            address: site.url().with_host(&found.own_domain).join("/"),
            warning,
            checked: found.checked_at.map(|at| wording.ago(at)),
            proof: tag(found.proof),
            way: tag(found.address),
            records: alias
                .into_iter()
                .chain(found.addresses.iter().map(kind))
                .collect(),
            found,
        }
    }
}

fn tag(state: RecordState) -> Tag {
    let class = match state {
        RecordState::Seen => "yes",
        RecordState::Elsewhere => "error",
        RecordState::Unchecked | RecordState::Missing | RecordState::NoAnswer => "maybe",
    };
    (class, state.label())
}
