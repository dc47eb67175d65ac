//! Tests of the hosts' pages for the wish list, for ways to give money, and for received gifts.

use std::io::Cursor;

use axum::http::Method;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use jiff::SignedDuration;
use occasions::gift::{self, Gift};
use occasions::gift_reservation::{self, ReservationState, Reserve};
use occasions::hosting::gifts::{GiftReservation, reservations};
use occasions::hosting::listing::{self, InvitationFilter};
use occasions::hosting::received_gifts::{self, ReceivedGift};
use occasions::hosting::resource::{change, create, list, remove};
use occasions::hosting::{invitations, open_rsvp};
use occasions::id::{GiftId, ReservationId};
use occasions::refusal::Refusal;
use occasions::words::{ExportKind, FileFormat};
use platform::{Rows, Tx, sql};
use serde_json::{Value, json};
use testkit::{Page, Visitor, rounds};
use web::Input;

use crate::background::{ask, fetch, wanted};
use crate::pages::HOME;
use crate::stage::{Stage, call, code, fields, on_both, on_default};

async fn switch_on(stage: &Stage<'_>) {
    stage
        .switch(|switches| (switches.gifts, switches.cash_links) = (true, true))
        .await;
}

async fn add(stage: &Stage<'_>, item: Value) -> Gift {
    stage
        .done(move |tx, host| create::<Gift>(tx, host, &Input::from(item.clone())))
        .await
}

fn reserve(code: &str, gift: &GiftId, quantity: i64) -> Reserve {
    Reserve {
        key: code.parse_key(),
        gift: gift.clone(),
        quantity,
        note: Some("With love".to_owned()),
        request: None,
    }
}

trait ParseKey {
    fn parse_key(&self) -> occasions::code::CodeKey;
}

impl ParseKey for str {
    fn parse_key(&self) -> occasions::code::CodeKey {
        occasions::code::CodeKey::parse(self).unwrap()
    }
}

async fn take(stage: &Stage<'_>, code: &str, gift: &GiftId, quantity: i64) -> ReservationId {
    let wanted = reserve(code, gift, quantity);
    let change = move |tx: &mut Tx<'_>| gift_reservation::reserve(tx, &wanted);
    let done = stage.site.store.write(change).await.unwrap();
    done.offer.own.unwrap().id
}

async fn reserved(stage: &Stage<'_>) -> Vec<GiftReservation> {
    stage.done(reservations).await
}

/// Gives the codes `GIVER` and `OTHER` to two households of the demo.
async fn name_two(stage: &Stage<'_>) {
    stage
        .change(|tx| {
            for code in ["GIVER", "OTHER"] {
                sql!(
                    "UPDATE invitation SET code = :code, code_key = :key WHERE id =
                         (SELECT id FROM invitation
                          WHERE code NOT IN ('RAHMA', 'GIVER', 'OTHER', 'LATE1', 'SHUT1')
                            AND archived_at IS NULL ORDER BY id LIMIT 1)",
                    code,
                    key = code.parse_key()
                )
                .run(tx, Rows::Exactly(1))?;
            }
            Ok(())
        })
        .await;
}

