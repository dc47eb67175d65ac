//! What becomes of the price of what a member gave back after the deadline.

use platform::money::Money;
use web::Text;

use super::seat::{self, Seat};
use super::{Booking, State};
use crate::order::{Order, OrderId};

/// What was given back late, and is not paid back in full.
#[derive(Clone, Debug)]
pub(crate) enum Late {
    /// A part of the order is kept, and so much of the order is paid back.
    Paid {
        order: OrderId,
        kept: Money,
        back: Money,
    },
    /// Credits stay spent.
    Credit,
}

impl Late {
    /// `left` is what is left of the payment after all refunds, in minor units.
    pub(crate) fn of(
        booking: &Booking,
        seats: &[Seat],
        order: Option<&Order>,
        left: i64,
    ) -> Option<Self> {
        if !booking.is_late && !seats.iter().any(|seat| seat.is_late) {
            return None;
        }
        let Some(order) = order else {
            return booking.credit_lot_id.as_ref().map(|_| Self::Credit);
        };
        let standing = match booking.state {
            State::Cancelled => 0,
            _ => seat::part_of_order(order.amount_minor, seats, booking.seats),
        };
        let money = |minor| Money::new(minor, order.currency);
        let kept = left - standing;
        (order.is_paid() && kept > 0).then(|| Self::Paid {
            order: order.id.clone(),
            kept: money(kept),
            back: money(order.amount_minor - left),
        })
    }

    pub(crate) fn say(&self, text: &Text) -> String {
        match self {
            Self::Paid { kept, back, .. } => {
                let back = match back.minor {
                    0 => "none".to_owned(),
                    _ => text.money(*back),
                };
                let values = [("kept", text.money(*kept).into()), ("back", back.into())];
                text.with("late-kept", values)
            }
            Self::Credit => text.say("late-credit").into_owned(),
        }
    }

    /// The path of the page where the member asks for the rest; `None` for credits.
    pub(crate) fn page(&self) -> Option<String> {
        match self {
            Self::Paid { order, .. } => Some(format!("/pay/{order}#refund")),
            Self::Credit => None,
        }
    }
}
