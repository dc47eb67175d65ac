//! Phrases that people suggest, and the moderators' decisions.

pub(crate) mod mail;

use identity::account::{self, AccountId};
use identity::session::signed_in::{Confirmed, SignedIn};
use jiff::{SignedDuration, Timestamp};
use platform::audit::Entity;
use platform::limits::Wait;
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use web::{Findings, Site};

use crate::Refusal;
use crate::codes::{ALREADY_MODERATED, PHRASE_EXISTS, SUGGESTION_PENDING};
use crate::phrase::{self, Moderator, Phrase, PhraseId};

platform::id!(SuggestionId, "One suggestion of a phrase.");

/// The maximum number of pending suggestions of an account.
pub const PENDING: i64 = 10;
/// The maximum number of suggestions of an account in 24 hours.
pub const A_DAY: i64 = 20;
/// The maximum length of a reason, in characters.
const REASON: usize = 500;

web::words! {
    /// The state of a suggestion.
    #[schema(as = SuggestionState)]
    State {
        /// No moderator has decided on the suggestion yet.
        Pending = "pending" => "phrase-pending",
        /// A moderator approved the suggestion, so it became a phrase.
        Approved = "approved" => "phrase-approved",
        /// A moderator rejected the suggestion.
        Rejected = "rejected" => "phrase-rejected",
    }
}

/// A suggested phrase.
#[derive(Clone, Debug, PartialEq, Eq, Row, Serialize, Deserialize, ToSchema)]
pub struct Suggestion {
    /// The suggestion's id.
    pub id: SuggestionId,
    /// The text as it was suggested.
    pub text: String,
    /// The moderators' decision.
    pub state: State,
    /// The reason for a rejection.
    pub reason: String,
    /// The id of the phrase that was made from the suggestion. A moderator may have changed its
    /// words.
    pub phrase_id: Option<PhraseId>,
    /// When the suggestion was made.
    pub created_at: Timestamp,
}

/// Suggests a phrase.
pub fn create(tx: &mut Tx<'_>, who: &Confirmed, text: &str) -> Result<Suggestion, Refusal> {
    let who = who.who();
    if who.is_limited() {
        return Err(Refusal::TokenNotPermitted);
    }
    let text = phrase::read(text)?;
    let (account, folded) = (&who.account().id, phrase::folded(&text));
    // The lock makes concurrent suggestions of an account wait for each other, so that each is
    // counted.
    account::lock(tx, account)?;
    let now = tx.now();
    let since = now - SignedDuration::from_hours(24);
    if phrase::is_active(tx, &folded)? {
        return Err(PHRASE_EXISTS.into());
    }
    let (pending, alike, a_day): (i64, i64, i64) = sql!(
        "SELECT COUNT(CASE WHEN state = 'pending' THEN 1 END),
             COUNT(CASE WHEN state = 'pending' AND folded_text = :folded THEN 1 END),
             COUNT(CASE WHEN created_at > :since THEN 1 END)
         FROM phrase_suggestion WHERE account_id = :account",
        folded,
        since,
        account
    )
    .one(tx)?;
    if alike > 0 {
        return Err(SUGGESTION_PENDING.into());
    }
    if pending >= PENDING {
        return Err(Refusal::LimitReached(PENDING));
    }
    if a_day >= A_DAY {
        return Err(Wait {
            seconds: 24 * 60 * 60,
        }
        .into());
    }
    let suggestion = Suggestion {
        id: tx.id(),
        text,
        state: State::Pending,
        reason: String::new(),
        phrase_id: None,
        created_at: now,
    };
    sql!(
        "INSERT INTO phrase_suggestion (account_id, folded_text, {Suggestion})
         VALUES (:account, :folded, {:Suggestion})",
        account,
        folded,
        Suggestion = suggestion
    )
    .run(tx, Rows::Exactly(1))?;
    mail::plan_digest(tx)?;
    Ok(suggestion)
}

/// Lists the newest `limit` suggestions of `who`.
pub fn list_own(tx: &mut Tx<'_>, who: &SignedIn, limit: i64) -> Result<Vec<Suggestion>, Refusal> {
    if who.is_limited() {
        return Err(Refusal::TokenNotPermitted);
    }
    Ok(sql!(
        "SELECT {Suggestion} FROM phrase_suggestion WHERE account_id = :account
         ORDER BY created_at DESC, id DESC LIMIT :limit",
        account = who.account().id,
        limit
    )
    .all(tx)?)
}

/// Lists the oldest `limit` pending suggestions.
pub fn list_pending(
    tx: &mut Tx<'_>,
    _: &Moderator,
    limit: i64,
) -> Result<Vec<Suggestion>, StoreError> {
    sql!(
        "SELECT {Suggestion} FROM phrase_suggestion WHERE state = 'pending'
         ORDER BY created_at, id LIMIT :limit",
        limit
    )
    .all(tx)
}

