//! What is taken of providers' time: sessions, entries of their own calendars, and days that differ
//! from their hours.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use platform::store::{IdSet, Row};
use platform::{StoreError, Tx, sql};

use crate::availability::{Exception, Hours};
use crate::offer::OfferId;
use crate::provider::ProviderId;
use crate::schedule::exception::{DayWindow, exception};
use crate::schedule::{self, Schedule, WeekWindow, zone_of};
use crate::settings::LONGEST_MINUTES;

/// No slot lasts longer, with its buffers.
const LONGEST: SignedDuration = SignedDuration::from_mins(LONGEST_MINUTES + 2 * 240);
/// The sessions of a local day are counted from instants this far from its ends.
const DAY: SignedDuration = SignedDuration::from_hours(48);

/// What is known of a provider's time.
#[derive(Clone, Debug, Default)]
pub(crate) struct ProviderTime {
    /// The days that differ, in the order in which they were made, each with the hours that it is
    /// about; all if it names none.
    exceptions: Vec<(Option<String>, Exception)>,
    pub(super) blocked: Vec<(Timestamp, Timestamp)>,
    /// When sessions of offers begin.
    pub(super) sessions: Vec<(OfferId, Timestamp)>,
}

impl ProviderTime {
    pub(crate) fn load(
        tx: &mut Tx<'_>,
        provider: &ProviderId,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Self, StoreError> {
        let mut times = provider_times(tx, &[provider], "", from, until)?;
        Ok(times.remove(provider).unwrap_or_default())
    }

    /// The hours with this id, zone and week, with the days that differ from them.
    pub(crate) fn hours(&self, schedule: &str, zone: &str, week: &[WeekWindow]) -> Hours {
        let own = self.exceptions.iter();
        let own = own.filter(|(of, _)| of.as_ref().is_none_or(|of| of == schedule));
        Hours {
            zone: zone_of(zone),
            week: Schedule::week(week),
            exceptions: own.map(|(_, exception)| exception.clone()).collect(),
        }
    }
}

/// A slot with its buffers, or an entry of the provider's own calendar.
#[derive(Row)]
struct BlockedTime {
    provider_id: ProviderId,
    blocks_from: Timestamp,
    blocks_until: Timestamp,
    /// Of a session of an offer that somebody holds or has booked.
    offer_id: Option<OfferId>,
    starts_at: Timestamp,
}

#[derive(Row)]
struct ExceptionRow {
    provider_id: ProviderId,
    schedule_id: Option<String>,
    first_day: String,
    last_day: String,
    #[row(json)]
    hours: Vec<DayWindow>,
}

/// Loads what is known of the time of these providers between two instants. The slot `except` blocks
/// nothing.
pub(super) fn provider_times(
    tx: &mut Tx<'_>,
    providers: &[&ProviderId],
    except: &str,
    from: Timestamp,
    until: Timestamp,
) -> Result<BTreeMap<ProviderId, ProviderTime>, StoreError> {
    let mut all: BTreeMap<ProviderId, ProviderTime> = BTreeMap::new();
    let (from, until) = (from - DAY, until + DAY);
    let day = |at: Timestamp| at.to_zoned(TimeZone::UTC).date().to_string();
    for set in IdSet::of(providers.iter().map(|id| id.as_str())) {
        let blocked: Vec<BlockedTime> = sql!(
            "SELECT provider_id, blocks_from, blocks_until,
                 CASE WHEN state IN ('held', 'booked', 'completed') THEN offer_id END AS offer_id,
                 starts_at
             FROM slot WHERE provider_id IN ({:IdSet}) AND deleted_at IS NULL AND id <> :except
               AND blocks_from > :earliest AND blocks_from < :until AND blocks_until > :from
             UNION ALL
             SELECT provider_id, starts_at, ends_at, NULL, starts_at
             FROM provider_busy WHERE provider_id IN ({:IdSet})
               AND starts_at < :until AND ends_at > :from",
            IdSet = set,
            except,
            earliest = from - LONGEST,
            from,
            until
        )
        .all(tx)?;
        for one in blocked {
            let time = all.entry(one.provider_id).or_default();
            time.blocked.push((one.blocks_from, one.blocks_until));
            let session = one.offer_id.map(|offer| (offer, one.starts_at));
            time.sessions.extend(session);
        }
        let exceptions: Vec<ExceptionRow> = sql!(
            "SELECT provider_id, schedule_id, first_day, last_day, hours
             FROM provider_schedule_exception
             WHERE provider_id IN ({:IdSet}) AND last_day >= :first AND first_day <= :last
             ORDER BY created_at, id",
            IdSet = set,
            first = day(from),
            last = day(until)
        )
        .all(tx)?;
        for one in exceptions {
            let found = exception(&one.first_day, &one.last_day, &one.hours);
            let time = all.entry(one.provider_id).or_default();
            time.exceptions
                .extend(found.map(|found| (one.schedule_id, found)));
        }
    }
    Ok(all)
}

/// A provider's hours by their id, with the days between two instants that differ from them.
pub(crate) fn hours(
    tx: &mut Tx<'_>,
    provider: &ProviderId,
    from: Timestamp,
    until: Timestamp,
) -> Result<BTreeMap<String, Hours>, StoreError> {
    let time = ProviderTime::load(tx, provider, from, until)?;
    let all = schedule::of_provider(tx, provider)?.into_iter();
    let all = all.map(|one| {
        let id = one.id.to_string();
        let hours = time.hours(&id, &one.time_zone, &one.week);
        (id, hours)
    });
    Ok(all.collect())
}
