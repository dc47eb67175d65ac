//! Tests of registrations from one network: those that are confirmed, and those with a group link.

use identity::account::AccountId;
use identity::grant;
use identity::person::group_link::{self, GroupLink, GroupLinkId};
use identity::session::Stay;
use jiff::SignedDuration;
use platform::{Rows, Tx, sql};
use site::Context;
use testkit::{Visitor, World, rounds, together};

use crate::inviting::inviter;
use crate::registering::{expect, link, open, register};
use crate::stage::{MIGRATIONS, begin, client, in_process, person, read, visitor, write};

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

/// Stores a link with one use left, and returns its token.
async fn with_one_use(world: &World, accounts: &Context, maker: &AccountId) -> String {
    let maker = maker.clone();
    let id = write(world.store(), move |tx: &mut Tx<'_>| {
        let (id, now): (GroupLinkId, _) = (tx.id(), tx.now());
        sql!(
            "INSERT INTO group_link (id, made_by, title, path, uses, used, expires_at, created_at)
             VALUES (:id, :maker, '', '', 2, 1, :until, :now)",
            id,
            maker,
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
            let token = with_one_use(world, &accounts, &maker).await;
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
