//! The public pages of posts.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use identity::account::AccountId;
use identity::person::{profile, slug};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use platform::{StoreError, Tx};
use site::asking::Viewer;
use site::call::id as parse;
use site::page_parts::{Part, PublicPage};
use web::cursor::PageQuery;
use web::page::{self, FeedLink, Kind as Frame, Metadata, Page};
use web::picture_folder;
use web::share::{Share, ShareKind};
use web::state::{Label, MenuItem};
use web::{List, Problem, Site, Text, Theme, Wishes, dates};

use super::feeds;
use crate::post::{Kind, Post, PostId};
use crate::published::{self, Listing};
use crate::{Refusal, editor_role, feed, image, markdown};

/// A post in a list.
pub(super) struct Line {
    pub(super) href: String,
    /// The title; empty for a note.
    pub(super) title: String,
    pub(super) excerpt: String,
    /// The whole note as HTML; empty for an article.
    pub(super) html: String,
    pub(super) date: String,
    pub(super) machine: String,
    pub(super) image: Option<Picture>,
}

/// A post's picture as shown on pages.
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

    /// Returns a picture without loading it. The file name contains the picture's width and height.
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

const NEWEST: i64 = 3;

#[derive(Template)]
#[template(path = "first.html")]
struct FirstPart<'a> {
    text: &'a Text,
    lines: Vec<Line>,
}

/// The newest articles, for the site's first page.
pub(crate) fn first_parts(
    tx: &mut Tx<'_>,
    site: &Site,
    text: &Text,
    _: Option<&AccountId>,
) -> Result<Vec<Part>, StoreError> {
    let newest = published::list(tx, &Listing::newest(Kind::Article, NEWEST))?;
    Ok(latest(site, text, &newest))
}

/// A person's newest articles, for that person's own page.
pub(crate) fn person_parts(
    tx: &mut Tx<'_>,
    site: &Site,
    text: &Text,
    account: &AccountId,
) -> Result<Vec<Part>, StoreError> {
    let newest = published::by(tx, account, NEWEST)?;
    Ok(latest(site, text, &newest))
}

fn latest(site: &Site, text: &Text, posts: &[Post]) -> Vec<Part> {
    if posts.is_empty() {
        return Vec::new();
    }
    let lines = posts.iter().map(|post| Line::of(site, text, post));
    let part = FirstPart {
        text,
        lines: lines.collect(),
    };
    vec![Part::Latest(Part::html(&part))]
}

pub(crate) fn foot(tx: &mut Tx<'_>) -> Result<Vec<MenuItem>, StoreError> {
    let item = MenuItem {
        href: "/feed".to_owned(),
        label: Label::Message("post-feed"),
    };
    let newest = published::list(tx, &Listing::newest(Kind::Article, 1))?;
    Ok((!newest.is_empty()).then_some(item).into_iter().collect())
}

/// The public pages of posts and the pages that list them, for the sitemap.
pub(crate) fn pages(tx: &mut Tx<'_>) -> Result<Vec<PublicPage>, StoreError> {
    let mut all = Vec::new();
    for kind in [Kind::Article, Kind::Note, Kind::Page] {
        let posts = published::list(tx, &Listing::newest(kind, MOST_PAGES))?;
        if let Some(newest) = posts.first().filter(|post| post.kind != Kind::Page) {
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

const MOST_PAGES: i64 = 10_000;

/// The posts' entries in the public menu.
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

/// The path of a page that the site's owner has chosen as the first page; `None` if the page is not
/// public.
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
    /// The path of its articles, a text with their number, and whether this page shows them.
    tags: Vec<(String, String, bool)>,
    tag: &'a str,
    lines: Vec<Line>,
    /// The path of the feed; empty if there is none.
    feed: &'a str,
    /// The path of the next page; empty on the last page.
    next: String,
    is_editor: bool,
    may_subscribe: bool,
}

pub(super) async fn articles(
    State(site): State<Site>,
    wishes: Wishes,
    viewer: Viewer,
    paging: PageQuery,
) -> Result<Response, Problem> {
    let text = site.speak_public(&wishes);
    let title = text.say("post-articles").into_owned();
    list_page(&site, &text, Kind::Article, "", &title, viewer, &paging).await
}

pub(super) async fn tagged(
    State(site): State<Site>,
    Path(tag): Path<String>,
    wishes: Wishes,
    viewer: Viewer,
    paging: PageQuery,
) -> Result<Response, Problem> {
    let text = site.speak_public(&wishes);
    let title = text.with("post-tagged", [("tag", tag.as_str().into())]);
    list_page(&site, &text, Kind::Article, &tag, &title, viewer, &paging).await
}

pub(super) async fn notes(
    State(site): State<Site>,
    wishes: Wishes,
    viewer: Viewer,
    paging: PageQuery,
) -> Result<Response, Problem> {
    let text = site.speak_public(&wishes);
    let title = text.say("post-notes").into_owned();
    list_page(&site, &text, Kind::Note, "", &title, viewer, &paging).await
}

/// Loads one page of published posts, for the HTML pages and the API.
pub(super) async fn load(
    site: &Site,
    kind: Kind,
    tag: &str,
    paging: &PageQuery,
) -> Result<List<Post>, Problem> {
    let listing = Listing {
        kind,
        tag: tag.to_owned(),
        after: paging.after()?,
        rows: paging.rows(),
    };
    let look = move |tx: &mut Tx<'_>| published::list(tx, &listing);
    let posts = site.store.read(look).await?;
    Ok(paging.list(posts, |post| (post.published_at, post.id.clone())))
}

async fn list_page(
    site: &Site,
    text: &Text,
    kind: Kind,
    tag: &str,
    title: &str,
    viewer: Viewer,
    paging: &PageQuery,
) -> Result<Response, Problem> {
    let list = load(site, kind, tag, paging).await?;
    // No published article has this tag, so the response is a 404.
    if !tag.is_empty() && list.items.is_empty() {
        return Err(Problem::not_found());
    }
    let may_subscribe = kind == Kind::Article && viewer.who.is_some();
    let is_editor = match viewer.who {
        Some(who) => {
            let look = move |tx: &mut Tx<'_>| editor_role::is_editor(tx, &who);
            site.store.read(look).await?
        }
        None => false,
    };
    let here = match tag {
        "" => feed::home(kind).to_owned(),
        tag => tag_path(tag),
    };
    let tags = match kind {
        Kind::Article => site.store.read(published::tags).await?,
        Kind::Note | Kind::Page => Vec::new(),
    };
    let tags = tags.into_iter().take(MOST_TAGS).map(|(name, count)| {
        let label = format!("{name} {}", text.number(count));
        (tag_path(&name), label, name == tag)
    });
    let lines = list.items.iter().map(|post| Line::of(site, text, post));
    let body = ListPage {
        text,
        title,
        tags: tags.collect(),
        tag,
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
    let of_site = ("site", site.settings.name.as_str().into());
    let description = match (kind, tag) {
        (Kind::Note, _) => text.with("post-notes-about", [of_site]),
        (_, "") => text.with("post-articles-about", [of_site]),
        (_, tag) => text.with("post-tagged-about", [of_site, ("tag", tag.into())]),
    };
    let metadata = Metadata {
        share: Some(&Share::new(site, title, &description, &here)),
        feeds: &feeds::links(kind),
    };
    framed(site, text, title, body, metadata)
}

const MOST_TAGS: usize = 12;

fn tag_path(tag: &str) -> String {
    format!("/blog/tag/{}", utf8_percent_encode(tag, NON_ALPHANUMERIC))
}

struct Author {
    name: String,
    href: Option<String>,
}

impl Author {
    fn find(tx: &mut Tx<'_>, id: Option<&AccountId>) -> Result<Option<Self>, StoreError> {
        let Some(id) = id else { return Ok(None) };
        let Some(profile) = profile::find_public(tx, id)? else {
            return Ok(None);
        };
        // Every author of a public post has a public page.
        let slug = slug::find(tx, id)?;
        Ok(Some(Self {
            name: profile.display_name,
            href: slug.map(|slug| format!("/u/{slug}")),
        }))
    }
}

struct Surroundings {
    author: Option<Author>,
    /// The path and title of the post that was published before this one.
    earlier: Option<(String, String)>,
    later: Option<(String, String)>,
    is_signed_in: bool,
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
            is_signed_in: viewer.who.is_some(),
            is_editor: match &viewer.who {
                Some(who) => editor_role::is_editor(tx, who)?,
                None => false,
            },
        })
    }
}

