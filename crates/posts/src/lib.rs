//! A site's articles, notes and pages, their feeds, and full-text search.

mod codes;
pub mod demo;
pub(crate) mod editing;
pub mod editor_role;
pub mod feed;
pub mod image;
pub mod import;
pub mod mailing;
pub mod markdown;
pub mod markdown_folder;
pub mod post;
pub mod published;
pub mod search;
mod token_scopes;
pub mod web;
pub mod webhook;

use ::web::setting::Flag;
use ::web::state::{Audience, MenuEntry, MenuPage, MenuPlace};
use identity::DomainAccounts;
use site::domain::{self, Domain};
use site::look::FirstPage;

pub use site::refusal::Refusal;
pub use token_scopes::{READ, WRITE};

/// The setting that turns posts on and off.
pub const ENABLED: Flag = Flag {
    key: "posts.enabled",
    built_in: true,
};

/// Everything that the server needs to know about posts: routes, tables, jobs and settings.
pub const DOMAIN: Domain = Domain {
    enabled: Some(ENABLED),
    locales: LOCALES,
    problem_codes: codes::PROBLEM_CODES,
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
    menu: &[MenuEntry {
        place: MenuPlace::Own,
        position: 10,
        label: "post-all",
        pages: &[MenuPage::new(
            "post-all",
            "/me/posts",
            Audience::Some(editor_role::is_account_editor),
        )],
        start: Some(editor_role::start),
        waits: None,
    }],
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
        site_duties: &[editor_role::EDITOR],
        token_scopes: &[READ, WRITE],
        erase: editing::erase,
        ..DomainAccounts::new("posts")
    },
    ..Domain::new(platform::migrations!(
        "posts",
        "0001_begin" contracting,
        "0002_mail_and_pictures" contracting
    ))
};

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
        let found = ::web::codes::mismatches(crate::codes::PROBLEM_CODES, &[], super::LOCALES);
        assert_eq!(found, [""; 0]);
    }

    #[test]
    fn every_language_says_the_same_messages_with_the_same_names() {
        let differences = ::web::locales::differences(super::LOCALES, |tag, _| tag == "ms");
        assert_eq!(differences, Vec::<String>::new());
    }
}
