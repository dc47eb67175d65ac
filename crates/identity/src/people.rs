//! The administration of people: all accounts, their states and their ranks.
//!
//! Administrators cannot act on people of higher rank. The installation always keeps an owner who
//! can sign in: each change that could remove the last such owner first locks all owners.

pub mod factor_reset;
pub mod folded_names;
pub mod import;
pub mod invite;
pub mod overview;
pub mod setup;

pub use crate::account::State;
pub use crate::grant::administrator::{Acting, Administrator, PeopleError, acting, administrator};
use jiff::Timestamp;
use platform::audit::{self, Filter, Record};
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql, text_cleaning};

use crate::account::{self, AccountId, set_state, unconfirmed};
use crate::credential::planned_reset;
use crate::grant::administrator::hold_for;
use crate::grant::owners_lock::hold;
use crate::grant::{self, Role, SITE, Scope};
use crate::one_time::{self, Purpose};
use crate::person::reset::{self, Wanted};
use crate::scope::domain::DomainAccounts;
use crate::session::end_access;

const LINES: u32 = 50;

#[derive(Clone, Debug, PartialEq, Eq, Row)]
pub struct Person {
    pub id: AccountId,
    pub display_name: String,
    pub email: String,
    pub state: State,
    pub rank: Option<String>,
    pub created_at: Timestamp,
    pub last_login_at: Option<Timestamp>,
    /// Whether the account waits for its email address to be confirmed.
    pub is_unverified: bool,
}

/// The criteria of a search for people. An empty field matches everybody.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// A part of the name or the email address.
    pub text: String,
    pub state: Option<State>,
    pub rank: String,
}

/// Lists the people who match a search, newest account first. Only accounts that are older than the
/// account with the id `before` are listed.
pub fn list(
    tx: &mut Tx<'_>,
    _: &Administrator,
    search: &Search,
    before: Option<&str>,
    rows: i64,
) -> Result<Vec<Person>, StoreError> {
    let text = text_cleaning::clean_line(&search.text);
    let now = tx.roughly_now();
    sql!(
        "SELECT a.id, a.display_name, e.address AS email, a.state, g.role AS rank, a.created_at,
             a.last_login_at, CASE WHEN r.account_id IS NULL THEN 0 ELSE 1 END AS is_unverified
         FROM account a
         JOIN email e ON e.account_id = a.id AND e.is_primary = 1
         LEFT JOIN registration r ON r.account_id = a.id AND r.is_pending = 1
         LEFT JOIN role_grant g ON g.account_id = a.id AND g.scope_kind = 'site' AND g.is_rank = 1
             AND (g.expires_at IS NULL OR g.expires_at > :now)
         WHERE (:before = '' OR a.id < :before)
           AND (:state = '' OR a.state = :state)
           AND (:rank = '' OR g.role = :rank)
           AND (a.folded_name LIKE :folded ESCAPE '!' OR e.canonical LIKE :pattern ESCAPE '!'
                OR (a.folded_name IS NULL AND lower(a.display_name) LIKE :pattern ESCAPE '!'))
         ORDER BY a.id DESC LIMIT :rows",
        now,
        before = before.unwrap_or_default(),
        state = search.state.map(State::word).unwrap_or_default(),
        rank = search.rank,
        folded = pattern(&text_cleaning::fold(&text)),
        pattern = pattern(&text.to_lowercase()),
        rows
    )
    .all(tx)
}

