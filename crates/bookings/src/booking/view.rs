//! The view of a booking for its member, its provider and administrators.

use jiff::Timestamp;
use platform::{StoreError, Tx, sql};
use serde::Serialize;
use utoipa::ToSchema;

use super::claim::{self, Claim};
use super::{Booking, BookingId, Party, State, emails, location, provider_name};
use crate::brief::Brief;
use crate::choice;
use crate::member;
use crate::order::{self, Order};
use crate::slot::SlotId;

/// A booking as its parties read it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Booking)]
pub struct BookingView {
    #[schema(value_type = String)]
    pub id: BookingId,
    #[schema(value_type = String)]
    pub slot_id: SlotId,
    /// The provider's name; empty while the site hides it from members.
    pub provider: String,
    /// The member's name; null after the member's account was erased.
    pub member: Option<String>,
    #[schema(value_type = String, format = "date-time")]
    pub starts_at: Timestamp,
    #[schema(value_type = String, format = "date-time")]
    pub ends_at: Timestamp,
    pub time_zone: String,
    pub title: String,
    #[serde(flatten)]
    pub brief: Brief,
    /// The provider's email address, if the provider shows it, once the booking is confirmed.
    pub provider_email: String,
    /// The member's email address, if the member shows it, once the booking is confirmed.
    pub member_email: String,
    #[serde(flatten)]
    pub choice: choice::Choice,
    pub state: State,
    /// The link, address or telephone number, once the booking is confirmed.
    pub location: String,
    /// The provider's preparation note, once the booking is confirmed.
    pub prep_note: String,
    /// The order that pays for the booking.
    pub order: Option<Order>,
    /// The code of the kind of credit that the booking cost; null if it cost none.
    pub credit_kind: Option<String>,
    /// The time until which the member may move the booking, or cancel it and lose nothing.
    #[schema(value_type = String, format = "date-time")]
    pub cancel_deadline: Timestamp,
    pub reschedules: i64,
    pub cancelled_by: Option<Party>,
    /// Whether the member cancelled after `cancel_deadline`.
    pub is_late: bool,
    pub cancel_reason: String,
    /// The latest claim that one side did not come.
    pub claim: Option<Claim>,
    pub version: i64,
}

impl BookingView {
    pub fn of(tx: &mut Tx<'_>, booking: Booking) -> Result<Self, StoreError> {
        let (prep_note, credit_kind): (String, Option<String>) = sql!(
            "SELECT prep_note, (SELECT credit_kind FROM credit_lot WHERE id = :lot)
             FROM slot WHERE id = :id",
            id = booking.slot_id,
            lot = booking.credit_lot_id
        )
        .one(tx)?;
        let order = match &booking.order_id {
            Some(order) => order::find(tx, order)?,
            None => None,
        };
        let claim = claim::of_booking(tx, &booking.id)?;
        let (provider_email, member_email) = emails(tx, &booking)?;
        Ok(Self {
            provider: provider_name(tx, &booking)?,
            member: member::find_name(tx, booking.member_id.as_ref())?,
            location: location(tx, &booking)?,
            prep_note: if booking.state.is_held() {
                prep_note
            } else {
                String::new()
            },
            order,
            credit_kind,
            cancel_deadline: booking.cancel_deadline(),
            id: booking.id,
            slot_id: booking.slot_id,
            starts_at: booking.starts_at,
            ends_at: booking.ends_at,
            time_zone: booking.time_zone,
            title: booking.title,
            brief: booking.brief,
            provider_email,
            member_email,
            choice: booking.choice,
            state: booking.state,
            reschedules: booking.reschedules,
            cancelled_by: booking.cancelled_by,
            is_late: booking.is_late,
            claim,
            cancel_reason: booking.cancel_reason,
            version: booking.version,
        })
    }
}
