//! The page for an event that has moved: what guests were last told, what it is now, and the
//! households to tell.

use askama::Template;
use axum::response::{IntoResponse as _, Redirect, Response};
use platform::Tx;
use platform::id::Id as _;
use web::{Problem, Spoken, Text};

use super::frame::Place;
use super::request::{HostForm, HostRequest};
use super::send_rows::{Row, Rows};
use super::send_words::{self, Banner};
use super::wording::{self, Wording};
use crate::event::Event;
use crate::hosting::listing::InvitationFilter;
use crate::hosting::listing::filter::Answered;
use crate::hosting::mail_text::MailKind;
use crate::hosting::moved::{self, Groups, Moved};
use crate::hosting::{HostOf, Permission, Refusal, sending};
use crate::id::EventId;

#[derive(Template)]
#[template(path = "host/send_moved.html")]
struct MovedPage<'a> {
    text: &'a Text,
    wording: Wording<'a>,
    submission: String,
    done: Option<String>,
    title: String,
    banners: Vec<Banner>,
    name: Spoken<'a>,
    was: String,
    now: String,
    answers: &'static str,
    left: Option<String>,
    /// How many people can be asked again.
    askable: i64,
    /// The last day to answer, if it is over. Nobody is asked again then.
    is_late: bool,
    households: String,
    groups: Vec<String>,
    /// The page on which those who declined are told too, with its label.
    declined: Option<(String, String)>,
    rows: Vec<Row>,
    query: &'static str,
    /// Whether everybody knows of it.
    is_told: bool,
    preview: String,
    /// Where hosts write it in their own words.
    words: Option<String>,
    is_dismissed: bool,
    dismiss: String,
}

/// What pages say of an event that has moved.
pub(super) struct Notice {
    pub(super) title: String,
    pub(super) households: String,
    /// Who is told, and who is not.
    pub(super) groups: Vec<String>,
    pub(super) href: String,
    /// Other events that are still on the day on which this one was.
    pub(super) left: Option<String>,
}

/// Names the other events that are still on the day on which an event was.
fn left(wording: &Wording<'_>, events: &[Event], moved: &Moved) -> Option<String> {
    let day = |at| wording.local(at).date();
    let was = day(moved.was.starts_at);
    if moved.now.is_cancelled || was == day(moved.now.starts_at) {
        return None;
    }
    let there = |event: &&Event| event.id != moved.event && day(event.starts_at) == was;
    let names: Vec<String> = events
        .iter()
        .filter(there)
        .map(|event| wording.event(event).to_string())
        .collect();
    let text = wording.text;
    let values = [
        ("n", names.len().into()),
        ("events", names.join(&text.say("list-comma")).into()),
        ("day", text.date_short(was).into()),
    ];
    (!names.is_empty()).then(|| text.with("host-moved-left", values))
}

pub(super) fn page_of(event: &EventId) -> String {
    format!("/send/moved/{event}")
}

fn title(wording: &Wording<'_>, moved: &Moved) -> String {
    let text = wording.text;
    let [was, now] = [&moved.was, &moved.now].map(|one| wording.local(one.starts_at));
    // From one Saturday to another, only the date tells them apart.
    let day = if was.weekday() == now.weekday() {
        text.date_short(was.date())
    } else {
        text.weekday(&was)
    };
    let values = [
        ("n", moved.coming.into()),
        ("day", day.into()),
        ("of", wording.pick(&moved.name).text.to_owned().into()),
    ];
    let id = if moved.now.is_cancelled {
        "host-moved-title-off"
    } else if was.date() == now.date() {
        "host-moved-title"
    } else {
        "host-moved-title-day"
    };
    text.with(id, values)
}

/// The message that says what happens to answers.
pub(super) fn answers(moved: &Moved) -> &'static str {
    match (moved.now.is_cancelled, moved.is_asked) {
        (true, _) => "host-moved-kept",
        (false, true) => "host-moved-asked",
        (false, false) => "host-moved-answers",
    }
}

fn households(text: &Text, moved: &Moved) -> String {
    let n = i64::try_from(moved.households.len()).unwrap_or(i64::MAX);
    text.with("host-moved-households", [("n", n.into())])
}

/// Says who is told, and who is not.
fn groups(text: &Text, moved: &Moved) -> Vec<String> {
    let Groups {
        yes,
        open,
        declined,
        unsent,
    } = moved.groups;
    let told = || {
        text.with(
            "host-moved-groups",
            [("yes", yes.into()), ("open", open.into())],
        )
    };
    let others = [
        ("host-moved-declined", declined),
        ("host-moved-unsent", unsent),
    ];
    let others = others.into_iter().filter(|(_, n)| *n > 0);
    (yes + open > 0)
        .then(told)
        .into_iter()
        .chain(others.map(|(id, n)| text.with(id, [("n", n.into())])))
        .collect()
}

