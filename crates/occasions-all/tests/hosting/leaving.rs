//! Tests of deleting a host's account.

use axum::http::Method;
use identity::person::erasure::{self, DELAY};
use occasions::role::{self, Role};
use serde_json::{Value, json};
use site::domains::for_identity;

use crate::stage::{DOMAINS, on_default};

#[test]
fn the_only_owner_of_an_occasion_does_not_leave_it_alone() {
    on_default(async |stage| {
        let mut owner = stage.visitor(&stage.owner);
        let me = "/api/v1/me";
        let refused = owner.call(Method::DELETE, me, &Value::Null).await;
        refused.expect(409);
        assert_eq!(refused.json()["code"], "active_obligations");
        assert_eq!(refused.json()["obligations"], "aisyah-daniel");
        // A coordinator may always delete their account, because the occasion still has its owners.
        let mut coordinator = stage.visitor(&stage.coordinator);
        let left = coordinator.call(Method::DELETE, me, &Value::Null).await;
        left.expect(202);

        let (observer, scope) = (stage.observer.account.clone(), role::scope(&stage.occasion));
        let promote = move |tx: &mut platform::Tx<'_>| {
            identity::grant::give(tx, &observer, Role::OccasionOwner.into(), &scope, None)
        };
        stage.site.store.write(promote).await.unwrap();
        let left = owner.call(Method::DELETE, me, &Value::Null).await;
        left.expect(202);
        stage.world.clock.advance(DELAY);
        erasure::run(for_identity(DOMAINS).leak(), &stage.site.store)
            .await
            .unwrap();
        assert_eq!(stage.world.places_of("owner@example.com"), [""; 0]);
        let shown = stage.nobody().get("/api/v1/invitations/RAHMA").await;
        shown.expect(200);
    });
}

#[test]
fn a_copy_names_the_occasions_of_a_host() {
    on_default(async |stage| {
        let id = stage.observer.account.clone();
        let look =
            move |tx: &mut platform::Tx<'_>| (occasions_all::DOMAIN.accounts.export)(tx, &id);
        let copy = stage.site.store.read(look).await.unwrap();
        let occasion = stage.occasion.to_string();
        assert_eq!(
            copy,
            json!([{
                "id": occasion, "slug": "aisyah-daniel", "role": "observer",
                "answers_by_mail": null, "answers_on_site": null, "answers_at": null,
            }])
        );
    });
}
