//! Ways to give money to the hosts. Kenduri only shows them. No money passes through Kenduri.

use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{I18n, words};

use crate::id::{CashLinkId, OccasionId};
use crate::payment_qr::{self, CreditTransfer};

words! {
    /// How guests give money.
    #[derive(Default)]
    CashKind {
        /// A web address, for example of a payment service.
        Link = "link" => "host-cash-kind-link",
        /// A bank account.
        #[default]
        Bank = "bank" => "host-cash-kind-bank",
        /// A DuitNow ID. Banking apps in Malaysia can transfer money to it.
        DuitNow = "duitnow" => "host-cash-kind-duitnow",
    }
}

/// A way to give money.
#[derive(Clone, Debug, Default, PartialEq, Eq, Row, Serialize, Deserialize, ToSchema)]
#[row(table = "cash_link")]
pub struct CashLink {
    /// The id.
    pub id: CashLinkId,
    /// Whether this is a web address, a bank account or a `DuitNow` ID.
    pub kind: CashKind,
    /// The name that guests see, 1–60 characters.
    pub label: String,
    /// The https address of a `link`; otherwise empty.
    pub url: String,
    /// The name of the account's holder, up to 70 characters; needed for a `bank`.
    pub holder: String,
    /// The IBAN or account number of a `bank`, or the ID of a `duitnow`. Up to 34 characters.
    pub account: String,
    /// The bank's name, up to 70 characters.
    pub bank: String,
    /// The bank's BIC (ISO 9362); may be empty.
    pub bic: String,
    /// The payment reference that givers should use, up to 140 characters.
    pub reference: String,
    /// An explanation, up to 1,000 characters.
    pub note: I18n,
    /// Whether guests see this way to give money.
    pub active: bool,
    /// Position in lists, 0–1,000.
    pub position: i64,
    /// Increased by every change. A change must name the version it is based on.
    pub version: i64,
}

impl CashLink {
    /// Returns the text of an EPC QR code, which banking apps can read. Returns `None` unless this
    /// is an account in the euro payments area (SEPA).
    pub fn payment_text(&self) -> Option<String> {
        let is_sepa = self.kind == CashKind::Bank && payment_qr::is_sepa(&self.account);
        is_sepa.then(|| {
            payment_qr::text(&CreditTransfer {
                name: &self.holder,
                iban: &self.account,
                bic: &self.bic,
                reference: &self.reference,
            })
        })
    }

    /// Returns the account number as pages show it. An IBAN is split into groups of four
    /// characters.
    pub fn spaced_account(&self) -> String {
        if self.kind != CashKind::Bank || !payment_qr::is_iban(&self.account) {
            return self.account.clone();
        }
        let characters: Vec<char> = self.account.chars().collect();
        let groups = characters.chunks(4).map(|group| group.iter().collect());
        groups.collect::<Vec<String>>().join(" ")
    }

    /// Returns the host name of a `link`. Guests see it before they follow the link.
    pub fn host(&self) -> &str {
        host_of(&self.url)
    }
}

/// Returns the host name of an https address.
pub fn host_of(url: &str) -> &str {
    let rest = url.strip_prefix("https://").unwrap_or(url);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host)
}

/// Lists all ways to give money in an occasion, in display order.
pub fn of(tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<Vec<CashLink>, StoreError> {
    sql!(
        "SELECT {CashLink} FROM cash_link WHERE occasion = :occasion ORDER BY position, id",
        occasion
    )
    .all(tx)
}

pub fn insert(tx: &mut Tx<'_>, occasion: &OccasionId, one: &CashLink) -> Result<(), StoreError> {
    sql!(
        "INSERT INTO cash_link ({CashLink}, occasion, created_at)
         VALUES ({:CashLink}, :occasion, :now)",
        CashLink = one,
        occasion,
        now = tx.now()
    )
    .run(tx, Rows::Exactly(1))
    .map(drop)
}

#[cfg(test)]
mod tests {
    use super::host_of;

    #[test]
    fn a_link_shows_where_it_leads() {
        for (url, host) in [
            ("https://paypal.me/aisyah?x=1", "paypal.me"),
            ("https://bank.example", "bank.example"),
            ("https://paypal.com@evil.example/x", "evil.example"),
            ("https://shop.example:8443#top", "shop.example:8443"),
        ] {
            assert_eq!(host_of(url), host);
        }
    }
}
