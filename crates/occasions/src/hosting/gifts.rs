//! Adds, changes and removes items of the wish list, and shows reservations, on behalf of hosts.

use ::web::fields::{flag, https, line, money, number, texts};
use ::web::{Field, Findings, Input, Limits, List, PageQuery};
use jiff::Timestamp;
use platform::audit::Entity;
use platform::store::Row;
use platform::{Rows, Tx, sql};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::resource::{Edit, History, Removal, Resource, history_of, next_position, position};
use super::{HostOf, Permission, Refusal, history};
use crate::gift::{self, Gift, MOST_MONEY, MOST_PIECES, is_picture, remove_picture};
use crate::gift_reservation::{self, Reservation, ReservationState};
use crate::id::{GiftId, InvitationId, ReservationId};

/// A reservation with the data that hosts see.
#[derive(Clone, Debug, PartialEq, Eq, Row, Serialize, ToSchema)]
pub struct GiftReservation {
    /// The reservation's id.
    pub id: ReservationId,
    /// The reserved gift.
    pub gift: GiftId,
    /// The household's invitation.
    pub invitation: InvitationId,
    /// The household's name.
    pub household: String,
    /// How many pieces are reserved.
    pub quantity: i64,
    /// `reserved`, or `given` once the hosts have received the gift.
    pub state: ReservationState,
    /// The household's note to the hosts.
    pub note: String,
    /// Whether at least one guest of the household comes.
    pub attending: bool,
    /// When the household first reserved the gift.
    pub created_at: Timestamp,
}

/// Lists the active reservations, the oldest first.
pub fn reservations(tx: &mut Tx<'_>, host: &HostOf) -> Result<Vec<GiftReservation>, Refusal> {
    host.needs(Permission::SeeAnswers)?;
    Ok(sql!(
        "SELECT r.id, r.gift, r.invitation, invitation.household, r.quantity, r.state, r.note,
             CASE WHEN EXISTS (SELECT 1 FROM guest JOIN reply ON reply.guest = guest.id
                  WHERE guest.invitation = r.invitation AND reply.status = 'yes')
                  THEN 1 ELSE 0 END AS attending,
             r.created_at
         FROM gift_reservation r
         JOIN gift ON gift.id = r.gift
         JOIN invitation ON invitation.id = r.invitation
         WHERE gift.occasion = :occasion AND r.state <> :released
         ORDER BY r.id",
        occasion = host.occasion(),
        released = ReservationState::Released
    )
    .all(tx)?)
}

/// Finds a reservation of this occasion with its gift, and locks the gift.
pub(super) fn lock_reservation(
    tx: &mut Tx<'_>,
    host: &HostOf,
    id: &ReservationId,
) -> Result<(Gift, Reservation), Refusal> {
    let found: Option<(GiftId,)> =
        sql!("SELECT gift FROM gift_reservation WHERE id = :id", id).maybe(tx)?;
    let (of_gift,) = found.ok_or(Refusal::NotFound)?;
    let gift = gift::lock(tx, host.occasion(), &of_gift)?.ok_or(Refusal::NotFound)?;
    let all = gift_reservation::of_gift(tx, &gift.id)?;
    let own = all.into_iter().find(|one| one.id == *id);
    Ok((gift, own.ok_or(Refusal::NotFound)?))
}

/// Releases a household's reservation, for example after a telephone call.
pub fn release(tx: &mut Tx<'_>, host: &HostOf, id: &ReservationId) -> Result<(), Refusal> {
    host.needs(Permission::Write)?;
    let (gift, own) = lock_reservation(tx, host, id)?;
    match own.state {
        ReservationState::Released => return Ok(()),
        ReservationState::Given => return Err(Refusal::GiftAlreadyGiven),
        ReservationState::Reserved => {}
    }
    gift_reservation::release(tx, host.occasion(), &own)?;
    record(tx, host, "gift.released", &gift, &own)
}

/// Adds an entry about a reservation to the audit log.
pub(super) fn record(
    tx: &mut Tx<'_>,
    host: &HostOf,
    action: &'static str,
    gift: &Gift,
    own: &Reservation,
) -> Result<(), Refusal> {
    let changes = json!([
        {"field": "gift", "old": null, "new": gift.name},
        {"field": "quantity", "old": null, "new": own.quantity},
    ]);
    let entity = Entity::new("invitation", own.invitation.to_string());
    Ok(history::record(tx, host, action, entity, changes)?)
}

