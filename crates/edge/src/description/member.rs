//! A server of an upstream, in either of its two forms.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// A server, alone or with a weight.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum Member {
    /// `http://HOST:PORT[/base/]` or `unix:PATH`.
    Address(Address),
    /// One that takes a larger or smaller share.
    Weighted {
        /// Where it is.
        address: Address,
        /// 1 to 100; the others have 1.
        weight: u32,
    },
}

/// `http://HOST:PORT[/base/]` or `unix:PATH`.
pub type Address = String;

/// [`Member::Weighted`], as it is read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Weighted {
    address: Address,
    weight: u32,
}

/// By hand, because what is tried in turn cannot tell which key is wrong.
impl<'de> Deserialize<'de> for Member {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Forms)
    }
}

struct Forms;

impl<'de> Visitor<'de> for Forms {
    type Value = Member;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an address, or { address = …, weight = … }")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Member, E> {
        Ok(Member::Address(text.to_owned()))
    }

    fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<Member, M::Error> {
        let Weighted { address, weight } = Weighted::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Member::Weighted { address, weight })
    }
}
