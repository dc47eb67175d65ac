//! Tests of the page that lists what a person shares with others. A password reset leads to this
//! page.

use identity::grant::{ACCOUNT, TRUSTED_CONTACT};
use testkit::World;

use crate::registering::{expect, link};
use crate::resetting::ask;
use crate::stage::{MIGRATIONS, accounts, expect_sign_in_mails, give, person, visitor};
use crate::unconfirmed::verify;

const FARAH: &str = "farah@example.my";
const NEW: &str = "dua pantun lama";

#[test]
fn a_new_password_leads_to_what_is_still_shared_and_one_press_ends_it() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = accounts(world);
        let farah = person(world, FARAH, None).await;
        verify(world, &farah).await;
        let thief = person(world, "thief@example.my", None).await;
        give(world, &thief, TRUSTED_CONTACT, &ACCOUNT.scope(&farah)).await;

        ask(world, &accounts, FARAH, "reset").await;
        let sent = link(world, "/reset/").await;
        let mut browser = visitor(&accounts);
        let page = browser.get(&sent).await.with(200);
        let mut form = page.form("");
        let done = browser.submit(&page, form.fill("password", NEW)).await;
        let mut links = done.with(200).links().into_iter().map(|link| link.href);
        let onward = links.find(|href| href.starts_with("/login")).unwrap();
        let page = browser.get(&onward).await.with(200);
        let mut form = page.form("/login");
        form.fill("email", FARAH).fill("password", NEW);
        let signed_in = browser.submit(&page, &form).await.with(303);
        assert_eq!(signed_in.location(), Some("/me/shared"));
        let page = browser.get("/me/shared").await.with(200);
        assert!(page.text().contains("Trusted contact"), "{}", page.text());
        let ended = browser
            .submit(&page, &page.form("/me/trusted/remove"))
            .await;
        let back = ended.with(303).location().unwrap().to_owned();
        assert_eq!(back, "/me/shared?done=ended");
        let page = browser.get(&back).await.with(200);
        assert!(page.text().contains("You share nothing"), "{}", page.text());
        // The navigation on all of the person's pages links to this page.
        let me = browser.get("/me/profile").await.with(200);
        assert_eq!(me.link("Sharing").href, "/me/shared");

        expect(world, &accounts, FARAH, "mail-reset-subject");
        expect(world, &accounts, FARAH, "mail-password-subject");
        expect_sign_in_mails(world, FARAH, 1);
    });
}
