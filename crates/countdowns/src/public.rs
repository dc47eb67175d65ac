//! Countdowns as visitors see them. A countdown that a visitor may not see gets exactly the same
//! response as one that does not exist.

use identity::account::AccountId;
use identity::grant;
use identity::person::profile::{self, PublicProfile};
use identity::person::slug::{self, Named};
use identity::person::trusted;
use identity::session::signed_in::SignedIn;
use jiff::{SignedDuration, Timestamp};
use platform::key::{Key, Keyring};
use platform::store::Row;
use platform::{StoreError, Tx, sql, text_cleaning};
use web::Form;

use crate::clock::{Clock, State};
use crate::countdown::{After, Countdown, CountdownId, Visibility, scope};
use crate::entry::{self, Entry, Summary};
use crate::phrase::{self, Phrase};

const ENTRIES: i64 = 20;

/// A countdown with everything that its page shows.
#[derive(Clone, Debug)]
pub struct CountdownView {
    /// The display name of the account in the countdown's URL.
    pub name: String,
    /// The account's slug, the first part of the countdown's URL.
    pub account: String,
    pub countdown: Countdown,
    /// The countdown's figures; `None` before the first reset, when only owners can see the
    /// countdown.
    pub clock: Option<Clock>,
    pub summary: Summary,
    /// The newest resets; empty if visitors may not see the notes.
    pub entries: Vec<Entry>,
    /// The phrase of the day; `None` if the owners do not show one.
    pub phrase: Option<Phrase>,
    /// Whether the viewer is the account whose slug is in the URL. Such a viewer also sees content
    /// that is hidden from others.
    pub is_own: bool,
    /// A number that increases with every change that visitors can see.
    pub revision: i64,
    pub created_at: Timestamp,
    /// The instant to which the figures apply.
    pub now: Timestamp,
    /// Whether only the owners can see the countdown at this moment.
    pub is_hidden: bool,
}

impl CountdownView {
    /// The page's path, without the key of a private link.
    pub(crate) fn path(&self) -> String {
        format!("/u/{}/{}", self.account, self.countdown.slug)
    }

    /// Whether the page's content depends on who views it.
    pub(crate) fn is_personal(&self) -> bool {
        self.is_hidden || self.countdown.visibility == Visibility::Trusted
    }

    /// The page's ETag. It covers everything except hours, minutes and seconds, which scripts
    /// update.
    pub(crate) fn tag(&self, language: &str) -> String {
        // The clock of a countdown to a day shows whole seconds, so the ETag ignores fractions of a
        // second.
        let whole = |turn: Timestamp| (turn - SignedDuration::from_nanos(1)).as_second();
        let turn = self.clock.map(|clock| whole(clock.turn));
        let minute = whole_minute(self.now);
        let id = &self.countdown.id;
        let phrase = self.phrase.as_ref().map(|phrase| &phrase.id);
        format!(
            "{id} {} {language} {minute} {turn:?} {phrase:?}",
            self.revision
        )
    }
}

#[derive(Row)]
struct Found {
    name: String,
    account_id: AccountId,
    revision: i64,
    link_generation: i64,
    created_at: Timestamp,
    #[row(flatten)]
    countdown: Countdown,
}

/// The viewer, who may be signed in and may have the key of a private link.
#[derive(Clone, Debug)]
pub struct Viewing {
    pub who: Option<SignedIn>,
    /// The key of the private link in the URL; may be empty.
    pub key: String,
    /// The keys that sign private links.
    pub keys: Keyring,
}

/// Finds the countdown at `/u/{account}/{countdown}`, if the viewer may see it.
pub fn find(
    tx: &mut Tx<'_>,
    account: &str,
    countdown: &str,
    viewing: &Viewing,
) -> Result<Option<CountdownView>, StoreError> {
    let Some(Named { id, slug }) = slug::account(tx, account)? else {
        return Ok(None);
    };
    let found: Option<Found> = sql!(
        "SELECT a.display_name AS name, c.account_id, c.revision, c.link_generation, c.created_at,
             {c: Countdown}
         FROM countdown c JOIN account a ON a.id = c.account_id
         WHERE c.account_id = :id AND c.slug = :countdown",
        id,
        countdown
    )
    .maybe(tx)?;
    match found {
        Some(found) => show(tx, &slug, found, viewing),
        None => Ok(None),
    }
}

