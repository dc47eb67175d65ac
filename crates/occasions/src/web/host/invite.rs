//! The page of an invitation. It shows guests and answers, access, contact data and history.

use std::collections::BTreeMap;

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use platform::mail::suppression::{self, Cause, Suppression};
use web::form_state::FormState;
use web::{PageQuery, Problem, Spoken, Text};

use super::filters;
use super::frame::Place;
use super::history::{Sentence, Telling};
use super::invite_people::{PersonRow, household, people, stored};
use super::not_answered;
use super::request::{HostRequest, PageContext};
use super::sending::Sending;
use super::twins::{self, TwinCard};
use super::wording::{self, Wording};
use crate::form_event::{self, FormEvent};
use crate::hosting::duplicates::{self, Pair};
use crate::hosting::handed::HandedState;
use crate::hosting::invitations::{self, Bookkeeping};
use crate::hosting::mail_text::{self, MailKind, MailText};
use crate::hosting::portals;
use crate::hosting::thanks::DayAfter;
use crate::hosting::unanswered::{self, Step, Unanswered};
use crate::hosting::{Permission, Refusal, log, reach, suppressions};
use crate::id::InvitationId;
use crate::invitation::Details;
use crate::invitation_snapshot::InvitationSnapshot;
use crate::open_rsvp;
use crate::table;
use crate::web::guest::view::{Mark, QuestionControl, QuestionField};
use crate::words::{Access, LockMode, OccasionStatus};

const HISTORY: &str = "limit=12";

#[derive(Template)]
#[template(path = "host/invite.html")]
struct InvitePage<'a> {
    text: &'a Text,
    wording: Wording<'a>,
    submission: String,
    stream: String,
    done: Option<String>,
    form_state: &'a FormState,
    snapshot: &'a InvitationSnapshot,
    details: &'a Details,
    kept: &'a Bookkeeping,
    messages: &'a [reach::Message],
    /// `None` if a host created the invitation.
    open: Option<open_rsvp::Mark>,
    people: Vec<PersonRow<'a>>,
    household: Vec<QuestionField<'a>>,
    told: Vec<(Spoken<'a>, String)>,
    history: Vec<Sentence>,
    send: Sending,
    access: Tag<'a>,
    suppressions: &'a [Suppression],
    /// What happened to the household's form. Only for hosts who may invite.
    form: Option<&'a FormEvent>,
    /// Only for hosts who may invite.
    unanswered: Option<Unanswered>,
    /// Other households that are perhaps this one.
    twins: Vec<TwinCard>,
    may_invite: bool,
    /// The keyword of the last action. The page shows a message about this action.
    just: &'a str,
    may_see: bool,
    may_own: bool,
}

struct Tag<'a> {
    class: &'static str,
    words: std::borrow::Cow<'a, str>,
    why: String,
}

