//! Payment gateways. A gateway only reports facts; all consequences are decided in
//! [`settle`](crate::settle).

mod test;

use platform::StoreError;
use platform::money::Money;
use web::{Form, Problem, Site};

use crate::order::{GatewayName, Order, PaymentState};

pub(crate) use test::{Pressed, press};

/// A payment as the gateway reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    pub payment_id: String,
    pub state: PaymentState,
    /// The amount that was paid.
    pub amount: Money,
}

/// The page on which somebody pays.
#[derive(Clone, Debug)]
pub struct Checkout {
    pub gateway_order_id: String,
    /// The URL of the page.
    pub page: String,
}

/// A refund request. The gateway carries it out once for each key.
#[derive(Clone, Debug)]
pub struct RefundCall {
    /// The idempotency key, the same at every attempt.
    pub key: String,
    pub payment_id: String,
    pub amount: Money,
}

/// The result of a refund.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refunded {
    /// The gateway has accepted the refund; its id for the refund.
    Processed(String),
    /// The gateway refuses the refund.
    Failed,
}

/// The gateway did not respond, or not as specified.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// The store failed, so the result of the request is unknown.
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
    /// Opens the page on which an order is paid; further requests get the same page.
    pub async fn create_checkout(
        self,
        site: &Site,
        order: &Order,
    ) -> Result<Checkout, GatewayError> {
        match self {
            Self::Test => test::create_checkout(site, order).await,
        }
    }

    /// Lists the payments for an order.
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

    /// Checks the values with which the gateway sent a browser back after a payment of this order.
    pub fn check_return(self, site: &Site, order: &Order, sent: &Form) -> Result<(), Problem> {
        match self {
            Self::Test => test::check_return(site, order, sent),
        }
    }
}
