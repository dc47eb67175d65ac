//! `bookings FILE MEMBERS STORED`: writes providers, slots and bookings directly to a store that no
//! process has open and that has the members of `members.rs`. Every member is a provider too and
//! offers 20 slots from the day after tomorrow on; beside them there are so many free slots later, and so many
//! bookings that are over.

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use clap::Parser;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

/// Adds many slots and bookings.
#[derive(Parser)]
struct Arguments {
    /// The `SQLite` file.
    store: PathBuf,
    /// The number of members who are there.
    members: i64,
    /// How many free slots, and how many bookings that are over.
    stored: i64,
}

fn main() -> Result<()> {
    let Arguments {
        store,
        members,
        stored,
    } = Arguments::parse();
    let mut store =
        rusqlite::Connection::open_with_flags(&store, rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE)
            .with_context(|| format!("cannot open {}", store.display()))?;
    #[expect(clippy::disallowed_methods, reason = "slots begin after today")]
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis();
    let first = i64::try_from(now)? / DAY * DAY + 2 * DAY;
    let change = store.transaction()?;
    change.execute_batch(
        "INSERT INTO role_grant (account_id, scope_kind, scope_id, role, is_rank, granted_at)
         SELECT account_id, 'site', '', 'provider', 0, 0 FROM account_slug
         WHERE slug LIKE 'member-%';
         INSERT INTO provider (id, account_id, display_name, bio, buffer_before, buffer_after,
             min_notice, is_paused, version)
         SELECT '00000000-0000-4000-8001-' || substr(account_id, 25), account_id,
             'Member ' || CAST(substr(account_id, 25) AS BIGINT), '', 0, 0, 120, 0, 1
         FROM account_slug WHERE slug LIKE 'member-%';",
    )?;
    // The first 20 slots of each provider, one every two hours.
    let own = slots(
        2,
        "'available'",
        "(n - 1) / 20 + 1",
        &format!("{first} + (n - 1) % 20 * {}", 2 * HOUR),
    );
    let apart = |sign: char| format!("{first} {sign} (10 + n / {members}) * {DAY}");
    let provider = format!("n % {members} + 1");
    let later = slots(3, "'available'", &provider, &apart('+'));
    let over = slots(4, "'completed'", &provider, &apart('-'));
    change.execute(&own, [members * 20])?;
    change.execute(&later, [stored])?;
    change.execute(&over, [stored])?;
    change.execute(
        "INSERT INTO booking (id, slot_id, member_id, provider_id, starts_at, ends_at, time_zone,
             title, note, state, cancel_minutes, reschedule_limit, reschedules, ics_sequence,
             cancel_reason, created_at, version)
         SELECT '00000000-0000-4000-8005-' || substr(id, 25), id,
             printf('00000000-0000-7000-8000-%012d', CAST(substr(id, 25) AS BIGINT) % ?1 + 1),
             provider_id, starts_at, ends_at, time_zone, title, '', 'completed', 1440, 2, 0, 0, '',
             0, 1
         FROM slot WHERE state = 'completed'",
        [members],
    )?;
    change.commit()?;
    Ok(store.execute_batch("ANALYZE")?)
}

/// Returns the statement that inserts numbered slots, up to the number that is its argument. Their
/// ids are of this group.
fn slots(group: u8, state: &str, provider: &str, start: &str) -> String {
    format!(
        "INSERT INTO slot (id, provider_id, starts_at, ends_at, time_zone, blocks_from,
             blocks_until, state, title, public_note, prep_note, location_kind, location_secret,
             area, price_minor, currency, version, created_at)
         WITH RECURSIVE number(n) AS (SELECT 1 WHERE ?1 > 0 UNION ALL SELECT n + 1 FROM number
             WHERE n < ?1)
         SELECT printf('00000000-0000-4000-800{group}-%012d', n),
             printf('00000000-0000-4000-8001-%012d', {provider}), {start}, {start} + {HOUR},
             'Asia/Kuala_Lumpur', {start}, {start} + {HOUR}, {state}, 'Mentoring',
             'A talk about your work.', '', 'online_link', 'https://meet.jit.si/Veranda', '', 0, 'MYR',
             1, 0
         FROM number"
    )
}
