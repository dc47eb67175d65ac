//! Tests of registrations from one network: those that are confirmed, and those with a group link.

use axum::http::Method;
use identity::account::AccountId;
use identity::grant::{self, Scope};
use identity::person::group_link::{self, GroupLink, GroupLinkId};
use identity::session::Stay;
use jiff::SignedDuration;
use platform::{Rows, Tx, sql};
use serde_json::{Value, json};
use site::Context;
use testkit::{Visitor, World, rounds, together};

use crate::identities::{EMAIL, browser, claims, me};
use crate::inviting::inviter;
use crate::provider::Provider;
use crate::registering::{expect, link, open, register};
use crate::stage::{
    MIGRATIONS, begin, client, expect_sign_in_mails, give, in_process, person, read, visitor, write,
};

/// Registers with an address of this number, and confirms it if `confirms`. Returns the status.
async fn enter(
    world: &World,
    accounts: &Context,
    browser: &mut Visitor,
    number: u16,
    confirms: bool,
) -> u16 {
    let email = format!("{number}@example.my");
    let page = register(world, browser, &[("email", &email)]).await;
    if page.status == 202 {
        expect(world, accounts, &email, "mail-verify-subject");
        if confirms {
            let sent = link(world, "/verify/").await;
            let page = browser.get(&sent).await.with(200);
            let form = page.form("");
            browser.submit(&page, &form).await.with(303);
        }
    }
    page.status.as_u16()
}

#[test]
fn forty_confirmed_registrations_of_a_network_do_not_count() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = open(world);
        let mut refused = Vec::new();
        for number in 0..55 {
            let mut browser = visitor(&accounts);
            // The forty-first confirmation leaves its registration counted.
            if enter(world, &accounts, &mut browser, number, number < 41).await == 429 {
                refused.push(number);
            }
        }
        assert_eq!(refused, [50, 51, 52, 53, 54]);
        world.clock.advance(SignedDuration::from_hours(1));
        let mut browser = visitor(&accounts);
        assert_eq!(enter(world, &accounts, &mut browser, 60, false).await, 202);
    });
}

#[test]
fn a_group_registers_with_its_link_beyond_the_networks_limit() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = open(world);
        for number in 0..10 {
            let mut browser = visitor(&accounts);
            assert_eq!(
                enter(world, &accounts, &mut browser, number, false).await,
                202
            );
        }
        let mut owner = inviter(world, &accounts, "farah@example.my", grant::OWNER).await;
        let page = owner.get("/me/group-links").await.with(200);
        let mut form = page.form("/me/group-links");
        for (uses, days) in [("1", "7"), ("201", "7"), ("2", "31"), ("x", "7")] {
            form.fill("uses", uses).fill("days", days);
            owner.submit(&page, &form).await.with(422);
        }
        form.fill("uses", "2").fill("days", "30");
        owner.submit(&page, &form).await.with(303);
        let page = owner.get("/me/group-links").await.with(200);
        assert!(page.body.contains("<svg class=\"qr\""));
        let at = page.body.find("/group/").unwrap();
        let group = page.body[at..].split('"').next().unwrap().to_owned();

        for (number, status) in [(20, 202), (21, 202), (22, 429)] {
            let mut browser = visitor(&accounts);
            let page = browser.get(&group).await;
            let is_open = status == 202;
            assert_eq!(page.status.as_u16(), if is_open { 303 } else { 400 });
            let entered = enter(world, &accounts, &mut browser, number, is_open).await;
            assert_eq!(entered, status);
        }
        let mut forged = group.clone();
        forged.pop();
        visitor(&accounts).get(&forged).await.with(400);

        let page = owner.get("/me/group-links").await.with(200);
        assert!(page.text().contains("2 of 2 used."));
        let ending = page.form("/me/group-links/end");
        owner.submit(&page, &ending).await.with(303);
        let page = owner.get("/me/group-links").await.with(200);
        assert!(!page.body.contains("/group/"));
        let id = person(world, "mei@example.my", None).await;
        let mut member = visitor(&accounts);
        let begun = begin(world, &id, Stay::Visit, client(1)).await;
        member.set_cookie("kd_session", begun.session.reveal());
        member.get("/me/group-links").await.with(403);
    });
}

