//! Tests of sites whose mails or links reach nobody: what stays in the mailbox, and what pages say
//! before they send or print.

use jiff::SignedDuration;
use occasions::hosting::campaign::CampaignState;
use occasions::hosting::mail_text::MailKind;

use crate::campaigns::counts;
use crate::pages::HOME;
use crate::stage::on_default;

#[test]
fn what_stays_in_the_mailbox_is_not_sent_and_leaves_later() {
    on_default(async |stage| {
        stage.label_four().await;
        let postman = stage.postman();
        let id = stage.order(MailKind::Invitation, 0).await.campaign.id;
        for _ in 0..3 {
            postman.run_due().await.unwrap();
            stage.world.clock.advance(SignedDuration::from_secs(1));
        }
        let kept = stage.look(&id).await;
        assert_eq!(kept.campaign.state, CampaignState::Sent);
        assert_eq!(counts(&kept), [("mailbox", 4), ("skipped", 1)]);
        let mut host = stage.public(&stage.coordinator);
        let at = format!("{HOME}/mail/{id}");
        let page = host.get(&at).await;
        assert!(page.text().contains(&stage.say("host-mail-mailbox")));
        // A mail server has been set since.
        let again = host.submit(&page, &page.form(&format!("{at}/retry"))).await;
        host.follow(again).await.expect(200);
        stage.seconds(&postman, 3).await;
        let sent = stage.look(&id).await;
        assert_eq!(counts(&sent), [("sent", 4), ("skipped", 1)]);
        stage
            .expect_invitations(&["RAHMA", "ROSSI", "LATE1", "TANWE"])
            .await;
    });
}

#[test]
fn pages_that_send_or_print_say_that_nothing_reaches_guests() {
    on_default(async |stage| {
        let mut host = stage.site_at("192.168.1.5", false, &stage.coordinator);
        let mail = stage.say("mail-stays");
        let values = [("address", "http://192.168.1.5".into())];
        let address = stage.fill("address-private", values);
        let ready = stage.say("host-ready-private-address");
        let links = stage.say("host-block-address");
        // Who does not run the site is told whom to ask.
        let values = [("address", "http://192.168.1.5".into())];
        let ask = stage.fill("host-block-address-ask", values);
        let off = stage.say("host-block-mailbox");
        for (rest, words) in [
            ("/mail", &[&mail, &address][..]),
            ("/mail/new?kind=invitation", &[&mail, &address]),
            ("/send", &[&links, &ask]),
            ("/notifications", &[&mail]),
            ("/print", &[&address]),
            ("/print/cards", &[&address]),
            ("/print/a6", &[&address]),
            ("/members", &[&address]),
            ("/ready", &[&address, &ready]),
        ] {
            let page = host.get(&format!("{HOME}{rest}")).await;
            for words in words {
                assert!(page.text().contains(*words), "{rest}: {}", page.text());
            }
        }
        // Where no link can be opened, a page does not say that other ways work.
        let send = host.get(&format!("{HOME}/send")).await;
        assert!(!send.text().contains(&off), "{}", send.text());
        let mut host = stage.site_at("wedding.example", false, &stage.coordinator);
        let send = host.get(&format!("{HOME}/send")).await;
        assert!(send.text().contains(&off), "{}", send.text());
        let mut host = stage.public(&stage.coordinator);
        let address = stage.fill(
            "address-private",
            [("address", "http://wedding.example".into())],
        );
        for rest in ["/mail", "/print/cards", "/ready"] {
            let page = host.get(&format!("{HOME}{rest}")).await;
            page.expect(200);
            for words in [&mail, &address, &ready] {
                assert!(!page.text().contains(words), "{rest}");
            }
        }
    });
}
