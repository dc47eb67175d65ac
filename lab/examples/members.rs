//! `members FILE NUMBER HASH`: writes members who share a password, and phrases, directly to a
//! store that no process has open. No page can create so many members, and no API can write
//! phrases. The first member owns the installation.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Parser;

const PHRASES: usize = 100;

/// Adds many members.
#[derive(Parser)]
struct Arguments {
    /// The `SQLite` file.
    store: PathBuf,
    /// How many members to add.
    number: usize,
    /// The hash of the members' common password.
    hash: String,
    /// The occasion of which all members are coordinators.
    #[arg(long, value_name = "SLUG")]
    occasion: Option<String>,
}

fn main() -> Result<()> {
    let Arguments {
        store,
        number,
        hash,
        occasion,
    } = Arguments::parse();
    let mut store =
        rusqlite::Connection::open_with_flags(&store, rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE)
            .with_context(|| format!("cannot open {}", store.display()))?;
    let change = store.transaction()?;
    for member in 1..=number {
        let id = format!("00000000-0000-7000-8000-{member:012}");
        change.execute(
            "INSERT INTO account (id, state, display_name, locale, time_zone, created_at, updated_at)
             VALUES (?1, 'active', ?2, 'en', 'UTC', 0, 0)",
            (&id, format!("Member {member}")),
        )?;
        change.execute(
            "INSERT INTO email (account_id, address, canonical, verified_by, is_primary)
             VALUES (?1, ?2, ?2, 'operator', 1)",
            (&id, format!("member-{member}@example.com")),
        )?;
        change.execute(
            "INSERT INTO password (account_id, hash, changed_at) VALUES (?1, ?2, 0)",
            (&id, &hash),
        )?;
        change.execute(
            "INSERT INTO account_slug (slug, account_id) VALUES (?2, ?1)",
            (&id, format!("member-{member}")),
        )?;
    }
    if let Some(occasion) = occasion {
        change.execute(
            "INSERT INTO role_grant
                 (account_id, scope_kind, scope_id, role, is_rank, granted_at)
             SELECT account_slug.account_id, 'occasion', occasion.id, 'coordinator', 1, 0
             FROM account_slug CROSS JOIN occasion
             WHERE account_slug.slug LIKE 'member-%' AND occasion.slug = ?1",
            (occasion,),
        )?;
    }
    for phrase in 1..=PHRASES {
        change.execute(
            "INSERT INTO phrase (id, text, folded_text, active, created_at) VALUES (?1, ?2, ?2, 1, 0)",
            (
                format!("00000000-0000-7000-8001-{phrase:012}"),
                format!("patience is a virtue and this is number {phrase}"),
            ),
        )?;
    }
    change.execute(
        "INSERT INTO role_grant (account_id, scope_kind, scope_id, role, is_rank, granted_at)
         SELECT account_id, 'site', '', 'owner', 1, 0 FROM account_slug WHERE slug = 'member-1'",
        (),
    )?;
    Ok(change.commit()?)
}
