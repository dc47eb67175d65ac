//! Parses values of PM2 settings.

use serde_json::Value;

/// Converts a value to text; `None` for null.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(yes) => Some(yes.to_string()),
        Value::Null => None,
        // PM2 passes other values on in JSON notation.
        other => Some(other.to_string()),
    }
}

/// Converts a number, or a text such as `3s`, `5m` or `1h`, to milliseconds.
pub(super) fn milliseconds(value: &Value) -> Option<u64> {
    let text = match value {
        Value::Number(number) => return number.as_u64(),
        Value::String(text) => text.trim(),
        _ => return None,
    };
    let end = text
        .find(|letter: char| !letter.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let number: u64 = number.parse().ok()?;
    let factor = match unit.trim() {
        "" | "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    number.checked_mul(factor)
}

/// Converts `150M`, `1G`, `2048K` or a number of bytes to the notation of `kenduri.toml`.
pub(super) fn size(value: &Value) -> Option<String> {
    let text = text(value)?;
    let text = text.trim();
    let end = text
        .find(|letter: char| !letter.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let number: u64 = number.parse().ok().filter(|number| *number > 0)?;
    let (unit, bits) = match unit {
        "" => ("", 0),
        "K" | "k" | "KB" => ("K", 10),
        "M" | "m" | "MB" => ("M", 20),
        "G" | "g" | "GB" => ("G", 30),
        _ => return None,
    };
    // A size below Kenduri's minimum is probably a mistake, so it is not imported.
    let bytes = number.checked_mul(1 << bits)?;
    (bytes >= 1 << 20).then(|| format!("{number}{unit}"))
}

/// The number of instances in an app's settings.
pub(super) enum Instances {
    Number(u32),
    /// As many instances as there are processor cores, minus this number.
    Cores(usize),
    Unknown,
}

/// Parses a number of instances, such as `4`, `"max"`, `0` or `-1`.
pub(super) fn instances(value: &Value) -> Instances {
    let Some(text) = text(value) else {
        return Instances::Unknown;
    };
    if text == "max" {
        return Instances::Cores(0);
    }
    match text.trim().parse::<i64>() {
        Ok(0) => Instances::Cores(0),
        Ok(less @ -1_000..0) => Instances::Cores(usize::try_from(-less).unwrap_or(0)),
        Ok(number) => u32::try_from(number).map_or(Instances::Unknown, Instances::Number),
        Err(_) => Instances::Unknown,
    }
}

/// Quotes a word of a command line if necessary.
pub(super) fn quoted(word: &str) -> String {
    let plain = |letter: char| !letter.is_whitespace() && !matches!(letter, '"' | '\'' | '\\');
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("\"{}\"", word.replace('\\', "\\\\").replace('"', "\\\""))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn times_and_sizes_are_carried_over() {
        assert_eq!(milliseconds(&json!(4000)), Some(4_000));
        assert_eq!(milliseconds(&json!("3s")), Some(3_000));
        assert_eq!(milliseconds(&json!("1h")), Some(3_600_000));
        assert_eq!(milliseconds(&json!("-1")), None);
        assert_eq!(size(&json!("150M")).as_deref(), Some("150M"));
        assert_eq!(size(&json!(1 << 20)).as_deref(), Some("1048576"));
        assert_eq!(size(&json!(1024)), None);
        assert_eq!(size(&json!("1023K")), None);
        assert_eq!(size(&json!("0M")), None);
        assert_eq!(size(&json!("99999999999G")), None);
    }

    #[test]
    fn instances_may_be_cores() {
        assert!(matches!(instances(&json!("max")), Instances::Cores(0)));
        assert!(matches!(instances(&json!(0)), Instances::Cores(0)));
        assert!(matches!(instances(&json!(-1)), Instances::Cores(1)));
        assert!(matches!(instances(&json!("2")), Instances::Number(2)));
        assert!(matches!(instances(&json!(1.5)), Instances::Unknown));
        assert!(matches!(instances(&json!(null)), Instances::Unknown));
    }

    #[test]
    fn words_are_quoted_as_the_supervisor_splits_them() {
        assert_eq!(quoted("a"), "a");
        assert_eq!(quoted("a b"), "\"a b\"");
        assert_eq!(quoted("a\"\\b"), "\"a\\\"\\\\b\"");
        assert_eq!(quoted(""), "\"\"");
    }
}
