//! Plans, with which members buy credits that expire after some months.

use identity::person::slug;
use identity::session::signed_in::Confirmed;
use identity::session::sudo;
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use platform::audit::Entity;
use platform::money::{Currency, Money};
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use site::resource::{
    Edit, History, Parent, Removal, Resource, history_of, next_position, position,
};
use utoipa::ToSchema;
use web::fields::{currency, flag, key, line, lines, money, number, rows};
use web::problem::Argument;
use web::{Field, Findings, Input, List, PageQuery, Problem, Site};

use crate::codes::{MEMBERSHIP_REQUIRED, PLAN_EMPTY, TOKEN_NOT_PERMITTED};
use crate::credit_kind::{self, SESSION};
use crate::order::{self, CreditGrant, Grant, Order, PlanId};
use crate::settings::{self, Administrator, BookingSettings, Seen};
use crate::{Refusal, gateway, member, membership, slot};

const CODE: usize = 40;
const MOST_CREDITS: i64 = 999;
const PAYABLE_FOR: SignedDuration = SignedDuration::from_hours(24);

/// Credits that can be bought together.
#[derive(Clone, Debug, PartialEq, Eq, Row, Serialize, Deserialize, ToSchema)]
#[row(table = "plan")]
#[schema(as = BookingPlan)]
pub struct Plan {
    /// The plan's id.
    pub id: PlanId,
    /// The name in JSON, 1–40 characters of `a-z0-9-`. If it is omitted, it is derived from the
    /// field `name`. It never changes.
    pub code: String,
    /// The name, 1–80 characters.
    pub name: String,
    /// A description of the plan, up to 500 characters.
    pub description: String,
    /// The credits that the plan grants, up to 20 kinds, each once.
    #[row(json)]
    pub grants: Vec<CreditGrant>,
    /// How many months the credits and the membership last, up to 36. A plan that only adds credits
    /// may have 0; its credits then last as long as the site's settings say.
    pub months: i64,
    /// The tier of the membership that the plan opens; 0 if it only adds credits.
    pub tier: i64,
    /// Whether documents can be reviewed in a call with the plan's credits, or while the membership
    /// that it opens lasts.
    pub review_calls: bool,
    /// How many times the plan can be sold; 0 for no limit.
    pub sale_limit: i64,
    /// How many times the plan was sold.
    pub sold: i64,
    /// The price in minor units.
    pub price_minor: i64,
    /// The currency (ISO 4217).
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

    /// What an order of the plan grants to the member.
    pub fn grant(&self) -> Grant {
        Grant {
            plan_id: Some(self.id.clone()),
            grants: self.grants.clone(),
            months: self.months,
            tier: self.tier,
            review_calls: self.review_calls,
        }
    }

    /// Also removes grants of 0 credits.
    fn check_grants(
        &mut self,
        tx: &mut Tx<'_>,
        old: Option<&Self>,
        findings: &mut Findings,
    ) -> Result<(), StoreError> {
        for (index, one) in self.grants.iter().enumerate() {
            let code = &one.credit_kind;
            let pointer = format!("/grants/{index}/credit_kind");
            let is_kept =
                old.is_some_and(|old| old.grants.iter().any(|had| had.credit_kind == *code));
            if one.quantity > 0 && !is_kept && credit_kind::find_active(tx, code)?.is_none() {
                findings.add(&pointer, "unknown_option", []);
            }
            let before = self.grants.iter().take(index);
            if before.clone().any(|other| other.credit_kind == *code) {
                findings.add(&pointer, "not_unique", []);
            }
        }
        self.grants.retain(|one| one.quantity > 0);
        Ok(())
    }

