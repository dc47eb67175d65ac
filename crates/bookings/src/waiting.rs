//! Waiting for seats of a full date of a class: joining and leaving the list, and what those who wait are
//! told. Who is asked is decided where seats become free ([`waiting_list`]).

use identity::account::{self, AccountId};
use identity::session::signed_in::Confirmed;
use jiff::{SignedDuration, Timestamp};
use platform::jobs::{Done, Handler, Job, JobError};
use platform::mail::Stream;
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use site::proof::Requester;
use utoipa::ToSchema;
use web::{Findings, MailMessages, Site, Text};

use crate::booking::waiting_list::{self, ASK, OPEN};
use crate::booking::{self, Booking, Party, class_seats};
use crate::cancel;
use crate::choice::{self, Choice};
use crate::codes::{MEMBER_BUSY, NOT_FULL, OWN_SLOT, TOO_MANY_BOOKINGS, WAITING_ALREADY};
use crate::notice::{self, TimedNotice};
use crate::settings::BookingSettings;
use crate::slot::{self, Slot, SlotId};
use crate::{Refusal, book, browse, member, offer_question, provider};

pub use crate::booking::waiting_list::{Waiting, WaitingId, WaitingState};

/// The job kind of the nightly job.
const CLEAN: &str = "booking.waiting_clean";
/// Of a list whose date is over, nothing is kept longer.
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);
/// *Book it for me* asks first if the class begins sooner.
const AT_ONCE: SignedDuration = SignedDuration::from_hours(12);
/// The most lists in which a member waits.
const MOST: i64 = 20;
const NOTE: usize = 500;

/// A request to wait for seats of a date of a class.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewWaitingParty)]
pub struct NewWaiting {
    /// How many seats, 1 if omitted: more than are free, and at most as many as one booking takes.
    #[serde(default)]
    pub seats: Option<i64>,
    /// A note for the provider, up to 500 characters.
    #[serde(default)]
    pub note: String,
    /// Whether the seats are booked as soon as they are free, if they cost nothing or a credit and the
    /// class begins at least 12 hours later. Otherwise the member is asked.
    #[serde(default)]
    pub books_at_once: bool,
}

/// The waiting list of a date, as a visitor sees it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Waits {
    /// The visitor's own party.
    pub(crate) own: Option<Waiting>,
    /// How many others wait.
    pub(crate) others: usize,
    /// The least and the most seats for which the visitor can wait; `None` if as many are free as one
    /// booking takes.
    pub(crate) seats: Option<(i64, i64)>,
    pub(crate) hours: i64,
}

/// The waiting list of a date; `None` if the slot is no date of a class.
pub(crate) fn of_date(
    tx: &mut Tx<'_>,
    account: Option<&AccountId>,
    slot: &Slot,
    rules: &BookingSettings,
) -> Result<Option<Waits>, StoreError> {
    if !slot.is_class() {
        return Ok(None);
    }
    let mut all = waiting_list::list(tx, &slot.id)?;
    let is_own = |one: &Waiting| account.is_some() && one.member_id.as_ref() == account;
    let own = all.iter().position(is_own).map(|at| all.remove(at));
    all.retain(|one| one.state == WaitingState::Waiting);
    let (least, most) = (slot.seats_left() + 1, class_seats::most(tx, slot)?);
    Ok(Some(Waits {
        own,
        others: all.len(),
        seats: (least <= most).then_some((least, most)),
        hours: rules.waiting_hours,
    }))
}

/// Joins the waiting list of a date. Joining again with the same wishes changes nothing.
pub fn join(
    tx: &mut Tx<'_>,
    member: &Confirmed,
    id: &SlotId,
    new: &NewWaiting,
) -> Result<Waiting, Refusal> {
    join_as(tx, &member.who().account().id, id, new)
}

