//! One invitation: its people and their answers, what the household may do, how
//! it is reached, and what was done to it.

use std::collections::BTreeMap;

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use web::{Form, Piece, Problem, Spoken, Text};

use super::desk::{Desk, Place, Scene};
use super::filters;
use super::history::{Sentence, Telling};
use super::say::{self, Says};
use super::sheet::Sheet;
use crate::diet::DietaryOption;
use crate::guest::Guest;
use crate::hosting::invitations::{self, Bookkeeping};
use crate::hosting::{Leave, Refusal, log};
use crate::invitation::{Details, InvitationId};
use crate::portal::Portal;
use crate::web::guest::Reading;
use crate::web::guest::view::Mark;
use crate::words::{Access, GuestKind, LockMode, OccasionStatus, ReplyStatus};

/// How many lines of its history stand on the page.
const HISTORY: &str = "limit=12";

#[derive(Template)]
#[template(path = "host/invite.html")]
struct InvitePage<'a> {
    text: &'a Text,
    says: Says<'a>,
    csrf: &'a str,
    submission: String,
    stream: String,
    done: Option<String>,
    sheet: &'a Sheet,
    portal: &'a Portal,
    details: &'a Details,
    kept: &'a Bookkeeping,
    people: Vec<PersonRow<'a>>,
    history: Vec<Sentence>,
    link: String,
    access: Tag<'a>,
    may_invite: bool,
    may_see: bool,
    may_own: bool,
}

/// What the household may do now: a word, its class, the reason.
struct Tag<'a> {
    class: &'static str,
    words: std::borrow::Cow<'a, str>,
    why: String,
}

/// One person with the answers.
struct PersonRow<'a> {
    id: String,
    title: String,
    about: Vec<String>,
    is_above: bool,
    choices: Vec<Choice<'a>>,
    diets: Vec<(String, String, bool)>,
    diet_note: String,
    diet_words: String,
}

/// The answer to one event.
struct Choice<'a> {
    field: String,
    event: Spoken<'a>,
    /// `yes`, `no`, `undecided`, or nothing.
    chosen: String,
    mark: Mark,
    /// What somebody else saved meanwhile.
    stored: Option<Mark>,
}

impl InvitePage<'_> {
    fn at(&self, rest: &str) -> String {
        let id = &self.portal.household.invitation.id;
        self.says.at(&format!("/invites/{id}{rest}"))
    }

    fn version(&self) -> i64 {
        self.portal.household.invitation.version
    }

    fn undecided(&self) -> bool {
        self.says.occasion.details.switches.undecided
    }

    fn is_archived(&self) -> bool {
        self.portal.household.invitation.archived_at.is_some()
    }

    fn can_change(&self) -> bool {
        self.may_invite && !self.is_archived()
    }

    fn may_mail(&self) -> bool {
        self.details.email.is_some() && self.says.occasion.details.switches.confirmation_mail
    }

    fn note(&self) -> &str {
        &self.portal.household.invitation.note
    }

    fn code(&self) -> &str {
        &self.portal.household.invitation.code
    }

    fn language(&self) -> String {
        filters::language(self.text, self.details.language.as_deref())
    }

    fn event_names(&self) -> String {
        let names: Vec<String> = self
            .portal
            .invited_events()
            .map(|event| {
                let default = &self.says.occasion.details.default_language;
                event
                    .details
                    .name
                    .pick(self.text.language(), default)
                    .to_string()
            })
            .collect();
        names.join(&self.text.say("list-comma"))
    }

    /// "2 of 3 people, 1 of 1 children".
    fn allowance(&self) -> String {
        let allowance = self.portal.household.allowance();
        let values = [
            ("used", allowance.plus_ones.used.into()),
            ("allowed", allowance.plus_ones.allowed.into()),
            ("children_used", allowance.children.used.into()),
            ("children_allowed", allowance.children.allowed.into()),
        ];
        self.text.with("host-allowance", values)
    }

    /// What is known of its way to the household.
    fn tracks(&self) -> Vec<String> {
        let when = |id: &str, at| self.text.with(id, [("when", self.says.moment(at).into())]);
        let mut tracks = Vec::new();
        match self.kept.sent_at {
            Some(at) => tracks.push(when("host-sent-at", at)),
            None => tracks.push(self.text.say("host-not-sent").into_owned()),
        }
        match self.kept.last_opened_at {
            Some(at) => {
                let values = [
                    ("when", self.says.moment(at).into()),
                    ("n", self.kept.open_count.into()),
                ];
                tracks.push(self.text.with("host-opened-at", values));
            }
            None => tracks.push(self.text.say("host-never-opened").into_owned()),
        }
        if let Some(at) = self.portal.household.invitation.replied_at {
            tracks.push(when("host-answered-at", at));
        }
        tracks
    }

    fn own_deadline(&self) -> String {
        self.says.deadline_day(self.details.deadline_override)
    }

    /// What holds where the household has no deadline of its own.
    fn usual_deadline(&self) -> String {
        match self.says.occasion.details.rsvp_deadline {
            Some(at) => {
                let values = [("deadline", self.says.deadline(at).into())];
                self.text.with("host-usual-deadline", values)
            }
            None => self.text.say("host-usual-never").into_owned(),
        }
    }

    fn is_by_hand(&self) -> bool {
        self.details.lock_mode != LockMode::Auto
    }

    fn is_locked(&self) -> bool {
        self.details.lock_mode == LockMode::Locked
    }
}