#[test]
fn hosts_keep_the_list_and_never_offer_less_than_is_reserved() {
    on_default(async |stage| {
        switch_on(stage).await;
        let oven =
            json!({"name": {"en": "Oven"}, "price": 120_000, "quantity": 12, "shared": true});
        let oven = add(stage, oven).await;
        take(stage, "RAHMA", &oven.id, 3).await;
        let set = async |quantity: i64, version: i64| {
            let id = oven.id.to_string();
            let change = move |tx: &mut Tx<'_>, host: &_| {
                let input = Input::from(json!({"quantity": quantity}));
                change::<Gift>(tx, host, &id, version, &input)
            };
            stage.act(&stage.coordinator, change).await
        };
        assert_eq!(
            fields(set(2, 1).await),
            [("/quantity".to_owned(), "out_of_range")]
        );
        assert_eq!(set(3, 1).await.unwrap().quantity, 3);
        assert_eq!(code(set(4, 1).await), "version_conflict");

        let id = oven.id.to_string();
        let away = stage
            .done(move |tx, host| remove::<Gift>(tx, host, &id, None))
            .await;
        assert!(!away.unwrap().active, "it was reserved");
        let lamp = add(stage, json!({"name": {"en": "Lamp"}})).await;
        let id = lamp.id.to_string();
        let gone = stage
            .done(move |tx, host| remove::<Gift>(tx, host, &id, None))
            .await;
        assert_eq!(gone, None);
        let left = stage.done(list::<Gift>).await;
        assert_eq!(left.len(), 1);
        let change = |tx: &mut Tx<'_>, host: &_| {
            create::<Gift>(tx, host, &Input::from(json!({"name": {"en": "X"}})))
        };
        let refused = stage.act(&stage.observer, change).await;
        assert_eq!(code(refused), "forbidden");
    });
}

#[test]
fn a_host_who_offers_fewer_and_a_household_race_without_harm() {
    on_both(async |stage| {
        switch_on(stage).await;
        for round in 0..rounds() {
            let gift = add(stage, json!({"name": {"en": "Cups"}, "quantity": 2})).await;
            let id = gift.id.to_string();
            let fewer = stage.act(&stage.owner, move |tx, host| {
                let input = Input::from(json!({"quantity": 1}));
                change::<Gift>(tx, host, &id, 1, &input)
            });
            let wanted = reserve("RAHMA", &gift.id, 2);
            let take = stage
                .site
                .store
                .write(move |tx| gift_reservation::reserve(tx, &wanted));
            let (fewer, taken) = tokio::join!(fewer, take);
            match (&fewer, &taken) {
                (Ok(_), Err(Refusal::GiftQuantity(1))) | (Err(Refusal::Fields(_)), Ok(_)) => {}
                other => panic!("round {round}: {other:?}"),
            }
        }
    });
}

#[test]
fn a_reserved_gift_is_received_once_and_thanked_for() {
    on_both(async |stage| {
        switch_on(stage).await;
        let gift =
            json!({"name": {"en": "Oven"}, "price": 120_000, "quantity": 12, "shared": true});
        let gift = add(stage, gift).await;
        for round in 0..rounds() {
            let own = take(stage, "RAHMA", &gift.id, 3).await;
            let receive = || {
                let own = own.clone();
                stage.act(&stage.owner, move |tx, host| {
                    received_gifts::receive(tx, host, &own)
                })
            };
            let (one, other) = tokio::join!(receive(), receive());
            let (done, late): (Vec<_>, Vec<_>) = [one, other].into_iter().partition(Result::is_ok);
            assert_eq!((done.len(), late.len()), (1, 1), "round {round}");
            assert!(matches!(late[0], Err(Refusal::GiftAlreadyGiven)));
            let entry = done.into_iter().next().unwrap().unwrap();
            assert_eq!(entry.description, "3 × Oven");
            assert_eq!(entry.amount, Some(30_000), "three of twelve parts");
            assert_eq!(entry.giver, "Keluarga Encik Rahman");
            assert_eq!(reserved(stage).await[0].state, ReservationState::Given);
            // When the entry for a received gift is deleted, its reservation no longer counts as
            // given.
            let id = entry.id.to_string();
            stage
                .done(move |tx, host| remove::<ReceivedGift>(tx, host, &id, None))
                .await;
            let back = reserved(stage).await;
            assert_eq!((back.len(), back[0].state), (1, ReservationState::Reserved));
        }

        let own = reserved(stage).await[0].id.clone();
        let entry = stage
            .done(move |tx, host| received_gifts::receive(tx, host, &own))
            .await;
        let owing = async |thanks: Option<bool>| {
            let filter = InvitationFilter {
                thanks,
                ..InvitationFilter::default()
            };
            stage
                .done(move |tx, host| listing::all_invitations(tx, host, &filter))
                .await
                .len()
        };
        assert_eq!((owing(Some(true)).await, owing(Some(false)).await), (1, 39));
        let id = entry.id.clone();
        let thanked = stage
            .done(move |tx, host| received_gifts::thank(tx, host, &id, None, true))
            .await;
        assert!(thanked.thanked_at.is_some() && thanked.version == 2);
        assert_eq!((owing(Some(true)).await, owing(None).await), (0, 40));
        let id = entry.id.clone();
        let stale = stage
            .act(&stage.owner, move |tx, host| {
                received_gifts::thank(tx, host, &id, Some(1), false)
            })
            .await;
        assert_eq!(code(stale), "version_conflict");
        let actions = stage.actions().await;
        for action in ["gift.reserved", "gift.given", "received_gift.thanked"] {
            assert!(actions.iter().any(|one| one == action), "{action}");
        }
    });
}

