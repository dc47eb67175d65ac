//! Lists, approves, rejects and deletes the uploads of households, on behalf of hosts. The pictures
//! that hosts added stand in the same lists.

use std::collections::HashMap;

use platform::audit::Entity;
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use web::{List, PageQuery};

use super::{HostOf, Permission, Refusal, history, pictures};
use crate::gallery::{self, Filter, GalleryEntry};
use crate::id::{InvitationId, UploadId};
use crate::occasion;
use crate::upload::{self, Upload, UploadState};

/// The maximum number of uploads in one decision.
pub const AT_ONCE: usize = 200;

#[derive(Clone, Debug)]
pub struct HostUpload {
    pub upload: GalleryEntry,
    /// The household's name; empty for a picture that a host added.
    pub household: String,
}

/// A host's decision about uploads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    State(UploadState),
    Delete,
}

/// Where files stand in the gallery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = GalleryPlace)]
pub enum GalleryPlace {
    /// Before all others, in the order in which they are named.
    First,
    /// After those, in order of time.
    ByTime,
}

/// How many uploads were changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Decided {
    /// How many uploads changed their state or were deleted.
    pub changed: i64,
}

/// Lists a page of the uploads that match a filter, in the gallery's order.
pub fn list(
    tx: &mut Tx<'_>,
    host: &HostOf,
    filter: Filter,
    paging: &PageQuery,
) -> Result<List<HostUpload>, Refusal> {
    host.needs(Permission::SeeAnswers)?;
    let names = households(tx, host)?;
    let list = gallery::list(tx, host.occasion(), filter, paging)?;
    Ok(list.map(|upload| with_household(&names, upload)))
}

/// Lists all uploads of households, the oldest first.
pub fn all(tx: &mut Tx<'_>, host: &HostOf) -> Result<Vec<HostUpload>, Refusal> {
    host.needs(Permission::SeeAnswers)?;
    let filter = Filter {
        state: None,
        with_own: false,
    };
    of_filter(tx, host, filter)
}

fn of_filter(tx: &mut Tx<'_>, host: &HostOf, filter: Filter) -> Result<Vec<HostUpload>, Refusal> {
    let names = households(tx, host)?;
    let mut all = gallery::all(tx, host.occasion(), filter)?;
    all.sort_by(|one, other| one.id.cmp(&other.id));
    Ok(all
        .into_iter()
        .map(|upload| with_household(&names, upload))
        .collect())
}

/// All files of the gallery, and the pictures that hosts hide from it, for a host who downloads
/// them. The oldest is first.
pub fn to_download(tx: &mut Tx<'_>, host: &HostOf) -> Result<Vec<HostUpload>, Refusal> {
    host.needs(Permission::Write)?;
    let filter = Filter {
        state: None,
        with_own: true,
    };
    let mut files = of_filter(tx, host, filter)?;
    files.retain(|one| one.upload.is_own() || one.upload.state == UploadState::Approved);
    Ok(files)
}

/// How much a host can download.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Row)]
pub struct DownloadSize {
    pub files: i64,
    pub bytes: i64,
}

/// Counts what [`to_download`] lists.
pub fn download_size(tx: &mut Tx<'_>, host: &HostOf) -> Result<DownloadSize, Refusal> {
    host.needs(Permission::SeeAnswers)?;
    Ok(sql!(
        "SELECT COUNT(*) AS files, CAST(COALESCE(SUM(bytes), 0) AS BIGINT) AS bytes FROM (
             SELECT bytes FROM upload WHERE occasion = :occasion AND state = :approved
             UNION ALL
             SELECT bytes FROM host_picture WHERE occasion = :occasion
         ) AS file",
        occasion = host.occasion(),
        approved = UploadState::Approved
    )
    .one(tx)?)
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

fn with_household(names: &HashMap<InvitationId, String>, upload: GalleryEntry) -> HostUpload {
    let household = upload.invitation.as_ref().and_then(|id| names.get(id));
    HostUpload {
        household: household.cloned().unwrap_or_default(),
        upload,
    }
}

