//! The hosts' page for a host name of the occasion's own, with the DNS records that the name needs.

use std::net::IpAddr;

use askama::Template;
use axum::Extension;
use axum::response::Response;
use web::form_state::{self, Field, FormState};
use web::{Form, Problem, Text};

use super::frame::Place;
use super::request::{HostForm, HostRequest, PageContext};
use super::wording::Wording;
use crate::hosting::HostOf;
use crate::hosting::own_domains::{self, FIELD};
use crate::own_domain::{self, ALLOWED, OwnDomain};
use crate::refusal::Refusal;
use crate::web::own_domain::OwnDomains;

#[derive(Template)]
#[template(path = "host/own_domain.html")]
struct OwnDomainPage<'a> {
    text: &'a Text,
    wording: Wording<'a>,
    csrf: &'a str,
    submission: String,
    done: Option<String>,
    form_state: &'a FormState,
    is_allowed: bool,
    field: Field,
    domain: Option<DomainState>,
}

/// A host name with its DNS records.
struct DomainState {
    host: String,
    /// The occasion's address with the name.
    address: String,
    /// The message about the records, and its class.
    found: (&'static str, &'static str),
    leads_here: bool,
    /// The records of which one is enough: type and value.
    records: Vec<(&'static str, String)>,
}

/// `GET …/settings/domain`.
pub(super) async fn show(req: HostRequest) -> Result<Response, Problem> {
    let (context, domain) = load(&req).await?;
    let host = domain.as_ref().map_or("", |domain| &domain.host);
    let form_state = FormState::of(form_state::form([(FIELD, host)]));
    page(&req, &context, &form_state, domain).await
}

/// `POST …/settings/domain`.
pub(super) async fn change(
    served: Option<Extension<OwnDomains>>,
    posted: HostForm,
) -> Result<Response, Problem> {
    let req = &posted.req;
    let is_allowed = ALLOWED.of(&req.site.declared.settings);
    let typed = posted.form.text(FIELD).to_owned();
    let to = req.at("/settings/domain?done=saved");
    let own = req.site.url().host().to_owned();
    let done = posted
        .once(move |tx, host: &HostOf| {
            if !is_allowed {
                return Err(Refusal::FeatureDisabled);
            }
            own_domains::set(tx, host, &typed, |name| {
                let is_served_elsewhere = served.as_ref().is_some_and(|all| all.is_reserved(name));
                name == own || is_served_elsewhere
            })?;
            Ok(to.clone())
        })
        .await;
    form_state::answer(done, async |problem| {
        let (context, domain) = load(req).await?;
        let form: Form = posted.form.clone();
        let form_state = FormState::refused(form, &problem, &req.text);
        page(req, &context, &form_state, domain).await
    })
    .await
}

async fn load(req: &HostRequest) -> Result<(PageContext, Option<OwnDomain>), Refusal> {
    req.read(|tx, context| Ok(own_domain::find(tx, &context.occasion.id)?))
        .await
}

async fn page(
    req: &HostRequest,
    context: &PageContext,
    form_state: &FormState,
    domain: Option<OwnDomain>,
) -> Result<Response, Problem> {
    let (text, is_allowed) = (&req.text, ALLOWED.of(&req.site.declared.settings));
    let domain = match domain.filter(|_| is_allowed) {
        Some(domain) => Some(look(req, context, &domain).await?),
        None => None,
    };
    let body = OwnDomainPage {
        text,
        wording: req.wording(context),
        csrf: &req.csrf,
        submission: req.submission(),
        done: req.done(),
        form_state,
        is_allowed,
        field: form_state
            .line(FIELD, text.say("host-own-domain-name"))
            .hint(text.say("host-own-domain-hint")),
        domain,
    };
    Ok(req.page(
        context,
        Place::OwnDomain,
        &text.say("host-own-domain"),
        body,
    ))
}

/// Looks at the DNS records of a name.
async fn look(
    req: &HostRequest,
    context: &PageContext,
    domain: &OwnDomain,
) -> Result<DomainState, Problem> {
    let site = &req.site;
    let found = own_domain::look(site, &context.occasion.id, domain).await?;
    let leads_here = found.unwrap_or(domain.verified_at.is_some());
    let ours = site.outbound.addresses(site.url().host()).await;
    let addresses = ours.into_iter().flatten().map(|address| {
        let kind = if address.is_ipv4() { "A" } else { "AAAA" };
        (kind, address.to_string())
    });
    let own = site.url().host();
    // An alias leads to a name, never to an address.
    let is_address = own.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
    let alias = (!is_address).then(|| ("CNAME", format!("{own}.")));
    Ok(DomainState {
        address: site.url().with_host(&domain.host).join("/"),
        host: domain.host.clone(),
        found: match found {
            Some(true) => ("host-own-domain-here", "yes"),
            Some(false) => ("host-own-domain-elsewhere", "error"),
            None => ("host-own-domain-unknown", "maybe"),
        },
        leads_here,
        records: alias.into_iter().chain(addresses).collect(),
    })
}
