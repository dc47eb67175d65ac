//! Parsers of values in service settings, such as signals, command lines and environment files.
//!
//! Each error message shows an example of a valid value.

use std::collections::BTreeMap;
use std::time::Duration;

use rustix::process::Signal;
use units::duration;

use super::settings::Listening;
use crate::state::{GiveUpLimit, MemoryAction, RestartWhen, Roll};

const MOST_FAILURES: u32 = 1_000;

const SIGNALS: [(&str, Signal); 8] = [
    ("TERM", Signal::TERM),
    ("INT", Signal::INT),
    ("QUIT", Signal::QUIT),
    ("HUP", Signal::HUP),
    ("USR1", Signal::USR1),
    ("USR2", Signal::USR2),
    ("WINCH", Signal::WINCH),
    ("KILL", Signal::KILL),
];
pub(super) const LISTENING: [(&str, Listening); 3] = [
    ("unix", Listening::Unix),
    ("tcp", Listening::Tcp),
    ("none", Listening::Nowhere),
];
pub(super) const WHEN: [(&str, RestartWhen); 3] = [
    ("always", RestartWhen::Always),
    ("on-failure", RestartWhen::OnFailure),
    ("never", RestartWhen::Never),
];
/// The values of the setting `roll`, by name.
pub(super) const ROLLS: [(&str, Roll); 2] = [("one", Roll::OneAtATime), ("all", Roll::AllAtOnce)];
/// The values of the setting `memory.action`, by name.
pub(super) const ACTIONS: [(&str, MemoryAction); 3] = [
    ("roll", MemoryAction::Roll),
    ("restart", MemoryAction::Restart),
    ("kill", MemoryAction::Kill),
];

pub(super) fn named<T: Copy>(known: &[(&str, T)], name: &str) -> Option<T> {
    let met = known.iter().find(|(known, _)| *known == name);
    met.map(|(_, value)| *value)
}

/// Returns a value's name in settings, or an empty string if it has none.
pub(super) fn name<T: PartialEq>(known: &[(&str, T)], value: &T) -> String {
    let met = known.iter().find(|(_, known)| known == value);
    met.map_or_else(String::new, |(name, _)| (*name).to_owned())
}

pub(super) fn written_signal(signal: Signal) -> String {
    name(&SIGNALS, &signal)
}

/// Parses a backoff such as `200ms..30s`.
pub(super) fn backoff(text: &str) -> Result<(Duration, Duration), String> {
    let how = || format!("{text:?} is not a range of times; write it like 200ms..30s");
    let (least, most) = text.split_once("..").ok_or_else(how)?;
    let (least, most) = (duration(least)?, duration(most)?);
    if least.is_zero() || least > most {
        return Err(how());
    }
    Ok((least, most))
}

/// Parses a limit such as `10 in 10m`, or `never`.
pub(super) fn give_up(text: &str) -> Result<Option<GiveUpLimit>, String> {
    let how = || {
        format!(
            "{text:?} is not a number of failures and a time; write it like \"10 in 10m\", or \"never\""
        )
    };
    if text == "never" {
        return Ok(None);
    }
    let (failures, within) = text.split_once(" in ").ok_or_else(how)?;
    let failures: u32 = failures.trim().parse().map_err(|_| how())?;
    let within = duration(within.trim())?;
    if !(1..=MOST_FAILURES).contains(&failures) || within.is_zero() {
        return Err(how());
    }
    Ok(Some(GiveUpLimit { failures, within }))
}

/// Parses the name of a signal, with or without `SIG`.
pub(super) fn signal(text: &str) -> Result<Signal, String> {
    named(&SIGNALS, text.strip_prefix("SIG").unwrap_or(text)).ok_or_else(|| {
        let names = SIGNALS.map(|(name, _)| name).join(", ");
        format!("{text:?} is not a signal that stops a program; write one of {names}")
    })
}

