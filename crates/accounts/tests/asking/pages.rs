//! Tests of the pages for people who are not signed in.

use axum::http::Method;
use identity::people::{invite, setup};
use identity::session::Stay;
use identity::sign_in;
use platform::Secret;
use testkit::{Page, Visitor, World};

use crate::grants::manager;
use crate::stage::{
    CLUB, CLUB_OWNER, COORDINATOR, MIGRATIONS, OBSERVER, PASSWORD, accounts, accounts_at, begin,
    client, count_actions, english, expect_sign_in_mails, find_session, give, person, read, role,
    signed_in, usual_hash, visitor, write,
};

async fn sign_in_as(visitor: &mut Visitor, address: &str, email: &str, password: &str) -> Page {
    let page = visitor.get(address).await.with(200);
    let mut form = page.form("/login");
    form.fill("email", email).fill("password", password);
    visitor.submit(&page, &form).await
}

#[test]
fn signing_in_leads_where_one_wanted_to_go() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let hash = usual_hash(world).await;
        person(world, "farah@example.my", Some(&hash)).await;
        let mut visitor = visitor(&accounts);
        let page = visitor.get("/me/security").await;
        let way_in = page.location().unwrap().to_owned();
        assert_eq!(way_in, "/login?redirect=%2Fme%2Fsecurity");

        let page = sign_in_as(&mut visitor, &way_in, "farah@example.my", "something else").await;
        let page = page.with(401);
        assert!(
            page.text()
                .contains(&english(&accounts).say("form-problem")),
            "{}",
            page.text()
        );
        assert_eq!(page.form("/login").value("email"), Some("farah@example.my"));
        assert_eq!(page.form("/login").value("password"), Some(""));
        assert_eq!(page.form("/login").value("redirect"), Some("/me/security"));
        let page = sign_in_as(&mut visitor, &way_in, "farah@example.my", PASSWORD).await;
        assert_eq!(page.location(), Some("/me/security"));
        let cookies: Vec<_> = page.headers.get_all("set-cookie").iter().collect();
        let session = cookies[0].to_str().unwrap();
        assert!(
            session.starts_with("kd_session=") && session.contains("HttpOnly"),
            "{session}"
        );
        assert!(session.contains("SameSite=Lax; HttpOnly") && !session.contains("Max-Age"));
        assert!(!session.contains("Secure"), "plain HTTP on this machine");
        let device = cookies[1].to_str().unwrap();
        assert!(device.starts_with("kd_device=") && device.contains("Max-Age=15552000"));

        let page = visitor.get("/me/security").await.with(200);
        assert!(
            page.text().contains("Firefox")
                || page
                    .text()
                    .contains(&english(&accounts).say("account-session-unknown"))
        );
        let page = visitor.get("/login?redirect=//evil.example").await;
        assert_eq!(page.location(), Some("/"), "signed in already");
        expect_sign_in_mails(world, "farah@example.my", 1);
    });
}

#[test]
fn a_site_over_tls_guards_its_cookies_and_one_in_the_clear_lets_nobody_in() {
    World::default_engine(&MIGRATIONS, async |world| {
        let hash = usual_hash(world).await;
        person(world, "farah@example.my", Some(&hash)).await;
        let accounts = accounts_at(world, "https://kenduri.example");
        let mut visitor = visitor(&accounts);
        let page = visitor.get("/login").await.with(200);
        let mut form = page.form("/login");
        form.fill("email", "farah@example.my")
            .fill("password", PASSWORD)
            .tick("remember", "1");
        let page = visitor.submit(&page, &form).await.with(303);
        let session = page.header("set-cookie");
        assert!(session.starts_with("__Host-kd_session="), "{session}");
        assert!(session.ends_with("; Path=/; SameSite=Lax; Max-Age=604800; HttpOnly; Secure"));
        assert_eq!(page.location(), Some("/me/start"));

        let accounts = accounts_at(world, "http://kenduri.example");
        let mut visitor = crate::stage::visitor(&accounts);
        let page = visitor.get("/login").await.with(403);
        assert!(!page.text().is_empty());
        visitor.post("/login", &[]).await.with(403);
        expect_sign_in_mails(world, "farah@example.my", 1);
    });
}

