//! The JSON API for households. The invitation code in the URL's path or in the request body gives
//! access.

use std::collections::BTreeMap;

use axum::Extension;
use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, ETAG, IF_MATCH};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa::openapi::path::ParameterIn;
use utoipa::openapi::{self, OpenApi, RefOr, Required};
use web::described::{Routes, parameter, problem_responses};
use web::json::Received;
use web::{Anybody, Facts, Json, Problem, Site, Text, routes, version};

use super::state::{self, PortalState};
use crate::answer::Answer;
use crate::code::CodeKey;
use crate::household_change::{GuestUpdate, HouseholdChange, NoteUpdate};
use crate::id::GuestId;
use crate::invitation_snapshot::InvitationSnapshot;
use crate::refusal::{Current, Refusal};
use crate::rsvp::{self, After, OtherBody, Repeat, Save, Saved};
use crate::web::guest::{self, Admitted, CodeGate, Credentials, GuestRequest, keep_private};
use crate::words::{ReplyStatus, Source};

pub(super) fn routes<R: Routes<Site>>() -> R {
    R::default()
        .routes(routes!(resolve: Anybody))
        .routes(routes!(show: Anybody))
        .routes(routes!(save: Anybody))
        .routes(routes!(save_by_code: Anybody))
        .routes(routes!(save_note: Anybody, remove_note: Anybody))
        .describing(describe)
}

/// Describes what all operations with a code have in common.
pub(super) fn describe(api: &mut OpenApi) {
    let query = |name, words| {
        let optional = parameter(name, ParameterIn::Query).required(Required::False);
        RefOr::from(optional.description(Some(words)).build())
    };
    let name = "One name on the invitation: needed after `name_required`.";
    let k = "`k` of the invitation's link, instead of a name.";
    let proofs = [query("name", name), query("k", k)];
    let unproven = "A name on the invitation is needed too: `name_required`.";
    problem_responses::may_answer(api, &[404, 410, 429]);
    for (path, item) in &mut api.paths.paths {
        for operation in problem_responses::operations_of(item) {
            let responses = &mut operation.responses.responses;
            responses.insert("401".to_owned(), openapi::Response::new(unproven).into());
            if path.contains("{code}") {
                let parameters = operation.parameters.get_or_insert_default();
                parameters.extend(proofs.clone());
            }
        }
    }
}

/// A code to look up.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ResolveBody {
    /// The code as typed. Case and spaces are ignored, and look-alike characters count as equal.
    code: String,
    /// A name on the invitation. It is required if the server has answered `name_required`.
    name: Option<String>,
    /// The parameter `k` from an invitation link. It can be sent instead of a name.
    k: Option<String>,
}

/// The invitation that a code opens.
#[derive(Serialize, ToSchema)]
struct Resolved {
    /// The code as printed on the invitation card.
    canonical: String,
    /// The occasion's slug.
    occasion: String,
    /// The household's language, if the hosts know it.
    language: Option<String>,
    /// The parameter `k` of an invitation link. Requests with `k` need no name.
    k: Option<String>,
}

/// Finds the invitation that a code opens.
#[utoipa::path(
    post, path = "/api/v1/codes/resolve", tag = "guests", request_body = ResolveBody,
    responses((status = 200, body = Resolved), (status = 410))
)]
async fn resolve(
    State(site): State<Site>,
    Extension(gate): Extension<CodeGate>,
    facts: Facts,
    headers: HeaderMap,
    Json(body): Json<ResolveBody>,
) -> Result<Response, Problem> {
    if CodeKey::parse(&body.code).is_err() {
        return Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "code_malformed",
        ));
    }
    let given = Credentials::code(body.code)
        .with_check(body.k.as_deref())
        .with_name(body.name.as_deref());
    let req = GuestRequest::of(site, gate, facts, headers, given);
    let snapshot = req.open().await.map_err(Problem::from)?;
    let check = snapshot.links.check_of(&snapshot.household.invitation.code);
    let invitation = snapshot.household.invitation;
    Ok(private(Json(Resolved {
        canonical: invitation.code,
        occasion: snapshot.occasion.slug.clone(),
        language: invitation.details.language,
        k: check,
    })))
}

