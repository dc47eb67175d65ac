//! What each provider is owed for a session.

use std::collections::BTreeSet;

use identity::account::AccountId;
use identity::grant;
use identity::session::sudo;
use platform::audit::Entity;
use platform::id::Id as _;
use platform::money::Currency;
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use serde_json::json;
use site::resource::Parent as _;
use utoipa::ToSchema;
use web::fields::{money, percent};
use web::{Field, Findings, Input};

use crate::Refusal;
use crate::provider::{self, PROVIDER, ProviderId};
use crate::settings::{self, Administrator};

/// What a provider is owed for a session, set by administrators.
#[derive(Clone, Debug, PartialEq, Eq, Row, Serialize, Deserialize, ToSchema)]
#[schema(as = PayoutRate)]
pub struct Rate {
    /// The amount for each session, in minor units; 0 if nothing is owed.
    pub payout_minor: i64,
    /// The amount for each seat of a class, in minor units; 0 if nothing is owed.
    pub class_payout_minor: i64,
    /// The currency (ISO 4217).
    pub payout_currency: Currency,
    /// The share that is owed if the member does not come, in hundredths of a percent.
    pub no_show_bps: i64,
}

/// The fields of a rate that an administrator can set.
pub const RATE_FIELDS: &[Field] = web::fields! { Rate:
    payout_minor: money(0, 100_000_000_000, "payout_currency").label("payout-rate")
        .hint("payout-rate-hint"),
    class_payout_minor: money(0, 100_000_000_000, "payout_currency").label("payout-rate-class")
        .hint("payout-rate-hint"),
    no_show_bps: percent(0, 10_000).label("payout-no-show"),
};

pub fn rate(tx: &mut Tx<'_>, provider: &ProviderId) -> Result<Rate, StoreError> {
    sql!("SELECT {Rate} FROM provider WHERE id = :provider", provider).one(tx)
}

/// A provider and their rate.
#[derive(Clone, Debug, Row, Serialize, ToSchema)]
pub struct RatedProvider {
    /// The provider's id; that of their account while they have not offered anything.
    pub id: ProviderId,
    pub display_name: String,
    #[serde(flatten)]
    #[row(flatten)]
    pub rate: Rate,
}

/// Lists all providers who have an account, and all who may become providers by their duty, by name.
pub fn list_rates(tx: &mut Tx<'_>) -> Result<Vec<RatedProvider>, StoreError> {
    let all = sql!("SELECT {RatedProvider} FROM provider WHERE account_id IS NOT NULL");
    let mut all: Vec<RatedProvider> = tx.all(all, &[])?;
    all.extend(list_unbegun(tx)?);
    all.sort_by(|one, other| (&one.display_name, &one.id).cmp(&(&other.display_name, &other.id)));
    Ok(all)
}

/// Those who were given the duty to offer slots, and have not begun. They are owed nothing yet.
fn list_unbegun(tx: &mut Tx<'_>) -> Result<Vec<RatedProvider>, StoreError> {
    let holders = grant::list_holders(tx, PROVIDER)?;
    let known = sql!("SELECT account_id FROM provider WHERE account_id IS NOT NULL");
    let known: Vec<(AccountId,)> = tx.all(known, &[])?;
    let known: BTreeSet<AccountId> = known.into_iter().map(|(id,)| id).collect();
    let payout_currency = settings::load(tx)?.currency();
    let unbegun = holders.into_iter().filter(|(id, _)| !known.contains(id));
    let unbegun = unbegun.map(|(id, display_name)| RatedProvider {
        id: ProviderId::from_text(id.to_string()),
        display_name,
        rate: Rate {
            payout_minor: 0,
            class_payout_minor: 0,
            payout_currency,
            no_show_bps: 10_000,
        },
    });
    Ok(unbegun.collect())
}

/// Finds a provider by their id or by that of their account.
pub fn find_rate(tx: &mut Tx<'_>, id: &ProviderId) -> Result<Option<RatedProvider>, StoreError> {
    let found = sql!(
        "SELECT {RatedProvider} FROM provider
         WHERE (id = :id OR account_id = :id) AND account_id IS NOT NULL",
        id
    )
    .maybe(tx)?;
    if found.is_some() {
        return Ok(found);
    }
    Ok(list_unbegun(tx)?.into_iter().find(|one| one.id == *id))
}

/// Sets the rate for bookings that are made from now on, in the site's currency.
pub fn change_rate(
    tx: &mut Tx<'_>,
    by: &Administrator,
    id: &ProviderId,
    input: &Input,
) -> Result<RatedProvider, Refusal> {
    sudo::require::<Refusal>(tx, &by.requester().who)?;
    if let Some(one) = list_unbegun(tx)?.into_iter().find(|one| one.id == *id) {
        let account = AccountId::from_text(id.to_string());
        provider::begin(tx, &account, &one.display_name)?;
    }
    let found: Option<RatedProvider> = sql!(
        "SELECT {RatedProvider} FROM provider WHERE id = :id OR account_id = :id
         FOR NO KEY UPDATE",
        id
    )
    .maybe(tx)?;
    let old = found.ok_or(Refusal::NotFound)?;
    let mut findings = Findings::default();
    let zone = jiff::tz::TimeZone::UTC;
    let mut current = old.rate.clone();
    let amounts = [
        ("payout_minor", current.payout_minor),
        ("class_payout_minor", current.class_payout_minor),
    ];
    if amounts.iter().any(|(name, _)| input.has(name)) {
        let currency = settings::load(tx)?.currency();
        // No amount becomes one of another currency.
        for (name, amount) in amounts {
            if currency != current.payout_currency && amount > 0 && !input.has(name) {
                findings.add(&format!("/{name}"), "required", []);
            }
        }
        current.payout_currency = currency;
    }
    let rate = input.apply(RATE_FIELDS, &current, false, &zone, &mut findings);
    findings.finish()?;
    sql!(
        "UPDATE provider SET {Rate = :Rate} WHERE id = :id",
        Rate = rate,
        id = old.id
    )
    .run(tx, Rows::Exactly(1))?;
    let changes = json!([{"field": "rate", "old": old.rate, "new": rate}]);
    let entity = Entity::new("provider", old.id.to_string());
    by.record(tx, entity, "provider.rate_changed", changes)?;
    Ok(RatedProvider { rate, ..old })
}
