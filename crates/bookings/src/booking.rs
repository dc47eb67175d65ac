//! Bookings. A booking is a member's claim on a slot.

pub(crate) mod class_seats;
mod jobs;
pub(crate) mod late;
mod list;
pub mod no_show;
pub(crate) mod outside_hours;
pub mod search;
pub mod seat;
mod view;
pub(crate) mod waiting_list;

use identity::account::{self, AccountId};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use platform::money::Currency;
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};
use site::proof::{Proof, Requester};

use crate::Refusal;
use crate::brief::Brief;
use crate::browse::computed_time;
use crate::choice;
use crate::credit::LotId;
use crate::offer_question::Answer;
use crate::order::{self, Order, OrderId};
use crate::provider::{self, ProviderId};
use crate::room;
use crate::settings::{self, Reveal, is_administrator};
use crate::slot::{self, Place, Slot, SlotId};

pub(crate) use jobs::*;
pub use list::{After, Part, list, list_all, list_begun, list_of_provider, list_with_provider};
pub(crate) use list::{count_coming, count_coming_of, dates, list_between, list_of_slot};
pub use view::BookingView;

platform::id!(BookingId, random, "One booking.");

web::words! {
    /// The state of a booking.
    #[schema(as = BookingState)]
    State {
        /// The member has not paid yet.
        PendingPayment = "pending_payment" => "booking-pending",
        /// The session will take place.
        Confirmed = "confirmed" => "booking-confirmed",
        /// The member did not pay in time.
        Expired = "expired" => "booking-expired",
        /// The member, the provider or an administrator has cancelled the booking.
        Cancelled = "cancelled" => "booking-cancelled",
        /// The session took place.
        Completed = "completed" => "booking-completed",
        /// The member did not come.
        NoShowMember = "no_show_member" => "booking-no-show-member",
        /// The provider did not come.
        NoShowProvider = "no_show_provider" => "booking-no-show-provider",
    }
}

impl State {
    /// Whether the booking is confirmed or completed, or one side missed the session.
    pub(crate) fn is_held(self) -> bool {
        matches!(
            self,
            Self::Confirmed | Self::Completed | Self::NoShowMember | Self::NoShowProvider
        )
    }
}

web::words! {
    /// The role of a person in a booking.
    #[schema(as = BookingParty)]
    Party {
        /// The member who booked.
        Member = "member" => "booking-party-member",
        /// The provider whose time is booked.
        Provider = "provider" => "booking-party-provider",
        /// An administrator of the site.
        Administrator = "administrator" => "booking-party-administrator",
    }
}

/// A member's claim on a slot. Times and rules are copied from the slot and the settings when the
/// booking is made.
#[derive(Clone, Debug, PartialEq, Eq, Row)]
pub struct Booking {
    pub id: BookingId,
    pub slot_id: SlotId,
    /// The member who booked; `None` after the member's account was erased.
    pub member_id: Option<AccountId>,
    /// The provider whose time is booked.
    pub provider_id: ProviderId,
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
    /// The provider's IANA time zone.
    pub time_zone: String,
    pub title: String,
    /// What the member tells the provider.
    #[row(flatten)]
    pub brief: Brief,
    #[row(flatten)]
    pub choice: choice::Choice,
    /// The answers to the questions of the offer. A move to another offer keeps them.
    #[row(json)]
    pub answers: Vec<Answer>,
    /// How many seats of a class the booking takes; otherwise 1.
    pub seats: i64,
    /// Whether the slot is a date of a class.
    pub is_class: bool,
    /// Whether it takes further seats of a class, beside the member's first booking of the date.
    pub is_further: bool,
    pub state: State,
    /// The order with which the member pays; `None` if the booking is free or unproven.
    pub order_id: Option<OrderId>,
    /// The lot from which the credit for the booking was taken, of a class that of its first seat;
    /// `None` if it cost no credit.
    pub credit_lot_id: Option<LotId>,
    /// A random token for holding the slot. While the slot is held for this booking, the slot's row
    /// contains the same token, unless it is a date of a class.
    pub hold_token: Option<String>,
    /// Until when seats of a class are held for a member who has not proved their address. Of other
    /// bookings, the order or the slot says it.
    pub hold_until: Option<Timestamp>,
    /// The member loses nothing by cancelling, and can move the booking, until this many minutes
    /// before the session.
    pub cancel_minutes: i64,
    /// How many times the member may move the booking.
    pub reschedule_limit: i64,
    /// How many times the booking was moved.
    pub reschedules: i64,
    /// The event's revision number in calendars, which increases with each change that calendars
    /// must receive.
    pub ics_sequence: i64,
    pub cancelled_at: Option<Timestamp>,
    pub cancelled_by: Option<Party>,
    pub cancel_reason: String,
    /// The amount that the provider is owed for the session, in minor units.
    pub payout_minor: i64,
    pub payout_currency: Currency,
    /// The share of that amount that the provider is owed if the member does not come, in hundredths
    /// of a percent.
    pub no_show_bps: i64,
    /// The share of the price that the member gets back for cancelling after the deadline, in
    /// hundredths of a percent.
    pub late_refund_bps: i64,
    /// Whether the member cancelled after the deadline.
    pub is_late: bool,
    /// The person who marked the outcome; `None` if no person did.
    pub outcome_by: Option<Party>,
    pub created_at: Timestamp,
    /// The version, which increases with every change.
    pub version: i64,
}

