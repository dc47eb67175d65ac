//! Addresses that want no mail, or take none.
//!
//! The list is looked at when a mail is sent, not when it is written. It knows
//! addresses only by a keyed hash, so it can outlive the data of a person who
//! left and still keep a new import from mailing them.

use super::Stream;
use super::address::Address;
use crate::key::Key;
use crate::sql;
use crate::store::{Bind, Column, Rows, StoreError, Tx, Value};

/// Why an address gets no mail, weakest first: a stronger cause overwrites a
/// weaker one, never the reverse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// Its owner asked for no more.
    Unsubscribe,
    /// Its server says that there is no such address.
    HardBounce,
    /// Its owner called a mail of ours unwanted.
    Complaint,
    /// An administrator suppressed it.
    Manual,
}

impl Cause {
    /// Whether mail of `stream` is held back.
    pub fn blocks(self, stream: Stream) -> bool {
        match (self, stream) {
            // What a person asked for an instant ago still reaches them.
            (Self::Unsubscribe, Stream::Security | Stream::Transactional) => false,
            (Self::Unsubscribe, Stream::Notification | Stream::Marketing)
            | (Self::HardBounce | Self::Complaint | Self::Manual, _) => true,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Unsubscribe => "unsubscribe",
            Self::HardBounce => "hard_bounce",
            Self::Complaint => "complaint",
            Self::Manual => "manual",
        }
    }
}

impl Bind for Cause {
    fn bind(&self) -> Value<'_> {
        Value::Text(self.word())
    }
}

impl Column for Cause {
    fn read(value: Value<'_>) -> Option<Self> {
        let Value::Text(word) = value else {
            return None;
        };
        [
            Self::Unsubscribe,
            Self::HardBounce,
            Self::Complaint,
            Self::Manual,
        ]
        .into_iter()
        .find(|cause| cause.word() == word)
    }
}

/// The purpose of the key of the hash.
pub const PURPOSE: &str = "suppression";

/// Why `address` gets no mail, if there is a reason.
pub fn find(tx: &mut Tx<'_>, key: &Key, address: &Address) -> Result<Option<Cause>, StoreError> {
    let mut strongest = None;
    // It may have been noted before there was another key.
    for hash in key.macs(&[address.canonical()]) {
        let found: Option<(Cause,)> =
            sql!("SELECT cause FROM suppression WHERE address = :hash", hash).maybe(tx)?;
        strongest = strongest.max(found.map(|(cause,)| cause));
    }
    Ok(strongest)
}

/// Notes that `address` is to get no more mail, unless a stronger cause is
/// already known.
pub fn record(
    tx: &mut Tx<'_>,
    key: &Key,
    address: &Address,
    cause: Cause,
) -> Result<(), StoreError> {
    let hash = key.mac(&[address.canonical()]);
    let now = tx.now();
    let added = sql!(
        "INSERT INTO suppression (address, cause, changed_at) VALUES (:hash, :cause, :now)
         ON CONFLICT (address) DO NOTHING",
        hash,
        cause,
        now
    )
    .run(tx, Rows::AtMostOne)?;
    if added == 1 {
        return Ok(());
    }
    let (known,): (Cause,) = sql!(
        "SELECT cause FROM suppression WHERE address = :hash FOR NO KEY UPDATE",
        hash
    )
    .one(tx)?;
    if known < cause {
        sql!(
            "UPDATE suppression SET cause = :cause, changed_at = :now WHERE address = :hash",
            hash,
            cause,
            now
        )
        .run(tx, Rows::Exactly(1))?;
    }
    Ok(())
}

/// Lets mail reach `address` again. Whether that may be is the caller's to
/// know: the owner has confirmed the address, or an administrator decides.
pub fn lift(tx: &mut Tx<'_>, key: &Key, address: &Address) -> Result<(), StoreError> {
    for hash in key.macs(&[address.canonical()]) {
        sql!("DELETE FROM suppression WHERE address = :hash", hash).run(tx, Rows::AtMostOne)?;
    }
    Ok(())
}

/// Removes what nobody can look up any more, because its key is gone.
pub fn forget_all(tx: &mut Tx<'_>) -> Result<u64, StoreError> {
    tx.run(sql!("DELETE FROM suppression"), &[], Rows::Any)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_block_streams_as_the_table_says() {
        let streams = [
            Stream::Security,
            Stream::Transactional,
            Stream::Notification,
            Stream::Marketing,
        ];
        for (cause, blocked) in [
            (Cause::Unsubscribe, [false, false, true, true]),
            (Cause::HardBounce, [true; 4]),
            (Cause::Complaint, [true; 4]),
            (Cause::Manual, [true; 4]),
        ] {
            assert_eq!(
                streams.map(|stream| cause.blocks(stream)),
                blocked,
                "{cause:?}"
            );
        }
    }
}
