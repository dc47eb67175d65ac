//! The list of a host's occasions, and the form for a new occasion.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use platform::Tx;
use platform::money::Currency;
use serde_json::json;
use site::asking::Sender;
use site::call::{form_once, see_other};
use site::frame;
use web::form_state::{self, Control, Field, FormState, Group};
use web::{Input, Problem, Site, Text, ZoneWishes, zone};

use super::request::{HostForm, HostRequest};
use super::wording::{self, Wording};
use crate::event::{self, Event};
use crate::hosting::Refusal;
use crate::hosting::member_occasions::{self, Decision, MembersOccasion};
use crate::hosting::occasions;
use crate::hosting::resource::{self, Resource};
use crate::id::OccasionId;
use crate::occasion::Occasion;
use crate::role::Role;
use crate::words::{OccasionKind, OccasionStatus};

#[derive(Template)]
#[template(path = "host/occasions.html")]
struct Occasions<'a> {
    text: &'a Text,
    done: Option<String>,
    all: Vec<OccasionItem<'a>>,
    may_create: bool,
    /// The occasions that the site's ordinary members have created. Only administrators see them.
    members: &'a [MembersOccasion],
}

struct OccasionItem<'a> {
    href: String,
    wording: Wording<'a>,
    when: String,
    role: Role,
}

impl OccasionItem<'_> {
    fn status(&self) -> &'static str {
        self.wording.occasion.status.label()
    }

    fn is_published(&self) -> bool {
        self.wording.occasion.status == OccasionStatus::Published
    }

    fn role_words(&self) -> &'static str {
        self.role.label()
    }
}

/// In this order: the host's occasions, each with its events and the host's role; whether the host
/// may create another occasion; the occasions that members have created; and the time of the
/// transaction.
type OccasionListData = (
    Vec<(Occasion, Vec<Event>, Role)>,
    bool,
    Vec<MembersOccasion>,
    jiff::Timestamp,
);

/// Handles `GET /admin`.
pub(super) async fn list(req: HostRequest) -> Result<Response, Problem> {
    let (who, site) = (req.who.clone(), req.site.clone());
    let look = move |tx: &mut Tx<'_>| -> Result<OccasionListData, Refusal> {
        let mut all = Vec::new();
        for (occasion, role) in occasions::list(tx, &who)? {
            let events = event::list(tx, &occasion.id)?;
            all.push((occasion, events, role));
        }
        let may_create = occasions::may_create(tx, &site, &who)?;
        Ok((all, may_create, member_occasions::list(tx, &who)?, tx.now()))
    };
    let (all, may_create, members, now) = req.site.store.read(look).await?;
    let rows = all.iter().map(|(occasion, events, role)| {
        let wording = Wording::new(&req.text, occasion, now);
        OccasionItem {
            href: wording.at(""),
            when: wording.countdown_to(events),
            role: *role,
            wording,
        }
    });
    let body = Occasions {
        text: &req.text,
        done: req.done(),
        all: rows.collect(),
        may_create,
        members: &members,
    };
    let title = req.text.say("host-occasions");
    let facts = req.facts().await?;
    Ok(req.plain_page(&title, &facts, body))
}

#[derive(Template)]
#[template(path = "host/occasion_new.html")]
struct NewOccasion<'a> {
    text: &'a Text,
    submission: String,
    form_state: &'a FormState,
    fields: Vec<Field>,
    groups: Vec<Group>,
}

/// Handles `GET /admin/new`.
pub(super) async fn new(zones: ZoneWishes, req: HostRequest) -> Result<Response, Problem> {
    let (who, site) = (req.who.clone(), req.site.clone());
    let look = move |tx: &mut Tx<'_>| -> Result<bool, Refusal> {
        Ok(occasions::may_create(tx, &site, &who)?)
    };
    if !req.site.store.read(look).await? {
        return Err(Problem::not_found());
    }
    let own = &req.who.account().time_zone;
    let device = zones.device.as_ref().map(zone::name);
    let language = &req.text.language().tag;
    let form_state = FormState::of(form_state::form([
        ("time_zone", device.unwrap_or(own.as_str())),
        ("kind", OccasionKind::Wedding.word()),
        ("default_language", language),
    ]));
    let facts = req.facts().await?;
    Ok(new_page(&req, &facts, &form_state))
}

