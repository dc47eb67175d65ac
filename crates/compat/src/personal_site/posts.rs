//! The post routes of the older personal site. They return published posts in the formats that the
//! older site's front end expects. Drafts are never included, even if the request asks for them.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::routing::get;
use jiff::Timestamp;
use platform::Tx;
use serde::Serialize;
use web::{Form, Json, Problem, Site};

use posts::post::{Kind, Post, PostId, State as PostState};
use posts::web::feeds;
use posts::{Refusal, image, markdown, published, search};

const ROWS: i64 = 10;
const FOUND: i64 = 100;

pub(super) fn routes() -> Router<Site> {
    let at = |path| format!("/backend/public/{path}");
    Router::new()
        .route(&at("blog/posts"), get(list))
        .route(&at("blog/posts/{slug}"), get(show))
        .route(&at("blog/tags"), get(tags))
        .route(&at("blog/search"), get(find))
        .route(&at("feed"), get(feeds::rss))
        .route(&at("feed/rss"), get(feeds::rss))
        .route(&at("feed/atom"), get(feeds::atom))
        .route(&at("feed/json"), get(feeds::json))
}

#[derive(Serialize)]
struct PostView {
    id: PostId,
    slug: String,
    title: String,
    excerpt: String,
    content: String,
    content_html: String,
    featured_image_url: Option<String>,
    featured_image_alt: Option<String>,
    status: PostState,
    tags: Vec<String>,
    published_at: Option<Timestamp>,
    created_at: Option<Timestamp>,
    updated_at: Timestamp,
    meta_description: String,
}

impl PostView {
    fn of(site: &Site, post: Post) -> Self {
        let excerpt = post.excerpt();
        let has_image = !post.image.is_empty();
        Self {
            content_html: markdown::html(&post.body, site.url().origin()),
            id: post.id,
            slug: post.slug,
            title: post.title,
            meta_description: excerpt.clone(),
            excerpt,
            content: post.body,
            featured_image_url: has_image.then(|| site.url().join(&image::path(&post.image))),
            featured_image_alt: has_image.then_some(post.image_alt),
            status: post.state,
            tags: post.tags,
            published_at: post.published_at,
            created_at: post.first_published_at,
            updated_at: post.updated_at,
        }
    }
}

#[derive(Serialize)]
struct PostPage {
    posts: Vec<PostView>,
    total: i64,
    page: i64,
    total_pages: i64,
}

struct ListQuery {
    page: i64,
    rows: i64,
}

impl ListQuery {
    fn read(query: &Form) -> Self {
        let number = |name, default| query.number(name).ok().flatten().unwrap_or(default);
        Self {
            page: number("page", 1).clamp(1, 1_000_000),
            rows: number("limit", ROWS).clamp(1, search::PAGE),
        }
    }

    fn offset(&self) -> i64 {
        (self.page - 1) * self.rows
    }

    fn answer(&self, site: &Site, shown: impl Iterator<Item = Post>, total: i64) -> Json<PostPage> {
        Json(PostPage {
            posts: shown.map(|post| PostView::of(site, post)).collect(),
            total,
            page: self.page,
            total_pages: (total + self.rows - 1) / self.rows,
        })
    }
}

fn query(uri: &Uri) -> Result<Form, Problem> {
    Form::parse(uri.query().unwrap_or_default().as_bytes())
}

async fn list(State(site): State<Site>, uri: Uri) -> Result<Json<PostPage>, Problem> {
    let query = query(&uri)?;
    let (asked, tag) = (ListQuery::read(&query), query.text("tag").to_owned());
    let (offset, rows) = (asked.offset(), asked.rows);
    let look = move |tx: &mut Tx<'_>| published::page(tx, &tag, offset, rows);
    let (found, total) = site.store.read(look).await?;
    Ok(asked.answer(&site, found.into_iter(), total))
}

async fn show(
    State(site): State<Site>,
    Path(slug): Path<String>,
) -> Result<Json<PostView>, Problem> {
    let look = move |tx: &mut Tx<'_>| -> Result<Post, Refusal> { published::article(tx, &slug) };
    let found = site.store.read(look).await?;
    Ok(Json(PostView::of(&site, found)))
}

#[derive(Serialize)]
struct Tag {
    tag: String,
    count: i64,
}

#[derive(Serialize)]
struct Tags {
    tags: Vec<Tag>,
}

async fn tags(State(site): State<Site>) -> Result<Json<Tags>, Problem> {
    let found = site.store.read(published::tags).await?;
    let tags = found.into_iter().map(|(tag, count)| Tag { tag, count });
    Ok(Json(Tags {
        tags: tags.collect(),
    }))
}

async fn find(State(site): State<Site>, uri: Uri) -> Result<Json<PostPage>, Problem> {
    let query = query(&uri)?;
    let asked = ListQuery::read(&query);
    let words = posts::web::search_words(query.text("q"))?;
    let look = move |tx: &mut Tx<'_>| search::search(tx, &words, 0, FOUND);
    let mut found = site.store.read(look).await?;
    found.retain(|post| post.kind == Kind::Article);
    let total = i64::try_from(found.len()).unwrap_or(FOUND);
    let before = usize::try_from(asked.offset()).unwrap_or(usize::MAX);
    let rows = usize::try_from(asked.rows).unwrap_or(usize::MAX);
    let shown = found.into_iter().skip(before).take(rows);
    Ok(asked.answer(&site, shown, total))
}