#[test]
fn the_parts_of_a_gift_add_up_to_its_price() {
    on_default(async |stage| {
        switch_on(stage).await;
        name_two(stage).await;
        let gift = json!({"name": {"en": "Oven"}, "price": 10_000, "quantity": 3, "shared": true});
        let gift = add(stage, gift).await;
        let mut parts = Vec::new();
        for code in ["RAHMA", "GIVER", "OTHER"] {
            parts.push(take(stage, code, &gift.id, 1).await);
        }
        let receive = async |own: &ReservationId| {
            let own = own.clone();
            stage
                .done(move |tx, host| received_gifts::receive(tx, host, &own))
                .await
        };
        let first = receive(&parts[0]).await;
        receive(&parts[1]).await;
        // The first entry was a mistake, and is made again.
        let id = first.id.to_string();
        stage
            .done(move |tx, host| remove::<ReceivedGift>(tx, host, &id, None))
            .await;
        receive(&parts[0]).await;
        receive(&parts[2]).await;
        let sum = sql!("SELECT CAST(SUM(amount) AS BIGINT) FROM received_gift WHERE giver <> $1");
        assert_eq!(stage.count(sum, "").await, 10_000);
    });
}

#[test]
fn archived_households_release_and_merged_ones_hand_over() {
    on_default(async |stage| {
        name_two(stage).await;
        switch_on(stage).await;
        let gift = add(stage, json!({"name": {"en": "Cups"}, "quantity": 6})).await;
        take(stage, "RAHMA", &gift.id, 1).await;
        take(stage, "GIVER", &gift.id, 2).await;
        take(stage, "OTHER", &gift.id, 3).await;
        let [giver, other] = [
            stage.invitation("GIVER").await,
            stage.invitation("OTHER").await,
        ];
        let (from, into) = (other.clone(), giver.clone());
        stage
            .done(move |tx, host| open_rsvp::merge(tx, host, &from, &into, None).map(drop))
            .await;
        let left = reserved(stage).await;
        let of = |id: &_| left.iter().find(|one| one.invitation == *id);
        assert_eq!(of(&giver).unwrap().quantity, 5);
        assert!(of(&other).is_none());
        stage
            .done(move |tx, host| invitations::archive(tx, host, &giver, None).map(drop))
            .await;
        let left = reserved(stage).await;
        assert_eq!((left.len(), left[0].quantity), (1, 1));
        take(stage, "RAHMA", &gift.id, 6).await;
    });
}

