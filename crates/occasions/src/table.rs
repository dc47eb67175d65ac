//! The table at which a household sits. Hosts write it as a tag, such as "Table 4"; a column of an
//! imported list becomes such tags.

use platform::text_cleaning;

const WORDS: [&str; 7] = [
    "table",
    "meja",
    "tavolo",
    "tisch",
    "tischnummer",
    "mesa",
    "طاولة",
];
const HAN: char = '桌';
/// What stands before the word in "No Meja 4".
const NUMBER: [&str; 3] = ["no", "nr", "n"];

/// Returns the tags that name a table, in one line; empty if none does.
pub(crate) fn named<'a>(tags: impl IntoIterator<Item = &'a String>, comma: &str) -> String {
    let tables = tags.into_iter().filter(|tag| is_table(tag));
    let tables: Vec<&str> = tables.map(String::as_str).collect();
    tables.join(comma)
}

/// Sorts by the number in the table's name, then by the name. Without a table comes last.
pub(crate) fn order(table: &str) -> (bool, u64, String) {
    let folded = text_cleaning::fold(table);
    let digits = folded.chars().skip_while(|sign| !sign.is_ascii_digit());
    let digits: String = digits.take_while(char::is_ascii_digit).collect();
    let number = digits.parse().unwrap_or(u64::MAX);
    (table.is_empty(), number, folded)
}

/// Whether a tag, or the heading of a list's column, names a table.
pub fn is_table(tag: &str) -> bool {
    let folded = text_cleaning::fold(tag);
    let words = folded.split(|sign: char| !sign.is_alphanumeric());
    let words = words.map(|word| word.trim_end_matches(|sign: char| sign.is_numeric()));
    let mut words = words.filter(|word| !word.is_empty() && !NUMBER.contains(word));
    let first = words.next();
    let is_word = |word: &str| WORDS.contains(&word) || word.contains(HAN);
    first.is_some_and(is_word) || words.next_back().is_some_and(is_word)
}

#[cfg(test)]
mod tests {
    use super::{is_table, order};

    #[test]
    fn a_tag_names_a_table_in_the_languages_of_lists() {
        for (tag, expected) in [
            ("Table 4", true),
            ("Table4", true),
            ("table no. 12", true),
            ("Head table", true),
            ("Meja 5", true),
            ("No Meja 5", true),
            ("Tavolo 2", true),
            ("Tisch 3", true),
            ("Tischnummer 3", true),
            ("4号桌", true),
            ("桌号 4", true),
            ("طاولة 4", true),
            ("Family", false),
            ("Stable 4", false),
            ("Tables tennis club", false),
            ("", false),
            ("4", false),
        ] {
            assert_eq!(is_table(tag), expected, "{tag}");
        }
    }

    #[test]
    fn tables_stand_in_the_order_of_their_numbers_and_nobody_without_one_is_first() {
        let mut tables = ["", "Table 10", "Head table", "Table 9", "Table 9b"];
        tables.sort_by_key(|table| order(table));
        assert_eq!(
            tables,
            ["Table 9", "Table 9b", "Table 10", "Head table", ""]
        );
    }
}
