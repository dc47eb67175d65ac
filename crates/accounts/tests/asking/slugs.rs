//! Tests of people's slugs in public URLs.

use axum::http::Method;
use identity::account::AccountId;
use identity::person::erasure::{self, EraseError, When};
use identity::person::slug::{self, Availability};
use identity::person::slug_change::{self, ALIAS_LIFETIME, PERIOD, SlugError};
use identity::session::signed_in::{self, SignedIn};
use identity::session::sudo::Sudo;
use identity::session::token::PROFILE_READ;
use jiff::SignedDuration;
use platform::{Store, Tx};
use serde_json::json;
use site::domains::for_identity;
use testkit::{World, rounds, together};

use crate::stage::{
    DOMAINS, MIGRATIONS, accounts, actions, begin, client, person, program, read, signed_in,
    visitor, write,
};

const FARAH: &str = "farah@example.my";

fn rename(
    store: &Store,
    who: &SignedIn,
    wanted: &'static str,
) -> impl Future<Output = Result<(), SlugError>> + Send + use<> {
    let (store, who, request) = (store.clone(), who.clone(), client(1).request);
    let change = move |tx: &mut Tx<'_>| {
        let confirmed = signed_in::confirmed(tx, &who)?.ok_or(SlugError::NotSignedIn)?;
        slug_change::change(tx, &confirmed, wanted, &request)
    };
    async move { store.write(change).await }
}

/// The account to which a slug leads, and that account's current slug.
async fn named(world: &World, wanted: &'static str) -> Option<(AccountId, String)> {
    let found = read(world.store(), move |tx| slug::account(tx, wanted)).await;
    found.map(|named| (named.id, named.slug))
}

#[test]
fn a_former_slug_leads_to_the_present_one_and_is_nobody_elses() {
    World::default_engine(&MIGRATIONS, async |world| {
        let store = world.store();
        let farah = person(world, FARAH, None).await;
        let mei = person(world, "mei@example.my", None).await;
        let who = signed_in(world, &farah).await;
        let other = signed_in(world, &mei).await;
        rename(store, &who, "farah").await.unwrap();
        rename(store, &who, "farah").await.unwrap();
        rename(store, &who, "farah-ali").await.unwrap();
        let now = Some((farah.clone(), "farah-ali".to_owned()));
        assert_eq!(named(world, "farah").await, now);
        assert_eq!(named(world, "farah-ali").await, now);
        let taken = rename(store, &other, "farah").await;
        assert!(matches!(taken, Err(SlugError::Taken)));
        let left = read(store, {
            let farah = farah.clone();
            move |tx| slug_change::find(tx, &farah)
        })
        .await;
        assert_eq!((left.changes_left, left.aliases.len()), (1, 1));

        // The person chooses the old slug again, so `farah-ali` becomes the former slug.
        rename(store, &who, "farah").await.unwrap();
        let now = Some((farah.clone(), "farah".to_owned()));
        assert_eq!(named(world, "farah-ali").await, now);
        let fourth = rename(store, &who, "farah-ali").await;
        assert!(matches!(fourth, Err(SlugError::LimitReached)));
        let renamed = actions(world).await;
        let renamed = renamed.iter().filter(|one| *one == "account.renamed");
        assert_eq!(renamed.count(), 3);

        world.clock.advance(PERIOD);
        let other = signed_in(world, &mei).await;
        let who = signed_in(world, &farah).await;
        rename(store, &who, "ali").await.unwrap();
        world
            .clock
            .advance(ALIAS_LIFETIME - PERIOD - SignedDuration::from_mins(1));
        let other_again = signed_in(world, &mei).await;
        assert!(named(world, "farah-ali").await.is_some());
        drop(other);
        world.clock.advance(SignedDuration::from_mins(2));
        assert_eq!(named(world, "farah-ali").await, None);
        let free = read(store, |tx| slug::availability(tx, "farah-ali")).await;
        assert_eq!(free, Availability::Free);
        rename(store, &other_again, "farah-ali").await.unwrap();
        assert_eq!(named(world, "farah-ali").await.unwrap().0, mei);
    });
}

