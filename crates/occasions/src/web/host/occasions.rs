//! All occasions of a host, and the way to another one.

use askama::Template;
use axum::response::{IntoResponse, Response};
use platform::Tx;
use web::{Language, Problem, Text};

use super::desk::{Desk, Errand, once, see_other};
use super::say::{self, Says};
use super::sheet::{self, Control, Field, Group, Sheet};
use crate::event::{self, Event};
use crate::hosting::occasions::{self, Change};
use crate::hosting::{Refusal, events};
use crate::occasion::Occasion;
use crate::role::Role;
use crate::words::{OccasionKind, OccasionStatus};
use web::I18n;

#[derive(Template)]
#[template(path = "host/occasions.html")]
struct Occasions<'a> {
    text: &'a Text,
    done: Option<String>,
    all: Vec<Row<'a>>,
    may_create: bool,
}

struct Row<'a> {
    href: String,
    says: Says<'a>,
    when: String,
    role: Role,
}

impl Row<'_> {
    fn status(&self) -> &'static str {
        say::status(self.says.occasion.status)
    }

    fn is_published(&self) -> bool {
        self.says.occasion.status == OccasionStatus::Published
    }

    fn role_words(&self) -> &'static str {
        say::role(self.role)
    }
}

/// The occasions with their events, whether another may be made, and when this
/// was.
type Found = (Vec<(Occasion, Vec<Event>, Role)>, bool, jiff::Timestamp);

/// `GET /admin`.
pub(super) async fn list(desk: Desk) -> Result<Response, Problem> {
    let who = desk.who.clone();
    let look = move |tx: &mut Tx<'_>| -> Result<Found, Refusal> {
        let mut all = Vec::new();
        for (occasion, role) in occasions::list(tx, &who)? {
            let events = event::list(tx, &occasion.id)?;
            all.push((occasion, events, role));
        }
        Ok((all, occasions::may_create(tx, &who)?, tx.now()))
    };
    let (all, may_create, now) = desk.site.store.read(look).await?;
    let rows = all.iter().map(|(occasion, events, role)| {
        let says = Says::new(&desk.text, occasion, now);
        Row {
            href: says.at(""),
            when: says.countdown_to(events),
            role: *role,
            says,
        }
    });
    let body = Occasions {
        text: &desk.text,
        done: desk.done(),
        all: rows.collect(),
        may_create,
    };
    let title = desk.text.say("host-occasions");
    let may_operate = desk.may_operate().await?;
    Ok(desk.plain_page(&title, may_operate, body))
}

#[derive(Template)]
#[template(path = "host/occasion_new.html")]
struct NewOccasion<'a> {
    text: &'a Text,
    csrf: &'a str,
    submission: String,
    sheet: &'a Sheet,
    fields: Vec<Field>,
    groups: Vec<Group>,
}

/// `GET /admin/new`.
pub(super) async fn new(desk: Desk) -> Result<Response, Problem> {
    let who = desk.who.clone();
    let look =
        move |tx: &mut Tx<'_>| -> Result<bool, Refusal> { Ok(occasions::may_create(tx, &who)?) };
    if !desk.site.store.read(look).await? {
        return Err(Problem::not_found());
    }
    let own = &desk.who.account().time_zone;
    let language = &desk.text.language().tag;
    let sheet = Sheet::of(sheet::form([
        ("time_zone", own.as_str()),
        ("kind", OccasionKind::Wedding.word()),
        ("default_language", language),
    ]));
    let may_operate = desk.may_operate().await?;
    Ok(new_page(&desk, may_operate, &sheet))
}

