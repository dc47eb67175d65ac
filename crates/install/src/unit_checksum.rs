//! The first line of a unit. Its checksum shows whether somebody has edited the rest of the unit.

const BEGINNING: &str = "# Written by `kenduri install`; ";

/// Who wrote a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UnitOrigin {
    Nothing,
    /// `kenduri install` wrote the unit, and it was not edited.
    Ours,
    /// Somebody else wrote or edited the unit.
    Foreign,
}

/// Returns the text of a unit with the checksum line at the top.
pub fn marked(text: &str) -> String {
    format!(
        "{BEGINNING}{:016x}. Change it with `systemctl edit kenduri`.\n{text}",
        sum(text)
    )
}

/// Determines from a unit's text who wrote the unit.
pub(crate) fn seen(there: Option<&str>) -> UnitOrigin {
    let Some(whole) = there else {
        return UnitOrigin::Nothing;
    };
    let ours = whole.split_once('\n').is_some_and(|(first, text)| {
        let sum_written = first
            .strip_prefix(BEGINNING)
            .and_then(|rest| rest.get(..16));
        sum_written == Some(&format!("{:016x}", sum(text)))
    });
    if ours {
        UnitOrigin::Ours
    } else {
        UnitOrigin::Foreign
    }
}

/// FNV-1a: detects edits but not forgery.
fn sum(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |sum, byte| {
        (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_seen() {
        let whole = marked("[Unit]\nA=b\n");
        assert_eq!(seen(None), UnitOrigin::Nothing);
        assert_eq!(seen(Some(&whole)), UnitOrigin::Ours);
        assert_eq!(
            seen(Some(&whole.replace("A=b", "A=c"))),
            UnitOrigin::Foreign
        );
        for other in [
            "",
            "[Unit]\n",
            "# Written by `kenduri install`; é\n",
            BEGINNING,
        ] {
            assert_eq!(seen(Some(other)), UnitOrigin::Foreign);
        }
    }
}
