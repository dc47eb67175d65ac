//! Lists of phrases by page, for the front end of the older personal site.

use identity::account::AccountId;
use identity::session::signed_in::SignedIn;
use jiff::Timestamp;
use platform::store::Row;
use platform::{StoreError, Tx, sql, text_cleaning};
use web::Form;

use countdowns::phrase::{ModeratedPhrase, Moderator, PhraseId};
use countdowns::suggestion::Suggestion;

/// The most of one page.
const ROWS: i64 = 100;

/// Which phrases are looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Search {
    /// Part of a phrase; empty: all.
    words: String,
    /// Also those that nobody sees.
    pub(super) with_inactive: bool,
    /// Only those that the caller would rather not see.
    pub(super) only_excluded: bool,
    rows: i64,
    offset: i64,
}

impl Search {
    /// Of an address: `search`, `limit` of 1 to 100, `offset`.
    pub(super) fn read(query: &Form) -> Self {
        let number = |name, default| query.number(name).ok().flatten().unwrap_or(default);
        Self {
            // Both engines make small letters of those of ASCII alone.
            words: text_cleaning::clean_line(query.text("search")).to_ascii_lowercase(),
            rows: number("limit", ROWS).clamp(1, ROWS),
            offset: number("offset", 0).clamp(0, 1_000_000),
            ..Self::default()
        }
    }
}

/// A phrase with what is known of it.
#[derive(Clone, Debug, PartialEq, Eq, Row)]
pub(super) struct ListedPhrase {
    /// The phrase.
    #[row(flatten)]
    pub(super) phrase: ModeratedPhrase,
    /// Whose it is, for those who decide on phrases.
    pub(super) author_id: Option<AccountId>,
    /// When it was added.
    pub(super) created_at: Timestamp,
    /// Whether the caller would rather not see it.
    pub(super) excluded: bool,
}

/// The phrases that somebody finds, and how many there are in all. Whose they are is not theirs to
/// know.
pub(super) fn for_member(
    tx: &mut Tx<'_>,
    who: &SignedIn,
    search: &Search,
) -> Result<(Vec<ListedPhrase>, i64), StoreError> {
    let search = Search {
        with_inactive: false,
        ..search.clone()
    };
    let (mut found, total) = list(tx, &who.account().id, &search)?;
    for one in &mut found {
        one.author_id = None;
    }
    Ok((found, total))
}

/// The same for those who decide on phrases.
pub(super) fn for_moderator(
    tx: &mut Tx<'_>,
    moderator: &Moderator,
    search: &Search,
) -> Result<(Vec<ListedPhrase>, i64), StoreError> {
    list(tx, moderator.account(), search)
}

fn list(
    tx: &mut Tx<'_>,
    account: &AccountId,
    search: &Search,
) -> Result<(Vec<ListedPhrase>, i64), StoreError> {
    let Search {
        words,
        with_inactive,
        only_excluded,
        rows,
        offset,
    } = search;
    let (total,): (i64,) = sql!(
        "SELECT COUNT(*) FROM phrase p
         LEFT JOIN phrase_exclusion x ON x.phrase_id = p.id AND x.account_id = :account
         WHERE (p.active = 1 OR CAST(:with_inactive AS BIGINT) = 1)
           AND (x.phrase_id IS NOT NULL OR CAST(:only_excluded AS BIGINT) = 0)
           AND (:words = '' OR replace(lower(p.text), :words, '') <> lower(p.text))",
        account,
        with_inactive,
        only_excluded,
        words
    )
    .one(tx)?;
    let found: Vec<ListedPhrase> = sql!(
        "SELECT {p: ModeratedPhrase}, p.author_id, p.created_at,
             CASE WHEN x.phrase_id IS NULL THEN CAST(0 AS BIGINT)
                  ELSE CAST(1 AS BIGINT) END AS excluded
         FROM phrase p
         LEFT JOIN phrase_exclusion x ON x.phrase_id = p.id AND x.account_id = :account
         WHERE (p.active = 1 OR CAST(:with_inactive AS BIGINT) = 1)
           AND (x.phrase_id IS NOT NULL OR CAST(:only_excluded AS BIGINT) = 0)
           AND (:words = '' OR replace(lower(p.text), :words, '') <> lower(p.text))
         ORDER BY p.created_at DESC, p.id LIMIT :rows OFFSET :offset",
        account,
        with_inactive,
        only_excluded,
        words,
        rows,
        offset
    )
    .all(tx)?;
    Ok((found, total))
}

/// A phrase, for those who decide on phrases.
pub(super) fn find(
    tx: &mut Tx<'_>,
    moderator: &Moderator,
    id: &PhraseId,
) -> Result<Option<ListedPhrase>, StoreError> {
    sql!(
        "SELECT {p: ModeratedPhrase}, p.author_id, p.created_at,
             CASE WHEN x.phrase_id IS NULL THEN CAST(0 AS BIGINT)
                  ELSE CAST(1 AS BIGINT) END AS excluded
         FROM phrase p
         LEFT JOIN phrase_exclusion x ON x.phrase_id = p.id AND x.account_id = :account
         WHERE p.id = :id",
        account = moderator.account(),
        id
    )
    .maybe(tx)
}

/// A suggestion, and who made it.
#[derive(Clone, Debug, PartialEq, Eq, Row)]
pub(super) struct SignedSuggestion {
    /// The suggestion.
    #[row(flatten)]
    pub(super) suggestion: Suggestion,
    /// As they are called.
    pub(super) name: String,
    /// The address they sign in with.
    pub(super) email: String,
}

/// The oldest suggestions on which nobody decided yet.
pub(super) fn pending(tx: &mut Tx<'_>, _: &Moderator) -> Result<Vec<SignedSuggestion>, StoreError> {
    sql!(
        "SELECT {s: Suggestion}, a.display_name AS name, e.address AS email
         FROM phrase_suggestion s
         JOIN account a ON a.id = s.account_id
         JOIN email e ON e.account_id = a.id AND e.is_primary = 1
         WHERE s.state = 'pending' ORDER BY s.created_at, s.id LIMIT :rows",
        rows = ROWS
    )
    .all(tx)
}

/// How many phrases are shown, how many suggestions wait, and how many the account made.
pub(super) fn count(tx: &mut Tx<'_>, account: &AccountId) -> Result<(i64, i64, i64), StoreError> {
    sql!(
        "SELECT (SELECT COUNT(*) FROM phrase WHERE active = 1),
             (SELECT COUNT(*) FROM phrase_suggestion WHERE state = 'pending'),
             (SELECT COUNT(*) FROM phrase_suggestion WHERE account_id = :account)",
        account
    )
    .one(tx)
}
