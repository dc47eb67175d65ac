//! Tests of further actions of administrators: duties, exporting a person's data, and reading an
//! account's history.

use axum::http::Method;
use identity::account::AccountId;
use identity::grant::{self, ADMIN, OWNER, Role, Scope};
use identity::people::folded_names;
use identity::session::sudo;
use platform::audit::{Actor, Entity, Entry, chain};
use platform::{Rows, Tx, sql};
use serde_json::{Value, json};
use testkit::{Visitor, World};

use crate::people::{API, administrator, browser, post, press};
use crate::registering::expect;
use crate::stage::{
    EDITOR, MIGRATIONS, MODERATOR, accounts, actions, english, person, read, signed_in, usual_hash,
    write,
};
use crate::unconfirmed::make_pending;

const FARAH: &str = "farah@example.my";

async fn has(world: &World, id: &AccountId, duty: Role) -> bool {
    let who = signed_in(world, id).await;
    read(world.store(), move |tx| {
        grant::has_duty(tx, &who, &Scope::site(), duty)
    })
    .await
}

async fn put(browser: &mut Visitor, id: &AccountId, duties: Value) -> (u16, Value) {
    let path = format!("{API}/{id}/duties");
    let page = browser
        .call(Method::PUT, &path, &json!({ "duties": duties }))
        .await;
    let body = serde_json::from_str(&page.body).unwrap_or(Value::Null);
    (page.status.as_u16(), body["code"].clone())
}

#[test]
fn administrators_give_duties_and_take_them() {
    World::default_engine(&MIGRATIONS, async |world| {
        let id = person(world, FARAH, None).await;
        let owner = administrator(world, "owner@example.my", OWNER).await;
        let admin = administrator(world, "admin@example.my", ADMIN).await;
        let mut boss = browser(world, &admin).await;
        let address = format!("/admin/people/{id}");
        let page = boss.get(&address).await.with(200);
        let english = english(&accounts(world));
        for duty in [EDITOR, MODERATOR] {
            assert!(page.text().contains(&english.say(duty.label())), "{duty}");
        }
        let editor = [("duties", "editor"), ("action", "duties")];
        press(&mut boss, &id, &editor).await.with(303);
        assert!(has(world, &id, EDITOR).await);
        assert!(!has(world, &id, MODERATOR).await);
        let shown = boss.get(&format!("{API}/{id}")).await.with(200).json();
        assert_eq!(
            (&shown["duties"], &shown["role"]),
            (&json!(["editor"]), &Value::Null)
        );

        assert_eq!(put(&mut boss, &id, json!(["moderator"])).await.0, 204);
        assert!(!has(world, &id, EDITOR).await);
        assert!(has(world, &id, MODERATOR).await);
        for unknown in ["owner", "admin", "king"] {
            assert_eq!(put(&mut boss, &id, json!([unknown])).await.0, 422);
        }
        assert!(has(world, &id, MODERATOR).await);
        assert_eq!(put(&mut boss, &id, json!([])).await.0, 204);
        assert!(!has(world, &id, MODERATOR).await);
        let done = actions(world).await;
        let done = done.iter().filter(|one| one.starts_with("grant."));
        let duties: Vec<_> = done.skip(2).collect();
        assert_eq!(
            duties,
            [
                "grant.given",
                "grant.removed",
                "grant.given",
                "grant.removed"
            ]
        );

        let refused = put(&mut boss, &owner, json!(["editor"])).await;
        assert_eq!(refused, (403, json!("role_above_own")));
        let mut nobody = browser(world, &id).await;
        let refused = put(&mut nobody, &id, json!(["editor"])).await;
        assert_eq!(refused, (403, json!("role_required")));
        make_pending(world, &id).await;
        let refused = put(&mut boss, &id, json!(["editor"])).await;
        assert_eq!(refused, (409, json!("account_unverified")));
        world.clock.advance(sudo::LIFETIME);
        let refused = put(&mut boss, &id, json!([])).await;
        assert_eq!(refused, (403, json!("sudo_required")));
    });
}

#[test]
fn owners_get_a_copy_of_somebody_s_data_and_the_person_is_told() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let id = person(world, FARAH, Some(&usual_hash(world).await)).await;
        let owner = administrator(world, "owner@example.my", OWNER).await;
        let admin = administrator(world, "admin@example.my", ADMIN).await;
        let mut boss = browser(world, &admin).await;
        let refused = post(&mut boss, &id, "export").await;
        assert_eq!(refused, (403, json!("role_required")));
        let address = format!("/admin/people/{id}");
        let page = boss.get(&address).await.with(200);
        assert!(!page.body.contains("value=\"export\""));

        let mut boss = browser(world, &owner).await;
        let zip = press(&mut boss, &id, &[("action", "export")]).await;
        zip.expect(200);
        assert_eq!(zip.header("content-type"), "application/zip");
        assert!(zip.body.contains(FARAH));
        expect(world, &accounts, FARAH, "mail-exported-subject");
        // An owner's exports do not count towards the person's own limit, and are possible even
        // when that limit is reached.
        for _ in 0..2 {
            let copy = boss
                .call(Method::POST, &format!("{API}/{id}/export"), &Value::Null)
                .await
                .with(200);
            assert_eq!(copy.header("content-type"), "application/zip");
            expect(world, &accounts, FARAH, "mail-exported-subject");
        }
        let mut theirs = browser(world, &id).await;
        theirs.get("/api/v1/me/export").await.with(200);
        let count = actions(world).await;
        let count = count
            .iter()
            .filter(|one| *one == "account.exported")
            .count();
        assert_eq!(count, 4);
        world.clock.advance(sudo::LIFETIME);
        let refused = post(&mut boss, &id, "export").await;
        assert_eq!(refused, (403, json!("sudo_required")));
    });
}

