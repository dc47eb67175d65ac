//! The time in a log line that is JSON.

use jiff::Timestamp;
use serde_json::Value;

/// The usual names of the time field.
const NAMES: [&str; 4] = ["time", "timestamp", "@timestamp", "ts"];
/// The largest number that is interpreted as seconds, which is in the year 5138. Larger numbers are
/// milliseconds.
const MOST_SECONDS: f64 = 1e11;

/// The earliest accepted time: the year 2000.
const FIRST: Timestamp = Timestamp::constant(946_684_800, 0);

/// Returns the time within a JSON line (RFC 3339, or seconds or milliseconds since 1970). Programs
/// use these field names for other values too, so a time later than `last` is ignored.
pub(super) fn time_of(text: &str, last: Timestamp) -> Option<Timestamp> {
    if !text.starts_with('{') {
        return None;
    }
    let Ok(Value::Object(line)) = serde_json::from_str(text) else {
        return None;
    };
    let mut instants = NAMES.iter().filter_map(|name| instant(line.get(*name)?));
    instants.find(|at| (FIRST..=last).contains(at))
}

fn instant(value: &Value) -> Option<Timestamp> {
    match value {
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
    use super::*;

    const LAST: Timestamp = Timestamp::constant(1_795_255_200, 0);

    #[test]
    fn times_are_found_where_programs_write_them() {
        for text in [
            r#"{"time":"2026-11-21T10:00:00Z"}"#,
            r#"{"level":30,"time":1795255200000,"msg":"x"}"#,
            r#"{"ts":1795255200.0}"#,
            r#"{"@timestamp":"2026-11-21T11:00:00+01:00"}"#,
            r#"{"msg":"GET /","time":12,"ts":1795255200}"#,
        ] {
            assert_eq!(
                time_of(text, LAST).unwrap().as_second(),
                1_795_255_200,
                "{text}"
            );
        }
        for text in [
            "",
            "{",
            "[]",
            r#"{"time":"soon"}"#,
            r#"{"a":1}"#,
            r#"{"ts":1e300}"#,
            r#"{"msg":"GET /","time":12}"#,
            r#"{"time":"1999-12-31T23:59:59Z"}"#,
            r#"{"time":"2026-11-21T10:00:01Z"}"#,
        ] {
            assert_eq!(time_of(text, LAST), None, "{text}");
        }
    }
}