/// Like [`join`], for an account whose owner has proved its address.
pub(crate) fn join_as(
    tx: &mut Tx<'_>,
    account: &AccountId,
    id: &SlotId,
    new: &NewWaiting,
) -> Result<Waiting, Refusal> {
    member::lock(tx, account)?;
    let slot = browse::find_slot(tx, id)?.ok_or(Refusal::NotFound)?;
    if provider::account_of(tx, &slot.provider_id)?.as_ref() == Some(account) {
        return Err(OWN_SLOT.into());
    }
    slot::lock(tx, id.as_str())?;
    let Some(slot) = browse::find(tx, id)?.map(|offered| offered.slot) else {
        return Err(book::taken(tx, &slot)?);
    };
    if !slot.is_class() {
        return Err(NOT_FULL.into());
    }
    let mut findings = Findings::default();
    let most = class_seats::most(tx, &slot)?;
    let seats = findings.number("/seats", new.seats.unwrap_or(1), 1, most);
    let note = findings.text("/note", &new.note, NOTE);
    findings.finish()?;
    let books_at_once = new.books_at_once && slot.price_minor == 0;
    if let Some(there) = waiting_list::find_active(tx, account, id)? {
        let is_same = (there.seats, there.books_at_once) == (seats, books_at_once);
        return if is_same {
            Ok(there)
        } else {
            Err(WAITING_ALREADY.into())
        };
    }
    if class_seats::has_party(tx, account, &slot)? {
        return Err(MEMBER_BUSY.into());
    }
    if seats <= slot.seats_left() {
        return Err(NOT_FULL.into());
    }
    if count_active(tx, account)? >= MOST {
        return Err(TOO_MANY_BOOKINGS.into());
    }
    let waiting = Waiting {
        id: tx.id(),
        slot_id: id.clone(),
        member_id: Some(account.clone()),
        seats,
        note,
        state: WaitingState::Waiting,
        books_at_once,
        asked_until: None,
        booking_id: None,
        created_at: tx.now(),
        version: 1,
    };
    tx.insert(&waiting)?;
    Ok(waiting)
}

fn count_active(tx: &mut Tx<'_>, member: &AccountId) -> Result<i64, StoreError> {
    let (count,) = sql!(
        "SELECT COUNT(*) FROM waiting w JOIN slot s ON s.id = w.slot_id
         WHERE w.member_id = :member AND w.state IN ('waiting', 'asked') AND s.starts_at > :now",
        member,
        now = tx.now()
    )
    .one(tx)?;
    Ok(count)
}

/// Leaves a waiting list. Seats that are kept for the party go to the next. A party that does not wait
/// any more stays as it is.
pub fn leave(
    tx: &mut Tx<'_>,
    site: &Site,
    who: &Requester,
    id: &WaitingId,
) -> Result<Waiting, Refusal> {
    let found = waiting_list::find(tx, id)?;
    let is_own = |one: &Waiting| one.member_id.as_ref() == Some(&who.who.account().id);
    let waiting = found.filter(is_own).ok_or(Refusal::NotFound)?;
    match waiting.state {
        WaitingState::Waiting => leave_list(tx, &waiting)?,
        WaitingState::Asked => {
            if let Some(booking) = &waiting.booking_id {
                let found = booking::lock(tx, booking)?;
                give_up(tx, site, found.map(|(_, booking)| booking))?;
            }
        }
        WaitingState::Taken | WaitingState::Passed | WaitingState::Left => {}
    }
    Ok(tx.load(id)?)
}

fn leave_list(tx: &mut Tx<'_>, waiting: &Waiting) -> Result<(), StoreError> {
    slot::lock(tx, waiting.slot_id.as_str())?;
    let left = sql!(
        "UPDATE waiting SET state = 'left', version = version + 1
         WHERE id = :id AND state = 'waiting'",
        id = waiting.id
    )
    .run(tx, Rows::AtMostOne)?;
    if left == 1 {
        return Ok(());
    }
    // Perhaps seats are kept for the party since, whose booking is locked before the slot.
    let now = waiting_list::find(tx, &waiting.id)?;
    if now.is_some_and(|now| now.is_active()) {
        return Err(tx.run_again());
    }
    Ok(())
}

/// Ends a hold that was not confirmed in time. If it kept seats for a party that waited, its member is
/// told that they are not kept any longer.
pub(crate) fn lapse(
    tx: &mut Tx<'_>,
    site: &Site,
    booking: &Booking,
    until: Timestamp,
) -> Result<(), StoreError> {
    let asked = waiting_list::asked_by(tx, &booking.id)?;
    if !cancel::expire(tx, booking, until)? {
        return Ok(());
    }
    match asked {
        Some(waiting) => {
            let slot: Slot = tx.load(&waiting.slot_id)?;
            tell(tx, site, &waiting, &slot, LAPSED)
        }
        None => Ok(()),
    }
}

/// Gives back the seats that are kept for a party.
fn give_up(tx: &mut Tx<'_>, site: &Site, booking: Option<Booking>) -> Result<(), StoreError> {
    let Some(booking) = booking.filter(Booking::is_active) else {
        return Ok(());
    };
    if booking.is_unproven() {
        let now = tx.now();
        cancel::expire(tx, &booking, now)?;
    } else {
        // The member may be paying for it at this moment.
        cancel::end(tx, site, &booking, Party::Member, String::new())?;
    }
    Ok(())
}

