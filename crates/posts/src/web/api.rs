//! Posts for programs.

use accounts::Callers::{Anybody, Tokens};
use accounts::web::call::{Call, answer, id as parse};
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use jiff::Timestamp;
use platform::Tx;
use serde::Serialize;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{IntoParams, PartialSchema, ToSchema};
use web::described::Routes;
use web::json::{Members, Received};
use web::{Form, Input, Json, List, Piece, Problem, Site, fields, routes};

use super::public::{self, Picture};
use super::search;
use crate::editor::{self, Editor};
use crate::image::ImageChange;
use crate::post::{self, Kind, Post, PostId, State as PostState};
use crate::{READ, Refusal, WRITE, feed, markdown, published};

/// Every operation.
pub fn routes<R: Routes<Site>>() -> R {
    R::default()
        .routes(routes!(list: Tokens(&[READ]), create: Tokens(&[WRITE])))
        .routes(routes!(show: Tokens(&[READ]), change: Tokens(&[WRITE]), remove: Tokens(&[WRITE])))
        .routes(routes!(list_published: Anybody))
        .routes(routes!(show_published: Anybody))
        .routes(routes!(find: Anybody))
}

/// What may be set of a post; what is left out stays.
struct PostChange;

impl PartialSchema for PostChange {
    fn schema() -> RefOr<Schema> {
        let description = "What may be set of a post; what is left out stays.";
        fields::schema::<Post>(Post::FIELDS, &[], description)
    }
}

impl ToSchema for PostChange {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        Post::schemas(schemas);
    }
}

/// A post without its text.
#[derive(Serialize, ToSchema)]
struct PostSummary {
    #[schema(value_type = String)]
    id: PostId,
    kind: Kind,
    title: String,
    slug: String,
    state: PostState,
    #[schema(value_type = Option<String>, format = "date-time")]
    published_at: Option<Timestamp>,
    version: i64,
}

impl From<Post> for PostSummary {
    fn from(post: Post) -> Self {
        Self {
            id: post.id,
            kind: post.kind,
            title: post.title,
            slug: post.slug,
            state: post.state,
            published_at: post.published_at,
            version: post.version,
        }
    }
}

/// All posts, what was changed last on top.
#[utoipa::path(
    get, path = "/api/v1/posts", tag = "posts", params(Piece),
    responses((status = 200, body = List<PostSummary>))
)]
async fn list(call: Call, piece: Piece) -> Result<Json<List<PostSummary>>, Problem> {
    let (enter, rows) = (editor::entrance(&call.who, &call.request), piece.rows());
    let after: Option<(Timestamp, PostId)> = piece.after()?;
    let look = move |tx: &mut Tx<'_>| -> Result<_, Refusal> {
        let editor = enter(tx)?;
        Ok(post::list(tx, &editor, after.as_ref(), rows)?)
    };
    let posts = call.site.store.read(look).await?;
    let list = piece.list(posts, |post| (post.updated_at, post.id.clone()));
    Ok(Json(list.map(PostSummary::from)))
}

/// Makes a post.
#[utoipa::path(
    post, path = "/api/v1/posts", tag = "posts", request_body = PostChange,
    responses((status = 201, body = Post), (status = 409), (status = 422))
)]
async fn create(call: Call, body: Received<Members>) -> Result<Response, Problem> {
    let (input, _) = Input::of_json(body.value)?;
    let enter = editor::entrance(&call.who, &call.request);
    let change = move |tx: &mut Tx<'_>, editor: &Editor| {
        post::create(tx, editor, &input, &ImageChange::Keep)
    };
    let (key, created) = (call.key(&body.bytes)?, StatusCode::CREATED);
    Ok(call.once_by(key, created, enter, change).await?)
}

/// One post, whatever its state.
#[utoipa::path(
    get, path = "/api/v1/posts/{id}", tag = "posts", params(("id" = String, Path,)),
    responses((status = 200, body = Post), (status = 404))
)]
async fn show(call: Call, Path(id): Path<String>) -> Result<Response, Problem> {
    let id: PostId = parse(&id)?;
    let enter = editor::entrance(&call.who, &call.request);
    let look = move |tx: &mut Tx<'_>| {
        let editor = enter(tx)?;
        post::find(tx, &editor, &id)
    };
    let found = call.site.store.read(look).await?;
    Ok(answer(StatusCode::OK, &found))
}

/// Changes, publishes or withdraws a post.
#[utoipa::path(
    patch, path = "/api/v1/posts/{id}", tag = "posts", params(("id" = String, Path,)),
    request_body = PostChange,
    responses((status = 200, body = Post), (status = 404), (status = 409), (status = 422), (status = 428))
)]
async fn change(
    call: Call,
    Path(id): Path<String>,
    Json(body): Json<Members>,
) -> Result<Response, Problem> {
    let id: PostId = parse(&id)?;
    let (input, version) = Input::of_json(body)?;
    let version = call.version(version)?;
    let enter = editor::entrance(&call.who, &call.request);
    let change = move |tx: &mut Tx<'_>| {
        let editor = enter(tx)?;
        post::change(tx, &editor, &id, version, &input, &ImageChange::Keep)
    };
    let changed = call.site.store.write(change).await?;
    Ok(answer(StatusCode::OK, &changed))
}

