//! Messages to the member and the provider of a booking: a mail with a calendar file, and a
//! notification on the site.

mod calendar_entry;
mod event;
mod letter;

use std::borrow::Cow;

use identity::account::{self, Account, AccountId};
use identity::grant::{self, ADMIN};
use identity::notification::{self, NewNotification};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use platform::mail::{self, Address, NewMail, Stream};
use platform::money::Money;
use platform::{StoreError, Tx, sql};
use web::{Language, MailMessages, Site, Text, Value, dates};

use crate::booking::late::Late;
use crate::booking::{self, Booking, Party};
use crate::order::Order;
use crate::{member, provider};

pub(crate) use calendar_entry::event;
use calendar_entry::{calendar, is_class_for};
pub(crate) use event::Event;
use letter::{Letter, SlotFacts, Told};
pub(crate) use letter::{cancel_rule, own_cancel_rule, when};

/// The scope of the mails about bookings, from which recipients can unsubscribe.
const SCOPE: &str = "bookings";

/// A day and a time with its zone, such as “Saturday, 16 January 2027, 9:30 am, Kuala Lumpur
/// (UTC+8)”.
pub(crate) fn moment(text: &Text, zone: &TimeZone, at: Timestamp) -> String {
    text.moment_in(zone, at)
}

/// Like [`moment`], for a session; `place` is as in [`at_place`].
pub(crate) fn moment_at(
    text: &Text,
    zone: &TimeZone,
    place: Option<&TimeZone>,
    at: Timestamp,
) -> String {
    at_place(text, zone, place, at, |zone| moment(text, zone, at))
}

/// Says when a session begins: in the zone of its place, if it is in person, with the moment in the
/// reader's zone in brackets if clocks there differ; otherwise in the reader's zone. The zone of the
/// place is that in which the slot was created, because a place has none of its own.
pub(crate) fn at_place(
    text: &Text,
    zone: &TimeZone,
    place: Option<&TimeZone>,
    at: Timestamp,
    say: impl FnOnce(&TimeZone) -> String,
) -> String {
    let Some(place) = place else { return say(zone) };
    let said = say(place);
    if place.to_offset(at) == zone.to_offset(at) {
        return said;
    }
    let values = [
        ("place", Value::from(said)),
        ("reader", text.moment_short_in(zone, at).into()),
    ];
    text.with("booking-at-place", values)
}

pub(crate) fn page(booking: &Booking) -> String {
    format!("/me/bookings/{}", booking.id)
}

/// What the member gets back of what is cancelled.
#[derive(Clone, Debug)]
pub(crate) enum Returned {
    /// So much.
    InTime(Money),
    /// Not all of it.
    Late(Late),
}

/// Notifies the member and the provider.
pub(crate) fn tell(
    tx: &mut Tx<'_>,
    site: &Site,
    booking: &Booking,
    event: Event,
    returned: Option<&Returned>,
) -> Result<(), StoreError> {
    for party in [Party::Member, Party::Provider] {
        tell_one(tx, site, booking, party, event, returned)?;
    }
    Ok(())
}

/// Somebody who is told something.
pub(crate) struct Reader {
    pub(crate) account: Account,
    to: Address,
    pub(crate) text: Text,
    pub(crate) zone: TimeZone,
}

pub(crate) fn reader(
    tx: &mut Tx<'_>,
    site: &Site,
    id: Option<&AccountId>,
) -> Result<Option<Reader>, StoreError> {
    let Some(id) = id else { return Ok(None) };
    let Some(account) = account::find(tx, id)? else {
        return Ok(None);
    };
    let Ok(to) = account.email.parse() else {
        return Ok(None);
    };
    let zone = TimeZone::get(&account.time_zone);
    Ok(Some(Reader {
        text: site.catalogue.speak(&Language::of(&account.locale)),
        zone: zone.unwrap_or_else(|_| site.settings.time_zone.clone()),
        account,
        to,
    }))
}

pub(crate) fn account_of(
    tx: &mut Tx<'_>,
    booking: &Booking,
    party: Party,
) -> Result<Option<AccountId>, StoreError> {
    match party {
        Party::Member => Ok(booking.member_id.clone()),
        Party::Provider => provider::account_of(tx, &booking.provider_id),
        Party::Administrator => Ok(None),
    }
}

/// A sum in the account's language, or in the site's for all administrators, as pages say it.
pub(crate) fn sum(
    tx: &mut Tx<'_>,
    site: &Site,
    account: Option<&AccountId>,
    sum: Money,
) -> Result<String, StoreError> {
    let said = if let Some(reader) = reader(tx, site, account)? {
        reader.text.money(sum)
    } else {
        let tag = site.settings.languages.first().map_or("en", String::as_str);
        site.catalogue.speak(&Language::of(tag)).money(sum)
    };
    Ok(said)
}

