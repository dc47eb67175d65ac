//! Tests of the page that people see after signing in, of notifications, and of the site's look.

use identity::account::AccountId;
use identity::grant::OWNER;
use identity::notification::{self, NewNotification};
use platform::jobs::Worker;
use platform::store::migrate::Migrations;
use platform::{StoreError, Tx};
use site::Context;
use site::domain::{Domain, Domains};
use site::domains;
use site::look::{self, FirstPage};
use testkit::World;
use web::state::{Label, MenuItem};

use crate::people::{administrator, browser};
use crate::registering::EMAIL;
use crate::stage::{MIGRATIONS, accounts, english, person, read, visitor, write};

/// Declares a test domain with public content.
const GARDEN: Domains = &[
    accounts::DOMAIN,
    Domain {
        first_pages: &[FirstPage {
            word: "garden",
            label: "scope-test",
            argument: "NAME",
            find: |_, which| Ok((which == "roses").then(|| "/login".to_owned())),
        }],
        offers: |_| {
            let item = |href: &str, words: &str| MenuItem {
                href: href.to_owned(),
                label: Label::Words(words.to_owned()),
            };
            Ok(vec![item("/roses", "Roses"), item("/weeds", "Weeds")])
        },
        locales: &[
            ("en", "scope-test = A bed\n"),
            ("ms", "scope-test = Batas\n"),
        ],
        ..Domain::new(Migrations::new("garden", &[]))
    },
];

fn with_garden(world: &World) -> Context {
    crate::stage::accounts_of(world, GARDEN)
}

async fn begin(world: &World, home: &'static str) {
    write(world.store(), move |tx| look::begin(tx, home)).await;
}

async fn work(accounts: &Context) {
    let site = &accounts.site;
    let handlers = domains::jobs(accounts);
    let (store, clock) = (site.store.clone(), site.clock.clone());
    let worker = Worker::new(store, clock, site.random.clone(), handlers);
    while worker.run_due().await.unwrap() > 0 {}
}

async fn unread(world: &World, id: &AccountId) -> i64 {
    let id = id.clone();
    read(world.store(), move |tx| notification::count_unread(tx, &id)).await
}

#[test]
fn a_page_that_is_not_there_keeps_the_navigation_of_whoever_is_signed_in() {
    World::default_engine(&MIGRATIONS, async |world| {
        let id = person(world, EMAIL, None).await;
        let mut farah = browser(world, &id).await;
        let page = farah.get("/nowhere").await.with(404);
        page.form("/logout");
        assert!(page.links().iter().any(|link| link.href == "/me/profile"));
        let page = visitor(&accounts(world)).get("/nowhere").await.with(404);
        assert!(page.forms().is_empty());
    });
}

#[test]
fn people_are_told_once_and_by_mail_where_they_chose_it() {
    World::default_engine(&MIGRATIONS, async |world| {
        let id = person(world, EMAIL, None).await;
        let accounts = accounts(world);
        let mut farah = browser(world, &id).await;
        let tell = async |about: &'static str| {
            let (site, id) = (accounts.site.clone(), id.clone());
            let new = NewNotification {
                kind: "notification-first-page",
                about,
                href: "/admin/look",
            };
            write(world.store(), move |tx| {
                notification::tell(tx, &site, &id, new)
            })
            .await;
        };
        tell("one").await;
        tell("one").await;
        tell("other").await;
        assert_eq!(unread(world, &id).await, 2);
        let page = farah.get("/me").await.with(200);
        let badge = english(&accounts).say("notification-title");
        let links = page.links();
        let badge = links.iter().find(|link| link.text.starts_with(&badge));
        assert!(badge.unwrap().text.ends_with('2'));
        let listed = farah.get("/api/v1/me/notices").await.with(200).json();
        assert_eq!(listed["items"].as_array().unwrap().len(), 2);
        assert_eq!(listed["items"][0]["read_at"], serde_json::Value::Null);
        assert_eq!(listed["items"][0]["href"], "/admin/look");
        let page = farah.get("/me/notices").await.with(200);
        let form = page.form("/me/notices");
        farah.submit(&page, &form).await.with(303);
        assert_eq!(unread(world, &id).await, 0);
        let listed = farah.get("/api/v1/me/notices").await.with(200).json();
        assert!(listed["items"][0]["read_at"].is_string());
        // The same notification is not repeated within a day, but it is afterwards.
        tell("one").await;
        assert_eq!(unread(world, &id).await, 0);
        let page = farah.get("/me/notices").await.with(200);
        let mut form = page.form("/me/notices/mail");
        form.tick("by_mail", "1");
        farah.submit(&page, &form).await.with(303);
        world.clock.advance(jiff::SignedDuration::from_hours(25));
        world.expect_mail(
            EMAIL,
            &english(&accounts).fill(
                "notification-mail-subject",
                [("site", "Kenduri Kami".into())],
            ),
        );
        tell("one").await;
        assert_eq!(unread(world, &id).await, 1);
    });
}

