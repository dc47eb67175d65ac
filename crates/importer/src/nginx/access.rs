//! Converts `allow`, `deny` and `auth_basic` to the key `access` of a route.

use std::fmt::Write as _;

use edge::{Access, Basic};

use super::directive::Directive;

/// Together, they contain all IP addresses.
const ALL: [&str; 2] = ["0.0.0.0/0", "::/0"];

/// Of the path of nginx's password file.
const MAX_NAME_CHARS: usize = 120;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rule {
    allows: bool,
    /// The network in CIDR notation; empty for all IP addresses.
    network: String,
}

impl Rule {
    /// Parses a rule; `None` if its argument is not a network.
    pub(super) fn read(directive: &Directive) -> Option<Self> {
        let network = directive.word(0);
        let is_all = network == "all";
        if !is_all && edge::values::network(network).is_err() {
            return None;
        }
        Some(Self {
            allows: directive.name == "allow",
            network: if is_all {
                String::new()
            } else {
                network.to_owned()
            },
        })
    }
}

/// The rules before the first rule for all IP addresses, and whether that one allows access, as
/// nginx does without any.
fn first(rules: &[Rule]) -> (&[Rule], bool) {
    match rules.iter().position(|rule| rule.network.is_empty()) {
        Some(end) => (&rules[..end], rules[end].allows),
        None => (rules, true),
    }
}

/// Converts the rules to the key `access` of a route. In nginx, the first matching rule applies.
pub(super) fn access(rules: &[Rule], realm: &str, users: &str, host: &str) -> Option<Access> {
    let (rules, open) = first(rules);
    let networks = |allows: bool| -> Vec<String> {
        let rules = rules.iter().filter(|rule| rule.allows == allows);
        rules.map(|rule| rule.network.clone()).collect()
    };
    let mut access = Access {
        deny: networks(false),
        ..Access::default()
    };
    if !open {
        access.allow = networks(true);
        if access.allow.is_empty() {
            access.deny = ALL.map(str::to_owned).to_vec();
        }
    }
    if !realm.is_empty() && !users.is_empty() {
        let plain = |letter: char| matches!(letter, ' '..='~') && !matches!(letter, '"' | '\\');
        let shown: String = realm.chars().filter(|letter| plain(*letter)).collect();
        access.basic = Some(Basic {
            file: format!("secrets/{}-{}", file_name(host), path_name(users)),
            realm: if shown.is_empty() {
                "Sign in".to_owned()
            } else {
                shown
            },
        });
    } else if !realm.is_empty() {
        // nginx denies everyone if the password file is missing.
        access.allow.clear();
        access.deny = ALL.map(str::to_owned).to_vec();
    }
    let says = !access.allow.is_empty() || !access.deny.is_empty() || access.basic.is_some();
    says.then_some(access)
}

/// Whether the converted rules may deny an IP address that nginx allows. This can happen if a rule
/// that allows a network precedes a rule that denies one, because `deny` takes precedence in
/// Kenduri.
pub(super) fn is_stricter(rules: &[Rule]) -> bool {
    let (rules, _) = first(rules);
    let allowed = rules.iter().position(|rule| rule.allows);
    let denied = rules.iter().rposition(|rule| !rule.allows);
    matches!((allowed, denied), (Some(allowed), Some(denied)) if allowed < denied)
}

fn file_name(host: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '.');
    let name: String = host.chars().filter(|letter| plain(*letter)).collect();
    if name.trim_matches('.').is_empty() {
        "passwords".to_owned()
    } else {
        name.trim_matches('.').to_owned()
    }
}

/// Different paths get different names. Only the last [`MAX_NAME_CHARS`] of a long name are kept.
fn path_name(path: &str) -> String {
    let mut name = String::new();
    for letter in path.trim_start_matches('/').chars() {
        match letter {
            '/' => name.push('-'),
            '_' => name.push_str("__"),
            '.' => name.push('.'),
            _ if letter.is_ascii_alphanumeric() => name.push(letter),
            _ => {
                let _ = write!(name, "_{:x}_", u32::from(letter));
            }
        }
    }
    // File names can have up to 255 bytes.
    let end = name.len().saturating_sub(MAX_NAME_CHARS);
    name.split_off(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(text: &str) -> Vec<Rule> {
        let rules = text.split_whitespace().map(|word| {
            let (allows, network) = (word.starts_with('+'), &word[1..]);
            let network = if network == "all" { "" } else { network };
            Rule {
                allows,
                network: network.to_owned(),
            }
        });
        rules.collect()
    }

    #[test]
    fn the_first_rule_that_fits_counts() {
        for (text, allow, deny, stricter) in [
            ("+10.0.0.0/8 +::1 -all", "10.0.0.0/8 ::1", "", false),
            ("-10.6.6.6 +all", "", "10.6.6.6", false),
            (
                "-10.6.6.6 +10.0.0.0/8 -all",
                "10.0.0.0/8",
                "10.6.6.6",
                false,
            ),
            ("+10.6.6.6 -10.0.0.0/8", "", "10.0.0.0/8", true),
            ("-all +10.0.0.1", "", "0.0.0.0/0 ::/0", false),
        ] {
            let access = access(&rules(text), "", "", "").unwrap();
            assert_eq!(access.allow.join(" "), allow, "{text}");
            assert_eq!(access.deny.join(" "), deny, "{text}");
            assert_eq!(is_stricter(&rules(text)), stricter, "{text}");
        }
        assert!(access(&rules("+all -10.0.0.1"), "", "", "").is_none());
    }

    #[test]
    fn a_password_is_never_lost() {
        let both = access(&[], "The \"album\"", "/etc/nginx/.htpasswd", "*.a.example").unwrap();
        let basic = both.basic.unwrap();
        assert_eq!(
            (&*basic.file, &*basic.realm),
            ("secrets/a.example-etc-nginx-.htpasswd", "The album")
        );
        let other = access(&[], "Staff", "/srv/.htpasswd", "a.example").unwrap();
        assert_eq!(other.basic.unwrap().file, "secrets/a.example-srv-.htpasswd");
        let without_file = access(&[], "Album", "", "").unwrap();
        assert_eq!(without_file.deny, ALL);
    }
}
