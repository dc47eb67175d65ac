//! The mail that tells owners that a service was given up: once each time, however
//! many of its instances are and however often workers hear of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use accounts::account::{self, Account};
use accounts::grant::{self, Role, Scope};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use platform::idempotency::{self, Found, Key, Stored};
use platform::mail::{Address, NewMail, Stream};
use platform::{StoreError, Tx};
use supervisor::{Fleet, GivenUp};
use web::{Language, Site};

use super::rows::address;

/// That it was told is remembered by this.
const ROUTE: &str = "service-given-up";
/// Who hears of it later than this is not told. It is half of what is remembered, so
/// that no worker, whenever it starts, finds it forgotten and tells it again.
const NEW: SignedDuration = SignedDuration::from_hours(24);
const _: () = assert!(NEW.as_secs() * 2 <= idempotency::KEPT.as_secs());
/// A store that does not take the mail is tried again after this.
const AGAIN: Duration = Duration::from_secs(30);

/// Hears how services fare, and tells their owners.
pub(crate) struct Alarm {
    site: Site,
    /// Since when each is given up that was heard of.
    heard: BTreeMap<Arc<str>, Timestamp>,
}

impl Alarm {
    /// Nothing was heard yet.
    pub(crate) fn new(site: Site) -> Self {
        Self {
            site,
            heard: BTreeMap::new(),
        }
    }

    /// Tells of those that were given up since it last heard. Within a runtime.
    pub(crate) fn hear(&mut self, fleet: &Fleet) {
        self.heard.retain(|service, _| {
            fleet
                .get(service)
                .is_some_and(|crew| crew.given_up.is_some())
        });
        for (service, crew) in fleet {
            let Some(given_up) = &crew.given_up else {
                continue;
            };
            let before = self.heard.insert(Arc::clone(service), given_up.since);
            if before != Some(given_up.since) {
                let (service, given_up) = (Arc::clone(service), given_up.clone());
                tokio::spawn(tell(self.site.clone(), service, given_up));
            }
        }
    }
}

/// Writes the mails, as soon as the store takes them.
pub(super) async fn tell(site: Site, service: Arc<str>, given_up: GivenUp) {
    loop {
        let (here, name, why) = (site.clone(), Arc::clone(&service), given_up.clone());
        let told = site.store.write(move |tx| ring(tx, &here, &name, &why));
        let Err(error) = told.await else {
            return;
        };
        tracing::warn!(%error, %service, "that a service was given up is not told yet");
        tokio::time::sleep(AGAIN).await;
    }
}

fn ring(tx: &mut Tx<'_>, site: &Site, service: &str, given_up: &GivenUp) -> Result<(), StoreError> {
    let time = given_up.since.as_millisecond().to_string();
    let Some(key) = Key::new(&format!("service {service}"), ROUTE, &time, b"") else {
        return Ok(());
    };
    let is_new = tx.now().duration_since(given_up.since) < NEW;
    if !is_new || idempotency::find(tx, &key)? != Found::Nothing {
        return Ok(());
    }
    let mut owners = grant::list(tx, &Scope::Site)?;
    owners.retain(|member| member.role == Role::Owner);
    if owners.is_empty() {
        // Somebody may be by the time another worker hears of it.
        return Ok(());
    }
    for owner in owners {
        if let Some(account) = account::find(tx, &owner.account)? {
            write(tx, site, &account, service, given_up)?;
        }
    }
    let told = Stored {
        status: 200,
        body: String::new(),
    };
    idempotency::keep(tx, &key, &told)
}

fn write(
    tx: &mut Tx<'_>,
    site: &Site,
    owner: &Account,
    service: &str,
    given_up: &GivenUp,
) -> Result<(), StoreError> {
    let Ok(to) = owner.email.parse::<Address>() else {
        return Ok(());
    };
    let text = site.catalogue.speak(&Language::of(&owner.locale));
    let zone = TimeZone::get(&owner.time_zone);
    let zone = zone.unwrap_or_else(|_| site.settings.time_zone.clone());
    let moment = text.moment(&given_up.since.to_zoned(zone));
    let values = [
        ("name", owner.display_name.as_str().into()),
        ("site", site.settings.name.as_str().into()),
        ("service", service.into()),
        ("time", moment.as_str().into()),
        ("zone", owner.time_zone.as_str().into()),
        ("reason", given_up.reason.as_str().into()),
        ("address", site.url().join(&address(service)).into()),
    ];
    tx.send_mail(NewMail {
        to,
        to_name: owner.display_name.clone(),
        sender_name: None,
        reply_to: None,
        stream: Stream::Security,
        scope: None,
        subject: text.with("mail-service-subject", &values),
        text: text.with("mail-service-text", &values),
        html: None,
    })?;
    Ok(())
}