/// Splits a line at blanks, like a shell. Within `'…'`, every character is literal; within `"…"`,
/// only `\"` and `\\` are escapes; outside quotes, `\` escapes the next character.
pub(super) fn words(line: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match letter {
            quote @ ('\'' | '"') => {
                let word = word.get_or_insert_default();
                loop {
                    match letters.next() {
                        None => {
                            return Err(format!("a {quote} is not closed; close it"));
                        }
                        Some(end) if end == quote => break,
                        Some('\\') if quote == '"' => match letters.next() {
                            Some(kept @ ('"' | '\\')) => word.push(kept),
                            Some(other) => word.extend(['\\', other]),
                            None => word.push('\\'),
                        },
                        Some(other) => word.push(other),
                    }
                }
            }
            '\\' => word.get_or_insert_default().extend(letters.next()),
            blank if blank.is_whitespace() => words.extend(word.take()),
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    Ok(words)
}

/// Parses `NAME=value` lines. Skips empty lines and lines that begin with `#`, ignores a leading
/// `export `, and removes quotes around a value.
pub(super) fn environment(text: &str) -> Result<BTreeMap<String, String>, String> {
    let mut found = BTreeMap::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let line = line.strip_prefix("export ").unwrap_or(line);
        let pair = line
            .split_once('=')
            .map(|(name, value)| (name.trim(), value.trim()));
        let Some((name, value)) =
            pair.filter(|(name, value)| is_name(name) && !value.contains('\0'))
        else {
            // The line may be secret, so the message does not show it.
            return Err(format!(
                "line {} is not NAME=value; write one variable on each line",
                number + 1
            ));
        };
        let bare = ['"', '\'']
            .iter()
            .find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote));
        found.insert(name.to_owned(), bare.unwrap_or(value).to_owned());
    }
    Ok(found)
}

pub(super) fn is_name(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(|first: char| first.is_ascii_digit())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_what_was_read() {
        for (name, known) in SIGNALS {
            assert_eq!(signal(name), Ok(known));
            assert_eq!(written_signal(known), name);
        }
    }

    #[test]
    fn a_range_grows() {
        let (least, most) = (Duration::from_millis(200), Duration::from_secs(30));
        assert_eq!(backoff("200ms..30s"), Ok((least, most)));
        for wrong in ["", "200ms", "30s..200ms", "0s..1s", "1s...2s", "..2s"] {
            assert!(backoff(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn giving_up_has_a_number_and_a_time() {
        let wanted = GiveUpLimit {
            failures: 10,
            within: Duration::from_mins(10),
        };
        assert_eq!(give_up("10 in 10m"), Ok(Some(wanted)));
        assert_eq!(give_up("never"), Ok(None));
        for wrong in ["", "10", "0 in 10m", "10 in 0s", "10in 10m", "9999 in 1m"] {
            assert!(give_up(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_line_is_split_as_a_shell_does() {
        for (line, split) in [
            ("", &[] as &[&str]),
            ("  a  b\tc ", &["a", "b", "c"]),
            ("a 'b  \"c' d", &["a", "b  \"c", "d"]),
            (r#"a "b \" \\ \n" "#, &["a", r#"b " \ \n"#]),
            (r"a\ b ''", &["a b", ""]),
            ("x='y z'", &["x=y z"]),
        ] {
            assert_eq!(words(line).unwrap(), split, "{line}");
        }
        assert!(words("a 'b").is_err());
        assert!(words("a \"b\\").is_err());
    }

    #[test]
    fn environment_files_are_plain() {
        let text = "# secrets\n\nexport A=1\nB = \"two words\"\nC=x=y\nD=\n";
        let read = environment(text).unwrap();
        let pairs: Vec<_> = read.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        assert_eq!(
            pairs,
            [("A", "1"), ("B", "two words"), ("C", "x=y"), ("D", "")]
        );
        for wrong in ["hunter2", "1A=x", "A B=c", "=x"] {
            let why = environment(wrong).unwrap_err();
            assert!(why.contains("line 1") && !why.contains(wrong), "{why}");
        }
    }
}