impl PersonRow<'_> {
    fn diets_summary(&self, text: &Text) -> String {
        let n = self.diets.iter().filter(|(.., is_on)| *is_on).count()
            + usize::from(!self.diet_note.is_empty());
        match n {
            0 => text.say("answer-diets").into_owned(),
            n => text.with("answer-diets-count", [("n", n.into())]),
        }
    }

    fn has_diets(&self) -> bool {
        !self.diet_note.is_empty() || self.diets.iter().any(|(.., is_on)| *is_on)
    }
}

impl Choice<'_> {
    fn to(&self, text: &Text, id: &str, person: &str) -> String {
        let values = [("event", self.event.text.into()), ("person", person.into())];
        text.with(id, values)
    }

    fn stored_words(&self, text: &Text) -> Option<String> {
        let mark = self.stored?;
        let value = text.say(mark.message()).into_owned();
        Some(text.with("host-clash-stored", [("value", value.into())]))
    }
}

/// Everything on the page.
pub(super) struct Found {
    pub(super) portal: Portal,
    kept: Bookkeeping,
    history: Vec<log::Line>,
}

/// Looks at the invitation of the path.
pub(super) async fn find(desk: &Desk) -> Result<(Scene, Found), Refusal> {
    let id: InvitationId = desk.id();
    let piece = Piece::read(HISTORY).map_err(|_| Refusal::NotFound)?;
    desk.read(move |tx, scene| {
        let portal = invitations::load(tx, &scene.host, &id)?;
        let history = if scene.may(Leave::ReadLog) {
            let filter = log::Filter {
                entity: id.to_string(),
                ..log::Filter::default()
            };
            log::list(tx, &scene.host, &filter, &piece)?.items
        } else {
            Vec::new()
        };
        Ok(Found {
            kept: invitations::bookkeeping(tx, &id)?,
            portal,
            history,
        })
    })
    .await
}

/// `GET /admin/o/{slug}/invites/{id}`.
pub(super) async fn show(desk: Desk) -> Result<Response, Problem> {
    let (scene, found) = find(&desk).await?;
    let sheet = Sheet::of(stored(&found.portal));
    Ok(page(&desk, &scene, &found, &sheet))
}

/// The page again, with what stands against a change.
pub(super) async fn refuse(desk: &Desk, problem: &Problem) -> Result<Response, Problem> {
    let (scene, found) = find(desk).await?;
    let sheet = Sheet::refused(stored(&found.portal), problem, &desk.text);
    Ok(refused(desk, &scene, &found, &sheet, problem.status))
}

/// The page with the answers as typed.
pub(super) fn refused(
    desk: &Desk,
    scene: &Scene,
    found: &Found,
    sheet: &Sheet,
    status: StatusCode,
) -> Response {
    (status, page(desk, scene, found, sheet)).into_response()
}

fn page(desk: &Desk, scene: &Scene, found: &Found, sheet: &Sheet) -> Response {
    let (text, says) = (&desk.text, desk.says(scene));
    let invitation = &found.portal.household.invitation;
    let guests = found.portal.household.guests.iter();
    let telling = Telling {
        says: says.clone(),
        events: &scene.events,
        guests: guests
            .map(|guest| (guest.id.to_string(), guest.name.clone()))
            .collect::<BTreeMap<_, _>>(),
    };
    let body = InvitePage {
        text,
        csrf: &desk.csrf,
        submission: desk.submission(),
        stream: format!("/api/v1/occasions/{}/stream", scene.occasion.id),
        done: desk.done(),
        people: people(&says, &found.portal, sheet),
        history: found
            .history
            .iter()
            .map(|line| telling.tell(line))
            .collect(),
        link: desk
            .site
            .url()
            .join(&format!("/invite/{}", invitation.code)),
        access: access(&says, &found.portal),
        sheet,
        details: &invitation.details,
        kept: &found.kept,
        portal: &found.portal,
        may_invite: scene.may(Leave::Invite),
        may_see: scene.may(Leave::SeeContacts),
        may_own: scene.may(Leave::Own),
        says: says.clone(),
    };
    let household = &invitation.details.household;
    let title = if sheet.is_fine() {
        household.clone()
    } else {
        text.with("host-error-title", [("title", household.as_str().into())])
    };
    desk.page(scene, Place::Invitations, &title, body)
}