impl Resource for Gift {
    type Parent = HostOf;
    const FIELDS: &'static [Field] = ::web::fields! { Gift:
        name: texts(Limits::required(120)).label("host-field-gift-name").wording(),
        price: money(0, MOST_MONEY, "currency").optional().label("host-field-gift-price")
            .hint("host-field-gift-price-hint").section("host-gift-about"),
        quantity: number(1, MOST_PIECES).label("host-field-gift-quantity")
            .section("host-gift-about"),
        shared: flag().label("host-field-gift-shared").hint("host-field-gift-shared-hint")
            .section("host-gift-about"),
        url: https().label("host-field-gift-url").hint("host-field-gift-url-hint")
            .section("host-gift-about"),
        active: flag().label("host-field-gift-active").section("host-gift-about"),
        position: position().label("host-field-position").section("host-gift-about"),
        picture: line(64).label("host-field-gift-picture").section("host-gift-about"),
        description: texts(Limits::lines(1_000)).label("host-field-gift-description").wording(),
    };
    const HISTORY: History = history_of!("gift", named_by: "name");
    const NEWS: &'static str = "gifts";
    const LIMIT: Option<usize> = Some(500);
    const OWNERS: Permission = Permission::Write;
    const READERS: Permission = Permission::See;

    fn key(&self) -> &str {
        self.id.as_str()
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn list(tx: &mut Tx<'_>, host: &HostOf, _: &PageQuery) -> Result<List<Self>, Refusal> {
        Ok(List::whole(gift::of(tx, host.occasion())?))
    }

    /// Locks the item, so that no household can reserve it during the change.
    fn find_locked(tx: &mut Tx<'_>, host: &HostOf, address: &str) -> Result<Self, Refusal> {
        let id: GiftId = platform::id::Id::from_text(address.to_owned());
        gift::lock(tx, host.occasion(), &id)?.ok_or(Refusal::NotFound)
    }

    fn blank(tx: &mut Tx<'_>, _: &HostOf, _: &Input, there: &[Self]) -> Result<Self, Refusal> {
        Ok(Self {
            id: tx.id(),
            quantity: 1,
            active: true,
            position: next_position(there.iter().map(|gift| gift.position)),
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
        if !self.picture.is_empty() && !is_picture(&self.picture) {
            findings.add("/picture", "invalid", []);
        }
        if let Some(old) = edit.old {
            // The item is locked, so the number of reserved pieces cannot change.
            let all = gift_reservation::of_gift(tx, &old.id)?;
            let active = all.iter().filter(|one| one.is_active());
            let taken: i64 = active.map(|one| one.quantity).sum();
            if self.quantity < taken {
                let bounds = [("min", taken.into()), ("max", MOST_PIECES.into())];
                findings.add("/quantity", "out_of_range", bounds);
            }
        }
        Ok(())
    }

    fn insert(&mut self, tx: &mut Tx<'_>, edit: &Edit<'_, Self>) -> Result<(), Refusal> {
        Ok(gift::insert(tx, edit.parent.occasion(), self)?)
    }

    fn update(&mut self, tx: &mut Tx<'_>, edit: &Edit<'_, Self>) -> Result<(), Refusal> {
        self.version += 1;
        sql!(
            "UPDATE gift SET {Gift = :Gift}, updated_at = :now
             WHERE id = :id AND version = :version - 1",
            Gift = self,
            now = tx.now(),
            id = self.id,
            version = self.version
        )
        .run(tx, Rows::Exactly(1))?;
        if let Some(old) = edit.old.filter(|old| old.picture != self.picture) {
            remove_picture(tx, &old.picture)?;
        }
        Ok(())
    }

    fn removal(&self, tx: &mut Tx<'_>, _: &HostOf, _: &[Self]) -> Result<Removal, Refusal> {
        Ok(if gift_reservation::of_gift(tx, &self.id)?.is_empty() {
            Removal::Delete
        } else {
            Removal::Deactivate
        })
    }

    fn delete(&self, tx: &mut Tx<'_>, _: &HostOf) -> Result<(), Refusal> {
        sql!("DELETE FROM gift WHERE id = :id", id = self.id).run(tx, Rows::Exactly(1))?;
        Ok(remove_picture(tx, &self.picture)?)
    }

    /// The log says whether the item has a picture. It does not contain the file's name.
    fn changes(old: &Self, new: &Self) -> Vec<Value> {
        let mut changes = ::web::fields::difference(Self::FIELDS, old, new);
        for change in &mut changes {
            if change["field"] == "picture" {
                change["old"] = json!(!old.picture.is_empty());
                change["new"] = json!(!new.picture.is_empty());
            }
        }
        changes
    }
}