#[test]
fn an_archived_household_holds_nothing_even_if_it_reserves_meanwhile() {
    on_both(async |stage| {
        name_two(stage).await;
        switch_on(stage).await;
        let id = stage.invitation("GIVER").await;
        let gift = add(stage, json!({"name": {"en": "Cups"}})).await;
        for round in 0..rounds() {
            let wanted = reserve("GIVER", &gift.id, 1);
            let store = stage.site.store.clone();
            let take = async move {
                let change = move |tx: &mut Tx<'_>| gift_reservation::reserve(tx, &wanted);
                store.write(change).await
            };
            let away = id.clone();
            let archive = stage.act(&stage.owner, move |tx, host| {
                invitations::archive(tx, host, &away, None).map(drop)
            });
            let (taken, archived) = tokio::join!(take, archive);
            archived.unwrap();
            assert!(
                matches!(taken, Ok(_) | Err(Refusal::InvitationNotFound)),
                "round {round}: {taken:?}"
            );
            assert_eq!(reserved(stage).await, [], "round {round}");
            let back = id.clone();
            stage
                .done(move |tx, host| {
                    let seats = occasions::event::Seats::Free;
                    invitations::restore(tx, host, &back, None, seats).map(drop)
                })
                .await;
        }
    });
}

fn picture() -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    let picture: DynamicImage = RgbImage::from_pixel(900, 700, Rgb([200, 0, 90])).into();
    picture.write_to(&mut file, ImageFormat::Png).unwrap();
    file.into_inner()
}

/// Submits a gift's form together with a picture, as a browser does.
async fn upload(host: &mut Visitor, action: &str, form: &[(String, String)], file: &[u8]) -> Page {
    let mut body = Vec::new();
    for (name, value) in form {
        let head = format!("--b\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n");
        body.extend(head.as_bytes());
        body.extend(value.as_bytes());
        body.extend(b"\r\n");
    }
    body.extend(b"--b\r\ncontent-disposition: form-data; name=\"picture\"; filename=\"a.png\"\r\n");
    body.extend(b"content-type: image/png\r\n\r\n");
    body.extend(file);
    body.extend(b"\r\n--b--\r\n");
    let kind = Some("multipart/form-data; boundary=b");
    host.send(Method::POST, action, kind, body.into()).await
}

fn entries(form: &testkit::Form) -> Vec<(String, String)> {
    let all = form.entries().into_iter();
    let all = all.map(|(name, value)| (name.to_string(), value.to_string()));
    all.filter(|(name, _)| name != "picture").collect()
}

#[test]
fn a_coordinator_adds_a_gift_with_a_picture_and_receives_it() {
    on_default(async |stage| {
        stage.world.expect_jobs(gift::PICTURE_JOB);
        switch_on(stage).await;
        let mut host = stage.visitor(&stage.coordinator);
        let list = format!("{HOME}/gifts");
        let empty = host.get(&list).await;
        assert!(empty.text().contains(&stage.say("host-no-gifts")));
        let new = format!("{list}/new");
        let page = host.get(&new).await;
        let mut form = page.form(&new);
        form.fill("name.en", "Oven");
        form.fill("price", "1,200.50");
        form.fill("quantity", "0");
        let refused = upload(&mut host, &new, &entries(&form), &picture()).await;
        refused.expect(422);
        // The form still contains the typed values and the picture.
        let mut form = refused.form(&new);
        assert_eq!(form.value("price"), Some("1,200.50"));
        form.fill("quantity", "1");
        form.fill("price", "€ 250,00");
        let unclear = upload(&mut host, &new, &entries(&form), b"").await;
        let said = stage.fill("field-amount-invalid", [("example", "180.00".into())]);
        assert!(
            unclear.expect(422).text().contains(&said),
            "{}",
            unclear.text()
        );
        form.fill("price", "1,200.50");
        let sent = upload(&mut host, &new, &entries(&form), b"").await;
        let shown = host.follow(sent).await;
        let stored = stage.done(self::list::<Gift>).await.remove(0);
        assert_eq!((stored.price, stored.quantity), (Some(120_050), 1));
        let path = stored.picture_path("aisyah-daniel").unwrap();
        assert!(shown.body.contains(&format!("src=\"{path}\"")));
        assert!(shown.text().contains("RM 1,200.50"));
        let mut guest = stage.nobody();
        let file = guest.bytes(&path).await;
        let found = image::load_from_memory(&file).unwrap();
        assert_eq!((found.width(), found.height()), (480, 360));
        guest
            .get("/o/aisyah-daniel/gifts/none-480x360.jpg")
            .await
            .expect(404);

        take(stage, "RAHMA", &stored.id, 1).await;
        let page = host.get(&list).await;
        assert!(page.text().contains("Keluarga Encik Rahman"));
        let mut observer = stage.visitor(&stage.observer);
        let seen = observer.get(&list).await;
        assert!(seen.text().contains("Keluarga Encik Rahman"));
        assert!(
            seen.forms()
                .iter()
                .all(|form| !form.action.contains("/gifts/"))
        );
        let forms = page.forms();
        let receive = forms.iter().find(|form| form.action.ends_with("/given"));
        let done = host.submit(&page, receive.unwrap()).await;
        let page = host.follow(done).await;
        assert!(page.text().contains(&stage.say("host-done-gift-given")));
        let book = host.get(&format!("{list}/received")).await;
        assert!(book.text().contains("Oven"));
        let forms = book.forms();
        let thank = forms.iter().find(|form| form.action.ends_with("/thanked"));
        let done = host.submit(&book, thank.unwrap()).await;
        let book = host.follow(done).await;
        assert!(book.text().contains(&stage.say("host-thanks-undo")));

        // A new picture replaces the old one. The file of the old picture is deleted within a day.
        let edit = format!("{list}/{}", stored.id);
        let page = host.get(&edit).await;
        assert!(page.body.contains(&path));
        let sent = upload(&mut host, &edit, &entries(&page.form(&edit)), &picture()).await;
        sent.expect(303);
        guest.get(&path).await.expect(404);
        stage.world.clock.advance(SignedDuration::from_hours(25));
        stage.worker().run_due().await.unwrap();
        assert!(!stage.world.files().join(" ").contains(&stored.picture));
        let page = host.get(&edit).await;
        let mut form = page.form(&edit);
        form.tick("picture_remove", "1");
        let sent = upload(&mut host, &edit, &entries(&form), b"").await;
        sent.expect(303);
        assert_eq!(stage.done(self::list::<Gift>).await[0].picture, "");
    });
}

