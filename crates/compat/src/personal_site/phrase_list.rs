//! Lists of phrases by page, for the older personal site's front end.

use identity::account::AccountId;
use identity::session::signed_in::SignedIn;
use jiff::Timestamp;
use platform::store::Row;
use platform::{StoreError, Tx, sql, text_cleaning};
use web::Form;

use countdowns::phrase::{ModeratedPhrase, Moderator, PhraseId};
use countdowns::suggestion::Suggestion;

const ROWS: i64 = 100;

/// A search for phrases.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Search {
    /// A part of the phrase's text; empty for all phrases.
    words: String,
    pub(super) with_inactive: bool,
    /// Whether only phrases that the caller excluded are listed.
    pub(super) only_excluded: bool,
    rows: i64,
    offset: i64,
}

impl Search {
    /// Parses the query parameters `search`, `limit` (1 to 100) and `offset`.
    pub(super) fn read(query: &Form) -> Self {
        let number = |name, default| query.number(name).ok().flatten().unwrap_or(default);
        Self {
            // The SQL statements lower-case only ASCII letters, with SQLite and with PostgreSQL, so
            // the search text is lower-cased in the same way.
            words: text_cleaning::clean_line(query.text("search")).to_ascii_lowercase(),
            rows: number("limit", ROWS).clamp(1, ROWS),
            offset: number("offset", 0).clamp(0, 1_000_000),
            ..Self::default()
        }
    }
}

/// A phrase as the older personal site lists it.
#[derive(Clone, Debug, PartialEq, Eq, Row)]
pub(super) struct ListedPhrase {
    #[row(flatten)]
    pub(super) phrase: ModeratedPhrase,
    /// The author's account; only moderators get it.
    pub(super) author_id: Option<AccountId>,
    pub(super) created_at: Timestamp,
    /// Whether the caller excluded the phrase.
    pub(super) excluded: bool,
}

/// The phrases that match a search, without their authors, and their total number.
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

/// Like [`for_member`], but with the authors, for moderators.
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

/// Finds a phrase, for moderators.
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

#[derive(Clone, Debug, PartialEq, Eq, Row)]
pub(super) struct SignedSuggestion {
    #[row(flatten)]
    pub(super) suggestion: Suggestion,
    pub(super) name: String,
    pub(super) email: String,
}

/// Lists the oldest pending suggestions.
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

/// The number of active phrases, of pending suggestions, and of the account's own suggestions.
pub(super) fn count(tx: &mut Tx<'_>, account: &AccountId) -> Result<(i64, i64, i64), StoreError> {
    sql!(
        "SELECT (SELECT COUNT(*) FROM phrase WHERE active = 1),
             (SELECT COUNT(*) FROM phrase_suggestion WHERE state = 'pending'),
             (SELECT COUNT(*) FROM phrase_suggestion WHERE account_id = :account)",
        account
    )
    .one(tx)
}
