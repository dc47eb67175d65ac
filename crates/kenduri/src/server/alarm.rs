//! The mail that tells owners that a service was given up: once each time, however
//! many of its instances are and however often workers hear of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use accounts::account;
use accounts::grant::{self, Scope};
use accounts::notice::Notice;
use jiff::{SignedDuration, Timestamp};
use platform::idempotency::{self, Found, Key, Stored};
use platform::{StoreError, Tx};
use supervisor::{GivenUp, ReadyInstances};
use web::Site;

use super::rows::address;

/// The key under which a sent mail is remembered.
const ROUTE: &str = "service-given-up";
/// News older than this is not sent. It is half of what is remembered, so
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
    pub(crate) fn hear(&mut self, fleet: &ReadyInstances) {
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
    let mut owners = grant::list(tx, &Scope::site())?;
    owners.retain(|member| member.role == grant::OWNER);
    if owners.is_empty() {
        // Somebody may be by the time another worker hears of it.
        return Ok(());
    }
    for owner in owners {
        if let Some(account) = account::find(tx, &owner.account)? {
            let notice = Notice {
                subject: "mail-service-subject",
                text: "mail-service-text",
                at: given_up.since,
                path: &address(service),
                values: vec![
                    ("service", service.into()),
                    ("reason", given_up.reason.as_str().into()),
                ],
            };
            notice.send(tx, site, &account)?;
        }
    }
    let told = Stored {
        status: 200,
        body: String::new(),
    };
    idempotency::keep(tx, &key, &told)
}
