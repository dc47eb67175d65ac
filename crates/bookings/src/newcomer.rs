//! Booking with only a name and an email address. The slot is held, and a link in a mail confirms
//! both the booking and the account.
//!
//! Nothing that a stranger sees depends on whether the address has an account: the slot is held in
//! either case, and the same page is shown. The owner of an account gets a link to sign in.

pub mod waiting;

use identity::account::{self, AccountId, CreateError, NewAccount};
use identity::client::Client;
use identity::person::registration::Counted;
use identity::person::unregistered::{self, LinkMail};
use identity::person::verification;
use identity::session::Begun;
use platform::key::Key;
use platform::{Rows, StoreError, Tx, sql};
use site::Context;
use web::{Network, Problem, Site};

use crate::book::{self, Booked, NewBooking};
use crate::booking::{self, Booking, BookingId, State};
use crate::choice::{self, Choice};
use crate::codes::QUOTA_EXHAUSTED;
use crate::slot::{self, Slot, SlotId};
use crate::{Refusal, browse, calendar_feed, notice, settings};

const PURPOSE: &str = "bookings.newcomer";

fn key(site: &Site) -> Key {
    site.keys.key(PURPOSE)
}

/// Somebody who books with a name and an address.
#[derive(Clone, Debug)]
pub struct Newcomer {
    pub account: NewAccount,
    pub booking: NewBooking,
}

enum HoldError {
    /// The address belongs to an account that cannot be used, or that was just created.
    EmailTaken,
    Refused(Refusal),
}

impl From<StoreError> for HoldError {
    fn from(error: StoreError) -> Self {
        Self::Refused(error.into())
    }
}

impl From<Refusal> for HoldError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<CreateError> for HoldError {
    fn from(error: CreateError) -> Self {
        match error {
            CreateError::EmailTaken => Self::EmailTaken,
            CreateError::Store(error) => error.into(),
        }
    }
}

/// With what somebody without an account came.
#[derive(Clone, Copy, Debug)]
pub struct CameWith<'a> {
    /// The signed time stamp of the form.
    pub form_stamp: &'a str,
    /// The token of the group link, if any.
    pub group: Option<&'a str>,
}

/// Holds a slot for a newcomer, and mails them a link. A repeated call while the slot is held for the
/// same address does nothing.
pub async fn hold(
    accounts: &Context,
    newcomer: Newcomer,
    with: CameWith<'_>,
    network: Network,
    client: &Client,
) -> Result<(), Problem> {
    let counted = unregistered::count(accounts, with.form_stamp, with.group, network).await?;
    // An attempt fails if the address has an account that cannot be used or was just created. If
    // this happens twice, the last attempt holds the slot without an account.
    for is_last in [false, false, true] {
        let (accounts, newcomer, client) = (accounts.clone(), newcomer.clone(), client.clone());
        let counted = counted.clone();
        let store = accounts.site.store.clone();
        let change = move |tx: &mut Tx<'_>| {
            let holding = Holding {
                accounts: &accounts,
                newcomer: &newcomer,
                network,
                client: &client,
                counted: &counted,
            };
            holding.hold(tx, is_last)
        };
        match store.write(change).await {
            Ok(()) => return Ok(()),
            Err(HoldError::EmailTaken) => {}
            Err(HoldError::Refused(refusal)) => return Err(refusal.into()),
        }
    }
    Ok(())
}

struct Holding<'a> {
    accounts: &'a Context,
    newcomer: &'a Newcomer,
    network: Network,
    client: &'a Client,
    counted: &'a Counted,
}

impl Holding<'_> {
    fn hold(&self, tx: &mut Tx<'_>, is_nobodys: bool) -> Result<(), HoldError> {
        let (site, new) = (&self.accounts.site, &self.newcomer.booking);
        let rules = settings::load(tx)?;
        if !rules.newcomers || !rules.browse_public {
            return Err(Refusal::NotFound.into());
        }
        let introduced = if is_nobodys {
            None
        } else {
            let (limits, account) = (&self.accounts.limits, &self.newcomer.account);
            let (client, counted) = (self.client, self.counted);
            Some(unregistered::enter(tx, limits, account, client, counted)?)
        };
        let member = introduced.as_ref().map(|one| &one.account.id);
        if let Some(member) = member {
            account::lock(tx, member)?;
        }
        let slot = browse::find_slot(tx, &new.slot_id)?.ok_or(Refusal::NotFound)?;
        let address = key(site).sign(&[self.newcomer.account.email.canonical()]);
        if is_held_for(tx, &slot.id, &address)? {
            return Ok(());
        }
        if !browse::may_be_free(tx, &slot)? {
            return Err(book::taken(tx, &slot)?.into());
        }
        book::check_version(&slot, new.slot_version)?;
        if slot.credit_kind.is_some() {
            return Err(Refusal::from(QUOTA_EXHAUSTED).into());
        }
        let choice = choice::choose(tx, slot.sets(), &new.choice(), &Choice::default())?;
        let brief = new.brief()?;
        let seats = new.seats(tx, &slot)?;
        let wishes = book::BookingWishes {
            brief: &brief,
            choice,
            answers: new.answers(tx, &slot)?,
            seats,
            names: &new.names(&slot, seats)?,
            is_further: false,
        };
        let booking = book::hold_unproven(tx, member, &slot, wishes, &rules)?;
        remember(tx, &booking.id, &address)?;
        let Some(introduced) = introduced else {
            return Ok(());
        };
        self.mail(tx, &introduced, &slot, &booking)?;
        Ok(())
    }

    fn mail(
        &self,
        tx: &mut Tx<'_>,
        introduced: &unregistered::Introduced,
        slot: &Slot,
        booking: &Booking,
    ) -> Result<(), StoreError> {
        let (site, account) = (&self.accounts.site, &introduced.account);
        let text = site.catalogue.speak(&web::Language::of(&account.locale));
        let zone = calendar_feed::zone(site, account);
        let (place, at) = (slot.place_zone(), slot.starts_at);
        let when = notice::moment_at(&text, &zone, place.as_ref(), at);
        let begins = text.subject_in(place.as_ref().unwrap_or(&zone), at);
        let until = match booking.hold_until {
            None => slot::find(tx, &slot.id)?.and_then(|slot| slot.hold_until),
            until => until,
        };
        let until = text.until_in(&zone, until.unwrap_or(at), booking.created_at);
        let (path, messages) = match &booking.member_id {
            Some(member) if introduced.is_new => (
                link(site, &booking.id, member),
                ("booking-mail-newcomer", "booking-said-newcomer"),
            ),
            Some(_) => (
                notice::page(booking),
                ("booking-mail-newcomer", "booking-said-newcomer-known"),
            ),
            // The slot is not held for this account, so the link leads to the slot's page.
            None => (
                format!("/book/{}", slot.id),
                ("booking-mail-newcomer", "booking-said-newcomer-none"),
            ),
        };
        let mail = LinkMail {
            messages,
            values: vec![
                ("title", slot.title.as_str().into()),
                ("when", when.into()),
                ("begins", begins.into()),
                ("until", until.into()),
                (
                    "price",
                    notice::price(&text, slot.price_of(booking.seats)).into(),
                ),
            ],
            path: &path,
        };
        introduced.mail(tx, site, self.network, mail)
    }
}

