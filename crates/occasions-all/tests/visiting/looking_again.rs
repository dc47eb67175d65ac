//! Tests of the cache of rendered invitation pages. A cached page is used only while nothing that
//! it depends on has changed: household, occasion, day, deadline and language.

use jiff::SignedDuration;
use occasions::words::ReplyStatus;
use platform::sql;
use serde_json::json;

use crate::stage::{on_default, put, state};

#[test]
fn whatever_changes_a_page_is_on_it_at_the_next_look() {
    on_default(async |stage| {
        let mut guest = stage.guest();
        let mut program = stage.visitor();
        let stored = state(&mut program, "RAHMA").await;
        let mut looks = vec![guest.get("/invite/RAHMA").await.body.clone()];
        for step in 0..6 {
            match step {
                0 => {
                    let who = stored["guests"][0]["id"].clone();
                    let replies = json!({ "nikah": ReplyStatus::Yes.word() });
                    let wish =
                        json!({ "version": 1, "guests": [{ "id": who, "replies": replies }] });
                    put(&mut program, "RAHMA", &wish).await.expect(200);
                }
                1 => {
                    let note = sql!(
                        "UPDATE invitation SET host_message = 'See you', version = version + 1 WHERE code = $1"
                    );
                    stage.run(note, "RAHMA").await;
                }
                2 => {
                    stage
                        .details(|details| details.welcome = web::I18n::one("en", "Come!"))
                        .await;
                }
                3 => {
                    let moved = sql!("UPDATE event SET venue = 'Elsewhere' WHERE key = $1");
                    stage.run(moved, "nikah").await;
                }
                4 => stage.world.clock.advance(SignedDuration::from_hours(24)),
                _ => stage
                    .world
                    .clock
                    .advance(SignedDuration::from_hours(40 * 24)),
            }
            // The second request gets the cached page of the first request.
            for _ in 0..2 {
                let page = guest.get("/invite/RAHMA").await;
                looks.push(page.body.clone());
            }
            let [.., before, now, again] = looks.as_slice() else {
                unreachable!()
            };
            assert!(before != now, "step {step}");
            assert!(now == again, "step {step}");
        }
        let italian = guest.get("/invite/RAHMA?lang=it").await;
        assert_ne!(
            Some(italian.body.as_str()),
            looks.last().map(String::as_str)
        );
    });
}
