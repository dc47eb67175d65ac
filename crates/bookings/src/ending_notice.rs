//! The mail to a member 7 days before a membership or credits end.

use std::collections::BTreeMap;

use identity::account::AccountId;
use jiff::Timestamp;
use platform::jobs::{Done, Handler, Job, JobError};
use platform::mail::Stream;
use platform::{StoreError, Tx, sql};
use web::{MailMessages, Site, Text};

use crate::credit::{self, END, Ending, Lot};
use crate::credit_kind::Labels;
use crate::{gateway, membership, notice};

const PAGE: &str = "/me/credits";

pub(crate) fn job(site: &Site) -> Handler {
    let site = site.clone();
    Handler::new(END, move |job: Job| {
        let site = site.clone();
        async move {
            let ending: Ending = job.read()?;
            let write = move |tx: &mut Tx<'_>| tell(tx, &site, &ending);
            Ok::<_, JobError>(Done::with(write))
        }
    })
}

/// Leaves out those that have already ended or were used up, refunded or extended.
fn tell(tx: &mut Tx<'_>, site: &Site, ending: &Ending) -> Result<(), StoreError> {
    let at = Timestamp::from_millisecond(ending.at);
    let at = at.map_err(|_| StoreError::rule("an end beyond all calendars"))?;
    let (account,): (Option<AccountId>,) = sql!(
        "SELECT account_id FROM money_party WHERE id = :party",
        party = ending.party
    )
    .one(tx)?;
    let Some(account) = account else {
        return Ok(());
    };
    let mode = gateway::mode(site);
    let membership = membership::ending(tx, &account, at, mode)?;
    let lots = credit::lots(tx, &account, mode)?;
    let lots: Vec<Lot> = lots
        .into_iter()
        .filter(|lot| lot.expires_at == at)
        .collect();
    let messages = match (&membership, lots.is_empty()) {
        (None, true) => return Ok(()),
        (None, false) => MailMessages {
            subject: "credit-notice-end",
            text: "credit-said-end",
        },
        (Some(_), true) => MailMessages {
            subject: "membership-notice-ends",
            text: "membership-said-ends",
        },
        (Some(_), false) => MailMessages {
            subject: "membership-notice-ends",
            text: "membership-said-ends-with-credits",
        },
    };
    let labels = Labels::load(tx)?;
    let title = |text: &Text| {
        let mut parts: Vec<String> = membership.into_iter().map(|one| one.plan).collect();
        let mut counts: BTreeMap<&str, i64> = BTreeMap::new();
        for lot in &lots {
            *counts.entry(&lot.credit_kind).or_default() += lot.granted - lot.used;
        }
        let counts = counts.into_iter();
        parts.extend(counts.map(|(kind, count)| {
            let values = [("count", count.into()), ("kind", labels.label(kind).into())];
            text.with("credit-count", values)
        }));
        parts.join(", ")
    };
    let (account, stream) = (Some(&account), Stream::Notification);
    let notice = notice::TimedNotice {
        messages,
        at,
        place: None,
        href: PAGE,
    };
    notice::tell_of(tx, site, account, stream, title, notice)
}
