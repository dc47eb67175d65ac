//! Names that people typed, as parts of file names.

/// The maximum length of a part, in characters.
const LIMIT: usize = 40;

/// Keeps the letters and digits of a name, joined by hyphens. Other characters are not allowed in
/// some file systems.
pub(crate) fn in_file_name(name: &str) -> String {
    let words = name.split(|char: char| !char.is_alphanumeric());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    words.join("-").chars().take(LIMIT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_by_its_household() {
        for (household, name) in [
            ("Keluarga Encik Rahman", "Keluarga-Encik-Rahman"),
            ("../../etc\\x: \"a\"", "etc-x-a"),
            ("陈志明家", "陈志明家"),
            ("✿", ""),
        ] {
            assert_eq!(in_file_name(household), name);
        }
        assert_eq!(in_file_name(&"a".repeat(200)).len(), LIMIT);
    }
}