impl InvitePage<'_> {
    fn at(&self, rest: &str) -> String {
        let id = &self.snapshot.household.invitation.id;
        self.wording.at(&format!("/invites/{id}{rest}"))
    }

    fn version(&self) -> i64 {
        self.snapshot.household.invitation.version
    }

    fn response(&self) -> wording::Tag {
        wording::response_tag(self.text, self.snapshot)
    }

    fn undecided(&self) -> bool {
        self.wording.occasion.switches.undecided
    }

    fn error(&self, field: &str) -> Option<&str> {
        self.form_state.error(field)
    }

    fn is_archived(&self) -> bool {
        self.snapshot.household.invitation.archived_at.is_some()
    }

    /// After a move, the buttons for moving guests stay visible.
    fn is_ordering(&self) -> bool {
        self.just == "ordered"
    }

    fn has_seats(&self) -> bool {
        let mut events = self.snapshot.events.iter();
        events.any(|event| event.capacity.is_some())
    }

    fn table(&self) -> String {
        table::named(&self.details.tags, &self.text.say("list-comma"))
    }

    /// The tags that name no table.
    fn tags(&self) -> impl Iterator<Item = &String> {
        let tags = self.details.tags.iter();
        tags.filter(|tag| !table::is_table(tag))
    }

    fn can_change(&self) -> bool {
        self.may_invite && !self.is_archived()
    }

    fn may_mail(&self) -> bool {
        self.details.email.is_some() && self.wording.occasion.switches.confirmation_mail
    }

    fn suppression(&self, one: &Suppression) -> String {
        let id = match one.cause {
            Cause::SoftBounce => "host-mail-soft-bounce",
            Cause::Unsubscribe => "host-mail-unsubscribe",
            Cause::HardBounce => "host-mail-hard-bounce",
            Cause::Complaint => "host-mail-complaint",
            Cause::Manual => "host-mail-manual",
        };
        let address = self.details.email.as_deref().unwrap_or_default();
        let when = self.wording.moment(one.last_at);
        let values = [("address", address.into()), ("when", when.into())];
        self.text.with(id, values)
    }

    fn why(&self, unanswered: &Unanswered) -> String {
        not_answered::why(&self.wording, unanswered, self.kept.open_count)
    }

    fn step(&self, unanswered: &Unanswered) -> (&'static str, String) {
        if unanswered.step == Step::Whatsapp {
            return (not_answered::WHATSAPP, self.send.whatsapp.clone());
        }
        let phone = self.details.phone.as_deref().unwrap_or_default();
        let id = &self.snapshot.household.invitation.id;
        not_answered::step(&self.wording, unanswered.step, id, phone)
    }

    fn note(&self) -> &str {
        &self.snapshot.household.invitation.note
    }

    fn code(&self) -> &str {
        &self.snapshot.household.invitation.code
    }

    fn language(&self) -> String {
        filters::language(self.text, self.details.language.as_deref())
    }

    fn event_names(&self) -> String {
        let names: Vec<String> = self
            .snapshot
            .invited_events()
            .map(|event| {
                let default = &self.wording.occasion.default_language;
                event.name.pick(self.text.language(), default).to_string()
            })
            .collect();
        names.join(&self.text.say("list-comma"))
    }

    /// Such as "2 of 3 people, 1 of 1 children".
    fn allowance(&self) -> String {
        let allowance = self.snapshot.household.allowance();
        let values = [
            ("used", allowance.plus_ones.used.into()),
            ("allowed", allowance.plus_ones.allowed.into()),
            ("children_used", allowance.children.used.into()),
            ("children_allowed", allowance.children.allowed.into()),
        ];
        self.text.with("host-allowance", values)
    }

    fn tracks(&self) -> Vec<String> {
        let when = |id: &str, at| {
            self.text
                .with(id, [("when", self.wording.moment(at).into())])
        };
        let mut tracks = Vec::new();
        match self.kept.sent_at {
            Some(at) => tracks.push(when("host-sent-at", at)),
            None => tracks.push(self.text.say("host-not-sent").into_owned()),
        }
        tracks.extend(self.messages.iter().map(|one| self.message(one)));
        match self.kept.last_opened_at {
            Some(at) => {
                let values = [
                    ("when", self.wording.moment(at).into()),
                    ("n", self.kept.open_count.into()),
                ];
                tracks.push(self.text.with("host-opened-at", values));
            }
            // A link may lead to the form itself.
            None if self.form.is_some() => {}
            None => tracks.push(self.text.say("host-never-opened").into_owned()),
        }
        if let Some(at) = self.snapshot.household.invitation.replied_at {
            tracks.push(when("host-answered-at", at));
        }
        tracks
    }

    fn message(&self, one: &reach::Message) -> String {
        let kind = self.text.say(one.kind.label());
        let channel = self.text.say(one.channel.label());
        let when = self.wording.moment(one.at);
        let mut values = vec![
            ("kind", kind.into()),
            ("channel", channel.into()),
            ("when", when.into()),
        ];
        let words = match (one.state, one.mail) {
            (Some(HandedState::Printed), _) => "host-handed-printed",
            (_, Some(mail)) => {
                values.push(("state", self.text.say(mail.label()).into()));
                "host-handed-mail"
            }
            (_, None) => "host-handed",
        };
        self.text.with(words, values)
    }

    fn own_deadline(&self) -> String {
        self.wording.deadline_day(self.details.deadline_override)
    }

    fn usual_deadline(&self) -> String {
        match self.wording.occasion.rsvp_deadline {
            Some(at) => {
                let values = [("deadline", self.wording.deadline(at).into())];
                self.text.with("host-usual-deadline", values)
            }
            None => self.text.say("host-usual-never").into_owned(),
        }
    }

    fn open_words(&self, mark: &open_rsvp::Mark) -> String {
        match mark.approved_at {
            Some(at) => {
                let when = self.wording.moment(at);
                self.text
                    .with("host-open-approved", [("when", when.into())])
            }
            None if mark.is_duplicate => self.text.say("host-open-duplicate").into_owned(),
            None => self.text.say("host-open-waiting").into_owned(),
        }
    }

    fn is_by_hand(&self) -> bool {
        self.details.lock_mode != LockMode::Auto
    }

    fn is_locked(&self) -> bool {
        self.details.lock_mode == LockMode::Locked
    }
}

