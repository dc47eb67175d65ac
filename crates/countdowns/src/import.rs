//! Timers and phrases of another program: the resets of a person become one countdown.
//!
//! What is there already, by its id, stays as it is, so an import can be repeated.

use accounts::account::AccountId;
use jiff::Timestamp;
use platform::id::Id as _;
use platform::{Rows, StoreError, Tx, sql};
use sha2::{Digest as _, Sha256};

use crate::countdown::{self, Countdown, CountdownId, Kind, Visibility};
use crate::entry::EntryId;
use crate::phrase::{self, PhraseId};
use crate::suggestion::{State, SuggestionId};

/// What the countdown of imported resets is called, until its owner says otherwise.
pub const TITLE: &str = "Incident timer";

/// Whose resets are imported, and who saw them.
#[derive(Clone, Debug)]
pub struct Owner {
    /// Who.
    pub account: AccountId,
    /// Whether everybody who knows where saw them.
    pub is_public: bool,
    /// Whether the directory listed them.
    pub is_listed: bool,
    /// The IANA zone in which days are told.
    pub time_zone: String,
    /// Since when they have the account.
    pub created_at: Timestamp,
}

/// The id of the countdown of an account's imported resets, by which a second import finds it. It
/// is another one than the account's, which is nobody's business.
fn id_for(account: &AccountId) -> CountdownId {
    let digest = Sha256::digest(format!("imported countdown {account}"));
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    let id = platform::id::of_bytes(bytes);
    CountdownId::from_text(id)
}

/// The countdown of somebody's imported resets, and whether it was made just now.
pub fn countdown_of(tx: &mut Tx<'_>, owner: &Owner) -> Result<(CountdownId, bool), StoreError> {
    let id = id_for(&owner.account);
    if countdown::load(tx, &id)?.is_some() {
        return Ok((id, false));
    }
    let (primaries,): (i64,) = sql!(
        "SELECT COUNT(*) FROM countdown WHERE account_id = :account AND is_primary = 1",
        account = owner.account
    )
    .one(tx)?;
    let mut new = Countdown::blank(id.clone(), Kind::Since, &owner.time_zone);
    TITLE.clone_into(&mut new.title);
    new.slug = countdown::free_slug(tx, &owner.account, "incident-timer")?;
    new.is_primary = primaries == 0;
    new.listed = owner.is_public && owner.is_listed;
    if owner.is_public {
        new.visibility = Visibility::Public;
    }
    // Whoever saw the newest reset saw its note.
    new.show_notes = true;
    sql!(
        "INSERT INTO countdown (account_id, {Countdown}, revision, link_generation, created_at,
             updated_at)
         VALUES (:account, {:Countdown}, 1, 1, :created_at, :now)",
        account = owner.account,
        Countdown = new,
        created_at = owner.created_at,
        now = tx.now()
    )
    .run(tx, Rows::Exactly(1))?;
    countdown::give(tx, &owner.account, &id)?;
    Ok((id, true))
}

/// A reset of another program.
#[derive(Clone, Debug)]
pub struct Reset {
    /// The id it had.
    pub id: EntryId,
    /// When counting began anew.
    pub reset_at: Timestamp,
    /// What was noted; a longer one than people may write stays.
    pub note: String,
    /// When it was written down.
    pub created_at: Timestamp,
}

/// What became of a reset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is there now.
    Added,
    /// It was there already.
    Known,
    /// Another one has its millisecond.
    SharesInstant(EntryId),
}

/// Adds a reset.
pub fn add_reset(
    tx: &mut Tx<'_>,
    account: &AccountId,
    countdown: &CountdownId,
    reset: &Reset,
) -> Result<Outcome, StoreError> {
    let known: Option<(EntryId,)> = sql!(
        "SELECT id FROM countdown_entry WHERE id = :id",
        id = reset.id
    )
    .maybe(tx)?;
    if known.is_some() {
        return Ok(Outcome::Known);
    }
    let added = sql!(
        "INSERT INTO countdown_entry (id, countdown_id, reset_at, note, created_at, created_by)
         VALUES (:id, :countdown, :at, :note, :created_at, :account)
         ON CONFLICT (countdown_id, reset_at) DO NOTHING",
        id = reset.id,
        countdown,
        at = reset.reset_at,
        note = reset.note,
        created_at = reset.created_at,
        account
    )
    .run(tx, Rows::AtMostOne)?;
    if added == 1 {
        sql!(
            "UPDATE countdown SET revision = revision + 1 WHERE id = :countdown",
            countdown
        )
        .run(tx, Rows::Exactly(1))?;
        return Ok(Outcome::Added);
    }
    let (other,): (EntryId,) = sql!(
        "SELECT id FROM countdown_entry WHERE countdown_id = :countdown AND reset_at = :at",
        countdown,
        at = reset.reset_at
    )
    .one(tx)?;
    Ok(Outcome::SharesInstant(other))
}

