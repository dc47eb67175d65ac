//! The JSON API for posts.

use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use jiff::Timestamp;
use platform::Tx;
use serde::Serialize;
use site::Callers::{self, Anybody, Tokens};
use site::call::answer;
use site::resource::api::{self, ApiResource, Description as ApiDescription, api_parent};
use utoipa::{IntoParams, ToSchema};
use web::described::Routes;
use web::{Form, Json, List, PageQuery, Problem, Site, routes};

use super::public::{self, Picture};
use super::search;
use crate::editor_role::Editor;
use crate::post::{Kind, Post, PostId, State as PostState};
use crate::token_scopes::{READ, WRITE};
use crate::{Refusal, feed, markdown, published};

pub fn routes<R: Routes<Site>>() -> R {
    R::default()
        .merge(api::routes::<Post, R>())
        .routes(routes!(list_published: Anybody))
        .routes(routes!(show_published: Anybody))
        .routes(routes!(show_page: Anybody))
        .routes(routes!(find: Anybody))
}

/// A post without its text.
#[derive(Serialize, ToSchema)]
pub struct PostSummary {
    /// The id of the post.
    id: PostId,
    kind: Kind,
    /// The title; a note has none.
    title: String,
    /// The name in URLs; empty for a note.
    slug: String,
    state: PostState,
    /// The time from which the post is public; null if no time is set.
    published_at: Option<Timestamp>,
    /// The version, which increases with every change.
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

impl ApiResource for Post {
    type View = Self;
    type Item = PostSummary;
    const API: ApiDescription = ApiDescription {
        path: "/api/v1/posts",
        one: "/api/v1/posts/{id}",
        tag: "posts",
        list: "All posts, what was changed last on top.",
        show: "One post, whatever its state.",
        create: "Makes a post.",
        change: "Changes, publishes or withdraws a post.",
        remove: "Deletes a post that nobody could read yet. One that was published is withdrawn instead.",
        removal: &[204, 409],
        body: "What may be set of a post; what is left out stays.",
    };
    const READS: Callers = Tokens(&[READ]);
    const WRITES: Callers = Tokens(&[WRITE]);

    fn view(self, _: &mut Tx<'_>, _: &Editor) -> Result<Self, Refusal> {
        Ok(self)
    }
}

api_parent!(Editor);

/// A post as everybody reads it, without its text.
#[derive(Serialize, ToSchema)]
struct PublishedSummary {
    /// The id of the post.
    id: PostId,
    kind: Kind,
    /// The title; a note has none.
    title: String,
    /// The URL of the post's page.
    url: String,
    /// The beginning of the text, without formatting.
    excerpt: String,
    /// The tags.
    tags: Vec<String>,
    /// The post's picture.
    image: Option<PublishedImage>,
    /// When the post was published.
    published_at: Option<Timestamp>,
    /// When the post was last changed.
    updated_at: Timestamp,
}

/// The picture of a post.
#[derive(Serialize, ToSchema)]
struct PublishedImage {
    /// The address of the picture.
    url: String,
    /// The description for readers who cannot see the picture.
    alt: String,
    /// The width in pixels.
    width: i64,
    /// The height in pixels.
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
    /// The text as safe HTML, without any HTML that the author wrote.
    html: String,
}

impl PublishedPost {
    fn of(site: &Site, post: Post) -> Self {
        Self {
            html: markdown::html(&post.body, site.url().origin()),
            summary: PublishedSummary::of(site, post),
        }
    }
}

/// The query parameters that filter the list of posts.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it only describes the query")]
struct Filter {
    /// The kind of posts to list; articles if omitted.
    kind: Option<Kind>,
    /// Only posts with this tag.
    tag: Option<String>,
}

/// Published posts, newest first.
#[utoipa::path(
    get, path = "/api/v1/blog", tag = "posts", params(Filter, PageQuery),
    responses((status = 200, body = List<PublishedSummary>))
)]
async fn list_published(
    State(site): State<Site>,
    uri: Uri,
    paging: PageQuery,
) -> Result<Json<List<PublishedSummary>>, Problem> {
    let query = Form::parse(uri.query().unwrap_or_default().as_bytes())?;
    let kind = match query.find("kind") {
        None => Kind::Article,
        Some(word) => Kind::find(word)
            .ok_or_else(|| Problem::fields().field("/kind", "unknown_option", []))?,
    };
    let list = public::load(&site, kind, query.text("tag"), &paging).await?;
    Ok(Json(list.map(|post| PublishedSummary::of(&site, post))))
}

/// A published article by its slug, or a note by its id.
#[utoipa::path(
    get, path = "/api/v1/blog/{post}", tag = "posts",
    responses((status = 200, body = PublishedPost), (status = 410))
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
    Ok(answer(StatusCode::OK, &PublishedPost::of(&site, post)))
}

/// A published page by its slug.
#[utoipa::path(
    get, path = "/api/v1/pages/{slug}", tag = "posts",
    responses((status = 200, body = PublishedPost), (status = 410))
)]
async fn show_page(
    State(site): State<Site>,
    Path(slug): Path<String>,
) -> Result<Response, Problem> {
    let look = move |tx: &mut Tx<'_>| published::page_at(tx, &slug);
    let page = site.store.read(look).await?;
    Ok(answer(StatusCode::OK, &PublishedPost::of(&site, page)))
}

/// The parameters of a search.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it only describes the query")]
struct Query {
    /// The words, 2–100 characters in total; the last word may be incomplete.
    q: String,
}

/// Published posts that contain all words of `q`, at most 50 per page. Posts with the words in the
/// title come first.
#[utoipa::path(
    get, path = "/api/v1/search", tag = "posts", params(Query, PageQuery),
    responses((status = 200, body = List<PublishedSummary>))
)]
async fn find(
    State(site): State<Site>,
    uri: Uri,
    paging: PageQuery,
) -> Result<Json<List<PublishedSummary>>, Problem> {
    let query = Form::parse(uri.query().unwrap_or_default().as_bytes())?;
    let list = search::find(&site, query.text("q"), &paging).await?;
    Ok(Json(list.map(|post| PublishedSummary::of(&site, post))))
}