#[test]
fn cash_links_hold_what_their_kind_needs() {
    on_default(async |stage| {
        let mut host = stage.visitor(&stage.owner);
        let at = stage.at("/cash-links");
        for (body, pointer) in [
            (json!({"kind": "bank", "label": "A"}), "/holder"),
            (json!({"kind": "link", "label": "A"}), "/url"),
            (
                json!({"kind": "link", "label": "A", "url": "http://x"}),
                "/url",
            ),
            (json!({"kind": "duitnow", "label": "A"}), "/account"),
            (
                json!({"kind": "bank", "label": "A", "holder": "B", "account": "DE89370400440532013001"}),
                "/account",
            ),
            (
                json!({"kind": "bank", "label": "A", "holder": "B", "account": "1", "bic": "NO"}),
                "/bic",
            ),
        ] {
            let refused = call(&mut host, "POST", &at, &body).await.with(422);
            let errors = &refused.json()["errors"];
            let errors = errors.as_array().unwrap();
            assert!(
                errors.iter().any(|one| one["pointer"] == pointer),
                "{body}: {errors:?}"
            );
        }
        let bank = json!({
            "kind": "bank", "label": "Trip", "holder": "Aisyah",
            "account": "de89 3704 0044 0532 0130 00", "url": "https://left.example",
        });
        let saved = call(&mut host, "POST", &at, &bank).await.with(201).json();
        assert_eq!(saved["account"], "DE89370400440532013000");
        assert_eq!(saved["url"], "", "a bank has no address");
        let malay = json!({
            "kind": "bank", "label": "Maybank", "holder": "Aisyah", "account": "1640 1234 5678",
        });
        call(&mut host, "POST", &at, &malay).await.expect(201);
        let page = host.get(&format!("{HOME}/gifts/cash")).await;
        assert!(page.text().contains("DE89 3704 0044 0532 0130 00"));
        let tag = format!("<span class=\"tag\">{}</span>", stage.say("host-cash-qr"));
        assert_eq!(page.body.matches(&tag).count(), 1);
    });
}

