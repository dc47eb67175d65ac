//! Tests of the wish list on the guests' pages and in their JSON API.

use axum::http::Method;
use occasions::cash_link::{self, CashKind, CashLink};
use occasions::gift::{self, Gift};
use occasions::id::GiftId;
use occasions::words::OccasionStatus;
use platform::Tx;
use serde_json::{Value, json};
use testkit::assert_private;
use web::I18n;

use crate::stage::{Stage, assert_problem, on_default, on_sqlite};

async fn switch_on(stage: &Stage<'_>) {
    stage
        .switch(|switches| (switches.gifts, switches.cash_links) = (true, true))
        .await;
}

async fn add(stage: &Stage<'_>, name: &'static str, quantity: i64) -> GiftId {
    let occasion = stage.occasion.clone();
    let add = move |tx: &mut Tx<'_>| {
        let gift = Gift {
            id: tx.id(),
            name: I18n::one("en", name),
            description: I18n::default(),
            price: Some(120_000),
            quantity,
            shared: quantity > 1,
            url: "https://shop.example/oven".to_owned(),
            picture: String::new(),
            active: true,
            position: 0,
            version: 1,
        };
        gift::insert(tx, &occasion, &gift)?;
        Ok::<_, platform::StoreError>(gift.id)
    };
    stage.world.store().write(add).await.unwrap()
}

async fn add_bank(stage: &Stage<'_>) {
    let occasion = stage.occasion.clone();
    let add = move |tx: &mut Tx<'_>| {
        let bank = CashLink {
            id: tx.id(),
            kind: CashKind::Bank,
            label: "Honeymoon".to_owned(),
            url: String::new(),
            holder: "Aisyah binti Ahmad".to_owned(),
            account: "DE89370400440532013000".to_owned(),
            bank: "Commerzbank".to_owned(),
            bic: "COBADEFFXXX".to_owned(),
            reference: "Wedding".to_owned(),
            note: I18n::default(),
            active: true,
            position: 0,
            version: 1,
        };
        let link = CashLink {
            id: tx.id(),
            kind: CashKind::Link,
            label: "PayPal".to_owned(),
            url: "https://paypal.me/aisyah".to_owned(),
            position: 1,
            ..bank.clone()
        };
        let hidden = CashLink {
            id: tx.id(),
            label: "Hidden account".to_owned(),
            active: false,
            position: 2,
            ..bank.clone()
        };
        for one in [bank, link, hidden] {
            cash_link::insert(tx, &occasion, &one)?;
        }
        Ok::<_, platform::StoreError>(())
    };
    stage.world.store().write(add).await.unwrap();
}

#[test]
fn gifts_that_are_switched_off_are_nowhere() {
    on_sqlite(async |stage| {
        let gift = add(stage, "Oven", 1).await;
        let mut guest = stage.guest();
        let portal = guest.get("/invite/RAHMA").await;
        assert!(!portal.body.contains("/gifts"));
        let page = guest.get("/invite/RAHMA/gifts").await;
        page.expect(404);
        let at = format!("/invite/RAHMA/gifts/{gift}");
        guest.post(&at, &[("quantity", "1")]).await.expect(404);
        let api = format!("/api/v1/invitations/RAHMA/gifts/{gift}");
        let put = guest.call(Method::PUT, &api, &json!({"quantity": 1})).await;
        assert_problem(&put, 404, "feature_disabled");
        let list = guest.get("/api/v1/invitations/RAHMA/gifts").await;
        assert_problem(&list, 404, "feature_disabled");
    });
}

