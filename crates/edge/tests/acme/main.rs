//! Tests of ordering certificates from Pebble, and from a simulated authority.

#![expect(clippy::unwrap_used, reason = "a test that fails is to say where")]

mod authority;
mod door;
mod house;
mod played;
mod shared;
mod unheard;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use authority::Wishes;
use edge::acme::{Acme, Action, Unorderable};
use edge::{Challenge, ExternalAccount};
use house::{House, has_certificate, has_failed, set, wait};
use jiff::SignedDuration;
use rustls::sign::CertifiedKey;

const NAMES: [&str; 3] = ["a.example", "b.example", "c.b.example"];

async fn several_names_are_issued(challenge: Challenge) {
    let Some(mut house) = House::with_authority(challenge, Wishes::default()).await else {
        return;
    };
    let acme = house.start(&NAMES);
    assert!(acme.issued().find("a.example").is_none());
    for name in NAMES {
        let standing = wait(&acme, name, has_certificate).await;
        assert_eq!(standing.failures, None);
        assert!(acme.issued().find(name).is_some());
    }
    assert!(acme.issued().find("d.example").is_none());
    for file in fs::read_dir(house.storage()).unwrap() {
        let file = file.unwrap();
        let mode = file.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", file.path().display());
    }
    // The edge restarts without an authority, and must serve the stored certificates.
    let before = found(&acme, "a.example");
    house.stop.cancel();
    acme.stopped().await;
    house.authority.as_mut().unwrap().stop();
    let acme = house.start(&NAMES);
    assert_eq!(found(&acme, "a.example").cert, before.cert);
    assert!(acme.challenges().tls_alpn_01("a.example").is_none());
}

#[tokio::test]
async fn several_names_are_proven_in_the_clear() {
    several_names_are_issued(Challenge::Http01).await;
}

#[tokio::test]
async fn several_names_are_proven_in_handshakes() {
    several_names_are_issued(Challenge::TlsAlpn01).await;
}

#[tokio::test]
async fn a_certificate_is_renewed_after_two_thirds_of_its_life_and_not_before() {
    let Some(mut house) = House::with_authority(Challenge::TlsAlpn01, Wishes::default()).await
    else {
        return;
    };
    let acme = house.start(&["a.example"]);
    // Pebble suggests no renewal window.
    let standing = wait(&acme, "a.example", |it| {
        it.next
            .is_some_and(|next| next.action == Action::Ask && it.valid_until.is_some())
    })
    .await;
    let until = standing.valid_until.unwrap();
    let begun = *house.clock.lock().unwrap();
    let third = until.duration_since(begun) / 3;
    let first = found(&acme, "a.example");
    house.set_clock(until - third - SignedDuration::from_hours(12));
    acme.set_names(set(&["a.example"]));
    wait(&acme, "a.example", |it| {
        it.next.is_some_and(|next| next.action == Action::Order)
    })
    .await;
    assert_eq!(found(&acme, "a.example").cert, first.cert);
    house.set_clock(until - third + SignedDuration::from_hours(12));
    acme.set_names(set(&["a.example"]));
    wait_for_other(&acme, "a.example", &first).await;
    // A renewed certificate must have a new key.
    assert_ne!(found(&acme, "a.example").cert, first.cert);
}

#[tokio::test]
async fn a_failure_is_told_waited_out_and_leaves_the_old_certificate() {
    let Some(mut house) = House::with_authority(Challenge::Http01, Wishes::default()).await else {
        return;
    };
    house.asked.force = true;
    let acme = house.start(&["a.example"]);
    let standing = wait(&acme, "a.example", has_certificate).await;
    let first = found(&acme, "a.example");
    // Pebble might skip a validation because it has validated the name before. So it must lose its
    // state.
    house.authority.as_mut().unwrap().forget_everything();
    house.door.inside.is_silent.store(true, Ordering::SeqCst);
    house.set_clock(standing.valid_until.unwrap());
    for count in 1..=2 {
        acme.set_names(set(&["a.example"]));
        let standing = wait(&acme, "a.example", |it| {
            it.failures.as_ref().is_some_and(|it| it.count == count)
                && it.next.is_some_and(|next| next.action == Action::Order)
        })
        .await;
        let failures = standing.failures.unwrap();
        assert!(
            failures.why.contains("could not verify this server"),
            "{failures:?}"
        );
        assert!(failures.why.contains("404"), "{failures:?}");
        assert!(failures.why.contains("port 80"), "{failures:?}");
        let next = standing.next.unwrap().at;
        let pause = next.duration_since(failures.last);
        assert!(pause >= SignedDuration::from_secs(45), "{pause:?}");
        assert!(pause <= SignedDuration::from_secs(120), "{pause:?}");
        assert_eq!(found(&acme, "a.example").cert, first.cert);
        house.set_clock(next);
    }
    house.door.inside.is_silent.store(false, Ordering::SeqCst);
    acme.set_names(set(&["a.example"]));
    wait_for_other(&acme, "a.example", &first).await;
    wait(&acme, "a.example", |it| it.failures.is_none()).await;
}

