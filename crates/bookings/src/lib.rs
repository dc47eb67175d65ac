//! Sessions that people book and pay for. Providers offer times; members book, pay for, move and
//! cancel sessions.

pub mod book;
pub mod booking;
pub mod browse;
pub mod calendar_feed;
pub mod cancel;
pub mod checkout;
pub mod credit;
pub mod gateway;
pub mod gateway_event;
mod leaving;
mod notice;
pub mod order;
pub mod plan;
pub mod provider;
pub mod refund;
pub mod series;
mod session;
pub mod settings;
pub mod settle;
pub mod slot;
pub mod verify;
pub mod web;

use ::web::Link;
use ::web::codes::Code;
use ::web::masking::SecretPath;
use ::web::setting::Flag;
use ::web::state::NavigationGroup;
use identity::DomainAccounts;
use identity::session::token::TokenScope;
use serde::Serialize;
use site::domain::{self, Domain};
use site::look::FirstPage;

pub use site::Refusal;

/// Permits reading one's own bookings and slots.
pub const READ: TokenScope = TokenScope::new("bookings:read", "booking-scope-read");
/// Permits offering slots, and booking and cancelling sessions that are free of charge.
pub const WRITE: TokenScope = TokenScope::new("bookings:write", "booking-scope-write");

/// Whether bookings are switched on.
pub const ENABLED: Flag = Flag {
    key: "bookings.enabled",
    built_in: false,
};

/// This domain with its routes, tables, jobs and settings.
pub const DOMAIN: Domain = Domain {
    enabled: Some(ENABLED),
    settings: gateway::SETTINGS,
    check_settings: gateway::flaws,
    locales: LOCALES,
    problem_codes: PROBLEM_CODES,
    secret_paths: &[SecretPath::token("/cal/")],
    reserved_slugs: &[
        "book",
        "bookings",
        "cal",
        "pay",
        "plans",
        "provider",
        "providers",
    ],
    first_pages: &[FirstPage {
        word: "bookings",
        label: "booking-first-page",
        argument: "",
        find: |_, _| Ok(Some("/book".to_owned())),
    }],
    first_parts: web::public::first_parts,
    offers: web::public::offers,
    public_pages: web::public::pages,
    navigation: Some(NavigationGroup {
        title: "booking-group",
        links: &[Link {
            label: "booking-mine",
            href: "/me/bookings",
        }],
        is_for: |_, _, _| Ok(true),
    }),
    duty_navigation: Some(NavigationGroup {
        title: "booking-group",
        links: &[Link {
            label: "slot-mine",
            href: "/me/slots",
        }],
        is_for: provider::is_for,
    }),
    cards: web::own_card::find,
    routes: web::routes,
    jobs: |site| {
        let own = [refund::job(site), checkout::job(site)];
        let all = session::jobs(site).into_iter().chain(own);
        all.chain(gateway_event::jobs(site)).collect()
    },
    describe: domain::debug_only(|| {
        web::api::routes::<::web::described::Description<_>>().into_openapi()
    }),
    accounts: DomainAccounts {
        site_duties: &[provider::PROVIDER],
        token_scopes: &[READ, WRITE],
        export: leaving::export,
        obligations: leaving::obligations,
        leave: leaving::leave,
        erase: leaving::erase,
        ..DomainAccounts::new("bookings")
    },
    ..Domain::new(platform::migrations!(
        "bookings",
        "0001_begin",
        "0002_gateways",
        "0003_credits",
        "0004_calendar"
    ))
};

const PROBLEM_CODES: &[Code] = &[
    OWN_SLOT,
    SLOT_TAKEN,
    SLOT_CHANGED,
    SLOT_LOCKED,
    TOO_MANY_BOOKINGS,
    NOT_CANCELLABLE,
    RESCHEDULE_LIMIT,
    RESCHEDULE_NOT_ALLOWED,
    TOO_MANY_HOLDS,
    QUOTA_EXHAUSTED,
    Code::new(400, "payment_mismatch"),
    Code::new(400, "payment_signature"),
    Code::new(409, "slot_overlap"),
    Code::new(409, "member_busy"),
    Code::new(409, "order_closed"),
    Code::new(502, "gateway_unavailable"),
    Code::new(422, "series_rejected"),
    Code::new(422, "cancel_window_closed"),
    Code::new(422, "slot_too_short"),
    Code::new(422, "slot_too_long"),
    Code::new(422, "slot_in_past"),
    Code::new(422, "slot_too_far"),
    Code::new(422, "local_time_missing"),
    Code::new(422, "link_not_allowed"),
    Code::new(422, "currency_unknown"),
    Code::new(422, "price_invalid"),
];

/// Providers cannot book their own slots.
pub const OWN_SLOT: Code = Code::new(403, "own_slot");
/// Somebody else booked the slot first, or the slot can no longer be booked.
pub const SLOT_TAKEN: Code = Code::new(409, "slot_taken");
/// The slot's time or price has changed since the caller saw it.
pub const SLOT_CHANGED: Code = Code::new(409, "slot_changed");
/// A slot that is held or booked cannot be changed.
pub const SLOT_LOCKED: Code = Code::new(409, "slot_locked");
/// One person has booked as often as is allowed.
pub const TOO_MANY_BOOKINGS: Code = Code::new(429, "too_many_bookings");
/// The session is over, or was not confirmed.
pub const NOT_CANCELLABLE: Code = Code::new(409, "booking_not_cancellable");
/// The booking was already moved the maximum number of times.
pub const RESCHEDULE_LIMIT: Code = Code::new(422, "reschedule_limit");
/// The other slot has another provider or another price.
pub const RESCHEDULE_NOT_ALLOWED: Code = Code::new(422, "reschedule_not_allowed");
/// Too many slots are held for one person.
pub const TOO_MANY_HOLDS: Code = Code::new(429, "too_many_holds");
/// No credit is left for this session.
pub const QUOTA_EXHAUSTED: Code = Code::new(422, "quota_exhausted");
/// The caller lacks the required duty or rank. The crate `accounts` declares this code.
const ROLE_REQUIRED: Code = Code::new(403, "role_required");
/// Only people may move money, not tokens. The crate `accounts` declares this code.
const TOKEN_NOT_PERMITTED: Code = Code::new(403, "token_not_permitted");

/// Builds the refusal of a stale version.
fn conflict(stored: &impl Serialize) -> Refusal {
    let whole = serde_json::to_value(stored).unwrap_or_default();
    Refusal::VersionConflict(Box::new(site::refusal::Stored {
        receipt: whole.clone(),
        whole,
    }))
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
