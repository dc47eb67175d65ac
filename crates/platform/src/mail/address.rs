//! Email addresses. They are stored as typed and compared in a canonical form.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use unicode_normalization::UnicodeNormalization;

use crate::store::{Bind, Column, Value};

/// The longest email address, in characters.
pub const LIMIT: usize = 254;

/// A single email address. It contains no line break, comma or bracket, so it can be written into a
/// header field.
///
/// Two addresses are equal if their canonical forms are equal: the local part in lower case, the
/// domain as DNS compares it. Plus-tags and dots are kept, so they make different addresses.
#[derive(Clone, Debug)]
pub struct Address {
    shown: String,
    canonical: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a mail address")]
pub struct NotAnAddress;

impl Address {
    /// The email address as it was typed.
    pub fn as_str(&self) -> &str {
        &self.shown
    }

    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    /// The domain in the form that DNS uses.
    pub fn domain(&self) -> &str {
        let (_, domain) = self.canonical.rsplit_once('@').unwrap_or_default();
        domain
    }

    /// The email address for SMTP: the local part as typed, or quoted if its dots require it (RFC
    /// 5321, 4.1.2), and the domain in ASCII.
    pub(super) fn for_transport(&self) -> Result<lettre::Address, lettre::address::AddressError> {
        let local = self.shown.rsplit_once('@').map_or("", |(local, _)| local);
        if is_dot_string(local) {
            lettre::Address::new(local, self.domain())
        } else {
            lettre::Address::new(format!("\"{local}\""), self.domain())
        }
    }
}

impl FromStr for Address {
    type Err = NotAnAddress;

    fn from_str(text: &str) -> Result<Self, NotAnAddress> {
        let shown: String = text.trim().nfc().collect();
        if shown.chars().count() > LIMIT {
            return Err(NotAnAddress);
        }
        let (local, domain) = shown.rsplit_once('@').ok_or(NotAnAddress)?;
        // Quoted and unquoted, a local part of these characters is the same.
        let quoted = local
            .strip_prefix('"')
            .and_then(|local| local.strip_suffix('"'));
        let local = quoted.unwrap_or(local);
        if !is_local_part(local) {
            return Err(NotAnAddress);
        }
        let ascii = idna::domain_to_ascii_strict(domain).map_err(|_| NotAnAddress)?;
        let address = Self {
            canonical: format!("{}@{ascii}", local.to_lowercase()),
            shown: format!("{local}@{domain}"),
        };
        // lettre also validates the email address, so that a mail to it can always be built.
        address.for_transport().map_err(|_| NotAnAddress)?;
        Ok(address)
    }
}

/// Whether `text` is a valid local part, without its quotes. Every character that would require
/// quoting is refused. Dots may stand anywhere, because Japanese telephone companies have assigned
/// local parts such as `a..b` and `abc.`.
fn is_local_part(text: &str) -> bool {
    let allowed = |c: char| {
        c.is_ascii_alphanumeric()
            || "!#$%&'*+-/=?^_`{|}~.".contains(c)
            || (!c.is_ascii() && c.is_alphanumeric())
    };
    !text.is_empty()
        && text.len() <= 64
        && text.chars().all(allowed)
        && text.chars().any(|c| c != '.')
}

/// Whether a local part needs no quotes: each dot stands between other characters (RFC 5321, 4.1.2).
fn is_dot_string(local: &str) -> bool {
    local.split('.').all(|atom| !atom.is_empty())
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl PartialEq for Address {
    fn eq(&self, other: &Self) -> bool {
        self.canonical == other.canonical
    }
}

impl Eq for Address {}

impl Hash for Address {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.canonical.hash(state);
    }
}

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.shown)
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

impl Bind for Address {
    fn bind(&self) -> Value<'_> {
        Value::Text(&self.shown)
    }
}

impl Column for Address {
    fn read(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Text(text) => text.parse().ok(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_compare_canonically() {
        for (text, canonical) in [
            (" Siti@Example.MY ", "siti@example.my"),
            ("a.b+c@example.org", "a.b+c@example.org"),
            ("a@bücher.example", "a@xn--bcher-kva.example"),
            ("用户@例子.example", "用户@xn--fsqu00a.example"),
            ("kenduri@localhost", "kenduri@localhost"),
        ] {
            let address: Address = text.parse().unwrap();
            assert_eq!(address.canonical(), canonical);
            assert_eq!(address.as_str(), text.trim());
        }
    }

    #[test]
    fn dots_that_need_quotes_are_quoted_for_smtp_alone() {
        for (text, shown, sent) in [
            (
                "abc.@docomo.ne.jp",
                "abc.@docomo.ne.jp",
                "\"abc.\"@docomo.ne.jp",
            ),
            (
                "a..b@docomo.ne.jp",
                "a..b@docomo.ne.jp",
                "\"a..b\"@docomo.ne.jp",
            ),
            (
                "\"abc.\"@docomo.ne.jp",
                "abc.@docomo.ne.jp",
                "\"abc.\"@docomo.ne.jp",
            ),
            (
                ".abc@ezweb.ne.jp",
                ".abc@ezweb.ne.jp",
                "\".abc\"@ezweb.ne.jp",
            ),
            ("\"a.b\"@c.my", "a.b@c.my", "a.b@c.my"),
        ] {
            let address: Address = text.parse().unwrap();
            assert_eq!((address.as_str(), address.canonical()), (shown, shown));
            assert_eq!(address.for_transport().unwrap().to_string(), sent);
        }
    }

    #[test]
    fn what_could_break_a_header_is_no_address() {
        for text in [
            "",
            "@",
            "a@",
            "@b.my",
            "a b@c.my",
            "a@b\nBcc: c@d.my",
            "a\r\n@b.my",
            "<a@b.my>",
            "a@b.my, c@d.my",
            "\"a b\"@c.my",
            "\"a\\\"b\"@c.my",
            "\"@c.my",
            "\"\"@c.my",
            "..@c.my",
            "a@-c.my",
            "a@c..my",
            "a@c_d.my",
        ] {
            assert_eq!(text.parse::<Address>(), Err(NotAnAddress), "{text:?}");
        }
        let long = format!("{}@b.my", "a".repeat(65));
        assert_eq!(long.parse::<Address>(), Err(NotAnAddress));
    }

    proptest! {
        #[test]
        fn no_text_makes_an_address_with_a_line_break(text in "\\PC{0,12}[\\r\\n@ ,<>]{0,3}\\PC{0,12}@\\PC{1,12}") {
            if let Ok(address) = text.parse::<Address>() {
                prop_assert!(!address.as_str().contains(|c: char| c.is_control() || " ,<>\"".contains(c)));
                prop_assert_eq!(address.canonical().parse::<Address>().unwrap(), address);
            }
        }
    }
}
