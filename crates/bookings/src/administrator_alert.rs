//! Alerts about problems that need an administrator. The site notifies administrators at once, and
//! mails them at most once an hour.

use identity::grant::{self, ADMIN};
use identity::notification::{self, NewNotification};
use jiff::{SignedDuration, Timestamp};
use platform::jobs::{Done, Handler, JobError, NewJob};
use platform::{Rows, Sql, StoreError, Tx, sql};
use serde_json::json;
use web::{Site, Text};

use crate::notice;

const KIND: &str = "booking.alert";
const BETWEEN_MAILS: SignedDuration = SignedDuration::from_hours(1);

web::words! {
    /// The kind of an alert.
    AlertKind {
        /// There are open findings about the records of money (see [`crate::finding`]).
        Findings = "findings" => "booking-alert-findings",
        /// A payer has disputed a payment, or the state of a dispute has changed.
        Dispute = "dispute" => "booking-alert-dispute",
        /// A job was given up, or the gateway that it calls has not answered for a day.
        Job = "job" => "booking-alert-job",
    }
}

impl AlertKind {
    fn page(self) -> &'static str {
        match self {
            Self::Findings => "/admin/orders/reconcile",
            Self::Dispute | Self::Job => "/admin/orders",
        }
    }
}

/// Notifies administrators with the message `notice`, whose argument is `about`, and schedules a
/// mail to them.
pub(crate) fn raise(
    tx: &mut Tx<'_>,
    kind: AlertKind,
    notice: &'static str,
    about: &str,
) -> Result<(), StoreError> {
    let add = sql!(
        "INSERT INTO booking_alert (kind, times) VALUES ($1, $2)
         ON CONFLICT (kind) DO UPDATE SET times = booking_alert.times + excluded.times"
    );
    tell(tx, kind, notice, about, add, 1)
}

/// Like [`raise`], but sets the number of alerts of this kind to `times`, instead of adding 1.
pub(crate) fn raise_total(
    tx: &mut Tx<'_>,
    kind: AlertKind,
    notice: &'static str,
    times: i64,
) -> Result<(), StoreError> {
    let set = sql!(
        "INSERT INTO booking_alert (kind, times) VALUES ($1, $2)
         ON CONFLICT (kind) DO UPDATE SET times = excluded.times"
    );
    tell(tx, kind, notice, &times.to_string(), set, times)
}

/// `count` stores the number that the mail states.
fn tell(
    tx: &mut Tx<'_>,
    kind: AlertKind,
    notice: &'static str,
    about: &str,
    count: Sql,
    times: i64,
) -> Result<(), StoreError> {
    for administrator in grant::list_ranked(tx, ADMIN)? {
        let new = NewNotification {
            kind: notice,
            about,
            href: kind.page(),
        };
        notification::tell_on_site(tx, &administrator.account, new)?;
    }
    tx.run(count, &[&kind, &times], Rows::Exactly(1))?;
    schedule_mail(tx)
}

fn schedule_mail(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    let mailed = sql!("SELECT alerts_mailed_at FROM booking_setting");
    let (mailed,): (Timestamp,) = tx.one(mailed, &[])?;
    let at = tx.now().max(mailed + BETWEEN_MAILS);
    tx.enqueue(NewJob {
        key: Some(KIND.to_owned()),
        run_at: Some(at),
        ..NewJob::new(KIND, json!({}))
    })
}

/// Makes a job's handler alert administrators when the job is given up.
pub(crate) fn watch(handler: Handler) -> Handler {
    handler.when_given_up(|tx, kind| raise(tx, AlertKind::Job, "booking-notice-job-failed", kind))
}

/// The job that mails administrators.
pub(crate) fn job(site: &Site) -> Handler {
    Handler::with(KIND, site, |site: Site, _| async move {
        Ok::<_, JobError>(Done::with(move |tx: &mut Tx<'_>| mail(tx, &site)))
    })
}

fn mail(tx: &mut Tx<'_>, site: &Site) -> Result<(), StoreError> {
    let now = tx.now();
    let may = sql!(
        "UPDATE booking_setting SET alerts_mailed_at = :now WHERE alerts_mailed_at <= :before",
        now,
        before = now - BETWEEN_MAILS
    )
    .run(tx, Rows::AtMostOne)?;
    if may == 0 {
        return schedule_mail(tx);
    }
    let all: Vec<(AlertKind, i64)> =
        tx.all(sql!("DELETE FROM booking_alert RETURNING kind, times"), &[])?;
    if all.is_empty() {
        return Ok(());
    }
    let write = |text: &Text| {
        let values = [("site", site.settings.name.as_str().into())];
        let lines = AlertKind::ALL.iter().flat_map(|kind| {
            let times = all.iter().filter(move |(one, _)| one == kind);
            times.map(|(kind, times)| {
                let said = text.with(kind.label(), [("count", (*times).into())]);
                format!("{said}\n{}", site.url().join(kind.page()))
            })
        });
        let lines: Vec<String> = lines.collect();
        let subject = text.with("booking-mail-alert", &values);
        (
            subject,
            format!("{}\n\n{}\n", lines.join("\n\n"), site.settings.name),
        )
    };
    for administrator in grant::list_ranked(tx, ADMIN)? {
        notice::mail(tx, site, Some(&administrator.account), write)?;
    }
    Ok(())
}
