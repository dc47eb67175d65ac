//! Dates that what is elsewhere may follow. The domain that has a date lists it to the people who
//! may know it ([`Domain::dates`]) and says in the transaction that changes or removes it that it
//! [`moved`]; the others look again ([`Domain::follow`]).

use platform::jobs::{Done, Handler, Job, JobError, NewJob};
use platform::{StoreError, Tx};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::domain::{Domain, Domains};
use identity::account::AccountId;

const KIND: &str = "date.moved";

/// A date that somebody may follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Date {
    /// What it is known by, in all domains.
    pub id: String,
    /// What happens then.
    pub label: String,
    /// By the clock in its zone, as `2027-01-16T18:00`.
    pub at: String,
    /// An IANA zone.
    pub time_zone: String,
}

/// The dates of all domains.
#[derive(Clone, Copy, Debug)]
pub struct Dates(pub Domains);

impl Dates {
    /// Those that somebody may follow.
    pub fn list(self, tx: &mut Tx<'_>, account: &AccountId) -> Result<Vec<Date>, StoreError> {
        let mut all = Vec::new();
        for domain in self.0 {
            all.extend((domain.dates)(tx, account)?);
        }
        Ok(all)
    }

    /// The one of this id, if the person may follow it.
    pub fn find(
        self,
        tx: &mut Tx<'_>,
        account: &AccountId,
        id: &str,
    ) -> Result<Option<Date>, StoreError> {
        let all = self.list(tx, account)?;
        Ok(all.into_iter().find(|date| date.id == id))
    }
}

#[derive(Serialize, Deserialize)]
struct Payload {
    date: String,
}

/// Tells all that follow a date that it was moved, or is gone. Who begins to follow one says so too:
/// it may be moved by a transaction that is not committed yet.
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
