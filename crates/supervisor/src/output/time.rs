//! The time that a line of JSON tells itself.

use jiff::Timestamp;
use serde_json::Value;

/// The names under which programs usually tell it.
const NAMES: [&str; 4] = ["time", "timestamp", "@timestamp", "ts"];
/// A larger number counts milliseconds, and no seconds: the year 5138.
const MOST_SECONDS: f64 = 1e11;

/// When a line says that it was said (RFC 3339, or seconds or milliseconds since 1970).
pub(super) fn told(text: &str) -> Option<Timestamp> {
    if !text.starts_with('{') {
        return None;
    }
    let Ok(Value::Object(line)) = serde_json::from_str(text) else {
        return None;
    };
    match NAMES.iter().find_map(|name| line.get(*name))? {
        Value::String(time) => time.parse().ok(),
        Value::Number(number) => {
            let number = number.as_f64()?;
            let seconds = if number > MOST_SECONDS {
                number / 1e3
            } else {
                number
            };
            let since = jiff::SignedDuration::try_from_secs_f64(seconds).ok()?;
            Timestamp::from_duration(since).ok()
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::told;

    #[test]
    fn times_are_found_where_programs_write_them() {
        for text in [
            r#"{"time":"2026-11-21T10:00:00Z"}"#,
            r#"{"level":30,"time":1795255200000,"msg":"x"}"#,
            r#"{"ts":1795255200.0}"#,
            r#"{"@timestamp":"2026-11-21T11:00:00+01:00"}"#,
        ] {
            assert_eq!(told(text).unwrap().as_second(), 1_795_255_200, "{text}");
        }
        for text in [
            "",
            "{",
            "[]",
            r#"{"time":"soon"}"#,
            r#"{"a":1}"#,
            r#"{"ts":1e300}"#,
        ] {
            assert_eq!(told(text), None, "{text}");
        }
    }
}
