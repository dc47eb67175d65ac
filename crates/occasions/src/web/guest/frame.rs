//! Puts guests' pages into a frame with the occasion's theme and languages, and sets the headers
//! that keep the pages private.

use axum::http::header::{CACHE_CONTROL, REFERRER_POLICY};
use axum::http::{HeaderName, HeaderValue};
use axum::response::Response;
use web::page::{Kind, Page};
use web::{Language, Text};

use crate::invitation_snapshot::InvitationSnapshot;

/// Renders a page that needs a code, in the frame of its occasion.
pub(super) fn guest_page<B: askama::Template>(
    text: &Text,
    snapshot: &InvitationSnapshot,
    title: &str,
    body: B,
) -> Response {
    let languages = languages(snapshot);
    let mut response = web::page(framed(text, snapshot, title, body, &languages));
    keep_private(&mut response);
    response
}

pub(super) fn framed<'a, B: askama::Template>(
    text: &'a Text,
    snapshot: &InvitationSnapshot,
    title: &'a str,
    body: B,
    languages: &'a [Language],
) -> Page<'a, B> {
    Page {
        title,
        body,
        text,
        theme: snapshot.occasion.theme,
        kind: Kind::Public { languages },
    }
}

/// The languages in which guests can read the occasion's pages.
pub(super) fn languages(snapshot: &InvitationSnapshot) -> Vec<Language> {
    let tags = snapshot.occasion.languages.iter();
    tags.map(|tag| Language::of(tag)).collect()
}

/// Sets headers for a page that needs a code. They keep the page out of caches and search engines.
/// They also keep its URL, which contains the code, out of the `Referer` header.
pub fn keep_private(response: &mut Response) {
    let headers = response.headers_mut();
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store, private"));
    headers.insert(
        HeaderName::from_static("x-robots-tag"),
        HeaderValue::from_static("noindex, nofollow, noarchive"),
    );
}

/// Sets a header that keeps an occasion's public page out of search engines. The page is only for
/// people who know its URL.
pub(super) fn keep_out_of_search(response: &mut Response) {
    response.headers_mut().insert(
        HeaderName::from_static("x-robots-tag"),
        HeaderValue::from_static("noindex"),
    );
}