    /// How many times the plan can still be sold; `None` for no limit.
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

pub fn find_by_code(tx: &mut Tx<'_>, code: &str) -> Result<Option<Plan>, StoreError> {
    sql!("SELECT {Plan} FROM plan WHERE code = :code", code).maybe(tx)
}

/// Returns an unused code for a plan with this name.
pub(crate) fn free_code(tx: &mut Tx<'_>, name: &str) -> Result<String, StoreError> {
    let mut stem = slug::from_name(name);
    stem.truncate(CODE - 6);
    let stem = match stem.trim_end_matches('-') {
        "" => "plan",
        stem => stem,
    };
    let mut code = stem.to_owned();
    let mut number = 1;
    while find_by_code(tx, &code)?.is_some() {
        number += 1;
        code = format!("{stem}-{number}");
    }
    Ok(code)
}

/// Changes the settings. If the currency changes, the plans in the old one that nobody has ordered
/// change with it: their prices keep their number. Refuses with `price_not_kept` a currency that has
/// too few decimals for one of them.
pub fn change_rules(
    tx: &mut Tx<'_>,
    by: &Administrator,
    seen: &Seen,
    input: &Input,
) -> Result<BookingSettings, Refusal> {
    let old = settings::load(tx)?.currency();
    let rules = settings::change(tx, by, seen, input)?;
    let new = rules.currency();
    if new == old {
        return Ok(rules);
    }
    let all: Vec<Plan> = sql!(
        "SELECT {Plan} FROM plan
         WHERE currency = :old
           AND NOT EXISTS (SELECT 1 FROM booking_order o WHERE o.plan_id = plan.id)
         ORDER BY id FOR NO KEY UPDATE",
        old
    )
    .all(tx)?;
    for plan in all {
        let Some(price) = plan.price().in_units_of(new) else {
            let values = [
                ("name", Argument::Words(plan.name.clone())),
                ("price", Argument::Money(plan.price())),
                ("currency", Argument::Words(new.to_string())),
            ];
            let problem = Problem::fields().field("/currency", "price_not_kept", values);
            return Err(Refusal::Problem(problem));
        };
        tx.update(&Plan {
            price_minor: price.minor,
            currency: price.currency,
            version: plan.version + 1,
            ..plan.clone()
        })?;
        let changes = json!([
            {"field": "currency", "old": plan.currency, "new": price.currency},
            {"field": "price_minor", "old": plan.price_minor, "new": price.minor}
        ]);
        by.record(
            tx,
            Entity::new("plan", plan.id.to_string()),
            "plan.changed",
            changes,
        )?;
    }
    Ok(rules)
}

/// Counts a sale of a plan. Returns `false` if the plan is sold out.
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
        if grant.grants.is_empty() {
            return Err(PLAN_EMPTY.into());
        }
        for one in &grant.grants {
            if !membership::covers(tx, account, &one.credit_kind, gateway::mode(site))? {
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
        expires_at: tx.now() + PAYABLE_FOR,
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
        entity: Entity,
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
        code: key(1, CODE).label("choice-code").hint("plan-code-hint").fixed(),
        description: lines(500).label("plan-description"),
        grants: rows(web::part! { CreditGrant:
            credit_kind: line(40).required(),
            quantity: number(0, MOST_CREDITS).required(),
        }, 20).label("plan-grants-title"),
        months: number(0, 36).label("plan-months").hint("plan-months-hint"),
        tier: number(0, 100).label("plan-tier").hint("plan-tier-hint"),
        review_calls: flag().label("plan-review-calls").hint("plan-review-calls-hint"),
        sale_limit: number(0, 1_000_000).label("plan-limit").hint("plan-limit-hint"),
        price_minor: money(1, 100_000_000_000, "currency").label("plan-price"),
        currency: currency("currency_unknown").label("plan-currency"),
        active: flag().label("plan-active"),
        position: position().label("plan-position"),
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
            code: String::new(),
            name: String::new(),
            description: String::new(),
            grants: vec![CreditGrant {
                credit_kind: SESSION.to_owned(),
                quantity: 1,
            }],
            months: 3,
            tier: 0,
            review_calls: false,
            sale_limit: 0,
            sold: 0,
            price_minor: 10_000,
            currency: settings::load(tx)?.currency(),
            active: true,
            position: next_position(there.iter().map(|one| one.position)),
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
        self.check_grants(tx, edit.old, findings)?;
        if self.active && self.tier == 0 && self.grants.is_empty() {
            findings.add("/grants/0/quantity", PLAN_EMPTY.code, []);
        }
        if self.tier > 0 && self.months == 0 {
            findings.add("/months", "too_low", [("min", 1.into())]);
        }
        if self.code.is_empty() {
            self.code = free_code(tx, &self.name)?;
        }
        if !slot::is_payable(self.price()) {
            findings.add("/price_minor", "price_invalid", []);
        }
        Ok(())
    }

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
