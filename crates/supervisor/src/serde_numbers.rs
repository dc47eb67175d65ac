//! Serializes pids and signals as numbers.

/// Serializes a pid, for `#[serde(with)]`.
pub(crate) mod pid {
    use rustix::process::Pid;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde hands in a reference"
    )]
    pub(crate) fn serialize<S: Serializer>(pid: &Pid, into: S) -> Result<S::Ok, S::Error> {
        into.serialize_i32(pid.as_raw_nonzero().get())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Pid, D::Error> {
        let number = i32::deserialize(from)?;
        Pid::from_raw(number).ok_or_else(|| D::Error::custom("0 is not a pid"))
    }
}

/// Serializes a signal, for `#[serde(with)]`.
pub(crate) mod signal {
    use rustix::process::Signal;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde hands in a reference"
    )]
    pub(crate) fn serialize<S: Serializer>(signal: &Signal, into: S) -> Result<S::Ok, S::Error> {
        into.serialize_i32(signal.as_raw())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Signal, D::Error> {
        let number = i32::deserialize(from)?;
        Signal::from_named_raw(number).ok_or_else(|| D::Error::custom("not a signal"))
    }
}