/// Whether the slot is held for this address, or a hold for this address has become a booking.
fn is_held_for(tx: &mut Tx<'_>, slot: &SlotId, address: &str) -> Result<bool, StoreError> {
    let (count,): (i64,) = sql!(
        "SELECT COUNT(*) FROM newcomer_hold h JOIN booking b ON b.id = h.booking_id
         WHERE b.slot_id = :slot AND h.address_hash = :address
           AND b.state IN ('pending_payment', 'confirmed')",
        slot,
        address
    )
    .one(tx)?;
    Ok(count > 0)
}

fn remember(tx: &mut Tx<'_>, booking: &BookingId, address: &str) -> Result<(), StoreError> {
    let now = tx.now();
    sql!(
        "DELETE FROM newcomer_hold WHERE created_at < :before",
        before = now - verification::LIFETIME
    )
    .run(tx, Rows::Any)?;
    sql!(
        "INSERT INTO newcomer_hold (booking_id, address_hash, created_at)
         VALUES (:booking, :address, :now)",
        booking,
        address,
        now
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(())
}

fn link(site: &Site, booking: &BookingId, member: &AccountId) -> String {
    let signature = key(site).sign(&[booking.as_str(), member.as_str()]);
    format!("/book/confirm/{booking}.{signature}")
}

/// Finds the booking to which a mailed link belongs. A link is valid for a day.
pub(crate) fn find(
    tx: &mut Tx<'_>,
    site: &Site,
    token: &str,
) -> Result<Option<Booking>, StoreError> {
    let Some((id, signature)) = token.split_once('.') else {
        return Ok(None);
    };
    let Ok(id) = id.parse::<BookingId>() else {
        return Ok(None);
    };
    let booking = booking::find(tx, &id)?;
    let is_good = |one: &Booking| {
        let member = one.member_id.as_ref();
        member.is_some_and(|member| key(site).verify(&[id.as_str(), member.as_str()], signature))
    };
    let since = tx.roughly_now() - verification::LIFETIME;
    Ok(booking.filter(|one| is_good(one) && one.created_at > since))
}

/// The page to which a confirmed newcomer is redirected, and the sign-in session that begins if the
/// link is used for the first time.
#[derive(Debug)]
pub struct Confirmation {
    pub begun: Option<Begun>,
    pub path: String,
}

/// Confirms the account and its booking. If the slot has a price, the booking still has to be paid.
/// If the member may not book the slot, the booking's page says why. If the hold has ended, the slot is taken again if it is free. Returns `None` if the link is not
/// valid.
pub fn confirm(
    tx: &mut Tx<'_>,
    site: &Site,
    token: &str,
    client: &Client,
) -> Result<Option<Confirmation>, StoreError> {
    let Some(seen) = find(tx, site, token)? else {
        return Ok(None);
    };
    let Some((_, booking)) = booking::lock(tx, &seen.id)? else {
        return Ok(None);
    };
    let Some(member) = &booking.member_id else {
        return Ok(None);
    };
    let begun = unregistered::confirm(tx, member, client)?;
    if begun.is_none() && account::verified_email(tx, member)?.is_none() {
        return Ok(None);
    }
    let slot = format!("/book/{}", booking.slot_id);
    let page = notice::page(&booking);
    let path = match (booking.state, &booking.order_id) {
        (State::PendingPayment, Some(order)) => format!("/pay/{order}"),
        (State::PendingPayment | State::Expired, None) => {
            match book::prove(tx, site, member, booking.clone()) {
                Ok(Some(Booked {
                    order: Some(order), ..
                })) => format!("/pay/{}", order.id),
                Ok(Some(_)) => format!("{page}?done=booked"),
                Ok(None) => slot,
                Err(Refusal::Store(error)) => return Err(error),
                Err(_) => page,
            }
        }
        (State::Expired, Some(_)) => slot,
        _ => page,
    };
    Ok(Some(Confirmation { begun, path }))
}
