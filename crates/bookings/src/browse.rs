//! Searches the slots that every member can book.

pub(crate) mod computed_time;
mod filter;

use identity::people;
use jiff::{SignedDuration, Timestamp};
use platform::store::Row;
use platform::{StoreError, Tx, sql};
use web::Findings;

use crate::Refusal;
use crate::choice::{self, Choices};
use crate::provider::ProviderId;
use crate::slot::{self, Place, Slot, SlotId};

pub use filter::Filter;

/// A slot that every member can book, with its provider.
#[derive(Clone, Debug, Row)]
pub struct Offered {
    #[row(flatten)]
    pub slot: Slot,
    /// The provider's name; empty where the site reveals providers only after booking.
    #[row(rename = "display_name")]
    pub provider: String,
    /// The slug of the provider's public page; `None` if there is no such page.
    #[row(rename = "slug")]
    pub address: Option<String>,
    /// The label of the kind of credit with which the slot is booked.
    pub credit_label: Option<String>,
}

/// Lists offered slots in chronological order: those that are stored and those that are computed.
/// The filter says whether full dates of classes are among them.
pub fn list(tx: &mut Tx<'_>, filter: &Filter, limit: i64) -> Result<Vec<Offered>, StoreError> {
    let mut all = list_stored(tx, filter, limit)?;
    let computed = computed_time::list(tx, filter, limit)?;
    if !computed.is_empty() {
        all.extend(computed);
        computed_time::sort(&mut all);
        all.truncate(usize::try_from(limit).unwrap_or_default());
    }
    Ok(all)
}

