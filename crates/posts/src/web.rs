//! The routes and pages of posts.

pub mod api;
pub mod feeds;
mod image;
pub(crate) mod own;
pub(crate) mod own_card;
pub(crate) mod public;
mod search;

use axum::Router;
use site::Callers::{self, Anybody, People};
use site::Context;
use site::resource::pages::{PageResource as _, pages as of_resource};
use web::{Pages, Site};

pub use search::read as search_words;

use crate::post::Post;

pub(crate) fn routes(_: &Context) -> Router<Site> {
    api::routes::<Router<_>>().merge(pages().into_router())
}

pub fn pages() -> Pages<Site, Callers> {
    Pages::default()
        .get_shared("/blog", Anybody, public::articles)
        .get_shared("/blog/{slug}", Anybody, public::article)
        .get_shared("/blog/tag/{tag}", Anybody, public::tagged)
        .get("/blog/images/{file}", Anybody, image::show)
        .get_shared("/p/{slug}", Anybody, public::page)
        .get_shared("/notes", Anybody, public::notes)
        .get_shared("/notes/{id}", Anybody, public::note)
        .get("/feed", Anybody, feeds::rss)
        .get("/feed/rss", Anybody, feeds::rss)
        .get("/feed/atom", Anybody, feeds::atom)
        .get("/feed/json", Anybody, feeds::json)
        .get("/notes/feed", Anybody, feeds::notes_rss)
        .get("/notes/feed/rss", Anybody, feeds::notes_rss)
        .get("/notes/feed/atom", Anybody, feeds::notes_atom)
        .get("/notes/feed/json", Anybody, feeds::notes_json)
        .get("/search", Anybody, search::show)
        .nest(Post::PAGES, of_resource::<Post, _>())
        .get("/me/posts/{id}/delete", People, own::question::delete)
        .get("/me/posts/{id}/withdraw", People, own::question::withdraw)
        .post("/me/posts/{id}/withdraw", People, own::question::withdrawn)
}
