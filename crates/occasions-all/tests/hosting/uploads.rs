//! Tests of how hosts approve, reject and delete the uploads of households.

use std::io::Cursor;

use axum::http::Method;
use image::{ImageFormat, Rgb, RgbImage};
use jiff::SignedDuration;
use occasions::hosting::listing::InvitationFilter;
use occasions::hosting::listing::people::GuestFilter;
use occasions::hosting::open_rsvp;
use occasions::upload;
use occasions::words::{ExportKind, FileFormat};
use occasions_lists::export;
use serde_json::{Value, json};
use testkit::Visitor;
use web::Language;

use crate::pages::HOME;
use crate::stage::{Stage, call, on_default};

fn picture(shade: u8) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    let picture = RgbImage::from_pixel(64, 48, Rgb([200, shade, 90]));
    picture.write_to(&mut file, ImageFormat::Png).unwrap();
    file.into_inner()
}

/// Uploads a picture as the household with this code, and returns the upload's id.
pub(crate) async fn send(stage: &Stage<'_>, code: &str, caption: &str, shade: u8) -> String {
    stage.world.expect_jobs(upload::FILE_JOB);
    stage.switch(|switches| switches.uploads = true).await;
    // Lists sort uploads by their time in milliseconds, so each upload gets a later millisecond.
    stage.world.clock.advance(SignedDuration::from_millis(1));
    let mut body = b"--b\r\ncontent-disposition: form-data; name=\"caption\"\r\n\r\n".to_vec();
    body.extend(caption.as_bytes());
    body.extend(b"\r\n--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.png\"");
    body.extend(b"\r\n\r\n");
    body.extend(picture(shade));
    body.extend(b"\r\n--b--\r\n");
    let kind = Some("multipart/form-data; boundary=b");
    let path = format!("/api/v1/invitations/{code}/uploads");
    let sent = stage
        .nobody()
        .send(Method::POST, &path, kind, body.into())
        .await;
    sent.with(201).json()["id"].as_str().unwrap().to_owned()
}

async fn states(stage: &Stage<'_>, state: &str) -> Vec<String> {
    let mut owner = stage.visitor(&stage.owner);
    let path = stage.at(&format!("/uploads?state={state}"));
    let list = owner.get(&path).await.with(200).json();
    let items = list["items"].as_array().unwrap().iter();
    items
        .map(|one| one["id"].as_str().unwrap().to_owned())
        .collect()
}

/// Selects these uploads on the hosts' page, and presses a button.
pub(crate) async fn press(
    host: &mut Visitor,
    state: &str,
    ids: &[&str],
    button: &str,
) -> testkit::Page {
    let page = host.get(&format!("{HOME}/uploads?state={state}")).await;
    let mut form = page.form(&format!("{HOME}/uploads"));
    for id in ids {
        form.tick("ids", id);
    }
    form.press("do", button);
    host.submit(&page, &form).await
}