#[test]
fn a_form_from_elsewhere_is_refused() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let hash = usual_hash(world).await;
        let id = person(world, "farah@example.my", Some(&hash)).await;
        let fields = [("email", "farah@example.my"), ("password", PASSWORD)];
        let mut stranger = visitor(&accounts);
        stranger.post("/login", &fields).await.with(403);
        stranger.get("/login").await.with(200);
        stranger.post("/login", &fields).await.with(403);
        let other = visitor(&accounts).get("/login").await.form("/login");
        let stolen = other.value("_csrf").unwrap().to_owned();
        let with = [fields[0], fields[1], ("_csrf", &*stolen)];
        stranger.post("/login", &with).await.with(403);

        let begun = begin(world, &id, Stay::Visit, client(1)).await;
        let mut visitor = visitor(&accounts);
        visitor.set_cookie("kd_session", begun.session.reveal());
        visitor.post("/logout", &[]).await.with(403);
        visitor.post("/me/security/sessions", &[]).await.with(403);
        visitor.header("sec-fetch-site", "cross-site");
        let page = visitor.get("/me/security").await.with(200);
        let form = page.form("/logout");
        visitor.submit(&page, &form).await.with(403);
        assert!(find_session(world, &begun.session).await.is_some());
    });
}

#[test]
fn signing_out_ends_the_session_and_may_be_done_twice() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let id = person(world, "farah@example.my", None).await;
        let begun = begin(world, &id, Stay::Visit, client(1)).await;
        let mut visitor = visitor(&accounts);
        visitor.set_cookie("kd_session", begun.session.reveal());
        let page = visitor.get("/me/security").await.with(200);
        let form = page.form("/logout");
        for _ in 0..2 {
            let answer = visitor.submit(&page, &form).await;
            assert_eq!(answer.location(), Some("/login"));
            let cleared = answer.header("clear-site-data");
            assert_eq!(cleared, "\"cache\", \"storage\"");
        }
        assert!(find_session(world, &begun.session).await.is_none());
        assert_eq!(visitor.cookie("kd_session"), None);
        assert_eq!(count_actions(world, "session.signed_out").await, 1);
    });
}

#[test]
fn the_first_owner_sets_up_and_the_door_closes() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let mut visitor = visitor(&accounts);
        visitor.get("/setup/guess").await.with(404);
        visitor.get("/setup").await.with(404);
        let key = write(world.store(), setup::make_key).await.unwrap();
        let address = format!("/setup/{}", key.reveal());
        let mut late = crate::stage::visitor(&accounts);
        let opened = late.get(&address).await.with(200);
        let page = visitor.get(&address).await.with(200);
        assert_eq!(page.header("referrer-policy"), "no-referrer");
        let mut form = page.form(&address);
        form.fill("name", "F")
            .fill("email", "farah")
            .fill("password", "password123");
        let page = visitor.submit(&page, &form).await.with(422);
        let text = page.text();
        for words in [&english(&accounts).say("form-problem"), "2", "50"] {
            assert!(text.contains(words), "{words:?} in {text}");
        }
        let mut form = page.form(&address);
        assert_eq!(form.value("email"), Some("farah"));
        form.fill("name", "Farah")
            .fill("email", "farah@example.my")
            .fill("password", PASSWORD);
        let done = visitor.submit(&page, &form).await;
        assert_eq!(done.location(), Some("/me/start"));
        let page = visitor.get("/me/security").await.with(200);
        assert!(page.text().contains("Farah"));
        visitor.get(&address).await.with(404);
        let mut form = opened.form(&address);
        form.fill("name", "Mei")
            .fill("email", "mei@example.my")
            .fill("password", PASSWORD);
        let before = accounts.hasher.count();
        late.submit(&opened, &form).await.with(404);
        assert_eq!(accounts.hasher.count(), before);
    });
}

#[test]
fn a_link_signs_in_only_when_its_button_is_pressed() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let id = person(world, "farah@example.my", None).await;
        let link = write(world.store(), move |tx| sign_in::create_link(tx, &id)).await;
        let address = format!("/sign-in/{}", link.reveal());
        let mut scanner = visitor(&accounts);
        scanner.get(&address).await.with(200);
        scanner
            .send(Method::HEAD, &address, None, axum::body::Bytes::new())
            .await
            .with(200);
        let mut visitor = visitor(&accounts);
        let page = visitor.get(&address).await.with(200);
        let form = page.form(&address);
        let done = visitor.submit(&page, &form).await;
        assert_eq!(done.location(), Some("/me/start"));
        visitor.get("/me/security").await.with(200);
        scanner.get(&address).await.with(400);
        expect_sign_in_mails(world, "farah@example.my", 1);
    });
}

