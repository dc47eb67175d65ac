//! Payment gateways. They only report payments and refunds. [`settle`](crate::settle) decides what
//! follows from a report.

mod razorpay;
mod remote;
pub mod stripe;
mod test;

use axum::http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use platform::StoreError;
use platform::money::Money;
use platform::outbound::CallError;
use web::setting::{Flaw, Setting, SettingValues, Word, Words};
use web::{Form, Problem, Site};

use crate::order::{GatewayName, Order, OrderId, OrderMode, PaymentState};

pub(crate) use test::{EVENT as TEST_EVENT, Pressed, TestEvent, press};

/// The setting that decides whether real money moves.
pub const MODE: Word = Word {
    key: "bookings.mode",
    words: &["test", "live"],
};
/// The setting with the payment gateways that the site offers, in order of preference.
pub const GATEWAYS: Words = Words {
    key: "bookings.gateways",
    words: &["test", "razorpay", "stripe"],
};
pub(crate) const SETTINGS: &[Setting] = &[
    Setting::Word(MODE),
    Setting::Words(GATEWAYS),
    Setting::Line(razorpay::KEY_ID),
    Setting::Secret(razorpay::KEY_SECRET),
    Setting::Secret(razorpay::WEBHOOK_SECRET),
    Setting::Line(razorpay::URL),
    Setting::Secret(stripe::SECRET_KEY),
    Setting::Secret(stripe::WEBHOOK_SECRET),
    Setting::Line(stripe::URL),
];

pub use razorpay::{KEY_ID, KEY_SECRET, URL, WEBHOOK_SECRET};

pub fn offered(site: &Site) -> Vec<GatewayName> {
    let words = GATEWAYS.of(&site.declared.settings).into_iter();
    words.filter_map(GatewayName::find).collect()
}

/// The payment gateway that a new order has until the payer chooses another.
pub(crate) fn first(site: &Site) -> GatewayName {
    offered(site).first().copied().unwrap_or(GatewayName::Test)
}

/// Whether the site is in test mode, so that no real money moves.
pub fn is_test(site: &Site) -> bool {
    MODE.of(&site.declared.settings) == "test"
}

/// The mode of new orders.
pub(crate) fn mode(site: &Site) -> OrderMode {
    if is_test(site) {
        OrderMode::Test
    } else {
        OrderMode::Live
    }
}

/// Whether an order was made with test money although the site uses real money now.
pub(crate) fn is_void(site: &Site, order: &Order) -> bool {
    order.mode == OrderMode::Test && !is_test(site)
}

/// Reports gateways that are offered without their keys, or in the wrong mode.
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
    if offered.contains(&"stripe") {
        flaws.extend(stripe::flaws(values, mode));
    }
    flaws
}

/// An amount that is too large for a payment, in minor units.
const MOST: i64 = 1_000_000_000_000;

/// A gateway's report about a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    pub payment_id: String,
    pub state: PaymentState,
    /// The amount that the payer has paid.
    pub amount: Money,
}

impl Fact {
    /// Whether the amount can be stored and counted. No order costs nothing, or as much as
    /// [`MOST`].
    pub(crate) fn is_plausible(&self) -> bool {
        (1..MOST).contains(&self.amount.minor)
    }
}

/// How the payer's browser gets to the gateway's page.
#[derive(Clone, Debug)]
pub enum Way {
    /// By following a link to this URL.
    Page(String),
    /// By posting a form with these fields to this URL.
    Form(String, Vec<(&'static str, String)>),
}

/// The gateway's page for an order.
#[derive(Clone, Debug)]
pub struct Checkout {
    pub gateway: GatewayName,
    pub gateway_order_id: String,
    /// How the payer's browser gets to the page.
    pub way: Way,
}

/// A request to refund an amount. The gateway carries it out once, however often it is repeated.
#[derive(Clone, Debug)]
pub struct RefundCall {
    /// The idempotency key, which is the same in every attempt.
    pub key: String,
    pub payment_id: String,
    pub amount: Money,
}

/// The result of asking a gateway for a refund.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refunded {
    /// The gateway has accepted the refund and is processing it. Contains the refund's id at the
    /// gateway.
    Submitted(String),
    /// The gateway has sent the money. Contains the refund's id at the gateway.
    Processed(String),
    /// The gateway has refused the refund.
    Failed,
}

/// A gateway's report about a refund.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundReport {
    pub payment_id: String,
    pub amount: Money,
    pub state: Refunded,
}

