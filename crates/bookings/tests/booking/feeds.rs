//! Tests of the private calendar URL: creating it, reading it without signing in, replacing it and
//! invalidating it.

use testkit::Page;

use crate::stage::{Booking, Person, Stage, on_default, provider};

pub(crate) async fn press(person: &mut Person, what: &str) -> Page {
    let path = "/me/bookings/calendar";
    let page = person.browser.get(path).await;
    let mut form = page.expect(200).form(path);
    form.press("do", what);
    let led = person.browser.submit(&page, &form).await;
    person.browser.follow(led).await
}

/// The path of the private calendar that a page shows.
pub(crate) fn path(page: &Page) -> String {
    let start = page.expect(200).body.find("/cal/").unwrap();
    let end = page.body[start..].find('"').unwrap();
    page.body[start..start + end].to_owned()
}

#[test]
fn a_calendar_has_an_address_of_its_own_that_can_be_ended() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let free = farah.offer("2026-12-01", "09:00", 0).await;
        let held = farah.offer("2026-12-02", "09:00", 18_000).await;
        let mut aina = stage.person("Aina Yusof").await;
        aina.book(&free).await.expect(303);
        aina.hold(&held).await;
        let page = aina.browser.get("/me/bookings/calendar").await;
        assert!(!page.body.contains("/cal/"), "nobody has one unasked");
        let (mine, hers) = (
            path(&press(&mut aina, "new").await),
            path(&press(&mut farah, "new").await),
        );
        let mut stranger = stage.visitor();
        for at in [&mine, &hers] {
            let page = stranger.get(at).await;
            assert!(
                page.expect(200)
                    .header("content-type")
                    .starts_with("text/calendar")
            );
            // The calendar lists only the confirmed session, with its location.
            assert_eq!(
                page.body.matches("BEGIN:VEVENT").count(),
                1,
                "{}",
                page.body
            );
            assert!(page.body.contains("LOCATION:https://meet.jit.si/Veranda"));
        }
        // A signature is valid only for its own account. Logs mask the path of the calendar.
        let (id, _) = mine.split_once('.').unwrap();
        let (_, signature) = hers.split_once('.').unwrap();
        stranger.get(&format!("{id}.{signature}")).await.expect(404);
        stranger.get("/cal/nothing").await.expect(404);
        let secrets = &stage.site.declared.secret_paths;
        assert!(!secrets.mask(&mine).contains(signature) && secrets.hides(&mine));
        let next = path(&press(&mut aina, "new").await);
        assert_ne!(next, mine);
        stranger.get(&mine).await.expect(404);
        stranger.get(&next).await.expect(200);
        press(&mut aina, "end").await.expect(200);
        stranger.get(&next).await.expect(404);
    });
}
