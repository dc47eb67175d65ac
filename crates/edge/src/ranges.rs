//! Parses the header `Range: bytes=…` (RFC 9110, section 14).

use std::ops::Range;

/// A request with more ranges gets the whole content.
const MAX_RANGES: usize = 16;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RequestedRanges {
    Whole,
    /// Non-empty ranges that do not overlap.
    Parts(Vec<Range<u64>>),
    /// The content has none of the requested ranges.
    Nothing,
}

/// Returns the ranges that a `Range` header names in content of this length, sorted and merged. An
/// invalid header is ignored, as RFC 9110, section 14.2, allows.
pub(crate) fn wanted(header: &[u8], length: u64) -> RequestedRanges {
    // Empty content has no ranges.
    if length == 0 {
        return RequestedRanges::Whole;
    }
    let Some(list) = std::str::from_utf8(header).ok().and_then(after_unit) else {
        return RequestedRanges::Whole;
    };
    let mut parts = Vec::new();
    let mut count = 0;
    for spec in list.split(',').map(|spec| spec.trim_matches([' ', '\t'])) {
        if spec.is_empty() {
            continue;
        }
        count += 1;
        match part(spec, length) {
            _ if count > MAX_RANGES => return RequestedRanges::Whole,
            Spec::Wrong => return RequestedRanges::Whole,
            Spec::Outside => {}
            Spec::Part(part) => parts.push(part),
        }
    }
    match (count, parts.is_empty()) {
        (0, _) => RequestedRanges::Whole,
        (_, true) => RequestedRanges::Nothing,
        _ => RequestedRanges::Parts(joined(parts)),
    }
}

fn after_unit(header: &str) -> Option<&str> {
    let (unit, list) = header.split_once('=')?;
    unit.trim().eq_ignore_ascii_case("bytes").then_some(list)
}

enum Spec {
    Wrong,
    Outside,
    Part(Range<u64>),
}

fn part(spec: &str, length: u64) -> Spec {
    let Some((first, last)) = spec.split_once('-') else {
        return Spec::Wrong;
    };
    let range = match (number(first), number(last)) {
        (Some(first), Some(last)) if first <= last => first..last.saturating_add(1).min(length),
        (Some(first), None) if last.is_empty() => first..length,
        (None, Some(suffix)) if first.is_empty() => length.saturating_sub(suffix)..length,
        _ => return Spec::Wrong,
    };
    if range.is_empty() {
        Spec::Outside
    } else {
        Spec::Part(range)
    }
}

/// `u64::MAX` if it is too large.
fn number(text: &str) -> Option<u64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(u64::MAX))
}

fn joined(parts: Vec<Range<u64>>) -> Vec<Range<u64>> {
    let mut sorted = parts.clone();
    sorted.sort_by_key(|part| part.start);
    if sorted.windows(2).all(|pair| pair[0].end <= pair[1].start) {
        return parts;
    }
    let mut joined: Vec<Range<u64>> = Vec::new();
    for part in sorted {
        match joined.last_mut() {
            Some(last) if part.start <= last.end => last.end = last.end.max(part.end),
            _ => joined.push(part),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn understands_what_the_standard_says() {
        let parts = |parts: &[(u64, u64)]| {
            RequestedRanges::Parts(parts.iter().map(|(start, end)| *start..*end).collect())
        };
        let many = |count: usize| format!("bytes={}", vec!["0-0"; count].join(","));
        let (sixteen, seventeen) = (many(16), many(17));
        let table = [
            ("bytes=0-499", parts(&[(0, 500)])),
            ("bytes=500-999", parts(&[(500, 1_000)])),
            ("bytes=-500", parts(&[(500, 1_000)])),
            ("bytes=500-", parts(&[(500, 1_000)])),
            ("bytes=0-0,-1", parts(&[(0, 1), (999, 1_000)])),
            ("bytes= 0-0 , 5-6", parts(&[(0, 1), (5, 7)])),
            ("bytes=,0-0,,", parts(&[(0, 1)])),
            ("BYTES=0-0", parts(&[(0, 1)])),
            ("bytes=5-6,0-0", parts(&[(5, 7), (0, 1)])),
            ("bytes=0-5,3-9", parts(&[(0, 10)])),
            ("bytes=5-9,0-6,20-30", parts(&[(0, 10), (20, 31)])),
            ("bytes=0-9,0-9", parts(&[(0, 10)])),
            ("bytes=0-99999", parts(&[(0, 1_000)])),
            ("bytes=-99999", parts(&[(0, 1_000)])),
            ("bytes=0-99999999999999999999999", parts(&[(0, 1_000)])),
            ("bytes=5000-,0-1", parts(&[(0, 2)])),
            ("bytes=1000-", RequestedRanges::Nothing),
            ("bytes=99999999999999999999999-", RequestedRanges::Nothing),
            ("bytes=-0", RequestedRanges::Nothing),
            ("bytes=2000-3000,-0", RequestedRanges::Nothing),
            ("bytes=5-4", RequestedRanges::Whole),
            ("bytes=0-1,5-4", RequestedRanges::Whole),
            ("bytes=-", RequestedRanges::Whole),
            ("bytes=", RequestedRanges::Whole),
            ("bytes", RequestedRanges::Whole),
            ("", RequestedRanges::Whole),
            ("bytes=a-b", RequestedRanges::Whole),
            ("bytes=+1-2", RequestedRanges::Whole),
            ("bytes=1--2", RequestedRanges::Whole),
            ("bytes=1 - 2", RequestedRanges::Whole),
            ("pages=1-2", RequestedRanges::Whole),
            (&sixteen, parts(&[(0, 1)])),
            (&seventeen, RequestedRanges::Whole),
        ];
        for (header, expected) in table {
            assert_eq!(wanted(header.as_bytes(), 1_000), expected, "{header}");
        }
        assert_eq!(wanted(b"bytes=0-", 0), RequestedRanges::Whole);
        assert_eq!(wanted(b"bytes=\xff-", 9), RequestedRanges::Whole);
    }

    proptest! {
        #[test]
        fn parts_lie_inside_and_apart(header in "bytes=[-0-9, ]{0,40}", length in 0_u64..2_000) {
            if let RequestedRanges::Parts(parts) = wanted(header.as_bytes(), length) {
                prop_assert!(!parts.is_empty());
                let mut taken = vec![false; usize::try_from(length).unwrap()];
                for part in parts {
                    prop_assert!(part.start < part.end && part.end <= length);
                    for at in part {
                        let at = usize::try_from(at).unwrap();
                        prop_assert!(!taken[at]);
                        taken[at] = true;
                    }
                }
            }
        }

        #[test]
        fn no_header_is_too_strange(header in proptest::collection::vec(any::<u8>(), 0..60), length: u64) {
            let _ = wanted(&header, length);
        }
    }
}
