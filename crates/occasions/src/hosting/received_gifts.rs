//! The hosts' list of received gifts. It also records whom the hosts have thanked.

use ::web::fields::{currency, day, line, lines, money};
use ::web::{Field, Findings, Input, List, PageQuery};
use jiff::{Timestamp, ToSpan as _};
use platform::audit::Entity;
use platform::id::Id as _;
use platform::money::{Currency, Money};
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::resource::{Edit, History, Resource, check_version, history_of};
use super::{HostOf, Permission, Refusal, gifts, history, occasions};
use crate::gift::{Gift, MOST_MONEY};
use crate::gift_reservation::{self, Reservation, ReservationState};
use crate::id::{OccasionId, ReceivedGiftId, ReservationId};
use crate::occasion::Occasion;

/// The maximum number of entries in an occasion's list.
pub const LIMIT: usize = 10_000;

/// A gift that the hosts received.
#[derive(Clone, Debug, Default, PartialEq, Eq, Row, Serialize, Deserialize, ToSchema)]
pub struct ReceivedGift {
    /// The entry's id.
    pub id: ReceivedGiftId,
    /// The invitation of the household that gave the gift; null if somebody else gave it.
    pub household: Option<String>,
    /// The giver's name, 1–120 characters. If omitted, the household's name is used.
    pub giver: String,
    /// A description of the gift, up to 500 characters. Required if there is no amount.
    pub description: String,
    /// The amount of money in minor units of `currency`; null if the gift is not money.
    pub amount: Option<i64>,
    /// The ISO 4217 code of the amount's currency.
    pub currency: String,
    /// The day on which the hosts received the gift, given as the instant at which that day ends.
    pub received_on: Timestamp,
    /// When the hosts thanked the giver; null if they have not done so.
    pub thanked_at: Option<Timestamp>,
    /// The reservation of this gift, if it was reserved.
    pub reservation: Option<String>,
    /// Increased by every change. A change must name the version it is based on.
    pub version: i64,
}

impl ReceivedGift {
    pub fn money(&self) -> Option<Money> {
        let currency: Currency = self.currency.parse().ok()?;
        Some(Money::new(self.amount?, currency))
    }
}

