//! What programs may be allowed to do.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What a token may be used for.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
)]
pub enum Right {
    /// See the account's own name and address.
    #[serde(rename = "profile:read")]
    ProfileRead,
    /// See occasions, events, invitations and guests as hosts wrote them, with
    /// codes and contact data.
    #[serde(rename = "occasion:read")]
    OccasionRead,
    /// Change them. What a change leaves behind is shown with `occasion:read`.
    #[serde(rename = "occasion:write")]
    OccasionWrite,
    /// See what people answered: replies, answers, food needs, notes.
    #[serde(rename = "rsvps:read")]
    RsvpsRead,
    /// Answer for them.
    #[serde(rename = "rsvps:write")]
    RsvpsWrite,
}

impl Right {
    /// All there are.
    pub const ALL: [Self; 5] = [
        Self::ProfileRead,
        Self::OccasionRead,
        Self::OccasionWrite,
        Self::RsvpsRead,
        Self::RsvpsWrite,
    ];

    /// The word that is kept, typed and shown.
    pub fn word(self) -> &'static str {
        match self {
            Self::ProfileRead => "profile:read",
            Self::OccasionRead => "occasion:read",
            Self::OccasionWrite => "occasion:write",
            Self::RsvpsRead => "rsvps:read",
            Self::RsvpsWrite => "rsvps:write",
        }
    }
}

impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// There is no right of this name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a right that a token can have")]
pub struct NotARight;

impl FromStr for Right {
    type Err = NotARight;

    fn from_str(text: &str) -> Result<Self, NotARight> {
        Self::ALL
            .into_iter()
            .find(|right| right.word() == text)
            .ok_or(NotARight)
    }
}

/// The rights in the form in which they are kept.
pub(crate) fn words(rights: &[Right]) -> String {
    let mut rights = rights.to_vec();
    rights.sort_unstable();
    rights.dedup();
    let words: Vec<&str> = rights.into_iter().map(Right::word).collect();
    words.join(" ")
}

/// Reads what [`words`] wrote.
pub(crate) fn read(words: &str) -> Vec<Right> {
    words
        .split(' ')
        .filter_map(|word| word.parse().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rights_are_words_once_each() {
        let kept = words(&[Right::RsvpsRead, Right::OccasionRead, Right::RsvpsRead]);
        assert_eq!(kept, "occasion:read rsvps:read");
        assert_eq!(read(&kept), [Right::OccasionRead, Right::RsvpsRead]);
        assert_eq!(read(""), []);
        for right in Right::ALL {
            assert_eq!(right.word().parse(), Ok(right));
            assert_eq!(json!(right), json!(right.word()));
        }
    }
}