#[test]
fn the_first_page_is_what_an_owner_chose_and_falls_back_when_that_is_gone() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = with_garden(world);
        let owner = administrator(world, "owner@example.my", OWNER).await;
        begin(world, "garden:roses").await;
        // The configuration of the first page applies only to new stores, so this change has no
        // effect.
        begin(world, "site").await;
        let mut visitor = visitor(&accounts);
        visitor.get("/").await.with(200).form("/login");
        work(&accounts).await;
        assert_eq!(unread(world, &owner).await, 0);

        write(world.store(), |tx: &mut Tx<'_>| -> Result<(), StoreError> {
            let gone = platform::sql!("UPDATE site_look SET home = 'garden:weeds'");
            tx.run(gone, &[], platform::Rows::Exactly(1))?;
            Ok(())
        })
        .await;
        let page = visitor.get("/").await.with(200);
        assert!(page.forms().is_empty() && page.text().contains("Kenduri Kami"));
        work(&accounts).await;
        world.clock.advance(jiff::SignedDuration::from_mins(2));
        work(&accounts).await;
        assert_eq!(unread(world, &owner).await, 1);
    });
}

#[test]
fn owners_alone_say_what_stands_at_the_first_page_and_in_the_menu() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = with_garden(world);
        let owner = administrator(world, "owner@example.my", OWNER).await;
        let mut other = browser(world, &person(world, EMAIL, None).await).await;
        other.get("/admin/look").await.with(404);
        let mut boss = visitor(&accounts);
        let begun = crate::stage::begin(
            world,
            &owner,
            identity::session::Stay::Visit,
            crate::stage::client(1),
        )
        .await;
        boss.set_cookie("kd_session", begun.session.reveal());
        let menu = |page: &testkit::Page| -> Vec<String> {
            let links = page.links().into_iter().map(|link| link.href);
            links
                .filter(|href| ["/roses", "/weeds"].contains(&href.as_str()))
                .collect()
        };
        let mut visitor = visitor(&accounts);
        assert_eq!(menu(&visitor.get("/").await), ["/roses", "/weeds"]);
        let page = boss.get("/admin/look").await.with(200);
        let mut form = page.form("/admin/look");
        form.fill("introduction", "Welcome to <us>")
            .fill("menu/weeds", "1")
            .fill("menu/roses", "2");
        boss.submit(&page, &form).await.with(303);
        let shown = visitor.get("/").await.with(200);
        assert_eq!(menu(&shown), ["/weeds", "/roses"]);
        assert!(shown.body.contains("Welcome to &#60;us&#62;"));
        // The form is based on an outdated version, so it is refused.
        boss.submit(&page, &form).await.with(409);
        let page = boss.get("/admin/look").await.with(200);
        let mut form = page.form("/admin/look");
        form.fill("home", "garden").fill("home_which", "weeds");
        boss.submit(&page, &form).await.with(422);
        form.fill("home_which", "roses").fill("menu/roses", "");
        boss.submit(&page, &form).await.with(303);
        let shown = visitor.get("/").await.with(200);
        shown.form("/login");
        assert_eq!(menu(&shown), ["/weeds"]);
    });
}