pub fn find(tx: &mut Tx<'_>, _: &Moderator, id: &SuggestionId) -> Result<Suggestion, Refusal> {
    let found: Option<Suggestion> = sql!(
        "SELECT {Suggestion} FROM phrase_suggestion WHERE id = :id",
        id
    )
    .maybe(tx)?;
    found.ok_or(Refusal::NotFound)
}

#[derive(Row)]
struct Pending {
    account_id: AccountId,
    #[row(flatten)]
    suggestion: Suggestion,
}

/// Turns a suggestion into a phrase. The moderator's `text`, unless empty, replaces the suggested
/// text. If there is an active phrase with the same words, the suggestion stays pending.
pub fn approve(
    tx: &mut Tx<'_>,
    site: &Site,
    moderator: &Moderator,
    id: &SuggestionId,
    text: Option<&str>,
) -> Result<Suggestion, Refusal> {
    let found = find_pending(tx, id)?;
    let text = match text {
        Some(text) => phrase::read(text)?,
        None => found.suggestion.text.clone(),
    };
    let made = phrase::insert(tx, &text, &found.account_id)?;
    let decided = Suggestion {
        state: State::Approved,
        phrase_id: Some(made.id.clone()),
        ..found.suggestion
    };
    decide(tx, site, moderator, &found.account_id, &made.text, &decided)?;
    Ok(decided)
}

pub fn reject(
    tx: &mut Tx<'_>,
    site: &Site,
    moderator: &Moderator,
    id: &SuggestionId,
    reason: &str,
) -> Result<Suggestion, Refusal> {
    let mut findings = Findings::default();
    let reason = findings.text("/reason", reason, REASON);
    findings.finish()?;
    let found = find_pending(tx, id)?;
    let decided = Suggestion {
        state: State::Rejected,
        reason,
        ..found.suggestion
    };
    decide(
        tx,
        site,
        moderator,
        &found.account_id,
        &decided.text,
        &decided,
    )?;
    Ok(decided)
}

fn find_pending(tx: &mut Tx<'_>, id: &SuggestionId) -> Result<Pending, Refusal> {
    let found: Option<Pending> = sql!(
        "SELECT {Pending} FROM phrase_suggestion WHERE id = :id FOR NO KEY UPDATE",
        id
    )
    .maybe(tx)?;
    let found = found.ok_or(Refusal::NotFound)?;
    if found.suggestion.state != State::Pending {
        return Err(ALREADY_MODERATED.into());
    }
    Ok(found)
}

/// The suggestions and exclusions of an account, for the export of the account's data.
pub(crate) fn export(tx: &mut Tx<'_>, account: &AccountId) -> Result<Value, StoreError> {
    let suggestions: Vec<Suggestion> = sql!(
        "SELECT {Suggestion} FROM phrase_suggestion WHERE account_id = :account
         ORDER BY created_at, id",
        account
    )
    .all(tx)?;
    let hidden: Vec<Phrase> = sql!(
        "SELECT {p: Phrase} FROM phrase p JOIN phrase_exclusion x ON x.phrase_id = p.id
         WHERE x.account_id = :account ORDER BY p.id",
        account
    )
    .all(tx)?;
    Ok(json!({ "suggestions": suggestions, "hidden_phrases": hidden }))
}

/// Deletes an account's suggestions and exclusions. Approved phrases are kept without their author.
pub(crate) fn erase(tx: &mut Tx<'_>, account: &AccountId) -> Result<(), StoreError> {
    sql!(
        "DELETE FROM phrase_exclusion WHERE account_id = :account",
        account
    )
    .run(tx, Rows::Any)?;
    sql!(
        "DELETE FROM phrase_suggestion WHERE account_id = :account",
        account
    )
    .run(tx, Rows::Any)?;
    sql!(
        "UPDATE phrase_suggestion SET decided_by = NULL WHERE decided_by = :account",
        account
    )
    .run(tx, Rows::Any)?;
    sql!(
        "UPDATE phrase SET author_id = NULL WHERE author_id = :account",
        account
    )
    .run(tx, Rows::Any)?;
    Ok(())
}

/// The author gets a mail, unless the author is that moderator.
fn decide(
    tx: &mut Tx<'_>,
    site: &Site,
    moderator: &Moderator,
    suggester: &AccountId,
    text: &str,
    decided: &Suggestion,
) -> Result<(), StoreError> {
    sql!(
        "UPDATE phrase_suggestion SET {Suggestion = :Suggestion}, decided_by = :by,
             decided_at = :now
         WHERE id = :id AND state = 'pending'",
        Suggestion = decided,
        by = moderator.account(),
        now = tx.now(),
        id = decided.id
    )
    .run(tx, Rows::Exactly(1))?;
    if suggester != moderator.account() {
        mail::send_decision(tx, site, suggester, decided, text)?;
    }
    let changes = json!([{"field": "state", "old": State::Pending, "new": decided.state}]);
    let entity = Entity::new("suggestion", decided.id.to_string());
    moderator.record(tx, entity, "suggestion.decided", changes)
}