/// The invitation that a code opens, with everything that its household sees.
#[utoipa::path(
    get, path = "/api/v1/invitations/{code}", tag = "guests",
    responses((status = 200, body = PortalState), (status = 410))
)]
async fn show(req: GuestRequest) -> Result<Response, Problem> {
    let snapshot = req.open().await.map_err(Problem::from)?;
    let text = req.text(&snapshot);
    let noted = req.noted_form(&snapshot).await?;
    let state = state::of(&snapshot, &text).with_form_events(noted);
    Ok(tagged(&snapshot, Json(state)))
}

/// A household's changes. Omitted fields stay unchanged.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SaveBody {
    /// The version that the client has read. It can be sent in `If-Match` instead.
    version: Option<i64>,
    /// Guests to change or to add. A guest without `id` is added.
    #[serde(default)]
    guests: Vec<GuestBody>,
    /// Plus-ones to remove.
    #[serde(default)]
    remove: Vec<GuestId>,
    /// The answers to the questions that are asked once per household, by the question's key. A
    /// `null` or empty value removes an answer.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, Answer>)]
    answers: BTreeMap<String, Value>,
    /// The note to the hosts.
    note: Option<NoteBody>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(
    clippy::option_option,
    reason = "left out, null and given are three things"
)]
struct GuestBody {
    /// The id of a guest on the invitation. Omitted for a new guest.
    id: Option<GuestId>,
    /// The guest's name. If omitted, the name stays unchanged.
    name: Option<String>,
    /// Whether the guest is a child.
    is_child: Option<bool>,
    /// The child's age, 0–17; `null` if unknown.
    #[serde(default, deserialize_with = "deserialize_given")]
    age: Option<Option<i64>>,
    /// Replies by event key: `yes`, `no` or `undecided`.
    #[serde(default)]
    replies: BTreeMap<String, ReplyStatus>,
    /// Keys of dietary options.
    diets: Option<Vec<String>>,
    /// The guest's note about food. `null` or an empty text removes the note.
    #[serde(default, deserialize_with = "deserialize_given")]
    diet_note: Option<Option<String>>,
    /// Answers by the question's key. A `null` or empty value removes an answer.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, Answer>)]
    answers: BTreeMap<String, Value>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NoteBody {
    /// The text of the note. An empty text removes the note.
    text: String,
    /// The version of the note that the client has read.
    version: Option<i64>,
}

/// Parses a present field to `Some`, so that a field with `null` differs from a missing field.
#[expect(
    clippy::option_option,
    reason = "left out, null and given are three things"
)]
fn deserialize_given<'de, D, T>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::deserialize(deserializer).map(Some)
}

impl SaveBody {
    fn into_change(self) -> HouseholdChange {
        HouseholdChange {
            version: self.version,
            guests: self
                .guests
                .into_iter()
                .map(GuestBody::into_update)
                .collect(),
            remove: self.remove,
            answers: self.answers,
            note: self.note.map(|note| NoteUpdate {
                text: note.text,
                version: note.version,
            }),
            wrong: Vec::new(),
        }
    }
}

impl GuestBody {
    fn into_update(self) -> GuestUpdate {
        GuestUpdate {
            id: self.id,
            name: self.name,
            is_child: self.is_child,
            age: self.age,
            replies: self.replies,
            diets: self.diets,
            diet_note: self.diet_note.map(Option::unwrap_or_default),
            answers: self.answers,
        }
    }
}

/// Saves a household's answers.
#[utoipa::path(
    put, path = "/api/v1/invitations/{code}/rsvp", tag = "guests",
    request_body = SaveBody,
    responses((status = 200, body = PortalState), (status = 409), (status = 410),
        (status = 423), (status = 428))
)]
async fn save(req: GuestRequest, body: Received<SaveBody>) -> Result<Response, Problem> {
    let mut wanted = body.value;
    let admitted = req.admit().await.map_err(Problem::from)?;
    wanted.version = seen(&req.headers, wanted.version);
    let repeat = repeat(&req.headers, "PUT /invitations/rsvp", &body.bytes)?;
    store(&req, admitted, wanted.into_change(), repeat, true).await
}

