//! The API for invitations.

use std::borrow::Cow;

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use platform::Tx;
use platform::mail::suppression;
use serde::Deserialize;
use site::Callers::{People, Tokens};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};
use web::described::Routes;
use web::json::Received;
use web::{Json, List, PageQuery, Problem, Site, fields, routes};

use super::call::{Call, Maybe, Place, answer, id};
use super::change_response::{Saved, Sees};
use super::view::{self, InvitationView, LineView};
use crate::event::Seats;
use crate::form_event;
use crate::hosting::Permission::{Invite, Own, See};
use crate::hosting::codes::{self, Chosen};
use crate::hosting::invitations::InvitationChange;
use crate::hosting::listing::{self, InvitationFilter};
use crate::hosting::moving::{self, Destination};
use crate::hosting::permissions::HostOf;
use crate::hosting::portals;
use crate::hosting::{Refusal, guests, invitations, locks, open_rsvp, suppressions, unanswered};
use crate::id::{GuestId, InvitationId};
use crate::invitation::Details;
use crate::invitation_snapshot::InvitationSnapshot;
use crate::token_scopes::{OCCASION_READ, OCCASION_WRITE};
use crate::web::access::may;

pub(super) fn routes<R: Routes<Site>>() -> R {
    R::default()
        .routes(routes!(
            list: may(See, Tokens(&[OCCASION_READ])),
            create: may(Invite, Tokens(&[OCCASION_WRITE])),
        ))
        .routes(routes!(
            show: may(See, Tokens(&[OCCASION_READ])),
            change: may(Invite, Tokens(&[OCCASION_WRITE])),
            archive: may(Invite, Tokens(&[OCCASION_WRITE])),
        ))
        .routes(routes!(restore: may(Invite, Tokens(&[OCCASION_WRITE]))))
        .routes(routes!(lock: may(Invite, Tokens(&[OCCASION_WRITE]))))
        .routes(routes!(unlock: may(Invite, Tokens(&[OCCASION_WRITE]))))
        .routes(routes!(replace_code: may(Own, People)))
        .routes(routes!(mark_sent: may(Invite, Tokens(&[OCCASION_WRITE]))))
        .routes(routes!(approve: may(Invite, Tokens(&[OCCASION_WRITE]))))
        .routes(routes!(merge: may(Invite, Tokens(&[OCCASION_WRITE]))))
        .routes(routes!(move_guests: may(Invite, Tokens(&[OCCASION_WRITE]))))
}

/// The invitations of an occasion. They can be searched, filtered and sorted.
#[utoipa::path(
    get, path = "/api/v1/occasions/{id}/invitations", tag = "invitations",
    params(PageQuery, InvitationFilter, listing::filter::Order),
    responses((status = 200, body = List<LineView>))
)]
async fn list(
    call: Call,
    Path(occasion): Path<String>,
    paging: PageQuery,
) -> Result<Json<List<LineView>>, Problem> {
    let (filter, sort) = InvitationFilter::read(&call.query())?;
    let found = call
        .read(Place::occasion(&occasion)?, move |tx, host| {
            let sees = Sees::of(host);
            let found = listing::invitations(tx, host, &filter, sort, &paging)?;
            Ok(found.map(|line| LineView::of(line, sees)))
        })
        .await?;
    Ok(Json(found))
}

/// Creates an invitation with its guests.
#[utoipa::path(
    post, path = "/api/v1/occasions/{id}/invitations", tag = "invitations",
    request_body = ChangeBody,
    responses((status = 201, body = Saved<InvitationView>), (status = 409))
)]
async fn create(
    call: Call,
    Path(occasion): Path<String>,
    body: Received<InvitationChange>,
) -> Result<Response, Problem> {
    let place = Place::occasion(&occasion)?;
    let new = body.value;
    let insists = new.insist_on_code.unwrap_or_default();
    let code = new.code.clone();
    let made = async {
        let chosen = count_attempt(&call, &place, code.clone(), insists).await?;
        let status = StatusCode::CREATED;
        call.once(place, &body.bytes, status, move |tx, host| {
            let snapshot = invitations::create(tx, host, &new, chosen.as_ref())?;
            saved(tx, host, &snapshot)
        })
        .await
    };
    call.by_hand(code.as_deref(), made).await
}