#[tokio::test]
async fn a_wait_survives_a_restart() {
    let Some(mut house) = House::with_authority(Challenge::Http01, Wishes::default()).await else {
        return;
    };
    house.asked.force = true;
    house.door.inside.is_silent.store(true, Ordering::SeqCst);
    let acme = house.start(&["a.example"]);
    let before = wait(&acme, "a.example", has_failed).await;
    house.stop.cancel();
    acme.stopped().await;
    let acme = house.start(&["a.example"]);
    let after = wait(&acme, "a.example", has_failed).await;
    assert_eq!(after.failures, before.failures);
    assert!(after.next.unwrap().at > *house.clock.lock().unwrap());
}

#[tokio::test]
async fn an_order_that_was_interrupted_is_gone_on_with() {
    let Some(mut house) = House::with_authority(Challenge::Http01, Wishes::default()).await else {
        return;
    };
    house.asked.force = true;
    let held = house.door.inside.answers.forget_permits(usize::MAX);
    let acme = house.start(&["a.example"]);
    // The edge stops after the authority's request for the challenge response, and before the
    // response.
    house.door.inside.asked.acquire().await.unwrap().forget();
    house.stop.cancel();
    acme.stopped().await;
    let attempt = fs::read_to_string(house.storage().join("a.example.attempt.json")).unwrap();
    let attempt: serde_json::Value = serde_json::from_str(&attempt).unwrap();
    let key = attempt["pending"]["key"].as_str().unwrap();
    house.door.inside.answers.add_permits(held);
    let acme = house.start(&["a.example"]);
    let standing = wait(&acme, "a.example", has_certificate).await;
    assert_eq!(standing.failures, None);
    let kept = fs::read_to_string(house.storage().join("a.example.certificate.pem")).unwrap();
    assert!(kept.starts_with(key), "another order was made");
}

#[tokio::test]
async fn an_order_that_is_gone_is_made_anew() {
    let Some(mut house) = House::with_authority(Challenge::Http01, Wishes::default()).await else {
        return;
    };
    house.asked.force = true;
    let held = house.door.inside.answers.forget_permits(usize::MAX);
    let acme = house.start(&["a.example"]);
    house.door.inside.asked.acquire().await.unwrap().forget();
    house.stop.cancel();
    acme.stopped().await;
    // Pebble loses both the order and the account.
    house.authority.as_mut().unwrap().forget_everything();
    house.door.inside.answers.add_permits(held);
    let acme = house.start(&["a.example"]);
    let standing = wait(&acme, "a.example", has_certificate).await;
    assert_eq!(standing.failures, None);
}

#[tokio::test]
async fn damaged_files_are_replaced() {
    let Some(mut house) = House::with_authority(Challenge::TlsAlpn01, Wishes::default()).await
    else {
        return;
    };
    let acme = house.start(&["a.example"]);
    wait(&acme, "a.example", has_certificate).await;
    let first = found(&acme, "a.example");
    house.stop.cancel();
    acme.stopped().await;
    for file in fs::read_dir(house.storage()).unwrap() {
        fs::write(file.unwrap().path(), "\0").unwrap();
    }
    let acme = house.start(&["a.example"]);
    assert!(acme.issued().find("a.example").is_none());
    wait(&acme, "a.example", has_certificate).await;
    assert_ne!(found(&acme, "a.example").cert, first.cert);
}

#[tokio::test]
async fn an_account_that_is_known_already_is_bound() {
    let key = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W";
    let wishes = Wishes {
        external: Some(("kid-1", key)),
        ..Wishes::default()
    };
    let Some(mut house) = House::with_authority(Challenge::Http01, wishes).await else {
        return;
    };
    let acme = house.start(&["a.example"]);
    let standing = wait(&acme, "a.example", has_failed).await;
    let why = standing.failures.unwrap().why;
    assert!(why.contains("externalAccountRequired"), "{why}");
    house.stop.cancel();
    acme.stopped().await;
    fs::write(house.folder().join("key"), key).unwrap();
    house.asked.eab = Some(ExternalAccount {
        kid: "kid-1".to_owned(),
        key_file: "key".to_owned(),
    });
    house.advance(SignedDuration::from_hours(1));
    let acme = house.start(&["a.example"]);
    wait(&acme, "a.example", has_certificate).await;
}

