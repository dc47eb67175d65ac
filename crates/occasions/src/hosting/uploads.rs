//! Lists, approves, rejects and deletes the uploads of households, on behalf of hosts.

use std::collections::HashMap;

use platform::audit::Entity;
use platform::{Rows, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use web::{List, PageQuery};

use super::{HostOf, Permission, Refusal, history};
use crate::id::{InvitationId, UploadId};
use crate::occasion;
use crate::upload::{self, Upload, UploadState};

/// The maximum number of uploads in one decision.
pub const AT_ONCE: usize = 200;

#[derive(Clone, Debug)]
pub struct HostUpload {
    pub upload: Upload,
    pub household: String,
}

/// A host's decision about uploads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    State(UploadState),
    Delete,
}

/// How many uploads were changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Decided {
    /// How many uploads changed their state or were deleted.
    pub changed: i64,
}

/// Lists a page of the uploads in this state, the oldest first. Without a state, lists all uploads.
pub fn list(
    tx: &mut Tx<'_>,
    host: &HostOf,
    state: Option<UploadState>,
    paging: &PageQuery,
) -> Result<List<HostUpload>, Refusal> {
    host.needs(Permission::SeeAnswers)?;
    let names = households(tx, host)?;
    let list = upload::list(tx, host.occasion(), state, paging)?;
    Ok(list.map(|upload| with_household(&names, upload)))
}

pub fn all(tx: &mut Tx<'_>, host: &HostOf) -> Result<Vec<HostUpload>, Refusal> {
    host.needs(Permission::SeeAnswers)?;
    let names = households(tx, host)?;
    let all = upload::of_occasion(tx, host.occasion())?.into_iter();
    Ok(all.map(|upload| with_household(&names, upload)).collect())
}

fn households(tx: &mut Tx<'_>, host: &HostOf) -> Result<HashMap<InvitationId, String>, StoreError> {
    let found: Vec<(InvitationId, String)> = sql!(
        "SELECT id, household FROM invitation
         WHERE id IN (SELECT invitation FROM upload WHERE occasion = :occasion)",
        occasion = host.occasion()
    )
    .all(tx)?;
    Ok(found.into_iter().collect())
}

fn with_household(names: &HashMap<InvitationId, String>, upload: Upload) -> HostUpload {
    let household = names.get(&upload.invitation).cloned().unwrap_or_default();
    HostUpload { upload, household }
}

pub fn count(tx: &mut Tx<'_>, host: &HostOf) -> Result<Vec<(UploadState, i64)>, Refusal> {
    host.needs(Permission::SeeAnswers)?;
    Ok(sql!(
        "SELECT state, COUNT(*) FROM upload WHERE occasion = :occasion GROUP BY state",
        occasion = host.occasion()
    )
    .all(tx)?)
}

/// Approves, rejects or deletes uploads. Skips uploads that no longer exist.
pub fn decide(
    tx: &mut Tx<'_>,
    host: &HostOf,
    ids: &[UploadId],
    decision: Decision,
) -> Result<Decided, Refusal> {
    host.needs(Permission::Write)?;
    if ids.len() > AT_ONCE {
        return Err(Refusal::LimitReached(
            i64::try_from(AT_ONCE).unwrap_or(i64::MAX),
        ));
    }
    // When households add or remove uploads, they take the same lock.
    occasion::hold(tx, host.occasion())?.ok_or(Refusal::NotFound)?;
    let mut changed = 0;
    for id in ids {
        let found: Option<Upload> = sql!(
            "SELECT {Upload} FROM upload WHERE id = :id AND occasion = :occasion",
            id,
            occasion = host.occasion()
        )
        .maybe(tx)?;
        let Some(upload) = found else { continue };
        let action = match decision {
            Decision::State(state) if state == upload.state => continue,
            Decision::State(state) => {
                sql!("UPDATE upload SET state = :state WHERE id = :id", state, id)
                    .run(tx, Rows::Exactly(1))?;
                upload::tell(tx, host.occasion(), id, state.word())?;
                match state {
                    UploadState::Approved => "upload.approved",
                    UploadState::Rejected => "upload.rejected",
                    UploadState::Pending => "upload.returned",
                }
            }
            Decision::Delete => {
                upload::delete(tx, &upload)?;
                "upload.deleted"
            }
        };
        let entity = Entity::new("invitation", upload.invitation.to_string());
        history::record(tx, host, action, entity, json!([]))?;
        changed += 1;
    }
    Ok(Decided { changed })
}

pub fn delete(tx: &mut Tx<'_>, host: &HostOf, id: &UploadId) -> Result<(), Refusal> {
    match decide(tx, host, std::slice::from_ref(id), Decision::Delete)? {
        Decided { changed: 0 } => Err(Refusal::NotFound),
        Decided { .. } => Ok(()),
    }
}
