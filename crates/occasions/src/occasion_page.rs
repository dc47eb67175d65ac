//! Pages that hosts write for their guests, such as the story of a couple or where to stay. The
//! text is Markdown, and [`web::markdown`] renders it.

use ::web::{I18n, Language, Spoken, Text};
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::id::{OccasionId, OccasionPageId};
use crate::words::{PageAudience, PageKind};

/// The maximum number of pages in an occasion.
pub const LIMIT: usize = 20;

/// A page that hosts write for their guests.
#[derive(Clone, Debug, PartialEq, Eq, Row, Serialize, Deserialize, ToSchema)]
pub struct OccasionPage {
    /// The page's id.
    pub id: OccasionPageId,
    /// The page's name in URLs: 1–40 characters of `a-z0-9-`, unique in the occasion; never
    /// changes.
    pub key: String,
    /// The topic of the page.
    pub kind: PageKind,
    /// Up to 120 characters. If empty, the built-in title of this kind is shown in each language.
    pub title: I18n,
    /// Markdown of up to 20,000 characters.
    pub body: I18n,
    /// Who sees the page.
    pub audience: PageAudience,
    /// Position in lists, 0–1,000.
    pub position: i64,
    /// Increased by every change. A change must name the version it is based on.
    pub version: i64,
}

/// A page without its text, for links to the page.
#[derive(Clone, Debug, PartialEq, Eq, Row)]
pub struct PageHead {
    pub key: String,
    pub kind: PageKind,
    pub title: I18n,
    pub audience: PageAudience,
}

impl OccasionPage {
    pub fn insert(&self, tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<(), StoreError> {
        sql!(
            "INSERT INTO occasion_page ({OccasionPage}, occasion, updated_at)
             VALUES ({:OccasionPage}, :occasion, :now)",
            OccasionPage = self,
            occasion,
            now = tx.now()
        )
        .run(tx, Rows::Exactly(1))
        .map(drop)
    }

    /// Returns the hosts' own title in the language of `text`, or else the built-in title.
    pub fn title(&self, text: &Text, default: &str) -> Title {
        title(self.kind, &self.title, text, default)
    }
}

impl PageHead {
    /// Returns the hosts' own title in the language of `text`, or else the built-in title.
    pub fn title(&self, text: &Text, default: &str) -> Title {
        title(self.kind, &self.title, text, default)
    }
}

/// A title. `other` is the title's language, if it differs from the language of the page.
#[derive(Clone, Debug)]
pub struct Title {
    words: String,
    other: Option<Language>,
}

impl Title {
    pub fn spoken(&self) -> Spoken<'_> {
        Spoken {
            text: &self.words,
            other: self.other.clone(),
        }
    }
}

fn title(kind: PageKind, own: &I18n, text: &Text, default: &str) -> Title {
    let own = own.pick(text.language(), default);
    if own.is_empty() {
        return Title {
            words: text.say(kind.label()).into_owned(),
            other: None,
        };
    }
    Title {
        words: own.text.to_owned(),
        other: own.other,
    }
}

/// Lists all pages of an occasion in display order.
pub fn list(tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<Vec<OccasionPage>, StoreError> {
    sql!(
        "SELECT {OccasionPage} FROM occasion_page WHERE occasion = :occasion ORDER BY position, id",
        occasion
    )
    .all(tx)
}

/// Lists the pages that guests may see, in display order.
pub fn heads(tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<Vec<PageHead>, StoreError> {
    sql!(
        "SELECT {PageHead} FROM occasion_page
         WHERE occasion = :occasion AND audience <> :nobody ORDER BY position, id",
        occasion,
        nobody = PageAudience::Nobody
    )
    .all(tx)
}

/// Finds a page by the name in its URL.
pub fn find(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
    key: &str,
) -> Result<Option<OccasionPage>, StoreError> {
    sql!(
        "SELECT {OccasionPage} FROM occasion_page WHERE occasion = :occasion AND key = :key",
        occasion,
        key
    )
    .maybe(tx)
}