/// Adds what was noted with a reset to the note of the one that has its millisecond; `false`: it is
/// there already.
pub fn merge_note(tx: &mut Tx<'_>, into: &EntryId, note: &str) -> Result<bool, StoreError> {
    let (old,): (String,) =
        sql!("SELECT note FROM countdown_entry WHERE id = :into", into).one(tx)?;
    if old.contains(note) {
        return Ok(false);
    }
    let new = if old.is_empty() {
        note.to_owned()
    } else {
        format!("{old}\n{note}")
    };
    sql!(
        "UPDATE countdown_entry SET note = :new WHERE id = :into",
        new,
        into
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(true)
}

/// A phrase of another program.
#[derive(Clone, Debug)]
pub struct ImportedPhrase {
    /// The id it had.
    pub id: PhraseId,
    /// What it says; a longer one than people may write stays.
    pub text: String,
    /// Whether it is drawn.
    pub is_active: bool,
    /// Who wrote it; `None`: the other program brought it.
    pub author: Option<AccountId>,
    /// Since when it is there.
    pub created_at: Timestamp,
}

/// Adds a phrase; `false`: it was there already. One that says what an active phrase says is not
/// active.
pub fn add_phrase(tx: &mut Tx<'_>, new: &ImportedPhrase) -> Result<bool, StoreError> {
    let folded = phrase::folded(&new.text);
    let active = new.is_active && !phrase::is_active(tx, &folded)?;
    let added = sql!(
        "INSERT INTO phrase (id, text, folded_text, active, author_id, created_at)
         VALUES (:id, :text, :folded, :active, :author, :created_at)
         ON CONFLICT (id) DO NOTHING",
        id = new.id,
        text = new.text,
        folded,
        active,
        author = new.author,
        created_at = new.created_at
    )
    .run(tx, Rows::AtMostOne)?;
    Ok(added == 1)
}

/// Notes that somebody would rather not see a phrase; `None`: there is no such phrase, and `false`:
/// that is known.
pub fn add_exclusion(
    tx: &mut Tx<'_>,
    account: &AccountId,
    phrase: &PhraseId,
) -> Result<Option<bool>, StoreError> {
    let found: Option<(PhraseId,)> =
        sql!("SELECT id FROM phrase WHERE id = :phrase", phrase).maybe(tx)?;
    if found.is_none() {
        return Ok(None);
    }
    let added = sql!(
        "INSERT INTO phrase_exclusion (account_id, phrase_id) VALUES (:account, :phrase)
         ON CONFLICT (account_id, phrase_id) DO NOTHING",
        account,
        phrase
    )
    .run(tx, Rows::AtMostOne)?;
    Ok(Some(added == 1))
}

/// A suggestion of another program.
#[derive(Clone, Debug)]
pub struct ImportedSuggestion {
    /// The id it had.
    pub id: SuggestionId,
    /// Whose.
    pub account: AccountId,
    /// As it was suggested.
    pub text: String,
    /// What became of it.
    pub state: State,
    /// Why.
    pub reason: String,
    /// Who decided.
    pub decided_by: Option<AccountId>,
    /// When.
    pub decided_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Adds a suggestion; `false`: it was there already. An approved one is that of the active phrase
/// which says the same.
pub fn add_suggestion(tx: &mut Tx<'_>, new: &ImportedSuggestion) -> Result<bool, StoreError> {
    let folded = phrase::folded(&new.text);
    let phrase: Option<(PhraseId,)> = match new.state {
        State::Approved => sql!(
            "SELECT id FROM phrase WHERE folded_text = :folded AND active = 1",
            folded
        )
        .maybe(tx)?,
        State::Pending | State::Rejected => None,
    };
    let added = sql!(
        "INSERT INTO phrase_suggestion (id, account_id, text, folded_text, state, reason, phrase_id,
             decided_by, decided_at, created_at)
         VALUES (:id, :account, :text, :folded, :state, :reason, :phrase, :decided_by, :decided_at,
             :created_at)
         ON CONFLICT (id) DO NOTHING",
        id = new.id,
        account = new.account,
        text = new.text,
        folded,
        state = new.state,
        reason = new.reason,
        phrase = phrase.map(|(id,)| id),
        decided_by = new.decided_by,
        decided_at = new.decided_at,
        created_at = new.created_at
    )
    .run(tx, Rows::AtMostOne)?;
    Ok(added == 1)
}
