//! Calendars that providers keep on other servers. Each one is read every hour from an https
//! address. Slots that overlap a busy time of the calendar are not offered, but a busy time never
//! cancels a booking.

mod ics;
mod length;
mod repetition;
mod text;
mod zones;

use identity::account::AccountId;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use platform::audit::Entity;
use platform::jobs::{self, Done, Handler, Job, JobError, NewJob, Queue};
use platform::mail::Stream;
use platform::outbound::{self, OutboundError, Reach};
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use utoipa::ToSchema;
use web::one_at_a_time::run_alone;
use web::{Findings, MailMessages, Site};

use crate::booking::{self, Booking, BookingId};
use crate::provider::{self, Provider, ProviderId};
use crate::{Refusal, notice};
use ics::{Busy, Found};

const KIND: &str = "booking.calendar";
const PURPOSE: &str = "bookings.external-calendar";
/// The maximum size of a calendar, in bytes.
const LONGEST: usize = 1 << 20;
const READ_EVERY: SignedDuration = SignedDuration::from_hours(1);
/// How soon a calendar is tried again whose reading did not end.
const AFTER_BREAK: SignedDuration = SignedDuration::from_hours(24);
/// The maximum number of starts of one reading. A reading that exceeds it probably ends its worker.
const STARTS: i64 = 3;
/// Limits parsing to one calendar at a time, because a small file may take much memory.
static PARSING: Semaphore = Semaphore::const_new(1);
/// How far ahead busy times are kept. No slot can be further in the future.
const HORIZON: SignedDuration = SignedDuration::from_hours(365 * 24);

web::words! {
    /// Why a calendar could not be read.
    #[schema(as = ExternalCalendarError)]
    ReadError {
        /// The address can no longer be decrypted.
        Refused = "refused" => "external-calendar-refused",
        /// The server cannot be reached, or is not a public one.
        Unreachable = "unreachable" => "external-calendar-unreachable",
        /// The server did not respond in time.
        Slow = "slow" => "external-calendar-slow",
        /// The server responded with a status other than 200.
        Status = "status" => "external-calendar-status",
        /// The calendar has more than 1 MiB.
        TooLong = "too_long" => "external-calendar-too-long",
        /// The response is not a calendar, or was cut off.
        Broken = "broken" => "external-calendar-broken",
        /// The calendar has too many events.
        TooMuch = "too_much" => "external-calendar-too-much",
        /// Some events could not be read exactly. All others are kept. An event that is repeated
        /// more than 1,000 times a year keeps the whole days on which it is repeated. A time in an
        /// unknown time zone keeps all hours at which it is this time anywhere.
        Partial = "partial" => "external-calendar-partial",
    }
}

/// When a provider's own calendar was last read, and why the last attempt failed, if it did. Its
/// address is never shown.
#[derive(Clone, Debug, PartialEq, Eq, Row, Serialize, ToSchema)]
pub struct ExternalCalendar {
    /// When the calendar was last read; null before the first time.
    pub read_at: Option<Timestamp>,
    /// Why the last attempt failed; null if it did not. The busy times of the last successful
    /// attempt are kept.
    pub error: Option<ReadError>,
}

/// A period in which a provider is busy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Row, Serialize)]
pub struct BusyTime {
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
}

pub fn find(
    tx: &mut Tx<'_>,
    provider: &ProviderId,
) -> Result<Option<ExternalCalendar>, StoreError> {
    sql!(
        "SELECT {ExternalCalendar} FROM provider_calendar WHERE provider_id = :provider",
        provider
    )
    .maybe(tx)
}

/// Lists the busy times that overlap a period, in chronological order.
pub fn list_busy(
    tx: &mut Tx<'_>,
    provider: &ProviderId,
    from: Timestamp,
    until: Timestamp,
) -> Result<Vec<BusyTime>, StoreError> {
    sql!(
        "SELECT {BusyTime} FROM provider_busy
         WHERE provider_id = :provider AND starts_at < :until AND ends_at > :from
         ORDER BY starts_at",
        provider,
        from,
        until
    )
    .all(tx)
}

