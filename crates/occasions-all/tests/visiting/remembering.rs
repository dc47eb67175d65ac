//! Tests of the households that a browser remembers.

use platform::sql;

use crate::stage::{Stage, on_default, on_sqlite};

#[test]
fn a_browser_offers_to_continue_and_forgets_when_told() {
    on_sqlite(async |stage| {
        let mut guest = stage.guest();
        assert!(
            !guest
                .get("/")
                .await
                .text()
                .contains(&stage.say("code-continue"))
        );
        guest.get("/invite/ROSSI").await.expect(200);
        let page = guest.get("/invite/RAHMA").await;
        let cookie = page.header("set-cookie");
        for part in ["HttpOnly", "SameSite=Lax", "Max-Age=15552000", "Path=/"] {
            assert!(cookie.contains(part), "{part}: {cookie}");
        }
        let page = guest.get("/").await;
        let (first, second) = (page.text().find("Encik Rahman"), page.text().find("Rossi"));
        assert!(first < second, "the latest first");
        let link = page.link(&stage.say("code-continue"));
        assert_eq!(link.href, stage.links.to("RAHMA"));
        assert_eq!(
            guest
                .get("/o/aisyah-daniel")
                .await
                .link(&stage.say("code-continue"))
                .href,
            stage.links.to("RAHMA")
        );

        let forms = page.forms();
        let mut form = forms
            .iter()
            .find(|form| form.fields.iter().any(|field| field.value == "RAHMA"))
            .unwrap()
            .clone();
        form.press("forget", "RAHMA");
        let page = guest.submit(&page, &form).await;
        assert_eq!(page.expect(303).location(), Some("/"));
        let text = guest.follow(page).await.text();
        assert!(text.contains("Rossi") && !text.contains("Rahman"), "{text}");
        // A known code and an unknown code get the same response, so the response reveals nothing.
        for code in ["RAHMA", "WRONG", "?"] {
            let page = guest.post("/", &[("forget", code)]).await;
            assert_eq!(page.expect(303).location(), Some("/"));
        }
    });
}

#[test]
fn a_browser_holds_twenty_households() {
    on_sqlite(async |stage| {
        let codes: Vec<(String,)> = stage
            .world
            .store()
            .read(|tx| {
                tx.all(
                    sql!("SELECT code FROM invitation ORDER BY id LIMIT 22"),
                    &[],
                )
            })
            .await
            .map_err(|error: platform::StoreError| error)
            .unwrap();
        let mut guest = stage.guest();
        for (code,) in &codes {
            guest.get(&format!("/invite/{code}")).await.expect(200);
        }
        let page = guest.get("/").await;
        let known: Vec<_> = page
            .links()
            .into_iter()
            .filter(|link| link.href.starts_with("/invite/"))
            .map(|link| link.href)
            .collect();
        let newest: Vec<_> = codes
            .iter()
            .rev()
            .take(20)
            .map(|(code,)| stage.links.to(code))
            .collect();
        assert_eq!(known, newest);
    });
}

#[test]
fn what_a_browser_remembers_cannot_be_made_up() {
    on_sqlite(async |stage| {
        let mut guest = stage.guest();
        guest.get("/invite/ROSSI").await;
        let own = guest.cookie("kd_guest").unwrap().to_owned();
        let other = {
            let mut other = stage.guest();
            other.get("/invite/RAHMA").await;
            other.cookie("kd_guest").unwrap().to_owned()
        };
        let parts: Vec<&str> = own.split('.').collect();
        let others: Vec<&str> = other.split('.').collect();
        for forged in [
            format!("{}.1.{}", others[0], parts[2]),
            format!("{}.2.{}", parts[0], parts[2]),
            format!("{}.1.", parts[0]),
            format!("{}.1", parts[0]),
            own.to_uppercase(),
            "~~~...".to_owned(),
        ] {
            let mut thief = stage.guest();
            thief.set_cookie("kd_guest", &forged);
            let page = thief.get("/").await;
            assert!(
                !page
                    .expect(200)
                    .text()
                    .contains(&stage.say("code-continue")),
                "{forged}"
            );
        }
        let mut same = stage.guest();
        same.set_cookie("kd_guest", &format!("~junk~{own}"));
        assert!(
            same.get("/")
                .await
                .text()
                .contains(&stage.say("code-continue")),
            "what is genuine stays"
        );
    });
}

#[test]
fn a_replaced_code_ends_what_browsers_remember() {
    on_default(async |stage| {
        let mut guest = stage.guest();
        guest.get("/invite/RAHMA").await.expect(200);
        replace_code(stage).await;
        assert!(
            !guest
                .get("/")
                .await
                .text()
                .contains(&stage.say("code-continue"))
        );
        guest.get("/invite/RAHMA").await.expect(404);
        let fields = [
            ("name.0197", "Rahman"),
            ("reply.0197.nikah", "yes"),
            ("new.0.comes", "1"),
            ("note", "Hello"),
        ];
        let text = guest
            .post("/invite/RAHMA/rsvp", &fields)
            .await
            .expect(404)
            .text();
        for kept in [
            &stage.say("late-title")[..],
            &format!("Rahman {}", stage.say("reply-yes")),
            &stage.fill("answer-new-person", [("n", 2.into())]),
            &format!("{} Hello", stage.say("note-title")),
        ] {
            assert!(text.contains(kept), "{kept}: {text}");
        }
        guest.get("/invite/NEW01").await.expect(200);
        assert_eq!(
            guest.get("/").await.link(&stage.say("code-continue")).href,
            stage.links.to("NEW01")
        );
    });
}

pub(crate) async fn replace_code(stage: &Stage<'_>) {
    stage
        .run(
            sql!("UPDATE invitation SET code = 'NEW01', code_key = 'NEW01', access_epoch = access_epoch + 1 WHERE code = $1"),
            "RAHMA",
        )
        .await;
}
