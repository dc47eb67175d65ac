//! Checks settings: parses and formats times and sizes, suggests corrections for misspelled words,
//! and collects the problems of all parts of a settings file with their places in it.
//!
//! Each error message shows an example of a valid value.

mod check;
mod health_config;
mod nearest;
mod problem;

use std::fmt::Write as _;
use std::time::Duration;

pub use check::Check;
pub use health_config::HealthConfig;
pub use nearest::nearest;
pub use problem::{Origin, Problem, Problems};

/// Ten years.
const LONGEST_TIME: Duration = Duration::from_hours(10 * 366 * 24);

/// In milliseconds, largest first.
const TIMES: [(&str, u64); 5] = [
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];
/// In bytes, largest first.
const SIZES: [(&str, u64); 4] = [("G", 1 << 30), ("M", 1 << 20), ("K", 1 << 10), ("", 1)];

/// Parses a time such as `250ms`, `30s`, `5m`, `2h` or `30d`.
pub fn duration(text: &str) -> Result<Duration, String> {
    let how = || format!("{text:?} is not a time; write it like 500ms, 30s, 5m, 2h or 30d");
    let time = Duration::from_millis(number(text, &TIMES).ok_or_else(how)?);
    if time > LONGEST_TIME {
        return Err(format!("{text:?} is too long; write at most 3650d"));
    }
    Ok(time)
}

/// Parses a size such as `500`, `16K`, `15M` or `1G`, in bytes. 0 is an error.
pub fn size(text: &str) -> Result<u64, String> {
    let how = || format!("{text:?} is not a size; write it like 500K, 15M or 1G");
    let size = number(text, &SIZES).filter(|size| (1..u64::MAX).contains(size));
    size.ok_or_else(how)
}

/// Like [`size`], but accepts `0`.
pub fn size_or_none(text: &str) -> Result<u64, String> {
    if text == "0" { Ok(0) } else { size(text) }
}

/// Checks the path of a request, perhaps with a query: at most 1,024 bytes, and nothing that must be
/// escaped.
pub fn path(text: &str) -> Result<&str, String> {
    let shown: String = text.chars().take(80).collect();
    if !text.starts_with('/') {
        return Err(format!(
            "{shown:?} does not begin with a slash; write the path alone, without scheme and host, like /healthz"
        ));
    }
    if let Some(odd) = text.chars().find(|&c| !may_be_in_path(c)) {
        let mut escaped = String::new();
        for byte in odd.to_string().bytes() {
            // Writing into a `String` cannot fail.
            let _ = write!(escaped, "%{byte:02X}");
        }
        return Err(format!(
            "{shown:?} has {odd:?}, which cannot be in a path; write it as {escaped}, or leave it out"
        ));
    }
    if text.len() > 1_024 {
        return Err(format!(
            "{shown:?}… has {} bytes; a path may have 1024, so write a shorter one",
            text.len()
        ));
    }
    Ok(text)
}

fn may_be_in_path(c: char) -> bool {
    c.is_ascii_graphic() && !"#<>`".contains(c)
}

pub fn written_duration(time: Duration) -> String {
    let milliseconds = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    with_unit(milliseconds, &TIMES)
}

pub fn written_size(bytes: u64) -> String {
    with_unit(bytes, &SIZES)
}

/// The largest number instead of overflowing.
fn number(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let is_digit = |letter: char| letter.is_ascii_digit();
    let end = text.find(|letter| !is_digit(letter)).unwrap_or(text.len());
    let (number, name) = text.split_at(end);
    let (_, unit) = units.iter().find(|(known, _)| *known == name)?;
    Some(number.parse::<u64>().ok()?.saturating_mul(*unit))
}

fn with_unit(number: u64, units: &[(&str, u64)]) -> String {
    let fits = |unit: &&(&str, u64)| number > 0 && number.is_multiple_of(unit.1);
    // 0 is formatted as `0s`.
    let (name, unit) = units.iter().find(fits).unwrap_or(&("s", 1));
    format!("{}{name}", number / unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(duration("5m"), Ok(Duration::from_mins(5)));
        assert_eq!(duration("365d"), Ok(Duration::from_hours(365 * 24)));
        for wrong in [
            "",
            "5",
            "s",
            "5 s",
            "-5s",
            "1.5s",
            "5w",
            "3661d",
            "99999999999d",
        ] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn sizes_have_units() {
        assert_eq!(size("15M"), Ok(15 << 20));
        assert_eq!(size("700"), Ok(700));
        for wrong in ["", "M", "0", "15MB", "-1K", "99999999999G"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
        assert_eq!(size_or_none("0"), Ok(0));
    }

    #[test]
    fn what_is_wrong_with_a_path_is_told_with_its_remedy() {
        assert_eq!(path("/healthz?deep=1"), Ok("/healthz?deep=1"));
        let long = format!("/{}", "a".repeat(1_024));
        for (wrong, what, mend) in [
            (
                "http://a/b",
                "does not begin with a slash",
                "the path alone",
            ),
            (
                "/a b",
                "has ' ', which cannot be in a path",
                "write it as %20",
            ),
            (
                "/é",
                "has 'é', which cannot be in a path",
                "write it as %C3%A9",
            ),
            ("/a#b", "has '#'", "write it as %23"),
            (&*long, "has 1025 bytes", "write a shorter one"),
        ] {
            let why = path(wrong).unwrap_err();
            let (told, remedy) = why.split_once("; ").unwrap();
            assert!(told.contains(what) && remedy.contains(mend), "{why}");
        }
    }

    #[test]
    fn what_is_written_is_what_was_read() {
        for time in ["0s", "1ms", "250ms", "90s", "5m", "36h", "366d"] {
            assert_eq!(written_duration(duration(time).unwrap()), time);
        }
        for bytes in ["1", "1023", "16K", "150M", "3G"] {
            assert_eq!(written_size(size(bytes).unwrap()), bytes);
        }
    }
}
