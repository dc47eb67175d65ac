//! The webhook events of posts, for editors.

use identity::account::AccountId;
use identity::grant;
use platform::jobs::{Done, Handler};
use platform::{Rows, StoreError, Tx, sql};
use serde::Serialize;
use site::webhook::{self, WebhookEvent};
use utoipa::ToSchema;

use crate::editor_role::EDITOR;
use crate::post::{Kind, Post, PostId, State};
use crate::token_scopes::{READ, WRITE};

const PUBLISHED: WebhookEvent = event("post.published", "post-event-published");
const WITHDRAWN: WebhookEvent = event("post.withdrawn", "post-event-withdrawn");

pub const EVENTS: &[WebhookEvent] = &[PUBLISHED, WITHDRAWN];

const fn event(name: &'static str, label: &'static str) -> WebhookEvent {
    WebhookEvent {
        name,
        label,
        read: READ,
        write: &[WRITE],
        concerns: |tx, account| Ok(editors(tx)?.contains(account)),
    }
}

fn editors(tx: &mut Tx<'_>) -> Result<Vec<AccountId>, StoreError> {
    grant::list_who_may_in_site(tx, EDITOR)
}

/// A webhook's message about a post.
#[derive(Serialize, ToSchema)]
pub(crate) struct PostMessage {
    /// The id of the post.
    post: PostId,
    kind: Kind,
    /// The title; empty for a note.
    title: String,
    /// The name in URLs; empty for a note.
    slug: String,
}

/// Stores the webhook messages about a change of a post's state. The caller must have locked the
/// post in the store.
pub(crate) fn tell(tx: &mut Tx<'_>, old: State, new: &Post) -> Result<(), StoreError> {
    let event = match (old, new.state) {
        (State::Published, State::Withdrawn) => &WITHDRAWN,
        (State::Draft | State::Scheduled | State::Withdrawn, State::Published) => &PUBLISHED,
        _ => return Ok(()),
    };
    let editors = editors(tx)?;
    webhook::fire(tx, event, editors, |_, _| {
        Ok(PostMessage {
            post: new.id.clone(),
            kind: new.kind,
            title: new.title.clone(),
            slug: new.slug.clone(),
        })
    })
}

/// The job that stores the webhook messages about scheduled posts whose time has come.
pub(crate) fn sweeps() -> Handler {
    Handler::each_minute("post.publish", async |_| Ok(Done::with(publish_due)))
}

fn publish_due(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    let now = tx.now();
    let due: Vec<Post> = sql!(
        "SELECT {Post} FROM post WHERE state = 'scheduled' AND first_published_at <= :now
         ORDER BY id FOR NO KEY UPDATE",
        now
    )
    .all(tx)?;
    for post in due {
        sql!(
            "UPDATE post SET state = 'published' WHERE id = :id",
            id = post.id
        )
        .run(tx, Rows::Exactly(1))?;
        tell(tx, State::Scheduled, &post.at(now))?;
    }
    Ok(())
}
