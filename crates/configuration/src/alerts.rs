//! Reads the sections `[status]` (the public status page) and `[alerts]` (notifications of
//! problems).

use jiff::SignedDuration;
use site::webhook::declared::DeclaredWebhook;
use units::Check;

use super::webhooks;
use super::written::{Webhook, Written};
use crate::alert_settings::{AlertSettings, Floor, Limits};

/// In `alerts.to`, it stands for the installation's owners.
const OWNERS: &str = "owners";

/// Reads the settings of alerts. Adds the webhook for alerts to `declared`.
pub(super) fn read(
    written: &Written,
    services: &[edge::Service],
    is_start: bool,
    declared: &mut Vec<DeclaredWebhook>,
    check: &mut Check,
) -> AlertSettings {
    let alerts = &written.alerts;
    let others = alerts.to.iter().filter(|to| *to != OWNERS);
    let addresses = others.filter_map(|address| {
        let parsed = address
            .parse()
            .map_err(|_| format!("{address:?} is neither \"owners\" nor a mail address; write \"owners\" or \"name@example.org\""));
        check.accept("alerts.to", parsed)
    });
    let addresses = addresses.collect();
    if !alerts.webhook.is_empty() {
        let webhook = Webhook {
            url: alerts.webhook.clone(),
            secret: alerts.webhook_secret.clone(),
            secret_file: alerts.webhook_secret_file.clone(),
            ..Webhook::default()
        };
        declared.extend(webhooks::read_one(
            &webhook,
            "alerts.webhook",
            "alerts.webhook_secret",
            services,
            is_start,
            declared,
            check,
        ));
    }
    let lag = units::duration(&alerts.backup_lag);
    let lag = check.accept("alerts.backup_lag", lag);
    let lag = lag.and_then(|lag| SignedDuration::try_from(lag).ok());
    let mut floor = |key: &str, written: &str| check.accept(key, Floor::parse(written)).flatten();
    AlertSettings {
        owners: alerts.to.iter().any(|to| to == OWNERS),
        addresses,
        webhook: (!alerts.webhook.is_empty()).then(|| alerts.webhook.clone()),
        limits: Limits {
            disk: floor("alerts.disk", &alerts.disk),
            memory: floor("alerts.memory", &alerts.memory),
            backup_lag: lag.filter(SignedDuration::is_positive),
            failed_jobs: alerts.failed_jobs,
            failed_mails: alerts.failed_mails,
        },
    }
}

/// Returns the services that have a public name. Returns `None` if the public status page is
/// disabled.
pub(super) fn status(written: &Written) -> Option<Vec<(String, String)>> {
    let named = written.service.iter();
    let named = named.filter(|(_, service)| !service.public_name.trim().is_empty());
    let named = named.map(|(name, service)| (name.clone(), service.public_name.trim().to_owned()));
    written.status.public.then(|| named.collect())
}
