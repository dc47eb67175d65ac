//! What everybody may see. Whatever somebody may not see is not there: one answer for all.

use accounts::account::AccountId;
use accounts::grant;
use accounts::profile::{self, PublicProfile};
use accounts::signed_in::SignedIn;
use accounts::slug::{self, Named};
use accounts::trusted;
use jiff::{SignedDuration, Timestamp};
use platform::key::{Key, Keyring};
use platform::store::Row;
use platform::{StoreError, Tx, sql, text_cleaning};
use web::Form;

use crate::clock::{Clock, State};
use crate::countdown::{After, Countdown, CountdownId, Visibility, scope};
use crate::entry::{self, Entry, Summary};
use crate::phrase::{self, Phrase};

/// How many resets a page shows.
const ENTRIES: i64 = 20;

/// A countdown as its page shows it.
#[derive(Clone, Debug)]
pub struct Shown {
    /// Whose it is, as they are called.
    pub name: String,
    /// The account's part of the address.
    pub account: String,
    /// The countdown.
    pub countdown: Countdown,
    /// What it shows; `None` to its owners alone, before the first reset.
    pub clock: Option<Clock>,
    /// Its resets, summed up.
    pub summary: Summary,
    /// The newest of them, where their notes are shown.
    pub entries: Vec<Entry>,
    /// The phrase of the day, where one is shown.
    pub phrase: Option<Phrase>,
    /// Whether it is the viewer under whose name it is found: what they hide is not shown here.
    pub is_own: bool,
    /// Raised by whatever others see of it.
    pub revision: i64,
    /// When it was looked at.
    pub now: Timestamp,
    /// Whether only its owners see it now.
    pub is_hidden: bool,
}

impl Shown {
    /// Its address, without the key of a private link.
    pub(crate) fn path(&self) -> String {
        format!("/u/{}/{}", self.account, self.countdown.slug)
    }

    /// Whether some people see it and others do not.
    pub(crate) fn is_personal(&self) -> bool {
        self.is_hidden || self.countdown.visibility == Visibility::Trusted
    }

    /// What a page of it is made of but the seconds: while it stays, so may the page.
    pub(crate) fn tag(&self, language: &str) -> String {
        // Counting down, it is a whole second and the fraction of `now`, which is 0 to 1 of it.
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
    #[row(flatten)]
    countdown: Countdown,
}

/// Who looks: perhaps somebody signed in, perhaps with the key of a private link.
#[derive(Clone, Debug)]
pub struct Viewing {
    /// Who it is, if they are signed in.
    pub who: Option<SignedIn>,
    /// The key in the address.
    pub key: String,
    /// What signs the keys of private links.
    pub keys: Keyring,
}

/// The countdown at `/u/{account}/{countdown}`, if it is there for this viewer.
pub fn find(
    tx: &mut Tx<'_>,
    account: &str,
    countdown: &str,
    viewing: &Viewing,
) -> Result<Option<Shown>, StoreError> {
    let Some(Named { id, slug }) = slug::account(tx, account)? else {
        return Ok(None);
    };
    let found: Option<Found> = sql!(
        "SELECT a.display_name AS name, c.account_id, c.revision, c.link_generation, {c: Countdown}
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

/// The address of a countdown that everybody may see.
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

/// The countdown at `/{account}/incident-timer`.
pub fn find_primary(
    tx: &mut Tx<'_>,
    account: &str,
    viewing: &Viewing,
) -> Result<Option<Shown>, StoreError> {
    let Some(Named { id, slug }) = slug::account(tx, account)? else {
        return Ok(None);
    };
    let found: Option<Found> = sql!(
        "SELECT a.display_name AS name, c.account_id, c.revision, c.link_generation, {c: Countdown}
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

/// The account that is called so, if everybody sees one of its countdowns.
pub fn find_account(tx: &mut Tx<'_>, account: &str) -> Result<Option<Named>, StoreError> {
    let Some(named) = slug::account(tx, account)? else {
        return Ok(None);
    };
    let (count,): (i64,) = sql!(
        "SELECT COUNT(*) FROM countdown c
         WHERE c.account_id = :id AND c.visibility = 'public'
           AND (c.kind = 'since' OR c.after <> 'hide' OR c.reach_at IS NOT NULL)
           AND (c.kind = 'until'
                OR EXISTS (SELECT 1 FROM countdown_entry e WHERE e.countdown_id = c.id))",
        id = named.id
    )
    .one(tx)?;
    Ok((count > 0).then_some(named))
}

fn show(
    tx: &mut Tx<'_>,
    account: &str,
    found: Found,
    viewing: &Viewing,
) -> Result<Option<Shown>, StoreError> {
    let countdown = found.countdown;
    // Both are asked whatever its visibility is: how long it takes must not tell which it is.
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
    // Nothing more is looked up: how long it takes would tell that there is something.
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
        entry::list(tx, &countdown.id, ENTRIES)?
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
    Ok(Some(Shown {
        phrase,
        is_own,
        name: found.name,
        account: account.to_owned(),
        clock,
        summary,
        entries,
        revision: found.revision,
        now,
        is_hidden: !is_visible,
        countdown,
    }))
}

/// The private link of a countdown: its key is a signature, so the store has none.
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

    /// The one of a countdown.
    pub fn load(tx: &mut Tx<'_>, id: &CountdownId) -> Result<Self, StoreError> {
        let (generation,): (i64,) =
            sql!("SELECT link_generation FROM countdown WHERE id = :id", id).one(tx)?;
        Ok(Self::of(id, generation))
    }

    /// Its key.
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

/// One line of the directory, and of an account's own page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Whose it is, as they are called.
    pub name: String,
    /// The account's part of the address.
    pub account: String,
    /// The countdown.
    pub countdown: Countdown,
    /// What it shows.
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

/// An account as everybody sees it.
#[derive(Clone, Debug)]
pub struct PublicAccount {
    /// Its part of the address.
    pub slug: String,
    /// What its owner says of themselves.
    pub profile: PublicProfile,
    /// The countdowns that everybody finds there.
    pub countdowns: Vec<Listed>,
}

/// An account, if everybody finds a countdown of it; without any it shows nothing.
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

/// What is looked for in the directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    /// Part of a title or of a name; empty: all.
    pub words: String,
    /// Which page, from 1.
    pub page: i64,
    /// How many on a page.
    pub page_size: i64,
}

impl Search {
    /// Of an address: `search`, `page`, and `page_size` of 1 to 100.
    pub fn read(query: &Form) -> Self {
        let number = |name, default| query.number(name).ok().flatten().unwrap_or(default);
        Self {
            words: text_cleaning::clean_line(query.text("search")),
            page: number("page", 1).clamp(1, 1_000_000),
            page_size: number("page_size", 20).clamp(1, 100),
        }
    }
}

/// The directory: what was changed last stands on top. With the number of all that are found.
pub fn directory(tx: &mut Tx<'_>, search: &Search) -> Result<(Vec<Listed>, i64), StoreError> {
    // Both engines make small letters of those of ASCII alone.
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

/// Lists are asked after again and again, and say nothing shorter.
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
