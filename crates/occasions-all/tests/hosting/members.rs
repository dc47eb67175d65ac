//! Tests of an occasion's members. Owners give people a role, and some changes require a recent
//! proof of identity.

use axum::http::Method;
use identity::session::sudo::LIFETIME;
use serde_json::{Value, json};

use crate::pages::HOME;
use crate::stage::on_default;

#[test]
fn letting_others_work_on_an_occasion_asks_for_a_recent_proof() {
    on_default(async |stage| {
        stage.give_password(&stage.owner).await;
        let members = format!("/api/v1/occasions/{}/members", stage.occasion);
        let observer = format!("{members}/{}", stage.observer.account);
        let role = json!({"role": "coordinator"});
        let mut owner = stage.visitor(&stage.owner);
        owner.call(Method::POST, &members, &role).await.expect(201);
        stage.world.clock.advance(LIFETIME);
        for (method, path, body) in [
            (Method::POST, &members, &role),
            (Method::PATCH, &observer, &role),
            (Method::DELETE, &observer, &Value::Null),
        ] {
            let refused = owner.call(method, path, body).await;
            refused.expect(403);
            assert_eq!(refused.json()["code"], "sudo_required", "{path}");
        }
        // Pages too require a recent proof of identity. They keep the typed values until the host
        // has given it.
        let fields = [
            ("account", stage.observer.account.as_str()),
            ("role", "coordinator"),
        ];
        for form in ["invite", "change", "remove"] {
            let asked = owner.post(&format!("{HOME}/members/{form}"), &fields).await;
            let onward = asked.location().unwrap_or_default();
            assert!(onward.starts_with("/sudo?"), "{form} {onward}");
        }
        // Withdrawing a link and leaving take nothing from other hosts, so these changes need no
        // proof of identity.
        let page = owner.get(&format!("{HOME}/members")).await;
        let mut withdraw = page.form(&format!("{HOME}/members/withdraw"));
        let invite = withdraw.fields.iter().find(|field| field.name == "invite");
        let invite = invite.unwrap().value.clone();
        withdraw.press("invite", &invite);
        owner.submit(&page, &withdraw).await.expect(303);
        let mut leaving = stage.visitor(&stage.observer);
        let left = leaving.call(Method::DELETE, &observer, &Value::Null);
        left.await.expect(204);
    });
}

#[test]
fn the_other_hosts_of_one_s_own_occasion_are_listed_with_what_is_shared() {
    on_default(async |stage| {
        let mut owner = stage.visitor(&stage.owner);
        let page = owner.get("/me/shared").await;
        let ends = page.forms().into_iter();
        let mut ends: Vec<_> = ends
            .filter(|form| form.action == format!("{HOME}/members/remove"))
            .collect();
        assert_eq!(ends.len(), 2, "{}", page.text());
        let form = ends.pop().unwrap();
        let ended = owner.submit(&page, &form).await;
        assert_eq!(ended.location(), Some("/me/shared?done=ended"));
        let page = owner.get("/me/shared").await;
        assert!(page.text().contains("Works on your occasion"));
        // A coordinator owns no occasion. This page lists only the hosts of occasions that the
        // visitor owns.
        let mut coordinator = stage.visitor(&stage.coordinator);
        let page = coordinator.get("/me/shared").await;
        assert!(!page.text().contains("Works on your occasion"));
    });
}