pub(crate) fn path_of_public(
    tx: &mut Tx<'_>,
    account: &str,
    countdown: &str,
) -> Result<Option<String>, StoreError> {
    let Some(Named { id, slug }) = slug::account(tx, account)? else {
        return Ok(None);
    };
    let found: Option<(String,)> = sql!(
        "SELECT slug FROM countdown
         WHERE account_id = :id AND slug = :countdown AND visibility = :public",
        id,
        countdown,
        public = Visibility::Public
    )
    .maybe(tx)?;
    Ok(found.map(|(countdown,)| format!("/u/{slug}/{countdown}")))
}

/// Finds the countdown at `/{account}/incident-timer`, if the viewer may see it.
pub fn find_primary(
    tx: &mut Tx<'_>,
    account: &str,
    viewing: &Viewing,
) -> Result<Option<CountdownView>, StoreError> {
    let Some(Named { id, slug }) = slug::account(tx, account)? else {
        return Ok(None);
    };
    let found: Option<Found> = sql!(
        "SELECT a.display_name AS name, c.account_id, c.revision, c.link_generation, c.created_at,
             {c: Countdown}
         FROM countdown c JOIN account a ON a.id = c.account_id
         WHERE c.account_id = :id AND c.is_primary = 1",
        id
    )
    .maybe(tx)?;
    match found {
        Some(found) => show(tx, &slug, found, viewing),
        None => Ok(None),
    }
}

/// Finds the account with this slug, if it has a public countdown.
pub fn find_account(tx: &mut Tx<'_>, account: &str) -> Result<Option<Named>, StoreError> {
    let Some(named) = slug::account(tx, account)? else {
        return Ok(None);
    };
    Ok(has_public(tx, &named.id)?.then_some(named))
}

pub(crate) fn has_public(tx: &mut Tx<'_>, id: &AccountId) -> Result<bool, StoreError> {
    Ok(!of_account(tx, id)?.is_empty())
}

fn show(
    tx: &mut Tx<'_>,
    account: &str,
    found: Found,
    viewing: &Viewing,
) -> Result<Option<CountdownView>, StoreError> {
    let countdown = found.countdown;
    // Ownership and trust are queried even if they do not matter, so that the response time does
    // not reveal the visibility.
    let (is_owner, is_trusted) = match &viewing.who {
        Some(who) => (
            grant::rank_in(tx, who, &scope(&countdown.id))?.is_some(),
            trusted::is_trusted(tx, who, &found.account_id)?,
        ),
        None => (false, false),
    };
    let has_link = || {
        let link = Link::of(&countdown.id, found.link_generation);
        link.verify(&viewing.keys, &viewing.key)
    };
    let is_open = match countdown.visibility {
        Visibility::Public => true,
        Visibility::Unlisted => has_link(),
        Visibility::Trusted => is_owner || is_trusted,
        Visibility::Private => false,
    };
    // The function returns here, because the duration of further queries would reveal that the
    // countdown exists.
    if !is_open && !is_owner {
        return Ok(None);
    }
    let now = tx.roughly_now();
    let summary = entry::summary(tx, &countdown.id)?;
    let clock = countdown.clock(summary.newest, now);
    let is_over =
        countdown.after == After::Hide && clock.is_some_and(|clock| clock.state == State::Reached);
    let is_visible = is_open && !is_over && clock.is_some();
    if !is_visible && !is_owner {
        return Ok(None);
    }
    let entries = if countdown.show_notes {
        entry::list(tx, &countdown.id, None, ENTRIES)?
    } else {
        Vec::new()
    };
    let phrase = if countdown.show_phrase {
        let today = now.to_zoned(countdown.zone()).date();
        phrase::of_day(tx, &found.account_id, &countdown.id, today)?
    } else {
        None
    };
    let is_own = viewing
        .who
        .as_ref()
        .is_some_and(|who| who.account().id == found.account_id);
    Ok(Some(CountdownView {
        phrase,
        is_own,
        name: found.name,
        account: account.to_owned(),
        clock,
        summary,
        entries,
        revision: found.revision,
        created_at: found.created_at,
        now,
        is_hidden: !is_visible,
        countdown,
    }))
}

/// The resets that the page shows in addition to the figures.
#[derive(Clone, Debug, Default)]
pub(crate) struct Past {
    /// The resets that began the listed runs (the periods between resets), newest first. Notes that
    /// visitors may not see are omitted.
    pub(crate) entries: Vec<Entry>,
    /// The resets of the last year.
    pub(crate) year: Vec<Timestamp>,
}

