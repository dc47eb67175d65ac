//! On the older personal site, each person has a single countdown. Here, this is the person's
//! primary countdown, if the primary countdown counts up. The older site calls a reset a timer.

use identity::account::{self, AccountId};
use identity::session::signed_in::{Confirmed, SignedIn};
use jiff::Timestamp;
use platform::audit::RequestFacts;
use platform::store::Row;
use platform::{StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use serde_json::json;
use site::dates::Dates;
use web::Input;

use countdowns::Refusal;
use countdowns::codes::WRONG_KIND;
use countdowns::countdown::{self, CountdownId, Kind, OwnerOf, Visibility};
use countdowns::entry::{self, EntryId, Summary};
use countdowns::own_countdowns;
use countdowns::public::Search;

const NO_DATES: Dates = Dates(&[]);

/// Checks that a person owns their primary countdown. Returns `None` if their primary countdown
/// does not exist or does not count up.
pub(super) fn enter(
    tx: &mut Tx<'_>,
    who: &SignedIn,
    request: &RequestFacts,
) -> Result<Option<OwnerOf>, Refusal> {
    match find(tx, &who.account().id)? {
        Some((id, Kind::Since)) => countdown::enter(tx, who, &id, request).map(Some),
        _ => Ok(None),
    }
}

/// Like [`enter`], but locks the countdown, as every change requires.
pub(super) fn enter_locked(
    tx: &mut Tx<'_>,
    who: &SignedIn,
    request: &RequestFacts,
) -> Result<Option<OwnerOf>, Refusal> {
    let Some((id, Kind::Since)) = find(tx, &who.account().id)? else {
        return Ok(None);
    };
    // All code locks a countdown before the account.
    let owner = countdown::enter_locked(tx, who, &id, request)?;
    Ok(Some(owner).filter(|owner| owner.countdown().is_primary))
}

/// Like [`enter_locked`], but if the person has no primary countdown, creates one with this title.
pub(super) fn enter_or_create(
    tx: &mut Tx<'_>,
    who: &Confirmed,
    title: &str,
    request: &RequestFacts,
) -> Result<OwnerOf, Refusal> {
    if let Some(owner) = enter_locked(tx, who.who(), request)? {
        return Ok(owner);
    }
    let account = &who.who().account().id;
    // A concurrent request may have created the primary countdown since the check above.
    account::lock(tx, account)?;
    match find(tx, account)? {
        Some((id, Kind::Since)) => {
            return countdown::enter_locked(tx, who.who(), &id, request);
        }
        // The primary countdown counts down, so it is not replaced.
        Some(_) => return Err(WRONG_KIND.into()),
        None => {}
    }
    let input = Input::from(json!({
        "title": title, "kind": Kind::Since, "is_primary": true, "show_notes": true,
    }));
    let made = own_countdowns::create(tx, who, request, NO_DATES, &input)?;
    countdown::enter_locked(tx, who.who(), &made.id, request)
}

fn find(tx: &mut Tx<'_>, account: &AccountId) -> Result<Option<(CountdownId, Kind)>, StoreError> {
    sql!(
        "SELECT id, kind FROM countdown WHERE account_id = :account AND is_primary = 1",
        account
    )
    .maybe(tx)
}

/// A reset, and the time at which it was recorded.
#[derive(Clone, Debug, PartialEq, Eq, Row)]
pub(super) struct Timer {
    #[row(flatten)]
    pub(super) entry: entry::Entry,
    /// When the reset was recorded.
    pub(super) created_at: Timestamp,
}

/// Lists the newest `rows` resets of a countdown.
pub(super) fn timers(
    tx: &mut Tx<'_>,
    id: &CountdownId,
    rows: i64,
) -> Result<Vec<Timer>, StoreError> {
    sql!(
        "SELECT {Timer} FROM countdown_entry WHERE countdown_id = :id
         ORDER BY reset_at DESC LIMIT :rows",
        id,
        rows
    )
    .all(tx)
}

/// Finds a reset that was just recorded.
pub(super) fn timer(tx: &mut Tx<'_>, id: &EntryId) -> Result<Timer, StoreError> {
    sql!("SELECT {Timer} FROM countdown_entry WHERE id = :id", id).one(tx)
}

/// The statistics in the older personal site's format. The current run counts like a completed one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StreakSummary {
    longest_streak_seconds: i64,
    average_streak_seconds: i64,
    total_completed_streaks: i64,
}

