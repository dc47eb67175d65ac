//! Tests of passwords that people type or that password managers fill in.

use std::fs;
use std::path::Path;

use axum::http::Method;
use identity::people::setup;
use identity::session::{Stay, sudo};
use jiff::SignedDuration;
use serde_json::json;
use testkit::{Page, Visitor, World};

use crate::api::{csrf_token, script};
use crate::registering::{expect, link, open};
use crate::resetting::ask;
use crate::stage::{
    MIGRATIONS, accounts, begin, client, expect_sign_in_mails, hash, person, usual_hash, visitor,
    write,
};

const EMAIL: &str = "farah@example.my";

async fn sign_in(visitor: &mut Visitor, email: &str, password: &str) -> Page {
    let page = visitor.get("/login").await.with(200);
    let mut form = page.form("/login");
    form.fill("email", email).fill("password", password);
    visitor.submit(&page, &form).await
}

#[test]
fn a_password_is_compared_as_it_was_typed() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let long = format!("{}Z", "长".repeat(255));
        let (long, lower) = (long.as_str(), long.to_lowercase());
        for (email, password, others) in [
            (
                "farah@example.my",
                " Sebuah  Pantun ",
                [" sebuah  pantun ", "Sebuah  Pantun", " Sebuah Pantun "],
            ),
            (
                "mei@example.my",
                long,
                [&long[..72], &long[..long.len() - 1], lower.as_str()],
            ),
        ] {
            let hash = hash(&accounts.hasher, password).await;
            person(world, email, Some(&hash)).await;
            for other in others {
                let mut visitor = visitor(&accounts);
                sign_in(&mut visitor, email, other).await.with(401);
            }
            let mut visitor = visitor(&accounts);
            sign_in(&mut visitor, email, password).await.with(303);
            expect_sign_in_mails(world, email, 1);
        }
    });
}

#[test]
fn a_password_is_good_until_it_is_changed() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let hash = usual_hash(world).await;
        person(world, EMAIL, Some(&hash)).await;
        world
            .clock
            .advance(SignedDuration::from_hours(24 * 365 * 10));
        let mut visitor = visitor(&accounts);
        let password = crate::stage::PASSWORD;
        let done = sign_in(&mut visitor, EMAIL, password).await;
        assert_eq!(done.location(), Some("/me/start"));
        expect_sign_in_mails(world, EMAIL, 1);
    });
}

/// Asserts that every password field hides its text and has an `autocomplete` value for password
/// managers.
fn check(page: &Page) {
    let fields: Vec<_> = page
        .body
        .split("<input ")
        .skip(1)
        .filter_map(|rest| rest.split('>').next())
        .filter(|tag| tag.contains("password"))
        .collect();
    assert!(!fields.is_empty(), "{}", page.body);
    for field in fields {
        assert!(field.contains("type=\"password\""), "{field}");
        let is_told = ["current", "new"]
            .iter()
            .any(|which| field.contains(&format!("autocomplete=\"{which}-password\"")));
        assert!(is_told && !field.contains("maxlength"), "{field}");
    }
}

#[test]
fn fields_for_passwords_hide_them_and_take_them_from_managers() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = open(world);
        let hash = usual_hash(world).await;
        let id = person(world, EMAIL, Some(&hash)).await;
        let key = write(world.store(), setup::make_key).await.unwrap();
        let setup = format!("/setup/{}", key.reveal());
        ask(world, &accounts, EMAIL, "reset").await.with(202);
        let reset = link(world, "/reset/").await;
        let mut outside = visitor(&accounts);
        for address in ["/login", "/register", &setup, &reset] {
            check(&outside.get(address).await.with(200));
        }
        let begun = begin(world, &id, Stay::Visit, client(1)).await;
        let mut inside = visitor(&accounts);
        inside.set_cookie("kd_session", begun.session.reveal());
        check(&inside.get("/me/security").await.with(200));
        world.clock.advance(sudo::LIFETIME);
        check(&inside.get("/sudo").await.with(200));
        expect(world, &accounts, EMAIL, "mail-reset-subject");
    });
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../web/assets");
    for entry in fs::read_dir(scripts).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|kind| kind == "js") {
            let script = fs::read_to_string(&path).unwrap();
            // A script may intercept pasting only for files. Otherwise it could keep people from
            // pasting a password.
            let mut pastes = script.lines().filter(|line| line.contains("\"paste\""));
            let takes_files = |line: &str| line.contains("clipboardData?.files");
            assert!(pastes.all(takes_files), "{}", path.display());
        }
    }
}

#[test]
fn a_script_changes_the_password_and_signs_out_everywhere() {
    World::default_engine(&MIGRATIONS, async |world| {
        let hash = usual_hash(world).await;
        let id = person(world, EMAIL, Some(&hash)).await;
        let mut visitor = script(world, &id).await;
        let mut other = script(world, &id).await;
        let (path, next) = ("/api/v1/me/password", "seratus kerbau putih");
        let change =
            |current: &str, new: &str| json!({"current_password": current, "new_password": new});
        let wrong = change("tidak betul", next);
        let refused = visitor.call(Method::PUT, path, &wrong).await.with(400);
        assert_eq!(refused.json()["code"], "current_password_wrong");
        let short = change(crate::stage::PASSWORD, "x");
        let refused = visitor.call(Method::PUT, path, &short).await.with(422);
        assert_eq!(refused.json()["errors"][0]["pointer"], "/new_password");
        let right = change(crate::stage::PASSWORD, next);
        visitor.call(Method::PUT, path, &right).await.with(204);
        // The session continues with a new cookie, and all other sessions end.
        visitor.get("/api/v1/me").await.with(200);
        other.get("/api/v1/me").await.with(401);
        let mut outside = crate::stage::visitor(&accounts(world));
        sign_in(&mut outside, EMAIL, next).await.with(303);
        expect_sign_in_mails(world, EMAIL, 1);

        let path = "/api/v1/auth/logout-all";
        visitor.header(
            "x-csrf-token",
            &csrf_token(visitor.cookie("kd_session").unwrap()),
        );
        let keep = json!({"keep_current": true});
        let ended = visitor.call(Method::POST, path, &keep).await.with(200);
        assert_eq!(ended.json(), json!({"revoked": 1}));
        visitor.get("/api/v1/me").await.with(200);
        script(world, &id).await;
        world.clock.advance(SignedDuration::from_mins(11));
        let refused = visitor.call(Method::POST, path, &json!({})).await.with(403);
        assert_eq!(refused.json()["code"], "sudo_required");
        let mut fresh = script(world, &id).await;
        let ended = fresh.call(Method::POST, path, &json!({})).await.with(200);
        assert_eq!(ended.json(), json!({"revoked": 3}));
        assert_eq!(fresh.cookie("kd_session"), None);
        visitor.get("/api/v1/me").await.with(401);
    });
}
