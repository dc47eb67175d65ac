//! Payment gateways. A gateway only reports facts; [`settle`](crate::settle) decides all
//! consequences.

mod razorpay;
mod test;

use axum::http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use platform::StoreError;
use platform::money::Money;
use platform::outbound::CallError;
use web::setting::{Flaw, Setting, SettingValues, Word, Words};
use web::{Form, Problem, Site};

use crate::order::{GatewayName, Order, OrderId, PaymentState};

pub(crate) use test::{Pressed, press};

/// Whether money moves.
pub const MODE: Word = Word {
    key: "bookings.mode",
    words: &["test", "live"],
};
/// The offered gateways, in order of preference.
pub const GATEWAYS: Words = Words {
    key: "bookings.gateways",
    words: &["test", "razorpay"],
};
pub(crate) const SETTINGS: &[Setting] = &[
    Setting::Word(MODE),
    Setting::Words(GATEWAYS),
    Setting::Line(razorpay::KEY_ID),
    Setting::Secret(razorpay::KEY_SECRET),
    Setting::Secret(razorpay::WEBHOOK_SECRET),
    Setting::Line(razorpay::URL),
];

pub use razorpay::{KEY_ID, KEY_SECRET, URL, WEBHOOK_SECRET};

/// The gateways that are offered.
pub fn offered(site: &Site) -> Vec<GatewayName> {
    let words = GATEWAYS.of(&site.declared.settings).into_iter();
    words.filter_map(GatewayName::find).collect()
}

/// The gateway with which new orders begin.
pub(crate) fn first(site: &Site) -> GatewayName {
    offered(site).first().copied().unwrap_or(GatewayName::Test)
}

/// Whether no real money moves.
pub fn is_test(site: &Site) -> bool {
    MODE.of(&site.declared.settings) == "test"
}

/// Finds gateways that are offered without their keys, or in the wrong mode.
pub(crate) fn flaws(values: &SettingValues) -> Vec<Flaw> {
    let (offered, mode) = (GATEWAYS.of(values), MODE.of(values));
    let mut flaws = Vec::new();
    if mode == "live" && offered.contains(&"test") {
        flaws.push(Flaw {
            key: GATEWAYS.key,
            what: "the test gateway is offered, and bookings.mode is \"live\"".to_owned(),
            mend: "take \"test\" out of bookings.gateways",
        });
    }
    if offered.contains(&"razorpay") {
        flaws.extend(razorpay::flaws(values, mode));
    }
    flaws
}

/// A gateway's statement about a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    pub payment_id: String,
    pub state: PaymentState,
    /// The amount that was paid.
    pub amount: Money,
}

/// The way in which a payer's browser reaches the gateway's page.
#[derive(Clone, Debug)]
pub enum Way {
    /// By following a link.
    Page(String),
    /// By posting a form to the gateway: the form's URL and its fields.
    Form(String, Vec<(&'static str, String)>),
}

/// The page on which somebody pays.
#[derive(Clone, Debug)]
pub struct Checkout {
    pub gateway_order_id: String,
    /// How the payer gets to the page.
    pub way: Way,
}

/// A refund request, which the gateway carries out once for each key.
#[derive(Clone, Debug)]
pub struct RefundCall {
    /// The idempotency key, identical in every attempt.
    pub key: String,
    pub payment_id: String,
    pub amount: Money,
}

/// The result of a refund.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refunded {
    /// The gateway accepted the refund and is processing it; contains the gateway's refund id.
    Submitted(String),
    /// The money is on its way; contains the gateway's refund id.
    Processed(String),
    /// The gateway refuses the refund.
    Failed,
}

/// A gateway's notification. It only causes a request to the gateway, and settles nothing by
/// itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The gateway's id for the event.
    pub id: String,
    /// The gateway's name for the kind of event.
    pub kind: String,
    /// The gateway's id for the order.
    pub order: Option<String>,
    /// The gateway's id for the payment.
    pub payment: Option<String>,
    /// The gateway's id for the refund.
    pub refund: Option<String>,
    /// Our id for the order or the refund.
    pub receipt: Option<String>,
}

/// The gateway did not respond, or its response does not follow the specification.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// The store failed, so the result of the request is unknown.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The settings hold no keys for the gateway.
    #[error("the gateway has no keys\n  set bookings.razorpay.key_id and key_secret_file")]
    Unconfigured,
    /// The request failed, or got no response.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The gateway refuses the request.
    #[error("the gateway answered {status}: {description}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The gateway's description of the error.
        description: String,
    },
    /// The response is not as documented.
    #[error("the gateway's answer is not understood: {0}")]
    Unclear(String),
}

impl From<GatewayError> for Problem {
    fn from(error: GatewayError) -> Self {
        match error {
            GatewayError::Store(error) => error.into(),
            error => {
                tracing::warn!(%error, "a payment gateway could not be used");
                Self::new(StatusCode::BAD_GATEWAY, "gateway_unavailable")
            }
        }
    }
}