/// One invitation, even if it is archived.
#[utoipa::path(
    get, path = "/api/v1/invitations/id/{id}", tag = "invitations",
    responses((status = 200, body = InvitationView))
)]
async fn show(call: Call, Path(text): Path<String>) -> Result<Response, Problem> {
    let invitation: InvitationId = id(&text)?;
    let place = Place::Invitation(invitation.clone());
    let key = call.site.keys.key(suppression::PURPOSE);
    let found = call
        .read(place, move |tx, host| {
            let snapshot = portals::load(tx, host, &invitation)?;
            let view = load_view(tx, host, &snapshot)?;
            let held = suppressions::list(tx, &key, host, &snapshot.household.invitation)?;
            let sees = Sees::of(host);
            let may_know = sees.answers && sees.contacts && host.may(Invite);
            let unanswered = if may_know {
                let kept = invitations::bookkeeping(tx, &invitation)?;
                let form = form_event::find(tx, &invitation)?;
                let held = held.as_deref().unwrap_or_default();
                unanswered::explain(&snapshot, &kept, held, form.as_ref())
            } else {
                None
            };
            Ok(view.with_suppressions(held).with_unanswered(unanswered))
        })
        .await?;
    Ok(answer(StatusCode::OK, &found))
}

/// Changes an invitation.
#[utoipa::path(
    patch, path = "/api/v1/invitations/id/{id}", tag = "invitations", request_body = ChangeBody,
    responses((status = 200, body = Saved<InvitationView>), (status = 409), (status = 428))
)]
async fn change(
    call: Call,
    Path(text): Path<String>,
    Json(body): Json<InvitationChange>,
) -> Result<Response, Problem> {
    let version = call.version(body.version)?;
    let invitation: InvitationId = id(&text)?;
    let place = Place::Invitation(invitation.clone());
    let changed = call
        .write(place, move |tx, host| {
            let snapshot = invitations::change(tx, host, &invitation, version, &body)?;
            saved(tx, host, &snapshot)
        })
        .await?;
    Ok(answer(StatusCode::OK, &changed))
}

/// Archives an invitation. It can be restored within 30 days.
#[utoipa::path(
    delete, path = "/api/v1/invitations/id/{id}", tag = "invitations",
    responses((status = 204), (status = 409))
)]
async fn archive(call: Call, Path(text): Path<String>) -> Result<StatusCode, Problem> {
    let version = call.version_if_named(None)?;
    let invitation: InvitationId = id(&text)?;
    let place = Place::Invitation(invitation.clone());
    call.write(place, move |tx, host| {
        invitations::archive(tx, host, &invitation, version).map(drop)
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A request to restore an invitation.
#[derive(Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
struct Restoring {
    /// The version that the client has read. If it is `null` or omitted, the server does not check
    /// whether somebody has changed the invitation since.
    version: Option<i64>,
    /// Whether to restore the invitation even if an event has too few free seats for its guests.
    r#override: bool,
}

/// A request to lock a household's answers.
#[derive(Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
struct Lock {
    /// The version that the client has read. If it is `null` or omitted, the server does not check
    /// whether somebody has changed the invitation since.
    version: Option<i64>,
    /// Why the answers are locked. Only hosts see the reason.
    reason: String,
}

/// A request to replace a code. The new code is either random or chosen by the host.
#[derive(Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
struct NewCode {
    /// The version that the client has read. If it is `null` or omitted, the server does not check
    /// whether somebody has changed the invitation since.
    version: Option<i64>,
    /// The new code. If it is omitted or `null`, the code is random.
    code: Option<String>,
    /// Whether to accept a code that is easy to guess.
    insist_on_code: bool,
}

/// A request that contains only the version, which is optional.
#[derive(Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
struct Approval {
    /// The version that the client has read. If it is `null` or omitted, the server does not check
    /// whether somebody has changed the invitation since.
    version: Option<i64>,
}

/// A request to merge an invitation into another one.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Merging {
    /// The version that the client has read. If it is `null` or omitted, the server does not check
    /// whether somebody has changed the invitation since.
    #[serde(default)]
    version: Option<i64>,
    /// The id of the invitation that remains.
    into: InvitationId,
}

/// A request to move guests to another invitation.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct GuestMove {
    /// The version that the client has read. If it is `null` or omitted, the server does not check
    /// whether somebody has changed the invitation since.
    #[serde(default)]
    version: Option<i64>,
    /// Ids of the guests who move. At least one guest must stay.
    guests: Vec<GuestId>,
    /// The id of the invitation to which the guests move; null for a new invitation.
    #[serde(default)]
    into: Option<InvitationId>,
    /// The name of the new invitation's household, 1–120 characters. Ignored if `into` is set.
    #[serde(default)]
    household: String,
}

/// A request that says whether an invitation was sent.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
struct Sent {
    /// Whether the invitation counts as sent.
    sent: bool,
}

impl Default for Sent {
    fn default() -> Self {
        Self { sent: true }
    }
}

/// Restores an archived invitation. With `override`, it is restored even if too few seats are free.
#[utoipa::path(
    post, path = "/api/v1/invitations/id/{id}/restore", tag = "invitations",
    request_body = Option<Restoring>,
    responses((status = 200, body = Saved<InvitationView>), (status = 409))
)]
async fn restore(
    call: Call,
    Path(text): Path<String>,
    body: Maybe<Restoring>,
) -> Result<Response, Problem> {
    let version = call.version_if_named(body.value.version)?;
    let seats = if body.value.r#override {
        Seats::Beyond
    } else {
        Seats::Free
    };
    act(&call, &text, &body.bytes, move |tx, host, invitation| {
        invitations::restore(tx, host, invitation, version, seats)
    })
    .await
}

