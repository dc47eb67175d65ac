//! The JSON API of reviews of documents.

use axum::extract::{FromRequest as _, Request};
use axum::http::StatusCode;
use axum::response::Response;
use platform::Tx;
use site::Callers::Tokens;
use site::call::Call;
use site::proof::Requester;
use utoipa::openapi::schema::{KnownFormat, Object, SchemaFormat, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};
use web::described::Routes;
use web::json::{Members, Received};
use web::{Input, Json, List, Problem, Site, media_type, routes};

use super::change_body;
use crate::Refusal;
use crate::booking::Party;
use crate::review::view::{self, Before, ReviewView};
use crate::review::{self, Assessment, FIELDS, PartyToReview, Submitter, Taker, files};
use crate::token_scopes::{READ, WRITE};
use crate::web::reviews::download;

pub(super) fn routes<R: Routes<Site>>() -> R {
    R::default()
        .routes(routes!(list_reviews: Tokens(&[READ]), create_review: Tokens(&[WRITE])))
        .routes(routes!(download_review: Tokens(&[READ])))
        .routes(routes!(download_reference: Tokens(&[READ])))
        .routes(routes!(cancel_review: Tokens(&[WRITE])))
        .routes(routes!(start_review: Tokens(&[WRITE])))
        .routes(routes!(complete_review: Tokens(&[WRITE])))
}

/// The caller's own reviews; with `as=provider` those that the caller can take or has taken, and
/// with `as=administrator` all. The newest come first.
#[utoipa::path(
    get, path = "/api/v1/reviews", tag = "reviews",
    params(("as" = Option<Party>, Query,), ("cursor" = Option<String>, Query,),
        ("limit" = Option<i64>, Query,)), responses((status = 200, body = List<ReviewView>))
)]
async fn list_reviews(call: Call) -> Result<Json<List<ReviewView>>, Problem> {
    let party = Party::find(call.query().text("as")).unwrap_or(Party::Member);
    let paging = call.page_query()?.under(&party);
    let (before, rows): (Option<Before>, i64) = (paging.after()?, paging.rows());
    let look =
        move |tx: &mut Tx<'_>, who: &Requester| view::list(tx, who, party, before.as_ref(), rows);
    let found = call.read(look).await?;
    Ok(Json(
        paging.list(found, |one| (one.created_at, one.id.clone())),
    ))
}

/// A document to review.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes a form that is read as it arrives")]
struct DocumentBody {
    /// What the document is for, 1–200 characters.
    goal: String,
    /// What the reviewer should look at, up to 500 characters.
    focus: Option<String>,
    /// A note, up to 2,000 characters.
    note: Option<String>,
    /// The id of a booking, if the document is to be reviewed in a call. It must be one of the
    /// caller's confirmed future sessions, have the length that the settings require (30 minutes by
    /// default), and have no other review.
    booking_id: Option<String>,
    /// A PDF, DOC or DOCX file of at most 5,242,880 bytes. Its content and the extension of its
    /// name must agree.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// Submits a document for review. It costs a credit for reviews. The settings limit the number of
/// documents per day, by default to 10. With a booking, the document is reviewed in a call, if a
/// plan of the member allows calls. If the booking is cancelled, the review becomes a written one.
#[utoipa::path(
    post, path = "/api/v1/reviews", tag = "reviews",
    request_body(content = DocumentBody, content_type = "multipart/form-data"),
    responses((status = 201, body = ReviewView))
)]
async fn create_review(call: Call, request: Request) -> Result<Response, Problem> {
    let look = |_: &mut Tx<'_>, _: &Submitter| Ok::<_, Refusal>(());
    call.read(look).await?;
    let new = files::receive(&call.site, &call.who, request, |name| match name {
        "goal" => Some("goal"),
        "focus" => Some("focus"),
        "note" => Some("note"),
        "booking_id" => Some("booking_id"),
        _ => None,
    })
    .await?;
    let said = new.said();
    let (site, who, file) = (
        call.site.clone(),
        call.requester.clone(),
        new.document.file.clone(),
    );
    let change = move |tx: &mut Tx<'_>, by: &Submitter| {
        let made = review::create(tx, &site, by, &new)?;
        ReviewView::of(tx, &who, made)
    };
    let done = call.post(said.as_bytes(), StatusCode::CREATED, change);
    let done = done.await;
    files::discard(&call.site, done.as_ref().err(), &file).await;
    done
}

/// The document, for its member, the provider who has taken the review, and administrators.
#[utoipa::path(
    get, path = "/api/v1/reviews/{id}/file", tag = "reviews",
    responses((status = 200, content_type = "application/octet-stream"))
)]
async fn download_review(call: Call) -> Result<Response, Problem> {
    let look = |_: &mut Tx<'_>, party: &PartyToReview| Ok::<_, Refusal>(party.clone());
    let party = call.read(look).await?;
    download(&call.site, party.document(), &call.headers).await
}

