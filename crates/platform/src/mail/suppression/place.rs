//! The key of an entry in the suppression list, and the unsubscribe link.

use std::fmt;
use std::str::FromStr;

use super::super::address::Address;
use super::super::{Stream, UNSUBSCRIBABLE};
use crate::key::Key;
use crate::store::Row;
use crate::text_cleaning::hexadecimal;

/// The key of an entry in the suppression list. An entry covers all mail to an email address, or
/// only one stream, or one stream in one scope. The address is stored as a hash.
#[derive(Clone, Debug, PartialEq, Eq, Row)]
pub struct Place {
    pub(super) address: Vec<u8>,
    pub(super) scope: String,
    pub(super) stream: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an entry of the suppression list")]
pub struct NotAPlace;

impl Place {
    /// A key that sorts before all other keys.
    pub(super) const FIRST: Self = Self {
        address: Vec::new(),
        scope: String::new(),
        stream: String::new(),
    };

    /// The key of the entry for all mail to an email address.
    pub fn whole(key: &Key, address: &Address) -> Self {
        Self {
            address: key.mac(&[address.canonical()]).to_vec(),
            ..Self::FIRST
        }
    }

    /// The key of the entry for all mail to the same email address.
    pub(super) fn address(&self) -> Self {
        Self {
            address: self.address.clone(),
            ..Self::FIRST
        }
    }

    /// The keys under which the entry for all mail to `address` may be stored: one for the current
    /// hash key and one for each earlier hash key.
    pub(super) fn wholes(key: &Key, address: &Address) -> Vec<Self> {
        let place = |hash: [u8; 32]| Self {
            address: hash.to_vec(),
            ..Self::FIRST
        };
        key.macs(&[address.canonical()]).map(place).collect()
    }

    /// The key of the entry for one stream to an email address, restricted to one scope if given.
    pub(super) fn of_stream(
        key: &Key,
        address: &Address,
        stream: Stream,
        scope: Option<&str>,
    ) -> Self {
        Self {
            scope: scope.unwrap_or_default().to_owned(),
            stream: stream.word().to_owned(),
            ..Self::whole(key, address)
        }
    }

    /// Whether the entry covers mail of this stream and scope.
    pub(super) fn covers(&self, stream: Stream, scope: Option<&str>) -> bool {
        (self.stream.is_empty() || self.stream == stream.word())
            && self.is_in(scope.unwrap_or_default())
    }

    /// Whether the entry covers mail of this scope, in any stream.
    pub(super) fn is_in(&self, scope: &str) -> bool {
        self.scope.is_empty() || self.scope == scope
    }

    /// The stream that the entry covers; `None` for all mail.
    pub fn stream(&self) -> Option<Stream> {
        UNSUBSCRIBABLE
            .into_iter()
            .find(|stream| stream.word() == self.stream)
    }

    /// The scope that the entry covers; empty for all scopes.
    pub fn scope(&self) -> &str {
        &self.scope
    }

    /// Whether the entry is for this email address.
    pub fn is_of(&self, key: &Key, address: &Address) -> bool {
        let hashes = Self::wholes(key, address);
        hashes.iter().any(|whole| whole.address == self.address)
    }

    /// The first digits of the hash, which pages show if the email address is unknown.
    pub fn short(&self) -> String {
        let bytes = self.address.get(..6).unwrap_or(&self.address);
        hexadecimal(bytes)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hexadecimal(&self.address))?;
        if self.stream.is_empty() {
            return Ok(());
        }
        write!(f, ".{}", self.stream)?;
        if self.scope.is_empty() {
            return Ok(());
        }
        write!(f, ".{}", self.scope)
    }
}

impl FromStr for Place {
    type Err = NotAPlace;

    fn from_str(text: &str) -> Result<Self, NotAPlace> {
        let mut parts = text.splitn(3, '.');
        let address = parts.next().and_then(read_hexadecimal);
        Ok(Self {
            address: address.ok_or(NotAPlace)?,
            stream: parts.next().unwrap_or_default().to_owned(),
            scope: parts.next().unwrap_or_default().to_owned(),
        })
    }
}

fn read_hexadecimal(text: &str) -> Option<Vec<u8>> {
    if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let bytes = (0..text.len()).step_by(2);
    bytes
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok())
        .collect()
}

const PARTS: &str = "unsubscribe";

/// The path of the link that unsubscribes `address` from one stream. The link never expires, and
/// does not reveal the address.
pub fn unsubscribe_link(
    key: &Key,
    address: &Address,
    stream: Stream,
    scope: Option<&str>,
) -> String {
    let place = Place::of_stream(key, address, stream, scope).to_string();
    let signature = key.sign(&[PARTS, &place]);
    format!("/unsubscribe/{place}.{signature}")
}

/// Reads the last part of an unsubscribe link. Returns the key of the entry to be recorded, if the
/// link's signature is valid.
pub fn find_unsubscribe(key: &Key, link: &str) -> Option<Place> {
    let (place, signature) = link.rsplit_once('.')?;
    if !key.verify(&[PARTS, place], signature) {
        return None;
    }
    place.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::Keyring;

    #[test]
    fn a_link_names_what_it_stops_and_cannot_be_changed() {
        let key = Keyring::new([1; 32], &[]).key(super::super::PURPOSE);
        let address: Address = "rahma@example.my".parse().unwrap();
        for scope in [None, Some("wedding"), Some("a.b")] {
            let link = unsubscribe_link(&key, &address, Stream::Marketing, scope);
            assert!(!link.contains("rahma"));
            let link = link.strip_prefix("/unsubscribe/").unwrap();
            let place = find_unsubscribe(&key, link).unwrap();
            assert!(place.is_of(&key, &address));
            assert!(place.covers(Stream::Marketing, scope));
            assert!(!place.covers(Stream::Notification, scope));
            assert_eq!(
                place.covers(Stream::Marketing, Some("other")),
                scope.is_none()
            );
            let other = link.replace("marketing", "notification");
            assert_eq!(find_unsubscribe(&key, &other), None);
        }
        assert_eq!(find_unsubscribe(&key, ""), None);
        assert_eq!("ab".parse::<Place>(), Err(NotAPlace));
    }
}
