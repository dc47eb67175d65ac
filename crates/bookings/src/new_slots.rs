//! The mail about new slots. Each subscriber gets it at 8:00 in the site's time zone, on each day
//! on which there are new slots.
//!
//! Each run of the job writes the mails to [`PAGE`] subscribers, stores the position in the list of
//! subscribers, and enqueues the next run, all in one transaction. So even after a crash, nobody
//! gets the mail twice and nobody is skipped.

use identity::account::Account;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use platform::jobs::{Done, Handler, Job, JobError, NewJob};
use platform::mail::{Address, NewMail, Stream};
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use serde_json::json;
use site::newsletter::Newsletter;
use web::{Language, Site};

use crate::browse::{self, Filter, Offered};
use crate::day_range;
use crate::notice;

/// The newsletter about new slots.
pub const NEWSLETTER: Newsletter = Newsletter {
    name: "new_slots",
    label: "new-slots-newsletter",
};
/// The job kind of the daily job that plans the mails.
pub const PLAN: &str = "booking.new_slots";
/// The job kind of the job that writes the mails of a day.
pub const MAIL: &str = "booking.new_slots_mail";
const PAGE: i64 = 200;
const LISTED: usize = 10;
/// The hour of the day at which the mails are sent.
const HOUR: i8 = 8;

#[derive(Serialize, Deserialize)]
struct Payload {
    day: Date,
}

#[derive(Row)]
struct Mailing {
    since: Timestamp,
    until: Timestamp,
    last_account: String,
}

pub(crate) fn jobs(site: &Site) -> [Handler; 2] {
    let (daily, mailing) = (site.clone(), site.clone());
    [
        Handler::each_day(PLAN, move |_| {
            let zone = daily.settings.time_zone.clone();
            async move { Ok::<_, JobError>(Done::with(move |tx: &mut Tx<'_>| plan(tx, &zone))) }
        }),
        Handler::new(MAIL, move |job: Job| {
            let site = mailing.clone();
            async move {
                let Payload { day } = job.read()?;
                let write = move |tx: &mut Tx<'_>| write_page(tx, &site, day);
                Ok::<_, JobError>(Done::with(write))
            }
        }),
    ]
}

fn plan(tx: &mut Tx<'_>, zone: &TimeZone) -> Result<(), StoreError> {
    for (day, at) in day_range::mornings(tx.now(), zone, HOUR) {
        enqueue(tx, day, at)?;
    }
    Ok(())
}

fn enqueue(tx: &mut Tx<'_>, day: Date, at: Timestamp) -> Result<(), StoreError> {
    tx.enqueue(NewJob {
        key: Some(format!("{MAIL} {day}")),
        run_at: Some(at),
        ..NewJob::new(MAIL, json!({ "day": day }))
    })
}

/// `None` if the mailing is finished.
fn begin(tx: &mut Tx<'_>, day: &str) -> Result<Option<Mailing>, StoreError> {
    let now = tx.now();
    let (last,): (Option<Timestamp>,) =
        tx.one(sql!("SELECT MAX(until) FROM new_slots_mailing"), &[])?;
    sql!(
        "INSERT INTO new_slots_mailing (day, since, until, last_account)
         VALUES (:day, :since, :now, '') ON CONFLICT DO NOTHING",
        day,
        since = last.unwrap_or(now - SignedDuration::from_hours(24)),
        now
    )
    .run(tx, Rows::AtMostOne)?;
    sql!(
        "SELECT {Mailing} FROM new_slots_mailing WHERE day = :day AND finished_at IS NULL
         FOR NO KEY UPDATE",
        day
    )
    .maybe(tx)
}

fn write_page(tx: &mut Tx<'_>, site: &Site, date: Date) -> Result<(), StoreError> {
    let (day, now) = (date.to_string(), tx.now());
    let Some(mailing) = begin(tx, &day)? else {
        return Ok(());
    };
    let filter = Filter {
        made: Some((mailing.since, mailing.until)),
        ..Filter::default()
    };
    let rows = i64::try_from(LISTED + 1).unwrap_or(i64::MAX);
    let slots = browse::list(tx, &filter, rows)?;
    let subscribers = if slots.is_empty() {
        Vec::new()
    } else {
        NEWSLETTER.subscribers(tx, &mailing.last_account, PAGE)?
    };
    let Some(last) = subscribers.last() else {
        sql!(
            "UPDATE new_slots_mailing SET last_account = '', finished_at = :now WHERE day = :day",
            day,
            now
        )
        .run(tx, Rows::Exactly(1))?;
        return Ok(());
    };
    for account in &subscribers {
        send(tx, site, account, &slots)?;
    }
    sql!(
        "UPDATE new_slots_mailing SET last_account = :last WHERE day = :day",
        day,
        last = last.id
    )
    .run(tx, Rows::Exactly(1))?;
    enqueue(tx, date, now)
}

fn send(
    tx: &mut Tx<'_>,
    site: &Site,
    account: &Account,
    slots: &[Offered],
) -> Result<(), StoreError> {
    let Ok(to) = account.email.parse::<Address>() else {
        return Ok(());
    };
    let text = site.catalogue.speak(&Language::of(&account.locale));
    let zone = TimeZone::get(&account.time_zone);
    let zone = zone.unwrap_or_else(|_| site.settings.time_zone.clone());
    let lines = slots.iter().take(LISTED).map(|one| {
        let (place, at) = (one.slot.place_zone(), one.slot.starts_at);
        let when = notice::moment_at(&text, &zone, place.as_ref(), at);
        format!("{when}: {}", one.slot.title)
    });
    let mut list = lines.collect::<Vec<String>>().join("\n");
    if slots.len() > LISTED {
        list += "\n…";
    }
    let values = [
        ("site", site.settings.name.as_str().into()),
        ("list", list.into()),
        ("address", site.url().join("/book").into()),
        ("settings", site.url().join("/me/email").into()),
    ];
    tx.send_mail(NewMail {
        to_name: account.display_name.clone(),
        scope: Some(NEWSLETTER.name.to_owned()),
        subject: text.with("new-slots-mail-subject", &values),
        text: text.with("new-slots-mail-text", &values),
        ..NewMail::new(to, Stream::Notification)
    })?;
    Ok(())
}
