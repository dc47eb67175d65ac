//! Plans, with which members buy credits that expire after some months.

use identity::session::signed_in::Confirmed;
use identity::session::sudo;
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use platform::money::{Currency, Money};
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use site::resource::{Edit, History, Parent, Removal, Resource, history_of};
use utoipa::ToSchema;
use web::fields::{flag, line, lines, number};
use web::{Field, Findings, Input, List, PageQuery, Site};

use crate::order::{self, Grant, Order, PlanId};
use crate::settings::{self, Administrator};
use crate::{
    MEMBERSHIP_REQUIRED, PLAN_EMPTY, Refusal, TOKEN_NOT_PERMITTED, gateway, member, membership,
    slot,
};

/// How long a member can pay an order for a plan.
const OPEN: SignedDuration = SignedDuration::from_hours(24);

/// Credits that can be bought together.
#[derive(Clone, Debug, PartialEq, Eq, Row, Serialize, Deserialize, ToSchema)]
#[row(table = "plan")]
#[schema(as = BookingPlan)]
pub struct Plan {
    /// The plan's id.
    #[schema(value_type = String)]
    pub id: PlanId,
    /// The name, 1–80 characters.
    pub name: String,
    /// A description of the plan, up to 500 characters.
    pub description: String,
    /// How many credits for sessions the plan grants.
    pub credits: i64,
    /// How many credits for reviews of documents the plan grants.
    pub reviews: i64,
    /// How many months the credits, and the membership, last.
    pub months: i64,
    /// The tier of the membership that the plan opens; 0 if it only adds credits.
    pub tier: i64,
    /// Whether documents can be reviewed in a call with the plan's credits, or while the membership
    /// that it opens lasts.
    pub review_calls: bool,
    /// How often the plan can be sold; 0 for no limit.
    pub sale_limit: i64,
    /// How often the plan was sold.
    pub sold: i64,
    /// The price in minor units.
    pub price_minor: i64,
    /// The currency (ISO 4217).
    #[schema(value_type = String)]
    pub currency: Currency,
    /// Whether the plan is offered.
    pub active: bool,
    /// The position in the list of plans.
    pub position: i64,
    /// The version, which increases with every change.
    pub version: i64,
}

impl Plan {
    pub fn price(&self) -> Money {
        Money::new(self.price_minor, self.currency)
    }

    /// What an order of the plan grants.
    pub fn grant(&self) -> Grant {
        Grant {
            plan_id: Some(self.id.clone()),
            credits: self.credits,
            reviews: self.reviews,
            months: self.months,
            tier: self.tier,
            review_calls: self.review_calls,
        }
    }

    /// How often the plan can still be sold; `None` for no limit.
    pub fn left(&self) -> Option<i64> {
        (self.sale_limit > 0).then(|| (self.sale_limit - self.sold).max(0))
    }
}

/// The plans that can be bought, in their order.
pub fn offered(tx: &mut Tx<'_>) -> Result<Vec<Plan>, StoreError> {
    let all = sql!(
        "SELECT {Plan} FROM plan WHERE active = 1 AND (sale_limit = 0 OR sold < sale_limit)
         ORDER BY position, id"
    );
    tx.all(all, &[])
}

pub fn find(tx: &mut Tx<'_>, id: &PlanId) -> Result<Option<Plan>, StoreError> {
    tx.find(id)
}

/// Counts a sale of an order's plan. Returns whether the plan was not sold out.
pub(crate) fn sell(tx: &mut Tx<'_>, id: &PlanId) -> Result<bool, StoreError> {
    let sold = sql!(
        "UPDATE plan SET sold = sold + 1
         WHERE id = :id AND (sale_limit = 0 OR sold < sale_limit)",
        id
    )
    .run(tx, Rows::AtMostOne)?;
    Ok(sold == 1)
}