/// Locks a household's answers, regardless of the deadline.
#[utoipa::path(
    post, path = "/api/v1/invitations/id/{id}/lock", tag = "invitations",
    request_body = Option<Lock>,
    responses((status = 200, body = Saved<InvitationView>), (status = 409))
)]
async fn lock(
    call: Call,
    Path(text): Path<String>,
    body: Maybe<Lock>,
) -> Result<Response, Problem> {
    let version = call.version_if_named(body.value.version)?;
    let reason = body.value.reason;
    act(&call, &text, &body.bytes, move |tx, host, invitation| {
        locks::lock(tx, host, invitation, version, &reason)
    })
    .await
}

/// Lets a household answer again until the deadline. With `open`, the household can answer
/// regardless of the deadline.
#[utoipa::path(
    post, path = "/api/v1/invitations/id/{id}/unlock", tag = "invitations",
    request_body = Option<locks::Opening>,
    responses((status = 200, body = Saved<InvitationView>), (status = 409))
)]
async fn unlock(
    call: Call,
    Path(text): Path<String>,
    body: Maybe<locks::Opening>,
) -> Result<Response, Problem> {
    let mut opening = body.value;
    opening.version = call.version_if_named(opening.version)?;
    act(&call, &text, &body.bytes, move |tx, host, invitation| {
        locks::unlock(tx, host, invitation, &opening)
    })
    .await
}

/// Gives an invitation another code. The old code stops working. Only owners may do this, and only
/// in a session, not with an API token.
#[utoipa::path(
    post, path = "/api/v1/invitations/id/{id}/replace-code", tag = "invitations",
    request_body = Option<NewCode>,
    responses((status = 200, body = Saved<InvitationView>), (status = 409))
)]
async fn replace_code(
    call: Call,
    Path(text): Path<String>,
    body: Maybe<NewCode>,
) -> Result<Response, Problem> {
    let invitation: InvitationId = id(&text)?;
    let wanted = body.value;
    let version = call.version_if_named(wanted.version)?;
    let place = Place::Invitation(invitation);
    let code = wanted.code.clone();
    let replaced = async {
        let chosen = count_attempt(&call, &place, wanted.code, wanted.insist_on_code).await?;
        let replace = move |tx: &mut Tx<'_>, host: &HostOf, invitation: &InvitationId| {
            codes::replace(tx, host, invitation, version, chosen.as_ref())
        };
        act(&call, &text, &body.bytes, replace).await
    };
    call.by_hand(code.as_deref(), replaced).await
}

/// Approves an answer that was sent without a code.
#[utoipa::path(
    post, path = "/api/v1/invitations/id/{id}/approve", tag = "invitations",
    request_body = Option<Approval>,
    responses((status = 200, body = Saved<InvitationView>), (status = 409))
)]
async fn approve(
    call: Call,
    Path(text): Path<String>,
    body: Maybe<Approval>,
) -> Result<Response, Problem> {
    let version = call.version_if_named(body.value.version)?;
    act(&call, &text, &body.bytes, move |tx, host, invitation| {
        open_rsvp::approve(tx, host, invitation, version)
    })
    .await
}

/// Merges an invitation into another one, and returns the invitation that remains. From then on,
/// the merged invitation's code opens the remaining one.
#[utoipa::path(
    post, path = "/api/v1/invitations/id/{id}/merge", tag = "invitations", request_body = Merging,
    responses((status = 200, body = Saved<InvitationView>), (status = 409))
)]
async fn merge(
    call: Call,
    Path(text): Path<String>,
    body: Received<Merging>,
) -> Result<Response, Problem> {
    let version = call.version_if_named(body.value.version)?;
    let into = body.value.into;
    act(&call, &text, &body.bytes, move |tx, host, invitation| {
        open_rsvp::merge(tx, host, invitation, &into, version)
    })
    .await
}

