//! Tests of the hosts' mail pages without JavaScript: the texts, the preview in two languages, the
//! test mail, the recipients and the progress.

use occasions::hosting::campaign;
use platform::mail::suppression;
use serde_json::json;

use crate::campaigns::FOUR;
use crate::pages::HOME;
use crate::stage::{call, on_default};

#[test]
fn a_host_writes_tries_sends_and_watches() {
    on_default(async |stage| {
        stage.label_four().await;
        let mut host = stage.public(&stage.coordinator);
        let group = host.get(&format!("{HOME}/menu/send")).await;
        let mail = host.get(&group.link(&stage.say("host-mail")).href).await;
        mail.expect(200);
        assert!(mail.text().contains(&stage.say("host-mail-none")));

        let at = format!("{HOME}/mail/texts/invitation");
        let texts = host.get(&at).await;
        let mut form = texts.form(&at);
        assert_eq!(
            form.value("subject.en"),
            Some("You are invited: {occasion_title}")
        );
        assert!(form.value("body.ms").unwrap().contains("{rsvp_link}"));
        for (name, near) in [("{nobody}", "none"), ("{guestname}", "{guests}")] {
            let written = format!("Come, {{household}}! {name}\n\n{{rsvp_link}}");
            form.fill("body.en", &written);
            let refused = host.submit(&texts, &form).await;
            refused.expect(422);
            let values = [("name", name.into()), ("near", near.into())];
            let why = stage.fill("problem-placeholder-unknown", values);
            assert!(refused.text().contains(&why), "{}", refused.text());
        }
        form.fill(
            "body.en",
            "Come, {household}! See https://example.com/map.\n\n{rsvp_link}",
        );
        form.press("preview", "1");
        let saved = host.submit(&texts, &form).await;
        let preview = host.follow(saved).await;
        preview.expect(200);

        let frame = host.get(&format!("{at}/preview/page?language=en")).await;
        frame.expect(200);
        assert!(frame.header("content-security-policy").contains("sandbox"));
        assert!(
            frame.body.contains("https://example.com/map"),
            "{}",
            frame.body
        );
        // In right-to-left text, invisible isolating characters keep telephone numbers and
        // addresses in order.
        let arabic = host.get(&format!("{at}/preview/page?language=ar")).await;
        let told = &arabic.body;
        assert!(told.contains("\u{2066}012-345 6789\u{2069}"), "{told}");
        assert!(
            told.contains("<span dir=\"auto\">Dewan Seri Melati</span>"),
            "{told}"
        );
        let malay = host.get(&format!("{at}/preview?language=ms")).await;
        assert!(malay.text().contains("Jemputan: "), "{}", malay.text());
        let form = malay.form(&format!("{at}/test"));
        let tried = host.submit(&malay, &form).await;
        let done = host.follow(tried).await;
        assert!(done.text().contains(&stage.say("host-done-trial")));
        let mails = stage.world.mails().await;
        let trial = &mails[0];
        assert_eq!(trial.recipient, "coordinator@example.com");
        assert!(
            trial.subject.starts_with("[Test] Jemputan: "),
            "{}",
            trial.subject
        );
        stage.world.expect_mail(&trial.recipient, &trial.subject);

        // The page lists the recipients before the campaign is sent.
        let key = stage.site.keys.key(suppression::PURPOSE);
        let rossi = "rossi@example.com".parse().unwrap();
        let scope = stage.occasion.to_string();
        let stream = campaign::audience::STREAM;
        let link = suppression::unsubscribe_link(&key, &rossi, stream, Some(&scope));
        stage.nobody().post(&link, &[]).await.expect(200);
        let new = host
            .get(&format!("{HOME}/mail/new?kind=invitation&tag=Four"))
            .await;
        let words = new.text();
        for id in ["host-mail-without-address", "host-skip-unsubscribed"] {
            assert!(words.contains(&stage.say(id)), "{id}: {words}");
        }
        assert!(words.contains("Send to 3 households"), "{words}");
        let form = new.form(&format!("{HOME}/mail"));
        let ordered = host.submit(&new, &form).await;
        let page = host.follow(ordered).await;
        let words = page.text();
        assert!(
            words.contains(&stage.say("host-campaign-scheduled")),
            "{words}"
        );
        let one = page.address.clone();
        stage.scribe().run_due().await.unwrap();
        let page = host.get(&one).await;
        assert!(page.text().contains("0 of 3 sent"), "{}", page.text());
        let paused = host
            .submit(&page, &page.form(&format!("{one}/pause")))
            .await;
        let page = host.follow(paused).await;
        assert!(page.text().contains(&stage.say("host-campaign-paused")));
        let resumed = host
            .submit(&page, &page.form(&format!("{one}/resume")))
            .await;
        host.follow(resumed).await.expect(200);
        let postman = stage.postman();
        stage.seconds(&postman, 3).await;
        let page = host.get(&one).await;
        assert!(page.text().contains("3 of 3 sent"), "{}", page.text());
        assert!(page.text().contains("Famiglia Rossi"));
        let skipped = host.get(&format!("{one}?state=skipped")).await;
        assert!(
            !skipped.text().contains("Encik Rahman"),
            "{}",
            skipped.text()
        );
        let all = host.get(&format!("{HOME}/mail")).await;
        assert!(all.text().contains("3 of 3 sent"), "{}", all.text());
        let mut owner = stage.visitor(&stage.owner);
        let log = owner.get(&format!("{HOME}/audit")).await.text();
        for id in [
            "host-log-campaign-ordered",
            "host-log-campaign-paused",
            "host-log-mail-text",
        ] {
            assert!(log.contains(&stage.say(id)), "{id}: {log}");
        }
        let wrote: Vec<_> = stage.world.mails().await;
        for mail in wrote.iter().filter(|mail| mail.id != trial.id) {
            let known = FOUR
                .iter()
                .any(|(_, address, _)| *address == mail.recipient);
            assert!(known, "{mail:?}");
            stage.world.expect_mail(&mail.recipient, &mail.subject);
        }
    });
}

