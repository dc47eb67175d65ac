//! Identifiers are UUIDs. Each kind of entity has a separate Rust type for its ids, so that two
//! kinds cannot be confused. Most ids are of version 7 (RFC 9562 §5.7), which sorts by age. Ids
//! that strangers see are of version 4 (§5.4), so that they reveal neither the time nor the number
//! of entities created.

use std::cmp::Ordering;
use std::fmt;

use jiff::Timestamp;
use serde::{Serialize, Serializer};
use uuid::Builder;

use crate::random::Random;

/// The name of the schema of ids and of codes of currencies. The API's description has no schema of
/// this name: where it is referred to stands a plain text.
pub const TEXT_SCHEMA: &str = "PlainText";

/// An identifier type, declared with [`id!`](crate::id!).
pub trait Id: Sized {
    /// Whether new ids are fully random, without a timestamp.
    const IS_RANDOM: bool;

    /// Wraps `text`, which must be a valid id.
    fn from_text(text: String) -> Self;
}

/// The text of an identifier. A UUID is kept in place, because ids are read and copied often.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct IdText(Kept);

#[derive(Clone, PartialEq, Eq, Hash)]
enum Kept {
    /// Each text of this length.
    Uuid([u8; 36]),
    Other(Box<str>),
}

impl IdText {
    pub fn as_str(&self) -> &str {
        match &self.0 {
            // These bytes were a `str`, so they are valid.
            Kept::Uuid(bytes) => std::str::from_utf8(bytes).unwrap_or_default(),
            Kept::Other(text) => text,
        }
    }

    fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Kept::Uuid(bytes) => bytes,
            Kept::Other(text) => text.as_bytes(),
        }
    }
}

impl From<&str> for IdText {
    fn from(text: &str) -> Self {
        Self(match text.as_bytes().try_into() {
            Ok(bytes) => Kept::Uuid(bytes),
            Err(_) => Kept::Other(text.into()),
        })
    }
}

impl Default for IdText {
    fn default() -> Self {
        Self(Kept::Other(Box::default()))
    }
}

impl PartialOrd for IdText {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for IdText {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_bytes().cmp(other.as_bytes())
    }
}

impl fmt::Debug for IdText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl Serialize for IdText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// Makes an id's text from 16 bytes that are derived from other data, such as a hash.
pub fn of_bytes(bytes: [u8; 16]) -> String {
    Builder::from_custom_bytes(bytes).into_uuid().to_string()
}

/// Makes the text of a new id from the time and random bits.
pub fn generate(now: Timestamp, random: &Random) -> String {
    let mut bytes = [0; 10];
    random.fill(&mut bytes);
    let millisecond = u64::try_from(now.as_millisecond()).unwrap_or(0);
    Builder::from_unix_timestamp_millis(millisecond, &bytes)
        .into_uuid()
        .hyphenated()
        .to_string()
}

/// The lowest text of an id that [`generate`] makes at this time.
pub fn first_at(time: Timestamp) -> String {
    let millisecond = u64::try_from(time.as_millisecond()).unwrap_or(0);
    Builder::from_unix_timestamp_millis(millisecond, &[0; 10])
        .into_uuid()
        .hyphenated()
        .to_string()
}

/// Makes the text of a new id from random bits only.
pub fn generate_random(random: &Random) -> String {
    let mut bytes = [0; 16];
    random.fill(&mut bytes);
    Builder::from_random_bytes(bytes)
        .into_uuid()
        .hyphenated()
        .to_string()
}

/// Returns the canonical form of an id, or `None` if `text` is not a UUID.
pub fn parse(text: &str) -> Option<String> {
    (text.len() == 36)
        .then(|| uuid::Uuid::try_parse(text).ok())
        .flatten()
        .map(|id| id.hyphenated().to_string())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an identifier")]
pub struct NotAnId;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_their_text_whatever_its_length() {
        let uuid = "01970000-0000-7000-8000-000000000001";
        let euros = "€".repeat(12);
        let texts = ["", "nikah", uuid, &uuid[1..], &euros, "p"];
        let ids = texts.map(IdText::from);
        for (id, text) in ids.iter().zip(texts) {
            assert_eq!(id.as_str(), text);
            assert_eq!(format!("{id:?}"), format!("{text:?}"));
            for (other, than) in ids.iter().zip(texts) {
                assert_eq!(id.cmp(other), text.cmp(than), "{text} {than}");
                assert_eq!(id == other, text == than);
            }
        }
        assert_eq!(ids[0], IdText::default());
    }

    #[test]
    fn ids_sort_by_age_and_survive_text() {
        let random = Random::seeded(3);
        let early = generate("2027-01-14T16:00:00Z".parse().unwrap(), &random);
        let late = generate("2027-01-14T16:00:00.001Z".parse().unwrap(), &random);
        assert!(early < late);
        assert_eq!(parse(&early.to_uppercase()), Some(early));
    }

    #[test]
    fn random_ids_are_of_version_4_and_repeat_with_their_seed() {
        let ids = |seed| {
            let random = Random::seeded(seed);
            [generate_random(&random), generate_random(&random)]
        };
        let [first, second] = ids(3);
        assert!(first != second && ids(3) == [first.clone(), second]);
        assert_eq!(first.as_bytes()[14], b'4', "{first}");
        assert_eq!(parse(&first), Some(first));
    }

    #[test]
    fn what_is_not_an_id_is_refused() {
        for text in [
            "",
            "1",
            "0197f0c0-0000-7000-8000-00000000000g",
            "{0197f0c0000070008000000000000000}",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
