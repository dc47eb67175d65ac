//! The catalogue. Administrators list in it what sessions can be about, such as companies, venues,
//! styles or cuisines.

use platform::store::Row;
use platform::{StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use site::resource::{Edit, History, Removal, Resource, history_of};
use utoipa::ToSchema;
use web::fields::{flag, key, line, lines, tags};
use web::{Field, Findings, Input, List, PageQuery};

use crate::Refusal;
use crate::settings::Administrator;

platform::id!(EntryId, random, "One entry of the catalogue.");

/// Something that a session can be about.
#[derive(Clone, Debug, PartialEq, Eq, Row, Serialize, Deserialize, ToSchema)]
#[row(table = "catalogue_entry")]
#[schema(as = CatalogueEntry)]
pub struct CatalogueEntry {
    /// The entry's id.
    pub id: EntryId,
    /// The name in URLs and in JSON, 1–80 characters of `a-z0-9-`. It never changes.
    pub slug: String,
    /// The name, 1–120 characters.
    pub name: String,
    /// The entry's category, up to 80 characters.
    pub category: String,
    /// The tracks, of which members choose one; up to 20 tracks of up to 40 characters.
    #[row(json)]
    pub tracks: Vec<String>,
    /// The levels that visitors see; up to 20 levels of up to 40 characters.
    #[row(json)]
    pub levels: Vec<String>,
    /// A description, up to 2,000 characters.
    pub description: String,
    /// The URL of a logo, or its path on this site, up to 500 characters; empty for none. Pages of
    /// this site show the logo only if it is on this site.
    pub logo_url: String,
    /// Whether the entry can be chosen.
    pub active: bool,
    /// The version, which increases with every change.
    pub version: i64,
}

impl CatalogueEntry {
    /// The path of the logo, if it is on this site; otherwise empty. Pages load nothing from other
    /// servers.
    pub fn own_logo(&self) -> &str {
        if self.logo_url.starts_with('/') {
            &self.logo_url
        } else {
            ""
        }
    }
}

/// The tracks of the entry with this slug.
pub(crate) fn tracks(tx: &mut Tx<'_>, slug: &str) -> Result<Vec<String>, StoreError> {
    Ok(find(tx, slug)?.map_or(Vec::new(), |entry| entry.tracks))
}

/// The entry with this slug.
pub fn find(tx: &mut Tx<'_>, slug: &str) -> Result<Option<CatalogueEntry>, StoreError> {
    sql!(
        "SELECT {CatalogueEntry} FROM catalogue_entry WHERE slug = :slug",
        slug
    )
    .maybe(tx)
}

/// The entries that members can choose for a slot. `slugs` is the slot's own set of entries. If it
/// is empty, members can choose any active entry.
pub fn of_slot(tx: &mut Tx<'_>, slugs: &[String]) -> Result<Vec<CatalogueEntry>, StoreError> {
    if slugs.is_empty() {
        return offered(tx);
    }
    let mut entries = Vec::new();
    for slug in slugs {
        entries.extend(find(tx, slug)?);
    }
    Ok(entries)
}

/// Checks that the address of a logo is an https URL or a path on this site.
pub fn check_logo(url: &str, findings: &mut Findings) {
    let is_path = url.starts_with('/') && !url.starts_with("//");
    if !is_path {
        findings.https("/logo_url", url);
    } else if url.contains(|c: char| c == '\\' || c.is_whitespace()) {
        findings.add("/logo_url", "url_invalid", []);
    }
}

/// The active entries, by category and name.
pub fn offered(tx: &mut Tx<'_>) -> Result<Vec<CatalogueEntry>, StoreError> {
    let all = sql!(
        "SELECT {CatalogueEntry} FROM catalogue_entry WHERE active = 1 ORDER BY category, name, id"
    );
    tx.all(all, &[])
}

impl Resource for CatalogueEntry {
    type Parent = Administrator;
    const FIELDS: &'static [Field] = web::fields! { CatalogueEntry:
        slug: key(1, 80).label("choice-code").hint("choice-code-hint").required().fixed(),
        name: line(120).label("choice-label").required(),
        category: line(80).label("entry-category"),
        tracks: tags().label("entry-tracks").hint("entry-tracks-hint"),
        levels: tags().label("entry-levels").hint("entry-levels-hint"),
        description: lines(2_000).label("entry-description"),
        logo_url: line(500).label("entry-logo").hint("entry-logo-hint"),
        active: flag().label("choice-active"),
    };
    const HISTORY: History = history_of!("catalogue_entry", named_by: "name");
    const LIMIT: Option<usize> = Some(500);

    site::stored_in_table!();

    fn list(tx: &mut Tx<'_>, _: &Administrator, _: &PageQuery) -> Result<List<Self>, Refusal> {
        let all = sql!(
            "SELECT {CatalogueEntry} FROM catalogue_entry
             ORDER BY active DESC, category, name, id"
        );
        Ok(List::whole(tx.all(all, &[])?))
    }

    fn blank(tx: &mut Tx<'_>, _: &Administrator, _: &Input, _: &[Self]) -> Result<Self, Refusal> {
        Ok(Self {
            id: tx.id(),
            slug: String::new(),
            name: String::new(),
            category: String::new(),
            tracks: Vec::new(),
            levels: Vec::new(),
            description: String::new(),
            logo_url: String::new(),
            active: true,
            version: 1,
        })
    }

    fn validate(
        &mut self,
        _: &mut Tx<'_>,
        _: &Edit<'_, Self>,
        findings: &mut Findings,
    ) -> Result<(), Refusal> {
        check_logo(&self.logo_url, findings);
        Ok(())
    }

    fn removal(&self, tx: &mut Tx<'_>, _: &Administrator, _: &[Self]) -> Result<Removal, Refusal> {
        let (used,): (i64,) = sql!(
            "SELECT (SELECT COUNT(*) FROM slot_entry WHERE entry = :slug)
                  + (SELECT COUNT(*) FROM offer WHERE entries LIKE :listed)
                  + (SELECT COUNT(*) FROM booking WHERE entry = :slug)
                  + (SELECT COUNT(*) FROM booking_request WHERE entry = :slug)",
            slug = self.slug,
            listed = format!("%\"{}\"%", self.slug)
        )
        .one(tx)?;
        Ok(Removal::of_uses(used))
    }
}
