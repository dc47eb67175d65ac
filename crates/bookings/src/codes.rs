//! The error codes of bookings.

use ::web::codes::Code;

::web::codes! { pub(crate) PROBLEM_CODES:
    /// The error for providers who book their own slots.
    pub const OWN_SLOT = Code::new(403, "own_slot");
    /// The error for a slot that somebody else has booked, or that can no longer be booked.
    pub const SLOT_TAKEN = Code::new(409, "slot_taken");
    /// The error for a date of a class with fewer seats than wanted; `seats_left` says how many.
    pub const SEATS_LEFT = Code::new(409, "seats_left");
    /// The error for adding seats to a booking that is not confirmed, has begun or is of no class, or if the
    /// member has as many of the date as one may have.
    pub const SEATS_CLOSED = Code::new(409, "seats_closed");
    /// The error for waiting for a date of a class although so many seats are free.
    pub const NOT_FULL = Code::new(409, "not_full");
    /// The error for waiting for a date for which the member waits already, otherwise than asked now.
    pub const WAITING_ALREADY = Code::new(409, "waiting_already");
    /// The error for a slot whose time or price has changed since the caller saw it.
    pub const SLOT_CHANGED = Code::new(409, "slot_changed");
    /// The error for an operation that only a class has, or one that is on offer.
    pub const NOT_A_CLASS = Code::new(409, "not_a_class");
    /// The error for writing to those who come to a date of a class if nobody does.
    pub const NOBODY_COMES = Code::new(409, "nobody_comes");
    /// The error for sending the same text to a date of a class again.
    pub const CLASS_MESSAGE_SENT = Code::new(409, "class_message_sent");
    /// The error for a date of a class to which as many messages were sent as allowed within 24 hours.
    pub const TOO_MANY_CLASS_MESSAGES = Code::new(429, "too_many_class_messages");
    /// The error for changing a slot that is held or booked.
    pub const SLOT_LOCKED = Code::new(409, "slot_locked");
    /// The error for removing hours in which something is offered.
    pub const SCHEDULE_IN_USE = Code::new(409, "schedule_in_use");
    /// The error for one more offer than a provider may have on offer at a time.
    pub const TOO_MANY_OFFERS = Code::new(409, "too_many_offers");
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
    /// The error for a request that names no slots, too many slots, the same slot twice or a class,
    /// and for confirming a slot that is not part of the request.
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
    /// The error for an administrator's report of a session about which a claim is unsettled.
    pub const CLAIM_UNDECIDED = Code::new(409, "claim_undecided");
    /// The error for deciding a claim about the administrator's own session where another one can.
    pub const OWN_CLAIM = Code::new(403, "own_claim");
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
    pub(crate) const REFUND_EXCEEDS = Code::new(409, "refund_exceeds");
    /// The error for taking credits away with a refund that was decided when other credits were used.
    pub const CREDITS_CHANGED = Code::new(409, "credits_changed");
    pub(crate) const REFUND_NOT_ELIGIBLE = Code::new(422, "refund_not_eligible");
    /// The error for a step that the state of a review does not allow.
    pub const REVIEW_SETTLED = Code::new(409, "review_settled");
    /// The error for a review in a call if no plan of the member allows one.
    pub const REVIEW_CALL_NOT_ALLOWED = Code::new(403, "review_call_not_allowed");
    const _ = Code::new(422, "review_booking_unsuitable");
    /// The error for a member who has submitted as many documents as allowed within 24 hours.
    pub const TOO_MANY_REVIEWS = Code::new(429, "too_many_reviews");
    pub(crate) const IDEMPOTENCY_KEY_REQUIRED = Code::new(400, "idempotency_key_required");
    pub(crate) const PAYMENT_MISMATCH = Code::new(400, "payment_mismatch");
    pub(crate) const PAYMENT_SIGNATURE = Code::new(400, "payment_signature");
    pub(crate) const SLOT_OVERLAP = Code::new(409, "slot_overlap");
    pub(crate) const ORDER_CLOSED = Code::new(409, "order_closed");
    pub(crate) const GATEWAY_UNAVAILABLE = Code::new(502, "gateway_unavailable");
    pub(crate) const SERIES_REJECTED = Code::new(422, "series_rejected");
    pub(crate) const BULK_REJECTED = Code::new(422, "bulk_rejected");
    pub(crate) const CANCEL_WINDOW_CLOSED = Code::new(422, "cancel_window_closed");
    const _ = Code::new(422, "hours_empty");
    const _ = Code::new(422, "hours_overlap");
    const _ = Code::new(422, "days_reversed");
    const _ = Code::new(422, "price_and_credit");
    const _ = Code::new(422, "rooms_missing");
    const _ = Code::new(422, "price_not_kept");
    const _ = Code::new(422, "slot_too_short");
    const _ = Code::new(422, "slot_too_long");
    const _ = Code::new(422, "slot_in_past");
    const _ = Code::new(422, "claim_pays_all");
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
pub(crate) const ROLE_REQUIRED: Code = Code::new(403, "role_required");
/// Only people in a browser may move money. The crate `accounts` declares this code.
pub(crate) const TOKEN_NOT_PERMITTED: Code = Code::new(403, "token_not_permitted");