/// Sets the address of a provider's own calendar, which is read at once. An empty address removes
/// the calendar with its busy times.
pub fn set(
    tx: &mut Tx<'_>,
    site: &Site,
    provider: &Provider,
    address: &str,
) -> Result<(), Refusal> {
    // Some programs write the https address of a calendar with the scheme `webcal`.
    let address = match address.trim().strip_prefix("webcal://") {
        Some(rest) => format!("https://{rest}"),
        None => address.to_owned(),
    };
    let mut findings = Findings::default();
    let address = findings.https("/calendar_url", &address);
    let is_wrong = !address.is_empty() && !outbound::is_permitted(&address, Reach::Public);
    if is_wrong && findings.is_empty() {
        findings.add("/calendar_url", "url_invalid", []);
    }
    findings.finish()?;
    let id = &provider.profile.id;
    let was_set = find(tx, id)?.is_some();
    remove(tx, id)?;
    if !address.is_empty() {
        let sealed = site
            .keys
            .key(PURPOSE)
            .seal(tx.random(), &place(id), address.as_bytes());
        sql!(
            "INSERT INTO provider_calendar (provider_id, address) VALUES (:id, :sealed)",
            id,
            sealed
        )
        .run(tx, Rows::Exactly(1))?;
        let now = tx.now();
        plan(tx, id, now)?;
    }
    let action = match (was_set, address.is_empty()) {
        (false, true) => return Ok(()),
        (_, true) => "provider.calendar_removed",
        (_, false) => "provider.calendar_set",
    };
    provider.requester().record(
        tx,
        Entity::new("provider", id.to_string()),
        action,
        json!([]),
    )?;
    Ok(())
}

fn place(provider: &ProviderId) -> [&str; 3] {
    ["provider_calendar", "address", provider.as_str()]
}

fn key(provider: &ProviderId) -> String {
    format!("{KIND} {provider}")
}

fn remove(tx: &mut Tx<'_>, provider: &ProviderId) -> Result<(), StoreError> {
    jobs::withdraw(tx, &key(provider))?;
    sql!(
        "DELETE FROM provider_busy WHERE provider_id = :provider",
        provider
    )
    .run(tx, Rows::Any)?;
    sql!(
        "DELETE FROM provider_calendar WHERE provider_id = :provider",
        provider
    )
    .run(tx, Rows::AtMostOne)?;
    Ok(())
}

/// Exports the known busy times of a provider.
pub(crate) fn export(tx: &mut Tx<'_>, provider: &ProviderId) -> Result<Value, StoreError> {
    let Some(calendar) = find(tx, provider)? else {
        return Ok(Value::Null);
    };
    let busy = list_busy(tx, provider, Timestamp::MIN, Timestamp::MAX)?;
    Ok(json!({"read_at": calendar.read_at, "error": calendar.error, "busy": busy}))
}

/// Removes the calendar of an account that is being erased.
pub(crate) fn erase(tx: &mut Tx<'_>, account: &AccountId) -> Result<(), StoreError> {
    let provider: Option<(ProviderId,)> = sql!(
        "SELECT id FROM provider WHERE account_id = :account",
        account
    )
    .maybe(tx)?;
    match provider {
        Some((provider,)) => remove(tx, &provider),
        None => Ok(()),
    }
}

#[derive(Serialize, Deserialize)]
struct Payload {
    provider: ProviderId,
}

fn plan(tx: &mut Tx<'_>, provider: &ProviderId, at: Timestamp) -> Result<(), StoreError> {
    tx.enqueue(NewJob {
        queue: Queue::Fetches,
        key: Some(key(provider)),
        line: Some(provider.to_string()),
        run_at: Some(at),
        ..NewJob::new(KIND, json!({"provider": provider}))
    })
}

