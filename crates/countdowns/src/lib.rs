//! Countdowns, which show the time since an instant or until a day.

pub mod clock;
pub mod co_owners;
pub mod codes;
pub mod countdown;
pub mod day_reached;
pub mod demo;
pub mod entry;
pub mod entry_limit;
mod followed_date;
pub mod import;
mod leaving;
pub mod own_countdowns;
pub mod phrase;
pub mod public;
pub mod reset;
pub mod suggestion;
pub mod watchers;
pub mod web;
pub mod webhook;

pub use ::web::calendar;

use ::web::setting::{Flag, Setting};
use ::web::state::{Audience, MenuEntry, MenuPage, MenuPlace};
use identity::DomainAccounts;
use platform::store::migrate::Migrations;
use site::domain::{self, Domain};
use site::look::FirstPage;

pub use site::refusal::Refusal;

/// The setting that turns countdowns on and off.
pub const ENABLED: Flag = Flag {
    key: "countdowns.enabled",
    built_in: true,
};

pub const DOMAIN: Domain = Domain {
    enabled: Some(ENABLED),
    settings: &[
        Setting::Number(watchers::TOTAL),
        Setting::Number(watchers::OF_NETWORK),
    ],
    locales: LOCALES,
    problem_codes: codes::PROBLEM_CODES,
    reserved_slugs: &["countdowns", "oembed"],
    menu: &[MenuEntry {
        place: MenuPlace::Own,
        position: 20,
        label: "countdown-mine",
        pages: &[
            MenuPage::new("countdown-own", "/me/countdowns", Audience::Everybody),
            MenuPage {
                below: &["/admin/phrases"],
                ..MenuPage::new("phrase-all", "/me/phrases", Audience::Everybody)
            },
        ],
        start: Some(phrase::start),
        waits: None,
    }],
    first_pages: &[FirstPage {
        word: "countdown",
        label: "countdown-one",
        argument: "NAME/SLUG",
        find: web::public::first_page,
    }],
    first_parts: web::public::first_parts,
    person_parts: web::public::person_parts,
    has_public: public::has_public,
    public_pages: web::public::pages,
    offers: web::public::offers,
    cards: web::own_card::find,
    shared: leaving::shared,
    follow: followed_date::follow,
    routes: web::routes,
    webhook_events: webhook::EVENTS,
    describe: domain::debug_only(|| {
        let api = web::api::routes::<::web::described::Description<_>>().into_openapi();
        site::webhook::describe::<webhook::CountdownMessage>(api, webhook::EVENTS)
    }),
    jobs: |site| vec![day_reached::handler(), suggestion::mail::digest_job(site)],
    accounts: DomainAccounts {
        scope_kinds: &[&countdown::COUNTDOWN],
        site_duties: &[phrase::MODERATOR],
        scope_title: co_owners::title_of,
        token_scopes: &[countdown::READ, countdown::WRITE],
        export: leaving::export,
        erase: leaving::erase,
        ..DomainAccounts::new(MIGRATIONS.owner)
    },
    ..Domain::new(MIGRATIONS)
};

const MIGRATIONS: Migrations = platform::migrations!(
    "countdowns",
    "0001_begin" contracting,
    "0002_reach" contracting,
    "0003_phrases" contracting,
    "0004_following" contracting,
    "0005_show_phrase" contracting
);

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