#[test]
fn a_household_reserves_changes_and_gives_back_from_its_page() {
    on_default(async |stage| {
        switch_on(stage).await;
        let gift = add(stage, "Oven", 12).await;
        let mut guest = stage.guest();
        let portal = guest.get("/invite/RAHMA").await;
        let tile = portal
            .links()
            .into_iter()
            .find(|link| link.href.contains("/gifts"));
        let page = guest.get(&tile.unwrap().href).await;
        page.expect(200);
        assert_private(&page);
        assert!(page.text().contains(&stage.say("gift-welcome")));
        assert!(
            page.text()
                .contains("RM 1,200.00, in 12 parts of RM 100.00")
        );
        assert!(page.body.contains("rel=\"noopener noreferrer\""));
        assert!(page.text().contains("shop.example"));

        let form = |page: &testkit::Page| {
            let mut forms = page.forms().into_iter();
            let action = format!("/gifts/{gift}");
            forms.find(|form| form.action.contains(&action)).unwrap()
        };
        let mut reserve = form(&page);
        reserve.fill("quantity", "3");
        reserve.fill("note", "From all of us");
        let sent = guest.submit(&page, &reserve).await;
        let page = guest.follow(sent).await;
        assert!(page.text().contains(&stage.say("gift-done-reserved")));
        assert!(page.text().contains("3 reserved by you"));
        assert!(page.text().contains("9 of 12 left"));

        let mut more = form(&page);
        assert_eq!(more.value("note"), Some("From all of us"));
        more.fill("quantity", "13");
        let refused = guest.submit(&page, &more).await.with(409);
        assert!(refused.text().contains("Only 12 are left."));
        assert_eq!(
            form(&refused).value("quantity"),
            Some("13"),
            "what was typed stays"
        );
        more.fill("quantity", "none");
        let refused = guest.submit(&page, &more).await.with(422);
        assert!(refused.body.contains(&format!("href=\"#quantity-{gift}\"")));

        let mut back = form(&page);
        back.press("release", "1");
        let sent = guest.submit(&page, &back).await;
        let page = guest.follow(sent).await;
        assert!(page.text().contains(&stage.say("gift-done-released")));
        assert!(page.text().contains("12 of 12 left"));
    });
}

#[test]
fn others_see_that_a_gift_is_taken_and_never_by_whom() {
    on_sqlite(async |stage| {
        switch_on(stage).await;
        stage
            .run(
                platform::sql!(
                    "UPDATE invitation SET code = 'OTHER', code_key = $1 WHERE code = 'LATE1'"
                ),
                "0THER",
            )
            .await;
        let gift = add(stage, "Oven", 1).await;
        let mut guest = stage.guest();
        let at = format!("/invite/RAHMA/gifts/{gift}");
        guest
            .post(&at, &[("quantity", "1"), ("note", "Secret")])
            .await
            .expect(303);
        let mut other = stage.guest();
        let page = other.get("/invite/OTHER/gifts").await.with(200);
        assert!(page.text().contains(&stage.say("gift-taken")));
        assert!(!page.body.contains("Rahman") && !page.body.contains("Secret"));
        let at = format!("/invite/OTHER/gifts/{gift}");
        let late = other.post(&at, &[("quantity", "1")]).await.with(409);
        assert!(late.text().contains(&stage.say("problem-gift-taken")));
        let api = other
            .get("/api/v1/invitations/OTHER/gifts")
            .await
            .with(200)
            .json();
        assert_eq!(api["gifts"][0]["available"], 0);
        assert_eq!(api["gifts"][0]["own"], Value::Null);
        assert!(!api.to_string().contains("Rahman"));
    });
}

#[test]
fn programs_reserve_idempotently() {
    on_default(async |stage| {
        switch_on(stage).await;
        let gift = add(stage, "Oven", 2).await;
        let mut guest = stage.guest();
        let at = format!("/api/v1/invitations/RAHMA/gifts/{gift}");
        let put = async |guest: &mut testkit::Visitor, quantity: i64| {
            let body = json!({"quantity": quantity, "note": "Hi"});
            guest.call(Method::PUT, &at, &body).await
        };
        let made = put(&mut guest, 2).await.with(201).json();
        assert_eq!(made["own"]["quantity"], 2);
        assert_eq!(
            (&made["available"], &made["name"]),
            (&json!(0), &json!("Oven"))
        );
        put(&mut guest, 2).await.expect(200);
        put(&mut guest, 1).await.expect(200);
        assert_problem(&put(&mut guest, 3).await, 409, "gift_quantity");
        assert_problem(&put(&mut guest, 0).await, 422, "validation_failed");
        for _ in 0..2 {
            guest
                .call(Method::DELETE, &at, &Value::Null)
                .await
                .expect(204);
        }
        let nothing = guest
            .call(
                Method::PUT,
                "/api/v1/invitations/RAHMA/gifts/none",
                &json!({"quantity": 1}),
            )
            .await;
        assert_problem(&nothing, 404, "not_found");
        stage.status(OccasionStatus::Closed).await;
        assert_problem(&put(&mut guest, 1).await, 423, "occasion_closed");
        let page = guest.get("/invite/RAHMA/gifts").await.with(200);
        assert!(
            page.forms()
                .iter()
                .all(|form| !form.action.contains("/gifts/"))
        );
    });
}

