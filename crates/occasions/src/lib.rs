//! Occasions, with invitations, guests and their answers.
//!
//! Each kind of object has its own module, which contains the rules for it. [`invitation`] decides
//! when answers are open, [`household_plan`] decides which answers are valid, and [`rsvp`] saves
//! answers. A handler in [`mod@web`] turns an HTTP request into a call to one of these modules.
//!
//! The modules form layers. In the lowest layer, [`event`], [`question`], [`diet`],
//! [`occasion_page`], [`guest`] and [`invitation`] contain what guests and hosts read. Above them,
//! [`household`], [`snapshot`] and [`invitation_snapshot`] combine this data, and [`refusal`] lists
//! the reasons for refusing a request. In the next layer, [`rsvp`], [`single_answer`] and
//! [`open_rsvp`] save answers, [`gift_reservation`] saves reservations of gifts, and [`upload`]
//! saves files. [`hosting`] contains what only hosts can do. In the highest layer, [`mod@web`]
//! contains the routes for guests and hosts.
//!
//! A feature that is a crate of its own stands above this one and declares what it adds as a
//! [`feature::Feature`]. Its tables stay here, and what of it is deleted with other data, as
//! [`stored_lists`] does.

pub mod announcement;
pub mod answer;
pub mod answer_notification;
pub mod cash_link;
pub mod code;
pub mod confirmation;
pub mod cover;
pub mod deadline_notices;
mod deletion;
pub mod demo;
pub mod diet;
pub mod diet_deletion;
pub mod event;
pub mod feature;
pub mod first_opened;
pub mod form_event;
pub mod gallery;
pub mod gift;
pub mod gift_reservation;
pub mod guest;
pub mod hosting;
pub mod household;
pub mod household_change;
pub mod household_plan;
pub mod id;
pub mod invitation;
pub mod invitation_snapshot;
mod leaving;
pub mod link;
pub mod look;
pub mod name_match;
pub mod occasion;
pub mod occasion_page;
pub mod open_rsvp;
pub mod own_domain;
pub mod payment_qr;
pub mod phase;
pub mod phone;
pub mod question;
pub mod refusal;
pub mod retention;
pub mod role;
pub mod rsvp;
#[cfg(test)]
mod sample;
pub mod single_answer;
pub mod size_limits;
pub mod snapshot;
pub mod stored_lists;
pub mod table;
pub mod token_scopes;
pub mod upload;
pub mod web;
pub mod webhook;
pub mod words;

use ::web::Link;
use ::web::codes::Code;
use ::web::masking::SecretPath;
use ::web::setting::{Flag, Setting};
use ::web::state::{Audience, MenuEntry, MenuPage, MenuPlace};
use identity::DomainAccounts;
use platform::store::migrate::Migrations;
use site::domain::{self, Domain, SignInHint};
use site::look::FirstPage;

/// The setting that switches occasions on.
pub const ENABLED: Flag = Flag {
    key: "occasions.enabled",
    built_in: true,
};

