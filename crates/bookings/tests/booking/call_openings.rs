//! Tests of opening a session's call from its page.

use crate::stage::{Booking, LINK, Stage, go_to, on_default, provider};

#[test]
fn each_side_s_first_opening_of_the_call_is_noted_for_both() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let slot = farah.offer("2026-11-24", "09:00", 0).await;
        let mut aina = stage.person("Aina Yusof").await;
        let booked = aina.book(&slot).await;
        let booking = booked
            .expect(303)
            .location()
            .unwrap()
            .replace("?done=booked", "");
        let call = format!("{booking}/call");
        // Whoever tries the link a day before has not come yet.
        let tried = aina.browser.get(&call).await;
        assert_eq!(tried.expect(303).location(), Some(LINK));
        let page = aina.browser.get(&booking).await;
        assert!(
            page.links().iter().any(|link| link.href == call),
            "{}",
            page.body
        );
        assert!(!page.text().contains("opened the call"), "{}", page.text());
        go_to(stage, "2026-11-24T00:55:00Z").await;
        aina.sees(&booking, "You have not opened the call from here.")
            .await;
        aina.browser.get(&call).await.expect(303);
        go_to(stage, "2026-11-24T01:05:00Z").await;
        aina.browser.get(&call).await.expect(303);
        let own = "You opened the call, Tue 24 Nov 2026, 8:55 am, Kuala Lumpur (UTC+8).";
        aina.sees(&booking, own).await;
        let theirs = "The member opened the call, Tue 24 Nov 2026, 8:55 am, Kuala Lumpur (UTC+8).";
        farah.sees(&booking, theirs).await;
        farah
            .sees(&booking, "You have not opened the call from here.")
            .await;
        let mut daniel = stage.person("Daniel Tan").await;
        daniel.browser.get(&call).await.expect(404);
    });
}
