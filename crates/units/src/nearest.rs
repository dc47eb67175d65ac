//! Suggests a correction for a misspelled word.

/// Returns the candidate with the smallest edit distance, or `None` if all candidates are too
/// different.
pub fn nearest<'a>(
    written: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    // Among equally near candidates, one with the same first letter is preferred, because the first
    // letter is seldom mistyped.
    let begins_otherwise = |candidate: &str| candidate.chars().next() != written.chars().next();
    candidates
        .into_iter()
        .map(|candidate| {
            let changes = distance(written, candidate);
            (changes, begins_otherwise(candidate), candidate)
        })
        .min()
        .filter(|(changes, _, candidate)| *changes <= candidate.len().max(written.len()) / 2)
        .map(|(_, _, candidate)| candidate)
}

/// Levenshtein distance.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (number, letter) in one.chars().enumerate() {
        let mut corner = std::mem::replace(&mut row[0], number + 1);
        for (place, same) in other.iter().map(|wanted| *wanted == letter).enumerate() {
            let changed = corner + usize::from(!same);
            corner = row[place + 1];
            row[place + 1] = changed.min(corner + 1).min(row[place] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::{distance, nearest};

    #[test]
    fn words_are_as_far_apart_as_they_are_mistyped() {
        for (one, other, expected) in [
            ("flask", "flask", 0),
            ("flsk", "flask", 1),
            ("falsk", "flask", 2),
            ("", "node", 4),
            ("node", "", 4),
        ] {
            assert_eq!(distance(one, other), expected, "{one} {other}");
        }
    }

    #[test]
    fn what_is_far_is_not_meant() {
        let known = ["node", "flask"];
        assert_eq!(nearest("falsk", known), Some("flask"));
        assert_eq!(nearest("hots", ["cors", "host"]), Some("host"));
        assert_eq!(nearest("n", known), None);
        assert_eq!(nearest("flask", []), None);
    }
}
