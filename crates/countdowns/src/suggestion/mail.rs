//! Mails a decision on a suggestion to the suggestion's author, and a digest of pending suggestions
//! to moderators.

use identity::account::{self, Account, AccountId};
use identity::grant;
use jiff::{SignedDuration, Timestamp};
use platform::jobs::{Done, Handler, Job, JobError, NewJob};
use platform::mail::{Address, NewMail, Stream};
use platform::{StoreError, Tx, sql};
use serde_json::json;
use web::{Language, MailMessages, Site, Value};

use super::{State, Suggestion};
use crate::phrase::MODERATOR;

const KIND: &str = "suggestion.digest";
const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// Mails a moderator's decision to the author. `text` is the text of the approved phrase.
pub(super) fn send_decision(
    tx: &mut Tx<'_>,
    site: &Site,
    to: &AccountId,
    decided: &Suggestion,
    text: &str,
) -> Result<(), StoreError> {
    let Some(account) = account::find(tx, to)? else {
        return Ok(());
    };
    let messages = if decided.state == State::Approved {
        MailMessages {
            subject: "phrase-mail-approved-subject",
            text: "phrase-mail-approved-text",
        }
    } else {
        MailMessages {
            subject: "phrase-mail-rejected-subject",
            text: "phrase-mail-rejected-text",
        }
    };
    let reason = match decided.reason.as_str() {
        "" => "none",
        reason => reason,
    };
    let values = vec![("phrase", text.into()), ("reason", reason.into())];
    send(
        tx,
        site,
        &account,
        "phrases",
        "/me/phrases",
        messages,
        values,
    )
}

/// Schedules the moderators' digest for the next full hour. The mail covers all suggestions that
/// are made before then.
pub(super) fn plan_digest(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    let now = tx.now();
    let into_hour = SignedDuration::from_secs(now.as_second() % HOUR.as_secs());
    let next: Timestamp = now - into_hour + HOUR;
    tx.enqueue(NewJob {
        key: Some(KIND.to_owned()),
        run_at: Some(next),
        ..NewJob::new(KIND, json!({}))
    })
}

pub(crate) fn digest_job(site: &Site) -> Handler {
    let site = site.clone();
    Handler::new(KIND, move |_: Job| {
        let site = site.clone();
        async move { Ok::<_, JobError>(Done::with(move |tx| send_digest(tx, &site))) }
    })
}

fn send_digest(tx: &mut Tx<'_>, site: &Site) -> Result<(), StoreError> {
    let (count,): (i64,) = sql!(
        "SELECT COUNT(*) FROM phrase_suggestion WHERE state = :pending",
        pending = State::Pending
    )
    .one(tx)?;
    if count == 0 {
        return Ok(());
    }
    for id in grant::list_who_may_in_site(tx, MODERATOR)? {
        if let Some(account) = account::find(tx, &id)? {
            let messages = MailMessages {
                subject: "phrase-mail-waiting-subject",
                text: "phrase-mail-waiting-text",
            };
            send(
                tx,
                site,
                &account,
                "suggestions",
                "/admin/phrases",
                messages,
                vec![("count", count.into())],
            )?;
        }
    }
    Ok(())
}

fn send<'a>(
    tx: &mut Tx<'_>,
    site: &'a Site,
    account: &Account,
    scope: &str,
    path: &str,
    messages: MailMessages,
    mut values: Vec<(&'static str, Value<'a>)>,
) -> Result<(), StoreError> {
    let Ok(to) = account.email.parse::<Address>() else {
        return Ok(());
    };
    let speech = site.catalogue.speak(&Language::of(&account.locale));
    values.extend([
        ("site", site.settings.name.as_str().into()),
        ("address", site.url().join(path).into()),
    ]);
    tx.send_mail(NewMail {
        to_name: account.display_name.clone(),
        scope: Some(scope.to_owned()),
        subject: speech.with(messages.subject, &values),
        text: speech.with(messages.text, &values),
        ..NewMail::new(to, Stream::Notification)
    })
    .map(drop)
}