/// The job that reads a calendar, and schedules the next run.
pub(crate) fn job(site: &Site) -> Handler {
    Handler::with(KIND, site, |site: Site, job: Job| async move {
        let Payload { provider } = job.read()?;
        let id = provider.clone();
        let look = move |tx: &mut Tx<'_>| -> Result<Option<(Vec<u8>, String)>, StoreError> {
            sql!(
                "SELECT c.address, COALESCE(a.time_zone, '') FROM provider_calendar c
                     JOIN provider p ON p.id = c.provider_id
                     LEFT JOIN account a ON a.id = p.account_id WHERE p.id = :id",
                id
            )
            .maybe(tx)
        };
        let Some((sealed, zone)) = site.store.read(look).await? else {
            return Ok(Done::nothing());
        };
        let zone = TimeZone::get(&zone).unwrap_or(TimeZone::UTC);
        let (read, pause) = if job.starts() > STARTS {
            let starts = job.starts();
            tracing::error!(%provider, starts, "reading an external calendar never ended, so it is read less often; the provider may remove it; please report this");
            (Err(ReadError::TooMuch), AFTER_BREAK)
        } else {
            (fetch(&site, &provider, &sealed, zone).await, READ_EVERY)
        };
        let write = move |tx: &mut Tx<'_>| {
            if keep(tx, &site, &provider, &sealed, &read)? {
                let next = tx.now() + pause;
                plan(tx, &provider, next)?;
            }
            Ok::<_, StoreError>(())
        };
        Ok::<_, JobError>(Done::with(write))
    })
}

async fn fetch(
    site: &Site,
    provider: &ProviderId,
    sealed: &[u8],
    zone: TimeZone,
) -> Result<Found, ReadError> {
    let address = site.keys.key(PURPOSE).open(&place(provider), sealed);
    let address = address.and_then(|address| String::from_utf8(address).ok());
    let address = address.ok_or(ReadError::Refused)?;
    let answer = site.outbound.fetch(&address, LONGEST).await;
    let answer = answer.map_err(|error| match error {
        // The provider must not learn which names exist in the site's own network.
        OutboundError::Refused | OutboundError::Unreachable(_) | OutboundError::Http(_) => {
            ReadError::Unreachable
        }
        OutboundError::TooLong => ReadError::TooLong,
        OutboundError::Slow => ReadError::Slow,
    })?;
    if answer.status != axum::http::StatusCode::OK {
        return Err(ReadError::Status);
    }
    let now = site.clock.now();
    let read = move || {
        let file = String::from_utf8_lossy(&answer.body);
        ics::read(&file, &zone, &(now..now + HORIZON))
    };
    // A calendar may take long to parse, and may make the parser panic.
    let read = run_alone(&PARSING, read).await;
    read.unwrap_or(Err(ReadError::Broken))
}

/// `false` if the provider has meanwhile changed the calendar's address.
fn keep(
    tx: &mut Tx<'_>,
    site: &Site,
    provider: &ProviderId,
    sealed: &[u8],
    read: &Result<Found, ReadError>,
) -> Result<bool, StoreError> {
    let current: Option<(Vec<u8>,)> = sql!(
        "SELECT address FROM provider_calendar WHERE provider_id = :provider FOR NO KEY UPDATE",
        provider
    )
    .maybe(tx)?;
    if current.is_none_or(|(current,)| current != sealed) {
        return Ok(false);
    }
    let now = tx.now();
    let (read_at, error) = match read {
        Ok(found) => (Some(now), found.is_partial.then_some(ReadError::Partial)),
        Err(error) => (None, Some(*error)),
    };
    sql!(
        "UPDATE provider_calendar SET read_at = COALESCE(:read_at, read_at), error = :error
         WHERE provider_id = :provider",
        provider,
        read_at,
        error
    )
    .run(tx, Rows::Exactly(1))?;
    if let Ok(found) = read {
        let busy = without_bookings(tx, site, provider, &found.busy)?;
        replace(tx, provider, &busy)?;
        notify_clashes(tx, site, provider)?;
    }
    Ok(true)
}

