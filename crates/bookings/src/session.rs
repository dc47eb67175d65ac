//! Jobs that concern a booking at a certain time: they end its hold, remind both sides, ask them
//! for feedback, and complete the session.

use identity::notification::{self, NewNotification};
use jiff::{SignedDuration, Timestamp};
use platform::jobs::{Done, Handler, Job, JobError};
use platform::mail::Stream;
use platform::{Rows, StoreError, Tx, sql};
use web::{MailMessages, Site};

use crate::booking::{
    self, ASK, Booking, COMPLETE, FAREWELL, HOLD, LATE, NOTE, Party, Payload, REMIND, State,
    no_show,
};
use crate::feedback_criterion::Author;
use crate::notice::{self, Event, TimedNotice};
use crate::outcome::{self, Outcome};
use crate::{cancel, feedback, payout, slot, waiting};

/// A reminder that is sent less than this time before the session is only a notification on the
/// site. The same is true of a request for feedback that is sent more than this time after the
/// session.
const LATEST: SignedDuration = SignedDuration::from_hours(1);

pub(crate) fn jobs(site: &Site) -> Vec<Handler> {
    vec![
        handler(HOLD, site, |tx, site, booking, _| {
            let (until,): (Option<Timestamp>,) = sql!(
                "SELECT COALESCE((SELECT expires_at FROM booking_order WHERE id = :order),
                     CAST(:until AS BIGINT),
                     (SELECT hold_until FROM slot WHERE id = :slot AND hold_token = :token))",
                order = booking.order_id,
                until = booking.hold_until,
                slot = booking.slot_id,
                token = booking.hold_token
            )
            .one(tx)?;
            let Some(until) = until else { return Ok(()) };
            waiting::lapse(tx, site, booking, until)
        }),
        handler(COMPLETE, site, |tx, _, booking, _| complete(tx, booking)),
        handler(REMIND, site, remind),
        handler(ASK, site, ask),
        handler(NOTE, site, |tx, site, booking, _| {
            if booking.state != State::Confirmed || booking.starts_at <= tx.now() {
                return Ok(());
            }
            notice::tell_one(tx, site, booking, Party::Member, Event::NoteChanged, None)
        }),
        handler(LATE, site, |tx, _, booking, _| owe_late(tx, booking)),
        handler(FAREWELL, site, |tx, site, booking, _| {
            let returned = cancel::returned(tx, booking, None)?;
            let (party, event) = (Party::Provider, Event::Cancelled);
            notice::tell_one(tx, site, booking, party, event, returned.as_ref())
        }),
    ]
}

/// More than an hour after the session's end, only on the site.
fn ask(tx: &mut Tx<'_>, site: &Site, booking: &Booking, sequence: i64) -> Result<(), StoreError> {
    if booking.ics_sequence != sequence {
        return Ok(());
    }
    if booking.is_further {
        // Its member is asked about the first booking of the date.
        return Ok(());
    }
    let (kind, now) = ("feedback-notice-ask", tx.now());
    for (party, author) in [
        (Party::Member, Author::Member),
        (Party::Provider, Author::Provider),
    ] {
        let is_open = feedback::check_open(booking, author, now).is_ok();
        if !is_open || feedback::find(tx, &booking.id, author)?.is_some() {
            continue;
        }
        let Some(account) = notice::account_of(tx, booking, party)? else {
            continue;
        };
        let href = format!("{}/feedback", notice::page(booking));
        if now.duration_since(booking.ends_at) > LATEST {
            let about = &booking.title;
            let told = NewNotification {
                kind,
                about,
                href: &href,
            };
            notification::tell(tx, site, &account, told)?;
        } else {
            let place = booking::place_zone(tx, booking)?;
            let notice = TimedNotice {
                messages: MailMessages {
                    subject: kind,
                    text: "feedback-said-ask",
                },
                at: booking.starts_at,
                place: place.as_ref(),
                href: &href,
            };
            let (stream, title) = (Stream::Notification, &booking.title);
            notice::tell_of_time(tx, site, Some(&account), stream, title, notice)?;
        }
    }
    Ok(())
}

type Work = fn(&mut Tx<'_>, &Site, &Booking, i64) -> Result<(), StoreError>;

/// Locks the booking and its order before `work` runs.
fn handler(kind: &'static str, site: &Site, work: Work) -> Handler {
    Handler::with(kind, site, move |site: Site, job: Job| async move {
        let Payload { booking, sequence } = job.read()?;
        let write = move |tx: &mut Tx<'_>| match booking::lock(tx, &booking)? {
            Some((_, booking)) => work(tx, &site, &booking, sequence),
            None => Ok(()),
        };
        Ok::<_, JobError>(Done::with(write))
    })
}

fn complete(tx: &mut Tx<'_>, booking: &Booking) -> Result<(), StoreError> {
    let is_over = booking.state == State::Confirmed && booking.ends_at <= tx.now();
    if is_over && !no_show::is_unsettled(tx, &booking.id)? {
        outcome::end(tx, booking, Outcome::Completed, None)?;
    }
    Ok(())
}

/// Nothing if the time was booked again.
fn owe_late(tx: &mut Tx<'_>, booking: &Booking) -> Result<(), StoreError> {
    if booking.is_class {
        slot::lock(tx, booking.slot_id.as_str())?;
        payout::owe(tx, booking)?;
        return Ok(());
    }
    let (others,): (i64,) = sql!(
        "SELECT COUNT(*) FROM booking
         WHERE provider_id = :provider AND id <> :id AND starts_at < :until AND ends_at > :from
           AND state IN ('confirmed', 'completed', 'no_show_member', 'no_show_provider')",
        provider = booking.provider_id,
        from = booking.starts_at,
        until = booking.ends_at,
        id = booking.id
    )
    .one(tx)?;
    if others == 0 {
        payout::owe(tx, booking)?;
    }
    Ok(())
}

/// If the booking was moved, they are reminded of the new time only.
fn remind(
    tx: &mut Tx<'_>,
    site: &Site,
    booking: &Booking,
    sequence: i64,
) -> Result<(), StoreError> {
    if booking.state != State::Confirmed || booking.ics_sequence != sequence {
        return Ok(());
    }
    let is_late = booking.starts_at.duration_since(tx.now()) < LATEST;
    for party in [Party::Member, Party::Provider] {
        let outcome = if is_late { "skipped_late" } else { "queued" };
        let new = sql!(
            "INSERT INTO session_reminder (booking_id, sequence, party, outcome)
             VALUES (:booking, :sequence, :party, :outcome) ON CONFLICT DO NOTHING",
            booking = booking.id,
            sequence,
            party,
            outcome
        )
        .run(tx, Rows::AtMostOne)?;
        if new == 0 {
            continue;
        }
        if !is_late {
            notice::tell_one(tx, site, booking, party, Event::Reminder, None)?;
        } else if let Some(account) = notice::account_of(tx, booking, party)? {
            let told = NewNotification {
                kind: "booking-notice-late",
                about: &booking.title,
                href: &notice::page(booking),
            };
            notification::tell(tx, site, &account, told)?;
        }
    }
    Ok(())
}
