//! Tests of `[alerts]`, `[status]` and the memory of all services.

use jiff::SignedDuration;

use super::{load, problems, written};
use crate::alert_settings::Floor;

const SECRET: &str = "webhook_secret = \"whsec_a2VuZHVyaS1rZW5kdXJpLWtlbmR1cmkta2Vu\"\n";

#[test]
fn owners_are_told_unless_the_file_says_otherwise() {
    let (_folder, asked) = written("");
    let found = load(&asked).expect("good").settings;
    let alerts = &found.alerts;
    assert!(alerts.owners && alerts.addresses.is_empty() && alerts.webhook.is_none());
    assert_eq!(alerts.limits.disk, Some(Floor::Percent(10)));
    assert_eq!(
        alerts.limits.backup_lag,
        Some(SignedDuration::from_mins(15))
    );
    assert!(found.webhooks.is_empty());

    let text = format!(
        "[alerts]\nto = [\"ops@example.my\"]\nwebhook = \"https://pager.example/x\"\n{SECRET}\
         disk = \"2G\"\nmemory = \"0\"\nbackup_lag = \"0s\"\n\
         [mail]\nbounces_password = \"hunter2\"\n"
    );
    let (_folder, asked) = written(&text);
    let found = load(&asked).expect("good");
    let everything = format!("{}{:?}", found.report(), found.settings);
    for secret in ["whsec_", "hunter2"] {
        assert!(!everything.contains(secret), "{everything}");
    }
    let settings = &found.settings;
    let alerts = &settings.alerts;
    assert!(!alerts.owners && alerts.addresses.len() == 1);
    assert_eq!(alerts.webhook.as_deref(), Some("https://pager.example/x"));
    assert_eq!(settings.webhooks[0].url, "https://pager.example/x");
    assert!(settings.webhooks[0].events.is_empty());
    assert_eq!(alerts.limits.disk, Some(Floor::Bytes(2 << 30)));
    assert_eq!(
        (alerts.limits.memory, alerts.limits.backup_lag),
        (None, None)
    );
}

#[test]
fn what_is_wrong_with_alerts_is_told_by_its_line() {
    for (line, expected) in [
        (
            "to = [\"nobody\"]",
            "alerts.to: \"nobody\" is neither \"owners\" nor",
        ),
        (
            "webhook = \"https://x.example/\"",
            "alerts.webhook_secret: it is not whsec_",
        ),
        (
            "webhook = \"http://x.example/\"",
            "alerts.webhook: \"http://x.example/\" is not an https",
        ),
        (
            "disk = \"120%\"",
            "alerts.disk: \"120%\" is not between 1% and 90%",
        ),
        (
            "backup_lag = \"soon\"",
            "alerts.backup_lag: \"soon\" is not a time",
        ),
    ] {
        let (folder, asked) = written(&format!("[alerts]\n{line}\n"));
        let found = problems(&folder, &asked);
        // The error about a missing secret has no line number.
        let is_missing = expected.starts_with("alerts.webhook_secret");
        assert_eq!(found.contains("kenduri.toml:2"), !is_missing, "{found}");
        assert!(found.contains(expected), "{line}: {found}");
    }
}

#[test]
fn the_public_status_page_is_off_until_somebody_asks_for_it() {
    let service = |name: &str| format!("[service.{name}]\nrun = \"sleep 1\"\nlisten = \"none\"\n");
    let text = format!(
        "{}public_name = \" Cards \"\n{}",
        service("web"),
        service("job")
    );
    let (_folder, asked) = written(&text);
    let found = load(&asked).expect("good").settings;
    assert_eq!((found.status, found.service_memory), (None, None));

    let text = format!("service_memory = \"600M\"\n{text}[status]\npublic = true\n");
    let (_folder, asked) = written(&text);
    let found = load(&asked).expect("good").settings;
    let named = vec![("web".to_owned(), "Cards".to_owned())];
    assert_eq!(found.status, Some(named));
    assert_eq!(found.service_memory, Some(600 << 20));

    let (folder, asked) = written("service_memory = \"much\"\n");
    let found = problems(&folder, &asked);
    assert!(
        found.contains("kenduri.toml:1: service_memory: "),
        "{found}"
    );
}
