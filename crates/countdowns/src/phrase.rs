//! Phrases, which are drawn at random for an account's pages. Each account can exclude phrases from
//! its pages.

use identity::account::{self, AccountId};
use identity::grant::{self, Role};
use identity::session::signed_in::SignedIn;
use jiff::civil::Date;
use platform::audit::{Entity, Entry, RequestFacts};
use platform::id::Id as _;
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql, text_cleaning};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use site::proof::{Proof, Requester};
use utoipa::ToSchema;
use web::state::Start;
use web::{Findings, Site};

use crate::Refusal;
use crate::codes::PHRASE_EXISTS;
use crate::countdown::CountdownId;

/// The role of people who decide on suggested phrases.
pub const MODERATOR: Role = Role::new("moderator", "phrase-role-moderator");

platform::id!(PhraseId, random, "One phrase.");

/// The minimum and maximum length of a phrase, in characters.
pub const LENGTH: (usize, usize) = (5, 200);

/// A phrase.
#[derive(Clone, Debug, PartialEq, Eq, Row, Serialize, Deserialize, ToSchema)]
pub struct Phrase {
    /// The phrase's id.
    pub id: PhraseId,
    /// 5–200 characters.
    pub text: String,
}

/// A phrase, with the reader's choice to exclude it.
#[derive(Clone, Debug, PartialEq, Eq, Row, Serialize, ToSchema)]
pub struct OwnPhrase {
    /// The phrase.
    #[serde(flatten)]
    #[row(flatten)]
    pub phrase: Phrase,
    /// Whether the phrase is never drawn for the caller's pages.
    pub excluded: bool,
}

/// A phrase, as moderators see it.
#[derive(Clone, Debug, PartialEq, Eq, Row, Serialize, Deserialize, ToSchema)]
pub struct ModeratedPhrase {
    /// The phrase.
    #[serde(flatten)]
    #[row(flatten)]
    pub phrase: Phrase,
    /// Whether the phrase is shown to anybody.
    pub active: bool,
}

/// The phrase of the day for a countdown. It changes only once a day, so that pages can be cached.
pub fn of_day(
    tx: &mut Tx<'_>,
    owner: &AccountId,
    countdown: &CountdownId,
    day: Date,
) -> Result<Option<Phrase>, StoreError> {
    let nothing = PhraseId::from_text(String::new());
    let count = count_without(tx, owner, &nothing)?;
    let digest = Sha256::digest(format!("{countdown} {day}"));
    let number = digest
        .iter()
        .take(8)
        .fold(0, |number, byte| number << 8 | u64::from(*byte));
    match number.checked_rem(count) {
        Some(place) => at(tx, owner, &nothing, place),
        None => Ok(None),
    }
}

/// Draws a random active phrase that `owner` has not excluded. The phrase `not` is drawn only if
/// there is no other.
pub fn draw(
    tx: &mut Tx<'_>,
    owner: &AccountId,
    not: Option<&PhraseId>,
) -> Result<Option<Phrase>, StoreError> {
    let nothing = PhraseId::from_text(String::new());
    let mut not = not.unwrap_or(&nothing);
    let mut count = count_without(tx, owner, not)?;
    if count == 0 {
        not = &nothing;
        count = count_without(tx, owner, not)?;
    }
    if count == 0 {
        return Ok(None);
    }
    let mut bytes = [0; 8];
    tx.random().fill(&mut bytes);
    at(tx, owner, not, u64::from_be_bytes(bytes) % count)
}

/// The phrase at the position `place` among the phrases that [`count_without`] counts.
fn at(
    tx: &mut Tx<'_>,
    owner: &AccountId,
    not: &PhraseId,
    place: u64,
) -> Result<Option<Phrase>, StoreError> {
    sql!(
        "SELECT {p: Phrase} FROM phrase p
         WHERE p.active = 1 AND p.id <> :not
           AND NOT EXISTS (SELECT 1 FROM phrase_exclusion x
                           WHERE x.phrase_id = p.id AND x.account_id = :owner)
         ORDER BY p.id LIMIT 1 OFFSET :place",
        not,
        owner,
        place
    )
    .maybe(tx)
}

fn count_without(tx: &mut Tx<'_>, owner: &AccountId, not: &PhraseId) -> Result<u64, StoreError> {
    let (count,): (u64,) = sql!(
        "SELECT COUNT(*) FROM phrase p
         WHERE p.active = 1 AND p.id <> :not
           AND NOT EXISTS (SELECT 1 FROM phrase_exclusion x
                           WHERE x.phrase_id = p.id AND x.account_id = :owner)",
        not,
        owner
    )
    .one(tx)?;
    Ok(count)
}

