//! The export and the erasure of an account's data about bookings.

use identity::account::AccountId;
use platform::{Rows, StoreError, Tx, sql};
use serde_json::{Value, json};

use crate::booking::{self, Booking, BookingId, BookingView};
use crate::order::{Order, OrderMode};
use crate::provider::{ProviderId, ProviderProfile};
use crate::schedule::exception;
use crate::slot::Slot;
use crate::slot::view::SlotView;
use crate::{
    calendar_feed, credit, external_calendar, feedback, no_show_claim, offer, offer_question,
    payout, refund_request, request, review, schedule, waiting,
};

/// Exports an account's bookings, payments and slots.
pub(crate) fn export(tx: &mut Tx<'_>, account: &AccountId) -> Result<Value, StoreError> {
    let bookings: Vec<Booking> = sql!(
        "SELECT {Booking} FROM booking WHERE member_id = :account ORDER BY created_at, id",
        account
    )
    .all(tx)?;
    let views = BookingView::list(tx, bookings)?;
    let orders: Vec<Order> = sql!(
        "SELECT {o: Order} FROM booking_order o JOIN money_party p ON p.id = o.party_id
         WHERE p.account_id = :account ORDER BY o.created_at, o.id",
        account
    )
    .all(tx)?;
    let profile: Option<ProviderProfile> = sql!(
        "SELECT {ProviderProfile} FROM provider WHERE account_id = :account",
        account
    )
    .maybe(tx)?;
    let slots: Vec<Slot> = match &profile {
        Some(profile) => sql!(
            "SELECT {Slot} FROM slot WHERE provider_id = :id AND deleted_at IS NULL
             ORDER BY starts_at, id",
            id = profile.id
        )
        .all(tx)?,
        None => Vec::new(),
    };
    let slots = SlotView::list(tx, slots)?;
    let payouts = match &profile {
        Some(profile) => payout::list_of(tx, &profile.id, None, i64::MAX)?,
        None => Vec::new(),
    };
    let calendar = match &profile {
        Some(profile) => external_calendar::export(tx, &profile.id)?,
        None => Value::Null,
    };
    let (hours, days, offers, questions) = match &profile {
        Some(profile) => (
            schedule::of_provider(tx, &profile.id)?,
            exception::of_provider(tx, &profile.id)?,
            offer::of_provider(tx, &profile.id)?,
            offer_question::of_provider(tx, &profile.id)?,
        ),
        None => Default::default(),
    };
    let credits = credit::lots(tx, account, OrderMode::Test)?;
    let requests = request::view::export(tx, account)?;
    let reviews = review::leaving::export(tx, account)?;
    let waits = waiting::export(tx, account)?;
    if views.is_empty()
        && orders.is_empty()
        && profile.is_none()
        && requests == json!([])
        && reviews == json!([])
        && waits.is_empty()
    {
        return Ok(Value::Null);
    }
    Ok(json!({
        "bookings": views, "orders": orders, "credits": credits, "profile": profile, "slots": slots,
        "calendar": calendar, "payouts": payouts, "requests": requests,
        "hours": hours, "days": days, "offers": offers, "questions": questions,
        "feedback": feedback::export(tx, account)?, "reviews": reviews,
        "claims": no_show_claim::export(tx, account)?,
        "waiting": waits,
        "refund_requests": refund_request::export(tx, account)?,
    }))
}

/// Lists the future sessions that the account's owner offers, and the reviews that they have to
/// write. The account cannot be erased until these are done or cancelled.
pub(crate) fn obligations(tx: &mut Tx<'_>, account: &AccountId) -> Result<Vec<String>, StoreError> {
    let provider: Option<(ProviderId,)> = sql!(
        "SELECT id FROM provider WHERE account_id = :account FOR NO KEY UPDATE",
        account
    )
    .maybe(tx)?;
    let Some((provider,)) = provider else {
        return Ok(Vec::new());
    };
    let open = booking::list_of_provider(tx, &provider)?.into_iter();
    let name = |one: Booking| {
        format!(
            "{}, {}",
            one.title,
            one.starts_at.to_zoned(one.zone()).date()
        )
    };
    let mut all: Vec<String> = open.map(name).collect();
    all.extend(review::leaving::obligations(tx, &provider)?);
    Ok(all)
}

/// Erases an account's data. Free slots and texts are removed; payments are kept without the
/// person's name. Future sessions were already cancelled by [`leave`].
pub(crate) fn erase(tx: &mut Tx<'_>, account: &AccountId) -> Result<(), StoreError> {
    sql!(
        "UPDATE slot SET deleted_at = :now, is_resting = 0, state = 'unavailable'
         WHERE state IN ('available', 'unavailable') AND (deleted_at IS NULL OR is_resting = 1)
           AND provider_id IN (SELECT id FROM provider WHERE account_id = :account)",
        account,
        now = tx.now()
    )
    .run(tx, Rows::Any)?;
    for erase in [
        sql!(
            "UPDATE slot SET title = '', public_note = '', prep_note = '', location_secret = '',
                 area = ''
             WHERE provider_id IN (SELECT id FROM provider WHERE account_id = $1)"
        ),
        sql!(
            "UPDATE booking SET cancel_reason = ''
             WHERE provider_id IN (SELECT id FROM provider WHERE account_id = $1)"
        ),
    ] {
        tx.run(erase, &[account], Rows::Any)?;
    }
    offer::erase(tx, account)?;
    offer_question::erase(tx, account)?;
    schedule::erase(tx, account)?;
    request::erase(tx, account)?;
    feedback::erase(tx, account)?;
    no_show_claim::erase(tx, account)?;
    refund_request::erase(tx, account)?;
    waiting::erase(tx, account)?;
    review::leaving::erase(tx, account)?;
    external_calendar::erase(tx, account)?;
    for erase in [
        sql!(
            "UPDATE provider SET account_id = NULL, display_name = '', bio = '', is_paused = 1,
                 payout_ref = NULL
             WHERE account_id = $1"
        ),
        sql!(
            "DELETE FROM newcomer_hold
             WHERE booking_id IN (SELECT id FROM booking WHERE member_id = $1)"
        ),
        sql!(
            "UPDATE booking_seat SET name = ''
             WHERE booking_id IN (SELECT id FROM booking WHERE member_id = $1)"
        ),
        sql!(
            "UPDATE booking SET member_id = NULL, note = '', topics = '[]', answers = '[]',
                 cancel_reason = ''
             WHERE member_id = $1"
        ),
        sql!("UPDATE payout_item SET approved_by = NULL WHERE approved_by = $1"),
        sql!("UPDATE money_party SET account_id = NULL WHERE account_id = $1"),
    ] {
        tx.run(erase, &[account], Rows::Any)?;
    }
    calendar_feed::end(tx, account)
}

/// Cancels an account's bookings whose sessions have not ended, and takes it out of waiting lists.
pub(crate) fn leave(tx: &mut Tx<'_>, account: &AccountId) -> Result<(), StoreError> {
    request::leave(tx, account)?;
    review::leaving::leave(tx, account)?;
    // This query has no limit. The functions that list bookings for pages have one, so they could
    // miss some bookings.
    let open: Vec<(BookingId,)> = sql!(
        "SELECT id FROM booking
         WHERE member_id = :account AND ends_at > :now AND state IN ('pending_payment', 'confirmed')
         ORDER BY starts_at, id",
        account,
        now = tx.roughly_now()
    )
    .all(tx)?;
    for (booking,) in open {
        crate::cancel::end_for_leaver(tx, &booking)?;
    }
    waiting::leave_all(tx, account)
}