pub(super) struct InvitationData {
    pub(super) snapshot: InvitationSnapshot,
    kept: Bookkeeping,
    messages: Vec<reach::Message>,
    invitation_text: MailText,
    open: Option<open_rsvp::Mark>,
    /// What happened to the household's form.
    form: Option<FormEvent>,
    suppressions: Vec<Suppression>,
    history: Vec<log::AuditRow>,
    pairs: Vec<Pair>,
}

pub(super) async fn find(req: &HostRequest) -> Result<(PageContext, InvitationData), Refusal> {
    let id: InvitationId = req.id();
    let paging = PageQuery::read(HISTORY).map_err(|_| Refusal::NotFound)?;
    let key = req.site.keys.key(suppression::PURPOSE);
    req.read(move |tx, context| {
        let snapshot = portals::load(tx, &context.host, &id)?;
        let history = if context.may(Permission::ReadLog) {
            let filter = log::AuditFilter {
                entity: id.to_string(),
                ..log::AuditFilter::default()
            };
            log::list(tx, &context.host, &filter, &paging)?.items
        } else {
            Vec::new()
        };
        Ok(InvitationData {
            kept: invitations::bookkeeping(tx, &id)?,
            messages: reach::of_household(tx, &context.host, &id)?,
            invitation_text: mail_text::load(tx, &context.host, MailKind::Invitation)?,
            open: open_rsvp::find_mark(tx, &id)?,
            form: form_event::find(tx, &id)?,
            suppressions: suppressions::list(
                tx,
                &key,
                &context.host,
                &snapshot.household.invitation,
            )?
            .unwrap_or_default(),
            pairs: duplicates::of_invitation(tx, &context.host, &id)?,
            snapshot,
            history,
        })
    })
    .await
}

/// Handles `GET /admin/o/{slug}/invites/{id}`.
pub(super) async fn show(req: HostRequest) -> Result<Response, Problem> {
    let (context, found) = find(&req).await?;
    let form_state = FormState::of(stored(&found.snapshot));
    Ok(page(&req, &context, &found, &form_state))
}

/// Shows the page again, with the errors of an action that was refused.
pub(super) async fn refuse(req: &HostRequest, problem: &Problem) -> Result<Response, Problem> {
    let (context, found) = find(req).await?;
    let form_state = FormState::refused(stored(&found.snapshot), problem, &req.text);
    Ok(refused(req, &context, &found, &form_state, problem.status))
}