/// A household's changes together with its code. Omitted fields stay unchanged.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SaveByCodeBody {
    /// The invitation's code.
    code: String,
    /// A name on the invitation. It is required if the server has answered `name_required`.
    name: Option<String>,
    /// The parameter `k` from an invitation link. It can be sent instead of a name.
    k: Option<String>,
    /// The version that the client has read. Without a version, the given fields replace the stored
    /// values.
    version: Option<i64>,
    /// Guests to change or to add. A guest without `id` is added.
    #[serde(default)]
    guests: Vec<GuestBody>,
    /// Plus-ones to remove.
    #[serde(default)]
    remove: Vec<GuestId>,
    /// The answers to the questions that are asked once per household, by the question's key. A
    /// `null` or empty value removes an answer.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, Answer>)]
    answers: BTreeMap<String, Value>,
    /// The note to the hosts.
    note: Option<NoteBody>,
}

/// Saves a household's answers. The invitation code is in the request body. Without `version`, the
/// given fields replace the stored values. Adding guests without `version` requires an idempotency
/// key.
#[utoipa::path(
    post, path = "/api/rsvp", tag = "guests", request_body = SaveByCodeBody,
    responses((status = 200, body = PortalState), (status = 409), (status = 410),
        (status = 423), (status = 428))
)]
async fn save_by_code(
    State(site): State<Site>,
    Extension(gate): Extension<CodeGate>,
    facts: Facts,
    headers: HeaderMap,
    body: Received<SaveByCodeBody>,
) -> Result<Response, Problem> {
    let SaveByCodeBody {
        code,
        version,
        guests,
        remove,
        answers,
        note,
        name,
        k,
    } = body.value;
    let wanted = SaveBody {
        version,
        guests,
        remove,
        answers,
        note,
    };
    let given = Credentials::code(code)
        .with_check(k.as_deref())
        .with_name(name.as_deref());
    let req = GuestRequest::of(site, gate, facts, headers, given);
    let admitted = req.admit().await.map_err(Problem::from)?;
    let repeat = repeat(&req.headers, "POST /api/rsvp", &body.bytes)?;
    store(&req, admitted, wanted.into_change(), repeat, false).await
}

/// A missing version is no error here. The save checks later whether it needs one.
fn seen(headers: &HeaderMap, body: Option<i64>) -> Option<i64> {
    match version::expected(headers, body) {
        Ok(seen) => Some(seen),
        // An ETag that this server never sent counts as older than any version.
        Err(_) if headers.contains_key(IF_MATCH) => Some(0),
        Err(_) => None,
    }
}

fn repeat(
    headers: &HeaderMap,
    route: &'static str,
    body: &[u8],
) -> Result<Option<Repeat>, Problem> {
    let key = web::idempotency::key(headers)?;
    Ok(key.map(|key| Repeat {
        route,
        key: key.to_owned(),
        body: body.to_vec(),
        other_body: OtherBody::Refuse,
    }))
}

async fn store(
    req: &GuestRequest,
    admitted: Admitted,
    change: HouseholdChange,
    repeat: Option<Repeat>,
    needs_version: bool,
) -> Result<Response, Problem> {
    let save = Save {
        key: admitted.key.clone(),
        change,
        source: Source::Api,
        repeat,
        request: Some(req.origin()),
        needs_version,
    };
    let speaker = req.speaker();
    let saved = req
        .site
        .store
        .write(move |tx| {
            rsvp::answer(tx, &save, |snapshot| {
                state::body(snapshot, &speaker.speak(snapshot))
            })
        })
        .await;
    let saved = match saved {
        Ok(saved) => saved,
        Err(refusal) => return Err(req.refuse_save(admitted, refusal)),
    };
    admitted.succeeded();
    Ok(match saved {
        Saved::Stored(after) | Saved::Unchanged(after) => {
            let After { snapshot, body } = *after;
            let body = body.unwrap_or_else(|| state::body(&snapshot, &req.text(&snapshot)));
            tagged(&snapshot, json_text(body))
        }
        Saved::Again(stored) => private(json_text(stored.body)),
    })
}