/// The file that the reviewer has attached, for the member, the reviewer and administrators.
#[utoipa::path(
    get, path = "/api/v1/reviews/{id}/reference", tag = "reviews",
    responses((status = 200, content_type = "application/octet-stream"))
)]
async fn download_reference(call: Call) -> Result<Response, Problem> {
    let look = |_: &mut Tx<'_>, party: &PartyToReview| Ok::<_, Refusal>(party.clone());
    let party = call.read(look).await?;
    download(&call.site, party.reference(), &call.headers).await
}

/// Cancels a review. The member can do this until a provider has taken it, and an administrator
/// until it is completed. The credit is returned unless a provider has taken the review.
#[utoipa::path(
    post, path = "/api/v1/reviews/{id}/cancel", tag = "reviews",
    responses((status = 200, body = ReviewView), (status = 409))
)]
async fn cancel_review(call: Call) -> Result<Response, Problem> {
    let who = call.requester.clone();
    let change = move |tx: &mut Tx<'_>, party: &PartyToReview| {
        let cancelled = review::cancel(tx, party)?;
        ReviewView::of(tx, &who, cancelled)
    };
    call.post(&[], StatusCode::OK, change).await
}

/// Takes a review as a provider. If several providers try, the first one gets it. A review in a
/// call can only be taken by the provider of the session.
#[utoipa::path(
    post, path = "/api/v1/reviews/{id}/start", tag = "reviews",
    responses((status = 200, body = ReviewView), (status = 409))
)]
async fn start_review(call: Call) -> Result<Response, Problem> {
    let who = call.requester.clone();
    let change = move |tx: &mut Tx<'_>, by: &Taker| {
        let started = review::start(tx, by)?;
        ReviewView::of(tx, &who, started)
    };
    call.post(&[], StatusCode::OK, change).await
}

change_body! {
    AssessmentBody: Assessment, FIELDS, "What the reviewer says about a document."
}

/// The OpenAPI schema of the form that completes a review.
struct AssessmentForm;

impl PartialSchema for AssessmentForm {
    fn schema() -> RefOr<Schema> {
        let mut schema = AssessmentBody::schema();
        if let RefOr::T(Schema::Object(form)) = &mut schema {
            let mut file = Object::with_type(Type::String);
            file.format = Some(SchemaFormat::KnownFormat(KnownFormat::Binary));
            file.description = Some("A file for the member, like the document.".to_owned());
            form.properties.insert("file".to_owned(), file.into());
        }
        schema
    }
}

impl ToSchema for AssessmentForm {}

/// Completes a review as the provider who has taken it. A form may contain one file for the member:
/// a PDF, DOC or DOCX file of at most 5,242,880 bytes.
#[utoipa::path(
    post, path = "/api/v1/reviews/{id}/complete", tag = "reviews",
    request_body(content( (AssessmentBody = "application/json"), (AssessmentForm = "multipart/form-data"), )),
    responses((status = 200, body = ReviewView), (status = 409))
)]
async fn complete_review(call: Call, request: Request) -> Result<Response, Problem> {
    let look = |_: &mut Tx<'_>, party: &PartyToReview| {
        if party.is_reviewer {
            Ok(())
        } else {
            Err(Refusal::Forbidden)
        }
    };
    call.read(look).await?;
    let (input, said, file) = if media_type::is(request.headers(), media_type::MULTIPART) {
        files::admit(&call.site, &call.who)?;
        let known = |name: &str| FIELDS.iter().map(|one| one.name).find(|one| *one == name);
        let (form, file) = files::read(&call.site, request, known).await?;
        let file = match file {
            Some(file) => Some(files::accept(&call.site, file).await?),
            None => None,
        };
        let texts = form.iter().map(|(name, value)| format!("{name}={value}"));
        let hash = file.iter().map(|one| one.sha256.clone());
        let said: Vec<String> = texts.chain(hash).collect();
        (
            Input::Form(form, FIELDS.to_vec()),
            said.join("\n").into(),
            file,
        )
    } else {
        let body: Received<Members> = Received::from_request(request, &()).await?;
        (Input::of_json(body.value)?.0, body.bytes, None)
    };
    let (site, who, kept) = (call.site.clone(), call.requester.clone(), file.clone());
    let change = move |tx: &mut Tx<'_>, party: &PartyToReview| {
        let completed = review::complete(tx, &site, party, &input, kept.as_ref())?;
        ReviewView::of(tx, &who, completed)
    };
    let done = call.post(&said, StatusCode::OK, change).await;
    if let Some(file) = &file {
        files::discard(&call.site, done.as_ref().err(), &file.file).await;
    }
    done
}
