//! References by which rows of a list are found again.

/// The beginning of a reference that is made of a row.
const ROW: &str = "row:";
/// The length of a hash, in hexadecimal digits.
pub(crate) const DIGITS: usize = 32;

/// A row as it stood in the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RowReference {
    /// A hash of its household, names and contact cells.
    pub(crate) names: String,
    /// A hash of all cells of the household, and of what each column is.
    pub(crate) content: String,
}

impl RowReference {
    /// The reference of the row, whatever its other cells are.
    pub(crate) fn of_names(&self) -> String {
        format!("{ROW}{}", self.names)
    }

    /// The reference of the second row with these names.
    pub(crate) fn of_namesake(&self) -> String {
        let own = self
            .names
            .split_once('-')
            .map_or(&*self.names, |(own, _)| own);
        format!("{ROW}{own}-2")
    }

    /// The reference of the row with all its cells and what they are.
    pub(crate) fn of_content(&self) -> String {
        format!("{ROW}{}:{}", self.names, self.content)
    }
}

/// Whether a reference is made of a row. No export shows it.
pub(crate) fn is_of_row(reference: &str) -> bool {
    let Some(rest) = reference.strip_prefix(ROW) else {
        return false;
    };
    let (names, content) = rest.split_once(':').unzip();
    let names = names.unwrap_or(rest);
    let names = names.split_once('-').map_or(names, |(names, _)| names);
    let is_hash =
        |text: &str| text.len() == DIGITS && text.bytes().all(|one| one.is_ascii_hexdigit());
    is_hash(names) && content.is_none_or(is_hash)
}
