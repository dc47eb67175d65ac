//! Tests of people's profiles.

use axum::http::Method;
use identity::person::profile::{self, Profile};
use identity::session::token::PROFILE_READ;
use platform::{StoreError, Tx, sql};
use serde_json::json;
use testkit::World;

use crate::api::script;
use crate::people::browser;
use crate::registering::EMAIL;
use crate::stage::{MIGRATIONS, accounts, actions, person, program, read};
use crate::unconfirmed::make_pending;

const ME: &str = "/api/v1/me";

#[test]
fn a_profile_is_written_in_a_form_and_found_there_again() {
    World::default_engine(&MIGRATIONS, async |world| {
        let id = person(world, EMAIL, None).await;
        let mut farah = browser(world, &id).await;
        let page = farah.get("/me/profile").await.with(200);
        let form = page.form("/me/profile");
        assert_eq!(form.value("display_name"), Some("Farah binti Ali"));
        for (field, typed) in [
            ("display_name", "F"),
            ("display_name", "\u{200b}\u{200b}"),
            ("display_name", &"f".repeat(51)),
            ("real_name", &"f".repeat(101)),
            ("bio", &"f".repeat(501)),
            ("location", &"f".repeat(101)),
            ("website", "http://farah.example"),
            ("time_zone", "Atlantis"),
            ("website", "javascript:alert(1)"),
            (
                "website",
                &format!("https://farah.example/{}", "f".repeat(480)),
            ),
        ] {
            let mut form = page.form("/me/profile");
            form.fill("location", "Ipoh").fill(field, typed);
            let refused = farah.submit(&page, &form).await.with(422);
            assert!(refused.body.contains(&format!("{field}-wrong")), "{field}");
            assert_eq!(refused.form("/me/profile").value(field), Some(typed));
        }
        let mut form = page.form("/me/profile");
        form.fill("display_name", " Farah  Ali ")
            .fill("real_name", "Farah binti Ali")
            .fill("bio", "Kopi.\r\n<b>Teh</b>")
            .fill("location", "Ipoh")
            .fill("website", "https://farah.example")
            .fill("time_zone", "tokyo");
        let saved = farah.submit(&page, &form).await.with(303);
        assert_eq!(saved.header("location"), "/me/profile?done=1");
        farah.submit(&page, &form).await.with(303);
        let page = farah.get("/me/profile").await.with(200);
        assert!(page.body.contains("&#60;b&#62;Teh"), "{}", page.body);
        let form = page.form("/me/profile");
        assert_eq!(form.value("display_name"), Some("Farah Ali"));
        assert_eq!(form.value("website"), Some("https://farah.example"));
        assert_eq!(form.value("time_zone"), Some("Asia/Tokyo"));
        // The audit log has one entry about the change, without the profile's text.
        let changed = actions(world).await;
        let changed = changed.iter().filter(|one| *one == "profile.changed");
        assert_eq!(changed.count(), 1);
        let look = |tx: &mut Tx<'_>| -> Result<(String,), StoreError> {
            let action = "profile.changed";
            sql!("SELECT changes FROM audit WHERE action = :action", action).one(tx)
        };
        let (log,) = read(world.store(), look).await;
        assert!(log.contains("website") && !log.contains("farah"), "{log}");
    });
}

#[test]
fn a_script_changes_what_it_names_and_a_token_nothing() {
    World::default_engine(&MIGRATIONS, async |world| {
        let id = person(world, EMAIL, None).await;
        let mut farah = script(world, &id).await;
        let change = json!({"bio": " Kopi ", "location": "Ipoh"});
        let me = farah.call(Method::PATCH, ME, &change).await.with(200);
        assert_eq!(me.json()["bio"], "Kopi");
        let change = json!({"bio": "", "location": null, "display_name": "Farah"});
        let me = farah.call(Method::PATCH, ME, &change).await.with(200);
        assert_eq!(farah.get(ME).await.with(200).json(), me.json());
        let me = me.json();
        let of = id.clone();
        let stored = read(world.store(), move |tx| profile::find(tx, &of)).await;
        let expected = Profile {
            display_name: "Farah".to_owned(),
            location: "Ipoh".to_owned(),
            time_zone: "Asia/Kuala_Lumpur".to_owned(),
            ..Profile::default()
        };
        assert_eq!(stored, expected);
        assert_eq!((&me["bio"], &me["real_name"]), (&json!(""), &json!("")));
        for wrong in [
            json!({"email": "mei@example.my"}),
            json!({"bio": 5}),
            json!({"display_name": ""}),
        ] {
            farah.call(Method::PATCH, ME, &wrong).await.with(422);
        }
        let mut robot = program(&accounts(world), &id, &[PROFILE_READ]).await;
        let refused = robot.call(Method::PATCH, ME, &change).await.with(403);
        assert_eq!(refused.json()["code"], "token_not_permitted");
        assert_eq!(robot.get(ME).await.with(200).json()["location"], "Ipoh");
    });
}

#[test]
fn who_has_not_confirmed_their_address_writes_nothing_for_others() {
    World::default_engine(&MIGRATIONS, async |world| {
        let id = person(world, EMAIL, None).await;
        make_pending(world, &id).await;
        let mut farah = script(world, &id).await;
        for field in ["bio", "location", "website"] {
            let change = json!({field: "https://farah.example"});
            let refused = farah.call(Method::PATCH, ME, &change).await.with(403);
            assert_eq!(refused.json()["code"], "email_unverified", "{field}");
        }
        let change = json!({"display_name": "Farah", "real_name": "Farah Ali"});
        farah.call(Method::PATCH, ME, &change).await.with(200);
    });
}