/// The price of a session that takes no credit.
pub(crate) fn price(text: &Text, price: Money) -> String {
    match price.minor {
        0 => text.say("booking-free").into_owned(),
        _ => text.money(price),
    }
}

/// The other side's name in a sentence. Whose account was deleted has none.
pub(crate) fn named<'a>(text: &'a Text, name: &'a str) -> Cow<'a, str> {
    match name {
        "" => text.say("booking-with-nobody"),
        name => name.into(),
    }
}

/// Notifies the member or the provider.
pub(crate) fn tell_one(
    tx: &mut Tx<'_>,
    site: &Site,
    booking: &Booking,
    party: Party,
    event: Event,
    returned: Option<&Returned>,
) -> Result<(), StoreError> {
    let id = account_of(tx, booking, party)?;
    let Some(reader) = reader(tx, site, id.as_ref())? else {
        return Ok(());
    };
    let text = &reader.text;
    let with = match party {
        Party::Member if event == Event::HoldCancelled => booking::provider_name(tx, booking)?,
        Party::Member => provider::find(tx, &booking.provider_id)?.display_name,
        Party::Provider | Party::Administrator => member::name(tx, booking.member_id.as_ref())?,
    };
    let in_sentence = named(text, &with);
    let slot = SlotFacts::of(tx, booking)?;
    let mut place = booking::location(tx, booking)?;
    if place.is_empty() && !event.is_cancelled() {
        place.clone_from(&slot.area);
    }
    let (session_place, at) = (slot.place_zone(booking), booking.starts_at);
    let when = moment_at(text, &reader.zone, session_place.as_ref(), at);
    let here = session_place.as_ref().unwrap_or(&reader.zone);
    let short = text.subject_in(here, at);
    // “Tomorrow” is the reader's, also for a session whose time is told by the clock of its place.
    let [today, day] = [tx.now(), at].map(|at| at.to_zoned(reader.zone.clone()).date());
    let day = match dates::days_between(today, day) {
        0 => "today",
        1 => "tomorrow",
        _ => "later",
    };
    let (subject, said, notice) = event.messages();
    let values = [
        ("day", day.into()),
        ("title", booking.title.as_str().into()),
        ("when", short.into()),
        ("with", in_sentence.as_ref().into()),
        ("site", site.settings.name.as_str().into()),
        ("count", event.seats().into()),
    ];
    let mut body = text.with(said, &values);
    if let Some(returned) = returned.and_then(|returned| returned.say(text, booking, party)) {
        body += "\n";
        body += &returned;
    }
    if event.is_cancelled() && !booking.cancel_reason.is_empty() {
        body += "\n";
        let reason = booking.cancel_reason.as_str();
        body += &text.with("booking-said-reason", [("reason", reason.into())]);
    }
    let told = Told {
        text,
        zone: &reader.zone,
        booking,
        slot: &slot,
        party,
        event,
        returned,
    };
    let letter = Letter {
        text,
        said: body,
        title: &booking.title,
        facts: told.facts(tx, &with, &place)?,
        links: told.links(site),
        site: &site.settings.name,
    };
    let body = MailBody {
        text: letter.plain(),
        html: Some(letter.to_string()),
    };
    let stream = if event == Event::Reminder {
        Stream::Notification
    } else {
        Stream::Transactional
    };
    let subject = text.with(subject, &values);
    let mail = send_body(tx, &reader, stream, subject, body)?;
    // A provider has one entry for a class, which stays while anybody comes.
    let goes_on = event.is_cancelled() && is_class_for(booking, party) && {
        let others = booking::list_of_slot(tx, &booking.slot_id)?;
        others.iter().any(|one| one.state.is_held())
    };
    if !goes_on && event.changes_calendar() {
        let file = calendar(tx, site, booking, party, event, &reader, &place);
        mail::attach_calendar(tx, &mail, &file)?;
    }
    let mut about = format!("{}, {when}", booking.title);
    if let Event::SeatsCancelled(seats) | Event::SeatsAdded(seats) = event {
        about += ", ";
        about += &text.with("class-seats", [("count", seats.into())]);
    }
    notification::tell(
        tx,
        site,
        &reader.account.id,
        NewNotification {
            kind: notice,
            about: &about,
            href: &page(booking),
        },
    )
}

