//! Wrong attempts to use a code, and their rows in the store.

use std::net::IpAddr;

use jiff::Timestamp;

use super::tally::leaf;
use super::{DAY, REMEMBERED, USED_UP, hash};
use crate::jobs::NewJob;
use crate::sql;
use crate::store::{Rows, StoreError, Tx};

/// A wrong attempt, as it is counted and stored.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    /// The smallest counted network that contains the client.
    pub(super) network: IpAddr,
    /// A hash of the code, the guest's name and the network.
    pub(super) guess: i64,
    /// A short hash of the code, set only if a guest's name was given. Wrong names are counted per
    /// code.
    pub(super) code: Option<u16>,
    pub(super) at: Timestamp,
}

impl Failure {
    pub(super) fn new(client: IpAddr, code: &str, name: Option<&str>, at: Timestamp) -> Self {
        let network = leaf(client);
        let from = network.to_string();
        let (guess, code) = match name {
            None => (hash(&[&from, code]), None),
            Some(name) => {
                let [high, low, ..] = hash(&[code]).to_be_bytes();
                let short = u16::from_be_bytes([high, low]);
                (hash(&[&from, code, name]), Some(short))
            }
        };
        Self {
            network,
            guess,
            code,
            at,
        }
    }
}

pub(super) fn write(
    tx: &mut Tx<'_>,
    failures: &[Failure],
    now: Timestamp,
) -> Result<(), StoreError> {
    sql!("DELETE FROM guess WHERE at <= :at", at = now - DAY).run(tx, Rows::Any)?;
    let (rows,): (i64,) = tx.one(sql!("SELECT COUNT(*) FROM guess"), &[])?;
    // The limit covers all processes together, so all stored rows count.
    let left = REMEMBERED.saturating_sub(usize::try_from(rows).unwrap_or(0));
    for failure in failures.iter().take(left) {
        sql!(
            "INSERT INTO guess (address, guess, code, at) VALUES (:address, :guess, :code, :at)
             ON CONFLICT (address, guess) DO UPDATE SET at = excluded.at",
            address = failure.network.to_string(),
            guess = failure.guess,
            code = failure.code.map(i64::from),
            at = failure.at
        )
        .run(tx, Rows::AtMostOne)?;
    }
    Ok(())
}

pub(super) fn read(tx: &mut Tx<'_>, since: Timestamp) -> Result<Vec<Failure>, StoreError> {
    let rows: Vec<(String, i64, Option<i64>, Timestamp)> = sql!(
        "SELECT address, guess, code, at FROM guess WHERE at > :since ORDER BY at LIMIT :limit",
        since,
        limit = REMEMBERED
    )
    .all(tx)?;
    let failures = rows.into_iter().filter_map(|(network, guess, code, at)| {
        let code = code.map(u16::try_from).transpose().ok()?;
        Some(Failure {
            network: network.parse().ok()?,
            guess,
            code,
            at,
        })
    });
    Ok(failures.collect())
}

pub(super) fn ring(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    tx.enqueue(NewJob {
        key: Some(USED_UP.to_owned()),
        ..NewJob::new(USED_UP, serde_json::Value::Null)
    })
}
