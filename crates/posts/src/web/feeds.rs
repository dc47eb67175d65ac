//! The feed endpoints.

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use platform::text_cleaning::hexadecimal;
use platform::{StoreError, Tx, sql};
use sha2::{Digest as _, Sha256};
use web::language::Language;
use web::page::FeedLink;
use web::{Problem, Site};

use crate::feed::{self, Feed};
use crate::post::Kind;
use crate::published::{self, Listing};

#[derive(Clone, Copy)]
enum Format {
    Rss,
    Atom,
    Json,
}

impl Format {
    const ALL: [Self; 3] = [Self::Rss, Self::Atom, Self::Json];

    fn name(self) -> &'static str {
        match self {
            Self::Rss => "RSS",
            Self::Atom => "Atom",
            Self::Json => "JSON",
        }
    }

    fn media_type(self) -> &'static str {
        match self {
            Self::Rss => "application/rss+xml",
            Self::Atom => "application/atom+xml",
            Self::Json => "application/feed+json",
        }
    }

    fn path(self, kind: Kind) -> &'static str {
        match (kind, self) {
            (Kind::Article | Kind::Page, Self::Rss) => "/feed/rss",
            (Kind::Article | Kind::Page, Self::Atom) => "/feed/atom",
            (Kind::Article | Kind::Page, Self::Json) => "/feed/json",
            (Kind::Note, Self::Rss) => "/notes/feed/rss",
            (Kind::Note, Self::Atom) => "/notes/feed/atom",
            (Kind::Note, Self::Json) => "/notes/feed/json",
        }
    }
}

/// The links to feeds that pages about posts of this kind contain in their `<head>`. Posts of the
/// kind `Page` are in no feed, so their pages link to the feeds of articles.
pub(super) fn links(kind: Kind) -> [FeedLink<'static>; 3] {
    Format::ALL.map(|format| FeedLink {
        media_type: format.media_type(),
        title: format.name(),
        href: format.path(kind),
    })
}

pub async fn rss(site: State<Site>, headers: HeaderMap) -> Result<Response, Problem> {
    show(&site, &headers, Kind::Article, Format::Rss).await
}

pub async fn atom(site: State<Site>, headers: HeaderMap) -> Result<Response, Problem> {
    show(&site, &headers, Kind::Article, Format::Atom).await
}

pub async fn json(site: State<Site>, headers: HeaderMap) -> Result<Response, Problem> {
    show(&site, &headers, Kind::Article, Format::Json).await
}

pub(super) async fn notes_rss(site: State<Site>, headers: HeaderMap) -> Result<Response, Problem> {
    show(&site, &headers, Kind::Note, Format::Rss).await
}

pub(super) async fn notes_atom(site: State<Site>, headers: HeaderMap) -> Result<Response, Problem> {
    show(&site, &headers, Kind::Note, Format::Atom).await
}

pub(super) async fn notes_json(site: State<Site>, headers: HeaderMap) -> Result<Response, Problem> {
    show(&site, &headers, Kind::Note, Format::Json).await
}

async fn show(
    site: &Site,
    headers: &HeaderMap,
    kind: Kind,
    format: Format,
) -> Result<Response, Problem> {
    let look = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
        let posts = published::list(tx, &Listing::newest(kind, feed::LENGTH))?;
        let newest = posts.iter().map(feed::changed).max();
        Ok((newest.map_or_else(|| began(tx), Ok)?, posts))
    };
    let (updated, posts) = site.store.read(look).await?;
    let title = match kind {
        Kind::Article | Kind::Page => site.settings.name.clone(),
        Kind::Note => {
            let default = site.settings.languages.first();
            let language = Language::of(default.map_or("en", String::as_str));
            let text = site.catalogue.speak(&language);
            let notes = text.say("post-notes").into_owned();
            format!("{notes} – {}", site.settings.name)
        }
    };
    let feed = Feed {
        kind,
        title,
        origin: site.url().origin().to_owned(),
        host: site.url().host().to_owned(),
        url: site.url().join(format.path(kind)),
        updated,
        posts,
    };
    let content_type = match format {
        Format::Rss | Format::Atom => format!("{}; charset=utf-8", format.media_type()),
        Format::Json => format.media_type().to_owned(),
    };
    let body = match format {
        Format::Rss => feed.rss(),
        Format::Atom => feed.atom(),
        Format::Json => feed.json(),
    };
    let tag = format!("\"{}\"", &hexadecimal(&Sha256::digest(&body))[..32]);
    let mut response = if is_known(headers, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(CONTENT_TYPE, content_type)], body).into_response()
    };
    let headers = response.headers_mut();
    headers.insert(
        CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=300, s-maxage=60"),
    );
    if let Ok(tag) = HeaderValue::try_from(tag) {
        headers.insert(ETAG, tag);
    }
    Ok(response)
}

/// The `updated` time of an empty feed.
fn began(tx: &mut Tx<'_>) -> Result<Timestamp, StoreError> {
    let (at,): (Option<Timestamp>,) = tx.one(sql!("SELECT MIN(created_at) FROM account"), &[])?;
    Ok(at.unwrap_or(Timestamp::UNIX_EPOCH))
}

/// Whether `If-None-Match` contains this version's tag (RFC 9110, section 13.1.2).
fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let given = headers.get_all(IF_NONE_MATCH).iter();
    let mut tags = given
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    tags.any(|known| {
        let known = known.trim();
        known == "*" || known.trim_start_matches("W/") == tag
    })
}