fn new_page(desk: &Desk, may_operate: bool, sheet: &Sheet) -> Response {
    let text = &desk.text;
    let languages: Vec<(String, String)> = text
        .catalogue()
        .languages()
        .map(|tag| (tag.to_owned(), Language::of(tag).name.into_owned()))
        .collect();
    let kinds = OccasionKind::ALL.iter().map(|kind| {
        (
            kind.word().to_owned(),
            text.say(say::kind(*kind)).into_owned(),
        )
    });
    let body = NewOccasion {
        text,
        csrf: &desk.csrf,
        submission: desk.submission(),
        sheet,
        fields: vec![
            sheet
                .line("hosts", text.say("host-field-hosts"))
                .hint(text.say("host-field-hosts-hint"))
                .required(),
            sheet
                .line("title", text.say("host-field-title"))
                .hint(text.say("host-field-title-hint"))
                .required(),
            sheet
                .line("slug", text.say("host-field-slug"))
                .hint(text.say("host-field-slug-hint"))
                .required(),
            sheet.select("kind", text.say("host-field-kind"), kinds),
            sheet.select(
                "default_language",
                text.say("host-field-default-language"),
                languages,
            ),
            sheet
                .line("time_zone", text.say("host-field-time-zone"))
                .hint(text.say("host-field-time-zone-hint"))
                .required(),
        ],
        groups: vec![Group {
            legend: text.say("host-first-event").into_owned(),
            fields: vec![
                sheet
                    .line("event.name", text.say("host-field-event-name"))
                    .required(),
                sheet
                    .field(
                        "event.starts_at",
                        text.say("host-field-starts"),
                        Control::Line("datetime-local", "off"),
                    )
                    .required(),
                sheet.line("event.venue", text.say("host-field-venue")),
            ],
        }],
    };
    desk.plain_page(&text.say("host-new-occasion"), may_operate, body)
}

/// `POST /admin/new`.
pub(super) async fn create(errand: Errand) -> Result<Response, Problem> {
    let (desk, form) = (&errand.desk, &errand.form);
    let tag = sheet::some(form, "default_language").unwrap_or_else(|| "en".to_owned());
    let one = |name: &str| Some(I18n::one(tag.clone(), form.text(name)));
    let change = Change {
        slug: Some(form.text("slug").to_owned()),
        kind: OccasionKind::find(form.text("kind")),
        title: one("title"),
        hosts: one("hosts"),
        time_zone: Some(form.text("time_zone").to_owned()),
        languages: Some(vec![tag.clone()]),
        default_language: Some(tag.clone()),
        ..Change::default()
    };
    let first = events::Change {
        name: one("event.name"),
        venue: Some(form.text("event.venue").to_owned()),
        ..events::Change::default()
    };
    let starts_at = form.text("event.starts_at").to_owned();
    let key = errand.key("POST /admin/new");
    let (who, request, text) = (desk.who.clone(), desk.origin(), desk.text.clone());
    let made = desk
        .site
        .store
        .write(move |tx| {
            once(tx, key.as_ref(), |tx| {
                make(tx, &who, &change, &first, &starts_at, &request, &text)
            })
        })
        .await;
    match made {
        Ok(to) => Ok(see_other(&to)),
        Err(refusal) if sheet::is_about_form(&refusal) => {
            let problem = Problem::from(refusal);
            let mut sheet = Sheet::refused(form.clone(), &problem, &desk.text);
            if problem.code == "slug_taken" {
                sheet.trouble = None;
                sheet.complain("slug", problem.detail(&desk.text));
            }
            let may_operate = desk.may_operate().await?;
            Ok((problem.status, new_page(desk, may_operate, &sheet)).into_response())
        }
        Err(refusal) => Err(refusal.into()),
    }
}

/// The occasion with its first event, or nothing.
fn make(
    tx: &mut Tx<'_>,
    who: &accounts::SignedIn,
    change: &Change,
    first: &events::Change,
    starts_at: &str,
    request: &platform::audit::RequestFacts,
    text: &Text,
) -> Result<String, Refusal> {
    let id = occasions::create(tx, who, change, Some(request.clone()))?;
    let host = crate::hosting::enter(tx, who, &id, Some(request.clone()))?;
    let occasion = occasions::load(tx, &host)?;
    let says = Says::new(text, &occasion, tx.now());
    let first = events::Change {
        starts_at: Some(crate::hosting::When(says.typed_moment(starts_at))),
        ..first.clone()
    };
    events::create(tx, &host, &first).map_err(under_event)?;
    Ok(say::at(&occasion.slug, "?done=created"))
}

/// Findings about the first event stand at its fields.
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
