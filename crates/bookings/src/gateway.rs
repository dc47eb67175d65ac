//! Who takes the money. A gateway states facts: only [`settle`](crate::settle) grants anything.

mod test;

use platform::StoreError;
use platform::money::Money;
use web::{Form, Problem, Site};

use crate::order::{GatewayName, Order, PaymentState};

pub(crate) use test::{Pressed, press};

/// What a gateway says of a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// What it calls the payment.
    pub payment_id: String,
    /// How far it came.
    pub state: PaymentState,
    /// What was paid.
    pub amount: Money,
}

/// The page on which somebody pays.
#[derive(Clone, Debug)]
pub struct Checkout {
    /// What the gateway calls the order.
    pub gateway_order_id: String,
    /// Where the page is.
    pub page: String,
}

/// A sum that goes back. The gateway gives it back once for each key.
#[derive(Clone, Debug)]
pub struct RefundCall {
    /// Ours, the same at every try.
    pub key: String,
    /// What the gateway calls the payment.
    pub payment_id: String,
    /// How much.
    pub amount: Money,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refunded {
    /// It is on its way; what the gateway calls it.
    Processed(String),
    /// The gateway will not do it.
    Failed,
}

/// The gateway did not answer, or not as it should.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// Nothing is known of the call.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<GatewayError> for Problem {
    fn from(error: GatewayError) -> Self {
        let GatewayError::Store(error) = error;
        error.into()
    }
}

impl GatewayName {
    /// Opens the page on which an order is paid; the same one, however often it is asked for.
    pub async fn create_checkout(
        self,
        site: &Site,
        order: &Order,
    ) -> Result<Checkout, GatewayError> {
        match self {
            Self::Test => test::create_checkout(site, order).await,
        }
    }

    /// What was paid for an order.
    pub async fn list_payments(
        self,
        site: &Site,
        order: &Order,
    ) -> Result<Vec<Fact>, GatewayError> {
        match self {
            Self::Test => test::list_payments(site, order).await,
        }
    }

    /// Gives a sum back.
    pub async fn refund(self, site: &Site, call: &RefundCall) -> Result<Refunded, GatewayError> {
        match self {
            Self::Test => test::refund(site, call).await,
        }
    }

    /// Whether the gateway sent somebody back with this, after paying this order and no other.
    pub fn check_return(self, site: &Site, order: &Order, sent: &Form) -> Result<(), Problem> {
        match self {
            Self::Test => test::check_return(site, order, sent),
        }
    }
}
