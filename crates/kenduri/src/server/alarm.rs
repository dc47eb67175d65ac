//! The mail that notifies owners when a failed service is no longer restarted. Each failure causes
//! one mail per owner, no matter how many instances and workers there are.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use identity::account;
use identity::grant::{self, Scope};
use identity::security_mail::SecurityMail;
use jiff::{SignedDuration, Timestamp};
use platform::idempotency::{self, Found, Key, Stored};
use platform::{StoreError, Tx};
use supervisor::{GivenUp, ReadyInstances};
use web::Site;

use super::rows::address;

/// The name under which sent mails are recorded, as a route of idempotent requests.
const ROUTE: &str = "service-given-up";
/// The age up to which a failure causes a mail. Sent mails are recorded for at least twice this
/// time, so that a worker that starts late never sends a mail again.
const NEW: SignedDuration = SignedDuration::from_hours(24);
const _: () = assert!(NEW.as_secs() * 2 <= idempotency::KEPT.as_secs());
/// The pause before the next attempt if the mail cannot be stored.
const AGAIN: Duration = Duration::from_secs(30);

pub(crate) struct Alarm {
    site: Site,
    /// For each service that is no longer restarted, the time of the failure.
    heard: BTreeMap<Arc<str>, Timestamp>,
}

impl Alarm {
    pub(crate) fn new(site: Site) -> Self {
        Self {
            site,
            heard: BTreeMap::new(),
        }
    }

    /// Notifies owners of each service that has failed since the last call and is no longer
    /// restarted. Must be called within a runtime.
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

/// Stores the mails to the owners. If the store fails, tries again later.
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
        // Having no owner is not an error. If there is an owner when another worker notices the
        // failure, the mail is sent then.
        return Ok(());
    }
    for owner in owners {
        if let Some(account) = account::find(tx, &owner.account)? {
            let notice = SecurityMail {
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
