//! Tests of signing in and registering, and of the token that both answer with.

use axum::http::Method;
use compat::booking_site::Policy;
use identity::credential::password;
use identity::credential::second_factor::{self, FactorError};
use identity::grant::ADMIN;
use identity::people::import;
use identity::session::sudo::Sudo;
use identity::session::{Stay, signed_in};
use jiff::SignedDuration;
use platform::mail::Address;
use platform::{StoreError, Tx};
use serde_json::{Value, json};
use testkit::people::{PASSWORD, begin, client, usual_hash};
use testkit::{Stage, errors};

use crate::stage::{POLICY, User, administrator, front, login, member, mentor, older, on_default};

const ME: &str = "/api/auth/me";
const FREE: &str = "/api/auth/register-free";

#[test]
fn signing_in_answers_a_token_for_these_addresses_alone() {
    on_default(&async |stage: &Stage<'_>| {
        let mut mei = member(stage).await;
        let me = mei.get(ME).await;
        assert_eq!(
            (&me["email"], &me["role"], &me["id"]),
            (
                &json!("mei@example.my"),
                &json!("mentee"),
                &json!(mei.id.as_str())
            )
        );
        assert_eq!(mentor(stage).await.get(ME).await["role"], "mentor");
        assert_eq!(administrator(stage).await.get(ME).await["role"], "admin");
        for path in ["/api/v1/me", "/api/v1/me/sessions"] {
            let refused = mei.front.get(path).await.with(401);
            assert_eq!(refused.json()["code"], "token_invalid", "{path}");
        }
        let described = serde_json::to_value(bookings::DOMAIN.describe.unwrap()()).unwrap();
        for (path, methods) in described["paths"].as_object().unwrap() {
            let closed = methods.as_object().unwrap().iter();
            for (method, _) in closed.filter(|(_, what)| what.get("security").is_some()) {
                let method = method.to_uppercase().parse::<Method>().unwrap();
                let refused = mei.front.call(method.clone(), path, &json!({})).await;
                let code = refused.with(401).json()["code"].clone();
                assert_eq!(code, "token_invalid", "{method} {path}");
            }
        }
        let wrong = login(stage, "mei@example.my", "not the password")
            .await
            .with(401);
        assert_eq!(wrong.json()["code"], "credentials_invalid");
        let unknown = login(stage, "nobody@example.my", PASSWORD).await.with(401);
        assert_eq!(unknown.json()["detail"], wrong.json()["detail"]);
    });
}

#[test]
fn other_tokens_and_cookies_are_good_for_none_of_these_addresses() {
    on_default(&async |stage: &Stage<'_>| {
        let mut aina = stage.person("Aina Yusof").await;
        aina.program.get(ME).await.with(401);
        aina.browser.get(ME).await.with(401);
        let token = web::csrf::token(
            aina.browser.cookie("kd_session").unwrap(),
            &stage.site.random,
        );
        aina.browser.header("x-csrf-token", &token);
        let path = "/api/v1/auth/token";
        let given = aina.browser.call(Method::POST, path, &Value::Null).await;
        let given = given.with(200).json();
        let mut script = front(stage, given["access_token"].as_str().unwrap());
        let refused = script.get(ME).await.with(401);
        assert_eq!(refused.json()["code"], "token_invalid");
        stage.visitor().get("/api/mentee/bookings").await.with(401);
    });
}

#[test]
fn the_token_ends_after_twelve_hours_and_with_its_session() {
    on_default(&async |stage: &Stage<'_>| {
        let mut mei = member(stage).await;
        let hour = SignedDuration::from_hours(1);
        stage
            .world
            .clock
            .advance(hour * 12 - SignedDuration::from_secs(1));
        mei.get(ME).await;
        stage.world.clock.advance(SignedDuration::from_secs(1));
        mei.front.get(ME).await.with(401);

        let mut mei = crate::stage::enter(stage, mei.id, mei.email).await;
        let (id, request) = (mei.id.clone(), testkit::people::request());
        let revoke = move |tx: &mut Tx<'_>| -> Result<usize, platform::StoreError> {
            let all = identity::session::list(tx, &id)?;
            for one in &all {
                identity::session::end(tx, &id, &one.id, &request)?;
            }
            Ok(all.len())
        };
        mei.get(ME).await;
        let listed = stage.world.store().write(revoke).await.unwrap();
        assert_eq!(listed, 1, "the list of sessions has it");
        let refused = mei.front.get(ME).await.with(401);
        assert_eq!(refused.json()["code"], "session_expired");
    });
}

#[test]
fn an_account_with_a_second_factor_signs_in_on_our_page() {
    on_default(&async |stage: &Stage<'_>| {
        let mei: User = member(stage).await;
        let begun = begin(stage.world, &mei.id, Stay::Visit, client(1)).await;
        let site = stage.site.clone();
        let change = move |tx: &mut Tx<'_>| -> Result<(), FactorError> {
            let visit = signed_in::by_session(tx, &begun.session)?.unwrap();
            let sudo = Sudo::check(visit.who, tx.now()).unwrap();
            second_factor::begin(tx, &site, &sudo)?;
            let app = second_factor::pending(tx, &site, &sudo)?.unwrap();
            let code = app.code(tx.now());
            second_factor::confirm(tx, &site, &sudo, &code, &client(1)).map(drop)
        };
        stage.world.store().write(change).await.unwrap();
        let refused = login(stage, &mei.email, PASSWORD).await.with(403);
        assert_eq!(refused.json()["code"], "sign_in_page_required");
    });
}