impl StreakSummary {
    /// The statistics at `now`; `None` before the first reset.
    pub(super) fn of(summary: Summary, now: Timestamp) -> Option<Self> {
        let (first, count) = (summary.first?, summary.count);
        let all = now.duration_since(first).as_millis().max(0);
        let count_wide = i128::from(count);
        let mean = (all * 2 + count_wide * 1000).div_euclid(count_wide * 2000);
        Some(Self {
            longest_streak_seconds: summary.at(now).longest_seconds?,
            average_streak_seconds: i64::try_from(mean).ok()?,
            total_completed_streaks: count,
        })
    }
}

/// The visibility of the primary countdown, in the older personal site's format.
pub(super) fn preferences(
    tx: &mut Tx<'_>,
    account: &AccountId,
) -> Result<[(&'static str, bool); 2], StoreError> {
    let found: Option<(Visibility, bool)> = sql!(
        "SELECT visibility, listed FROM countdown
         WHERE account_id = :account AND is_primary = 1 AND kind = 'since'",
        account
    )
    .maybe(tx)?;
    let (visibility, listed) = found.unwrap_or((Visibility::Private, false));
    Ok([
        ("timer_is_public", visibility == Visibility::Public),
        ("timer_show_in_list", listed),
    ])
}

/// Sets who can see the primary countdown. The two settings are changed together or not at all. An
/// existing private link stays valid.
pub(super) fn set_visibility(
    tx: &mut Tx<'_>,
    owner: &OwnerOf,
    is_public: bool,
    is_listed: bool,
) -> Result<(), Refusal> {
    let countdown = owner.countdown();
    let visibility = match (is_public, countdown.visibility) {
        (true, _) => Visibility::Public,
        (false, Visibility::Public) => Visibility::Private,
        (false, other) => other,
    };
    let input = Input::from(json!({"visibility": visibility, "listed": is_listed}));
    own_countdowns::change(tx, owner, countdown.version, NO_DATES, &input)?;
    Ok(())
}

/// A public primary countdown in the directory.
#[derive(Clone, Debug, PartialEq, Eq, Row)]
pub(super) struct ListedTimer {
    pub(super) id: CountdownId,
    /// The owner's display name.
    pub(super) name: String,
    /// The account's slug in URLs.
    pub(super) account: String,
    pub(super) created_at: Timestamp,
    /// The instant of the newest reset.
    pub(super) reset_at: Timestamp,
    /// The note of the newest reset.
    pub(super) note: String,
    /// Whether visitors can see the note.
    pub(super) show_notes: bool,
}

/// Lists the primary countdowns that count up and are in the directory, most recently reset first.
/// `search` filters by the owners' names.
pub(super) fn directory(tx: &mut Tx<'_>, search: &Search) -> Result<Vec<ListedTimer>, StoreError> {
    sql!(
        "SELECT c.id, a.display_name AS name, s.slug AS account, c.created_at, e.reset_at, e.note,
             c.show_notes
         FROM countdown c
         JOIN account a ON a.id = c.account_id AND a.state = 'active'
         JOIN account_slug s ON s.account_id = a.id AND s.until IS NULL
         JOIN countdown_entry e ON e.countdown_id = c.id AND e.reset_at =
             (SELECT MAX(reset_at) FROM countdown_entry n WHERE n.countdown_id = c.id)
         WHERE c.listed = 1 AND c.is_primary = 1 AND c.kind = 'since'
           AND (:words = '' OR replace(lower(a.display_name), :words, '') <> lower(a.display_name))
         ORDER BY c.updated_at DESC, c.id LIMIT :limit OFFSET :offset",
        words = search.words.to_ascii_lowercase(),
        limit = search.page_size,
        offset = (search.page - 1) * search.page_size
    )
    .all(tx)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_running_time_counts_as_the_others_do() {
        let at = |second| Timestamp::from_second(second).unwrap();
        assert_eq!(StreakSummary::of(Summary::default(), at(0)), None);
        let three = Summary {
            count: 3,
            first: Some(at(0)),
            newest: Some(at(13)),
            longest: Some(10_000),
        };
        let streaks = StreakSummary::of(three, at(20)).unwrap();
        assert_eq!(streaks.longest_streak_seconds, 10);
        assert_eq!(streaks.average_streak_seconds, 7, "20 of 3, rounded");
        assert_eq!(streaks.total_completed_streaks, 3);
    }
}