/// How many files are in a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Row)]
pub struct StateCount {
    pub state: UploadState,
    pub files: i64,
    /// How many of them hosts added.
    pub own: i64,
}

pub fn count(tx: &mut Tx<'_>, host: &HostOf) -> Result<Vec<StateCount>, Refusal> {
    host.needs(Permission::SeeAnswers)?;
    Ok(sql!(
        "SELECT state, COUNT(*) AS files, CAST(SUM(own) AS BIGINT) AS own FROM (
             SELECT state, 0 AS own FROM upload WHERE occasion = :occasion
             UNION ALL
             SELECT state, 1 FROM host_picture WHERE occasion = :occasion
         ) AS file GROUP BY state",
        occasion = host.occasion()
    )
    .all(tx)?)
}

/// Approves, rejects or deletes uploads, and pictures that hosts added. Skips what no longer exists.
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
        let Some(upload) = found else {
            changed += i64::from(decide_own(tx, host, id, decision)?);
            continue;
        };
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

/// Gives files a place in the gallery. Skips what no longer exists.
pub fn order(
    tx: &mut Tx<'_>,
    host: &HostOf,
    ids: &[UploadId],
    to: GalleryPlace,
) -> Result<Decided, Refusal> {
    host.needs(Permission::Write)?;
    let count = i64::try_from(ids.len()).unwrap_or(i64::MAX);
    if ids.len() > AT_ONCE {
        let most = i64::try_from(AT_ONCE).unwrap_or(i64::MAX);
        return Err(Refusal::LimitReached(most));
    }
    occasion::hold(tx, host.occasion())?.ok_or(Refusal::NotFound)?;
    let (first,): (i64,) = sql!(
        "SELECT CAST(COALESCE(MIN(position), 0) AS BIGINT) FROM (
             SELECT position FROM upload WHERE occasion = :occasion
             UNION ALL SELECT position FROM host_picture WHERE occasion = :occasion
         ) AS file",
        occasion = host.occasion()
    )
    .one(tx)?;
    let mut changed = 0;
    for (id, place) in ids.iter().zip(first - count..) {
        let position = match to {
            GalleryPlace::First => place,
            GalleryPlace::ByTime => 0,
        };
        let uploaded = sql!(
            "UPDATE upload SET position = :position WHERE id = :id AND occasion = :occasion",
            position,
            id,
            occasion = host.occasion()
        )
        .run(tx, Rows::AtMostOne)?;
        let own = sql!(
            "UPDATE host_picture SET position = :position
             WHERE id = :id AND occasion = :occasion",
            position,
            id,
            occasion = host.occasion()
        )
        .run(tx, Rows::AtMostOne)?;
        changed += i64::try_from(uploaded + own).unwrap_or(0);
    }
    let entity = Entity::new("occasion", host.occasion().to_string());
    let changes = json!([{ "field": "files", "old": null, "new": changed }]);
    history::record(tx, host, "upload.ordered", entity, changes)?;
    Ok(Decided { changed })
}

/// A picture that a host added needs no approval, so it is only shown or hidden. Returns whether the
/// picture exists and was changed.
fn decide_own(
    tx: &mut Tx<'_>,
    host: &HostOf,
    id: &UploadId,
    decision: Decision,
) -> Result<bool, Refusal> {
    let done = match decision {
        Decision::State(state) => pictures::set_shown(tx, host, id, state == UploadState::Approved),
        Decision::Delete => pictures::delete(tx, host, id).map(|()| true),
    };
    match done {
        Err(Refusal::NotFound) => Ok(false),
        done => done,
    }
}

pub fn delete(tx: &mut Tx<'_>, host: &HostOf, id: &UploadId) -> Result<(), Refusal> {
    match decide(tx, host, std::slice::from_ref(id), Decision::Delete)? {
        Decided { changed: 0 } => Err(Refusal::NotFound),
        Decided { .. } => Ok(()),
    }
}
