//! The zone in which a page of offered slots shows its times: that of the address, or that of the
//! account, if a person or a device has said it, or that of the visitor's device, or the site's.

use identity::account;
use identity::session::signed_in::SignedIn;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use platform::{StoreError, Tx};
use web::{Site, Text, ZoneWishes, ZonedPage, zone};

use super::words;

#[derive(Clone, Debug)]
pub(super) struct VisitorZone {
    pub(super) zone: TimeZone,
    /// Whether the address names the zone, so that the page's links have to name it too.
    is_asked: bool,
    /// The zone of the visitor's device, if it counts beside that of the account.
    device: Option<TimeZone>,
    /// Whether nobody has named a zone. Then the page's script asks the device.
    is_unknown: bool,
    /// The zone that the account could take over where nobody has said the account's: that of the
    /// device, or that of the address where the device named none.
    pub(super) offered: Option<TimeZone>,
}

impl VisitorZone {
    pub(super) async fn find(
        site: &Site,
        who: Option<&SignedIn>,
        wishes: &ZoneWishes,
    ) -> Result<Self, StoreError> {
        let account = words::zone(site, who);
        let mut device = wishes.device.clone();
        let mut offered = None;
        if let (Some(who), Some(other)) = (who, wishes.device.as_ref().or(wishes.asked.as_ref())) {
            let id = who.account().id.clone();
            let look = move |tx: &mut Tx<'_>| account::has_zone_of_site(tx, &id);
            if *other != account && site.store.read(look).await? {
                offered = Some(other.clone());
            } else {
                device = None;
            }
        }
        let is_known = who.is_some() || wishes.asked.is_some() || wishes.has_cookie;
        Ok(Self {
            is_asked: wishes.asked.is_some(),
            is_unknown: !is_known,
            zone: wishes.asked.clone().or(device.clone()).unwrap_or(account),
            device: match &wishes.asked {
                Some(_) => wishes.device.clone(),
                None => device,
            },
            offered,
        })
    }

    /// The zone in which a form was shown, from the form's field [`zone::PARAMETER`].
    pub(super) fn of_form(name: &str, fallback: TimeZone) -> Self {
        let asked = zone::find(name);
        Self {
            is_asked: asked.is_some(),
            device: None,
            is_unknown: false,
            zone: asked.unwrap_or(fallback),
            offered: None,
        }
    }

    /// Whether the offered zone is the device's. Anybody may have made the link with the other.
    pub(super) fn is_offered_by_device(&self) -> bool {
        self.offered.is_some() && self.offered == self.device
    }

    pub(super) fn name(&self) -> &str {
        zone::name(&self.zone)
    }

    /// Whether clocks of the page's zone and of `other` differ then.
    pub(super) fn differs(&self, other: &TimeZone, at: Timestamp) -> bool {
        self.zone.to_offset(at) != other.to_offset(at)
    }

    /// What the address says: a zone's name, or nothing.
    pub(super) fn asked(&self) -> &str {
        if self.is_asked { self.name() } else { "" }
    }

    /// The name of the zone if the page's script asks the device for its own; otherwise empty.
    pub(super) fn unknown(&self) -> &str {
        if self.is_unknown { self.name() } else { "" }
    }

    /// A link of the page, with the zone if the page's address has one.
    pub(super) fn keep(&self, href: &str) -> String {
        if !self.is_asked {
            return href.to_owned();
        }
        let mark = if href.contains('?') { '&' } else { '?' };
        let name = words::percent(self.name());
        format!("{href}{mark}{}={name}", zone::PARAMETER)
    }

    /// The page on which another zone is chosen for the page at this address.
    pub(super) fn change(&self, address: &str) -> String {
        self.keep(&format!("/book/zone?for={}", words::percent(address)))
    }

    /// A sentence that names the zone of the page's times, and what writes them.
    pub(super) fn page<'t>(&self, text: &'t Text, now: Timestamp) -> (String, ZonedPage<'t>) {
        let line = if self.device.as_ref() == Some(&self.zone) {
            "booking-zone-device"
        } else {
            ZonedPage::LINE
        };
        ZonedPage::new(text, line, &self.zone, now)
    }
}