/// The domain without its features, which `occasions-all` adds.
pub const BASE: Domain = Domain {
    enabled: Some(ENABLED),
    locales: LOCALES,
    problem_codes: PROBLEM_CODES,
    settings: &[
        Setting::Word(hosting::member_occasions::CREATE),
        Setting::Flag(own_domain::ALLOWED),
        Setting::Number(upload::QUOTA),
    ],
    secret_paths: &[
        SecretPath::code("/invite/"),
        // The paths `/api/v1/invitations/id/…` contain an id, which is not secret.
        SecretPath::code("/api/v1/invitations/").but_not("id"),
        // This path contains the signature of a link to a file.
        SecretPath::token("/o/uploads/"),
        SecretPath::body("/api/rsvp"),
        SecretPath::body("/api/v1/codes/resolve"),
    ],
    reserved_slugs: &["occasions", "rsvp", "uploads"],
    menu: &[MenuEntry {
        place: MenuPlace::Own,
        position: 30,
        label: "host-occasions",
        pages: &[MenuPage {
            below: &["/admin/new"],
            ..MenuPage::new(
                "host-occasions",
                "/admin",
                Audience::Some(hosting::member_occasions::may_be_host),
            )
        }],
        start: Some(hosting::member_occasions::start),
        waits: None,
    }],
    first_pages: &[FirstPage {
        word: "invitations",
        label: "code-title",
        argument: "",
        find: |_, _| Ok(Some("/invite".to_owned())),
    }],
    first_parts: web::guest::entry::first_parts,
    offers: web::guest::entry::offers,
    cards: web::host::own_card::find,
    sign_in_hints: &[SignInHint {
        text: "host-sign-in-guests",
        link: Link {
            label: "host-sign-in-guests-link",
            href: "/invite",
        },
    }],
    routes: web::routes,
    has_admin_page: true,
    jobs: web::jobs,
    deletions: |site| {
        vec![
            diet_deletion::daily(site.platform.clone()),
            retention::daily(site),
            cover::FOLDER.job(site),
            gift::FOLDER.job(site),
            upload::FOLDER.job(site),
            upload::sweep_job(site.platform.clone()),
        ]
    },
    before_serving: |site| {
        let site = site.clone();
        Box::pin(async move {
            diet_deletion::run(&site.platform).await?;
            retention::repeat(&site).await
        })
    },
    shared: leaving::shared,
    dates: event::dates,
    freezes: event::freezes,
    webhook_events: webhook::EVENTS,
    describe: domain::debug_only(|| webhook::describe(web::api::describe())),
    shared_responses: &[
        (410, "Gone", "The invitation is over."),
        (423, "Locked", "Answers are closed."),
    ],
    accounts: DomainAccounts {
        scope_kinds: &[&role::OCCASION],
        makes_host: hosting::member_occasions::makes_host,
        scope_title: occasion::title_of,
        token_scopes: token_scopes::ALL,
        export: leaving::export,
        obligations: leaving::obligations,
        erase: leaving::erase,
        ..DomainAccounts::new(MIGRATIONS.owner)
    },
    ..Domain::new(MIGRATIONS)
};

pub const MIGRATIONS: Migrations = platform::migrations!(
    "occasions",
    "0001_begin" contracting,
    "0002_hosting" contracting,
    "0003_open_rsvp" contracting,
    "0004_possible_duplicates" contracting,
    "0005_imports" contracting,
    "0006_campaigns" contracting,
    "0007_cover" contracting,
    "0008_open_events" contracting,
    "0009_campaign_guests" contracting,
    "0010_reminder_guests" contracting,
    "0011_answer_notifications" contracting,
    "0012_pages" contracting,
    "0013_own_domain" contracting,
    "0014_gifts" contracting,
    "0015_retention" contracting,
    "0016_announcements" contracting,
    "0017_own_domain_proof" contracting,
    "0018_answer_mails" contracting,
    "0019_uploads" contracting,
    "0020_confirmations" contracting,
    "0021_first_minute" contracting,
    "0022_day_known" expanding,
    "0023_handed" expanding,
    "0024_phone_e164" expanding,
    "0025_event_told" expanding,
    "0026_import_choice" expanding,
    "0027_host_pictures" expanding,
    "0028_form_event" expanding,
    "0029_changes_told" expanding,
    "0030_end_known" expanding,
    "0031_messages_begun" expanding,
    "0032_told_since" expanding,
    "0033_households_apart" expanding
);

const PROBLEM_CODES: &[Code] = &[
    // Errors of requests that contain an invitation's code.
    Code::new(404, "invitation_not_found"),
    Code::new(410, "invitation_expired"),
    Code::new(401, "name_required"),
    Code::new(422, "code_malformed"),
    Code::new(422, "code_required"),
    Code::new(422, "phone_digits_lost"),
    Code::new(422, "party_size"),
    Code::new(423, "rsvp_deadline_passed"),
    Code::new(423, "invitation_locked"),
    Code::new(423, "occasion_closed"),
    Code::new(404, "feature_disabled"),
    Code::new(409, "plus_one_limit"),
    Code::new(409, "children_limit"),
    Code::new(409, "guest_limit"),
    Code::new(404, "guest_not_found"),
    Code::new(403, "named_guest"),
    Code::new(422, "event_not_invited"),
    Code::new(409, "event_full"),
    Code::new(409, "open_full"),
    Code::new(422, "dietary_note_required"),
    Code::new(409, "gift_taken"),
    Code::new(409, "gift_quantity"),
    Code::new(409, "gift_needs_attendance"),
    Code::new(409, "gift_already_given"),
    Code::new(415, "upload_type"),
    Code::new(409, "upload_limit"),
    Code::new(507, "upload_quota"),
    Code::new(503, "downloads_busy"),
    Code::new(415, "picture_type"),
    Code::new(415, "picture_heic"),
    // Errors of requests by hosts and API clients.
    Code::new(409, "code_taken"),
    Code::new(409, "names_nobody"),
    Code::new(422, "code_guessable"),
    Code::new(422, "day_and_unknown"),
    Code::new(422, "end_and_unknown"),
    Code::new(422, "day_answered"),
    Code::new(422, "day_chosen"),
    Code::new(422, "deadline_without_day"),
    Code::new(422, "deadline_over"),
    Code::new(422, "year_doubtful"),
    Code::new(422, "cancels_for_coming"),
    Code::new(409, "last_event"),
    Code::new(409, "question_in_use"),
    Code::new(409, "exports_waiting"),
    Code::new(409, "occasion_not_published"),
    Code::new(409, "mail_not_allowed"),
    Code::new(409, "sender_unverified"),
    Code::new(409, "sending_off"),
    Code::new(409, "nobody_to_reach"),
    Code::new(422, "placeholder_unknown"),
    Code::new(422, "text_missing"),
    // Errors of imports.
    Code::new(413, "file_too_large"),
    Code::new(422, "file_too_many_rows"),
    Code::new(422, "file_too_many_columns"),
    Code::new(422, "file_not_text"),
    Code::new(422, "file_unclosed_quote"),
    Code::new(422, "file_bad_workbook"),
    Code::new(422, "file_empty"),
];

