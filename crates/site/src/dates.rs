//! A domain can provide dates, and items of other domains can follow them. A domain lists the dates
//! that an account may follow ([`Domain::dates`]). In the transaction that changes or removes a date, the domain calls
//! [`moved`]. Then every domain updates its items that follow the date ([`Domain::follow`]).

use platform::jobs::{Done, Handler, Job, JobError, NewJob};
use platform::{StoreError, Tx};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::domain::{Domain, Domains};

pub use crate::domain::{Date, Dates};

const KIND: &str = "date.moved";

#[derive(Serialize, Deserialize)]
struct Payload {
    date: String,
}

/// Makes all items that follow a date read the date again. A domain calls this function after a
/// date was changed or removed. It also calls it when an item begins to follow a date, because a
/// concurrent transaction may be changing the date.
pub fn moved(tx: &mut Tx<'_>, id: &str) -> Result<(), StoreError> {
    tx.enqueue(NewJob {
        key: Some(format!("{KIND} {id}")),
        ..NewJob::new(KIND, json!({ "date": id }))
    })
}

pub(crate) fn job(domains: Domains) -> Handler {
    Handler::new(KIND, move |job: Job| async move {
        let Payload { date } = job.read()?;
        let write = move |tx: &mut Tx<'_>| {
            let follow = |domain: &Domain| (domain.follow)(tx, Dates(domains), &date);
            domains.iter().try_for_each(follow)
        };
        Ok::<_, JobError>(Done::with(write))
    })
}
