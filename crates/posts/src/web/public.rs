//! The public pages of posts.

use accounts::AccountId;
use accounts::domain::{Card, CardLine};
use accounts::profile;
use accounts::web::asking::Viewer;
use accounts::web::call::id as parse;
use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use platform::{StoreError, Tx};
use web::cursor::Piece;
use web::page::{self, FeedLink, Kind as Frame, Metadata, Page};
use web::picture_folder;
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

    /// A picture that no post has yet.
    pub(super) fn at(file: &str, alt: &str) -> Option<Self> {
        let (width, height) = picture_folder::dimensions(file)?;
        Some(Self {
            path: image::path(file),
            alt: alt.to_owned(),
            width: width.into(),
            height: height.into(),
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
                Kind::Article | Kind::Page => String::new(),
                Kind::Note => markdown::html(&post.body, site.url().origin()),
            },
            date: text.date(&at),
            machine: dates::machine(&at),
            image: Picture::of(post),
        }
    }
}

/// How many articles the first page of the site shows.
const NEWEST: i64 = 5;

/// The newest articles, on the first page of the site.
pub(crate) fn first_cards(
    tx: &mut Tx<'_>,
    site: &Site,
    text: &Text,
    _: Option<&AccountId>,
) -> Result<Vec<Card>, StoreError> {
    let newest = published::list(tx, &Listing::newest(Kind::Article, NEWEST))?;
    let lines: Vec<_> = newest
        .iter()
        .map(|post| {
            let line = Line::of(site, text, post);
            CardLine {
                label: line.title,
                href: line.href,
                note: line.date,
            }
        })
        .collect();
    if lines.is_empty() {
        return Ok(Vec::new());
    }
    Ok(vec![Card {
        title: "post-articles",
        lines,
        links: Vec::new(),
        form: None,
    }])
}

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
    all.extend(published::pages(tx)?.into_iter().map(|page| MenuItem {
        href: feed::path(&page),
        label: Label::Words(page.title),
    }));
    Ok(all)
}

/// Where a page is that stands at the first page of the site, while everybody may read it.
pub(crate) fn first_page(tx: &mut Tx<'_>, slug: &str) -> Result<Option<String>, StoreError> {
    match published::page_at(tx, slug) {
        Ok(page) => Ok(Some(feed::path(&page))),
        Err(Refusal::Store(error)) => Err(error),
        Err(_) => Ok(None),
    }
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

/// Who wrote a post.
struct Author {
    name: String,
    /// The address of their page.
    href: Option<String>,
}

impl Author {
    fn find(tx: &mut Tx<'_>, id: Option<&AccountId>) -> Result<Option<Self>, StoreError> {
        let Some(id) = id else { return Ok(None) };
        let Some(profile) = profile::find_public(tx, id)? else {
            return Ok(None);
        };
        Ok(Some(Self {
            name: profile.display_name,
            href: None,
        }))
    }
}

/// What a page shows beside its post.
struct Surroundings {
    author: Option<Author>,
    /// Addresses and titles.
    earlier: Option<(String, String)>,
    later: Option<(String, String)>,
    is_editor: bool,
}

impl Surroundings {
    fn find(tx: &mut Tx<'_>, post: &Post, viewer: &Viewer) -> Result<Self, StoreError> {
        let (earlier, later) = match post.kind {
            Kind::Page => (None, None),
            Kind::Article | Kind::Note => published::neighbours(tx, post)?,
        };
        let link = |post: Post| (feed::path(&post), name(&post));
        Ok(Self {
            author: Author::find(tx, post.author_id.as_ref())?,
            earlier: earlier.map(link),
            later: later.map(link),
            is_editor: match &viewer.who {
                Some(who) => editor::is_editor(tx, who)?,
                None => false,
            },
        })
    }
}

/// The title of a post; for a note, its first words.
pub(super) fn name(post: &Post) -> String {
    if post.title.is_empty() {
        post.excerpt()
    } else {
        post.title.clone()
    }
}

#[derive(Template)]
#[template(path = "post.html")]
struct PostPage<'a> {
    text: &'a Text,
    post: &'a Post,
    html: String,
    /// A page has no date and no author.
    is_dated: bool,
    author: Option<Author>,
    date: String,
    machine: String,
    /// How long it takes to read; empty for a note.
    minutes: String,
    image: Option<Picture>,
    tags: Vec<(String, &'a str)>,
    earlier: Option<(String, String)>,
    later: Option<(String, String)>,
    is_editor: bool,
    /// Path and title of the list page of this kind.
    home: (&'static str, &'static str),
}

/// `GET /blog/{slug}`.
pub(super) async fn article(
    State(site): State<Site>,
    Path(slug): Path<String>,
    wishes: Wishes,
    viewer: Viewer,
) -> Result<Response, Problem> {
    let find = move |tx: &mut Tx<'_>| published::article(tx, &slug);
    post_page(&site, &wishes, viewer, find).await
}

/// `GET /p/{slug}`.
pub(super) async fn page(
    State(site): State<Site>,
    Path(slug): Path<String>,
    wishes: Wishes,
    viewer: Viewer,
) -> Result<Response, Problem> {
    let find = move |tx: &mut Tx<'_>| published::page_at(tx, &slug);
    post_page(&site, &wishes, viewer, find).await
}

/// `GET /notes/{id}`.
pub(super) async fn note(
    State(site): State<Site>,
    Path(id): Path<String>,
    wishes: Wishes,
    viewer: Viewer,
) -> Result<Response, Problem> {
    let id: PostId = parse(&id)?;
    let find = move |tx: &mut Tx<'_>| published::note(tx, &id);
    post_page(&site, &wishes, viewer, find).await
}

async fn post_page(
    site: &Site,
    wishes: &Wishes,
    viewer: Viewer,
    find: impl Fn(&mut Tx<'_>) -> Result<Post, Refusal> + Send + 'static,
) -> Result<Response, Problem> {
    let look = move |tx: &mut Tx<'_>| -> Result<_, Refusal> {
        let post = find(tx)?;
        let beside = Surroundings::find(tx, &post, &viewer)?;
        Ok((post, beside))
    };
    let (post, beside) = site.store.read(look).await?;
    let text = site.speak_public(wishes);
    let line = Line::of(site, &text, &post);
    let kind = post.kind;
    let minutes = i64::try_from(markdown::minutes(&post.body)).unwrap_or(i64::MAX);
    let body = PostPage {
        text: &text,
        html: markdown::html(&post.body, site.url().origin()),
        is_dated: kind != Kind::Page,
        author: beside.author,
        date: line.date,
        machine: line.machine,
        minutes: match kind {
            Kind::Article => text.with("post-minutes", [("count", minutes.into())]),
            Kind::Note | Kind::Page => String::new(),
        },
        image: line.image,
        tags: match kind {
            Kind::Article => {
                let tags = post.tags.iter();
                tags.map(|tag| (tag_path(tag), tag.as_str())).collect()
            }
            Kind::Note | Kind::Page => Vec::new(),
        },
        earlier: beside.earlier,
        later: beside.later,
        is_editor: beside.is_editor,
        home: match kind {
            Kind::Article | Kind::Page => ("/blog", "post-articles"),
            Kind::Note => ("/notes", "post-notes"),
        },
        post: &post,
    };
    plain(site, &text, &name(&post), body, &feeds::links(kind))
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