/// Moves guests, with their answers, to another invitation or to a new one. Returns the invitation
/// to which they moved.
#[utoipa::path(
    post, path = "/api/v1/invitations/id/{id}/move", tag = "invitations", request_body = GuestMove,
    responses((status = 200, body = Saved<InvitationView>), (status = 409))
)]
async fn move_guests(
    call: Call,
    Path(text): Path<String>,
    body: Received<GuestMove>,
) -> Result<Response, Problem> {
    let GuestMove {
        version,
        guests,
        into,
        household,
    } = body.value;
    let version = call.version_if_named(version)?;
    let destination = into.map_or(Destination::New(household), Destination::Existing);
    act(&call, &text, &body.bytes, move |tx, host, invitation| {
        moving::move_guests(tx, host, invitation, version, &guests, &destination)
    })
    .await
}

/// Records whether an invitation was sent on paper or through a messenger.
#[utoipa::path(
    post, path = "/api/v1/invitations/id/{id}/sent", tag = "invitations",
    request_body = Option<Sent>,
    responses((status = 200, body = Saved<InvitationView>), (status = 409))
)]
async fn mark_sent(
    call: Call,
    Path(text): Path<String>,
    body: Maybe<Sent>,
) -> Result<Response, Problem> {
    let sent = body.value.sent;
    act(&call, &text, &body.bytes, move |tx, host, invitation| {
        invitations::mark_sent(tx, host, invitation, sent)?;
        portals::load_changed(tx, host, invitation)
    })
    .await
}

async fn act<F>(call: &Call, text: &str, body: &[u8], change: F) -> Result<Response, Problem>
where
    F: Fn(&mut Tx<'_>, &HostOf, &InvitationId) -> Result<InvitationSnapshot, Refusal>
        + Send
        + 'static,
{
    let invitation: InvitationId = id(text)?;
    let place = Place::Invitation(invitation.clone());
    call.once(place, body, StatusCode::OK, move |tx, host| {
        let snapshot = change(tx, host, &invitation)?;
        saved(tx, host, &snapshot)
    })
    .await
}

/// In its own transaction, so that a later failure cannot undo the count.
async fn count_attempt(
    call: &Call,
    place: &Place,
    code: Option<String>,
    insists: bool,
) -> Result<Option<Chosen>, Problem> {
    let Some(code) = code else {
        return Ok(None);
    };
    let chosen = call
        .write(place.clone(), move |tx, host| {
            codes::try_by_hand(tx, host, &code, insists)
        })
        .await?;
    Ok(Some(chosen))
}

/// The request body of a change, as the OpenAPI description shows it. Its fields come from the
/// table [`invitations::FIELDS`].
struct ChangeBody;

impl PartialSchema for ChangeBody {
    fn schema() -> RefOr<Schema> {
        let body = "What hosts may set about an invitation; what is left out stays.";
        let mut whole = fields::schema::<Details>(invitations::FIELDS, &[], body);
        if let RefOr::T(Schema::Object(whole)) = &mut whole
            && let RefOr::T(Schema::Object(beside)) = InvitationChange::schema()
        {
            whole.properties.extend(beside.properties);
        }
        whole
    }
}

impl ToSchema for ChangeBody {
    fn name() -> Cow<'static, str> {
        "InvitationChange".into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        InvitationChange::schemas(schemas);
    }
}

/// Loads an invitation with the fields that this host may see.
pub(super) fn load_view(
    tx: &mut Tx<'_>,
    host: &HostOf,
    snapshot: &InvitationSnapshot,
) -> Result<InvitationView, Refusal> {
    let sees = Sees::of(host);
    let id = &snapshot.household.invitation.id;
    let reached = if sees.contacts {
        guests::contacts(tx, id)?
    } else {
        std::collections::BTreeMap::new()
    };
    let kept = invitations::bookkeeping(tx, id)?;
    Ok(view::invitation(snapshot, sees).with(&kept, &reached))
}

pub(super) fn saved(
    tx: &mut Tx<'_>,
    host: &HostOf,
    snapshot: &InvitationSnapshot,
) -> Result<Saved<InvitationView>, Refusal> {
    Ok(Saved::of(load_view(tx, host, snapshot)?, Sees::of(host)))
}
