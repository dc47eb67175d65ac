//! Import of timers and phrases from another system. All resets of one person become one countdown.
//!
//! Records whose id already exists are left unchanged, so an import can be repeated.

use identity::account::AccountId;
use jiff::Timestamp;
use platform::id::Id as _;
use platform::{Rows, StoreError, Tx, sql};
use sha2::{Digest as _, Sha256};

use crate::countdown::{self, Countdown, CountdownId, Kind, Visibility};
use crate::entry::EntryId;
use crate::phrase::{self, PhraseId};
use crate::suggestion::{State, SuggestionId};

/// The initial title of a countdown with imported resets. The countdown's owner can change it.
pub const TITLE: &str = "Incident timer";

/// The owner of imported resets, with the visibility of the resets in the other system.
#[derive(Clone, Debug)]
pub struct Owner {
    pub account: AccountId,
    /// Whether everybody who knew the URL could see the resets.
    pub is_public: bool,
    /// Whether the other system's directory listed the resets.
    pub is_listed: bool,
    /// The IANA time zone in which the countdown's days begin.
    pub time_zone: String,
    pub created_at: Timestamp,
}

/// The id of the countdown with an account's imported resets. This id is a hash of the account's
/// id. So a repeated import finds the same countdown, and the id does not reveal the account's id.
fn id_for(account: &AccountId) -> CountdownId {
    let digest = Sha256::digest(format!("imported countdown {account}"));
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    let id = platform::id::of_bytes(bytes);
    CountdownId::from_text(id)
}

/// Finds or creates the countdown for an owner's imported resets. The second value is true if it
/// was created.
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
    // In the other system, everybody who could see the newest reset could see its note.
    new.show_notes = true;
    countdown::insert(tx, &owner.account, &new, owner.created_at)?;
    Ok((id, true))
}

/// A reset in another system.
#[derive(Clone, Debug)]
pub struct Reset {
    /// The reset's id in the other system.
    pub id: EntryId,
    /// The instant from which the countdown counts again.
    pub reset_at: Timestamp,
    /// The note. It may exceed this system's maximum length of notes.
    pub note: String,
    pub created_at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Added,
    /// A reset with this id already exists.
    Known,
    /// Another reset of the same countdown has the same millisecond. This is the id of that reset.
    SharesInstant(EntryId),
}

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

/// Appends a note to the existing reset that has the same millisecond. Returns `false` if that
/// reset's note already contains the text.
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

/// A phrase in another system.
#[derive(Clone, Debug)]
pub struct ImportedPhrase {
    /// The phrase's id in the other system.
    pub id: PhraseId,
    /// The phrase. It may exceed this system's maximum length of phrases.
    pub text: String,
    /// Whether the phrase may be shown.
    pub is_active: bool,
    /// The author's account; `None` for a phrase that was built into the other system.
    pub author: Option<AccountId>,
    pub created_at: Timestamp,
}

/// Imports a phrase. Returns `false` if its id already exists. A phrase with the same words as an
/// active phrase is imported as inactive.
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

/// Imports an account's exclusion of a phrase. Returns `None` if there is no such phrase, and
/// `false` if the account already excludes it.
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

/// A suggestion in another system.
#[derive(Clone, Debug)]
pub struct ImportedSuggestion {
    /// The suggestion's id in the other system.
    pub id: SuggestionId,
    pub account: AccountId,
    pub text: String,
    /// The moderators' decision, if any.
    pub state: State,
    /// The reason for a rejection.
    pub reason: String,
    pub decided_by: Option<AccountId>,
    pub decided_at: Option<Timestamp>,
    pub created_at: Timestamp,
}

/// Imports a suggestion. Returns `false` if its id already exists. An approved suggestion is linked
/// to the active phrase with the same words.
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
