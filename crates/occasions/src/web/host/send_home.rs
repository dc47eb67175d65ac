//! The page for sending: what stands in the way, which households have no invitation yet or have not
//! answered, by which channel each of them is sent to, and what was sent so far.

use askama::Template;
use axum::response::{IntoResponse as _, Redirect, Response};
use platform::Tx;
use site::resource::pages::PageResource as _;
use web::form_state::{self, FormState};
use web::{PageQuery, Problem, Text};

use super::frame::Place;
use super::mail;
use super::request::{HostForm, HostRequest};
use super::send_moved::{self, Notice};
use super::send_rows::{Row, Rows, count};
use super::send_words::{self, Banner};
use super::wording::{self, Wording};
use crate::hosting::campaign::{self, Report};
use crate::hosting::channels;
use crate::hosting::handed::Channel;
use crate::hosting::listing::InvitationFilter;
use crate::hosting::listing::filter::Answered;
use crate::hosting::mail_text::MailKind;
use crate::hosting::nobody::Nobody;
use crate::hosting::reminders::{self, ReminderRule};
use crate::hosting::sending::{self, Sending};
use crate::hosting::{HostOf, Permission};

/// How many messages the page shows.
const SHOWN: usize = 3;

#[derive(Template)]
#[template(path = "host/send_home.html")]
struct SendHome<'a> {
    text: &'a Text,
    wording: Wording<'a>,
    submission: String,
    done: Option<String>,
    banners: Vec<Banner>,
    found: &'a Sending,
    invitations: Vec<Row>,
    reminders: Vec<Row>,
    moved: Vec<Notice>,
    /// Events that have moved of which everybody knows, and of which people can be asked again.
    told: Vec<Notice>,
    /// Why no invitation and no reminder is to be sent, if none is.
    no_invitations: &'static str,
    no_reminders: &'static str,
    thanks: Vec<Row>,
    thanks_title: String,
    /// Whether the button for thanks to all who come is the first thing to press.
    is_thanking: bool,
    order: String,
    first: form_state::Field,
    query: String,
    /// Who has not answered and is not to be reminded now.
    not_reminded: Option<String>,
    by_itself: String,
    may_own: bool,
    so_far: Vec<Number>,
    messages: Vec<Message>,
}

/// How many households are how far, and the list of them.
struct Number {
    words: String,
    href: String,
}

struct Message {
    href: String,
    title: String,
    numbers: String,
}

/// Handles `GET /admin/o/{slug}/invites/send`, where this page once was.
pub(super) async fn moved(req: HostRequest) -> Result<Response, Problem> {
    let (context, ()) = req.read(|_, _| Ok(())).await?;
    let (filter, _) = InvitationFilter::read(&req.query)?;
    let query = filter.query();
    let named = req.query.text("household");
    let rest = if named.is_empty() {
        "/send"
    } else {
        "/send/walk"
    };
    let mut pairs = vec![("household", named)];
    pairs.extend(query.iter());
    let here = wording::address(&req.wording(&context).at(rest), pairs);
    Ok(Redirect::permanent(&here).into_response())
}

