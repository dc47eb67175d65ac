//! Sessions that people book and pay for. Providers offer slots; members book sessions, pay for
//! them, move them and cancel them.
//!
//! Locks are taken in one order: the order, the settings (for a receipt's number), the booking, the
//! member's account, slots; the revision of a provider's times, which triggers write, is locked at the
//! commit. Gateways are called outside transactions. Only [`settle`] turns a payment into a booking or
//! credits; see also [`checkout`], [`refund`], [`reconcile`] and [`verify`].

mod administrator_alert;
mod amount_range;
pub mod availability;
pub mod book;
pub mod booking;
mod booking_limits;
pub mod brief;
pub mod browse;
pub mod bulk;
pub mod calendar;
pub mod calendar_feed;
mod call_opening;
pub mod cancel;
pub mod catalogue;
pub mod checkout;
pub mod choice;
pub mod choice_list;
pub mod class_cancellation;
mod class_dates;
pub mod class_message;
pub mod class_party;
mod class_people;
pub mod codes;
pub mod credit;
pub mod credit_kind;
pub mod day_range;
mod decider;
pub mod demo;
mod ending_notice;
pub mod export;
pub mod external_calendar;
pub mod feedback;
pub mod feedback_criterion;
pub mod figures;
pub mod finding;
mod first_currency;
mod former_zone;
pub mod further_seats;
pub mod gateway;
pub mod gateway_event;
mod gateway_retry;
mod group_place;
mod hours_of_times;
pub mod import;
mod leaving;
pub mod link_change;
mod meeting_link;
mod member;
pub mod membership;
pub mod new_slots;
pub mod newcomer;
pub mod no_show_claim;
mod notice;
pub mod offer;
pub mod offer_question;
pub mod order;
pub mod outcome;
pub mod outcome_mark;
pub mod payout;
pub mod plan;
pub mod preset;
pub mod provider;
mod provider_day;
pub mod reconcile;
pub mod refund;
pub mod refund_request;
mod refusal;
pub mod request;
pub mod retention;
pub mod review;
pub mod room;
pub mod room_release;
pub mod schedule;
pub mod series;
mod session;
pub mod settings;
pub mod settle;
pub mod slot;
mod to_do;
mod token_scopes;
pub mod verify;
pub mod waiting;
pub mod web;
pub mod webhook;

use ::web::masking::SecretPath;
use ::web::setting::Flag;
use identity::DomainAccounts;
use site::domain::{self, Domain};
use site::look::FirstPage;

pub use refusal::Refusal;
pub use token_scopes::{READ, WRITE};

/// The setting that turns bookings on and off.
pub const ENABLED: Flag = Flag {
    key: "bookings.enabled",
    built_in: false,
};

/// The routes, tables, jobs and settings of bookings, for the server.
pub const DOMAIN: Domain = Domain {
    enabled: Some(ENABLED),
    settings: gateway::SETTINGS,
    check_settings: gateway::flaws,
    locales: LOCALES,
    problem_codes: codes::PROBLEM_CODES,
    secret_paths: &[
        SecretPath::token("/cal/"),
        SecretPath::token("/book/confirm/"),
        SecretPath::token("/book/wait/"),
    ],
    reserved_slugs: &[
        "book",
        "bookings",
        "cal",
        "confirm",
        "date",
        "pay",
        "plans",
        "provider",
        "providers",
        "wait",
        "zone",
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
    menu: web::menu::ENTRIES,
    cards: web::own_card::find,
    dates: booking::dates,
    webhook_events: webhook::EVENTS,
    newsletters: &[new_slots::NEWSLETTER],
    routes: web::routes,
    jobs: |site| {
        let all = session::jobs(site).into_iter().chain([
            administrator_alert::job(site),
            no_show_claim::job(site),
            ending_notice::job(site),
            first_currency::job(site),
            former_zone::job(site),
            refund::job(site),
            request::job(site),
            external_calendar::job(site),
        ]);
        let all = all.chain(checkout::jobs(site));
        let all = all.chain(class_dates::jobs(site));
        let all = all.chain(waiting::jobs(site));
        let all = all.chain(review::files::jobs(site));
        let all = all
            .chain(reconcile::jobs(site))
            .chain(new_slots::jobs(site));
        let all = all.chain(gateway_event::jobs(site));
        let all = all.chain(payout::batch::jobs(site));
        let all = all.chain([
            retention::job(site),
            verify::job(site),
            provider_day::job(site),
        ]);
        all.map(administrator_alert::watch).collect()
    },
    describe: domain::debug_only(|| {
        let routes = web::api::routes::<::web::described::Description<_>>();
        webhook::describe(routes.into_openapi())
    }),
    accounts: DomainAccounts {
        site_duties: &[provider::PROVIDER],
        token_scopes: &[READ, WRITE],
        group_places: group_place::list,
        export: leaving::export,
        obligations: leaving::obligations,
        leave: leaving::leave,
        erase: leaving::erase,
        ..DomainAccounts::new("bookings")
    },
    ..Domain::new(platform::migrations!(
        "bookings",
        "0001_begin" contracting,
        "0002_gateways" contracting,
        "0003_credits" contracting,
        "0004_calendar" contracting,
        "0005_payouts" contracting,
        "0006_stripe" contracting,
        "0007_requests" contracting,
        "0008_feedback" contracting,
        "0009_rooms" contracting,
        "0010_catalogue" contracting,
        "0011_reviews" contracting,
        "0012_findings" contracting,
        "0013_provider_calendar" contracting,
        "0014_memberships" contracting,
        "0015_newcomers" contracting,
        "0016_indexes" contracting,
        "0017_review_calls" contracting,
        "0018_reference_files" contracting,
        "0019_meeting_hosts" contracting,
        "0020_member" contracting,
        "0021_receipts" contracting,
        "0022_grants" contracting,
        "0023_gateway_orders" contracting,
        "0024_alerts" contracting,
        "0025_rules" contracting,
        "0026_money" contracting,
        "0027_slot_overlap" contracting,
        "0028_answers" contracting,
        "0029_kept_terms" contracting,
        "0030_claims" contracting,
        "0031_one_zone" contracting,
        "0032_refund_requests" contracting,
        "0033_hours" contracting,
        "0034_classes" contracting,
        "0035_waiting" contracting,
        "0036_party" contracting,
        "0037_offer_questions" contracting,
        "0038_class_people" contracting,
        "0039_proposals" expanding,
        "0040_figures" expanding,
        "0041_further_seats" contracting,
        "0042_times_revision" contracting,
        "0043_refunded_credits" expanding,
        "0044_request_answers" expanding,
        "0045_disputes" expanding
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
