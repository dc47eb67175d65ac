//! The page of the households that have not answered everything: for each of them why, and the one
//! press that helps.

use askama::Template;
use axum::response::Response;
use jiff::civil::Date;
use platform::mail::suppression;
use web::{Problem, Text};

use super::frame::Place;
use super::request::{HostRequest, PageContext};
use super::send_words::{self, Banner};
use super::wording::{self, Wording};
use crate::hosting::Permission;
use crate::hosting::obstacles::Obstacles;
use crate::hosting::unanswered::{self, AT_ONCE, Household, Households, Reason, Step, Unanswered};
use crate::id::InvitationId;
use crate::phone::Phone;

pub(super) const WHATSAPP: &str = "host-unanswered-whatsapp";

/// The path of the page, or, for hosts who may not invite, of the list of the same households.
pub(super) fn page_of(context: &PageContext) -> &'static str {
    let needs = [Permission::Invite, Permission::SeeContacts];
    if needs.into_iter().all(|one| context.may(one)) {
        "/send/unanswered"
    } else {
        "/invites?invited=yes&response=pending"
    }
}

/// Why a household has not answered. It names days only: nobody is told the hour at which a household
/// opened its invitation.
pub(super) fn why(wording: &Wording<'_>, unanswered: &Unanswered, open_count: i64) -> String {
    let (text, occasion) = (wording.text, wording.occasion);
    let id = match unanswered.reason {
        Reason::NoContact => "host-unanswered-no-contact",
        Reason::NotSent => "host-unanswered-not-sent",
        Reason::Bounced => "host-unanswered-bounced",
        Reason::Unsubscribed => "host-unanswered-unsubscribed",
        Reason::Complained => "host-unanswered-complained",
        Reason::MailStopped => "host-unanswered-mail-stopped",
        Reason::Locked => "host-unanswered-locked",
        Reason::OwnDeadline => "host-unanswered-own-deadline",
        Reason::NeverOpened => "host-unanswered-never-opened",
        Reason::Partial => "host-unanswered-partial",
        Reason::Opened => "host-unanswered-opened",
        Reason::FormOpened => "host-unanswered-form-opened",
        Reason::SaveRefused if unanswered.field_title.is_some() => {
            "host-unanswered-question-missing"
        }
        Reason::SaveRefused if unanswered.field.is_some() => "host-unanswered-name-missing",
        Reason::SaveRefused => "host-unanswered-save-refused",
    };
    let noted = unanswered.day.as_ref();
    let noted = noted.and_then(|day| day.parse::<Date>().ok());
    let at = |at| wording.local(at).date();
    let day = noted.or_else(|| unanswered.at.map(at));
    let day = day.map(|day| text.date_short(day)).unwrap_or_default();
    let field = unanswered.field_title.as_ref();
    let field = field.map(|title| {
        let title = title.pick(text.language(), &occasion.default_language);
        title.to_string()
    });
    let names = unanswered.open.join(&text.say("list-comma"));
    let values = [
        ("day", day.into()),
        ("n", unanswered.openings.unwrap_or(open_count).into()),
        ("field", field.unwrap_or_default().into()),
        ("answered", unanswered.answered.into()),
        ("people", unanswered.people.into()),
        ("names", names.into()),
    ];
    text.with(id, values)
}

/// The label of the press that helps, and where it leads.
pub(super) fn step(
    wording: &Wording<'_>,
    step: Step,
    id: &InvitationId,
    phone: &str,
) -> (&'static str, String) {
    let of_household = |rest: &str| wording.at(&format!("/invites/{id}{rest}"));
    match step {
        Step::Print => ("host-unanswered-print", wording.at("/print")),
        Step::Send => ("host-unanswered-send", of_household("#code-card")),
        Step::Mend => ("host-unanswered-mend", of_household("/edit")),
        Step::Whatsapp => (WHATSAPP, of_household("#code-card")),
        Step::Call => {
            let dialled = Phone::read(phone, wording.occasion.home_country()).dialled();
            ("host-unanswered-call", format!("tel:{dialled}"))
        }
        Step::OpenAgain => ("host-unanswered-open-again", of_household("#access")),
        Step::Remind => {
            let walk = format!("/send/walk?kind=reminder&household={id}");
            ("host-unanswered-remind", wording.at(&walk))
        }
    }
}

/// What the households of a part of the page have in common.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Group {
    Unreached,
    NotSent,
    NotOpened,
    Opened,
    Partial,
    /// Nobody can answer.
    Closed,
}

