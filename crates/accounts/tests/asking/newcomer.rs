//! Tests of a person's first steps after registering: a form submitted at once, another mail,
//! another email address, and the banner on every page until the address is confirmed.

use testkit::World;

use crate::registering::{EMAIL, expect, is_confirmed, link, open, register, sign_in};
use crate::stage::{MIGRATIONS, PASSWORD, english, read, visitor};

#[test]
fn a_form_that_a_password_manager_fills_in_at_once_is_taken() {
    World::each_engine(&MIGRATIONS, async |world| {
        let accounts = open(world);
        let mut farah = visitor(&accounts);
        let page = farah.get("/register").await.with(200);
        let mut form = page.form("/register");
        form.fill("display_name", "Farah binti Ali")
            .fill("email", EMAIL)
            .fill("password", PASSWORD);
        farah.submit(&page, &form).await.with(202);
        expect(world, &accounts, EMAIL, "mail-verify-subject");
    });
}

#[test]
fn a_mail_is_sent_again_and_a_wrong_address_is_changed_in_the_browser_that_registered() {
    World::each_engine(&MIGRATIONS, async |world| {
        let accounts = open(world);
        let mut farah = visitor(&accounts);
        let wrong = [("email", "fara@example.my"), ("slug", "farah")];
        let page = register(world, &mut farah, &wrong).await.with(202);
        assert!(page.body.contains("<b class=\"ltr\">fara@example.my</b>"));
        let again = page.form("/register/again");
        // At most one mail is sent in a minute. The response does not reveal whether a mail was
        // sent.
        let sent = farah.submit(&page, &again).await.with(202);
        let more = farah.submit(&page, &again).await.with(202);
        assert_eq!(sent.text(), more.text());
        assert_eq!(world.mails().await.len(), 2);
        let change = page.form("/register/change");
        let page = farah.submit(&page, &change).await.with(200);
        let mut form = page.form("/register");
        assert_eq!(form.value("email"), Some("fara@example.my"));
        form.fill("email", EMAIL)
            .fill("slug", "farah")
            .fill("password", PASSWORD);
        farah.submit(&page, &form).await.with(202);
        let wrong = "fara@example.my".parse().unwrap();
        let left = read(world.store(), move |tx| {
            identity::account::find_by_email(tx, &wrong)
        });
        assert!(left.await.is_none(), "the account of the wrong address");
        expect(world, &accounts, EMAIL, "mail-verify-subject");
        let link = link(world, "/verify/").await;
        let page = farah.get(&link).await.with(200);
        farah.submit(&page, &page.form("")).await.with(303);
        assert!(is_confirmed(&accounts, EMAIL).await);
    });
}

#[test]
fn every_page_says_that_the_address_is_not_confirmed() {
    World::each_engine(&MIGRATIONS, async |world| {
        let accounts = open(world);
        register(world, &mut visitor(&accounts), &[])
            .await
            .with(202);
        expect(world, &accounts, EMAIL, "mail-verify-subject");
        let mut farah = visitor(&accounts);
        assert_eq!(sign_in(&mut farah, PASSWORD).await.status, 303);
        for (at, status) in [("/me", 200), ("/me/profile", 200), ("/nowhere", 404)] {
            let page = farah.get(at).await.with(status);
            let words = english(&accounts).say("account-pending");
            assert!(page.text().contains(&words), "{at}");
        }
        let page = farah.get("/me").await;
        let again = page.form("/me/email/verify");
        farah.submit(&page, &again).await.with(303);
        expect(world, &accounts, EMAIL, "mail-verify-subject");
    });
}