/// The `LIKE` pattern for strings that contain `text`, with `!` as the escape character.
pub fn pattern(text: &str) -> String {
    let mut pattern = String::from("%");
    for letter in text.chars() {
        if matches!(letter, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}

/// An account with the data for the administrators' page.
#[derive(Clone, Debug)]
pub struct Details {
    pub person: Person,
    pub sessions: i64,
    pub tokens: i64,
    pub duties: Vec<Role>,
    /// The time at which the account will be erased, if its owner requested that.
    pub erased_at: Option<Timestamp>,
    /// Whether the person has a second factor or a passkey.
    pub has_factors: bool,
    /// The time at which the second factors and passkeys will be removed, if an administrator
    /// requested that.
    pub factors_reset_at: Option<Timestamp>,
    /// The entries in the audit log that concern the account, newest first.
    pub lines: Vec<Record>,
}

pub fn find(
    tx: &mut Tx<'_>,
    domains: &[DomainAccounts],
    _: &Administrator,
    id: &AccountId,
) -> Result<Details, PeopleError> {
    let now = tx.roughly_now();
    let person: Option<Person> = sql!(
        "SELECT a.id, a.display_name, e.address AS email, a.state, g.role AS rank, a.created_at,
             a.last_login_at, CASE WHEN r.account_id IS NULL THEN 0 ELSE 1 END AS is_unverified
         FROM account a
         JOIN email e ON e.account_id = a.id AND e.is_primary = 1
         LEFT JOIN registration r ON r.account_id = a.id AND r.is_pending = 1
         LEFT JOIN role_grant g ON g.account_id = a.id AND g.scope_kind = 'site' AND g.is_rank = 1
             AND (g.expires_at IS NULL OR g.expires_at > :now)
         WHERE a.id = :id",
        now,
        id
    )
    .maybe(tx)?;
    let (sessions,): (i64,) = sql!(
        "SELECT COUNT(*) FROM session
         WHERE account_id = :id AND idle_expires_at > :now AND absolute_expires_at > :now",
        id,
        now
    )
    .one(tx)?;
    let (tokens,): (i64,) = sql!(
        "SELECT COUNT(*) FROM personal_token WHERE account_id = :id AND expires_at > :now",
        id,
        now
    )
    .one(tx)?;
    let erased_at: Option<(Timestamp,)> = sql!(
        "SELECT due_at FROM account_erasure WHERE account_id = :id",
        id
    )
    .maybe(tx)?;
    let about = Filter {
        entity_id: id.to_string(),
        ..Filter::default()
    };
    Ok(Details {
        person: person.ok_or(PeopleError::NotFound)?,
        sessions,
        tokens,
        duties: duties_in_site(tx, id, &grant::site_duties(domains))?,
        erased_at: erased_at.map(|(at,)| at),
        has_factors: factor_reset::has_factors(tx, id)?,
        factors_reset_at: planned_reset::due(tx, id)?,
        lines: audit::list(tx, &about, None, LINES)?,
    })
}

/// Deactivates an account. Nobody can sign in to a deactivated account, and no public page shows
/// it.
pub fn deactivate(tx: &mut Tx<'_>, by: &Acting, id: &AccountId) -> Result<(), PeopleError> {
    let held = hold_for(tx, by, id)?;
    match held.state {
        State::Active => {}
        State::Deactivated => return Ok(()),
        State::Leaving => return Err(PeopleError::Leaving),
    }
    set_state(tx, id, State::Deactivated)?;
    held.keep_an_owner(tx)?;
    end_access(tx, id)?;
    one_time::remove_of(tx, Purpose::Invite, id)?;
    by.record(tx, "account.deactivated", id)?;
    Ok(())
}

/// Activates an account that is deactivated or about to be erased.
pub fn activate(tx: &mut Tx<'_>, by: &Acting, id: &AccountId) -> Result<(), PeopleError> {
    if hold_for(tx, by, id)?.state == State::Active {
        return Ok(());
    }
    set_state(tx, id, State::Active)?;
    sql!("DELETE FROM account_erasure WHERE account_id = :id", id).run(tx, Rows::AtMostOne)?;
    by.record(tx, "account.activated", id)?;
    Ok(())
}

/// Ends all sessions and API tokens of a person. Returns the number of sessions.
pub fn sign_out(tx: &mut Tx<'_>, by: &Acting, id: &AccountId) -> Result<u64, PeopleError> {
    hold_for(tx, by, id)?;
    let count = end_access(tx, id)?;
    one_time::remove_of(tx, Purpose::Invite, id)?;
    by.record(tx, "account.signed_out", id)?;
    Ok(count)
}

/// Mails a person a link that sets a new password.
pub fn send_reset(tx: &mut Tx<'_>, by: &Acting, id: &AccountId) -> Result<(), PeopleError> {
    if hold_for(tx, by, id)?.state != State::Active {
        return Err(PeopleError::NotFound);
    }
    let account = account::find(tx, id)?.ok_or(PeopleError::NotFound)?;
    reset::enqueue(tx, &account.email, Wanted::Reset, None)?;
    by.record(tx, "account.reset_sent", id)?;
    Ok(())
}

/// Makes a person an administrator, or removes that rank. Owners keep their rank.
pub fn set_admin(
    tx: &mut Tx<'_>,
    by: &Acting,
    id: &AccountId,
    is_admin: bool,
) -> Result<(), PeopleError> {
    let is_owner = grant::rank_of(tx, id, &Scope::site())? == Some(grant::OWNER);
    match (is_owner, is_admin) {
        (true, true) => hold_for(tx, by, id).map(drop),
        (true, false) => Err(PeopleError::AboveOwn),
        (false, _) => set_rank(tx, by, id, is_admin.then_some(grant::ADMIN)),
    }
}

/// The number of all accounts, and the number of active accounts.
pub fn count(tx: &mut Tx<'_>, _: &Administrator) -> Result<(i64, i64), StoreError> {
    tx.one(
        sql!("SELECT COUNT(*), COUNT(CASE WHEN state = 'active' THEN 1 END) FROM account"),
        &[],
    )
}

/// Changes or removes a person's rank in the installation. Only owners may do so.
pub fn set_rank(
    tx: &mut Tx<'_>,
    by: &Acting,
    id: &AccountId,
    rank: Option<Role>,
) -> Result<(), PeopleError> {
    let request = Some(by.0.request.clone());
    let owner = grant::manager(tx, &by.0.who, Scope::site(), request)?;
    let owner = owner.ok_or(PeopleError::Rank(grant::OWNER))?;
    let held = hold(tx, id)?.ok_or(PeopleError::NotFound)?;
    if rank.is_some() && unconfirmed::is_pending(tx, id)? {
        return Err(PeopleError::EmailUnverified);
    }
    match (held.rank, rank) {
        (None, None) => {}
        (None, Some(rank)) => {
            grant::give(tx, id, rank, owner.scope(), Some(&by.0.who.account().id))?;
        }
        (Some(_), Some(rank)) => grant::change(tx, &owner, id, rank)?,
        (Some(_), None) => grant::remove(tx, &owner, id)?,
    }
    Ok(())
}

fn words_in_site(tx: &mut Tx<'_>, account: &AccountId) -> Result<Vec<(String,)>, StoreError> {
    sql!(
        "SELECT role FROM role_grant WHERE account_id = :account AND scope_kind = :site
           AND (expires_at IS NULL OR expires_at > :now)",
        account,
        site = SITE.name,
        now = tx.roughly_now()
    )
    .all(tx)
}

/// Whether a person has a rank or a duty in any scope.
pub fn has_role(tx: &mut Tx<'_>, id: &AccountId) -> Result<bool, StoreError> {
    let found: Option<(String,)> = sql!(
        "SELECT role FROM role_grant WHERE account_id = :id
           AND (expires_at IS NULL OR expires_at > :now) LIMIT 1",
        id,
        now = tx.roughly_now()
    )
    .maybe(tx)?;
    Ok(found.is_some())
}

/// Returns the duties in `among` that the person has in the installation.
pub fn duties_in_site(
    tx: &mut Tx<'_>,
    id: &AccountId,
    among: &[Role],
) -> Result<Vec<Role>, StoreError> {
    let held = words_in_site(tx, id)?;
    let has = |duty: &&Role| held.iter().any(|(word,)| word == duty.word());
    Ok(among.iter().filter(has).copied().collect())
}

/// Grants a person `duties` in the installation. Removes the duties that are in `all` but not in
/// `duties`.
pub fn set_duties(
    tx: &mut Tx<'_>,
    by: &Acting,
    id: &AccountId,
    all: &[Role],
    duties: &[Role],
) -> Result<(), PeopleError> {
    hold_for(tx, by, id)?;
    let site = Scope::site();
    let held = duties_in_site(tx, id, all)?;
    for duty in all {
        match (held.contains(duty), duties.contains(duty)) {
            (false, true) if unconfirmed::is_pending(tx, id)? => {
                return Err(PeopleError::EmailUnverified);
            }
            (false, true) => grant::give(tx, id, *duty, &site, Some(&by.0.who.account().id))?,
            (true, false) => {
                let request = Some(by.0.request.clone());
                grant::take_duty(tx, by.0.who.actor(), id, &site, *duty, request)?;
            }
            _ => {}
        }
    }
    Ok(())
}
