//! A site's articles and notes, their feeds, and full-text search.

pub mod demo;
pub mod editor;
pub mod feed;
pub mod image;
pub mod import;
pub mod mailing;
pub mod markdown;
pub mod post;
pub mod published;
pub mod search;
pub mod web;
pub mod webhook;

use ::web::codes::Code;
use ::web::setting::Flag;
use accounts::domain::{self, Domain};
use accounts::look::FirstPage;
use accounts::token::TokenScope;

pub use accounts::web::Refusal;

/// See all posts, drafts included, as editors do.
pub const READ: TokenScope = TokenScope::new("posts:read", "post-scope-read");
/// Make, change, publish and withdraw them.
pub const WRITE: TokenScope = TokenScope::new("posts:write", "post-scope-write");

/// Turns posts on and off.
pub const ENABLED: Flag = Flag {
    key: "posts.enabled",
    built_in: true,
};

/// This crate as the program mounts it: addresses, tables, jobs, settings.
pub const DOMAIN: Domain = Domain {
    enabled: Some(ENABLED),
    locales: LOCALES,
    problem_codes: PROBLEM_CODES,
    token_scopes: &[READ, WRITE],
    site_duties: &[editor::EDITOR],
    routes: web::routes,
    first_pages: &[FirstPage {
        word: "posts",
        label: "post-articles",
        argument: "",
        find: |_, _| Ok(Some("/blog".to_owned())),
    }],
    first_cards: web::public::first_cards,
    offers: web::public::offers,
    cards: web::own::cards,
    newsletters: &[mailing::NEWSLETTER],
    webhook_events: webhook::EVENTS,
    jobs: |site| vec![mailing::job(site), webhook::sweeps()],
    deletions: |site| vec![image::FOLDER.job(site)],
    describe: domain::debug_only(|| {
        let api = web::api::routes::<::web::described::Description<_>>().into_openapi();
        accounts::webhook::describe::<webhook::PostMessage>(api, webhook::EVENTS)
    }),
    ..Domain::new(platform::migrations!(
        "posts",
        "0001_begin",
        "0002_mail_and_pictures"
    ))
};

/// The error codes of this crate.
const PROBLEM_CODES: &[Code] = &[PUBLISHED, WITHDRAWN];

/// A published post can only be withdrawn: it never becomes a draft again and is never deleted.
const PUBLISHED: Code = Code::new(409, "post_published");
/// The post was published and is withdrawn.
const WITHDRAWN: Code = Code::new(410, "gone");

/// The messages of this crate.
pub const LOCALES: &[::web::Locale] = &[
    ("en", include_str!("../locales/en.ftl")),
    ("ms", include_str!("../locales/ms.ftl")),
    ("it", include_str!("../locales/it.ftl")),
    ("zh-Hans", include_str!("../locales/zh-Hans.ftl")),
    ("ar", include_str!("../locales/ar.ftl")),
];

#[cfg(test)]
mod tests {
    #[test]
    fn every_code_has_its_sentence() {
        let found = ::web::codes::mismatches(super::PROBLEM_CODES, &[], super::LOCALES);
        assert_eq!(found, [""; 0]);
    }

    #[test]
    fn every_language_says_the_same_messages_with_the_same_names() {
        let differences = ::web::locales::differences(super::LOCALES, |tag, _| tag == "ms");
        assert_eq!(differences, Vec::<String>::new());
    }
}