#[test]
fn a_newcomer_with_a_provider_counts_against_the_link_and_lands_on_its_page() {
    World::default_engine(&MIGRATIONS, async |world| {
        let provider = Provider::start().await;
        let accounts = provider.site(world, true);
        let maker = person(world, "maker@example.my", None).await;
        let token = with_one_use(world, &accounts, &maker, "/me/profile").await;
        let mut farah = visitor(&accounts);
        let group = format!("/group/{token}");
        farah.get(&group).await.with(303);
        let page = provider.sign_in(world, &mut farah, &claims("1")).await;
        assert_eq!(page.with(303).location(), Some("/me/profile"));
        assert!(me(&mut farah).await.is_some());
        visitor(&accounts).get(&group).await.with(400);
        // Whoever has an account is led there too, and counts no more.
        let token = with_one_use(world, &accounts, &maker, "/me/profile").await;
        let group = format!("/group/{token}");
        let mut again = visitor(&accounts);
        again.get(&group).await.with(303);
        let page = provider.sign_in(world, &mut again, &claims("1")).await;
        assert_eq!(page.with(303).location(), Some("/me/profile"));
        // Later sign-ins lead home.
        let mut later = again.clone();
        later.set_cookie("kd_session", "");
        let page = provider.sign_in(world, &mut later, &claims("1")).await;
        assert_eq!(page.with(303).location(), Some("/me/start"));

        // A newcomer of whom the provider vouches for no address registers with the link as well.
        let untrusted = provider.site(world, false);
        let mut mei = visitor(&untrusted);
        mei.get(&group).await.with(303);
        let page = provider.sign_in(world, &mut mei, &claims("2")).await;
        let page = mei.follow(page.with(303)).await.with(200);
        let mut form = page.form("");
        form.fill("email", "mei@example.my");
        mei.submit(&page, &form).await.with(202);
        expect(world, &untrusted, "mei@example.my", "mail-verify-subject");
        visitor(&accounts).get(&group).await.with(400);
        let sent = link(world, "/verify/").await;
        let page = mei.get(&sent).await.with(200);
        let page = mei.submit(&page, &page.form("")).await;
        assert_eq!(page.with(303).location(), Some("/me/profile"));
        expect_sign_in_mails(world, EMAIL, 1);
    });
}

#[test]
fn programs_of_a_page_make_list_and_end_links() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = open(world);
        let at = "/api/v1/me/group-links";
        let owner = person(world, "farah@example.my", None).await;
        give(world, &owner, grant::OWNER, &Scope::site()).await;
        let mut owner = browser(world, &accounts, &owner).await;
        for (wrong, pointer) in [
            (json!({"uses": 1, "days": 7}), "/uses"),
            (json!({"uses": 2, "days": 31}), "/days"),
            (json!({"uses": 2, "days": 7, "path": "/me"}), "/path"),
        ] {
            let refused = owner.call(Method::POST, at, &wrong).await.with(422);
            assert_eq!(refused.json()["errors"][0]["pointer"], pointer, "{wrong}");
        }
        let new = json!({"uses": 2, "days": 7});
        let made = owner.call(Method::POST, at, &new).await.with(201).json();
        let url = made["url"].as_str().unwrap();
        let group = url.strip_prefix("http://127.0.0.1:8080").unwrap();
        visitor(&accounts).get(group).await.with(303);
        let all = owner.get(at).await.with(200).json();
        assert_eq!(all["items"], json!([made]));
        let places = owner.get(&format!("{at}/places")).await.with(200).json();
        assert_eq!(places["items"], json!([]));

        let mei = person(world, "mei@example.my", None).await;
        let mut mei = browser(world, &accounts, &mei).await;
        let one = format!("{at}/{}", made["id"].as_str().unwrap());
        mei.get(at).await.with(403);
        mei.call(Method::POST, at, &new).await.with(403);
        mei.call(Method::DELETE, &one, &Value::Null).await.with(403);
        owner
            .call(Method::DELETE, &one, &Value::Null)
            .await
            .with(204);
        owner
            .call(Method::DELETE, &one, &Value::Null)
            .await
            .with(404);
        visitor(&accounts).get(group).await.with(400);
    });
}

/// Stores a link to this page with one use left, and returns its token.
async fn with_one_use(world: &World, accounts: &Context, maker: &AccountId, to: &str) -> String {
    let (maker, to) = (maker.clone(), to.to_owned());
    let id = write(world.store(), move |tx: &mut Tx<'_>| {
        let (id, now): (GroupLinkId, _) = (tx.id(), tx.now());
        sql!(
            "INSERT INTO group_link (id, made_by, title, path, uses, used, expires_at, created_at)
             VALUES (:id, :maker, '', :to, 2, 1, :until, :now)",
            id,
            maker,
            to,
            until = now + SignedDuration::from_hours(1),
            now
        )
        .run(tx, Rows::Exactly(1))?;
        Ok(id)
    })
    .await;
    let site = accounts.site.clone();
    let found = read(world.store(), move |tx| {
        let all: Vec<GroupLink> =
            sql!("SELECT {GroupLink} FROM group_link WHERE id = :id", id).all(tx)?;
        Ok(all)
    })
    .await;
    found[0].token(&site)
}

#[test]
fn of_two_who_come_at_once_one_takes_a_links_last_use() {
    World::each_engine(&MIGRATIONS, async |world| {
        let accounts = open(world);
        let second = in_process(&accounts, &world.second_store());
        let maker = person(world, "farah@example.my", None).await;
        for round in 0..rounds() {
            let token = with_one_use(world, &accounts, &maker, "").await;
            let take = |accounts: &Context| {
                let (site, token) = (accounts.site.clone(), token.clone());
                async move {
                    let store = site.store.clone();
                    let change = move |tx: &mut Tx<'_>| group_link::take(tx, &site, &token);
                    store.write(change).await.unwrap().is_some()
                }
            };
            let (one, other) = together(take(&accounts), take(&second)).await;
            assert!(one != other, "round {round}");
        }
    });
}