impl Booking {
    pub fn zone(&self) -> TimeZone {
        TimeZone::get(&self.time_zone).unwrap_or(TimeZone::UTC)
    }

    /// The time until which the member can move the booking, or cancel it and lose nothing.
    pub fn cancel_deadline(&self) -> Timestamp {
        self.starts_at - SignedDuration::from_mins(self.cancel_minutes)
    }

    /// Whether the slot is held only until the member proves their email address. If the slot has a
    /// price, the order is created then.
    pub fn is_unproven(&self) -> bool {
        self.state == State::PendingPayment && self.order_id.is_none()
    }

    /// The message id for the state.
    pub(crate) fn state_label(&self) -> &'static str {
        if self.is_unproven() {
            "booking-unproven"
        } else {
            self.state.label()
        }
    }

    /// Whether the booking is confirmed or pending.
    pub fn is_active(&self) -> bool {
        matches!(self.state, State::PendingPayment | State::Confirmed)
    }
}

/// The proof that a person is a party to the booking whose id is the path parameter `id`. For a
/// change, both the booking and its order are locked.
#[derive(Clone, Debug)]
pub struct PartyTo {
    pub requester: Requester,
    pub party: Party,
    pub booking: Booking,
}

impl PartyTo {
    /// Like [`Proof::enter_to_change`], for a booking whose id is in the request's body.
    pub fn lock(tx: &mut Tx<'_>, requester: &Requester, id: &BookingId) -> Result<Self, Refusal> {
        let (_, booking) = lock(tx, id)?.ok_or(Refusal::NotFound)?;
        Self::of(tx, requester, booking)
    }

    pub(crate) fn of(
        tx: &mut Tx<'_>,
        requester: &Requester,
        booking: Booking,
    ) -> Result<Self, Refusal> {
        let account = &requester.who.account().id;
        let provider = provider::account_of(tx, &booking.provider_id)?;
        let party = if booking.member_id.as_ref() == Some(account) {
            Party::Member
        } else if provider.as_ref() == Some(account) {
            Party::Provider
        // An administrator who uses an access token has only the rights of a member.
        } else if requester.who.is_in_browser() && is_administrator(tx, &requester.who)? {
            Party::Administrator
        } else {
            return Err(Refusal::NotFound);
        };
        Ok(Self {
            requester: requester.clone(),
            party,
            booking,
        })
    }
}

impl Proof for PartyTo {
    type Refusal = Refusal;

    fn enter(tx: &mut Tx<'_>, requester: &Requester) -> Result<Self, Refusal> {
        let booking = find(tx, &requester.id("id")?)?.ok_or(Refusal::NotFound)?;
        Self::of(tx, requester, booking)
    }

    fn enter_to_change(tx: &mut Tx<'_>, requester: &Requester) -> Result<Self, Refusal> {
        Self::lock(tx, requester, &requester.id("id")?)
    }
}

pub fn find(tx: &mut Tx<'_>, id: &BookingId) -> Result<Option<Booking>, StoreError> {
    sql!("SELECT {Booking} FROM booking WHERE id = :id", id).maybe(tx)
}

/// A member's active booking of a slot; the first if there are further seats beside it.
pub(crate) fn find_active(
    tx: &mut Tx<'_>,
    member: &AccountId,
    slot: &SlotId,
) -> Result<Option<Booking>, StoreError> {
    sql!(
        "SELECT {Booking} FROM booking
         WHERE slot_id = :slot AND member_id = :member
           AND state IN ('pending_payment', 'confirmed')
         ORDER BY is_further, created_at, id LIMIT 1",
        slot,
        member
    )
    .maybe(tx)
}