impl GatewayName {
    /// The queue lane for jobs that send requests to the gateway.
    pub(crate) fn line(self) -> String {
        format!("gateway {}", self.word())
    }

    /// Whether the gateway's events are received, and its books compared with ours.
    pub(crate) fn is_remote(self, site: &Site) -> bool {
        match self {
            Self::Test => false,
            Self::Razorpay => razorpay::is_configured(site),
        }
    }

    /// Opens the page on which an order is paid; repeated calls return the same page.
    pub async fn create_checkout(
        self,
        site: &Site,
        order: &Order,
    ) -> Result<Checkout, GatewayError> {
        match self {
            Self::Test => test::create_checkout(site, order).await,
            Self::Razorpay => razorpay::create_checkout(site, order).await,
        }
    }

    /// Lists the payments for an order. Captures an authorized payment if the order waits for it.
    pub async fn list_payments(
        self,
        site: &Site,
        order: &Order,
    ) -> Result<Vec<Fact>, GatewayError> {
        match self {
            Self::Test => test::list_payments(site, order).await,
            Self::Razorpay => razorpay::list_payments(site, order).await,
        }
    }

    /// Refunds an amount.
    pub async fn refund(self, site: &Site, call: &RefundCall) -> Result<Refunded, GatewayError> {
        match self {
            Self::Test => test::refund(site, call).await,
            Self::Razorpay => razorpay::refund(site, call).await,
        }
    }

    /// Fetches the state of a pending refund by the gateway's refund id.
    pub(crate) async fn fetch_refund(
        self,
        site: &Site,
        id: &str,
    ) -> Result<Refunded, GatewayError> {
        match self {
            // The test gateway makes refunds immediately.
            Self::Test => Ok(Refunded::Processed(id.to_owned())),
            Self::Razorpay => razorpay::fetch_refund(site, id).await,
        }
    }

    /// Finds our order's id by the gateway's id for the order.
    pub(crate) async fn find_order(
        self,
        site: &Site,
        id: &str,
    ) -> Result<Option<OrderId>, GatewayError> {
        match self {
            Self::Test => Ok(None),
            Self::Razorpay => razorpay::find_order(site, id).await,
        }
    }

    /// Lists the payments captured within a period, each as the gateway's payment id and order id.
    pub(crate) async fn list_captured(
        self,
        site: &Site,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<(String, String)>, GatewayError> {
        match self {
            Self::Test => Ok(Vec::new()),
            Self::Razorpay => razorpay::list_captured(site, from, until).await,
        }
    }

    /// Checks the values with which the gateway sent a browser back after a payment for this order.
    pub fn check_return(self, site: &Site, order: &Order, sent: &Form) -> Result<(), Problem> {
        match self {
            Self::Test => test::check_return(site, order, sent),
            Self::Razorpay => razorpay::check_return(site, order, sent),
        }
    }

    /// Reads a signed event. Returns `None` if the event is not about a payment, an order or a
    /// refund.
    pub(crate) fn read_event(
        self,
        site: &Site,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Option<Event>, Problem> {
        match self {
            Self::Test => Err(Problem::not_found()),
            Self::Razorpay => razorpay::read_event(site, headers, body),
        }
    }
}

#[cfg(test)]
mod tests {
    use platform::Secret;

    use super::*;

    fn keys(values: &SettingValues) -> Vec<&'static str> {
        flaws(values).into_iter().map(|flaw| flaw.key).collect()
    }

    #[test]
    fn a_gateway_is_offered_with_keys_of_its_mode_alone() {
        let mut values = SettingValues::default();
        assert_eq!(keys(&values), [""; 0]);
        values.set_word(MODE, "live").unwrap();
        assert_eq!(keys(&values), [GATEWAYS.key]);
        values.set_words(GATEWAYS, &["razorpay"]).unwrap();
        assert_eq!(
            keys(&values),
            [KEY_ID.key, KEY_SECRET.key, WEBHOOK_SECRET.key]
        );
        values.set_secret(KEY_SECRET, Secret::new("a"));
        values.set_secret(WEBHOOK_SECRET, Secret::new("\n"));
        values.set_line(KEY_ID, "rzp_test_1");
        assert_eq!(keys(&values), [KEY_ID.key, WEBHOOK_SECRET.key]);
        values.set_secret(WEBHOOK_SECRET, Secret::new("b"));
        values.set_line(KEY_ID, "rzp_live_1");
        assert_eq!(keys(&values), [""; 0]);
        for url in [
            "http://razorpay.example",
            "https://api.razorpay.com/",
            "ftp://x",
        ] {
            values.set_line(URL, url);
            assert_eq!(keys(&values), [URL.key], "{url}");
        }
        values.set_word(MODE, "test").unwrap();
        values.set_line(URL, "http://127.0.0.1:9");
        assert_eq!(keys(&values), [KEY_ID.key]);
    }
}
