//! A site's articles, notes and pages, their feeds, and full-text search.

pub mod demo;
pub(crate) mod editing;
pub mod editor;
pub mod feed;
pub mod image;
pub mod import;
pub mod mailing;
pub mod markdown;
pub mod markdown_folder;
pub mod post;
pub mod published;
pub mod search;
pub mod web;
pub mod webhook;

use ::web::Link;
use ::web::codes::Code;
use ::web::setting::Flag;
use ::web::state::NavigationGroup;
use identity::DomainAccounts;
use identity::session::token::TokenScope;
use site::domain::{self, Domain};
use site::look::FirstPage;

pub use site::refusal::Refusal;

/// The scope of API tokens for reading all posts, including drafts, as editors do.
pub const READ: TokenScope = TokenScope::new("posts:read", "post-scope-read");
/// The scope of API tokens for creating, changing, publishing and withdrawing posts.
pub const WRITE: TokenScope = TokenScope::new("posts:write", "post-scope-write");

/// The setting that turns posts on and off.
pub const ENABLED: Flag = Flag {
    key: "posts.enabled",
    built_in: true,
};

/// Everything that the server needs to know about posts: routes, tables, jobs and settings.
pub const DOMAIN: Domain = Domain {
    enabled: Some(ENABLED),
    locales: LOCALES,
    problem_codes: PROBLEM_CODES,
    routes: web::routes,
    first_pages: &[
        FirstPage {
            word: "posts",
            label: "post-articles",
            argument: "",
            find: |_, _| Ok(Some("/blog".to_owned())),
        },
        FirstPage {
            word: "page",
            label: "post-one-page",
            argument: "SLUG",
            find: web::public::first_page,
        },
    ],
    first_parts: web::public::first_parts,
    person_parts: web::public::person_parts,
    has_public: published::has_by,
    foot: web::public::foot,
    public_pages: web::public::pages,
    offers: web::public::offers,
    navigation: Some(NavigationGroup {
        title: "post-group",
        links: &[Link {
            label: "post-all",
            href: "/me/posts",
        }],
        is_for: editor::is_account_editor,
    }),
    cards: web::own_card::find,
    newsletters: &[mailing::NEWSLETTER],
    webhook_events: webhook::EVENTS,
    jobs: |site| vec![mailing::job(site), webhook::sweeps()],
    deletions: |site| vec![image::FOLDER.job(site)],
    describe: domain::debug_only(|| {
        let api = web::api::routes::<::web::described::Description<_>>().into_openapi();
        site::webhook::describe::<webhook::PostMessage>(api, webhook::EVENTS)
    }),
    accounts: DomainAccounts {
        site_duties: &[editor::EDITOR],
        token_scopes: &[READ, WRITE],
        erase: editing::erase,
        ..DomainAccounts::new("posts")
    },
    ..Domain::new(platform::migrations!(
        "posts",
        "0001_begin",
        "0002_mail_and_pictures"
    ))
};

::web::codes! { PROBLEM_CODES:
    /// A published post can only be withdrawn.
    const PUBLISHED = Code::new(409, "post_published");
    const WITHDRAWN = Code::new(410, "gone");
}

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