/// Lists up to `rows` active phrases after the phrase `after`, and whether `who` excludes each of
/// them.
pub fn list(
    tx: &mut Tx<'_>,
    who: &SignedIn,
    after: Option<&PhraseId>,
    rows: i64,
) -> Result<Vec<OwnPhrase>, Refusal> {
    if who.is_limited() {
        return Err(Refusal::TokenNotPermitted);
    }
    Ok(sql!(
        "SELECT {p: Phrase}, CASE WHEN x.phrase_id IS NULL THEN CAST(0 AS BIGINT)
                             ELSE CAST(1 AS BIGINT) END AS excluded
         FROM phrase p
         LEFT JOIN phrase_exclusion x ON x.phrase_id = p.id AND x.account_id = :account
         WHERE p.active = 1 AND p.id > :after ORDER BY p.id LIMIT :rows",
        account = who.account().id,
        after = after.map_or("", PhraseId::as_str),
        rows
    )
    .all(tx)?)
}

/// Excludes a phrase from an account's pages. It is no error if the phrase is already excluded.
pub fn exclude(tx: &mut Tx<'_>, who: &SignedIn, id: &PhraseId) -> Result<(), Refusal> {
    find_active(tx, who, id)?;
    sql!(
        "INSERT INTO phrase_exclusion (account_id, phrase_id) VALUES (:account, :id)
         ON CONFLICT (account_id, phrase_id) DO NOTHING",
        account = who.account().id,
        id
    )
    .run(tx, Rows::AtMostOne)?;
    Ok(())
}

/// Ends the exclusion of a phrase. It is no error if the phrase is not excluded.
pub fn include(tx: &mut Tx<'_>, who: &SignedIn, id: &PhraseId) -> Result<(), Refusal> {
    find_active(tx, who, id)?;
    sql!(
        "DELETE FROM phrase_exclusion WHERE account_id = :account AND phrase_id = :id",
        account = who.account().id,
        id
    )
    .run(tx, Rows::AtMostOne)?;
    Ok(())
}

fn find_active(tx: &mut Tx<'_>, who: &SignedIn, id: &PhraseId) -> Result<(), Refusal> {
    if who.is_limited() {
        return Err(Refusal::TokenNotPermitted);
    }
    account::lock(tx, &who.account().id)?;
    let found: Option<(PhraseId,)> =
        sql!("SELECT id FROM phrase WHERE id = :id AND active = 1", id).maybe(tx)?;
    found.map(drop).ok_or(Refusal::NotFound)
}

/// A value that proves that a person may moderate phrases. Only [`moderate`] makes one.
#[derive(Debug)]
pub struct Moderator {
    who: SignedIn,
    request: RequestFacts,
}

/// Checks that `who` is a moderator, administrator or owner of the site.
pub fn moderate(
    tx: &mut Tx<'_>,
    who: &SignedIn,
    request: &RequestFacts,
) -> Result<Moderator, Refusal> {
    if !is_moderator(tx, who)? {
        return Err(Refusal::Forbidden);
    }
    Ok(Moderator {
        who: who.clone(),
        request: request.clone(),
    })
}

pub fn is_moderator(tx: &mut Tx<'_>, who: &SignedIn) -> Result<bool, StoreError> {
    grant::may_in_site(tx, who, MODERATOR)
}

/// Everybody may start with their countdowns; moderators work here.
pub(crate) fn start(tx: &mut Tx<'_>, _: &Site, account: &str) -> Result<Option<Start>, StoreError> {
    Ok(Some(Start {
        href: "/me/countdowns".to_owned(),
        title: None,
        is_work: grant::account_may_in_site(tx, account, MODERATOR)?,
    }))
}