/// Lists single times and dates of classes that are offered. With `CROSS JOIN`, SQLite joins the
/// tables in the written order, so it reads the slots by their index and stops at the limit. With a
/// plain `JOIN` and few accounts, it would read and sort all slots.
fn list_stored(tx: &mut Tx<'_>, filter: &Filter, limit: i64) -> Result<Vec<Offered>, StoreError> {
    let now = tx.roughly_now();
    let (from, after) = match &filter.after {
        Some((at, id)) => (*at, id.as_str()),
        None => (filter.from.unwrap_or(now), ""),
    };
    let (made_from, made_until) = filter.made.unwrap_or((Timestamp::MIN, Timestamp::MAX));
    let (of, price, of_kind) = match &filter.of {
        Some((provider, price, kind)) => (provider.as_str(), Some(*price), kind.as_deref()),
        None => ("", None, None),
    };
    sql!(
        "SELECT {s: Slot},
             CASE WHEN w.reveal = 'always' THEN p.display_name ELSE '' END AS display_name,
             CASE WHEN w.reveal = 'always' THEN g.slug END AS slug,
             (SELECT k.label FROM credit_kind k WHERE k.code = s.credit_kind) AS credit_label
         FROM slot s CROSS JOIN booking_setting w CROSS JOIN provider p CROSS JOIN account a
         LEFT JOIN account_slug g ON g.account_id = a.id AND g.until IS NULL
         LEFT JOIN offer o ON o.id = s.offer_id
         WHERE w.id = 1 AND p.id = s.provider_id AND p.is_paused = 0
           AND a.id = p.account_id AND a.state = 'active'
           AND s.state = 'available' AND s.deleted_at IS NULL
           AND (s.seats = 1 OR (o.active = 1 AND o.seats > 1))
           AND s.starts_at > CAST(:now AS BIGINT) + COALESCE(o.min_notice, p.min_notice) * 60000
           AND (CAST(:has_seats AS BIGINT) = 0 OR s.seats_taken < s.seats)
           AND s.starts_at < :until
           AND (s.starts_at > :from OR (s.starts_at = :from AND s.id > :after))
           AND (:only = '' OR s.id = :only)
           AND (:title = '' OR s.title = :title) AND (:provider = '' OR g.slug = :provider)
           AND (:session_type = '' OR NOT EXISTS
                   (SELECT 1 FROM slot_session_type c WHERE c.slot_id = s.id)
               OR EXISTS (SELECT 1 FROM slot_session_type c
                          WHERE c.slot_id = s.id AND c.session_type = :session_type))
           AND (:level = '' OR NOT EXISTS (SELECT 1 FROM slot_level c WHERE c.slot_id = s.id)
               OR EXISTS (SELECT 1 FROM slot_level c
                          WHERE c.slot_id = s.id AND c.level = :level))
           AND (:entry = '' OR NOT EXISTS (SELECT 1 FROM slot_entry c WHERE c.slot_id = s.id)
               OR EXISTS (SELECT 1 FROM slot_entry c
                          WHERE c.slot_id = s.id AND c.entry = :entry))
           AND (:place = '' OR s.location_kind = :place
               OR (:place = 'online_link' AND s.location_kind = 'room_pool'))
           AND (:area = '' OR lower(s.area) LIKE :pattern ESCAPE '!')
           AND (s.price_minor = 0 OR CAST(:max_price AS BIGINT) IS NULL
               OR (s.price_minor <= :max_price AND s.currency = w.currency))
           AND s.ends_at - s.starts_at >= :shortest
           AND (:credit = '' OR s.credit_kind = :credit)
           AND s.created_at >= :made_from AND s.created_at < :made_until
           AND (s.seats = 1 OR CAST(:no_class AS BIGINT) = 0)
           AND (:of = '' OR (s.provider_id = :of AND s.price_minor = :price
                             AND s.currency = :currency
                             AND COALESCE(s.credit_kind, '') = :of_kind))
           AND NOT EXISTS (SELECT 1 FROM provider_busy y WHERE y.provider_id = s.provider_id
                           AND y.starts_at < s.ends_at AND y.ends_at > s.starts_at)
           AND EXISTS (SELECT 1 FROM role_grant r WHERE r.account_id = a.id
                       AND r.scope_kind = 'site' AND (r.is_rank = 1 OR r.role = 'provider')
                       AND (r.expires_at IS NULL OR r.expires_at > :now))
         ORDER BY s.starts_at, s.id LIMIT :limit",
        now,
        from,
        after,
        until = filter.until.unwrap_or(Timestamp::MAX),
        only = filter.only.as_ref().map(SlotId::as_str).unwrap_or_default(),
        title = filter.title,
        provider = filter.provider,
        session_type = filter.choice.session_type.as_deref().unwrap_or_default(),
        level = filter.choice.level.as_deref().unwrap_or_default(),
        entry = filter.choice.entry.as_deref().unwrap_or_default(),
        place = filter.location_kind.map(Place::word).unwrap_or_default(),
        area = filter.area,
        // The engines lower-case ASCII letters only.
        pattern = people::pattern(&filter.area.to_ascii_lowercase()),
        max_price = filter.max_price,
        shortest = filter.min_minutes.unwrap_or_default() * 60_000,
        credit = filter.credit_kind,
        made_from,
        made_until,
        // As each night makes dates of classes, they are no news.
        no_class = filter.is_single || filter.made.is_some(),
        has_seats = filter.has_seats,
        of,
        price = price.map_or(0, |price| price.minor),
        currency = price.map_or(String::new(), |price| price.currency.to_string()),
        of_kind = of_kind.unwrap_or_default(),
        limit
    )
    .all(tx)
}

/// Counts a provider's free times in the future, stored and computed, and finds the next two.
pub(crate) fn next_free(
    tx: &mut Tx<'_>,
    provider: &ProviderId,
) -> Result<(usize, Vec<Slot>), StoreError> {
    let (stored, mut next) = slot::next_free(tx, provider)?;
    let (computed, first) = computed_time::next_free(tx, provider, 2)?;
    next.extend(first);
    next.sort_by_key(|slot| slot.starts_at);
    next.truncate(2);
    Ok((stored + computed, next))
}

/// Whether a provider offers a time that is in no offer.
pub(crate) fn has_single_times(tx: &mut Tx<'_>) -> Result<bool, StoreError> {
    let filter = Filter {
        is_single: true,
        ..Filter::default()
    };
    Ok(!list(tx, &filter, 1)?.is_empty())
}