#[test]
fn the_page_of_a_person_says_in_sentences_what_happened() {
    World::default_engine(&MIGRATIONS, async |world| {
        let id = person(world, FARAH, None).await;
        let admin = administrator(world, "admin@example.my", ADMIN).await;
        let mut boss = browser(world, &admin).await;
        assert_eq!(post(&mut boss, &id, "deactivate").await.0, 204);
        assert_eq!(post(&mut boss, &id, "activate").await.0, 204);
        let page = boss.get(&format!("/admin/people/{id}")).await.with(200);
        let english = english(&accounts(world));
        for event in ["event-account-deactivated", "event-account-activated"] {
            assert!(page.text().contains(&english.say(event)), "{event}");
        }
        assert!(!page.text().contains("account."));
    });
}

#[test]
fn administrators_see_figures_and_what_happened_to_accounts() {
    World::default_engine(&MIGRATIONS, async |world| {
        let english = english(&accounts(world));
        let id = person(world, FARAH, None).await;
        let admin = administrator(world, "admin@example.my", ADMIN).await;
        let mut boss = browser(world, &admin).await;
        post(&mut boss, &id, "deactivate").await;
        assert!(world.store().write(chain::seal).await.unwrap() > 0);
        let private = Entry {
            actor: Actor::System,
            action: "note.saved",
            entity: Entity::new("note", "1".to_owned()),
            scope: Some("s".to_owned()),
            changes: json!([]),
            request: None,
        };
        write(world.store(), move |tx| tx.record(private.clone())).await;
        post(&mut boss, &id, "activate").await;

        let mut all = Vec::new();
        let mut next = String::new();
        while all.len() < 100 {
            let path = format!("/api/v1/admin/audit?limit=2&cursor={next}");
            let list = boss.get(&path).await.with(200).json();
            all.extend(list["items"].as_array().unwrap().clone());
            match list["next_cursor"].as_str() {
                Some(cursor) => next = cursor.to_owned(),
                None => break,
            }
        }
        let seen: Vec<_> = all
            .iter()
            .map(|line| line["action"].as_str().unwrap())
            .collect();
        let mut written = actions(world).await;
        written.retain(|action| action != "note.saved");
        written.reverse();
        assert_eq!(seen, written);
        assert_eq!(seen[..1], ["account.activated"]);
        assert!(seen.contains(&"account.deactivated"));
        assert_eq!(all[0]["actor_id"], json!(admin.to_string()));
        assert_eq!(all[0]["entity_id"], json!(id.to_string()));
        assert!(all[0]["actor_name"].is_string() && all[0]["entity_name"].is_string());

        let figures = boss.get("/api/v1/admin/stats").await.with(200).json();
        let expected = json!({
            "people": 2, "signed_in": 1, "unverified": 0, "deactivated": 0, "leaving": 0,
            "administrators": 1, "sessions": 1, "tokens": 0, "suppressed": 0,
        });
        assert_eq!(figures, expected);
        let page = boss.get("/admin/audit").await.with(200);
        for words in ["overview-signed-in", "event-account-deactivated"] {
            assert!(page.text().contains(&english.say(words)), "{words}");
        }
        let first = boss.get("/admin/audit?limit=1").await.with(200);
        assert!(
            !first
                .text()
                .contains(&english.say("event-account-deactivated"))
        );
        assert!(first.body.contains("rel=\"next\""));

        let mut nobody = browser(world, &id).await;
        for path in ["/admin/audit", "/api/v1/admin/audit", "/api/v1/admin/stats"] {
            nobody.get(path).await.with(403);
        }
    });
}

#[test]
fn a_name_is_found_whatever_its_capitals_and_accents() {
    World::default_engine(&MIGRATIONS, async |world| {
        let boss = administrator(world, "boss@example.my", OWNER).await;
        let mut boss = browser(world, &boss).await;
        let guest = person(world, "guest@example.my", None).await;
        let site = accounts(world).site.clone();
        // As a program from before folded names writes them.
        let rename = async |name: &'static str| {
            let id = guest.clone();
            let change = move |tx: &mut Tx<'_>| {
                sql!(
                    "UPDATE account SET display_name = :name WHERE id = :id",
                    name,
                    id
                )
                .run(tx, Rows::Exactly(1))
            };
            write(world.store(), change).await;
        };
        let mut found = async |query: &str| {
            let page = boss.get(&format!("{API}?query={query}")).await;
            page.with(200).json()["items"].as_array().unwrap().len()
        };
        let all = sql!("UPDATE account SET folded_name = NULL");
        write(world.store(), move |tx| tx.run(all, &[], Rows::Any)).await;
        rename("Ömer Élodie Şahin").await;
        assert_eq!(found("MER").await, 1, "before the name was folded");
        assert_eq!(found("binti").await, 1);
        folded_names::run(&site).await.unwrap();
        for query in [
            "%C3%B6mer",
            "%C3%96MER",
            "omer",
            "%C3%A9lodie+%C5%9F",
            "Elodie+S",
        ] {
            assert_eq!(found(query).await, 1, "{query}");
        }
        rename("Zoë").await;
        folded_names::run(&site).await.unwrap();
        assert_eq!((found("omer").await, found("ZOE").await), (0, 1));
        assert_eq!(found("binti").await, 1);
    });
}