#[test]
fn a_message_of_ones_own_needs_a_text() {
    on_default(async |stage| {
        stage.label_four().await;
        let mut host = stage.public(&stage.coordinator);
        let order = json!({"kind": "news", "audience": {"tag": "Four"}});
        let at = stage.at("/campaigns");
        let refused = call(&mut host, "POST", &at, &order).await.with(422).json();
        assert_eq!(refused["errors"][0]["code"], "text_missing");
        let text = json!({
            "version": 1, "subject": {"en": "The bus"}, "body": {"en": "It leaves at 9, {guests}."},
        });
        let texts = stage.at("/mail-texts/news");
        let changed = call(&mut host, "PATCH", &texts, &text)
            .await
            .with(200)
            .json();
        assert_eq!(changed["version"], 2);
        call(&mut host, "PATCH", &texts, &text).await.expect(409);
        let ordered = call(&mut host, "POST", &at, &order).await.with(202).json();
        let postman = stage.postman();
        stage.seconds(&postman, 3).await;
        let one = format!("{at}/{}", ordered["id"].as_str().unwrap());
        let null = json!(null);
        let report = call(&mut host, "GET", &one, &null).await.with(200).json();
        assert_eq!(
            (&report["state"], &report["counts"]["sent"]),
            (&json!("sent"), &json!(4))
        );
        let recipients = format!("{one}/recipients?state=sent&after=1");
        let some = call(&mut host, "GET", &recipients, &null)
            .await
            .with(200)
            .json();
        assert!(some["items"].as_array().unwrap().len() < 4);
        for (_, address, _) in FOUR {
            stage.world.expect_mail(address, "The bus");
        }
    });
}