impl Returned {
    /// What a side is told; a provider only of what is kept.
    fn say(&self, text: &Text, booking: &Booking, party: Party) -> Option<String> {
        match self {
            Self::InTime(back) => (party == Party::Member)
                .then(|| text.with("booking-said-back", [("sum", text.money(*back).into())])),
            Self::Late(late) => {
                let mut said = late.say(text);
                if late.page().is_some() && booking.member_id.is_some() {
                    said += " ";
                    let who = [("reader", party.word().into())];
                    said += &text.with("late-may-ask", who);
                }
                Some(said)
            }
        }
    }
}

pub(crate) fn send(
    tx: &mut Tx<'_>,
    reader: &Reader,
    stream: Stream,
    subject: String,
    text: String,
) -> Result<mail::MailId, StoreError> {
    let body = MailBody { text, html: None };
    send_body(tx, reader, stream, subject, body)
}

/// A mail's text, and the page with the same content.
struct MailBody {
    text: String,
    html: Option<String>,
}

fn send_body(
    tx: &mut Tx<'_>,
    reader: &Reader,
    stream: Stream,
    subject: String,
    body: MailBody,
) -> Result<mail::MailId, StoreError> {
    tx.send_mail(NewMail {
        to_name: reader.account.display_name.clone(),
        // Only mails in the notification stream have a scope. In other streams, a scope would only
        // preserve the texts of undelivered mails, although nobody can send them again.
        scope: (stream == Stream::Notification).then(|| SCOPE.to_owned()),
        subject,
        text: body.text,
        html: body.html,
        ..NewMail::new(reader.to.clone(), stream)
    })
}

/// A notice about something with a title and a time.
#[derive(Clone, Copy)]
pub(crate) struct TimedNotice<'a> {
    /// The subject is also the text of the notification on the site. The text is the mail's first
    /// sentence.
    pub(crate) messages: MailMessages,
    pub(crate) at: Timestamp,
    /// As in [`at_place`].
    pub(crate) place: Option<&'a TimeZone>,
    pub(crate) href: &'a str,
}

/// Notifies an account, by mail and on the site, about something with this title.
pub(crate) fn tell_of_time(
    tx: &mut Tx<'_>,
    site: &Site,
    account: Option<&AccountId>,
    stream: Stream,
    title: &str,
    notice: TimedNotice<'_>,
) -> Result<(), StoreError> {
    tell_of(tx, site, account, stream, |_| title.to_owned(), notice)
}

/// Like [`tell_of_time`], with a title in the reader's language.
pub(crate) fn tell_of(
    tx: &mut Tx<'_>,
    site: &Site,
    account: Option<&AccountId>,
    stream: Stream,
    title: impl FnOnce(&Text) -> String,
    notice: TimedNotice<'_>,
) -> Result<(), StoreError> {
    let until = notice.at;
    tell_until(tx, site, account, stream, title, (notice, until))
}

/// Like [`tell_of`]. The mail's first sentence has the argument `until`.
pub(crate) fn tell_until(
    tx: &mut Tx<'_>,
    site: &Site,
    account: Option<&AccountId>,
    stream: Stream,
    title: impl FnOnce(&Text) -> String,
    (notice, until): (TimedNotice<'_>, Timestamp),
) -> Result<(), StoreError> {
    let Some(reader) = reader(tx, site, account)? else {
        return Ok(());
    };
    let TimedNotice {
        messages,
        at,
        place,
        href,
    } = notice;
    let kind = messages.subject;
    let text = &reader.text;
    let (when, title) = (moment_at(text, &reader.zone, place, at), title(text));
    let about = format!("{title}, {when}");
    let here = place.unwrap_or(&reader.zone);
    let short = format!("{title}, {}", text.subject_in(here, at));
    let subject = text.with(kind, [("about", short.into())]);
    let until = moment(text, &reader.zone, until);
    let body = format!(
        "{}\n\n{about}\n\n{}\n\n{}\n",
        text.with(messages.text, [("until", until.into())]),
        site.url().join(href),
        site.settings.name
    );
    send(tx, &reader, stream, subject, body)?;
    let about = about.as_str();
    notification::tell(
        tx,
        site,
        &reader.account.id,
        NewNotification { kind, about, href },
    )
}

/// What an account is told about a claim.
#[derive(Clone, Copy)]
pub(crate) struct ClaimTold<'a> {
    pub(crate) subject: &'static str,
    pub(crate) said: &'static str,
    pub(crate) booking: &'a Booking,
    pub(crate) until: Timestamp,
    /// Follows the mail's first text.
    pub(crate) quoted: &'a str,
    /// The name of the other side, which may be empty.
    pub(crate) with: &'a str,
    /// What goes back to the member although the session counts.
    pub(crate) back: Option<Money>,
}