/// The calendar got them from the site's mails or from the private calendar, and may show them at their
/// old times. A class is there under the id of its date.
fn without_bookings(
    tx: &mut Tx<'_>,
    site: &Site,
    provider: &ProviderId,
    all: &[Busy],
) -> Result<Vec<BusyTime>, StoreError> {
    let ending = format!("@{}", site.url().host());
    let mut times = Vec::new();
    for one in all {
        let id = one.uid.strip_suffix(&ending);
        if let Some(Ok(id)) = id.map(str::parse::<BookingId>) {
            let (is_own,): (bool,) = sql!(
                "SELECT EXISTS (SELECT 1 FROM booking WHERE id = :id AND provider_id = :provider)
                     OR EXISTS (SELECT 1 FROM slot WHERE id = :id AND provider_id = :provider)",
                id,
                provider
            )
            .one(tx)?;
            if is_own {
                continue;
            }
        }
        times.push(BusyTime {
            starts_at: one.from,
            ends_at: one.until,
        });
    }
    Ok(merge(times))
}

fn merge(mut times: Vec<BusyTime>) -> Vec<BusyTime> {
    times.sort_by_key(|one| one.starts_at);
    let mut merged: Vec<BusyTime> = Vec::new();
    for one in times {
        match merged.last_mut() {
            Some(last) if one.starts_at <= last.ends_at => {
                last.ends_at = last.ends_at.max(one.ends_at);
            }
            _ => merged.push(one),
        }
    }
    merged
}

fn replace(tx: &mut Tx<'_>, provider: &ProviderId, busy: &[BusyTime]) -> Result<(), StoreError> {
    if list_busy(tx, provider, Timestamp::MIN, Timestamp::MAX)? == busy {
        return Ok(());
    }
    sql!(
        "DELETE FROM provider_busy WHERE provider_id = :provider",
        provider
    )
    .run(tx, Rows::Any)?;
    for one in busy {
        sql!(
            "INSERT INTO provider_busy (provider_id, {BusyTime}) VALUES (:provider, {:BusyTime})",
            provider,
            BusyTime = one
        )
        .run(tx, Rows::Exactly(1))?;
    }
    Ok(())
}

fn notify_clashes(tx: &mut Tx<'_>, site: &Site, provider: &ProviderId) -> Result<(), StoreError> {
    let clashes: Vec<Booking> = sql!(
        "SELECT {b: Booking} FROM booking b
         WHERE b.provider_id = :provider AND b.state IN ('pending_payment', 'confirmed')
           AND b.ends_at > :now
           AND EXISTS (SELECT 1 FROM provider_busy y WHERE y.provider_id = b.provider_id
                       AND y.starts_at < b.ends_at AND y.ends_at > b.starts_at)
           AND NOT EXISTS (SELECT 1 FROM provider_busy_notice n
                           WHERE n.booking_id = b.id AND n.starts_at = b.starts_at)
         ORDER BY b.starts_at, b.id",
        provider,
        now = tx.now()
    )
    .all(tx)?;
    let account = provider::account_of(tx, provider)?;
    for booking in clashes {
        sql!(
            "INSERT INTO provider_busy_notice (booking_id, starts_at) VALUES (:booking, :starts_at)",
            booking = booking.id,
            starts_at = booking.starts_at
        )
        .run(tx, Rows::Exactly(1))?;
        let place = booking::place_zone(tx, &booking)?;
        notice::tell_of_time(
            tx,
            site,
            account.as_ref(),
            Stream::Transactional,
            &booking.title,
            notice::TimedNotice {
                messages: MailMessages {
                    subject: "external-calendar-notice",
                    text: "external-calendar-said",
                },
                at: booking.starts_at,
                place: place.as_ref(),
                href: &notice::page(&booking),
            },
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_that_overlap_or_touch_are_one() {
        let time = |from: i64, until: i64| BusyTime {
            starts_at: Timestamp::from_second(from).unwrap(),
            ends_at: Timestamp::from_second(until).unwrap(),
        };
        let all = vec![time(50, 60), time(10, 40), time(15, 20), time(40, 45)];
        assert_eq!(merge(all), [time(10, 45), time(50, 60)]);
    }
}