/// Like [`list`], but also returns what members can choose for each slot. The filter may come from
/// anybody, so its values are checked.
pub fn list_with_choices(
    tx: &mut Tx<'_>,
    filter: &Filter,
    limit: i64,
) -> Result<Vec<(Offered, Choices)>, Refusal> {
    let mut findings = Findings::default();
    filter.check(tx, &mut findings)?;
    findings.finish()?;
    let found = list(tx, filter, limit)?;
    let mut sets = choice::of_slots(tx, found.iter().map(|one| one.slot.sets()))?;
    let with_sets = found.into_iter().map(|one| {
        let choices = sets.remove(one.slot.id.as_str()).unwrap_or_default();
        (one, choices)
    });
    Ok(with_sets.collect())
}

/// Finds a slot that was not deleted, or a computed time, whether or not it can be booked.
pub fn find_slot(tx: &mut Tx<'_>, id: &SlotId) -> Result<Option<Slot>, StoreError> {
    match slot::find(tx, id)? {
        None => computed_time::find(tx, id),
        stored => Ok(stored),
    }
}

/// Whether a slot that [`find_slot`] found can still be booked. Of a computed time, only its taking
/// decides, under the provider's lock.
pub(crate) fn may_be_free(tx: &mut Tx<'_>, slot: &Slot) -> Result<bool, StoreError> {
    Ok(slot.is_computed() || find(tx, &slot.id)?.is_some())
}

/// Finds a slot that every member can book. A date of a class may be full.
pub fn find(tx: &mut Tx<'_>, id: &SlotId) -> Result<Option<Offered>, StoreError> {
    let Some(slot) = find_slot(tx, id)? else {
        return Ok(None);
    };
    if slot.is_computed() {
        return computed_time::find_free(tx, id);
    }
    let filter = Filter {
        from: Some(slot.starts_at),
        until: Some(slot.starts_at + SignedDuration::from_millis(1)),
        only: Some(id.clone()),
        ..Filter::default()
    };
    Ok(list_stored(tx, &filter, 1)?.pop())
}

/// Returns the first three offered slots with the title of `slot`, which can no longer be booked.
pub(crate) fn alternatives(tx: &mut Tx<'_>, slot: &Slot) -> Result<Vec<Offered>, StoreError> {
    let filter = Filter {
        title: slot.title.clone(),
        has_seats: true,
        ..Filter::default()
    };
    list(tx, &filter, 3)
}

const TITLES: i64 = 100;

/// Lists the titles of upcoming free slots, each once. Each step of the recursion finds the next
/// title in the index, however many slots have it. For `CROSS JOIN`, see [`list`].
pub fn titles(tx: &mut Tx<'_>) -> Result<Vec<String>, StoreError> {
    let now = tx.roughly_now();
    let found: Vec<(String,)> = sql!(
        "WITH RECURSIVE kind(title) AS (
             SELECT MIN(title) FROM slot WHERE state = 'available'
             UNION ALL
             SELECT (SELECT MIN(s.title) FROM slot s
                     WHERE s.state = 'available' AND s.title > k.title)
             FROM kind k WHERE k.title IS NOT NULL)
         SELECT k.title FROM kind k
         WHERE EXISTS (SELECT 1 FROM slot s CROSS JOIN provider p CROSS JOIN account a
             WHERE s.state = 'available' AND s.title = k.title AND s.starts_at > :now
               AND s.deleted_at IS NULL AND p.id = s.provider_id AND p.is_paused = 0
               AND a.id = p.account_id AND a.state = 'active')
         LIMIT :most",
        now,
        most = TITLES
    )
    .all(tx)?;
    let mut all: Vec<String> = found.into_iter().map(|(title,)| title).collect();
    all.extend(computed_time::titles(tx)?);
    all.sort();
    all.dedup();
    Ok(all)
}

/// Finds a provider by the slug of their page. Returns the provider's id, name and description, or
/// `None` where the site reveals providers only after booking.
pub fn provider(
    tx: &mut Tx<'_>,
    address: &str,
) -> Result<Option<(ProviderId, String, String)>, StoreError> {
    sql!(
        "SELECT p.id, p.display_name, p.bio FROM provider p
         JOIN booking_setting w ON w.id = 1 AND w.reveal = 'always'
         JOIN account a ON a.id = p.account_id AND a.state = 'active'
         JOIN account_slug g ON g.account_id = a.id AND g.until IS NULL
         WHERE g.slug = :address AND p.is_paused = 0",
        address
    )
    .maybe(tx)
}
