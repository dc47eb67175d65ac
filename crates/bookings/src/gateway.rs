//! Payment gateways. A gateway only states facts: [`settle`](crate::settle) alone grants anything.

mod test;

use platform::StoreError;
use platform::money::Money;
use web::{Form, Problem, Site};

use crate::order::{GatewayName, Order, PaymentState};

pub(crate) use test::{Pressed, press};

/// What a gateway states about a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// The gateway's id for the payment.
    pub payment_id: String,
    /// The state of the payment.
    pub state: PaymentState,
    /// The amount that was paid.
    pub amount: Money,
}

/// The page on which somebody pays.
#[derive(Clone, Debug)]
pub struct Checkout {
    /// The gateway's id for the order.
    pub gateway_order_id: String,
    /// The address of the page.
    pub page: String,
}

/// A refund to make. The gateway makes it once for each key.
#[derive(Clone, Debug)]
pub struct RefundCall {
    /// The idempotency key, the same at every attempt.
    pub key: String,
    /// The gateway's id for the payment.
    pub payment_id: String,
    /// The amount to refund.
    pub amount: Money,
}

/// The result of a refund.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refunded {
    /// The refund is on its way; the gateway's id for it.
    Processed(String),
    /// The gateway refuses the refund.
    Failed,
}

/// The gateway did not respond, or not as specified.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// The store failed, so the result of the call is unknown.
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
    /// Opens the page on which an order is paid; the same page at every call.
    pub async fn create_checkout(
        self,
        site: &Site,
        order: &Order,
    ) -> Result<Checkout, GatewayError> {
        match self {
            Self::Test => test::create_checkout(site, order).await,
        }
    }

    /// The payments for an order.
    pub async fn list_payments(
        self,
        site: &Site,
        order: &Order,
    ) -> Result<Vec<Fact>, GatewayError> {
        match self {
            Self::Test => test::list_payments(site, order).await,
        }
    }

    /// Refunds an amount.
    pub async fn refund(self, site: &Site, call: &RefundCall) -> Result<Refunded, GatewayError> {
        match self {
            Self::Test => test::refund(site, call).await,
        }
    }

    /// Whether the gateway sent somebody back with these values after a payment of this order.
    pub fn check_return(self, site: &Site, order: &Order, sent: &Form) -> Result<(), Problem> {
        match self {
            Self::Test => test::check_return(site, order, sent),
        }
    }
}