/// Handles `GET /admin/o/{slug}/send`.
pub(super) async fn show(req: HostRequest) -> Result<Response, Problem> {
    let (filter, _) = InvitationFilter::read(&req.query)?;
    let (site, asked) = (req.site.clone(), filter.clone());
    let (context, (found, messages, days)) = req
        .read(move |tx, context| {
            Ok((
                sending::load(tx, &site, &context.host, &asked)?,
                campaign::list(tx, &context.host, &PageQuery::default())?.items,
                reminders::upcoming(tx, &context.occasion)?,
            ))
        })
        .await?;
    let (text, wording) = (&req.text, req.wording(&context));
    let query = wording::query(&filter.query());
    let rows = |kind| {
        let rows = Rows {
            wording: &wording,
            query: &query,
            found: &found,
            kind,
            about: "",
        };
        rows.all()
    };
    let mut invitations = rows(MailKind::Invitation);
    let mut reminders = rows(MailKind::Reminder);
    let mut thanks = rows(MailKind::Thanks);
    let is_thanking = found.is_over && thanks.is_empty() && found.thanks_to_all.households > 0;
    // After the day, thanks stand first.
    let mut all = thanks
        .iter_mut()
        .chain(&mut invitations)
        .chain(&mut reminders);
    if let Some(row) = all.find(|row| !row.is_off() && !is_thanking) {
        row.is_filled = true;
    }
    let days: Vec<String> = days
        .into_iter()
        .map(|at| text.date_short(wording.local(at).date()))
        .collect();
    let names: Vec<String> = found.order.iter().map(|one| say(text, *one)).collect();
    let first = channels::LISTED
        .into_iter()
        .map(|one| (one.word().to_owned(), say(text, one)));
    let current = found.order.first().copied().unwrap_or(Channel::Paper);
    let form = web::Form::parse(format!("first={}", current.word()).as_bytes())?;
    let nobody = |kind| {
        let why = Nobody::why(&found, &filter, kind, "", None);
        why.map_or("host-send-none", |why| why.label())
    };
    let body = SendHome {
        text,
        submission: req.submission(),
        done: done(&req),
        banners: send_words::banners(&req, &context, &found.obstacles),
        invitations,
        reminders,
        moved: send_moved::notices(
            &wording,
            &context.events,
            found.moved.iter().map(|one| &one.moved),
        ),
        told: send_moved::askable(&wording, &found.told),
        no_invitations: nobody(MailKind::Invitation),
        no_reminders: nobody(MailKind::Reminder),
        thanks,
        thanks_title: thanks_title(text, &found),
        is_thanking,
        order: names.join(&text.say("list-comma")),
        first: FormState::of(form).select("first", text.say("host-send-first"), first),
        not_reminded: not_reminded(text, &found),
        by_itself: by_itself(text, &days),
        may_own: context.may(Permission::Own),
        so_far: so_far(&wording, &filter, &found),
        messages: messages
            .iter()
            .filter(|one| one.campaign.kind != MailKind::Invitation)
            .take(SHOWN)
            .map(|one| message(&wording, one))
            .collect(),
        query,
        found: &found,
        wording: wording.clone(),
    };
    Ok(req.page(&context, Place::Sending, &text.say("host-send-home"), body))
}

fn done(req: &HostRequest) -> Option<String> {
    let id = match req.query.text("done") {
        "order" => "host-send-order-saved",
        "over" => "host-send-handed-over",
        _ => return req.done(),
    };
    Some(req.text.say(id).into_owned())
}

fn say(text: &Text, channel: Channel) -> String {
    text.say(channel.label()).into_owned()
}

fn thanks_title(text: &Text, found: &Sending) -> String {
    let (gave, come) = (found.thanks.households, found.thanks_to_all.households);
    if gave > 0 {
        return text.with("host-send-unthanked", [("n", count(gave).into())]);
    }
    if come > 0 {
        let n = count(come);
        let values = [("count", n.into()), ("n", text.number(n).into())];
        return text.with("host-ready-unthanked-coming", values);
    }
    text.say("host-send-thank").into_owned()
}

fn by_itself(text: &Text, days: &[String]) -> String {
    if days.is_empty() {
        return text.say("host-send-nothing-by-itself").into_owned();
    }
    let days = days.join(&text.say("list-comma"));
    text.with("host-send-by-itself", [("days", days.into())])
}

fn not_reminded(text: &Text, found: &Sending) -> Option<String> {
    let parts = [
        ("host-send-not-invited", found.not_invited),
        ("host-send-too-late", found.too_late),
        ("host-send-reminded", found.reminded),
    ];
    let shown = parts.into_iter().filter(|(_, n)| *n > 0);
    let words: Vec<String> = shown
        .map(|(id, n)| text.with(id, [("n", count(n).into())]))
        .collect();
    let others = words.join(&text.say("list-comma"));
    (!words.is_empty()).then(|| text.with("host-send-not-reminded", [("others", others.into())]))
}