impl Group {
    /// In the order of the page.
    const ALL: [(Self, &'static str); 6] = [
        (Self::Unreached, "host-unanswered-unreached"),
        (Self::NotSent, "host-unanswered-unsent"),
        (Self::NotOpened, "host-unanswered-unopened"),
        (Self::Opened, "host-unanswered-no-answer"),
        (Self::Partial, "host-response-partial"),
        (Self::Closed, "host-response-pending"),
    ];

    fn of(household: &Household) -> Self {
        match household.why.as_ref().map(|why| why.reason) {
            Some(
                Reason::NoContact
                | Reason::Bounced
                | Reason::Unsubscribed
                | Reason::Complained
                | Reason::MailStopped,
            ) => Self::Unreached,
            Some(Reason::NotSent) => Self::NotSent,
            Some(Reason::NeverOpened) => Self::NotOpened,
            Some(
                Reason::Locked
                | Reason::OwnDeadline
                | Reason::SaveRefused
                | Reason::FormOpened
                | Reason::Opened,
            ) => Self::Opened,
            Some(Reason::Partial) => Self::Partial,
            None => Self::Closed,
        }
    }
}

#[derive(Template)]
#[template(path = "host/not_answered.html")]
struct NotAnswered<'a> {
    text: &'a Text,
    wording: Wording<'a>,
    title: &'a str,
    /// Beside those of the title.
    unsent: Option<String>,
    banners: Vec<Banner>,
    may_remind: bool,
    groups: Vec<(&'static str, Vec<Row<'a>>)>,
    previous: Option<String>,
    next: Option<String>,
}

struct Row<'a> {
    href: String,
    household: &'a str,
    why: String,
    step: Option<(&'static str, String)>,
}

/// Handles `GET /admin/o/{slug}/send/unanswered`.
pub(super) async fn show(req: HostRequest) -> Result<Response, Problem> {
    let skipped: usize = req.query.text("after").parse().unwrap_or_default();
    let (site, key) = (req.site.clone(), req.site.keys.key(suppression::PURPOSE));
    let (context, (found, obstacles)) = req
        .read(move |tx, context| {
            let found = unanswered::list(tx, &key, &context.host, skipped)?;
            Ok((found, Obstacles::find(tx, &site, &context.host)?))
        })
        .await?;
    let (text, wording) = (&req.text, req.wording(&context));
    let Households { list, total, owing } = &found;
    let unsent = i64::try_from(*total).unwrap_or(i64::MAX) - owing;
    let said = |id, n: i64| text.with(id, [("n", n.into())]);
    let unsent = (unsent > 0).then(|| said("host-send-unsent", unsent));
    let (title, unsent) = match (*owing, unsent) {
        (0, Some(unsent)) => (unsent, None),
        (owing, unsent) => (said("host-send-owing", owing), unsent),
    };
    let of = |group: Group| {
        let households = list.iter().filter(move |one| Group::of(one) == group);
        households.map(|one| row(&wording, one)).collect::<Vec<_>>()
    };
    let groups = Group::ALL.into_iter().map(|(group, id)| (id, of(group)));
    let page = |after: usize| {
        let after = after.to_string();
        wording::address(&wording.at("/send/unanswered"), [("after", &*after)])
    };
    let body = NotAnswered {
        text,
        title: &title,
        unsent,
        banners: send_words::banners(&req, &context, &obstacles),
        may_remind: list.iter().any(|one| {
            let why = one.why.as_ref();
            why.is_some_and(|why| why.step == Step::Remind)
        }),
        groups: groups.filter(|(_, rows)| !rows.is_empty()).collect(),
        previous: (skipped > 0).then(|| page(skipped.saturating_sub(AT_ONCE))),
        next: (skipped + list.len() < *total && !list.is_empty())
            .then(|| page(skipped + list.len())),
        wording: wording.clone(),
    };
    Ok(req.page(&context, Place::Sending, &title, body))
}

fn row<'a>(wording: &Wording<'_>, one: &'a Household) -> Row<'a> {
    let said = one.why.as_ref();
    let why = said.map(|said| why(wording, said, one.open_count));
    Row {
        href: wording.at(&format!("/invites/{}", one.id)),
        household: &one.name,
        why: why.unwrap_or_default(),
        step: said.map(|said| step(wording, said.step, &one.id, &one.phone)),
    }
}