#[test]
fn a_slug_is_well_formed_and_leads_nowhere_else() {
    World::default_engine(&MIGRATIONS, async |world| {
        let farah = person(world, FARAH, None).await;
        let begun = begin(world, &farah, identity::session::Stay::Visit, client(1)).await;
        let accounts = accounts(world);
        let mut browser = visitor(&accounts);
        browser.set_cookie("kd_session", begun.session.reveal());
        let held = write(world.store(), |tx| slug::reserve(tx, &["songs"])).await;
        assert_eq!(held, [""; 0]);
        let page = browser.get("/me/slug").await.with(200);
        for (typed, status) in [("Farah", 422), ("f", 422), ("admin", 422), ("songs", 422)] {
            let mut form = page.form("/me/slug");
            form.fill("slug", typed);
            browser.submit(&page, &form).await.with(status);
        }
        let mut form = page.form("/me/slug");
        form.fill("slug", " farah ");
        browser.submit(&page, &form).await.with(303);
        assert!(browser.get("/me/slug").await.body.contains("farah"));
        // A domain reserves a slug that an account already has. The account keeps it.
        let held = write(world.store(), |tx| slug::reserve(tx, &["songs", "farah"])).await;
        assert_eq!(held, ["farah"]);
        assert!(named(world, "farah").await.is_some());

        let mut stranger = visitor(&accounts);
        for (slug, valid, available) in [
            ("farah", false, false),
            ("songs", false, false),
            ("Mei", false, false),
            ("mei", true, true),
        ] {
            let found = stranger
                .get(&format!("/api/v1/slugs/{slug}"))
                .await
                .with(200);
            assert_eq!(
                found.json(),
                json!({"valid": valid, "available": available})
            );
        }
        for (name, slug) in [("Mei Ling!", "mei-ling"), ("Songs", "songs-2"), ("陈", "")] {
            let body = json!({"display_name": name});
            let found = stranger
                .call(Method::POST, "/api/v1/slugs/preview", &body)
                .await;
            assert_eq!(found.with(200).json()["slug"], slug);
        }
        for _ in 0..30 {
            stranger.get("/api/v1/slugs/mei").await;
        }
        stranger.get("/api/v1/slugs/mei").await.with(429);
        let mut robot = program(&accounts, &farah, &[PROFILE_READ]).await;
        robot.get("/api/v1/me/slug").await.with(403);
    });
}

#[test]
fn one_of_two_who_choose_the_same_slug_gets_it() {
    World::each_engine(&MIGRATIONS, async |world| {
        let second = world.second_store();
        for round in 0..rounds() {
            let [one, two] = [
                person(world, &format!("one{round}@example.my"), None).await,
                person(world, &format!("two{round}@example.my"), None).await,
            ];
            let [one, two] = [signed_in(world, &one).await, signed_in(world, &two).await];
            let wanted: &'static str = Box::leak(format!("farah-{round}").into_boxed_str());
            let store = world.store();
            let (one, two) =
                together(rename(store, &one, wanted), rename(&second, &two, wanted)).await;
            assert_ne!(one.is_ok(), two.is_ok(), "{one:?} {two:?}");
            assert!(matches!(one.and(two), Err(SlugError::Taken)));
        }
    });
}

#[test]
fn a_slug_never_leads_to_an_account_that_is_gone() {
    World::each_engine(&MIGRATIONS, async |world| {
        let second = world.second_store();
        for round in 0..rounds() {
            let id = person(world, &format!("farah{round}@example.my"), None).await;
            let who = signed_in(world, &id).await;
            let of = id.clone();
            write(world.store(), move |tx| slug::of(tx, &of)).await;
            let wanted: &'static str = Box::leak(format!("gone-{round}").into_boxed_str());
            let store = world.store();
            let sudo = Sudo::check(who.clone(), world.clock.now()).unwrap();
            let erase = move |tx: &mut Tx<'_>| {
                erasure::ask(
                    tx,
                    &for_identity(DOMAINS),
                    &sudo,
                    When::Now,
                    &client(1).request,
                )
            };
            let purge = {
                let second = second.clone();
                async move { second.write(erase).await }
            };
            let (renamed, erased) = together(rename(store, &who, wanted), purge).await;
            let _: () = Result::<_, EraseError>::unwrap(erased);
            assert!(
                matches!(renamed, Ok(()) | Err(SlugError::NotSignedIn)),
                "{renamed:?}"
            );
            assert_eq!(named(world, wanted).await, None);
        }
        let (left,): (i64,) = read(world.store(), |tx| {
            tx.one(
                platform::sql!("SELECT COUNT(*) FROM account_slug WHERE account_id IS NOT NULL"),
                &[],
            )
        })
        .await;
        assert_eq!(left, 0);
    });
}