pub const LOCALES: &[::web::Locale] = &[
    ("en", include_str!("../locales/en.ftl")),
    ("en", include_str!("../locales/en-first.ftl")),
    ("en", include_str!("../locales/en-host-first.ftl")),
    ("en", include_str!("../locales/en-mail.ftl")),
    ("en", include_str!("../locales/en-pages.ftl")),
    ("en", include_str!("../locales/en-host.ftl")),
    ("en", include_str!("../locales/en-host-pages.ftl")),
    ("en", include_str!("../locales/en-host-mail.ftl")),
    ("en", include_str!("../locales/en-gifts.ftl")),
    ("en", include_str!("../locales/en-uploads.ftl")),
    ("en", include_str!("../locales/en-host-gifts.ftl")),
    ("en", include_str!("../locales/en-host-uploads.ftl")),
    ("en", include_str!("../locales/en-host-more.ftl")),
    ("en", include_str!("../locales/en-host-send.ftl")),
    ("en", include_str!("../locales/en-host-notifications.ftl")),
    ("ms", include_str!("../locales/ms.ftl")),
    ("ms", include_str!("../locales/ms-first.ftl")),
    ("ms", include_str!("../locales/ms-host-first.ftl")),
    ("ms", include_str!("../locales/ms-mail.ftl")),
    ("ms", include_str!("../locales/ms-pages.ftl")),
    ("ms", include_str!("../locales/ms-host.ftl")),
    ("ms", include_str!("../locales/ms-host-pages.ftl")),
    ("ms", include_str!("../locales/ms-host-mail.ftl")),
    ("ms", include_str!("../locales/ms-gifts.ftl")),
    ("ms", include_str!("../locales/ms-uploads.ftl")),
    ("ms", include_str!("../locales/ms-host-gifts.ftl")),
    ("ms", include_str!("../locales/ms-host-uploads.ftl")),
    ("ms", include_str!("../locales/ms-host-more.ftl")),
    ("ms", include_str!("../locales/ms-host-send.ftl")),
    ("ms", include_str!("../locales/ms-host-notifications.ftl")),
    ("it", include_str!("../locales/it.ftl")),
    ("it", include_str!("../locales/it-first.ftl")),
    ("it", include_str!("../locales/it-mail.ftl")),
    ("it", include_str!("../locales/it-gifts.ftl")),
    ("it", include_str!("../locales/it-uploads.ftl")),
    ("it", include_str!("../locales/it-pages.ftl")),
    ("zh-Hans", include_str!("../locales/zh-Hans.ftl")),
    ("zh-Hans", include_str!("../locales/zh-Hans-first.ftl")),
    ("zh-Hans", include_str!("../locales/zh-Hans-mail.ftl")),
    ("zh-Hans", include_str!("../locales/zh-Hans-gifts.ftl")),
    ("zh-Hans", include_str!("../locales/zh-Hans-uploads.ftl")),
    ("zh-Hans", include_str!("../locales/zh-Hans-pages.ftl")),
    ("ar", include_str!("../locales/ar.ftl")),
    ("ar", include_str!("../locales/ar-first.ftl")),
    ("ar", include_str!("../locales/ar-mail.ftl")),
    ("ar", include_str!("../locales/ar-gifts.ftl")),
    ("ar", include_str!("../locales/ar-uploads.ftl")),
    ("ar", include_str!("../locales/ar-pages.ftl")),
];
