//! Reads `[[webhook]]`: the operator's services that receive events.

use std::path::PathBuf;

use axum::http::uri::PathAndQuery;
use platform::outbound::{self, Reach};
use platform::webhook_key::WebhookKey;
use site::domain::Domains;
use site::webhook::WebhookEvent;
use site::webhook::declared::DeclaredWebhook;
use units::{Check, nearest};

use super::value_checks::secret;
use super::written::Webhook;

/// Reads the webhooks, and reports invalid values. While Kenduri runs, a webhook may name a service
/// that was removed, because services change at once but webhooks only at a restart.
pub(super) fn read(
    domains: Domains,
    written: &[Webhook],
    services: &[edge::Service],
    is_start: bool,
    check: &mut Check,
) -> Vec<DeclaredWebhook> {
    let mut all: Vec<DeclaredWebhook> = Vec::new();
    for (number, webhook) in written.iter().enumerate() {
        let key = |name: &str| format!("webhook[{number}].{name}");
        check_events(domains, &webhook.events, &key("events"), check);
        let declared = read_one(
            webhook,
            &key("url"),
            &key("secret"),
            services,
            is_start,
            &all,
            check,
        );
        if let Some(declared) = declared {
            all.push(declared);
        }
    }
    all
}

/// Reads the target and the secret of one webhook. `url_key` and `secret_key` are the names of
/// these settings, and `others` are the webhooks before this one.
pub(super) fn read_one(
    webhook: &Webhook,
    url_key: &str,
    secret_key: &str,
    services: &[edge::Service],
    is_start: bool,
    others: &[DeclaredWebhook],
    check: &mut Check,
) -> Option<DeclaredWebhook> {
    let address = webhook.url.strip_prefix("service:");
    let service = address.map(|address| find(address, services));
    match &service {
        Some(Err((what, mend))) if is_start => check.refuse(url_key, what, mend),
        None if !outbound::is_permitted(&webhook.url, Reach::Public) => check.refuse(
            url_key,
            format!(
                "{:?} is not an https address on public networks",
                webhook.url
            ),
            "write an https address, or \"service:NAME/path\" for a service of kenduri.toml",
        ),
        _ => {}
    }
    if others.iter().any(|one| one.url == webhook.url) {
        check.refuse(
            url_key,
            format!("another webhook has {:?} too", webhook.url),
            "name all events in one of them",
        );
    }
    let secret = secret(check, secret_key, &webhook.secret, &webhook.secret_file);
    let signing = secret
        .as_ref()
        .and_then(|secret| WebhookKey::parse(secret.reveal()));
    if signing.is_none() && (secret.is_some() || webhook.secret_file.is_empty()) {
        check.refuse(
            secret_key,
            "it is not whsec_ and base64 of 24 to 64 bytes",
            format!(
                "make one with: echo whsec_$(openssl rand -base64 32), and name its file in {}_file",
                secret_key.rsplit('.').next().unwrap_or(secret_key)
            ),
        );
    }
    Some(DeclaredWebhook {
        url: webhook.url.clone(),
        events: webhook.events.clone(),
        include_notes: webhook.include_notes,
        key: signing?,
        service: service.and_then(Result::ok),
    })
}

/// `address` is `NAME/path`. Returns the service's socket and the path, or the problem and the
/// remedy.
fn find(address: &str, services: &[edge::Service]) -> Result<(PathBuf, String), (String, String)> {
    let (name, path) = address.split_at(address.find('/').unwrap_or(address.len()));
    let Some(service) = services.iter().find(|one| one.name == name) else {
        let known = services.iter().map(|one| one.name.as_str());
        let mend = nearest(name, known).map_or_else(
            || format!("add [service.{name}], or name an existing one"),
            |near| format!("did you mean service:{near}?"),
        );
        return Err((format!("there is no service {name:?}"), mend));
    };
    let mut fronts = service.fronts.iter();
    let Some(socket) = fronts.find_map(|front| front.strip_prefix("unix:")) else {
        return Err((
            format!("the service {name:?} does not listen"),
            format!("give it listen = \"unix\" or \"tcp\" in [service.{name}]"),
        ));
    };
    if path.is_empty() {
        let mend = format!("write it like \"service:{name}/hooks\"");
        return Err(("no path follows the service".to_owned(), mend));
    }
    let checked = units::path(path).and_then(|path| {
        let parsed = path.parse::<PathAndQuery>();
        parsed.map_err(|error| format!("{path:?}: {error}; write it like /hooks"))
    });
    if let Err(why) = checked {
        let (what, mend) = why.split_once("; ").unwrap_or((&why, ""));
        return Err((what.to_owned(), mend.to_owned()));
    }
    Ok((socket.into(), path.to_owned()))
}

fn check_events(domains: Domains, names: &[String], key: &str, check: &mut Check) {
    let all = domains.iter().flat_map(|domain| domain.webhook_events);
    let known: Vec<&str> = all.map(|event: &WebhookEvent| event.name).collect();
    if names.is_empty() {
        check.refuse(
            key,
            "it names no event",
            format!("name at least one of {}", known.join(", ")),
        );
    }
    for name in names.iter().filter(|name| !known.contains(&name.as_str())) {
        let mend = nearest(name, known.iter().copied()).map_or_else(
            || format!("write one of {}", known.join(", ")),
            |near| format!("did you mean {near}?"),
        );
        check.refuse(key, format!("there is no event {name:?}"), mend);
    }
}