/// Lists the received gifts, the latest first.
pub fn of(tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<Vec<ReceivedGift>, StoreError> {
    sql!(
        "SELECT {ReceivedGift} FROM received_gift WHERE occasion = :occasion
         ORDER BY received_on DESC, id DESC",
        occasion
    )
    .all(tx)
}

fn end_of_day(occasion: &Occasion, at: Timestamp) -> Timestamp {
    let local = at.to_zoned(occasion.zone());
    let end = local
        .checked_add(1.day())
        .and_then(|next| next.start_of_day());
    end.map_or(at, |end| end.timestamp())
}

/// Adds a reserved gift to the list of received gifts, and marks the reservation as given.
pub fn receive(
    tx: &mut Tx<'_>,
    host: &HostOf,
    id: &ReservationId,
) -> Result<ReceivedGift, Refusal> {
    host.needs(Permission::Write)?;
    let occasion = occasions::lock(tx, host)?;
    let (gift, own) = gifts::lock_reservation(tx, host, id)?;
    match own.state {
        ReservationState::Reserved => {}
        ReservationState::Given => return Err(Refusal::GiftAlreadyGiven),
        ReservationState::Released => return Err(Refusal::NotFound),
    }
    let (there,): (i64,) = sql!(
        "SELECT COUNT(*) FROM received_gift WHERE occasion = :occasion",
        occasion = occasion.id
    )
    .one(tx)?;
    let limit = i64::try_from(LIMIT).unwrap_or(i64::MAX);
    if there >= limit {
        return Err(Refusal::LimitReached(limit));
    }
    let now = tx.now();
    gift_reservation::write(
        tx,
        &Reservation {
            state: ReservationState::Given,
            updated_at: now,
            ..own.clone()
        },
    )?;
    let language = ::web::Language::of(&occasion.default_language);
    let name = gift.name.pick(&language, &occasion.default_language);
    let description = match own.quantity {
        1 => name.to_string(),
        pieces => format!("{pieces} × {name}"),
    };
    // A shared gift is given as money. So the entry contains an amount.
    let amount = share(tx, &occasion, &gift, &own)?;
    let new = ReceivedGift {
        id: tx.id(),
        giver: household_name(tx, &occasion.id, own.invitation.as_str())?.unwrap_or_default(),
        household: Some(own.invitation.to_string()),
        description,
        amount,
        currency: occasion.currency.clone(),
        received_on: end_of_day(&occasion, now),
        thanked_at: None,
        reservation: Some(own.id.to_string()),
        version: 1,
    };
    insert(tx, &occasion.id, &new)?;
    gifts::record(tx, host, "gift.given", &gift, &own)?;
    gift_reservation::tell_of_gift(tx, &occasion.id, &gift.id)?;
    Ok(new)
}

/// The amount that a reservation adds to a shared gift. The parts can differ by one minor unit, so
/// the amount is what is missing until the entries add up to the parts that have been given.
fn share(
    tx: &mut Tx<'_>,
    occasion: &Occasion,
    gift: &Gift,
    own: &Reservation,
) -> Result<Option<i64>, StoreError> {
    let price = gift.whole_price(occasion).filter(|_| gift.shared);
    let parts = u16::try_from(gift.quantity).ok();
    let Some((price, parts)) = price.zip(parts) else {
        return Ok(None);
    };
    let (given, sum): (i64, i64) = sql!(
        "SELECT CAST(COALESCE(SUM(o.quantity), 0) AS BIGINT),
             CAST(COALESCE(SUM(g.amount), 0) AS BIGINT)
         FROM gift_reservation o JOIN received_gift g ON g.reservation = o.id
         WHERE o.gift = :gift AND o.id <> :own AND o.state = 'given'",
        gift = gift.id,
        own = own.id
    )
    .one(tx)?;
    let shares: Vec<i64> = price.shares(parts).iter().map(|one| one.minor).collect();
    let first = |count: i64| -> i64 {
        let count = usize::try_from(count).unwrap_or_default();
        shares.iter().take(count).sum()
    };
    let least = shares.last().map_or(0, |part| part * own.quantity);
    let most = shares.first().map_or(0, |part| part * own.quantity);
    let missing = first(given + own.quantity) - sum;
    // Hosts may have entered other amounts.
    Ok(Some(missing.clamp(least, most).min(price.minor)))
}

/// Records that the hosts have thanked the giver of a gift, or removes this record. If `version` is
/// given, it must be the current one.
pub fn thank(
    tx: &mut Tx<'_>,
    host: &HostOf,
    id: &ReceivedGiftId,
    version: Option<i64>,
    is_thanked: bool,
) -> Result<ReceivedGift, Refusal> {
    host.needs(Permission::Write)?;
    occasions::lock(tx, host)?;
    let mut one = ReceivedGift::find(tx, host, id.as_str())?;
    if let Some(seen) = version {
        check_version(&one, seen)?;
    }
    if one.thanked_at.is_some() == is_thanked {
        return Ok(one);
    }
    one.thanked_at = is_thanked.then(|| tx.now());
    store(tx, &mut one)?;
    let changes = json!([{"field": "thanked", "old": !is_thanked, "new": is_thanked}]);
    let entity = Entity::new("received_gift", one.id.to_string());
    history::record(tx, host, "received_gift.thanked", entity, changes)?;
    history::tell_of_occasion(tx, host, "gifts")?;
    Ok(one)
}

/// An archived household is not found.
fn household_name(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
    id: &str,
) -> Result<Option<String>, StoreError> {
    let found: Option<(String,)> = sql!(
        "SELECT household FROM invitation
         WHERE id = :id AND occasion = :occasion AND archived_at IS NULL",
        id,
        occasion
    )
    .maybe(tx)?;
    Ok(found.map(|(name,)| name))
}

fn insert(tx: &mut Tx<'_>, occasion: &OccasionId, one: &ReceivedGift) -> Result<(), StoreError> {
    sql!(
        "INSERT INTO received_gift ({ReceivedGift}, occasion, created_at)
         VALUES ({:ReceivedGift}, :occasion, :now)",
        ReceivedGift = one,
        occasion,
        now = tx.now()
    )
    .run(tx, Rows::Exactly(1))
    .map(drop)
}

fn store(tx: &mut Tx<'_>, one: &mut ReceivedGift) -> Result<(), StoreError> {
    one.version += 1;
    sql!(
        "UPDATE received_gift SET {ReceivedGift = :ReceivedGift}
         WHERE id = :id AND version = :version - 1",
        ReceivedGift = one,
        id = one.id,
        version = one.version
    )
    .run(tx, Rows::Exactly(1))
    .map(drop)
}

impl Resource for ReceivedGift {
    type Parent = HostOf;
    const FIELDS: &'static [Field] = ::web::fields! { ReceivedGift:
        household: line(36).optional().label("host-field-received-household")
            .section("host-received-about"),
        giver: line(120).label("host-field-received-giver").hint("host-field-received-giver-hint")
            .section("host-received-about"),
        description: lines(500).label("host-field-received-description")
            .section("host-received-about"),
        amount: money(0, MOST_MONEY, "currency").optional().label("host-field-received-amount")
            .section("host-received-about"),
        currency: currency("unknown_option").label("host-field-currency").section("host-received-about"),
        received_on: day().label("host-field-received-on").section("host-received-about"),
    };
    const HISTORY: History = history_of!("received_gift", named_by: "description");
    const NEWS: &'static str = "gifts";
    const LIMIT: Option<usize> = Some(LIMIT);
    const OWNERS: Permission = Permission::Write;
    const READERS: Permission = Permission::See;
    const IS_FORGOTTEN: bool = true;

    fn key(&self) -> &str {
        self.id.as_str()
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn list(tx: &mut Tx<'_>, host: &HostOf, _: &PageQuery) -> Result<List<Self>, Refusal> {
        Ok(List::whole(of(tx, host.occasion())?))
    }

    fn find(tx: &mut Tx<'_>, host: &HostOf, address: &str) -> Result<Self, Refusal> {
        let found: Option<Self> = sql!(
            "SELECT {ReceivedGift} FROM received_gift WHERE id = :address AND occasion = :occasion",
            address,
            occasion = host.occasion()
        )
        .maybe(tx)?;
        found.ok_or(Refusal::NotFound)
    }

    fn blank(tx: &mut Tx<'_>, host: &HostOf, input: &Input, _: &[Self]) -> Result<Self, Refusal> {
        let occasion = occasions::load(tx, host)?;
        let now = tx.now();
        let household = input.text("household");
        let giver = household_name(tx, host.occasion(), household)?;
        Ok(Self {
            id: tx.id(),
            household: giver.as_ref().map(|_| household.to_owned()),
            giver: giver.unwrap_or_default(),
            received_on: end_of_day(&occasion, now),
            currency: occasion.currency,
            version: 1,
            ..Self::default()
        })
    }

    fn validate(
        &mut self,
        tx: &mut Tx<'_>,
        edit: &Edit<'_, Self>,
        findings: &mut Findings,
    ) -> Result<(), Refusal> {
        self.household = self.household.take().filter(|id| !id.is_empty());
        let was = edit.old.and_then(|old| old.household.as_ref());
        if let Some(id) = self.household.as_ref().filter(|id| Some(*id) != was) {
            match household_name(tx, edit.parent.occasion(), id)? {
                Some(name) if self.giver.is_empty() => self.giver = name,
                Some(_) => {}
                None => findings.add("/household", "unknown_option", []),
            }
        }
        if self.giver.is_empty() {
            findings.add("/giver", "required", []);
        }
        if self.description.is_empty() && self.amount.is_none() {
            findings.add("/description", "required", []);
        }
        Ok(())
    }

    /// The log shows amounts with their currency, such as "100.00 SGD".
    fn changes(old: &Self, new: &Self) -> Vec<Value> {
        let said = |one: &Self| {
            let money = one.money();
            money.map(|money| format!("{} {}", money.decimal(), money.currency))
        };
        let mut changes = ::web::fields::difference(Self::FIELDS, old, new);
        for change in &mut changes {
            if change["field"] == "amount" {
                (change["old"], change["new"]) = (json!(said(old)), json!(said(new)));
            }
        }
        changes
    }

    fn insert(&mut self, tx: &mut Tx<'_>, edit: &Edit<'_, Self>) -> Result<(), Refusal> {
        Ok(insert(tx, edit.parent.occasion(), self)?)
    }

    fn update(&mut self, tx: &mut Tx<'_>, _: &Edit<'_, Self>) -> Result<(), Refusal> {
        Ok(store(tx, self)?)
    }

    fn delete(&self, tx: &mut Tx<'_>, host: &HostOf) -> Result<(), Refusal> {
        sql!("DELETE FROM received_gift WHERE id = :id", id = self.id).run(tx, Rows::Exactly(1))?;
        let Some(id) = &self.reservation else {
            return Ok(());
        };
        let id = ReservationId::from_text(id.clone());
        let own = match gifts::lock_reservation(tx, host, &id) {
            Ok((_, own)) if own.state == ReservationState::Given => own,
            Ok(_) | Err(Refusal::NotFound) => return Ok(()),
            Err(refusal) => return Err(refusal),
        };
        let reserved = Reservation {
            state: ReservationState::Reserved,
            updated_at: tx.now(),
            ..own
        };
        Ok(gift_reservation::write(tx, &reserved)?)
    }
}