/// Shows the page again after a refused save, with the typed answers.
pub(super) fn refused(
    req: &HostRequest,
    context: &PageContext,
    found: &InvitationData,
    form_state: &FormState,
    status: StatusCode,
) -> Response {
    (status, page(req, context, found, form_state)).into_response()
}

fn page(
    req: &HostRequest,
    context: &PageContext,
    found: &InvitationData,
    form_state: &FormState,
) -> Response {
    let (text, wording) = (&req.text, req.wording(context));
    let invitation = &found.snapshot.household.invitation;
    let guests = found.snapshot.household.guests.iter();
    let telling = Telling {
        wording: wording.clone(),
        events: &context.events,
        questions: &found.snapshot.questions,
        guests: guests
            .map(|guest| (guest.id.to_string(), guest.name.clone()))
            .collect::<BTreeMap<_, _>>(),
    };
    let (household, told) = household(&wording, &found.snapshot, form_state);
    let form = found.form.as_ref();
    let form = form.filter(|_| context.may(Permission::Invite));
    let body = InvitePage {
        text,
        submission: req.submission(),
        stream: format!("/api/v1/occasions/{}/stream", context.occasion.id),
        done: req.done(),
        people: people(&wording, &found.snapshot, form_state),
        household,
        told,
        history: found
            .history
            .iter()
            .map(|line| telling.tell(line))
            .collect(),
        send: Sending {
            sent: found.kept.sent_at.map(|at| wording.moment(at)),
            note: req
                .private_note(context)
                .map(|_| text.say("host-block-address").into_owned()),
            ..Sending::new(
                &req.site,
                &wording,
                &found.snapshot,
                &found.invitation_text,
                &DayAfter::default(),
            )
        },
        access: access(&wording, &found.snapshot),
        suppressions: &found.suppressions,
        unanswered: context
            .may(Permission::Invite)
            .then(|| unanswered::explain(&found.snapshot, &found.kept, &found.suppressions, form))
            .flatten(),
        twins: twins::cards(context, &wording, &found.pairs),
        form,
        form_state,
        details: &invitation.details,
        kept: &found.kept,
        messages: &found.messages,
        open: found.open,
        snapshot: &found.snapshot,
        may_invite: context.may(Permission::Invite),
        just: req.query.text("done"),
        may_see: context.may(Permission::SeeContacts),
        may_own: context.may(Permission::Own),
        wording: wording.clone(),
    };
    let household = &invitation.details.household;
    let title = if form_state.is_fine() {
        household.clone()
    } else {
        text.with("host-error-title", [("title", household.as_str().into())])
    };
    req.page(context, Place::Invitations, &title, body)
}

fn access<'a>(wording: &Wording<'a>, snapshot: &InvitationSnapshot) -> Tag<'a> {
    let text = wording.text;
    let invitation = &snapshot.household.invitation;
    let details = &invitation.details;
    let deadline = |id: &str, at| text.with(id, [("deadline", wording.deadline(at).into())]);
    let why = match snapshot.access {
        Access::Revoked => text.say("host-why-archived").into_owned(),
        Access::Expired => text.say("host-why-expired").into_owned(),
        Access::Locked => text.say("host-why-locked").into_owned(),
        Access::Closed if snapshot.occasion.status == OccasionStatus::Closed => {
            text.say("host-why-occasion-closed").into_owned()
        }
        Access::Closed => match invitation.deadline(&snapshot.occasion) {
            Some(at) => deadline("host-why-closed", at),
            None => text.say("host-why-closed-undated").into_owned(),
        },
        Access::Open => match (details.lock_mode, details.open_until, snapshot.closes_at()) {
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
        class: match snapshot.access {
            Access::Open => "yes",
            Access::Closed | Access::Expired | Access::Revoked => "no",
            Access::Locked => "maybe",
        },
        words: text.say(snapshot.access.label()),
        why,
    }
}
