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
use crate::hosting::unanswered::{
    self, AT_ONCE, Group, Household, Households, Reason, Step, Unanswered,
};
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
        Reason::Bounced if unanswered.is_no_address => "host-unanswered-no-address",
        Reason::Bounced => "host-unanswered-bounced",
        Reason::Unsubscribed => "host-unanswered-unsubscribed",
        Reason::Complained => "host-unanswered-complained",
        Reason::MailStopped => "host-unanswered-mail-stopped",
        Reason::Locked => "host-unanswered-locked",
        Reason::OwnDeadline => "host-unanswered-own-deadline",
        Reason::NeverOpened if unanswered.sent_by.is_some() => "host-unanswered-never-opened-by",
        Reason::NeverOpened => "host-unanswered-never-opened",
        Reason::Partial if unanswered.answered == 0 => match unanswered {
            Unanswered {
                is_unsure: true, ..
            } => "host-unanswered-unsure",
            Unanswered { open_events, .. } if !open_events.is_empty() => "host-unanswered-events",
            _ => "host-unanswered-each",
        },
        Reason::Partial if unanswered.is_unsure => "host-unanswered-partial-unsure",
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
    let comma = text.say("list-comma");
    let unnamed = unanswered.unnamed;
    let unnamed =
        (unnamed > 0).then(|| text.with("host-unanswered-unnamed", [("n", unnamed.into())]));
    let names: Vec<String> = unanswered.open.iter().cloned().chain(unnamed).collect();
    let events = unanswered.open_events.iter();
    let events: Vec<&str> = events.map(|name| wording.pick(name).text).collect();
    let channel = unanswered.sent_by.map(|one| text.say(one.label()));
    let values = [
        ("channel", channel.unwrap_or_default().into_owned().into()),
        ("day", day.into()),
        ("n", unanswered.openings.unwrap_or(open_count).into()),
        ("field", field.unwrap_or_default().into()),
        ("answered", unanswered.answered.into()),
        ("people", unanswered.people.into()),
        ("names", names.join(&comma).into()),
        ("events", events.join(&comma).into()),
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
    chips: Vec<Chip>,
    groups: Vec<(&'static str, Vec<Row<'a>>)>,
    previous: Option<String>,
    next: Option<String>,
}

/// A group of households to which the page is limited, or all.
struct Chip {
    href: String,
    words: String,
    is_present: bool,
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
    let wanted = match req.query.text("group") {
        "" => None,
        word => Some(Group::find(word).ok_or_else(Problem::not_found)?),
    };
    let (site, key) = (req.site.clone(), req.site.keys.key(suppression::PURPOSE));
    let (context, (found, obstacles)) = req
        .read(move |tx, context| {
            let found = unanswered::list(tx, &key, &context.host, wanted, skipped)?;
            Ok((found, Obstacles::find(tx, &site, &context.host)?))
        })
        .await?;
    let (text, wording) = (&req.text, req.wording(&context));
    let Households {
        list,
        total,
        groups,
        owing,
    } = &found;
    let unsent = i64::try_from(*total).unwrap_or(i64::MAX) - owing;
    let said = |id, n: i64| text.with(id, [("n", n.into())]);
    let unsent = (unsent > 0).then(|| said("host-send-unsent", unsent));
    let (title, unsent) = match (*owing, unsent) {
        (0, Some(unsent)) => (unsent, None),
        (owing, unsent) => (said("host-send-owing", owing), unsent),
    };
    let of = |group: &Group| {
        let households = list.iter().filter(move |one| one.group == *group);
        households.map(|one| row(&wording, one)).collect::<Vec<_>>()
    };
    let rows = Group::ALL.iter().map(|group| (group.label(), of(group)));
    let page = |group: Option<Group>, after: usize| {
        let after = (after > 0).then(|| after.to_string());
        let pairs = [
            ("group", group.map_or("", Group::word)),
            ("after", after.as_deref().unwrap_or_default()),
        ];
        wording::address(&wording.at("/send/unanswered"), pairs)
    };
    let chip = |group: Option<Group>, n: usize| {
        let n = i64::try_from(n).unwrap_or(i64::MAX);
        let label = text.say(group.map_or("host-unanswered-all", Group::label));
        Chip {
            href: page(group, 0),
            words: format!("{label} {}", text.number(n)),
            is_present: group == wanted,
        }
    };
    let chips = groups.iter().map(|(group, n)| chip(Some(*group), *n));
    let chips: Vec<Chip> = [chip(None, *total)].into_iter().chain(chips).collect();
    let shown = match wanted {
        Some(wanted) => groups
            .iter()
            .find(|(group, _)| *group == wanted)
            .map_or(0, |(_, n)| *n),
        None => *total,
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
        chips: if groups.len() > 1 { chips } else { Vec::new() },
        groups: rows.filter(|(_, rows)| !rows.is_empty()).collect(),
        previous: (skipped > 0).then(|| page(wanted, skipped.saturating_sub(AT_ONCE))),
        next: (skipped + list.len() < shown && !list.is_empty())
            .then(|| page(wanted, skipped + list.len())),
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
