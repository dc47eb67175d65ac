//! The page with the links with which a group registers.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use jiff::tz::TimeZone;
use platform::Tx;
use web::form_state::{self, Field, FormState};
use web::{Form, Problem, Text, qr_code};

use identity::person::group_link::{self, GroupLink, GroupLinkId, Maker, NewGroupLink};
use identity::scope::domain::Domains;
use site::Context;
use site::call;
use site::proof::Requester;
use site::refusal::Refusal;
use site::request::{FormPost, PageRequest};

pub(super) const HERE: &str = site::addresses::GROUP_LINKS;

/// By the query parameter `done`: the message that confirms the previous action.
const DONE: &[(&str, &str)] = &[("made", "group-links-made"), ("ended", "group-links-ended")];

#[derive(Template)]
#[template(path = "group_links.html")]
struct GroupLinksPage<'a> {
    text: &'a Text,
    done: Option<&'static str>,
    links: Vec<Shown>,
    fields: [Field; 3],
    form_state: &'a FormState,
}

struct Shown {
    id: GroupLinkId,
    title: String,
    url: String,
    /// The width of the QR code in modules, and its dark modules as an SVG path.
    qr: Option<(usize, String)>,
    used: String,
}

impl Shown {
    fn new(link: &GroupLink, req: &PageRequest, zone: &TimeZone) -> Self {
        let text = &req.text;
        let url = link.url(&req.site);
        let until = text.moment_short_in(zone, link.expires_at);
        let values = [
            ("used", link.used.into()),
            ("uses", link.uses.into()),
            ("until", until.into()),
        ];
        let title = match link.title.as_str() {
            "" => text.say("group-links-site").into_owned(),
            title => title.to_owned(),
        };
        Self {
            id: link.id.clone(),
            title,
            qr: qr_code::path(&url),
            url,
            used: text.with("group-links-used", values),
        }
    }
}

pub(super) async fn show(
    State(accounts): State<Context>,
    req: PageRequest,
) -> Result<Response, Problem> {
    let path = req.query.text("for").to_owned();
    let mut begun = Form::default();
    for (name, value) in [("path", path.as_str()), ("uses", "30"), ("days", "7")] {
        begun.set(name, value);
    }
    page(&accounts, &req, &FormState::of(begun)).await
}

async fn page(
    accounts: &Context,
    req: &PageRequest,
    form_state: &FormState,
) -> Result<Response, Problem> {
    let (text, domains) = (&req.text, accounts.domain_accounts);
    let look = move |tx: &mut Tx<'_>, me: &Requester| {
        let by = maker(tx, domains, me)?;
        Ok((group_link::list(tx, &by)?, by))
    };
    let (links, by) = req.read(look).await?;
    let zone = TimeZone::get(&req.who.account().time_zone);
    let zone = zone.unwrap_or_else(|_| req.site.settings.time_zone.clone());
    let whole = by
        .is_administrator()
        .then(|| (String::new(), text.say("group-links-site").into_owned()));
    let places = by.places().iter().map(|place| {
        let label = match place.at {
            Some(at) => format!("{} – {}", place.title, text.subject_in(&zone, at)),
            None => place.title.clone(),
        };
        (place.path.clone(), label)
    });
    let number = |name, label| form_state.number(name, text.say(label)).required();
    let body = GroupLinksPage {
        text,
        done: req.done(DONE),
        links: links
            .iter()
            .map(|link| Shown::new(link, req, &zone))
            .collect(),
        fields: [
            form_state.select(
                "path",
                text.say("group-links-for"),
                whole.into_iter().chain(places),
            ),
            number("uses", "group-links-uses").hint(text.say("group-links-uses-hint")),
            number("days", "group-links-days").hint(text.say("group-links-days-hint")),
        ],
        form_state,
    };
    req.page(HERE, &text.say("group-links-title"), body).await
}

pub(super) async fn create(
    State(accounts): State<Context>,
    posted: FormPost,
) -> Result<Response, Problem> {
    let domains = accounts.domain_accounts;
    let (req, form) = (&posted.req, &posted.form);
    // What is no number is out of range.
    let number = |name| form.number(name).ok().flatten().unwrap_or_default();
    let new = NewGroupLink {
        path: form.text("path").to_owned(),
        uses: number("uses"),
        days: number("days"),
    };
    let change = move |tx: &mut Tx<'_>, me: &Requester| {
        let by = maker(tx, domains, me)?;
        group_link::create(tx, &by, &new).map_err(Problem::from)?;
        Ok(format!("{HERE}?done=made"))
    };
    form_state::answer(posted.once(change).await, async |problem| {
        let form_state = FormState::refused(form.clone(), &problem, &req.text).at("uses");
        page(&accounts, req, &form_state).await
    })
    .await
}

pub(super) async fn end(
    State(accounts): State<Context>,
    posted: FormPost,
) -> Result<Response, Problem> {
    let domains = accounts.domain_accounts;
    let link: GroupLinkId = call::id(posted.form.text("link"))?;
    let change = move |tx: &mut Tx<'_>, me: &Requester| {
        let by = maker(tx, domains, me)?;
        let is_ended = group_link::end(tx, &by, &link)?;
        let to = is_ended.then(|| format!("{HERE}?done=ended"));
        to.ok_or(Refusal::NotFound)
    };
    Ok(posted.once(change).await?)
}

pub(super) fn maker(tx: &mut Tx<'_>, domains: Domains, me: &Requester) -> Result<Maker, Refusal> {
    let found = group_link::maker(tx, domains, &me.who, me.request.clone())?;
    found.ok_or(Refusal::Forbidden)
}
