//! Which contacts of a phone are guests. Nobody is until a host says so.

use occasions::hosting::Refusal;
use occasions::hosting::permissions::HostOf;
use platform::text_cleaning::fold;
use platform::{StoreError, Tx};
use web::Findings;
use web::sheet::read::Line;

use super::choice::{Choices, contact_name};
use super::stored::{load_rows, load_unread};
use super::{ImportId, draft};

/// How many contacts a page shows.
const ON_PAGE: usize = 100;
/// The letter of names that begin with none of A to Z.
pub(crate) const NO_LETTER: &str = "other";

/// Refuses a list of contacts of which nobody is chosen.
pub(super) fn ensure_chosen(tx: &mut Tx<'_>, id: &ImportId) -> Result<(), Refusal> {
    if tally(tx, id)?.is_none_or(|(chosen, _)| chosen > 0) {
        return Ok(());
    }
    let mut findings = Findings::default();
    findings.add("/choices", "required", []);
    Ok(findings.finish()?)
}

/// What a host looks at among the contacts.
#[derive(Clone, Debug, Default)]
pub(crate) struct ContactFilter {
    /// Words of a name, a number or an address.
    pub(crate) search: String,
    /// The first letter, [`NO_LETTER`], or nothing for all.
    pub(crate) letter: String,
    /// The place of the page; the first one is 0.
    pub(crate) page: usize,
}

/// The contacts of a file, as far as a host looks at them.
pub(crate) struct ContactList {
    pub(crate) total: usize,
    pub(crate) chosen: usize,
    /// How many contacts are as the host looks for them.
    pub(crate) found: usize,
    /// The letters with which names begin.
    pub(crate) letters: Vec<String>,
    /// Those of the page.
    pub(crate) contacts: Vec<Contact>,
    /// Whether there is another page.
    pub(crate) has_more: bool,
}

pub(crate) struct Contact {
    pub(crate) number: usize,
    pub(crate) name: String,
    /// A number or an address.
    pub(crate) more: String,
    pub(crate) is_chosen: bool,
}

/// Returns how many of a file's contacts are chosen, and how many there are; `None` for another list.
pub(crate) fn count(
    tx: &mut Tx<'_>,
    host: &HostOf,
    id: &ImportId,
) -> Result<Option<(usize, usize)>, Refusal> {
    draft(tx, host, id)?;
    Ok(tally(tx, id)?)
}

/// Returns how many of a file's contacts are chosen, and how many there are; `None` for another list.
fn tally(tx: &mut Tx<'_>, id: &ImportId) -> Result<Option<(usize, usize)>, StoreError> {
    if load_unread(tx, id)?.is_none() {
        return Ok(None);
    }
    let choices = Choices::load(tx, id)?;
    let rows = load_rows(tx, id)?;
    let chosen = rows.iter();
    let chosen = chosen.filter(|(number, _)| choices.has_contact(*number));
    Ok(Some((chosen.count(), rows.len())))
}

/// Returns the contacts of a file by their names; `None` for another list.
pub(crate) fn list(
    tx: &mut Tx<'_>,
    host: &HostOf,
    id: &ImportId,
    filter: &ContactFilter,
) -> Result<Option<ContactList>, Refusal> {
    draft(tx, host, id)?;
    if load_unread(tx, id)?.is_none() {
        return Ok(None);
    }
    let choices = Choices::load(tx, id)?;
    let mut rows: Vec<(String, Line)> = load_rows(tx, id)?
        .into_iter()
        .map(|line| (fold(contact_name(&line.1)), line))
        .collect();
    rows.sort();
    let chosen = rows.iter();
    let chosen = chosen.filter(|(_, (number, _))| choices.has_contact(*number));
    let (total, chosen) = (rows.len(), chosen.count());
    let mut letters: Vec<String> = rows.iter().map(|(name, _)| letter(name)).collect();
    letters.sort_by_key(|one| (one == NO_LETTER, one.clone()));
    letters.dedup();
    let wanted = fold(&filter.search);
    let has_words = |cells: &[String]| cells.iter().any(|cell| fold(cell).contains(&wanted));
    rows.retain(|(name, (_, cells))| {
        (filter.letter.is_empty() || letter(name) == filter.letter)
            && (wanted.is_empty() || has_words(cells))
    });
    let found = rows.len();
    let from = filter.page.saturating_mul(ON_PAGE);
    let contacts = rows.into_iter().skip(from).take(ON_PAGE);
    let contacts = contacts.map(|(_, (number, cells))| Contact {
        number,
        name: contact_name(&cells).to_owned(),
        more: more(&cells),
        is_chosen: choices.has_contact(number),
    });
    Ok(Some(ContactList {
        total,
        chosen,
        found,
        letters,
        contacts: contacts.collect(),
        has_more: found > from.saturating_add(ON_PAGE),
    }))
}

fn more(cells: &[String]) -> String {
    let mut filled = cells.iter().filter(|cell| !cell.is_empty()).skip(1);
    let line = filled.next().map(|cell| cell.replace('\n', ", "));
    line.unwrap_or_default().chars().take(60).collect()
}

fn letter(folded_name: &str) -> String {
    let mut signs = folded_name.chars();
    match signs.find(|sign| sign.is_alphanumeric()) {
        Some(first) if first.is_ascii_alphabetic() => first.to_ascii_uppercase().to_string(),
        _ => NO_LETTER.to_owned(),
    }
}