/// A notification from a gateway. It only triggers a request to the gateway, which returns the
/// actual state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The event's id at the gateway.
    pub id: String,
    /// The gateway's name for the kind of event.
    pub kind: String,
    /// The order's id at the gateway.
    pub order: Option<String>,
    /// The payment's id at the gateway.
    pub payment: Option<String>,
    /// The refund's id at the gateway.
    pub refund: Option<String>,
    /// Kenduri's own id of the order or refund, which the gateway sends back.
    pub receipt: Option<String>,
}

/// An error of a request to a gateway.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// The store failed, so it is unknown whether the request had an effect.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The settings contain no keys for the gateway.
    #[error(
        "the payment gateway has no keys\n  set them in [bookings.razorpay] or [bookings.stripe]"
    )]
    Unconfigured,
    /// The request failed, or got no response.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The gateway has refused the request.
    #[error(
        "the gateway refused with {status}; {}: {description}",
        status_remedy(*.status)
    )]
    Refused {
        status: u16,
        /// The gateway's description of the error.
        description: String,
    },
    /// The response does not follow the gateway's documentation.
    #[error("the payment gateway's response cannot be understood; please report this: {0}")]
    Unclear(String),
}

fn status_remedy(status: u16) -> &'static str {
    match status {
        401 | 403 => "check its keys in kenduri.toml",
        _ => "the gateway's own pages say more",
    }
}

impl From<GatewayError> for Problem {
    fn from(error: GatewayError) -> Self {
        match error {
            GatewayError::Store(error) => error.into(),
            error => {
                tracing::warn!(%error, "cannot use a payment gateway, so somebody could not pay; check its keys in kenduri.toml, and its status page");
                Self::new(StatusCode::BAD_GATEWAY, "gateway_unavailable")
            }
        }
    }
}

impl GatewayName {
    /// Whether the gateway can be used. The test gateway can be used if the site offers it and is
    /// in test mode. The other gateways can be used if their keys are set.
    pub(crate) fn is_usable(self, site: &Site) -> bool {
        match self {
            Self::Test => test::is_usable(site),
            Self::Razorpay => razorpay::is_configured(site),
            Self::Stripe => stripe::is_configured(site),
        }
    }

    /// Creates the gateway's page for an order. Repeated calls return the same page.
    pub async fn create_checkout(
        self,
        site: &Site,
        order: &Order,
    ) -> Result<Checkout, GatewayError> {
        match self {
            Self::Test => test::create_checkout(site, order).await,
            Self::Razorpay => razorpay::create_checkout(site, order).await,
            Self::Stripe => stripe::create_checkout(site, order).await,
        }
    }

    /// Lists the payments for an order. An authorized payment is captured if the order is not paid
    /// yet.
    pub async fn list_payments(
        self,
        site: &Site,
        order: &Order,
    ) -> Result<Vec<Fact>, GatewayError> {
        match self {
            Self::Test => test::list_payments(site, order).await,
            Self::Razorpay => razorpay::list_payments(site, order).await,
            Self::Stripe => stripe::list_payments(site, order).await,
        }
    }

    pub async fn refund(self, site: &Site, call: &RefundCall) -> Result<Refunded, GatewayError> {
        match self {
            Self::Test => test::refund(site, call).await,
            Self::Razorpay => razorpay::refund(site, call).await,
            Self::Stripe => stripe::refund(site, call).await,
        }
    }