/// Notifies an account, by mail and on the site, about a claim. The messages have the arguments
/// `about`, `until`, `with`, `back` and those in `more`.
pub(crate) fn tell_of_claim(
    tx: &mut Tx<'_>,
    site: &Site,
    account: Option<&AccountId>,
    told: ClaimTold<'_>,
    more: &[(&'static str, Value<'_>)],
) -> Result<(), StoreError> {
    let Some(reader) = reader(tx, site, account)? else {
        return Ok(());
    };
    let ClaimTold {
        subject,
        said,
        booking,
        quoted,
        ..
    } = told;
    let text = &reader.text;
    let (place, at) = (booking::place_zone(tx, booking)?, booking.starts_at);
    let when = moment_at(text, &reader.zone, place.as_ref(), at);
    let until = moment(text, &reader.zone, told.until);
    let about = format!("{}, {when}", booking.title);
    let short = text.subject_in(place.as_ref().unwrap_or(&reader.zone), at);
    let short = format!("{}, {short}", booking.title);
    let back = told.back.map(|sum| text.money(sum));
    let in_sentence = named(text, told.with);
    let mut values = vec![
        ("about", about.as_str().into()),
        ("until", until.as_str().into()),
        ("with", in_sentence.as_ref().into()),
        ("back", back.as_deref().unwrap_or("none").into()),
    ];
    values.extend(more.iter().cloned());
    let href = page(booking);
    let mut body = text.with(said, &values);
    if !quoted.is_empty() {
        body = format!("{body}\n\n“{quoted}”");
    }
    let address = site.url().join(&href);
    let body = format!("{body}\n\n{about}\n\n{address}\n\n{}\n", site.settings.name);
    values[0].1 = short.into();
    let line = text.with(subject, &values);
    send(tx, &reader, Stream::Transactional, line, body)?;
    let told = NewNotification {
        kind: subject,
        about: &about,
        href: &href,
    };
    notification::tell_on_site(tx, &reader.account.id, told)
}

/// Sends the payer a receipt, or a notice about a late payment or a refund.
pub(crate) fn tell_payer(
    tx: &mut Tx<'_>,
    site: &Site,
    order: &Order,
    messages: MailMessages,
    sum: Money,
) -> Result<(), StoreError> {
    let (account,): (Option<AccountId>,) = sql!(
        "SELECT account_id FROM money_party WHERE id = :party",
        party = order.party_id
    )
    .one(tx)?;
    let number = order.receipt().unwrap_or_default().into();
    let path = format!("/pay/{}", order.id);
    mail_money(tx, site, account.as_ref(), messages, &path, sum, number)
}

/// Mails an account about an amount. The messages have the arguments `sum`, `number` and `site`.
pub(crate) fn mail_money(
    tx: &mut Tx<'_>,
    site: &Site,
    account: Option<&AccountId>,
    messages: MailMessages,
    path: &str,
    sum: Money,
    number: Value<'_>,
) -> Result<(), StoreError> {
    mail(tx, site, account, |text| {
        let values = [
            ("sum", text.money(sum).into()),
            ("number", number),
            ("site", site.settings.name.as_str().into()),
        ];
        let body = format!(
            "{}\n\n{}\n\n{}\n",
            text.with(messages.text, &values),
            site.url().join(path),
            site.settings.name
        );
        (text.with(messages.subject, &values), body)
    })
}

/// Notifies all administrators, by mail and on the site. The notification's text is the mail's
/// subject and first sentence.
pub(crate) fn tell_administrators(
    tx: &mut Tx<'_>,
    site: &Site,
    told: NewNotification<'_>,
) -> Result<(), StoreError> {
    for administrator in grant::list_ranked(tx, ADMIN)? {
        notification::tell_on_site(tx, &administrator.account, told)?;
        mail(tx, site, Some(&administrator.account), |text| {
            let subject = text.with(told.kind, [("about", told.about.into())]);
            let page = site.url().join(told.href);
            let body = format!("{subject}\n\n{page}\n\n{}\n", site.settings.name);
            (subject, body)
        })?;
    }
    Ok(())
}

/// Mails an account the subject and the text that `write` returns in the account's language.
pub(crate) fn mail(
    tx: &mut Tx<'_>,
    site: &Site,
    account: Option<&AccountId>,
    write: impl FnOnce(&Text) -> (String, String),
) -> Result<(), StoreError> {
    let Some(reader) = reader(tx, site, account)? else {
        return Ok(());
    };
    let (subject, body) = write(&reader.text);
    send(tx, &reader, Stream::Transactional, subject, body)?;
    Ok(())
}
