//! Fields of JSON bodies that hosts send.

use serde::{Deserialize, Deserializer};

/// Reads a field that may be left out, be null, or hold a value.
#[expect(
    clippy::option_option,
    reason = "left out, null and a value are three different wishes"
)]
pub(crate) fn nullable<'de, D, T>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::deserialize(deserializer).map(Some)
}