impl Past {
    /// Loads the resets. Most countdowns were reset at most once and need no query.
    pub(crate) fn load(tx: &mut Tx<'_>, shown: &CountdownView) -> Result<Self, StoreError> {
        let countdown = &shown.countdown;
        if !countdown.show_stats || shown.summary.count <= 1 {
            let (entries, year) = (shown.entries.clone(), shown.summary.newest);
            return Ok(Self {
                entries,
                year: year.into_iter().collect(),
            });
        }
        let mut entries = if countdown.show_notes {
            shown.entries.clone()
        } else {
            entry::list(tx, &countdown.id, None, ENTRIES)?
        };
        let year = shown.now - SignedDuration::from_hours(24 * 366);
        let year = if shown.summary.count > ENTRIES {
            entry::moments(tx, &countdown.id, year)?
        } else {
            entries.iter().map(|entry| entry.reset_at).collect()
        };
        if !countdown.show_notes {
            for entry in &mut entries {
                entry.note.clear();
            }
        }
        Ok(Self { entries, year })
    }
}

/// The private link of a countdown. The link's key is a signature, so it is not stored.
#[derive(Clone, Debug)]
pub struct Link {
    parts: [String; 2],
}

impl Link {
    fn of(id: &CountdownId, generation: i64) -> Self {
        Self {
            parts: [id.to_string(), generation.to_string()],
        }
    }

    pub fn load(tx: &mut Tx<'_>, id: &CountdownId) -> Result<Self, StoreError> {
        let (generation,): (i64,) =
            sql!("SELECT link_generation FROM countdown WHERE id = :id", id).one(tx)?;
        Ok(Self::of(id, generation))
    }

    pub fn sign(&self, keys: &Keyring) -> String {
        key(keys).sign(&self.parts())
    }

    fn verify(&self, keys: &Keyring, given: &str) -> bool {
        key(keys).verify(&self.parts(), given)
    }

    fn parts(&self) -> [&str; 2] {
        [&self.parts[0], &self.parts[1]]
    }
}

fn key(keys: &Keyring) -> Key {
    keys.key("private link of a countdown")
}

/// An entry of the directory or of an account's page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    pub name: String,
    /// The account's slug, the first part of the countdown's URL.
    pub account: String,
    pub countdown: Countdown,
    pub clock: Clock,
}

#[derive(Row)]
struct ListedRow {
    name: String,
    account: String,
    newest: Option<Timestamp>,
    #[row(flatten)]
    countdown: Countdown,
}

#[derive(Clone, Debug)]
pub struct PublicAccount {
    pub slug: String,
    pub profile: PublicProfile,
    pub countdowns: Vec<Listed>,
}

/// An account's public page; `None` if the account has no countdown in the directory.
pub fn public_account(tx: &mut Tx<'_>, account: &str) -> Result<Option<PublicAccount>, StoreError> {
    let Some(named) = slug::account(tx, account)? else {
        return Ok(None);
    };
    let id = &named.id;
    let Some(profile) = profile::find_public(tx, id)? else {
        return Ok(None);
    };
    let found: Vec<ListedRow> = sql!(
        "SELECT CAST(:name AS TEXT) AS name, CAST(:account AS TEXT) AS account,
             (SELECT MAX(reset_at) FROM countdown_entry e WHERE e.countdown_id = c.id) AS newest,
             {c: Countdown}
         FROM countdown c WHERE c.account_id = :id AND c.listed = 1 ORDER BY c.title, c.id",
        name = profile.display_name,
        account = named.slug,
        id
    )
    .all(tx)?;
    let now = whole_minute(tx.roughly_now());
    let countdowns = listed(found, now);
    Ok((!countdowns.is_empty()).then_some(PublicAccount {
        slug: named.slug,
        profile,
        countdowns,
    }))
}

pub(crate) fn of_account(tx: &mut Tx<'_>, id: &AccountId) -> Result<Vec<Listed>, StoreError> {
    let Some(slug) = slug::find(tx, id)? else {
        return Ok(Vec::new());
    };
    let found: Vec<ListedRow> = sql!(
        "SELECT a.display_name AS name, CAST(:slug AS TEXT) AS account,
             (SELECT MAX(reset_at) FROM countdown_entry e WHERE e.countdown_id = c.id) AS newest,
             {c: Countdown}
         FROM countdown c JOIN account a ON a.id = c.account_id
         WHERE c.account_id = :id AND c.visibility = 'public'
         ORDER BY c.is_primary DESC, c.title, c.id",
        slug,
        id
    )
    .all(tx)?;
    let now = whole_minute(tx.roughly_now());
    Ok(listed(found, now))
}