#[test]
fn programs_see_reservations_and_keep_the_book() {
    on_default(async |stage| {
        switch_on(stage).await;
        let gift = add(stage, json!({"name": {"en": "Cups"}, "quantity": 6})).await;
        let own = take(stage, "RAHMA", &gift.id, 2).await;
        let mut host = stage.visitor(&stage.owner);
        let all = stage.at("/gift-reservations");
        let seen = host.get(&all).await.with(200).json();
        assert_eq!(seen["items"][0]["household"], "Keluarga Encik Rahman");
        assert_eq!(seen["items"][0]["note"], "With love");
        let receive = format!("{all}/{own}/receive");
        let entry = call(&mut host, "POST", &receive, &Value::Null)
            .await
            .with(201)
            .json();
        let again = call(&mut host, "POST", &receive, &Value::Null)
            .await
            .with(409);
        assert_eq!(again.json()["code"], "gift_already_given");
        let release = format!("{all}/{own}");
        let late = call(&mut host, "DELETE", &release, &Value::Null)
            .await
            .with(409);
        assert_eq!(late.json()["code"], "gift_already_given");
        let one = stage.at(&format!(
            "/received-gifts/{}",
            entry["id"].as_str().unwrap()
        ));
        let thanked = format!("{one}/thanked");
        let body = json!({"thanked": true});
        let done = call(&mut host, "PUT", &thanked, &body)
            .await
            .with(200)
            .json();
        assert!(done["thanked_at"].is_string());
        call(&mut host, "DELETE", &one, &Value::Null)
            .await
            .expect(204);
        call(&mut host, "DELETE", &release, &Value::Null)
            .await
            .expect(204);
        let seen = host.get(&all).await.json();
        assert_eq!(seen["items"], json!([]));
        let free = json!({"giver": "Uncle Lim", "amount": 10_000, "currency": "SGD"});
        let free = call(&mut host, "POST", &stage.at("/received-gifts"), &free).await;
        assert_eq!(free.with(201).json()["household"], Value::Null);
        let nothing = json!({"giver": "", "household": "01970000-0000-7000-8000-000000000009"});
        let refused = call(&mut host, "POST", &stage.at("/received-gifts"), &nothing).await;
        refused.expect(422);
    });
}

#[test]
fn gifts_are_exported() {
    on_default(async |stage| {
        stage.expect_work();
        switch_on(stage).await;
        let gift = add(
            stage,
            json!({"name": {"en": "=Cups"}, "price": 990, "quantity": 6}),
        )
        .await;
        add(stage, json!({"name": {"en": "Lamp"}})).await;
        let own = take(stage, "RAHMA", &gift.id, 2).await;
        for format in [FileFormat::Csv, FileFormat::Xlsx, FileFormat::Json] {
            let id = ask(
                stage,
                &stage.observer,
                wanted(ExportKind::Gifts, format),
                "en",
            )
            .await;
            stage.worker().run_due().await.unwrap();
            if format == FileFormat::Csv {
                let file = fetch(stage, &stage.observer, &id).await;
                let rows: Vec<&str> = file.trim_end().split("\r\n").collect();
                assert_eq!(rows.len(), 3, "{file}");
                assert_eq!(
                    rows[1],
                    "'=Cups,9.90,6,Keluarga Encik Rahman,2,Reserved,With love"
                );
                assert_eq!(rows[2], "Lamp,,1,,,,");
            }
        }
        stage
            .done(move |tx, host| received_gifts::receive(tx, host, &own))
            .await;
        let kind = wanted(ExportKind::ReceivedGifts, FileFormat::Csv);
        let id = ask(stage, &stage.owner, kind, "en").await;
        stage.worker().run_due().await.unwrap();
        let file = fetch(stage, &stage.owner, &id).await;
        assert!(
            file.contains("Keluarga Encik Rahman,2 × =Cups,,,"),
            "{file}"
        );
    });
}
