//! Waiting for places of a full class with only a name and an email address. A link in a mail confirms the
//! account and puts the party on the list. Until then nothing is stored about the party, so that nobody
//! joins a list, or learns anything, with somebody else's address.

use identity::account::{self, AccountId, NewAccount};
use identity::client::Client;
use identity::person::unregistered::{self, Introduced, LinkMail};
use identity::person::verification;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use platform::{StoreError, Tx};
use site::Context;
use web::{Findings, Language, Network, Problem, Site};

use super::{CameWith, Confirmation, HoldError};
use crate::booking::class_seats;
use crate::codes::NOT_FULL;
use crate::slot::{Slot, SlotId};
use crate::waiting::{self, NewWaiting};
use crate::{Refusal, browse, calendar_feed, notice, settings};

const PURPOSE: &str = "bookings.newcomer_waiting";

/// Somebody who wants to wait for places with a name and an address.
#[derive(Clone, Debug)]
pub struct WaitingNewcomer {
    pub account: NewAccount,
    pub slot_id: SlotId,
    pub seats: i64,
}

/// Mails a newcomer a link that puts them on the list.
pub async fn ask(
    accounts: &Context,
    newcomer: WaitingNewcomer,
    with: CameWith<'_>,
    network: Network,
    client: &Client,
) -> Result<(), Problem> {
    let counted = unregistered::count(accounts, with.form_stamp, with.group, network).await?;
    // The second attempt finds an account that was just created. Of one that cannot be used, nobody
    // is told.
    for _ in 0..2 {
        let (accounts, newcomer, client) = (accounts.clone(), newcomer.clone(), client.clone());
        let (counted, store) = (counted.clone(), accounts.site.store.clone());
        let change = move |tx: &mut Tx<'_>| -> Result<(), HoldError> {
            let site = &accounts.site;
            let slot = check(tx, &newcomer)?;
            let (limits, new) = (&accounts.limits, &newcomer.account);
            let introduced = unregistered::enter(tx, limits, new, &client, &counted)?;
            mail(tx, site, &introduced, network, &slot, newcomer.seats)?;
            Ok(())
        };
        match store.write(change).await {
            Ok(()) => return Ok(()),
            Err(HoldError::EmailTaken) => {}
            Err(HoldError::Refused(refusal)) => return Err(refusal.into()),
        }
    }
    Ok(())
}

/// Finds the date, if newcomers may wait for so many places of it.
fn check(tx: &mut Tx<'_>, newcomer: &WaitingNewcomer) -> Result<Slot, Refusal> {
    let rules = settings::load(tx)?;
    let offered = browse::find(tx, &newcomer.slot_id)?.map(|offered| offered.slot);
    let slot = offered.filter(|slot| {
        rules.newcomers && rules.browse_public && slot.is_class() && slot.credit_kind.is_none()
    });
    let slot = slot.ok_or(Refusal::NotFound)?;
    let (mut findings, most) = (Findings::default(), class_seats::most(tx, &slot)?);
    let seats = findings.number("/waiting_seats", newcomer.seats, 1, most);
    findings.finish()?;
    if seats <= slot.seats_left() {
        return Err(NOT_FULL.into());
    }
    Ok(slot)
}

fn mail(
    tx: &mut Tx<'_>,
    site: &Site,
    introduced: &Introduced,
    network: Network,
    slot: &Slot,
    seats: i64,
) -> Result<(), StoreError> {
    let account = &introduced.account;
    let text = site.catalogue.speak(&Language::of(&account.locale));
    let zone = calendar_feed::zone(site, account);
    let (place, at) = (slot.place_zone(), slot.starts_at);
    let when = notice::moment_at(&text, &zone, place.as_ref(), at);
    let begins = text.subject_in(place.as_ref().unwrap_or(&zone), at);
    let (path, said) = if introduced.is_new {
        let wait = Wait {
            slot: slot.id.clone(),
            member: account.id.clone(),
            seats,
            until: tx.now() + verification::LIFETIME,
        };
        let token = wait.token(site);
        (format!("/book/wait/{token}"), "waiting-said-newcomer")
    } else {
        (format!("/book/{}", slot.id), "waiting-said-newcomer-known")
    };
    let mail = LinkMail {
        messages: ("waiting-mail-newcomer", said),
        values: vec![
            ("title", slot.title.as_str().into()),
            ("when", when.into()),
            ("begins", begins.into()),
        ],
        path: &path,
    };
    introduced.mail(tx, site, network, mail)
}

/// What a mailed link says, signed.
struct Wait {
    slot: SlotId,
    member: AccountId,
    seats: i64,
    until: Timestamp,
}

impl Wait {
    fn parts(&self) -> [String; 4] {
        [
            self.slot.to_string(),
            self.member.to_string(),
            self.seats.to_string(),
            self.until.as_second().to_string(),
        ]
    }

    fn token(&self, site: &Site) -> String {
        let parts = self.parts();
        let signature = site
            .keys
            .key(PURPOSE)
            .sign(&parts.each_ref().map(String::as_str));
        format!("{}.{signature}", parts.join("."))
    }

    fn read(site: &Site, token: &str) -> Option<Self> {
        let (parts, signature) = token.rsplit_once('.')?;
        let parts: Vec<&str> = parts.split('.').collect();
        let [slot, member, seats, until] = parts.as_slice() else {
            return None;
        };
        let is_ours = site.keys.key(PURPOSE).verify(&parts, signature);
        let until = Timestamp::from_second(until.parse().ok()?).ok()?;
        (is_ours && until > site.clock.now()).then_some(())?;
        Some(Self {
            slot: slot.parse().ok()?,
            member: member.parse().ok()?,
            seats: seats.parse().ok()?,
            until,
        })
    }
}

/// What somebody reads who follows a mailed link.
pub(crate) struct Wanted {
    pub(crate) slot: Slot,
    pub(crate) seats: i64,
    /// Of the account.
    pub(crate) zone: TimeZone,
}

pub(crate) fn find(
    tx: &mut Tx<'_>,
    site: &Site,
    token: &str,
) -> Result<Option<Wanted>, StoreError> {
    let Some(wait) = Wait::read(site, token) else {
        return Ok(None);
    };
    let account = account::find(tx, &wait.member)?;
    let zone = account.map(|account| calendar_feed::zone(site, &account));
    let slot = tx.find(&wait.slot)?;
    Ok(slot.map(|slot| Wanted {
        slot,
        seats: wait.seats,
        zone: zone.unwrap_or_else(|| site.settings.time_zone.clone()),
    }))
}

/// Confirms the account, and puts its party on the list. If it may not wait there, such as because
/// places are free now, the page of the date says so. Returns `None` if the link is not valid.
pub fn confirm(
    tx: &mut Tx<'_>,
    site: &Site,
    token: &str,
    client: &Client,
) -> Result<Option<Confirmation>, StoreError> {
    let Some(wait) = Wait::read(site, token) else {
        return Ok(None);
    };
    let begun = unregistered::confirm(tx, &wait.member, client)?;
    if begun.is_none() && account::verified_email(tx, &wait.member)?.is_none() {
        return Ok(None);
    }
    let new = NewWaiting {
        seats: Some(wait.seats),
        ..NewWaiting::default()
    };
    let path = match waiting::join_as(tx, &wait.member, &wait.slot, &new) {
        Ok(_) => "/me/bookings?done=waiting".to_owned(),
        Err(Refusal::Store(error)) => return Err(error),
        Err(_) => format!("/book/{}", wait.slot),
    };
    Ok(Some(Confirmation { begun, path }))
}
