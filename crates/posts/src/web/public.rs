//! The public pages of posts.

use accounts::AccountId;
use accounts::web::asking::Viewer;
use accounts::web::call::id as parse;
use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use platform::{StoreError, Tx};
use site::part::{Part, PublicPage};
use web::cursor::Piece;
use web::page::{self, FeedLink, Kind as Frame, Metadata, Page};
use web::state::{Label, MenuItem};
use web::{List, Problem, Site, Text, Theme, Wishes, dates};

use super::feeds;
use crate::post::{Kind, Post, PostId};
use crate::published::{self, Listing};
use crate::{Refusal, editor, feed, image, markdown};

/// A post as a list shows it.
pub(super) struct Line {
    pub(super) href: String,
    /// Empty for a note.
    pub(super) title: String,
    pub(super) excerpt: String,
    /// The whole text of a note as HTML.
    pub(super) html: String,
    pub(super) date: String,
    pub(super) machine: String,
    pub(super) image: Option<Picture>,
}

/// The picture of a post, as pages show it.
pub(super) struct Picture {
    pub(super) path: String,
    pub(super) alt: String,
    pub(super) width: i64,
    pub(super) height: i64,
}

impl Picture {
    pub(super) fn of(post: &Post) -> Option<Self> {
        (!post.image.is_empty()).then(|| Self {
            path: image::path(&post.image),
            alt: post.image_alt.clone(),
            width: post.image_width,
            height: post.image_height,
        })
    }
}

impl Line {
    pub(super) fn of(site: &Site, text: &Text, post: &Post) -> Self {
        let at = post.published_at.unwrap_or(post.updated_at);
        let at = at.to_zoned(site.settings.time_zone.clone());
        Self {
            href: feed::path(post),
            title: post.title.clone(),
            excerpt: post.excerpt(),
            html: match post.kind {
                Kind::Article => String::new(),
                Kind::Note => markdown::html(&post.body, site.url().origin()),
            },
            date: text.date(&at),
            machine: dates::machine(&at),
            image: Picture::of(post),
        }
    }
}

/// How many articles the first page of the site shows.
const NEWEST: i64 = 3;

#[derive(Template)]
#[template(path = "first.html")]
struct FirstPart<'a> {
    text: &'a Text,
    lines: Vec<Line>,
}

/// The newest articles, on the first page of the site.
pub(crate) fn first_parts(
    tx: &mut Tx<'_>,
    site: &Site,
    text: &Text,
    _: Option<&AccountId>,
) -> Result<Vec<Part>, StoreError> {
    let newest = published::list(tx, &Listing::newest(Kind::Article, NEWEST))?;
    if newest.is_empty() {
        return Ok(Vec::new());
    }
    let lines = newest.iter().map(|post| Line::of(site, text, post));
    let part = FirstPart {
        text,
        lines: lines.collect(),
    };
    Ok(vec![Part::Latest(Part::html(&part))])
}

/// What the foot of public pages leads to.
pub(crate) fn foot(tx: &mut Tx<'_>) -> Result<Vec<MenuItem>, StoreError> {
    let item = MenuItem {
        href: "/feed".to_owned(),
        label: Label::Message("post-feed"),
    };
    let newest = published::list(tx, &Listing::newest(Kind::Article, 1))?;
    Ok((!newest.is_empty()).then_some(item).into_iter().collect())
}

/// The pages of posts, for search engines.
pub(crate) fn pages(tx: &mut Tx<'_>) -> Result<Vec<PublicPage>, StoreError> {
    let mut all = Vec::new();
    for kind in [Kind::Article, Kind::Note] {
        let posts = published::list(tx, &Listing::newest(kind, MOST_PAGES))?;
        if let Some(newest) = posts.first() {
            all.push(PublicPage {
                path: feed::home(kind).to_owned(),
                changed_at: newest.published_at,
            });
        }
        all.extend(posts.iter().map(|post| PublicPage {
            path: feed::path(post),
            changed_at: Some(post.updated_at),
        }));
    }
    Ok(all)
}

/// How many posts of a kind search engines are told of.
const MOST_PAGES: i64 = 10_000;

/// What the menu leads to.
pub(crate) fn offers(tx: &mut Tx<'_>) -> Result<Vec<MenuItem>, StoreError> {
    let mut all = Vec::new();
    for (kind, label) in [(Kind::Article, "post-articles"), (Kind::Note, "post-notes")] {
        if !published::list(tx, &Listing::newest(kind, 1))?.is_empty() {
            all.push(MenuItem {
                href: feed::home(kind).to_owned(),
                label: Label::Message(label),
            });
        }
    }
    Ok(all)
}

#[derive(Template)]
#[template(path = "list.html")]
struct ListPage<'a> {
    text: &'a Text,
    title: &'a str,
    lines: Vec<Line>,
    /// The address of the feed; empty when there is none.
    feed: &'a str,
    /// The address of the next page; empty on the last page.
    next: String,
    is_editor: bool,
    may_subscribe: bool,
}

/// `GET /blog`.
pub(super) async fn articles(
    State(site): State<Site>,
    wishes: Wishes,
    viewer: Viewer,
    piece: Piece,
) -> Result<Response, Problem> {
    let text = site.speak_public(&wishes);
    let title = text.say("post-articles").into_owned();
    list_page(&site, &text, (Kind::Article, ""), &title, viewer, &piece).await
}