/// The post's title; for a note, its first words.
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
    is_dated: bool,
    author: Option<Author>,
    date: String,
    machine: String,
    /// The article's reading time as text; empty for notes and pages.
    minutes: String,
    image: Option<Picture>,
    tags: Vec<(String, &'a str)>,
    earlier: Option<(String, String)>,
    later: Option<(String, String)>,
    is_editor: bool,
    /// The path and title of the page that lists posts of this kind.
    home: (&'static str, &'static str),
    may_subscribe: bool,
    share: &'a Share,
}

pub(super) async fn article(
    State(site): State<Site>,
    Path(slug): Path<String>,
    wishes: Wishes,
    viewer: Viewer,
) -> Result<Response, Problem> {
    let find = move |tx: &mut Tx<'_>| published::article(tx, &slug);
    post_page(&site, &wishes, viewer, find).await
}

pub(super) async fn page(
    State(site): State<Site>,
    Path(slug): Path<String>,
    wishes: Wishes,
    viewer: Viewer,
) -> Result<Response, Problem> {
    let find = move |tx: &mut Tx<'_>| published::page_at(tx, &slug);
    post_page(&site, &wishes, viewer, find).await
}

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
    let share = share(site, &post);
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
        may_subscribe: kind == Kind::Article && beside.is_signed_in,
        share: &share,
        post: &post,
    };
    let metadata = Metadata {
        share: Some(&share),
        feeds: &feeds::links(kind),
    };
    framed(site, &text, &name(&post), body, metadata)
}

fn share(site: &Site, post: &Post) -> Share {
    let mut share = Share::new(site, &name(post), &post.excerpt(), &feed::path(post));
    share.kind = match post.kind {
        Kind::Article | Kind::Note => ShareKind::Article,
        Kind::Page => ShareKind::Website,
    };
    let in_text = || {
        let first = markdown::pictures(&post.body).into_iter().next()?;
        Picture::at(&first.file, &first.alt)
    };
    if let Some(picture) = Picture::of(post).or_else(in_text) {
        share.image = site.url().join(&picture.path);
        let pixels = |length| usize::try_from(length).unwrap_or_default();
        share.image_size = (pixels(picture.width), pixels(picture.height));
        share.image_alt = picture.alt;
    }
    share
}

/// Renders a public page that is not a post, such as the search page, with links to the site's
/// feeds.
pub(super) fn plain<B: Template>(
    site: &Site,
    text: &Text,
    title: &str,
    body: B,
    feeds: &[FeedLink<'_>],
) -> Result<Response, Problem> {
    let metadata = Metadata {
        feeds,
        ..Metadata::default()
    };
    framed(site, text, title, body, metadata)
}

fn framed<B: Template>(
    site: &Site,
    text: &Text,
    title: &str,
    body: B,
    metadata: Metadata<'_>,
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
    let written = page::write_with(&page, metadata).map_err(Problem::internal)?;
    Ok(written.into_response())
}
