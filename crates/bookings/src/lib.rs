//! Sessions that people book and pay for. Providers offer slots; members book sessions, pay for
//! them, move them and cancel them.
//!
//! Locks are taken in one order: the order, the settings (for a receipt's number), the booking, the
//! member's account, slots. Gateways are called outside transactions. Only [`settle`] turns a
//! payment into a booking or credits; see also [`checkout`], [`refund`], [`reconcile`] and
//! [`verify`].

mod alert;
pub mod book;
pub mod booking;
pub mod brief;
pub mod browse;
pub mod bulk;
pub mod calendar_feed;
mod call_opening;
pub mod cancel;
pub mod catalogue;
pub mod checkout;
pub mod choice;
pub mod choice_list;
pub mod claim;
pub mod credit;
pub mod credit_kind;
pub mod criterion;
pub mod days;
pub mod demo;
mod ending;
pub mod export;
pub mod external_calendar;
pub mod feedback;
pub mod figures;
pub mod finding;
mod first_currency;
mod former_zone;
pub mod gateway;
pub mod gateway_event;
mod gateway_retry;
pub mod import;
mod leaving;
pub mod link_change;
mod meeting_link;
mod member;
pub mod membership;
pub mod new_slots;
pub mod newcomer;
mod notice;
pub mod order;
pub mod outcome;
pub mod outcome_mark;
pub mod payout;
pub mod plan;
pub mod preset;
pub mod provider;
pub mod reconcile;
pub mod refund;
pub mod refund_request;
pub mod request;
pub mod retention;
pub mod review;
pub mod room;
pub mod room_release;
pub mod series;
mod session;
pub mod settings;
pub mod settle;
pub mod slot;
pub mod verify;
pub mod web;
pub mod webhook;

use ::web::codes::Code;
use ::web::masking::SecretPath;
use ::web::problem::Argument;
use ::web::setting::Flag;
use ::web::state::NavigationGroup;
use ::web::{Findings, Link};
use identity::DomainAccounts;
use identity::session::token::TokenScope;
use platform::money::Money;
use serde::Serialize;
use site::domain::{self, Domain};
use site::look::FirstPage;

pub use site::Refusal;

/// The scope of API tokens for reading a person's own bookings and slots.
pub const READ: TokenScope = TokenScope::new("bookings:read", "booking-scope-read");
/// The scope of API tokens for offering slots, and for booking and cancelling sessions that are
/// free of charge.
pub const WRITE: TokenScope = TokenScope::new("bookings:write", "booking-scope-write");

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
    problem_codes: PROBLEM_CODES,
    secret_paths: &[
        SecretPath::token("/cal/"),
        SecretPath::token("/book/confirm/"),
    ],
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
    dates: booking::dates,
    webhook_events: webhook::EVENTS,
    newsletters: &[new_slots::NEWSLETTER],
    routes: web::routes,
    jobs: |site| {
        let all = session::jobs(site).into_iter().chain([
            alert::job(site),
            claim::job(site),
            ending::job(site),
            first_currency::job(site),
            former_zone::job(site),
            refund::job(site),
            request::job(site),
            external_calendar::job(site),
        ]);
        let all = all.chain(checkout::jobs(site));
        let all = all.chain(review::files::jobs(site));
        let all = all
            .chain(reconcile::jobs(site))
            .chain(new_slots::jobs(site));
        let all = all.chain(gateway_event::jobs(site));
        let all = all.chain(payout::batch::jobs(site));
        let all = all.chain([retention::job(site), verify::job(site)]);
        all.map(alert::watch).collect()
    },
    describe: domain::debug_only(|| {
        let routes = web::api::routes::<::web::described::Description<_>>();
        webhook::describe(routes.into_openapi())
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
        "0004_calendar",
        "0005_payouts",
        "0006_stripe",
        "0007_requests",
        "0008_feedback",
        "0009_rooms",
        "0010_catalogue",
        "0011_reviews",
        "0012_findings",
        "0013_provider_calendar",
        "0014_memberships",
        "0015_newcomers",
        "0016_indexes",
        "0017_review_calls",
        "0018_reference_files",
        "0019_meeting_hosts",
        "0020_member",
        "0021_receipts",
        "0022_grants",
        "0023_gateway_orders",
        "0024_alerts",
        "0025_rules",
        "0026_money",
        "0027_slot_overlap",
        "0028_answers",
        "0029_kept_terms",
        "0030_claims",
        "0031_one_zone",
        "0032_refund_requests"
    ))
};