#[test]
fn the_token_never_proves_a_recent_sign_in() {
    on_default(&async |stage: &Stage<'_>| {
        let mut aisyah = crate::stage::user(stage, "aisyah", Some(ADMIN)).await;
        let refused = aisyah
            .refused(
                "POST",
                "/api/admin/pricing-plans",
                json!({}),
                (403, "sudo_required"),
            )
            .await;
        let page = refused["page"].as_str().unwrap();
        assert!(page.ends_with("/admin/plans"), "{page}");
        let path = "/api/admin/payouts/x/approve";
        let refused = aisyah
            .refused("POST", path, Value::Null, (403, "sudo_required"))
            .await;
        assert!(
            refused["page"]
                .as_str()
                .unwrap()
                .ends_with("/admin/payouts")
        );
        let mut mei = member(stage).await;
        mei.refused("POST", path, Value::Null, (403, "forbidden"))
            .await;
    });
}

fn registration(email: &str) -> Value {
    json!({"email": email, "password": PASSWORD, "name": "Mei Lin", "college": "UM"})
}

#[test]
fn registering_tells_nothing_about_the_address_and_gives_no_role() {
    on_default(&async |stage: &Stage<'_>| {
        let mei = member(stage).await;
        for path in [FREE, "/api/auth/register"] {
            let mut anybody = stage.visitor();
            let mut body = registration("new@example.my");
            body["role"] = json!("admin");
            let refused = anybody.call(Method::POST, path, &body).await.with(422);
            assert_eq!(
                errors(&refused),
                [("/role".to_owned(), "unknown_field".to_owned())]
            );
            let known = anybody
                .call(Method::POST, path, &registration(&mei.email))
                .await;
            assert_eq!(known.with(202).json(), json!({"success": true}));
        }
    });
}

#[test]
fn registering_answers_a_token_where_the_operator_wants_it() {
    on_default(&async |stage: &Stage<'_>| {
        let policy = Policy {
            register_tokens: true,
            ..POLICY
        };
        let stage = older(stage.world, policy);
        let mut anybody = stage.visitor();
        let body = registration("new@example.my");
        let made = anybody
            .call(Method::POST, FREE, &body)
            .await
            .with(201)
            .json();
        assert_eq!(made["success"], true);
        assert_eq!(made["user"]["email_verified"], false);
        let token = made["access_token"].as_str().unwrap();
        let mut front = front(&stage, token);
        front.get(ME).await.with(200);
        // Nothing is booked or paid before the address is confirmed.
        let plan = crate::stage::plan(&stage, 1).await;
        let body = json!({"plan_id": plan});
        let path = "/api/payment/create-order";
        let refused = front.call(Method::POST, path, &body).await.with(403);
        assert_eq!(refused.json()["code"], "email_unverified");
        let again = anybody
            .call(Method::POST, FREE, &registration("new@example.my"))
            .await;
        assert_eq!(again.with(409).json()["code"], "email_taken");
    });
}

/// Brings a person from the older site, whose address it may have confirmed.
async fn bring(stage: &Stage<'_>, name: &str, is_confirmed: bool) -> String {
    let (email, hash) = (
        format!("{name}@older.example"),
        usual_hash(stage.world).await,
    );
    let address: Address = email.parse().unwrap();
    let name = name.to_owned();
    let change = move |tx: &mut Tx<'_>| -> Result<(), StoreError> {
        let now = tx.now();
        let person = import::Person {
            id: tx.id(),
            email: address.clone(),
            name: name.clone(),
            slug: name.clone(),
            is_active: true,
            locale: "en".to_owned(),
            time_zone: "UTC".to_owned(),
            created_at: now,
            updated_at: now,
        };
        assert_eq!(import::add(tx, &person)?, import::Outcome::Added);
        if is_confirmed {
            import::verify_email(tx, &person.id)?;
        }
        password::set(tx, &person.id, &hash)
    };
    stage.world.store().write(change).await.unwrap();
    email
}

#[test]
fn who_comes_from_the_older_site_unconfirmed_gets_the_link_at_the_first_sign_in() {
    on_default(&async |stage: &Stage<'_>| {
        let subject = stage.start("mail-verify-subject");
        let links = async |to: &str| {
            let mails = stage.world.mails().await.into_iter();
            let mails = mails.filter(|mail| mail.recipient == to);
            mails
                .filter(|mail| mail.subject.starts_with(&subject))
                .count()
        };
        let asha = bring(stage, "asha", true).await;
        let vikram = bring(stage, "vikram", false).await;
        assert_eq!((links(&asha).await, links(&vikram).await), (0, 0));
        for (email, is_confirmed) in [(&asha, true), (&vikram, false)] {
            let entered = login(stage, email, PASSWORD).await.with(200).json();
            assert_eq!(entered["user"]["email_verified"], is_confirmed, "{email}");
        }
        assert_eq!((links(&asha).await, links(&vikram).await), (0, 1));
        // Another sign-in soon after does not fill the mailbox.
        login(stage, &vikram, PASSWORD).await.with(200);
        assert_eq!(links(&vikram).await, 1);
    });
}