/// Where those who declined are told too. Nobody asks them about an event that is cancelled.
fn declined(wording: &Wording<'_>, moved: &Moved) -> Option<(String, String)> {
    let n = moved.groups.declined;
    let filter = InvitationFilter {
        response: Some(Answered::Declined),
        event: Some(moved.key.clone()),
        ..InvitationFilter::default()
    };
    let page = wording::address(&wording.at("/send/news"), filter.query().iter());
    let label = || {
        wording
            .text
            .with("host-moved-declined-do", [("n", n.into())])
    };
    (n > 0 && !moved.now.is_cancelled).then(|| (page, label()))
}

/// The events that have moved, without those of which hosts decided to tell nobody.
pub(super) fn notices<'a>(
    wording: &Wording<'_>,
    events: &[Event],
    all: impl Iterator<Item = &'a Moved>,
) -> Vec<Notice> {
    let open = all.filter(|one| !one.is_dismissed);
    let notice = |one: &Moved| Notice {
        title: title(wording, one),
        households: households(wording.text, one),
        groups: groups(wording.text, one),
        href: wording.at(&page_of(&one.event)),
        left: left(wording, events, one),
    };
    open.map(notice).collect()
}

/// The events that have moved of which everybody knows. Whoever said yes before can be asked again.
pub(super) fn askable(wording: &Wording<'_>, all: &[Moved]) -> Vec<Notice> {
    let text = wording.text;
    let notice = |one: &Moved| Notice {
        title: text.with(
            "host-moved-all-know",
            [("event", wording.pick(&one.name).text.to_owned().into())],
        ),
        households: text.with("host-moved-ask", [("n", one.askable.into())]),
        groups: Vec::new(),
        href: wording.at(&page_of(&one.event)),
        left: None,
    };
    all.iter().map(notice).collect()
}

/// Handles `GET /admin/o/{slug}/send/moved/{event}`.
pub(super) async fn show(req: HostRequest) -> Result<Response, Problem> {
    let (site, event) = (req.site.clone(), req.piece("event").to_owned());
    let (context, found) = req
        .read(move |tx, context| {
            let filter = InvitationFilter::default();
            sending::load(tx, &site, &context.host, &filter)
        })
        .await?;
    let (text, wording) = (&req.text, req.wording(&context));
    let mut told = found.told.iter().filter(|one| one.event.as_str() == event);
    let to_tell = found.moved(&event).map(|one| &one.moved);
    let Some(moved) = to_tell.or(told.next()) else {
        // Everybody has been told and nobody can be asked, or the event is as it was.
        return Ok(Redirect::to(&wording.at("/send")).into_response());
    };
    let rows = Rows {
        wording: &wording,
        query: "",
        found: &found,
        kind: MailKind::Moved,
        about: &event,
    };
    let mut rows = rows.all();
    if let Some(row) = rows.iter_mut().find(|row| !row.is_off()) {
        row.is_filled = true;
    }
    let zone = context.occasion.zone();
    let title = if to_tell.is_some() {
        title(&wording, moved)
    } else {
        wording.pick(&moved.name).text.to_owned()
    };
    let body = MovedPage {
        text,
        submission: req.submission(),
        done: req.done(),
        banners: send_words::banners(&req, &context, &found.obstacles),
        name: wording.pick(&moved.name),
        was: moved.was.say(text, &zone),
        now: moved.now.say(text, &zone),
        answers: answers(moved),
        left: left(&wording, &context.events, moved),
        askable: moved.askable,
        is_late: context
            .occasion
            .rsvp_deadline
            .is_some_and(|at| at <= context.now),
        households: households(text, moved),
        groups: groups(text, moved),
        declined: declined(&wording, moved).filter(|_| context.may(Permission::SeeAnswers)),
        rows,
        query: "",
        is_told: moved.households.is_empty(),
        preview: wording.at("/mail/texts/moved/preview"),
        words: context
            .may(Permission::Write)
            .then(|| wording.at("/mail/texts/moved")),
        is_dismissed: moved.is_dismissed,
        dismiss: wording.at(&page_of(&moved.event)),
        title: title.clone(),
        wording: wording.clone(),
    };
    Ok(req.page(&context, Place::Sending, &title, body))
}

/// Handles `POST /admin/o/{slug}/send/moved/{event}`. Records that hosts tell nobody.
pub(super) async fn dismiss(posted: HostForm) -> Result<Response, Problem> {
    let event = EventId::from_text(posted.req.piece("event").to_owned());
    let to = posted.req.at("/send?done=saved");
    let done = posted
        .once(move |tx: &mut Tx<'_>, host: &HostOf| {
            moved::dismiss(tx, host, &event)?;
            Ok(to.clone())
        })
        .await;
    Ok(done?)
}

/// Handles `POST /admin/o/{slug}/send/moved/{event}/ask`. Asks everybody again who said yes.
pub(super) async fn ask_again(posted: HostForm) -> Result<Response, Problem> {
    let event = EventId::from_text(posted.req.piece("event").to_owned());
    let to = posted.req.at(&format!("{}?done=saved", page_of(&event)));
    let done = posted
        .once(move |tx: &mut Tx<'_>, host: &HostOf| {
            if moved::ask_again(tx, host, &event)? == 0 {
                return Err(Refusal::NobodyToReach);
            }
            Ok(to.clone())
        })
        .await;
    Ok(done?)
}