/// Each number leads to the households that it counts; those of mails, to the mails.
fn so_far(wording: &Wording<'_>, filter: &InvitationFilter, found: &Sending) -> Vec<Number> {
    let so_far = found.so_far;
    let sent = InvitationFilter {
        sent: Some(true),
        invited: None,
        archived: false,
        ..filter.clone()
    };
    let opened = InvitationFilter {
        opened: Some(true),
        ..sent.clone()
    };
    let complete = InvitationFilter {
        response: Some(Answered::Complete),
        ..sent.clone()
    };
    let list = |filter: &InvitationFilter| {
        wording::address(&wording.at("/invites"), filter.query().iter())
    };
    let mails = || wording.at("/mail");
    let parts = [
        ("host-so-far-sent", so_far.sent, true, list(&sent)),
        ("host-so-far-opened", so_far.opened, true, list(&opened)),
        (
            "host-so-far-answered",
            so_far.complete,
            true,
            list(&complete),
        ),
        ("host-so-far-queued", so_far.queued, false, mails()),
        ("host-so-far-uncertain", so_far.uncertain, false, mails()),
        ("host-so-far-came-back", so_far.came_back, false, mails()),
    ];
    let shown = parts
        .into_iter()
        .filter(|(_, n, always, _)| *always || *n > 0);
    let number = |(id, n, _, href)| Number {
        words: wording.text.with(id, [("n", count(n).into())]),
        href,
    };
    shown.map(number).collect()
}

fn message(wording: &Wording<'_>, report: &Report) -> Message {
    let one = &report.campaign;
    let day = wording.text.date_short(wording.local(one.due_at).date());
    Message {
        href: wording.at(&format!("/mail/{}", one.id)),
        title: format!("{}, {day}", wording.text.say(one.kind.label())),
        numbers: mail::sent_of(wording.text, &report.counts),
    }
}

/// Handles `POST /admin/o/{slug}/send/order`. Changes which channel is tried first.
pub(super) async fn order(posted: HostForm) -> Result<Response, Problem> {
    let first = Channel::find(posted.form.text("first"));
    let to = posted.req.at("/send?done=order");
    let done = posted
        .once(move |tx: &mut Tx<'_>, host: &HostOf| {
            let first: Vec<Channel> = first.into_iter().collect();
            channels::set_order(tx, host, &first)?;
            Ok(to.clone())
        })
        .await;
    Ok(done?)
}

/// Handles `POST /admin/o/{slug}/send/print`. Records that cards are printed and shows them, or that
/// the printed ones are handed over.
pub(super) async fn print(posted: HostForm) -> Result<Response, Problem> {
    let form = &posted.form;
    let (filter, _) = InvitationFilter::read(&web::Form::parse(form.text("query").as_bytes())?)?;
    let (is_over, was_asked) = (form.is_ticked("over"), form.is_ticked("anyway"));
    let to = if is_over {
        posted.req.at("/send?done=over")
    } else {
        let query = filter.query();
        let mut pairs = vec![("by", Channel::Paper.word())];
        pairs.extend(query.iter());
        wording::address(&posted.req.at("/print/a6"), pairs)
    };
    let site = posted.req.site.clone();
    let done = posted
        .once(move |tx: &mut Tx<'_>, host: &HostOf| {
            sending::print(tx, &site, host, &filter, was_asked, is_over)?;
            Ok(to.clone())
        })
        .await;
    Ok(done?)
}

impl SendHome<'_> {
    /// The path of the page on which hosts change what is sent by itself.
    fn rules(&self) -> String {
        self.wording.at(ReminderRule::PAGES)
    }
}