/// Deletes a post that nobody could read yet. One that was published is withdrawn instead.
#[utoipa::path(
    delete, path = "/api/v1/posts/{id}", tag = "posts", params(("id" = String, Path,)),
    responses((status = 204), (status = 404), (status = 409))
)]
async fn remove(call: Call, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    let id: PostId = parse(&id)?;
    let enter = editor::entrance(&call.who, &call.request);
    let change = move |tx: &mut Tx<'_>| {
        let editor = enter(tx)?;
        post::delete(tx, &editor, &id)
    };
    call.site.store.write(change).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A post as everybody reads it, without its text.
#[derive(Serialize, ToSchema)]
struct PublishedSummary {
    #[schema(value_type = String)]
    id: PostId,
    kind: Kind,
    title: String,
    /// Where it is read.
    url: String,
    excerpt: String,
    tags: Vec<String>,
    /// Its picture.
    image: Option<PublishedImage>,
    #[schema(value_type = Option<String>, format = "date-time")]
    published_at: Option<Timestamp>,
    #[schema(value_type = String, format = "date-time")]
    updated_at: Timestamp,
}

/// The picture of a post.
#[derive(Serialize, ToSchema)]
struct PublishedImage {
    url: String,
    /// For those who do not see it.
    alt: String,
    width: i64,
    height: i64,
}

impl PublishedSummary {
    fn of(site: &Site, post: Post) -> Self {
        Self {
            url: site.url().join(&feed::path(&post)),
            excerpt: post.excerpt(),
            updated_at: feed::changed(&post),
            image: Picture::of(&post).map(|image| PublishedImage {
                url: site.url().join(&image.path),
                alt: image.alt,
                width: image.width,
                height: image.height,
            }),
            id: post.id,
            kind: post.kind,
            title: post.title,
            tags: post.tags,
            published_at: post.published_at,
        }
    }
}

/// A post as everybody reads it.
#[derive(Serialize, ToSchema)]
struct PublishedPost {
    #[serde(flatten)]
    summary: PublishedSummary,
    /// Safe to show: no HTML of the author's own.
    html: String,
}

/// Which posts are listed.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it only describes the query")]
struct Filter {
    /// Left out: articles.
    kind: Option<Kind>,
    /// Those with this tag.
    tag: Option<String>,
}

/// What is published, the newest first.
#[utoipa::path(
    get, path = "/api/v1/blog", tag = "posts", params(Filter, Piece),
    responses((status = 200, body = List<PublishedSummary>))
)]
async fn list_published(
    State(site): State<Site>,
    uri: Uri,
    piece: Piece,
) -> Result<Json<List<PublishedSummary>>, Problem> {
    let query = Form::parse(uri.query().unwrap_or_default().as_bytes())?;
    let kind = match query.find("kind") {
        None => Kind::Article,
        Some(word) => Kind::find(word)
            .ok_or_else(|| Problem::fields().field("/kind", "unknown_option", []))?,
    };
    let list = public::load(&site, kind, query.text("tag"), &piece).await?;
    Ok(Json(list.map(|post| PublishedSummary::of(&site, post))))
}

/// A published article by its slug, or a note by its id.
#[utoipa::path(
    get, path = "/api/v1/blog/{post}", tag = "posts", params(("post" = String, Path,)),
    responses((status = 200, body = PublishedPost), (status = 404), (status = 410))
)]
async fn show_published(
    State(site): State<Site>,
    Path(post): Path<String>,
) -> Result<Response, Problem> {
    let look = move |tx: &mut Tx<'_>| match post.parse::<PostId>() {
        Ok(id) => published::note(tx, &id),
        Err(_) => published::article(tx, &post),
    };
    let post = site.store.read(look).await?;
    let html = markdown::html(&post.body, site.url().origin());
    let summary = PublishedSummary::of(&site, post);
    Ok(answer(StatusCode::OK, &PublishedPost { summary, html }))
}

/// What is looked for.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it only describes the query")]
struct Query {
    /// 2–100 characters: words, of which the last one may be only begun.
    q: String,
}

/// Published posts with all these words, those with them in the title first; at most 50 at once.
#[utoipa::path(
    get, path = "/api/v1/search", tag = "posts", params(Query, Piece),
    responses((status = 200, body = List<PublishedSummary>), (status = 422))
)]
async fn find(
    State(site): State<Site>,
    uri: Uri,
    piece: Piece,
) -> Result<Json<List<PublishedSummary>>, Problem> {
    let query = Form::parse(uri.query().unwrap_or_default().as_bytes())?;
    let list = search::find(&site, query.text("q"), &piece).await?;
    Ok(Json(list.map(|post| PublishedSummary::of(&site, post))))
}
