//! The mail to owners when a service has failed and is no longer restarted. Each failure causes a
//! single mail, however many instances and workers there are.

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

/// The idempotency route under which sent mails are recorded.
const ROUTE: &str = "service-given-up";
/// The age above which a failure is not mailed. Sent mails are recorded for twice this time, so
/// that a worker that starts late never sends a mail again.
const NEW: SignedDuration = SignedDuration::from_hours(24);
const _: () = assert!(NEW.as_secs() * 2 <= idempotency::KEPT.as_secs());
/// The pause before the next attempt if the store does not accept the mail.
const AGAIN: Duration = Duration::from_secs(30);

pub(crate) struct Alarm {
    site: Site,
    /// When each known service failed and was no longer restarted.
    heard: BTreeMap<Arc<str>, Timestamp>,
}

impl Alarm {
    pub(crate) fn new(site: Site) -> Self {
        Self {
            site,
            heard: BTreeMap::new(),
        }
    }

    /// Notifies the owners of services that have failed since the last call and are no longer
    /// restarted. Must be called in a runtime.
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

/// Stores the mails to send. If the store does not accept them, tries again later.
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
        // This is not an error, because an owner may exist when another worker notices the failure.
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
