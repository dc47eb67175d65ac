//! Helpers for tests of the hosts' rules. They create guests and answers, and link to households'
//! pages.

use occasions::code::CodeKey;
use occasions::hosting::answers::OneReply;
use occasions::hosting::invitations::InvitationChange;
use occasions::hosting::portals;
use occasions::id::InvitationId;
use occasions::invitation_snapshot::{self, Closed, InvitationSnapshot};
use occasions::words::ReplyStatus;
use serde_json::{Value, json};
use web::Input;

use crate::stage::Stage;

pub(crate) async fn portal(stage: &Stage<'_>, id: &InvitationId) -> InvitationSnapshot {
    let id = id.clone();
    stage
        .done(move |tx, host| portals::load(tx, host, &id))
        .await
}

pub(crate) async fn version(stage: &Stage<'_>, id: &InvitationId) -> i64 {
    portal(stage, id).await.household.invitation.version
}

pub(crate) fn sent(change: Value) -> InvitationChange {
    serde_json::from_value(change).unwrap()
}

/// Returns the input for a guest who is named by a host.
pub(crate) fn named(name: &str) -> Input {
    json!({ "name": name }).into()
}

/// Returns the input for a plus-one that a household brings.
pub(crate) fn brought(name: &str, may_exceed: bool) -> Input {
    json!({ "name": name, "kind": "plus_one", "override": may_exceed }).into()
}

/// Returns the input for a guest's reply. The reply may not exceed the limits.
pub(crate) fn reply(status: ReplyStatus) -> OneReply {
    OneReply {
        version: None,
        status,
        r#override: false,
        mail: false,
    }
}

pub(crate) async fn opens(stage: &Stage<'_>, typed: &'static str) -> bool {
    let key = CodeKey::parse(typed).unwrap();
    let found = stage
        .site
        .store
        .read(move |tx| invitation_snapshot::open(tx, &key))
        .await;
    match found {
        Ok(_) => true,
        Err(Closed::NotFound | Closed::Expired) => false,
        Err(Closed::Store(error)) => panic!("{error}"),
    }
}
