//! The mail about a newly published article, which each subscriber gets once.
//!
//! Each run of the job writes the mails to [`PAGE`] subscribers, stores the position in the list of
//! subscribers, and enqueues the next run, all in one transaction. So even after a crash, nobody
//! gets the mail twice and nobody is skipped.

use jiff::Timestamp;
use platform::jobs::{Done, Handler, Job, NewJob};
use platform::mail::{Address, NewMail, Stream};
use platform::{Rows, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use serde_json::json;
use site::newsletter::Newsletter;
use web::{Language, Site};

use crate::feed;
use crate::post::{Post, PostId, State};

/// The newsletter about new articles.
pub const NEWSLETTER: Newsletter = Newsletter {
    name: "posts",
    label: "post-newsletter",
};
pub const KIND: &str = "post.mail";
/// How many mails one run of the job writes.
pub const PAGE: i64 = 200;

#[derive(Serialize, Deserialize)]
struct Payload {
    post: PostId,
}

/// Schedules the mail about an article to all subscribers. The article must not have been public
/// before.
pub(crate) fn schedule(tx: &mut Tx<'_>, id: &PostId, at: Timestamp) -> Result<(), StoreError> {
    sql!(
        "INSERT INTO post_mailing (post_id, last_account) VALUES (:id, '') ON CONFLICT DO NOTHING",
        id
    )
    .run(tx, Rows::AtMostOne)?;
    enqueue(tx, id, at)
}

fn enqueue(tx: &mut Tx<'_>, id: &PostId, at: Timestamp) -> Result<(), StoreError> {
    tx.enqueue(NewJob {
        key: Some(format!("{KIND} {id}")),
        run_at: Some(at),
        ..NewJob::new(KIND, json!({ "post": id }))
    })
}

/// The job that writes the mails to subscribers.
pub(crate) fn job(site: &Site) -> Handler {
    let site = site.clone();
    Handler::new(KIND, move |job: Job| {
        let site = site.clone();
        async move {
            let Payload { post } = job.read()?;
            Ok(Done::with(move |tx| write_page(tx, &site, &post)))
        }
    })
}

fn write_page(tx: &mut Tx<'_>, site: &Site, id: &PostId) -> Result<(), StoreError> {
    let begun: Option<(String,)> = sql!(
        "SELECT last_account FROM post_mailing
         WHERE post_id = :id AND finished_at IS NULL FOR NO KEY UPDATE",
        id
    )
    .maybe(tx)?;
    let Some((last,)) = begun else {
        return Ok(());
    };
    let now = tx.now();
    let post: Post = sql!("SELECT {Post} FROM post WHERE id = :id", id).one(tx)?;
    let post = post.at(now);
    match (post.state, post.first_published_at) {
        // An editor has moved the article to a later time.
        (State::Scheduled, Some(at)) => return enqueue(tx, id, at),
        (State::Draft | State::Scheduled, _) => return Ok(()),
        (State::Withdrawn, _) => return finish(tx, id),
        (State::Published, _) => {}
    }
    let subscribers = NEWSLETTER.subscribers(tx, &last, PAGE)?;
    let Some(last) = subscribers.last() else {
        return finish(tx, id);
    };
    let (link, excerpt) = (site.url().join(&feed::path(&post)), post.excerpt());
    let settings = site.url().join("/me/email");
    for account in &subscribers {
        let Ok(to) = account.email.parse::<Address>() else {
            continue;
        };
        let text = site.catalogue.speak(&Language::of(&account.locale));
        let values = [
            ("title", post.title.as_str().into()),
            ("excerpt", excerpt.as_str().into()),
            ("site", site.settings.name.as_str().into()),
            ("address", link.as_str().into()),
            ("settings", settings.as_str().into()),
        ];
        tx.send_mail(NewMail {
            to_name: account.display_name.clone(),
            scope: Some(NEWSLETTER.name.to_owned()),
            subject: text.with("post-mail-subject", &values),
            text: text.with("post-mail-text", &values),
            ..NewMail::new(to, Stream::Notification)
        })?;
    }
    sql!(
        "UPDATE post_mailing SET last_account = :last WHERE post_id = :id",
        id,
        last = last.id
    )
    .run(tx, Rows::Exactly(1))?;
    enqueue(tx, id, now)
}

fn finish(tx: &mut Tx<'_>, id: &PostId) -> Result<(), StoreError> {
    sql!(
        "UPDATE post_mailing SET last_account = '', finished_at = :now WHERE post_id = :id",
        id,
        now = tx.now()
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(())
}