/// Returns a closure that calls [`moderate`] in the transaction that the closure receives.
pub fn entrance(
    who: &SignedIn,
    request: &RequestFacts,
) -> impl Fn(&mut Tx<'_>) -> Result<Moderator, Refusal> + Send + 'static + use<> {
    let (who, request) = (who.clone(), request.clone());
    move |tx| moderate(tx, &who, &request)
}

impl Proof for Moderator {
    type Refusal = Refusal;

    fn enter(tx: &mut Tx<'_>, requester: &Requester) -> Result<Self, Refusal> {
        moderate(tx, &requester.who, &requester.request)
    }
}

impl Moderator {
    pub fn account(&self) -> &AccountId {
        &self.who.account().id
    }

    pub(crate) fn record(
        &self,
        tx: &mut Tx<'_>,
        entity: Entity,
        action: &'static str,
        changes: Value,
    ) -> Result<(), StoreError> {
        tx.record(Entry {
            actor: self.who.actor(),
            action,
            entity,
            scope: None,
            changes,
            request: Some(self.request.clone()),
        })
    }
}

/// Lists up to `rows` phrases after the phrase `after`, including inactive ones.
pub fn list_all(
    tx: &mut Tx<'_>,
    _: &Moderator,
    after: Option<&PhraseId>,
    rows: i64,
) -> Result<Vec<ModeratedPhrase>, StoreError> {
    sql!(
        "SELECT {ModeratedPhrase} FROM phrase WHERE id > :after ORDER BY id LIMIT :rows",
        after = after.map_or("", PhraseId::as_str),
        rows
    )
    .all(tx)
}

/// Adds a phrase that the moderator wrote.
pub fn create(tx: &mut Tx<'_>, moderator: &Moderator, text: &str) -> Result<Phrase, Refusal> {
    let text = read(text)?;
    let phrase = insert(tx, &text, moderator.account())?;
    let changes = json!([{"field": "text", "old": null, "new": phrase.text}]);
    let entity = Entity::new("phrase", phrase.id.to_string());
    moderator.record(tx, entity, "phrase.created", changes)?;
    Ok(phrase)
}

/// Deactivates or activates a phrase. Accounts' exclusions of the phrase are kept.
pub fn set_active(
    tx: &mut Tx<'_>,
    moderator: &Moderator,
    id: &PhraseId,
    active: bool,
) -> Result<ModeratedPhrase, Refusal> {
    let found: Option<ModeratedPhrase> = sql!(
        "SELECT {ModeratedPhrase} FROM phrase WHERE id = :id FOR NO KEY UPDATE",
        id
    )
    .maybe(tx)?;
    let old = found.ok_or(Refusal::NotFound)?;
    if old.active == active {
        return Ok(old);
    }
    let changed = sql!(
        "UPDATE phrase SET active = :active WHERE id = :id",
        active,
        id
    )
    .run(tx, Rows::Exactly(1));
    match changed {
        Err(error) if error.constraint() == Some("phrase_text") => {
            return Err(PHRASE_EXISTS.into());
        }
        other => other?,
    };
    let changes = json!([{"field": "active", "old": old.active, "new": active}]);
    moderator.record(
        tx,
        Entity::new("phrase", id.to_string()),
        "phrase.changed",
        changes,
    )?;
    Ok(ModeratedPhrase { active, ..old })
}

/// Inserts an active phrase, unless an active phrase with the same words exists.
pub(crate) fn insert(tx: &mut Tx<'_>, text: &str, author: &AccountId) -> Result<Phrase, Refusal> {
    let phrase = Phrase {
        id: tx.id(),
        text: text.to_owned(),
    };
    let inserted = sql!(
        "INSERT INTO phrase ({Phrase}, folded_text, active, author_id, created_at)
         VALUES ({:Phrase}, :folded, 1, :author, :now)
         ON CONFLICT (folded_text) WHERE active = 1 DO NOTHING",
        Phrase = phrase,
        folded = folded(text),
        author,
        now = tx.now()
    )
    .run(tx, Rows::AtMostOne)?;
    if inserted == 0 {
        return Err(PHRASE_EXISTS.into());
    }
    Ok(phrase)
}

pub(crate) fn is_active(tx: &mut Tx<'_>, folded: &str) -> Result<bool, StoreError> {
    let (count,): (i64,) = sql!(
        "SELECT COUNT(*) FROM phrase WHERE folded_text = :folded AND active = 1",
        folded
    )
    .one(tx)?;
    Ok(count > 0)
}

/// Cleans and checks a typed phrase: at least two words, separated by single spaces.
pub(crate) fn read(typed: &str) -> Result<String, Refusal> {
    let mut findings = Findings::default();
    let words: Vec<&str> = typed.split_whitespace().collect();
    let (least, most) = LENGTH;
    let text = findings.line("/text", &words.join(" "), least, most);
    if words.len() < 2 && !findings.has("/text") {
        findings.add("/text", "words_too_few", []);
    }
    findings.finish()?;
    Ok(text)
}

/// Normalizes a phrase for comparisons: words without case and accents.
pub(crate) fn folded(text: &str) -> String {
    let is_between = |c: char| {
        c.is_whitespace()
            || c.is_ascii_punctuation()
            || matches!(c, '\u{2000}'..='\u{206f}' | '\u{3000}'..='\u{303f}' | '\u{ff00}'..='\u{ff0f}')
    };
    let folded = text_cleaning::fold(text);
    let words: Vec<&str> = folded.split(is_between).collect();
    let words = words.into_iter().filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_are_compared_without_case_marks_and_punctuation() {
        for other in [
            "Keep going",
            "  KEEP—going!",
            "keep, gòing…",
            "“Keep” going",
        ] {
            assert_eq!(folded(other), "keep going", "{other}");
        }
        assert_ne!(folded("Keep on going"), folded("Keep going"));
    }

    #[test]
    fn a_phrase_has_two_words() {
        assert_eq!(read(" Keep \t going\u{7} ").unwrap(), "Keep going");
        for wrong in ["", "a b", "Onwards", &format!("x {}", "y".repeat(200))] {
            assert!(matches!(read(wrong), Err(Refusal::Fields(_))), "{wrong}");
        }
    }
}