/// Closes the list of a date that the provider cancels, and tells everybody who waits. The caller holds
/// the locks of the date's bookings and of the slot.
pub(crate) fn close(tx: &mut Tx<'_>, site: &Site, slot: &Slot) -> Result<(), StoreError> {
    for waiting in waiting_list::list(tx, &slot.id)? {
        sql!(
            "UPDATE waiting SET state = 'passed', version = version + 1 WHERE id = :id",
            id = waiting.id
        )
        .run(tx, Rows::Exactly(1))?;
        let booking = match &waiting.booking_id {
            Some(booking) => booking::find(tx, booking)?,
            None => None,
        };
        // Who has begun to pay is told that the booking is cancelled.
        if booking.is_none_or(|booking| booking.order_id.is_none()) {
            tell(tx, site, &waiting, slot, CLOSED)?;
        }
    }
    Ok(())
}

const CLOSED: MailMessages = MailMessages {
    subject: "waiting-notice-closed",
    text: "waiting-said-closed",
};
const ASKED: MailMessages = MailMessages {
    subject: "waiting-notice-asked",
    text: "waiting-said-asked",
};
const LAPSED: MailMessages = MailMessages {
    subject: "waiting-notice-lapsed",
    text: "waiting-said-lapsed",
};
const OPENED: MailMessages = MailMessages {
    subject: "waiting-notice-open",
    text: "waiting-said-open",
};

fn tell(
    tx: &mut Tx<'_>,
    site: &Site,
    waiting: &Waiting,
    slot: &Slot,
    messages: MailMessages,
) -> Result<(), StoreError> {
    let href = format!("/book/{}", slot.id);
    let place = slot.place_zone();
    let notice = TimedNotice {
        messages,
        at: slot.starts_at,
        place: place.as_ref(),
        href: &href,
    };
    let (member, until) = (waiting.member_id.as_ref(), waiting.asked_until);
    let (stream, title) = (Stream::Transactional, |_: &Text| slot.title.clone());
    let until = until.unwrap_or(slot.starts_at);
    notice::tell_until(tx, site, member, stream, title, (notice, until))
}

pub(crate) fn jobs(site: &Site) -> [Handler; 3] {
    [
        Handler::with(ASK, site, |site: Site, job: Job| async move {
            let id: WaitingId = job.read()?;
            let write = move |tx: &mut Tx<'_>| ask(tx, &site, &id);
            Ok::<_, JobError>(Done::with(write))
        }),
        Handler::with(OPEN, site, |site: Site, job: Job| async move {
            let id: SlotId = job.read()?;
            let write = move |tx: &mut Tx<'_>| tell_all(tx, &site, &id);
            Ok::<_, JobError>(Done::with(write))
        }),
        Handler::each_day(CLEAN, |_| async { Ok::<_, JobError>(Done::with(clean)) }),
    ]
}

/// Books the seats that are kept for a party, if it wishes so and can; otherwise asks its member.
fn ask(tx: &mut Tx<'_>, site: &Site, id: &WaitingId) -> Result<(), StoreError> {
    let Some(waiting) = waiting_list::find(tx, id)? else {
        return Ok(());
    };
    let Some((_, booking)) = (match &waiting.booking_id {
        Some(booking) => booking::lock(tx, booking)?,
        None => None,
    }) else {
        return Ok(());
    };
    // The member may have been quicker.
    let is_asked = waiting_list::asked_by(tx, &booking.id)?.is_some();
    if !is_asked || !booking.is_unproven() {
        return Ok(());
    }
    let slot: Slot = tx.load(&waiting.slot_id)?;
    if waiting.books_at_once && book_at_once(tx, site, &slot, booking)? {
        return Ok(());
    }
    tell(tx, site, &waiting, &slot, ASKED)
}

/// Returns `false` if the member has to be asked: because the class begins soon, or costs something, or
/// something has to be chosen; or if the member has no credit any more, or another booking at that time.
fn book_at_once(
    tx: &mut Tx<'_>,
    site: &Site,
    slot: &Slot,
    booking: Booking,
) -> Result<bool, StoreError> {
    let left = slot.starts_at.duration_since(tx.now());
    let Some(member) = booking.member_id.clone() else {
        return Ok(false);
    };
    if left < AT_ONCE || slot.price_minor > 0 || !account::lock(tx, &member)? {
        return Ok(false);
    }
    // Nobody has answered what the offer has to know.
    if offer_question::of_slot(tx, slot)?
        .iter()
        .any(|one| one.is_required)
    {
        return Ok(false);
    }
    let none = Choice::default();
    let booked = choice::choose(tx, slot.sets(), &none, &none).and_then(|choice| {
        let booking = Booking { choice, ..booking };
        book::prove(tx, site, &member, booking)
    });
    match booked {
        Ok(booked) => Ok(booked.is_some()),
        Err(Refusal::Store(error)) => Err(error),
        Err(_) => Ok(false),
    }
}

