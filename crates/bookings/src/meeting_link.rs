//! Links to online meetings.

/// The allowed host names in a link to an online meeting. Subdomains are allowed too.
const MEETINGS: [&str; 5] = [
    "meet.google.com",
    "zoom.us",
    "teams.microsoft.com",
    "teams.live.com",
    "meet.jit.si",
];

/// Whether a link leads to a meeting on one of [`MEETINGS`]. The link must use https and have a
/// path, but no user and no port.
pub(crate) fn is_allowed(link: &str) -> bool {
    let Some((authority, path)) = link
        .strip_prefix("https://")
        .and_then(|rest| rest.split_once('/'))
    else {
        return false;
    };
    let host = authority.to_ascii_lowercase();
    let is_plain = host
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'));
    let is_known = MEETINGS.iter().any(|known| {
        let before = host.strip_suffix(known);
        before.is_some_and(|before| before.is_empty() || before.ends_with('.'))
    });
    is_plain && is_known && !path.is_empty() && !link.contains(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_to_a_meeting_of_a_known_host() {
        for link in [
            "https://meet.google.com/abc-defg-hij",
            "https://us02web.zoom.us/j/123?pwd=x",
            "https://MEET.jit.si/Kenduri",
        ] {
            assert!(is_allowed(link), "{link}");
        }
        for link in [
            "http://meet.google.com/abc",
            "https://meet.google.com",
            "https://meet.google.com/",
            "https://meet.google.com.evil.example/abc",
            "https://evilzoom.us/j/1",
            "https://user@zoom.us/j/1",
            "https://zoom.us:8443/j/1",
            "https://127.0.0.1/zoom.us",
            "https://zoom.us/j/1 2",
            "javascript:alert(1)//zoom.us/",
        ] {
            assert!(!is_allowed(link), "{link}");
        }
    }
}