/// The answers as a form holds them.
pub(super) fn stored(portal: &Portal) -> Form {
    let mut fields = vec![(
        "version".to_owned(),
        portal.household.invitation.version.to_string(),
    )];
    for guest in &portal.household.guests {
        let id = &guest.id;
        for event in portal.invited_events() {
            if let Some(reply) = guest.replies.get(&event.id) {
                let word = match portal.shown(reply.status) {
                    ReplyStatus::Pending => "",
                    // Who waits wanted to come.
                    ReplyStatus::Waitlisted => "yes",
                    other => other.word(),
                };
                fields.push((format!("reply.{id}.{}", event.key), word.to_owned()));
            }
        }
        for key in &guest.diets {
            fields.push((format!("diet.{id}"), key.clone()));
        }
        fields.push((format!("diet_note.{id}"), guest.diet_note.clone()));
    }
    fields.into_iter().collect()
}

fn people<'a>(says: &Says<'a>, portal: &'a Portal, sheet: &Sheet) -> Vec<PersonRow<'a>> {
    let reading = Reading::new(says.text, portal);
    let stored = stored(portal);
    portal
        .household
        .guests
        .iter()
        .map(|guest| person(says, portal, guest, reading.name(guest), (sheet, &stored)))
        .collect()
}

fn person<'a>(
    says: &Says<'a>,
    portal: &'a Portal,
    guest: &'a Guest,
    title: String,
    (sheet, stored): (&Sheet, &Form),
) -> PersonRow<'a> {
    let text = says.text;
    let id = guest.id.to_string();
    let field = format!("diet.{id}");
    let diets: Vec<(String, String, bool)> = portal
        .diets
        .iter()
        .filter(|option| option.active || guest.diets.contains(&option.key))
        .map(|option: &DietaryOption| {
            let is_on = sheet.form.all(&field).any(|key| key == option.key);
            (
                option.key.clone(),
                says.diet(&portal.diets, &option.key),
                is_on,
            )
        })
        .collect();
    let diet_note = sheet.form.text(&format!("diet_note.{id}")).to_owned();
    let mut diet_words: Vec<String> = diets
        .iter()
        .filter(|(.., is_on)| *is_on)
        .map(|(_, words, _)| words.clone())
        .collect();
    if !diet_note.is_empty() {
        diet_words.push(diet_note.clone());
    }
    PersonRow {
        title,
        about: about(text, guest),
        is_above: guest.beyond_allowance,
        choices: portal
            .invited_events()
            .filter_map(|event| {
                let reply = guest.replies.get(&event.id)?;
                let field = format!("reply.{id}.{}", event.key);
                let chosen = sheet.form.text(&field).to_owned();
                let mark = say::mark(portal.shown(reply.status));
                Some(Choice {
                    stored: (stored.text(&field) != chosen).then_some(mark),
                    event: says.event(event),
                    field,
                    chosen,
                    mark,
                })
            })
            .collect(),
        diets,
        diet_note,
        diet_words: diet_words.join(&text.say("list-comma")),
        id,
    }
}

/// Child, age, brought along.
fn about(text: &Text, guest: &Guest) -> Vec<String> {
    let mut about = Vec::new();
    match (guest.is_child, guest.child_age) {
        (false, _) => {}
        (true, None) => about.push(text.say("guest-child").into_owned()),
        (true, Some(age)) => about.push(text.with("guest-child-age", [("age", age.into())])),
    }
    if guest.kind == GuestKind::PlusOne {
        about.push(text.say("host-plus-one").into_owned());
    }
    about
}

/// What the household may do, and why.
fn access<'a>(says: &Says<'a>, portal: &Portal) -> Tag<'a> {
    let text = says.text;
    let invitation = &portal.household.invitation;
    let details = &invitation.details;
    let deadline = |id: &str, at| text.with(id, [("deadline", says.deadline(at).into())]);
    let why = match portal.access {
        Access::Revoked => text.say("host-why-archived").into_owned(),
        Access::Expired => text.say("host-why-expired").into_owned(),
        Access::Locked => text.say("host-why-locked").into_owned(),
        Access::Closed if portal.occasion.status == OccasionStatus::Closed => {
            text.say("host-why-occasion-closed").into_owned()
        }
        Access::Closed => match invitation.deadline(&portal.occasion) {
            Some(at) => deadline("host-why-closed", at),
            None => text.say("host-why-closed-undated").into_owned(),
        },
        Access::Open => match (details.lock_mode, details.open_until, portal.closes_at()) {
            (LockMode::Open, None, _) => text.say("host-why-open-by-hand").into_owned(),
            (LockMode::Open, Some(until), _) => deadline("host-why-open-until", until),
            (_, _, None) => text.say("host-why-open-always").into_owned(),
            (_, _, Some(at)) if details.deadline_override.is_some() => {
                deadline("host-why-open-own", at)
            }
            (_, _, Some(at)) => deadline("host-why-open", at),
        },
    };
    Tag {
        class: match portal.access {
            Access::Open => "yes",
            Access::Closed | Access::Expired | Access::Revoked => "no",
            Access::Locked => "maybe",
        },
        words: text.say(say::access(portal.access)),
        why,
    }
}