fn new_page(req: &HostRequest, facts: &frame::Facts, form_state: &FormState) -> Response {
    let text = &req.text;
    let kinds = OccasionKind::ALL.iter();
    let kinds = kinds.map(|kind| {
        let words = text.say(kind.label()).into_owned();
        (kind.word().to_owned(), words)
    });
    let body = NewOccasion {
        text,
        submission: req.submission(),
        form_state,
        fields: vec![
            form_state
                .line("hosts", text.say("host-field-hosts"))
                .hint(text.say("host-field-hosts-hint"))
                .required(),
            form_state
                .line("title", text.say("host-field-title"))
                .hint(text.say("host-field-title-hint"))
                .required(),
            form_state
                .line("slug", text.say("host-field-slug"))
                .hint(text.say("host-field-slug-hint"))
                .required(),
            form_state.select("kind", text.say("host-field-kind"), kinds),
            form_state.select(
                "default_language",
                text.say("host-field-default-language"),
                wording::languages(text),
            ),
            form_state
                .line("time_zone", text.say("host-field-time-zone"))
                .hint(text.say("host-field-time-zone-hint"))
                .required(),
        ],
        groups: vec![Group {
            legend: text.say("host-first-event").into_owned(),
            fields: vec![
                form_state
                    .line("event.name", text.say("host-field-event-name"))
                    .required(),
                form_state
                    .field(
                        "event.starts_at",
                        text.say("host-field-starts"),
                        Control::Line("datetime-local", "off"),
                    )
                    .required(),
                form_state.line("event.venue", text.say("host-field-venue")),
            ],
        }],
    };
    req.plain_page(&text.say("host-new-occasion"), facts, body)
}

/// Handles `POST /admin/new`.
pub(super) async fn create(posted: HostForm) -> Result<Response, Problem> {
    let (req, form) = (&posted.req, &posted.form);
    let tag = form_state::some(form, "default_language").unwrap_or_else(|| "en".to_owned());
    let mut new = json!({
        "slug": form.text("slug"),
        "kind": form_state::some(form, "kind"),
        "title": { tag.as_str(): form.text("title") },
        "hosts": { tag.as_str(): form.text("hosts") },
        "time_zone": form.text("time_zone"),
        "languages": [&tag],
        "default_language": tag,
    });
    if let Some(currency) =
        zone::find(form.text("time_zone")).and_then(|zone| Currency::of_zone(zone::name(&zone)))
    {
        new["currency"] = currency.to_string().into();
    }
    let new = Input::from(new);
    let first = form_state::form([
        (format!("name.{tag}"), form.text("event.name")),
        ("starts_at".to_owned(), form.text("event.starts_at")),
        ("venue".to_owned(), form.text("event.venue")),
    ]);
    let asked = |field: &&web::Field| ["name", "starts_at", "venue"].contains(&field.name);
    let first = Input::Form(first, Event::FIELDS.iter().filter(asked).copied().collect());
    let key = posted.key.clone();
    let (who, request, site) = (req.who.clone(), req.origin(), req.site.clone());
    let made = req
        .site
        .store
        .write(move |tx| {
            form_once(tx, key.as_ref(), |tx| {
                make(tx, &site, &who, &new, &first, &request)
            })
        })
        .await;
    form_state::answer(made.map(|to| see_other(&to)), async |problem| {
        let mut form_state = FormState::refused(form.clone(), &problem, &req.text);
        if problem.code == "slug_taken" {
            form_state = form_state.at("slug");
        }
        let facts = req.facts().await?;
        Ok(new_page(req, &facts, &form_state))
    })
    .await
}

fn make(
    tx: &mut Tx<'_>,
    site: &Site,
    who: &identity::session::signed_in::SignedIn,
    new: &Input,
    first: &Input,
    request: &platform::audit::RequestFacts,
) -> Result<String, Refusal> {
    let id = occasions::create(tx, site, who, new, Some(request.clone()))?;
    let host = crate::hosting::enter(tx, who, &id, Some(request.clone()))?;
    let occasion = occasions::load(tx, &host)?;
    resource::create::<Event>(tx, &host, first).map_err(under_event)?;
    Ok(wording::at(&occasion.slug, "?done=created"))
}

/// Handles `POST /admin/members`. An administrator decides about a member's occasion.
pub(super) async fn decide(State(site): State<Site>, sender: Sender) -> Result<Response, Problem> {
    let wrong = |field| Problem::fields().field(field, "unknown_option", []);
    let id = sender.form.text("occasion").parse::<OccasionId>();
    let id = id.map_err(|_| wrong("/occasion"))?;
    let decision = match sender.form.text("action") {
        "mail" => Decision::LetSend,
        "no-mail" => Decision::StopSending,
        "take-on" => Decision::TakeOn,
        _ => return Err(wrong("/action")),
    };
    let (who, request) = (sender.who, sender.request);
    let change = move |tx: &mut Tx<'_>| member_occasions::decide(tx, &who, &id, decision, &request);
    site.store.write(change).await?;
    Ok(see_other("/admin?done=saved"))
}

fn under_event(refusal: Refusal) -> Refusal {
    match refusal {
        Refusal::Fields(fields) => Refusal::Fields(
            fields
                .into_iter()
                .map(|mut field| {
                    field.pointer = format!("/event{}", field.pointer);
                    field
                })
                .collect(),
        ),
        other => other,
    }
}
