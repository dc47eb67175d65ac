//! Links to online meetings, and the hosts to which they may lead.

use web::Findings;

/// Adds an error if a link does not lead to a meeting on one of the allowed hosts or their
/// subdomains. The link must use https and have a path, but no user and no port.
pub(crate) fn check(pointer: &str, link: &str, hosts: &[String], findings: &mut Findings) {
    if !is_allowed(link, hosts) {
        let hosts = hosts.join(", ");
        findings.add(pointer, "link_not_allowed", [("hosts", hosts.into())]);
    }
}

pub(crate) fn is_allowed(link: &str, hosts: &[String]) -> bool {
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
    let is_known = hosts.iter().any(|known| {
        let before = host.strip_suffix(known.as_str());
        before.is_some_and(|before| before.is_empty() || before.ends_with('.'))
    });
    is_plain && is_known && !path.is_empty() && !link.contains(char::is_whitespace)
}

/// Cleans the list of allowed hosts that an administrator sent. Adds an error for each entry that
/// is not a host name, such as an IP address or a name with a user, a port or a path.
pub(crate) fn read_hosts(pointer: &str, sent: &[String], findings: &mut Findings) -> Vec<String> {
    let mut hosts: Vec<String> = Vec::new();
    for host in sent {
        let host = host.to_ascii_lowercase();
        if !is_host(&host) {
            findings.add(pointer, "host_invalid", []);
        } else if !hosts.contains(&host) {
            hosts.push(host);
        }
    }
    if sent.is_empty() {
        findings.add(pointer, "required", []);
    }
    hosts
}

/// IP addresses are refused, because their last label begins with a digit.
fn is_host(name: &str) -> bool {
    let is_label = |label: &str| {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(is_plain)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last = name.rsplit('.').next().unwrap_or_default();
    name.contains('.')
        && name.split('.').all(is_label)
        && last.starts_with(|first: char| first.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts() -> Vec<String> {
        ["meet.google.com", "zoom.us", "meet.jit.si"]
            .map(str::to_owned)
            .to_vec()
    }

    #[test]
    fn a_link_leads_to_a_meeting_of_an_allowed_host() {
        for link in [
            "https://meet.google.com/abc-defg-hij",
            "https://us02web.zoom.us/j/123?pwd=x",
            "https://MEET.jit.si/Kenduri",
        ] {
            assert!(is_allowed(link, &hosts()), "{link}");
            assert!(!is_allowed(link, &[]), "{link}");
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
            assert!(!is_allowed(link, &hosts()), "{link}");
        }
    }

    #[test]
    fn an_allowed_host_is_a_name_without_user_port_and_path() {
        let read = |host: &str| {
            let mut findings = Findings::default();
            let hosts = read_hosts("/hosts", &[host.to_owned()], &mut findings);
            findings.is_empty().then_some(hosts)
        };
        assert_eq!(
            read("BBB.example.org"),
            Some(vec!["bbb.example.org".to_owned()])
        );
        assert_eq!(read("xn--bcher-kva.example").map(|all| all.len()), Some(1));
        for host in [
            "",
            "localhost",
            "127.0.0.1",
            "1.2.3.4.5",
            "[::1]",
            "::1",
            "0x7f.0.0.1",
            "meet.example.org:8443",
            "user@meet.example.org",
            "https://meet.example.org",
            "meet.example.org/room",
            "meet..example.org",
            ".example.org",
            "example.org.",
            "-a.example.org",
            "*.example.org",
            "meet example.org",
            "bücher.example",
        ] {
            assert_eq!(read(host), None, "{host}");
        }
        let mut findings = Findings::default();
        read_hosts("/hosts", &[], &mut findings);
        assert!(findings.has("/hosts"));
    }
}
