//! Tags as people type them, on one line and separated by commas. So no tag contains a comma.

/// The comma characters of the pages' languages.
const COMMAS: [char; 3] = [',', '،', '，'];

pub fn split(typed: &str) -> impl Iterator<Item = &str> {
    let tags = typed.split(COMMAS).map(str::trim);
    tags.filter(|tag| !tag.is_empty())
}

/// Whether [`split`] would split this tag into several.
pub(crate) fn has_comma(tag: &str) -> bool {
    tag.contains(COMMAS)
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::Findings;

    proptest! {
        #[test]
        fn a_form_reads_back_the_tags_it_wrote(
            sent in vec("[a-c,،， 食\u{301}]{1,4}", 0..12),
            comma in prop_oneof![Just(", "), Just("، "), Just("，")],
        ) {
            let accepted = sent.iter().flat_map(|tag| {
                let mut findings = Findings::default();
                let kept = findings.tags("/tags", std::slice::from_ref(tag));
                if findings.is_empty() { kept } else { Vec::new() }
            });
            let kept: Vec<String> = accepted.collect();
            let line = kept.join(comma);
            prop_assert_eq!(split(&line).collect::<Vec<_>>(), kept);
        }
    }

    #[test]
    fn no_tag_has_a_comma() {
        for tag in ["a,b", "ا،ب", "食，物"] {
            let mut findings = Findings::default();
            findings.tags("/tags", &[tag.to_owned()]);
            assert!(!findings.is_empty(), "{tag}");
        }
    }
}