#[test]
fn money_goes_where_the_page_says_and_banking_apps_read_the_code() {
    on_sqlite(async |stage| {
        switch_on(stage).await;
        add_bank(stage).await;
        let mut guest = stage.guest();
        let page = guest.get("/invite/RAHMA/gifts").await.with(200);
        for words in [
            "Aisyah binti Ahmad",
            "DE89 3704 0044 0532 0130 00",
            "COBADEFFXXX",
        ] {
            assert!(page.text().contains(words), "{words}");
        }
        assert!(page.text().contains("Open paypal.me"));
        assert!(!page.text().contains("Hidden account"));
        let expected = "BCD\n002\n1\nSCT\nCOBADEFFXXX\nAisyah binti Ahmad\n\
                        DE89370400440532013000\n\n\n\nWedding";
        assert_eq!(scan(&page.body), [expected]);
        let api = guest.get("/api/v1/invitations/RAHMA/gifts").await.json();
        assert_eq!(api["cash_links"][0]["payment_text"], expected);
        assert_eq!(api["cash_links"].as_array().unwrap().len(), 2);
    });
}

/// Reads the QR codes on a page with a scanner library.
fn scan(page: &str) -> Vec<String> {
    let codes = page.split("<svg viewBox=\"-4 -4 ").skip(1);
    let codes = codes.map(|rest| {
        let side: usize = rest.split(' ').next().unwrap().parse().unwrap();
        let path = rest.split("<path fill=\"#000\" d=\"").nth(1).unwrap();
        let path = path.split('"').next().unwrap();
        let mut dark = vec![false; side * side];
        for square in path.split('M').skip(1) {
            let (x, rest) = square.split_once(' ').unwrap();
            let y = rest.split('h').next().unwrap();
            let (x, y): (usize, usize) = (x.parse().unwrap(), y.parse().unwrap());
            dark[(y + 4) * side + x + 4] = true;
        }
        let scale = 4;
        let is_dark = |x: usize, y: usize| dark[(y / scale) * side + x / scale];
        let mut picture =
            rqrr::PreparedImage::prepare_from_greyscale(side * scale, side * scale, |x, y| {
                if is_dark(x, y) { 0 } else { 255 }
            });
        let found = picture.detect_grids();
        found[0].decode().unwrap().1
    });
    codes.collect()
}

#[test]
fn the_list_is_read_in_every_language() {
    on_sqlite(async |stage| {
        switch_on(stage).await;
        add(stage, "Oven", 12).await;
        add_bank(stage).await;
        for (tag, dir, title) in [
            ("en", "ltr", "Gifts"),
            ("ms", "ltr", "Hadiah"),
            ("it", "ltr", "Regali"),
            ("zh-Hans", "ltr", "礼物"),
            ("ar", "rtl", "الهدايا"),
        ] {
            let mut guest = stage.guest();
            let page = guest.get(&format!("/invite/RAHMA/gifts?lang={tag}")).await;
            page.expect(200);
            assert!(
                page.body
                    .contains(&format!("<html lang=\"{tag}\" dir=\"{dir}\"")),
                "{tag}"
            );
            assert!(page.text().contains(title), "{tag}");
        }
    });
}
