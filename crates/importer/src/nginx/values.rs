//! Converts nginx's sizes, times and rates to Kenduri's notation.

use edge::Limit;

/// A year, in milliseconds.
const LONGEST: u64 = 366 * 24 * 3_600 * 1_000;

/// Of a size such as `20m`: its number, its unit and the bytes that it stands for.
fn parts(text: &str) -> Option<(u64, &'static str, u64)> {
    let end = text
        .find(|letter: char| !letter.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let number: u64 = number.parse().ok()?;
    let (unit, bits) = match unit {
        "" => ("", 0),
        "k" | "K" => ("K", 10),
        "m" | "M" => ("M", 20),
        "g" | "G" => ("G", 30),
        _ => return None,
    };
    Some((number, unit, number.checked_mul(1 << bits)?))
}

/// Converts a size such as `20m` to a number of bytes; `None` if it is invalid.
pub(super) fn bytes(text: &str) -> Option<u64> {
    parts(text).map(|(_, _, bytes)| bytes)
}

/// Converts a size such as `20m` to `20M`; `None` if it is invalid. Returns an empty string for 0,
/// which means no limit in nginx.
pub(super) fn size(text: &str) -> Option<String> {
    let (number, unit, bytes) = parts(text)?;
    Some(if bytes == 0 {
        String::new()
    } else {
        format!("{number}{unit}")
    })
}

/// Parses a time such as `1h 30m`, `90` (seconds) or `500ms`. The result is in milliseconds.
pub(super) fn milliseconds(text: &str) -> Option<u64> {
    let mut rest = text.trim();
    if rest.is_empty() {
        return None;
    }
    let mut whole: u64 = 0;
    while !rest.is_empty() {
        let end = rest
            .find(|letter: char| !letter.is_ascii_digit())
            .unwrap_or(rest.len());
        let number: u64 = rest[..end].parse().ok()?;
        rest = rest[end..].trim_start();
        let units = [
            ("ms", 1),
            ("s", 1_000),
            ("m", 60_000),
            ("h", 3_600_000),
            ("d", 86_400_000),
            ("w", 7 * 86_400_000),
            ("M", 30 * 86_400_000),
            ("y", 365 * 86_400_000),
        ];
        let unit = units.iter().find(|(unit, _)| rest.starts_with(unit));
        let (length, factor) = match unit {
            Some((unit, factor)) => (unit.len(), *factor),
            None if rest.is_empty() => (0, 1_000),
            None => return None,
        };
        whole = whole.checked_add(number.checked_mul(factor)?)?;
        rest = rest[length..].trim_start();
    }
    Some(whole)
}

/// Converts a time to the notation of `kenduri.toml`; `None` if it is too long or invalid.
pub(super) fn time(text: &str) -> Option<String> {
    milliseconds(text)
        .filter(|time| (1..=LONGEST).contains(time))
        .map(crate::time)
}

/// Converts the argument of `expires` to a value of `Cache-Control`.
pub(super) fn expires(text: &str) -> Option<String> {
    match text {
        "max" => Some("max-age=315360000".to_owned()),
        "epoch" => Some("no-cache".to_owned()),
        _ if text.starts_with('-') => milliseconds(&text[1..]).map(|_| "no-cache".to_owned()),
        _ => milliseconds(text).map(|time| format!("max-age={}", time / 1_000)),
    }
}

/// Converts a rate such as `10r/s`. `key` is the nginx variable by which requests are counted.
pub(super) fn limit(key: &str, rate: &str) -> Option<Limit> {
    let (number, unit) = rate.split_once("r/")?;
    let number: u32 = number.parse().ok().filter(|number| *number > 0)?;
    if !matches!(unit, "s" | "m") {
        return None;
    }
    let header = |name: &str| name.replace('_', "-");
    let by = match key.trim_start_matches('$').trim_matches(['{', '}']) {
        "binary_remote_addr" | "remote_addr" => "ip".to_owned(),
        name => {
            if let Some(name) = name.strip_prefix("http_") {
                format!("header:{}", header(name))
            } else if let Some(name) = name.strip_prefix("cookie_") {
                format!("cookie:{name}")
            } else {
                return None;
            }
        }
    };
    Some(Limit {
        rate: format!("{number}/{unit}"),
        burst: 1,
        by,
        on: String::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_times_are_carried_over() {
        assert_eq!(size("20m").as_deref(), Some("20M"));
        assert_eq!(size("0").as_deref(), Some(""));
        assert_eq!(size("100").as_deref(), Some("100"));
        assert_eq!(size("much"), None);
        assert_eq!(size("99999999999999999g"), None);
        assert_eq!(time("90").as_deref(), Some("90s"));
        assert_eq!(time("1h 30m").as_deref(), Some("90m"));
        assert_eq!(time("1d").as_deref(), Some("1d"));
        assert_eq!(time("300ms").as_deref(), Some("300ms"));
        for wrong in ["", "0", "5x", "s", "9999999999999999999", "99y"] {
            assert_eq!(time(wrong), None, "{wrong}");
        }
        assert_eq!(expires("30d").as_deref(), Some("max-age=2592000"));
        assert_eq!(expires("-1").as_deref(), Some("no-cache"));
        assert_eq!(expires("@15h"), None);
    }

    #[test]
    fn limits_know_whom_they_count() {
        assert_eq!(limit("$binary_remote_addr", "10r/s").unwrap().rate, "10/s");
        assert_eq!(
            limit("$http_x_api_key", "30r/m").unwrap().by,
            "header:x-api-key"
        );
        assert_eq!(
            limit("$cookie_session", "1r/s").unwrap().by,
            "cookie:session"
        );
        for (key, rate) in [
            ("$server_name", "10r/s"),
            ("$remote_addr", "0r/s"),
            ("$remote_addr", "1r/h"),
        ] {
            assert!(limit(key, rate).is_none());
        }
    }
}