/// All public countdowns, each with the account's slug, the countdown's slug, and the time of the
/// last change.
pub(crate) fn all_public(tx: &mut Tx<'_>) -> Result<Vec<(String, String, Timestamp)>, StoreError> {
    sql!(
        "SELECT s.slug, c.slug, c.updated_at FROM countdown c
         JOIN account a ON a.id = c.account_id AND a.state = 'active'
         JOIN account_slug s ON s.account_id = a.id AND s.until IS NULL
         WHERE c.visibility = :public AND (c.kind = 'since' OR c.after <> 'hide' OR c.reach_at IS NOT NULL)
           AND (c.kind = 'until'
                OR EXISTS (SELECT 1 FROM countdown_entry e WHERE e.countdown_id = c.id))
         ORDER BY s.slug, c.slug",
        public = Visibility::Public
    )
    .all(tx)
}

/// The search parameters of the directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    /// A part of a title or name; empty for all countdowns.
    pub words: String,
    /// The page number, which begins with 1.
    pub page: i64,
    /// The number of entries per page.
    pub page_size: i64,
}

impl Search {
    /// Parses the query parameters `search`, `page` and `page_size` (1 to 100).
    pub fn read(query: &Form) -> Self {
        let number = |name, default| query.number(name).ok().flatten().unwrap_or(default);
        Self {
            words: text_cleaning::clean_line(query.text("search")),
            page: number("page", 1).clamp(1, 1_000_000),
            page_size: number("page_size", 20).clamp(1, 100),
        }
    }
}

/// Returns a page of the directory, most recently changed countdown first, and the total number of
/// matches.
pub fn directory(tx: &mut Tx<'_>, search: &Search) -> Result<(Vec<Listed>, i64), StoreError> {
    // The SQL below lower-cases only ASCII letters, with SQLite and with PostgreSQL, so the search
    // text is lower-cased in the same way.
    let words = search.words.to_ascii_lowercase();
    let (total,): (i64,) = sql!(
        "SELECT COUNT(*) FROM countdown c
         JOIN account a ON a.id = c.account_id AND a.state = 'active'
         WHERE c.listed = 1 AND (c.kind = 'since' OR c.after <> 'hide' OR c.reach_at IS NOT NULL)
           AND (c.kind = 'until'
                OR EXISTS (SELECT 1 FROM countdown_entry e WHERE e.countdown_id = c.id))
           AND (:words = '' OR replace(lower(c.title), :words, '') <> lower(c.title)
                OR replace(lower(a.display_name), :words, '') <> lower(a.display_name))",
        words
    )
    .one(tx)?;
    let found: Vec<ListedRow> = sql!(
        "SELECT a.display_name AS name, s.slug AS account,
             (SELECT MAX(reset_at) FROM countdown_entry e WHERE e.countdown_id = c.id) AS newest,
             {c: Countdown}
         FROM countdown c
         JOIN account a ON a.id = c.account_id AND a.state = 'active'
         JOIN account_slug s ON s.account_id = a.id AND s.until IS NULL
         WHERE c.listed = 1 AND (c.kind = 'since' OR c.after <> 'hide' OR c.reach_at IS NOT NULL)
           AND (c.kind = 'until'
                OR EXISTS (SELECT 1 FROM countdown_entry e WHERE e.countdown_id = c.id))
           AND (:words = '' OR replace(lower(c.title), :words, '') <> lower(c.title)
                OR replace(lower(a.display_name), :words, '') <> lower(a.display_name))
         ORDER BY c.updated_at DESC, c.id LIMIT :limit OFFSET :offset",
        words,
        limit = search.page_size,
        offset = (search.page - 1) * search.page_size
    )
    .all(tx)?;
    let now = whole_minute(tx.roughly_now());
    Ok((listed(found, now), total))
}

/// Lists show no seconds, so a cached list can be used for a minute.
fn whole_minute(now: Timestamp) -> Timestamp {
    let second = now.as_second();
    Timestamp::from_second(second - second.rem_euclid(60)).unwrap_or(now)
}

fn listed(found: Vec<ListedRow>, now: Timestamp) -> Vec<Listed> {
    let all = found.into_iter().filter_map(|row| {
        let clock = row.countdown.clock(row.newest, now)?;
        let is_over = row.countdown.after == After::Hide && clock.state == State::Reached;
        (!is_over).then_some(Listed {
            name: row.name,
            account: row.account,
            countdown: row.countdown,
            clock,
        })
    });
    all.collect()
}
