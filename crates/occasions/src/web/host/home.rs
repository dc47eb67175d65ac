//! The home of an occasion: its card, what is next, and the numbers that hosts look for first. Each
//! number links to the list that it counts.

use askama::Template;
use axum::response::Response;
use platform::Tx;
use web::{List, PageQuery, Preset, Problem, Site, Text, Theme, assets};

use super::frame::Place;
use super::home_new;
use super::looks;
use super::not_answered;
use super::overview::{self, Latest};
use super::ready::{self as ready_page, Line, PointLines};
use super::request::{HostRequest, PageContext};
use super::send_words;
use super::wording::Wording;
use crate::event::PlannedEvent;
use crate::hosting::listing::{self, InvitationFilter, InvitationRow, Sort};
use crate::hosting::mail_text::MailKind;
use crate::hosting::ready::{self, OpenPoint, Ready, ReadyPoint};
use crate::hosting::sending::{self, EVERYBODY};
use crate::hosting::summary::{self, Summary};
use crate::hosting::{HostOf, Permission, Refusal};
use crate::question::{self, Question};
use crate::web::guest;
use crate::web::guest::view::{Cover, Hosts};

const LATEST: &str = "limit=4";
/// How many points stand below the next one.
const THEN: usize = 3;

#[derive(Template)]
#[template(path = "host/home.html")]
struct Home<'a> {
    text: &'a Text,
    wording: Wording<'a>,
    own: &'a Text,
    hosts: Hosts<'a>,
    theme: Theme,
    cover: Cover<'a>,
    style: &'static str,
    done: Option<String>,
    stream: String,
    may_own: bool,
    cancelled: Vec<String>,
    figures: Vec<Figure>,
    next: Option<Line>,
    /// By which channels the messages that are next would leave.
    channels: Option<String>,
    then: Vec<Line>,
    open: usize,
    /// The page of the pictures, once the last event has ended.
    pictures: Option<String>,
    has_ended: bool,
    latest: Vec<Latest>,
    /// How many households have answered.
    answered: i64,
}

struct Figure {
    href: String,
    label: &'static str,
    n: String,
    note: String,
}

impl Home<'_> {
    fn all_done(&self) -> String {
        if self.has_ended {
            return self.text.say("host-ready-over").into_owned();
        }
        ready_page::all(&self.wording)
    }
}