/// Orders a plan at its current price. The member gets the credits when the order is paid.
pub fn buy(
    tx: &mut Tx<'_>,
    site: &Site,
    member: &Confirmed,
    id: &PlanId,
) -> Result<Order, Refusal> {
    if !member.who().is_in_browser() {
        return Err(TOKEN_NOT_PERMITTED.into());
    }
    let account = &member.who().account().id;
    member::lock(tx, account)?;
    let plan = find(tx, id)?.filter(|plan| plan.active && plan.left() != Some(0));
    let plan = plan.ok_or(Refusal::NotFound)?;
    let rules = settings::load(tx)?;
    let grant = plan.grant();
    if plan.tier == 0 {
        if grant.kinds().next().is_none() {
            return Err(PLAN_EMPTY.into());
        }
        for (kind, _) in grant.kinds() {
            if !membership::covers(tx, account, (&rules, kind), gateway::mode(site))? {
                return Err(MEMBERSHIP_REQUIRED.into());
            }
        }
    }
    order::check_count(tx, account, rules.order_hour_limit)?;
    let new = order::New {
        gateway: gateway::first(site),
        mode: gateway::mode(site),
        amount: plan.price(),
        tax: rules.tax_in(plan.price()),
        expires_at: tx.now() + OPEN,
        grant,
    };
    let order = order::create(tx, account, new)?;
    order::plan_end(tx, &order)?;
    Ok(order)
}

impl Parent for Administrator {
    type Permission = ();
    const OWN: () = ();

    fn zone(&self, _: &mut Tx<'_>) -> Result<TimeZone, Refusal> {
        Ok(TimeZone::UTC)
    }

    fn record(
        &self,
        tx: &mut Tx<'_>,
        entity: (&'static str, String),
        action: &'static str,
        changes: Value,
    ) -> Result<(), StoreError> {
        self.requester().record(tx, entity, action, changes)
    }
}

impl Resource for Plan {
    type Parent = Administrator;
    const FIELDS: &'static [Field] = web::fields! { Plan:
        name: line(80).label("plan-name").required(),
        description: lines(500).label("plan-description"),
        credits: number(0, 999).label("plan-credits"),
        reviews: number(0, 999).label("plan-reviews").hint("plan-reviews-hint"),
        months: number(1, 36).label("plan-months").hint("plan-months-hint"),
        tier: number(0, 100).label("plan-tier").hint("plan-tier-hint"),
        review_calls: flag().label("plan-review-calls").hint("plan-review-calls-hint"),
        sale_limit: number(0, 1_000_000).label("plan-limit").hint("plan-limit-hint"),
        price_minor: number(1, 100_000_000_000).label("plan-price").hint("plan-price-hint"),
        active: flag().label("plan-active"),
        position: number(0, 1_000).label("plan-position"),
    };
    const HISTORY: History = history_of!("plan", named_by: "name");
    const LIMIT: Option<usize> = Some(50);

    site::stored_in_table!();

    fn list(tx: &mut Tx<'_>, _: &Administrator, _: &PageQuery) -> Result<List<Self>, Refusal> {
        let all = sql!("SELECT {Plan} FROM plan ORDER BY active DESC, position, id");
        Ok(List::whole(tx.all(all, &[])?))
    }

    fn blank(
        tx: &mut Tx<'_>,
        _: &Administrator,
        _: &Input,
        there: &[Self],
    ) -> Result<Self, Refusal> {
        Ok(Self {
            id: tx.id(),
            name: String::new(),
            description: String::new(),
            credits: 1,
            reviews: 0,
            months: 3,
            tier: 0,
            review_calls: false,
            sale_limit: 0,
            sold: 0,
            price_minor: 10_000,
            currency: settings::load(tx)?.currency(),
            active: true,
            position: crate::next_position(there.iter().map(|one| one.position)),
            version: 1,
        })
    }

    fn validate(
        &mut self,
        tx: &mut Tx<'_>,
        edit: &Edit<'_, Self>,
        findings: &mut Findings,
    ) -> Result<(), Refusal> {
        sudo::require::<Refusal>(tx, &edit.parent.requester().who)?;
        if self.name.is_empty() {
            findings.add("/name", "required", []);
        }
        if self.active && self.tier == 0 && self.grant().kinds().next().is_none() {
            findings.add("/credits", PLAN_EMPTY.code, []);
        }
        if !slot::is_payable(self.price()) {
            findings.add("/price_minor", "price_invalid", []);
        }
        Ok(())
    }

    /// A plan that was ever ordered is deactivated instead of deleted.
    fn removal(&self, tx: &mut Tx<'_>, by: &Administrator, _: &[Self]) -> Result<Removal, Refusal> {
        sudo::require::<Refusal>(tx, &by.requester().who)?;
        let (orders,): (i64,) = sql!(
            "SELECT COUNT(*) FROM booking_order WHERE plan_id = :id",
            id = self.id
        )
        .one(tx)?;
        Ok(Removal::of_uses(orders))
    }
}