/// Tells all who wait for a date that seats are free, which nobody keeps.
fn tell_all(tx: &mut Tx<'_>, site: &Site, id: &SlotId) -> Result<(), StoreError> {
    let Some(slot) = slot::find(tx, id)? else {
        return Ok(());
    };
    if slot.seats_left() < 1 || slot.starts_at <= tx.now() {
        return Ok(());
    }
    for waiting in waiting_list::list(tx, id)? {
        if waiting.state == WaitingState::Waiting {
            tell(tx, site, &waiting, &slot, OPENED)?;
        }
    }
    Ok(())
}

/// Closes the lists of dates that have begun or were removed, and deletes those that are over.
fn clean(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    sql!(
        "UPDATE waiting SET state = 'passed', version = version + 1
         WHERE state = 'waiting' AND slot_id IN
             (SELECT id FROM slot WHERE starts_at <= :now OR deleted_at IS NOT NULL)",
        now = tx.now()
    )
    .run(tx, Rows::Any)?;
    sql!(
        "DELETE FROM waiting WHERE state NOT IN ('waiting', 'asked') AND slot_id IN
             (SELECT id FROM slot WHERE ends_at < :before)",
        before = tx.now() - KEPT
    )
    .run(tx, Rows::Any)?;
    Ok(())
}

/// A party with the date for which it waits.
#[derive(Clone, Debug, Row, Serialize, ToSchema)]
#[schema(as = OwnWaitingParty)]
pub struct OwnWaiting {
    #[serde(flatten)]
    #[row(flatten)]
    pub waiting: Waiting,
    /// When the session begins.
    pub starts_at: Timestamp,
    /// When the session ends.
    pub ends_at: Timestamp,
    /// The session's title.
    pub title: String,
    /// How many parties wait that joined before.
    pub ahead: i64,
}

/// The coming dates for which a member waits or is asked, the soonest first.
pub(crate) fn list_own(tx: &mut Tx<'_>, member: &AccountId) -> Result<Vec<OwnWaiting>, StoreError> {
    sql!(
        "SELECT {w: Waiting}, s.starts_at, s.ends_at, s.title,
             (SELECT COUNT(*) FROM waiting o
              WHERE o.slot_id = w.slot_id AND o.state = 'waiting'
                AND (o.created_at < w.created_at
                     OR (o.created_at = w.created_at AND o.id < w.id))) AS ahead
         FROM waiting w JOIN slot s ON s.id = w.slot_id
         WHERE w.member_id = :member AND w.state IN ('waiting', 'asked')
           AND s.starts_at > :now AND s.deleted_at IS NULL
         ORDER BY s.starts_at, w.id",
        member,
        now = tx.roughly_now()
    )
    .all(tx)
}

/// A party with the name of its member, as the provider reads the list.
#[derive(Clone, Debug)]
pub(crate) struct NamedWaiting {
    pub(crate) waiting: Waiting,
    pub(crate) name: String,
}

/// The waiting list of a date, in its order.
pub(crate) fn list_named(tx: &mut Tx<'_>, slot: &SlotId) -> Result<Vec<NamedWaiting>, StoreError> {
    let mut all = Vec::new();
    for waiting in waiting_list::list(tx, slot)? {
        let name = member::name(tx, waiting.member_id.as_ref())?;
        all.push(NamedWaiting { waiting, name });
    }
    Ok(all)
}

pub(crate) fn export(tx: &mut Tx<'_>, account: &AccountId) -> Result<Vec<Waiting>, StoreError> {
    sql!(
        "SELECT {Waiting} FROM waiting WHERE member_id = :account ORDER BY created_at, id",
        account
    )
    .all(tx)
}

/// Takes an account out of all lists. Its bookings are cancelled already, so that seats that were kept
/// for it are given back.
pub(crate) fn leave_all(tx: &mut Tx<'_>, account: &AccountId) -> Result<(), StoreError> {
    let waits: Vec<Waiting> = sql!(
        "SELECT {Waiting} FROM waiting WHERE member_id = :account AND state = 'waiting'
         ORDER BY slot_id",
        account
    )
    .all(tx)?;
    for waiting in &waits {
        leave_list(tx, waiting)?;
    }
    Ok(())
}

pub(crate) fn erase(tx: &mut Tx<'_>, account: &AccountId) -> Result<(), StoreError> {
    sql!(
        "UPDATE waiting SET member_id = NULL, note = '' WHERE member_id = :account",
        account
    )
    .run(tx, Rows::Any)?;
    Ok(())
}
