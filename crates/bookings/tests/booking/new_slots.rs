//! Tests of the daily mail about new slots.

use bookings::new_slots::{MAIL, NEWSLETTER};
use platform::{StoreError, Tx, sql};
use testkit::Page;

use crate::newcomers::verify;
use crate::stage::{Booking, Person, Stage, go_to, on_default, provider};

async fn choose(person: &mut Person) {
    let page = person.browser.get("/me/email").await;
    let mut form = page.expect(200).form("/me/email/newsletters");
    form.tick(NEWSLETTER.name, "1");
    person.browser.submit(&page, &form).await.expect(303);
}

/// The texts of the mails about new slots to somebody.
async fn mails(stage: &Stage<'_>, recipient: &str) -> Vec<String> {
    let all = stage.world.mails().await.into_iter();
    let subject = "New times to book – Kenduri Kami";
    let all = all.filter(|mail| mail.recipient == recipient && mail.subject == subject);
    all.map(|mail| mail.text).collect()
}

#[test]
fn who_wants_it_gets_a_mail_a_day_if_there_are_new_times() {
    on_default(&async |stage: &Stage<'_>| {
        let (to, mut aina) = ("Aina.Yusof@example.my", stage.person("Aina Yusof").await);
        let page: Page = aina.browser.get("/book").await;
        let label = stage.say("new-slots-newsletter");
        assert_eq!(page.expect(200).link(&label).href, "/me/email");
        verify(stage).await;
        choose(&mut aina).await;
        stage.person("Daniel Tan").await;
        let mut farah = provider(stage).await;
        // The site's zone is UTC.
        let tomorrow = stage.site.clock.now().to_string()[..10].parse::<jiff::civil::Date>();
        let tomorrow = tomorrow.unwrap().tomorrow().unwrap();
        let day = |offset: i64, time: &str| {
            let day = tomorrow
                .checked_add(jiff::Span::new().days(offset))
                .unwrap();
            format!("{day}T{time}Z")
        };
        go_to(stage, &day(0, "07:00:00")).await;
        let slot = farah.offer("2026-12-01", "09:00", 0).await;
        go_to(stage, &day(0, "07:59:00")).await;
        assert!(mails(stage, to).await.is_empty());
        go_to(stage, &day(0, "08:00:30")).await;
        let first = mails(stage, to).await;
        assert_eq!(first.len(), 1);
        assert!(first[0].contains("Portrait on the veranda"), "{}", first[0]);
        assert!(mails(stage, "Daniel.Tan@example.my").await.is_empty());
        // The next morning there is nothing new; a time that is hidden is none.
        let path = format!(
            "/api/v1/me/slots/{}/visibility",
            slot["id"].as_str().unwrap()
        );
        for visible in [false, true] {
            let body = serde_json::json!({"visible": visible});
            farah.call("POST", &path, &body).await.expect(200);
        }
        go_to(stage, &day(1, "08:00:30")).await;
        assert_eq!(mails(stage, to).await.len(), 1);
        for number in 1..=11 {
            farah
                .offer(&format!("2026-12-{:02}", number + 1), "12:00", 0)
                .await;
        }
        go_to(stage, &day(2, "08:00:30")).await;
        let all = mails(stage, to).await;
        assert_eq!(all.len(), 2);
        assert_eq!(
            all[1].matches("Portrait on the veranda").count(),
            10,
            "{}",
            all[1]
        );
        assert!(all[1].contains('…'), "{}", all[1]);
        // Each day has one row, and its mailing is finished.
        let look = |tx: &mut Tx<'_>| -> Result<(i64, i64), StoreError> {
            let count =
                sql!("SELECT COUNT(*), COUNT(*) - COUNT(finished_at) FROM new_slots_mailing");
            tx.one(count, &[])
        };
        assert_eq!(
            stage.world.store().read(look).await.unwrap(),
            (3, 0),
            "{MAIL}"
        );
    });
}
