//! A fence lets a change through only while its process is the leader.

use super::{StoreError, Tx};
use crate::sql;

/// One term of a leader. It ends when another process becomes the leader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fence {
    /// The id of the leader's process.
    pub process: String,
    pub term: i64,
}

impl Fence {
    /// Fails if the term has ended. Until the transaction ends, no other process becomes the leader.
    pub fn check(&self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        let held: Option<(i64,)> = sql!(
            "SELECT term FROM leader WHERE process = :process AND term = :term FOR NO KEY UPDATE",
            process = self.process,
            term = self.term
        )
        .maybe(tx)?;
        match held {
            Some(_) => Ok(()),
            None => Err(tx.refuse(
                "another process has become the leader, which does this; nothing needs to be done"
                    .to_owned(),
            )),
        }
    }
}