::web::codes! { PROBLEM_CODES:
    /// The error for providers who book their own slots.
    pub const OWN_SLOT = Code::new(403, "own_slot");
    /// The error for a slot that somebody else has booked, or that can no longer be booked.
    pub const SLOT_TAKEN = Code::new(409, "slot_taken");
    /// The error for a slot whose time or price has changed since the caller saw it.
    pub const SLOT_CHANGED = Code::new(409, "slot_changed");
    /// The error for changing a slot that is held or booked.
    pub const SLOT_LOCKED = Code::new(409, "slot_locked");
    /// The error for choosing a session type, level or catalogue entry that a slot does not offer,
    /// and for leaving out a required choice.
    pub const CHOICE_NOT_OFFERED = Code::new(422, "choice_not_offered");
    /// The error for applying a preset to a site that has session types or levels.
    pub const PRESET_USED = Code::new(409, "preset_used");
    /// The error for a member who has reached the limit on bookings.
    pub const TOO_MANY_BOOKINGS = Code::new(429, "too_many_bookings");
    /// The error for a member who has made as many orders as allowed within an hour.
    pub const TOO_MANY_ORDERS = Code::new(429, "too_many_orders");
    /// The error for cancelling a session that is over or was never confirmed.
    pub const NOT_CANCELLABLE = Code::new(409, "booking_not_cancellable");
    /// The error for moving a booking that was already moved as often as allowed.
    pub const RESCHEDULE_LIMIT = Code::new(422, "reschedule_limit");
    /// The error for moving a booking to a slot of another provider or with another price.
    pub const RESCHEDULE_NOT_ALLOWED = Code::new(422, "reschedule_not_allowed");
    /// The error for a member who already holds too many slots without having paid.
    pub const TOO_MANY_HOLDS = Code::new(429, "too_many_holds");
    /// The error for a member who has another booking at the same time.
    pub const MEMBER_BUSY = Code::new(409, "member_busy");
    /// The error for a request that names no slots, too many slots or the same slot twice, and for
    /// confirming a slot that is not part of the request.
    pub const PREFERRED_INVALID = Code::new(422, "preferred_invalid");
    /// The error for deciding about a request that was already decided.
    pub const REQUEST_SETTLED = Code::new(409, "request_settled");
    /// The error for a member with too many undecided requests.
    pub const TOO_MANY_REQUESTS_OPEN = Code::new(429, "too_many_requests_open");
    /// The error for booking with a credit if the member has no credit for that time.
    pub const QUOTA_EXHAUSTED = Code::new(422, "quota_exhausted");
    /// The error for booking with credits whose payment is disputed or being refunded.
    pub const CREDIT_FROZEN = Code::new(422, "credit_frozen");
    /// The error for using credits that need a membership without having one.
    pub const TIER_REQUIRED = Code::new(403, "tier_required");
    /// The error for buying credits that need a membership without having one.
    pub const MEMBERSHIP_REQUIRED = Code::new(422, "membership_required");
    /// The error for ordering a plan that grants nothing.
    pub const PLAN_EMPTY = Code::new(422, "plan_empty");
    /// The error for giving feedback twice as the same side of a session.
    pub const FEEDBACK_EXISTS = Code::new(409, "feedback_exists");
    /// The error for giving feedback about a session that has not ended yet.
    pub const FEEDBACK_TOO_EARLY = Code::new(422, "feedback_too_early");
    /// The error for giving or changing feedback too late, or about a session that did not take
    /// place.
    pub const FEEDBACK_CLOSED = Code::new(422, "feedback_closed");
    /// The error for marking the outcome of a session too early.
    pub const OUTCOME_TOO_EARLY = Code::new(422, "outcome_too_early");
    /// The error for marking the outcome of a session that was over too long ago, or did not take
    /// place.
    pub const OUTCOME_CLOSED = Code::new(409, "outcome_closed");
    /// The error for marking an outcome that contradicts the other side.
    pub const OUTCOME_CONTESTED = Code::new(409, "outcome_contested");
    /// The error for a claim after the claimant's own feedback, or after another claim.
    pub const CLAIM_CLOSED = Code::new(409, "claim_closed");
    /// The error for answering, withdrawing or deciding a claim that is settled.
    pub const CLAIM_SETTLED = Code::new(409, "claim_settled");
    /// The error for answering a request for a refund that was answered before.
    pub const REFUND_REQUEST_SETTLED = Code::new(409, "refund_request_settled");
    /// The error for approving the payout of a session about which a claim is unsettled.
    pub const CLAIM_OPEN = Code::new(409, "claim_open");
    /// The error for a step that the state of a payout item or batch does not allow.
    pub const PAYOUT_STATE = Code::new(409, "payout_state");
    /// The error for creating a batch of payouts in a currency that has no due items.
    pub const PAYOUT_EMPTY = Code::new(422, "payout_empty");
    /// The error for sending a payout that the same person has approved.
    pub const SECOND_PERSON = Code::new(403, "second_person_required");
    /// The error for booking a session that needs a room if none is free at that time.
    pub const ROOM_POOL_EMPTY = Code::new(409, "room_pool_empty");
    /// The error for releasing the room of a session that has neither ended nor been cancelled.
    pub const ROOM_IN_USE = Code::new(409, "room_in_use");
    /// The error for applying the remedy of a finding that is settled.
    pub const FINDING_SETTLED = Code::new(409, "finding_settled");
    const REFUND_EXCEEDS = Code::new(409, "refund_exceeds");
    const REFUND_NOT_ELIGIBLE = Code::new(422, "refund_not_eligible");
    /// The error for a step that the state of a review does not allow.
    pub const REVIEW_SETTLED = Code::new(409, "review_settled");
    /// The error for a review in a call if no plan of the member allows one.
    pub const REVIEW_CALL_NOT_ALLOWED = Code::new(403, "review_call_not_allowed");
    const _ = Code::new(422, "review_booking_unsuitable");
    /// The error for a member who has submitted as many documents as allowed within 24 hours.
    pub const TOO_MANY_REVIEWS = Code::new(429, "too_many_reviews");
    const IDEMPOTENCY_KEY_REQUIRED = Code::new(400, "idempotency_key_required");
    const PAYMENT_MISMATCH = Code::new(400, "payment_mismatch");
    const PAYMENT_SIGNATURE = Code::new(400, "payment_signature");
    const SLOT_OVERLAP = Code::new(409, "slot_overlap");
    const ORDER_CLOSED = Code::new(409, "order_closed");
    const GATEWAY_UNAVAILABLE = Code::new(502, "gateway_unavailable");
    const SERIES_REJECTED = Code::new(422, "series_rejected");
    const BULK_REJECTED = Code::new(422, "bulk_rejected");
    const CANCEL_WINDOW_CLOSED = Code::new(422, "cancel_window_closed");
    const _ = Code::new(422, "price_not_kept");
    const _ = Code::new(422, "slot_too_short");
    const _ = Code::new(422, "slot_too_long");
    const _ = Code::new(422, "slot_in_past");
    const _ = Code::new(422, "slot_too_far");
    const _ = Code::new(422, "local_time_missing");
    const _ = Code::new(422, "link_not_allowed");
    const _ = Code::new(422, "host_invalid");
    const _ = Code::new(422, "location_invalid");
    const _ = Code::new(422, "location_required");
    const _ = Code::new(422, "room_exists");
    const _ = Code::new(422, "currency_unknown");
    const _ = Code::new(422, "price_invalid");
}

/// The error for a caller without the required role. The crate `accounts` declares this code.
const ROLE_REQUIRED: Code = Code::new(403, "role_required");
/// Only people in a browser may move money. The crate `accounts` declares this code.
const TOKEN_NOT_PERMITTED: Code = Code::new(403, "token_not_permitted");

fn next_position(positions: impl Iterator<Item = i64>) -> i64 {
    positions.max().map_or(1, |last| (last + 1).min(1_000))
}

/// If `most` is 0, nothing is left.
fn add_amount_range(findings: &mut Findings, pointer: &str, most: Money) {
    if most.minor < 1 {
        findings.add(pointer, "not_allowed", []);
        return;
    }
    let least = Money::new(1, most.currency);
    let bounds = [("min", least), ("max", most)];
    let bounds = bounds.map(|(name, money)| (name, Argument::Money(money)));
    findings.add(pointer, "out_of_range", bounds);
}

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