/// `GET /blog/tag/{tag}`.
pub(super) async fn tagged(
    State(site): State<Site>,
    Path(tag): Path<String>,
    wishes: Wishes,
    viewer: Viewer,
    piece: Piece,
) -> Result<Response, Problem> {
    let text = site.speak_public(&wishes);
    let title = text.with("post-tagged", [("tag", tag.as_str().into())]);
    list_page(&site, &text, (Kind::Article, &tag), &title, viewer, &piece).await
}

/// `GET /notes`.
pub(super) async fn notes(
    State(site): State<Site>,
    wishes: Wishes,
    viewer: Viewer,
    piece: Piece,
) -> Result<Response, Problem> {
    let text = site.speak_public(&wishes);
    let title = text.say("post-notes").into_owned();
    list_page(&site, &text, (Kind::Note, ""), &title, viewer, &piece).await
}

/// One page of published posts, for the HTML pages and the API.
pub(super) async fn load(
    site: &Site,
    kind: Kind,
    tag: &str,
    piece: &Piece,
) -> Result<List<Post>, Problem> {
    let listing = Listing {
        kind,
        tag: tag.to_owned(),
        after: piece.after()?,
        rows: piece.rows(),
    };
    let look = move |tx: &mut Tx<'_>| published::list(tx, &listing);
    let posts = site.store.read(look).await?;
    Ok(piece.list(posts, |post| (post.published_at, post.id.clone())))
}

async fn list_page(
    site: &Site,
    text: &Text,
    (kind, tag): (Kind, &str),
    title: &str,
    viewer: Viewer,
    piece: &Piece,
) -> Result<Response, Problem> {
    let list = load(site, kind, tag, piece).await?;
    // A tag that no published article has is not found.
    if !tag.is_empty() && list.items.is_empty() {
        return Err(Problem::not_found());
    }
    let may_subscribe = kind == Kind::Article && viewer.who.is_some();
    let is_editor = match viewer.who {
        Some(who) => {
            let look = move |tx: &mut Tx<'_>| editor::is_editor(tx, &who);
            site.store.read(look).await?
        }
        None => false,
    };
    let here = match tag {
        "" => feed::home(kind).to_owned(),
        tag => tag_path(tag),
    };
    let lines = list.items.iter().map(|post| Line::of(site, text, post));
    let body = ListPage {
        text,
        title,
        lines: lines.collect(),
        feed: match (tag, kind) {
            ("", Kind::Article) => "/feed",
            ("", Kind::Note) => "/notes/feed",
            _ => "",
        },
        next: list
            .next_cursor
            .map(|cursor| format!("{here}?cursor={cursor}"))
            .unwrap_or_default(),
        is_editor,
        may_subscribe,
    };
    plain(site, text, title, body, &feeds::links(kind))
}

fn tag_path(tag: &str) -> String {
    format!("/blog/tag/{}", utf8_percent_encode(tag, NON_ALPHANUMERIC))
}

#[derive(Template)]
#[template(path = "post.html")]
struct PostPage<'a> {
    text: &'a Text,
    post: &'a Post,
    html: String,
    date: String,
    machine: String,
    image: Option<Picture>,
    tags: Vec<(String, &'a str)>,
    /// Path and title of the list page of this kind.
    home: (&'static str, &'static str),
}

/// `GET /blog/{slug}`.
pub(super) async fn article(
    State(site): State<Site>,
    Path(slug): Path<String>,
    wishes: Wishes,
) -> Result<Response, Problem> {
    let look = move |tx: &mut Tx<'_>| published::article(tx, &slug);
    post_page(&site, &wishes, site.store.read(look).await)
}

/// `GET /notes/{id}`.
pub(super) async fn note(
    State(site): State<Site>,
    Path(id): Path<String>,
    wishes: Wishes,
) -> Result<Response, Problem> {
    let id: PostId = parse(&id)?;
    let look = move |tx: &mut Tx<'_>| published::note(tx, &id);
    post_page(&site, &wishes, site.store.read(look).await)
}

fn post_page(
    site: &Site,
    wishes: &Wishes,
    post: Result<Post, Refusal>,
) -> Result<Response, Problem> {
    let (post, text) = (post?, site.speak_public(wishes));
    let line = Line::of(site, &text, &post);
    let title = match post.kind {
        Kind::Article => post.title.as_str(),
        Kind::Note => line.excerpt.as_str(),
    };
    let kind = post.kind;
    let body = PostPage {
        text: &text,
        html: markdown::html(&post.body, site.url().origin()),
        date: line.date,
        machine: line.machine,
        image: line.image,
        tags: match post.kind {
            Kind::Article => {
                let tags = post.tags.iter();
                tags.map(|tag| (tag_path(tag), tag.as_str())).collect()
            }
            Kind::Note => Vec::new(),
        },
        home: match post.kind {
            Kind::Article => ("/blog", "post-articles"),
            Kind::Note => ("/notes", "post-notes"),
        },
        post: &post,
    };
    plain(site, &text, title, body, &feeds::links(kind))
}

/// A page outside a post, with links to the site's feeds.
pub(super) fn plain<B: Template>(
    site: &Site,
    text: &Text,
    title: &str,
    body: B,
    feeds: &[FeedLink<'_>],
) -> Result<Response, Problem> {
    let page = Page {
        title: &format!("{title} – {}", site.settings.name),
        body,
        text,
        theme: Theme::PLAIN,
        kind: Frame::Plain {
            site,
            languages: &site.public_languages(),
        },
    };
    let metadata = Metadata {
        feeds,
        ..Metadata::default()
    };
    let written = page::write_with(&page, metadata).map_err(Problem::internal)?;
    Ok(written.into_response())
}