/// The booking that the order pays for.
pub fn of_order(tx: &mut Tx<'_>, order: &OrderId) -> Result<Option<Booking>, StoreError> {
    sql!(
        "SELECT {Booking} FROM booking WHERE order_id = :order",
        order
    )
    .maybe(tx)
}

/// Like [`of_order`], but locks the booking. The caller holds the order's lock.
pub(crate) fn lock_of_order(
    tx: &mut Tx<'_>,
    order: &OrderId,
) -> Result<Option<Booking>, StoreError> {
    sql!(
        "SELECT {Booking} FROM booking WHERE order_id = :order FOR NO KEY UPDATE",
        order
    )
    .maybe(tx)
}

/// Locks the bookings that the member paid with credits from this order.
pub(crate) fn lock_of_plan(tx: &mut Tx<'_>, order: &OrderId) -> Result<Vec<Booking>, StoreError> {
    sql!(
        "SELECT {Booking} FROM booking
         WHERE credit_lot_id IN (SELECT id FROM credit_lot WHERE order_id = :order)
            OR id IN (SELECT t.booking_id FROM booking_seat t
                      JOIN credit_lot l ON l.id = t.credit_lot_id WHERE l.order_id = :order)
         ORDER BY id FOR NO KEY UPDATE",
        order
    )
    .all(tx)
}

/// Loads a booking and its order. Locks both, the order first.
pub(crate) fn lock(
    tx: &mut Tx<'_>,
    id: &BookingId,
) -> Result<Option<(Option<Order>, Booking)>, StoreError> {
    let found: Option<(Option<OrderId>,)> =
        sql!("SELECT order_id FROM booking WHERE id = :id", id).maybe(tx)?;
    let Some((order,)) = found else {
        return Ok(None);
    };
    let order = match order {
        Some(order) => order::lock(tx, &order)?,
        None => None,
    };
    let booking = sql!(
        "SELECT {Booking} FROM booking WHERE id = :id FOR NO KEY UPDATE",
        id
    )
    .one(tx)?;
    Ok(Some((order, booking)))
}