#[tokio::test]
async fn the_authority_learns_a_new_mail_address_and_the_account_stays() {
    let Some(mut house) = House::with_authority(Challenge::Http01, Wishes::default()).await else {
        return;
    };
    let mut accounts = Vec::new();
    for email in ["owner@example.org", "heir@example.org"] {
        house.asked.email = email.to_owned();
        let acme = house.start(&["a.example"]);
        // The client has opened its account when it has requested the renewal window.
        wait(&acme, "a.example", |it| {
            let now = *house.clock.lock().unwrap();
            has_certificate(it) && it.next.is_some_and(|next| next.at > now)
        })
        .await;
        house.stop.cancel();
        acme.stopped().await;
        let account = fs::read_to_string(house.storage().join("account.json")).unwrap();
        let account: serde_json::Value = serde_json::from_str(&account).unwrap();
        assert_eq!(account["contact"], email);
        accounts.push(account["credentials"].clone());
    }
    assert_eq!(accounts[0], accounts[1]);
}

#[tokio::test]
async fn refused_nonces_do_not_keep_certificates_away() {
    let wishes = Wishes {
        refused_nonces: 30,
        ..Wishes::default()
    };
    let Some(mut house) = House::with_authority(Challenge::TlsAlpn01, wishes).await else {
        return;
    };
    let acme = house.start(&NAMES);
    for name in NAMES {
        for count in 1..20 {
            let standing = wait(&acme, name, |it| {
                has_certificate(it) || it.failures.as_ref().is_some_and(|it| it.count >= count)
            })
            .await;
            if has_certificate(&standing) {
                break;
            }
            house.set_clock(standing.next.unwrap().at);
            acme.set_names(set(&NAMES));
        }
        assert!(acme.issued().find(name).is_some());
    }
}

#[tokio::test]
async fn only_names_with_an_address_are_ordered() {
    let Some(mut house) = House::with_authority(Challenge::Http01, Wishes::default()).await else {
        return;
    };
    house
        .elsewhere
        .lock()
        .unwrap()
        .insert("nowhere.example".to_owned(), vec![]);
    let acme = house.start(&["a.example", "nowhere.example"]);
    wait(&acme, "a.example", has_certificate).await;
    let standing = wait(&acme, "nowhere.example", has_failed).await;
    let why = standing.failures.unwrap().why;
    assert!(
        why.contains("has no address") && why.contains("force"),
        "{why}"
    );
    // The failure is not stored, so a restart tries again at once.
    let attempt = house.storage().join("nowhere.example.attempt.json");
    assert!(!attempt.exists());
}

#[tokio::test]
async fn names_come_and_go() {
    let Some(mut house) = House::with_authority(Challenge::Http01, Wishes::default()).await else {
        return;
    };
    let acme = house.start(&["a.example", "*.example", "localhost"]);
    wait(&acme, "a.example", has_certificate).await;
    let wildcard = wait(&acme, "*.example", |_| true).await;
    assert_eq!(wildcard.refused, Some(Unorderable::Wildcard));
    assert_eq!(wildcard.next, None);
    let first = found(&acme, "a.example");
    acme.set_names(set(&["b.example"]));
    wait(&acme, "b.example", has_certificate).await;
    assert!(acme.issued().find("a.example").is_none());
    assert_eq!(acme.report().len(), 1);
    acme.set_names(set(&["a.example", "b.example"]));
    wait(&acme, "a.example", has_certificate).await;
    assert_eq!(found(&acme, "a.example").cert, first.cert);
}

#[tokio::test]
async fn an_authority_that_is_away_is_waited_for() {
    let Some(mut house) = House::with_authority(Challenge::Http01, Wishes::default()).await else {
        return;
    };
    house.authority.as_mut().unwrap().stop();
    let acme = house.start(&["a.example"]);
    let standing = wait(&acme, "a.example", has_failed).await;
    let why = standing.failures.unwrap().why;
    assert!(why.contains("cannot reach localhost"), "{why}");
    house.authority.as_mut().unwrap().forget_everything();
    house.set_clock(standing.next.unwrap().at);
    acme.set_names(set(&["a.example"]));
    wait(&acme, "a.example", has_certificate).await;
}

fn found(acme: &Acme, name: &str) -> Arc<CertifiedKey> {
    acme.issued().find(name).unwrap()
}

async fn wait_for_other(acme: &Acme, name: &str, than: &Arc<CertifiedKey>) {
    wait(acme, name, |_| {
        acme.issued()
            .find(name)
            .is_some_and(|found| found.cert != than.cert)
    })
    .await;
}