/// The household's note as it is stored.
#[derive(Serialize, ToSchema)]
struct Note {
    /// The note.
    text: String,
    /// The version of the note.
    version: i64,
}

/// Writes the household's note to the hosts.
#[utoipa::path(
    put, path = "/api/v1/invitations/{code}/note", tag = "guests",
    request_body = NoteBody,
    responses((status = 200, body = Note), (status = 409), (status = 423), (status = 428))
)]
async fn save_note(req: GuestRequest, Json(body): Json<NoteBody>) -> Result<Response, Problem> {
    let seen = seen(&req.headers, body.version);
    let snapshot = write_note(&req, body.text, seen).await?;
    let invitation = snapshot.household.invitation;
    Ok(private(Json(Note {
        text: invitation.note,
        version: invitation.note_version,
    })))
}

/// Removes the household's note to the hosts.
#[utoipa::path(
    delete, path = "/api/v1/invitations/{code}/note", tag = "guests",
    responses((status = 204), (status = 409), (status = 423), (status = 428))
)]
async fn remove_note(req: GuestRequest) -> Result<Response, Problem> {
    let seen = seen(&req.headers, None);
    write_note(&req, String::new(), seen).await?;
    Ok(private(StatusCode::NO_CONTENT))
}

async fn write_note(
    req: &GuestRequest,
    text: String,
    seen: Option<i64>,
) -> Result<InvitationSnapshot, Problem> {
    let admitted = req.admit().await.map_err(Problem::from)?;
    let save = Save {
        key: admitted.key.clone(),
        change: HouseholdChange {
            note: Some(NoteUpdate {
                text,
                version: seen,
            }),
            ..HouseholdChange::default()
        },
        source: Source::Api,
        repeat: None,
        request: Some(req.origin()),
        needs_version: true,
    };
    let saved = req
        .site
        .store
        .write(move |tx| rsvp::answer(tx, &save, |_| String::new()))
        .await;
    match saved {
        Ok(Saved::Stored(after) | Saved::Unchanged(after)) => {
            admitted.succeeded();
            Ok(after.snapshot)
        }
        Ok(Saved::Again(_)) => Err(Problem::internal(
            "a note was answered as a repeated request",
        )),
        Err(Refusal::Answers(mut fields)) => {
            // The request body is the note itself. So JSON pointers in errors must not begin with
            // `/note`.
            for field in &mut fields {
                field.pointer = field.pointer.replacen("/note", "", 1);
            }
            Err(Refusal::Answers(fields).problem())
        }
        Err(refusal) => Err(req.refuse_save(admitted, refusal)),
    }
}

fn tagged(snapshot: &InvitationSnapshot, body: impl IntoResponse) -> Response {
    let mut response = private(body);
    let tag = version::etag(snapshot.household.invitation.version);
    response.headers_mut().insert(ETAG, tag);
    response
}

fn json_text(body: String) -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], body)
}

pub(super) fn private(body: impl IntoResponse) -> Response {
    let mut response = body.into_response();
    keep_private(&mut response);
    response
}

impl GuestRequest {
    /// Converts a refused save to an error response. A wrong code counts as a guess.
    pub fn refuse_save(&self, admitted: Admitted, refusal: Refusal) -> Problem {
        match refusal {
            Refusal::InvitationNotFound => admitted.failed(&self.site),
            // The code still opens the page of the archived occasion, so it was not wrong.
            Refusal::Expired => admitted.succeeded(),
            _ => {}
        }
        problem(refusal, |snapshot| self.text(snapshot))
    }
}

/// Converts a refusal to the API's error response. After a version conflict, the response contains
/// the invitation in the language that `speak` chooses.
pub fn problem(refusal: Refusal, speak: impl Fn(&InvitationSnapshot) -> Text) -> Problem {
    match &refusal {
        Refusal::VersionConflict(Current::Invitation(snapshot)) => {
            let state = serde_json::to_value(state::of(snapshot, &speak(snapshot)));
            refusal.problem().current(state.unwrap_or_default())
        }
        _ => guest::problem(refusal, speak),
    }
}