pub(crate) fn save(tx: &mut Tx<'_>, booking: &mut Booking) -> Result<(), StoreError> {
    booking.version += 1;
    sql!(
        "UPDATE booking SET {Booking = :Booking} WHERE id = :id",
        Booking = booking,
        id = booking.id
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(())
}

/// If the settings do not allow a member two sessions at the same time, finds another active
/// booking of the member in this period. Ignores the booking `except`, and those that the member
/// has not proved.
pub(crate) fn busy(
    tx: &mut Tx<'_>,
    member: &AccountId,
    from: Timestamp,
    until: Timestamp,
    except: &str,
) -> Result<Option<BookingId>, StoreError> {
    busy_beside(tx, member, from, until, except, None)
}

/// Like [`busy`]. For further seats of the date `beside`, the member's other bookings of it do not count.
pub(crate) fn busy_beside(
    tx: &mut Tx<'_>,
    member: &AccountId,
    from: Timestamp,
    until: Timestamp,
    except: &str,
    beside: Option<&SlotId>,
) -> Result<Option<BookingId>, StoreError> {
    let found: Option<(BookingId,)> = sql!(
        "SELECT id FROM booking
         WHERE member_id = :member AND id <> :except AND starts_at < :until AND ends_at > :from
           AND starts_at >= :earliest
           AND (state = 'confirmed' OR state = 'pending_payment' AND order_id IS NOT NULL)
           AND (SELECT member_busy FROM booking_setting) = 1 AND slot_id <> :beside
         ORDER BY starts_at LIMIT 1",
        member,
        except,
        beside = beside.map_or("", SlotId::as_str),
        from,
        until,
        earliest = from - SignedDuration::from_mins(settings::LONGEST_MINUTES)
    )
    .maybe(tx)?;
    Ok(found.map(|(id,)| id))
}

/// Assigns a slot, or so many seats of a class, to a booking, either permanently or, with `hold`,
/// until the payment is due. Returns `false` if the slot was not free.
pub(crate) fn take(
    tx: &mut Tx<'_>,
    slot: &Slot,
    seats: i64,
    hold: Option<(&str, Timestamp)>,
) -> Result<bool, StoreError> {
    if slot.is_class() {
        return class_seats::take(tx, slot, seats);
    }
    let (token, until) = hold.unzip();
    let state = match hold {
        Some(_) => slot::State::Held,
        None => slot::State::Booked,
    };
    if slot.is_computed() {
        return computed_time::take(tx, slot, state, hold);
    }
    let taken = sql!(
        "UPDATE slot SET state = :state, hold_token = :token, hold_until = :until,
             version = version + 1
         WHERE id = :id AND state = 'available' AND version = :version AND deleted_at IS NULL
           AND starts_at > :now",
        id = slot.id,
        state,
        token,
        until,
        version = slot.version,
        now = tx.now()
    )
    .run(tx, Rows::AtMostOne)?;
    Ok(taken == 1)
}

/// Frees the slot and the room of a booking. If `is_offered` is true and the slot is in the future,
/// the slot is offered again. The hours of its offer then decide about a computed time. Of a class,
/// frees the seats.
pub(crate) fn give_back(
    tx: &mut Tx<'_>,
    booking: &Booking,
    is_offered: bool,
) -> Result<(), StoreError> {
    if booking.is_class {
        return class_seats::give_back(tx, booking, booking.seats);
    }
    room::release(tx, booking.id.as_str())?;
    let is_offered = is_offered && booking.starts_at > tx.now();
    let state = if is_offered {
        "available"
    } else {
        "unavailable"
    };
    let (was, token) = match booking.state {
        State::PendingPayment => ("held", booking.hold_token.as_deref()),
        _ => ("booked", None),
    };
    sql!(
        "UPDATE slot SET state = :state, hold_token = NULL, hold_until = NULL,
             version = version + 1,
             is_resting = CASE WHEN offer_id IS NOT NULL AND CAST(:is_offered AS BIGINT) = 1
                 THEN 1 ELSE 0 END,
             deleted_at = CASE WHEN offer_id IS NOT NULL AND CAST(:is_offered AS BIGINT) = 1
                 THEN CAST(:now AS BIGINT) ELSE deleted_at END
         WHERE id = :id AND state = :was AND COALESCE(hold_token, '') = COALESCE(:token, '')",
        id = booking.slot_id,
        state,
        is_offered,
        now = tx.now(),
        was,
        token
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(())
}

/// The link, address or telephone number of a session, which is empty until the booking is
/// confirmed. The link of a room is only shown while the room is reserved.
pub(crate) fn location(tx: &mut Tx<'_>, booking: &Booking) -> Result<String, StoreError> {
    if !booking.state.is_held() {
        return Ok(String::new());
    }
    let (location,): (String,) = sql!(
        "SELECT COALESCE(
             (SELECT r.url FROM room_allocation a JOIN room r ON r.id = a.room_id
              WHERE a.booking_id = :booking AND a.state = 'reserved'),
             (SELECT r.url FROM booking c JOIN room_allocation a ON a.booking_id = c.id
              JOIN room r ON r.id = a.room_id
              WHERE c.slot_id = :slot AND c.is_class = 1 AND a.state = 'reserved'),
             location_secret)
         FROM slot WHERE id = :slot",
        booking = booking.id,
        slot = booking.slot_id
    )
    .one(tx)?;
    Ok(location)
}

/// The zone of the place of a session in person; `None` for other sessions.
pub(crate) fn place_zone(
    tx: &mut Tx<'_>,
    booking: &Booking,
) -> Result<Option<TimeZone>, StoreError> {
    let (kind,): (Place,) = sql!(
        "SELECT location_kind FROM slot WHERE id = :slot",
        slot = booking.slot_id
    )
    .one(tx)?;
    Ok((kind == Place::InPerson).then(|| booking.zone()))
}

/// The provider's name as the member reads it. Where the site reveals providers only after booking,
/// it is empty unless the booking is confirmed.
pub(crate) fn provider_name(tx: &mut Tx<'_>, booking: &Booking) -> Result<String, StoreError> {
    if settings::load(tx)?.reveal == Reveal::AfterBooking && !booking.state.is_held() {
        return Ok(String::new());
    }
    Ok(provider::find(tx, &booking.provider_id)?.display_name)
}

/// Returns the email addresses of the provider and of the member. An address is empty unless its
/// owner shows it and the booking is confirmed.
pub(crate) fn emails(tx: &mut Tx<'_>, booking: &Booking) -> Result<(String, String), StoreError> {
    if !booking.state.is_held() {
        return Ok(<(String, String)>::default());
    }
    let provider = if provider::find(tx, &booking.provider_id)?.shows_email {
        provider::account_of(tx, &booking.provider_id)?
    } else {
        None
    };
    let member = booking.member_id.clone();
    let mut read = |account: Option<AccountId>| -> Result<String, StoreError> {
        let account = match account {
            Some(account) => account::find(tx, &account)?,
            None => None,
        };
        Ok(account.map(|account| account.email).unwrap_or_default())
    };
    let provider = read(provider)?;
    let member = read(member.filter(|_| booking.brief.shows_email))?;
    Ok((provider, member))
}