    /// Fetches a refund, by its id at the gateway.
    pub(crate) async fn find_refund(
        self,
        site: &Site,
        id: &str,
    ) -> Result<RefundReport, GatewayError> {
        match self {
            // The test gateway processes refunds at once, so this is never called for it.
            Self::Test => Err(GatewayError::Unclear(id.to_owned())),
            Self::Razorpay => razorpay::find_refund(site, id).await,
            Self::Stripe => stripe::find_refund(site, id).await,
        }
    }

    /// Finds Kenduri's id of an order by the order's id at the gateway.
    pub(crate) async fn find_order(
        self,
        site: &Site,
        id: &str,
    ) -> Result<Option<OrderId>, GatewayError> {
        match self {
            Self::Test => Ok(None),
            Self::Razorpay => razorpay::find_order(site, id).await,
            Self::Stripe => stripe::find_order(site, id).await,
        }
    }

    /// Lists the payments that were captured in a period. Each entry contains the payment's id and
    /// the order's id at the gateway.
    pub(crate) async fn list_captured(
        self,
        site: &Site,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<(String, String)>, GatewayError> {
        match self {
            Self::Test => test::list_captured(site).await,
            Self::Razorpay => razorpay::list_captured(site, from, until).await,
            Self::Stripe => stripe::list_captured(site, from, until).await,
        }
    }

    /// Closes the gateway's page for an order, so that nobody can pay it any more. Only Stripe
    /// supports this.
    pub(crate) async fn close_checkout(self, site: &Site, id: &str) -> Result<(), GatewayError> {
        match self {
            Self::Test | Self::Razorpay => Ok(()),
            Self::Stripe => stripe::close_checkout(site, id).await,
        }
    }

    /// Verifies the values with which the gateway sent a browser back after a payment for this
    /// order.
    pub fn check_return(self, site: &Site, order: &Order, sent: &Form) -> Result<(), Problem> {
        match self {
            Self::Test => test::check_return(site, order, sent),
            Self::Razorpay => razorpay::check_return(site, order, sent),
            Self::Stripe => stripe::check_return(order, sent),
        }
    }

    /// Parses an event and verifies its signature. Returns `None` if the event does not concern a
    /// payment, an order or a refund.
    pub(crate) fn read_event(
        self,
        site: &Site,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Option<Event>, Problem> {
        match self {
            Self::Test => test::read_event(site, headers, body),
            Self::Razorpay => razorpay::read_event(site, headers, body),
            Self::Stripe => stripe::read_event(site, headers, body),
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

    #[test]
    fn stripe_is_offered_with_keys_of_its_mode_alone() {
        let mut values = SettingValues::default();
        values.set_words(GATEWAYS, &["stripe"]).unwrap();
        let missing = [stripe::SECRET_KEY.key, stripe::WEBHOOK_SECRET.key];
        assert_eq!(keys(&values), missing);
        values.set_secret(stripe::WEBHOOK_SECRET, Secret::new("whsec_1"));
        for (mode, key, is_fine) in [
            ("test", "sk_test_1", true),
            ("test", "rk_test_1", true),
            ("test", "sk_live_1", false),
            ("live", "sk_live_1", true),
            ("live", "sk_test_1", false),
            ("live", "pk_live_1", false),
        ] {
            values.set_word(MODE, mode).unwrap();
            values.set_secret(stripe::SECRET_KEY, Secret::new(key));
            let flaws = keys(&values);
            assert_eq!(flaws.is_empty(), is_fine, "{mode} {key}: {flaws:?}");
        }
        values.set_secret(stripe::SECRET_KEY, Secret::new("sk_live_1"));
        values.set_line(stripe::URL, "http://stripe.example");
        assert_eq!(keys(&values), [stripe::URL.key]);
    }
}