#[test]
fn members_join_with_a_new_account_or_with_their_own() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let wedding = CLUB.scope("wedding");
        let owner = person(world, "farah@example.my", None).await;
        give(world, &owner, CLUB_OWNER, &wedding).await;
        let by = manager(world, &signed_in(world, &owner).await, &wedding)
            .await
            .unwrap();
        let invite = async || {
            let by = by.clone();
            let made = world
                .store()
                .write(move |tx| invite::create(tx, &by, COORDINATOR));
            format!("/admin/join/{}", made.await.unwrap().reveal())
        };

        let address = invite().await;
        let mut visitor = visitor(&accounts);
        let page = visitor.get(&address).await.with(200);
        let english = english(&accounts);
        let values = [
            ("name", "Farah binti Ali".into()),
            ("role", english.say("join-as-test").into()),
        ];
        let invited = english.fill("account-join-by", values);
        assert!(page.text().contains(&invited), "{}", page.text());
        // The page header also links to the sign-in page, but that link does not lead back to this
        // page.
        let mut links = page.links().into_iter().map(|link| link.href);
        let way_in = links.find(|href| href.starts_with("/login")).unwrap();
        assert!(
            way_in.starts_with("/login?redirect=/admin/join/"),
            "{way_in}"
        );
        let mut form = page.form(&address);
        form.fill("name", "Mei")
            .fill("email", "farah@example.my")
            .fill("password", PASSWORD);
        let page = visitor.submit(&page, &form).await.with(409);
        let mut form = page.form(&address);
        form.fill("email", "mei@example.my")
            .fill("password", PASSWORD);
        let done = visitor.submit(&page, &form).await;
        assert_eq!(done.location(), Some("/me/start"));
        let page = visitor.get("/me/security").await.with(200);
        assert!(page.text().contains("Mei"));
        visitor.get(&address).await.with(400);

        let known = person(world, "arjun@example.my", None).await;
        let begun = begin(world, &known, Stay::Visit, client(1)).await;
        let address = invite().await;
        visitor.set_cookie("kd_session", begun.session.reveal());
        let page = visitor.get(&address).await.with(200);
        let form = page.form(&address);
        assert_eq!(
            role(world, &known, &wedding).await,
            None,
            "nothing happened yet"
        );
        let done = visitor.submit(&page, &form).await;
        assert_eq!(done.location(), Some("/admin"));
        assert_eq!(role(world, &known, &wedding).await, Some(COORDINATOR));
    });
}

#[test]
fn every_page_speaks_both_languages_with_nothing_missing() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let wedding = CLUB.scope("wedding");
        let owner = person(world, "farah@example.my", None).await;
        give(world, &owner, CLUB_OWNER, &wedding).await;
        let by = manager(world, &signed_in(world, &owner).await, &wedding)
            .await
            .unwrap();
        let of = owner.clone();
        let link = write(world.store(), move |tx| sign_in::create_link(tx, &of)).await;
        let key = write(world.store(), setup::make_key).await.unwrap();
        let joining = world
            .store()
            .write(move |tx| invite::create(tx, &by, OBSERVER));
        let joining: Secret = joining.await.unwrap();
        let begun = begin(world, &owner, Stay::Visit, client(1)).await;
        let mut inside = visitor(&accounts);
        inside.set_cookie("kd_session", begun.session.reveal());
        let join = format!("/admin/join/{}", joining.reveal());
        let sign_in = format!("/sign-in/{}", link.reveal());
        let setup = format!("/setup/{}", key.reveal());
        for language in ["en", "ms"] {
            let mut outside = visitor(&accounts);
            for address in ["/login", &sign_in, &setup, &join] {
                let page = outside
                    .get(&format!("{address}?lang={language}"))
                    .await
                    .with(200);
                check(&page, language);
            }
            for address in [&join, "/me/security", "/me/security?done=token"] {
                let mark = if address.contains('?') { '&' } else { '?' };
                let page = inside.get(&format!("{address}{mark}lang={language}")).await;
                check(&page.with(200), language);
            }
        }
        assert_eq!(accounts.site.catalogue.missing(), Vec::<String>::new());
    });
}

fn check(page: &Page, language: &str) {
    let body = &page.body;
    assert!(
        body.contains(&format!("<html lang=\"{language}\"")),
        "{}",
        page.address
    );
    assert_eq!(body.matches("<h1").count(), 1, "{}", page.address);
    assert!(
        !body.contains("style=") && !body.contains("<script>"),
        "{}",
        page.address
    );
    for field in page.forms().iter().flat_map(|form| &form.fields) {
        let labelled = ["hidden", "submit", "checkbox"].contains(&field.kind.as_str())
            || body.contains(&format!("for=\"{}\"", field.name));
        assert!(labelled, "{} {}", page.address, field.name);
    }
}

#[test]
fn nobody_learns_more_from_a_look_than_they_should() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let mut visitor = visitor(&accounts);
        let page = visitor.get("/.well-known/change-password").await.with(302);
        assert_eq!(page.location(), Some("/me/security"));
        let page = visitor.get("/admin/login").await;
        assert_eq!(page.location(), Some("/login"));
        for address in ["/admin/join/guess", "/sign-in/guess"] {
            visitor.get(address).await.with(400);
        }
        let rows: Vec<(i64,)> = read(world.store(), |tx| {
            tx.all(platform::sql!("SELECT COUNT(*) FROM account"), &[])
        })
        .await;
        assert_eq!(rows[0].0, 0);
    });
}