struct HomeData {
    ready: Ready,
    /// How many households of the next point each channel has.
    channels: Vec<(&'static str, usize)>,
    summary: Summary,
    latest: List<InvitationRow>,
    questions: Vec<Question>,
}

/// Handles `GET /admin/o/{slug}`.
pub(super) async fn show(req: HostRequest) -> Result<Response, Problem> {
    let (site, latest) = (req.site.clone(), PageQuery::read(LATEST)?);
    let (context, found) = req
        .read(move |tx, context| {
            let host = &context.host;
            let answered = overview::answered();
            let mut ready = ready::load(tx, &site, host)?;
            ready.points.sort_by_key(|point| rank(point.point));
            Ok(HomeData {
                channels: match ready.points.first() {
                    Some(next) => channels(tx, &site, host, next)?,
                    None => Vec::new(),
                },
                ready,
                summary: summary::load(tx, host)?,
                latest: listing::invitations(tx, host, &answered, Sort::Replied, &latest)?,
                questions: question::of(tx, host.occasion())?,
            })
        })
        .await?;
    if home_new::is_new(&context, &found.summary) {
        return Ok(home_new::page(&req, &context));
    }
    Ok(page(&req, &context, &found))
}

fn page(req: &HostRequest, context: &PageContext, found: &HomeData) -> Response {
    let (text, wording) = (&req.text, req.wording(context));
    let occasion = &context.occasion;
    let own = looks::in_its_language(req, occasion);
    let lines = PointLines {
        site: &req.site,
        wording: &wording,
        context,
        questions: &found.questions,
    };
    let mut points = found.ready.points.iter().map(|point| lines.line(point));
    let by = found.channels.iter();
    let by: Vec<String> = by
        .map(|(id, n)| text.with(id, [("n", (*n).into())]))
        .collect();
    let body = Home {
        text,
        hosts: guest::show::hosts(&own, occasion),
        theme: occasion.theme,
        cover: looks::cover(&own, context, "home"),
        style: assets::asset("looks.css"),
        done: req.done(),
        stream: format!("/api/v1/occasions/{}/stream", occasion.id),
        may_own: context.may(Permission::Own),
        cancelled: cancelled(&wording, context),
        figures: figures(&wording, context, &found.summary),
        next: points.next(),
        channels: (!by.is_empty()).then(|| by.join(&text.say("list-comma"))),
        then: points.take(THEN).collect(),
        open: found.ready.open,
        pictures: pictures(&wording, context, &found.ready),
        has_ended: context.has_ended(),
        latest: found
            .latest
            .items
            .iter()
            .map(|line| overview::latest(&wording, line))
            .collect(),
        answered: found.summary.invitations.answered,
        own: &own,
        wording: wording.clone(),
    };
    req.page(context, Place::Home, &text.say("host-home"), body)
}

/// The page of the pictures, once the last event has ended; `None` if the next point leads there.
fn pictures(wording: &Wording<'_>, context: &PageContext, ready: &Ready) -> Option<String> {
    let next = ready.points.first().map(|point| point.point);
    let is_offered = context.has_ended()
        && context.may(Permission::SeeAnswers)
        && next != Some(ReadyPoint::PicturesWait);
    is_offered.then(|| wording.at("/uploads"))
}

/// A sentence for each cancelled event.
fn cancelled(wording: &Wording<'_>, context: &PageContext) -> Vec<String> {
    let events = context.cancelled.iter();
    let sentence = |event: &PlannedEvent| {
        let values = [("event", wording.pick(&event.name).text.to_owned().into())];
        wording.text.with("host-home-cancelled", values)
    };
    events.map(sentence).collect()
}

/// More households than this are not looked through for a line of text.
const MOST_SOUGHT: i64 = 500;

fn channels(
    tx: &mut Tx<'_>,
    site: &Site,
    host: &HostOf,
    next: &OpenPoint,
) -> Result<Vec<(&'static str, usize)>, Refusal> {
    let (kind, about) = match next.point {
        ReadyPoint::NotSent => (MailKind::Invitation, ""),
        ReadyPoint::Owing => (MailKind::Reminder, ""),
        ReadyPoint::Unthanked => (MailKind::Thanks, ""),
        ReadyPoint::UnthankedComing => (MailKind::Thanks, EVERYBODY),
        _ => return Ok(Vec::new()),
    };
    let needs = [
        Permission::Invite,
        Permission::SeeContacts,
        Permission::SeeAnswers,
    ];
    if next.count > MOST_SOUGHT || !needs.into_iter().all(|one| host.may(one)) {
        return Ok(Vec::new());
    }
    let found = sending::load(tx, site, host, &InvitationFilter::default())?;
    let lines = found
        .of(kind, about)
        .map(|all| &*all.lines)
        .unwrap_or_default();
    let by = lines
        .iter()
        .map(|line| (send_words::by(kind, line.channel), line.households.len()));
    Ok(by.collect())
}

/// The order in which hosts are told what is next. A private address is said at the top of the page.
fn rank(point: ReadyPoint) -> u8 {
    match point {
        ReadyPoint::Draft => 0,
        ReadyPoint::NoInvitations => 1,
        ReadyPoint::Moved => 2,
        ReadyPoint::NotSent => 3,
        ReadyPoint::MailFails => 4,
        ReadyPoint::Unapproved => 5,
        ReadyPoint::Owing => 6,
        ReadyPoint::TextsMissing => 8,
        ReadyPoint::PrivateAddress => 9,
        _ => 7,
    }
}

fn figures(wording: &Wording<'_>, context: &PageContext, summary: &Summary) -> Vec<Figure> {
    let text = wording.text;
    let (people, households) = (&summary.guests, &summary.invitations);
    // After the last event, nothing is expected any more: the numbers are as they ended.
    let has_ended = context.has_ended();
    let [yes, pending, no] = if has_ended {
        [
            "host-home-said-yes",
            "host-home-did-not-answer",
            "host-home-said-no",
        ]
    } else {
        ["host-coming", "host-home-to-answer", "reply-no"]
    };
    let count = |id: &str, n: i64| {
        let values = [("count", n.into()), ("n", text.number(n).into())];
        text.with(id, values)
    };
    let owing = households.owing;
    let more = (summary.plus_ones.allowed - summary.plus_ones.used).max(0);
    let of_people = if more > 0 && !has_ended {
        let values = [
            ("count", people.total.into()),
            ("n", text.number(people.total).into()),
            ("more", text.number(more).into()),
        ];
        text.with("host-home-of-people-and-more", values)
    } else {
        count("host-home-of-people", people.total)
    };
    // Who has declined all that was asked before counts as open once more is asked.
    let beside = [
        ("host-home-so-far", people.partial),
        ("host-home-not-sure", people.undecided),
    ];
    let beside = beside.into_iter().filter(|(_, n)| *n > 0);
    let beside: Vec<String> = beside.map(|(id, n)| count(id, n)).collect();
    let mut all = vec![
        Figure {
            href: wording.at("/guests?status=yes"),
            label: yes,
            n: text.number(people.yes),
            note: of_people,
        },
        Figure {
            href: wording.at(not_answered::page_of(context)),
            label: pending,
            n: text.number(owing),
            note: text.with("host-home-households", [("n", owing.into())]),
        },
    ];
    if !has_ended {
        all.extend(fewest_seats(wording, context, summary));
    }
    all.push(Figure {
        href: wording.at("/guests?status=no"),
        label: no,
        n: text.number(people.no),
        note: beside.join(" "),
    });
    all
}

/// The seats of the event that has the fewest left.
fn fewest_seats(wording: &Wording<'_>, context: &PageContext, summary: &Summary) -> Option<Figure> {
    let text = wording.text;
    let limited = summary.events.iter().filter(|one| one.capacity.is_some());
    let fewest = limited.min_by_key(|one| one.left)?;
    let mut events = context.events.iter();
    let event = events.find(|event| event.key == fewest.key)?;
    let seats = text.number(fewest.capacity?);
    let name = wording.event(event).text.to_owned();
    let of = [("seats", seats.into()), ("of", name.into())];
    Some(Figure {
        href: wording.at(&format!("/guests?event={}&status=yes", fewest.key)),
        label: "host-home-seats",
        n: text.number(fewest.left?.max(0)),
        note: text.with("host-home-seats-of", of),
    })
}
