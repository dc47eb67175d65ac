//! Tests that hours and offers say how many times they make, before and after they are saved.

use serde_json::json;
use testkit::Page;

use crate::hours::{every_day, listed, offer, tuesdays};
use crate::stage::{Booking, LINK, Person, Stage, in_zone, on_default, provider};

const HOURS: &str = "/me/hours/new";
const OFFERS: &str = "/me/offers/new";

async fn read(person: &mut Person, path: &str) -> Page {
    person.browser.get(path).await.with(200)
}

/// The form of a new offer with a title, an hour and a link.
async fn begun(person: &mut Person) -> (Page, testkit::Form) {
    let page = read(person, OFFERS).await;
    let mut form = page.form(OFFERS);
    form.fill("title", "Yoga").fill("location", LINK);
    (page, form)
}

#[test]
fn first_hours_say_how_many_times_they_make_and_an_offer_where_it_is_booked() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let page = read(&mut farah, HOURS).await;
        let proposed = "Monday, Tuesday, Wednesday, Thursday, Friday 09:00 – 17:00, \
                        Kuala Lumpur (UTC+8): 160 times of 1 hour in the next 4 weeks";
        assert!(page.text().contains(proposed), "{}", page.text());
        // Tuesdays and Thursdays from 5 to 8. The other days are left empty.
        let mut form = page.form(HOURS);
        for row in 0..5 {
            let is_kept = [1, 3].contains(&row);
            let [opens, closes] = if is_kept {
                ["17:00", "20:00"]
            } else {
                ["", ""]
            };
            form.fill(&format!("week.{row}.opens"), opens);
            form.fill(&format!("week.{row}.closes"), closes);
        }
        let mut looked = form.clone();
        looked.press("look", "1");
        let shown = farah.browser.submit(&page, &looked).await;
        let said = "Tuesday, Thursday 17:00 – 20:00, Kuala Lumpur (UTC+8): \
                    24 times of 1 hour in the next 4 weeks, as long as nobody books.";
        assert!(shown.expect(200).text().contains(said), "{}", shown.text());
        // Nothing is saved yet, and what was typed is there.
        let none = stage.say("hours-none");
        farah.sees("/me/hours", &none).await;
        let form = shown.form(HOURS);
        farah.browser.submit(&shown, &form).await.expect(303);
        farah.sees("/me/hours", said).await;

        let (page, form) = begun(&mut farah).await;
        assert!(page.text().contains(said), "{}", page.text());
        let saved = farah.browser.submit(&page, &form).await;
        let list = farah.browser.follow(saved).await;
        let text = list.expect(200).text();
        let (path, url) = ("/book/s/yoga", stage.site.url().join("/book/s/yoga"));
        assert!(text.contains(said) && text.contains(&url), "{text}");
        assert!(list.body.contains(&format!("data-copy=\"{url}\"")));
        assert_eq!(list.link(&stage.say("offered-see")).href, path);
        stage.visitor().get(path).await.expect(200);
        farah.sees("/me/hours", &format!("Yoga: {said}")).await;
    });
}

#[test]
fn a_class_in_hours_of_many_starts_is_asked_for_with_their_number() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        every_day(&mut farah, "09:00", "17:00").await;
        let (page, mut form) = begun(&mut farah).await;
        form.fill("seats", "8");
        let asked = farah.browser.submit(&page, &form).await;
        let text = asked.expect(200).text();
        let said = "224 dates of 1 hour in the next 4 weeks, up to 8 on one day.";
        let sure = stage.say("offered-times-sure");
        assert!(text.contains(said) && text.contains(&*sure), "{text}");
        assert_eq!(listed(&mut farah).await.len(), 0);
        // What is changed after it is said anew.
        let mut fewer = asked.form(OFFERS);
        fewer.fill("day_limit", "2");
        let again = farah.browser.submit(&asked, &fewer).await;
        let said = "56 dates of 1 hour in the next 4 weeks, up to 2 on one day.";
        assert!(again.expect(200).text().contains(said), "{}", again.text());
        let sure = again.form(OFFERS);
        farah.browser.submit(&again, &sure).await.expect(303);
        farah.sees("/me/offers", said).await;
        stage.work().await;
        assert!(!listed(&mut farah).await.is_empty());
    });
}

#[test]
fn a_class_with_a_date_a_day_is_saved_at_once_and_days_off_count() {
    on_default(&async |stage: &Stage<'_>| {
        let stage = &in_zone(stage, "Asia/Kuala_Lumpur");
        let mut farah = provider(stage).await;
        let hours = tuesdays(&mut farah).await;
        offer(
            &mut farah,
            &hours,
            &json!({"title": "Lesson", "horizon_days": 60}),
        )
        .await;
        farah.sees("/me/offers", "12 times of 1 hour").await;
        let off = json!({"first_day": "2026-12-01"});
        let made = farah.call("POST", "/api/v1/me/exceptions", &off).await;
        made.expect(201);
        farah.sees("/me/offers", "9 times of 1 hour").await;
        let (page, mut form) = begun(&mut farah).await;
        form.fill("seats", "8")
            .fill("lengths.0.minutes", "3")
            .fill("lengths.0.minutes.unit", "hours");
        farah.browser.submit(&page, &form).await.expect(303);
        farah.sees("/me/offers", "3 dates of 3 hours").await;
    });
}