#[test]
fn hosts_approve_reject_and_delete_and_observers_only_look() {
    on_default(async |stage| {
        let mut host = stage.visitor(&stage.coordinator);
        let empty = host.get(&format!("{HOME}/uploads")).await;
        assert!(empty.text().contains(&stage.say("host-uploads-off")));
        let first = send(stage, "RAHMA", "Pelamin", 0).await;
        let second = send(stage, "RAHMA", "", 80).await;
        let third = send(stage, "RAHMA", "", 160).await;

        let overview = host.get(&format!("{HOME}/answers")).await;
        let waiting = overview.links();
        let waiting = waiting
            .iter()
            .find(|link| link.href == format!("{HOME}/uploads"));
        assert!(waiting.is_some() && overview.text().contains(&stage.say("host-look-uploads")));
        let summary = host.get(&stage.at("/summary")).await.json();
        assert_eq!(summary["summary"]["attention"]["uploads"], 3);

        let mut observer = stage.visitor(&stage.observer);
        let seen = observer.get(&format!("{HOME}/uploads")).await;
        assert!(seen.text().contains("Pelamin") && seen.text().contains("Rahman"));
        assert!(!seen.body.contains("name=\"ids\""));
        let list = observer.get(&stage.at("/uploads")).await.with(200).json();
        assert_eq!(list["items"][0]["household"], "Keluarga Encik Rahman");
        let url = list["items"][0]["url"].as_str().unwrap();
        stage.nobody().get(url).await.expect(200);
        let body = json!({"uploads": [first], "state": "approved"});
        let refused = call(&mut observer, "PUT", &stage.at("/uploads/state"), &body).await;
        assert_eq!(refused.with(403).json()["code"], "forbidden");

        let done = press(&mut host, "pending", &[&first, &second], "approve").await;
        let page = host.follow(done).await;
        assert!(
            page.text()
                .contains(&stage.say("host-done-upload-approved"))
        );
        assert_eq!(states(stage, "approved").await, [first.as_str(), &second]);
        let body = json!({"uploads": [second, third], "state": "rejected"});
        let path = stage.at("/uploads/state");
        let done = call(&mut host, "PUT", &path, &body).await.with(200).json();
        assert_eq!(done, json!({"changed": 2}));
        let again = call(&mut host, "PUT", &path, &body).await.with(200).json();
        assert_eq!(again, json!({"changed": 0}));
        let none = press(&mut host, "rejected", &[], "approve").await;
        let page = host.follow(none).await;
        assert!(page.text().contains(&stage.say("host-done-upload-none")));
        let wrong = host.get(&stage.at("/uploads?state=lost")).await;
        wrong.expect(422);

        // Deleting requires a confirmation.
        let ask = press(&mut host, "rejected", &[&third], "delete")
            .await
            .with(200);
        assert_eq!(states(stage, "rejected").await.len(), 2);
        let mut sure = ask.form(&format!("{HOME}/uploads"));
        sure.press("go", "1");
        let done = host.submit(&ask, &sure).await;
        let page = host.follow(done).await;
        assert!(page.text().contains(&stage.say("host-done-upload-deleted")));
        assert_eq!(states(stage, "rejected").await, [second.as_str()]);
        let gone = stage.at(&format!("/uploads/{second}"));
        call(&mut host, "DELETE", &gone, &Value::Null)
            .await
            .expect(204);
        call(&mut host, "DELETE", &gone, &Value::Null)
            .await
            .expect(404);

        let actions = stage.actions().await;
        for (action, n) in [
            ("upload.added", 3),
            ("upload.approved", 2),
            ("upload.rejected", 2),
            ("upload.deleted", 2),
        ] {
            let found = actions.iter().filter(|one| *one == action).count();
            assert_eq!(found, n, "{action}");
        }
        let log = host.get(&format!("{HOME}/audit?action=upload")).await;
        assert!(log.text().contains(&stage.say("host-log-upload-deleted")));
        let mut news = stage.news().await.into_iter();
        let last = news.rfind(|(name, _)| name == "upload");
        assert_eq!(last.unwrap().1, json!({"id": second, "state": "removed"}));

        // The files of deleted uploads are deleted within a day.
        stage.world.clock.advance(SignedDuration::from_hours(25));
        stage.worker().run_due().await.unwrap();
        let left = stage.world.files();
        let left = left.iter().filter(|file| file.contains("uploads/")).count();
        assert_eq!(left, 2, "the approved picture and its thumbnail");
    });
}

#[test]
fn the_export_names_uploads_and_a_merged_invitation_hands_them_over() {
    on_default(async |stage| {
        stage.world.expect_jobs(export::KIND);
        let id = send(stage, "RAHMA", "Pelamin", 0).await;
        let request = export::Request {
            kind: ExportKind::Uploads,
            format: FileFormat::Json,
            invitations: InvitationFilter::default(),
            guests: GuestFilter::default(),
        };
        let language = Language::of("en");
        stage
            .done(move |tx, host| export::start(tx, host, &request, &language).map(drop))
            .await;
        stage.worker().run_due().await.unwrap();
        let mut owner = stage.visitor(&stage.owner);
        let all = owner.get(&stage.at("/exports")).await.json();
        let file = format!("/exports/{}/file", all["items"][0]["id"].as_str().unwrap());
        let file = owner.get(&stage.at(&file)).await.with(200);
        assert!(
            file.body.contains("Pelamin") && file.body.contains("a.png"),
            "{}",
            file.body
        );

        let (from, into) = (
            stage.invitation("RAHMA").await,
            stage.invitation("ROSSI").await,
        );
        stage
            .done(move |tx, host| open_rsvp::merge(tx, host, &from, &into, None).map(drop))
            .await;
        let own = stage
            .nobody()
            .get("/api/v1/invitations/ROSSI/uploads")
            .await;
        assert_eq!(own.json()["items"][0]["id"], id.as_str());
    });
}

#[test]
fn a_list_in_the_order_of_the_gallery_goes_on_where_it_ended() {
    on_default(async |stage| {
        let mut ids = Vec::new();
        for shade in [0, 60, 120, 180] {
            ids.push(send(stage, "RAHMA", "", shade).await);
        }
        let mut host = stage.visitor(&stage.owner);
        let order = json!({"uploads": [ids[3], ids[1]], "place": "first"});
        let order = call(&mut host, "PUT", &stage.at("/uploads/order"), &order).await;
        order.expect(200);
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = host
                .get(&stage.at(&format!("/uploads?limit=1{cursor}")))
                .await;
            let page = page.with(200).json();
            let items = page["items"].as_array().unwrap();
            seen.extend(
                items
                    .iter()
                    .map(|one| one["id"].as_str().unwrap().to_owned()),
            );
            let Some(next) = page["next_cursor"].as_str() else {
                break;
            };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(seen, [&*ids[3], &ids[1], &ids[0], &ids[2]]);
    });
}
