//! Tests of the download of the gallery, and of the pictures that hosts add themselves.

use std::io::{Cursor, Read as _};

use axum::http::Method;
use image::{ImageFormat, Rgb, RgbImage};
use jiff::{SignedDuration, Timestamp};
use occasions::hosting::Refusal;
use occasions::hosting::pictures::{self, NewPicture, PictureWords};
use occasions::role::Role;
use occasions::upload::{self, StoredFile};
use platform::{Rows, StoreError, Tx, sql};
use serde_json::{Value, json};
use testkit::{MAX_UPLOAD, Page, Visitor};
use zip::ZipArchive;

use crate::pages::HOME;
use crate::stage::{Stage, call, on_default};
use crate::uploads::{press, send};

const ADD: &str = "/uploads/add";
const PLACE: &[u8] = b"3.1390,101.6869";

/// A JPEG with a place in its metadata. Pictures with different `shade` are different files.
pub(crate) fn photo(shade: u8) -> Vec<u8> {
    let mut jpeg = Cursor::new(Vec::new());
    let picture = RgbImage::from_pixel(64, 48, Rgb([200, shade, 90]));
    picture.write_to(&mut jpeg, ImageFormat::Jpeg).unwrap();
    let jpeg = jpeg.into_inner();
    let length = u16::try_from(PLACE.len() + 2).unwrap().to_be_bytes();
    [&jpeg[..2], &[0xff, 0xe1], &length, PLACE, &jpeg[2..]].concat()
}

/// The body of a form with these fields, and with files, which a browser sends last.
pub(crate) fn form(fields: &[(&str, &str)], files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value) in fields {
        let part =
            format!("--b\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend(part.as_bytes());
    }
    for (name, content) in files {
        let head = format!(
            "--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n"
        );
        body.extend(head.as_bytes());
        body.extend(*content);
        body.extend(b"\r\n");
    }
    body.extend(b"--b--\r\n");
    body
}

async fn post(visitor: &mut Visitor, path: &str, body: Vec<u8>) -> Page {
    let kind = Some("multipart/form-data; boundary=b");
    visitor.send(Method::POST, path, kind, body.into()).await
}

/// Adds a picture as the owner, and returns its id.
pub(crate) async fn add(stage: &Stage<'_>, caption: &str, shade: u8) -> String {
    stage.world.expect_jobs(upload::FILE_JOB);
    // Lists sort pictures by their time in milliseconds.
    stage.world.clock.advance(SignedDuration::from_millis(1));
    let mut owner = stage.visitor(&stage.owner);
    let body = form(&[("caption", caption)], &[("a.jpg", &photo(shade))]);
    let added = post(&mut owner, &stage.at("/pictures"), body).await;
    added.with(201).json()["id"].as_str().unwrap().to_owned()
}

/// Moves the clock to the start of the first event, when guests begin to see the gallery.
async fn begin(stage: &Stage<'_>) {
    let look = |tx: &mut Tx<'_>| -> Result<(Timestamp,), StoreError> {
        tx.one(sql!("SELECT MIN(starts_at) FROM event"), &[])
    };
    let (first,) = stage.site.store.read(look).await.unwrap();
    let clock = &stage.world.clock;
    clock.advance(first.duration_since(clock.now()));
}

/// What a household sees in the gallery.
async fn gallery(stage: &Stage<'_>) -> Vec<Value> {
    let path = "/api/v1/invitations/RAHMA/gallery";
    let seen = stage.nobody().get(path).await.with(200).json();
    seen["items"].as_array().unwrap().clone()
}

/// The paths in the archive, and the first file's content.
async fn archive(host: &mut Visitor) -> (Vec<String>, Vec<u8>) {
    let file = host.bytes(&format!("{HOME}/uploads/all.zip")).await;
    let mut zip = ZipArchive::new(Cursor::new(file)).unwrap();
    let mut first = Vec::new();
    let mut paths = Vec::new();
    for place in 0..zip.len() {
        let mut file = zip.by_index(place).unwrap();
        paths.push(file.name().unwrap().into_owned());
        let mut content = Vec::new();
        file.read_to_end(&mut content).unwrap();
        if place == 0 {
            first = content;
        }
    }
    (paths, first)
}

/// Approves all uploads but those with the caption "no".
async fn approve_all(stage: &Stage<'_>) {
    let change = |tx: &mut Tx<'_>| {
        tx.run(
            sql!("UPDATE upload SET state = 'approved' WHERE caption <> 'no'"),
            &[],
            Rows::Any,
        )
    };
    stage.site.store.write(change).await.unwrap();
}

/// The name of the first stored file in the file store.
async fn first_file(stage: &Stage<'_>) -> String {
    let look = |tx: &mut Tx<'_>| -> Result<(String,), StoreError> {
        tx.one(sql!("SELECT file FROM upload ORDER BY id LIMIT 1"), &[])
    };
    stage.site.store.read(look).await.unwrap().0
}

#[test]
fn the_gallery_is_one_file_in_folders_by_household() {
    on_default(async |stage| {
        let mut host = stage.visitor(&stage.coordinator);
        let nothing = host.get(&format!("{HOME}/uploads")).await;
        assert!(!nothing.body.contains("all.zip"));
        assert_eq!(archive(&mut host).await.0, Vec::<String>::new());
        for (code, caption) in [("RAHMA", ""), ("ROSSI", ""), ("RAHMA", ""), ("RAHMA", "no")] {
            let shade = u8::try_from(stage.news().await.len()).unwrap();
            send(stage, code, caption, shade * 20).await;
        }
        approve_all(stage).await;

        let page = host.get(&format!("{HOME}/uploads?state=approved")).await;
        let (paths, first) = archive(&mut host).await;
        assert_eq!(
            paths,
            [
                "Keluarga-Encik-Rahman/001-a.jpg",
                "Famiglia-Rossi/001-a.jpg",
                "Keluarga-Encik-Rahman/002-a.jpg"
            ]
        );
        let values = [
            ("count", 3.into()),
            ("n", "3".into()),
            ("size", "3 KB".into()),
        ];
        let button = stage.fill("host-uploads-download", values);
        assert!(page.text().contains(&button), "{}", page.text());
        let picture = image::load_from_memory(&first).unwrap();
        assert_eq!((picture.width(), picture.height()), (64, 48));
        let path = format!("{HOME}/uploads/all.zip");
        let sent = host.send(Method::HEAD, &path, None, "".into());
        let sent = sent.await.with(200);
        assert_eq!(sent.header("content-type"), "application/zip");
        assert!(sent.header("content-disposition").contains("-pictures.zip"));
        assert_eq!(sent.header("cache-control"), "no-store, private");

        let mut observer = stage.visitor(&stage.observer);
        let page = observer
            .get(&format!("{HOME}/uploads?state=approved"))
            .await;
        assert!(!page.body.contains("all.zip"));
        let refused = observer.get(&format!("{HOME}/uploads/all.zip")).await;
        refused.expect(403);

        // What the file store has lost is named.
        let file = first_file(stage).await;
        let key = format!("uploads/{file}").parse().unwrap();
        assert!(stage.site.files.remove(&key).await.unwrap());
        let (paths, _) = archive(&mut host).await;
        assert_eq!(paths.first().unwrap(), "Famiglia-Rossi/001-a.jpg");
        assert_eq!(paths.last().unwrap(), "unread.txt");
    });
}

#[test]
fn two_archives_are_sent_at_a_time() {
    on_default(async |stage| {
        send(stage, "RAHMA", "", 0).await;
        approve_all(stage).await;
        let mut host = stage.visitor(&stage.coordinator);
        let path = format!("{HOME}/uploads/all.zip");
        let first = host.listen(&path).await;
        let _second = host.listen(&path).await;
        let refused = host.get(&path).await.with(503);
        assert_eq!(refused.header("retry-after"), "60");
        assert!(
            refused
                .text()
                .contains(&stage.say("problem-downloads-busy"))
        );
        drop(first);
        assert_eq!(archive(&mut host).await.0.len(), 1);
    });
}

#[test]
fn hosts_add_pictures_and_what_is_refused_is_named() {
    on_default(async |stage| {
        stage.world.expect_jobs(upload::FILE_JOB);
        stage.switch(|switches| switches.uploads = true).await;
        begin(stage).await;
        let coordinator = stage.another("late", Role::Coordinator).await;
        let mut host = stage.visitor(&coordinator);
        let page = host.get(&format!("{HOME}/uploads")).await;
        let links = page.links();
        let link = links.iter().find(|link| link.href.ends_with(ADD)).unwrap();
        let page = host.get(&link.href).await.with(200);
        assert!(page.body.contains("enctype=\"multipart/form-data\""));

        let none = post(
            &mut host,
            &link.href,
            form(&[("caption", "Nikah")], &[("", b"")]),
        )
        .await;
        let none = none.with(422);
        assert!(none.text().contains(&stage.say("host-pictures-none")));
        assert!(none.body.contains("value=\"Nikah\""));

        // Noise cannot be compressed, so that the file is larger than one that a guest may send.
        let noise = RgbImage::from_fn(200, 200, |x, y| {
            let shade = |factor: u32| ((x * 7919 + y * 104_729) * factor % 251) as u8;
            Rgb([shade(31), shade(57), shade(101)])
        });
        let mut large = Cursor::new(Vec::new());
        noise.write_to(&mut large, ImageFormat::Png).unwrap();
        let large = large.into_inner();
        assert!(large.len() > MAX_UPLOAD);
        let heic: &[u8] = b"\0\0\0\x18ftypheic and more";
        let files: [(&str, &[u8]); 4] = [
            ("IMG 1.jpg", &photo(0)),
            ("photo.heic", heic),
            ("kad.pdf", b"%PDF-1.7\n"),
            ("large.png", &large),
        ];
        let words = [("caption", " Nikah\u{0} "), ("credit", "Studio Cahaya")];
        let some = post(&mut host, &link.href, form(&words, &files))
            .await
            .with(422);
        for (file, reason) in [
            ("photo.heic", "problem-picture-heic"),
            ("kad.pdf", "problem-picture-type"),
        ] {
            let values = [("file", file.into()), ("reason", stage.say(reason).into())];
            let refused = stage.fill("upload-refused", values);
            assert!(some.text().contains(&refused), "{}", some.text());
        }
        let others = stage.fill("host-pictures-others", [("n", 2.into())]);
        assert!(some.text().contains(&others));
        assert!(some.body.contains("value=\"Studio Cahaya\""));

        // The same file is the same picture.
        let again = post(&mut host, &link.href, form(&words, &files[..1])).await;
        let list = host.follow(again.with(303)).await;
        assert!(list.text().contains(&stage.say("host-done-pictures-added")));
        assert!(list.text().contains("Studio Cahaya"));
        let counts = [
            ("all", "2".into()),
            ("own", "2".into()),
            ("guests", "0".into()),
        ];
        assert!(
            list.text()
                .contains(&stage.fill("host-uploads-gallery", counts))
        );

        let seen = gallery(stage).await;
        assert_eq!(seen.len(), 2);
        assert_eq!(seen[0]["credit"], "Studio Cahaya");
        assert_eq!(seen[0]["caption"], "Nikah");
        let mut guest = stage.nobody();
        let stored = guest.bytes(seen[0]["url"].as_str().unwrap()).await;
        let holds = |part: &[u8]| stored.windows(part.len()).any(|place| place == part);
        assert!(!holds(PLACE));
        let picture = format!("/invite/RAHMA/gallery/{}", seen[0]["id"].as_str().unwrap());
        let page = guest.get(&picture).await.with(200);
        assert!(page.text().contains("Studio Cahaya"), "{}", page.text());

        let observer = stage.another("watching", Role::Observer).await;
        let mut observer = stage.visitor(&observer);
        let list = observer.get(&format!("{HOME}/uploads")).await.with(200);
        assert!(list.text().contains("Studio Cahaya") && !list.body.contains(ADD));
        observer.get(&link.href).await.expect(403);
        let refused = post(&mut observer, &link.href, form(&[], &files[..1])).await;
        refused.expect(403);
        let (paths, _) = archive(&mut host).await;
        // Both came with one form, so neither is older.
        let [first, second] = &paths[..] else {
            panic!("{paths:?}");
        };
        assert!(first.starts_with("Studio-Cahaya/001-"), "{first}");
        assert!(second.starts_with("Studio-Cahaya/002-"), "{second}");
        for name in ["IMG-1.jpg", "large.jpg"] {
            assert!(paths.iter().any(|path| path.ends_with(name)), "{paths:?}");
        }
        let actions = stage.actions().await;
        let added = actions.iter().filter(|one| *one == "upload.added_by_host");
        assert_eq!(added.count(), 2);
    });
}

#[test]
fn a_picture_is_described_hidden_shown_and_deleted() {
    on_default(async |stage| {
        stage.switch(|switches| switches.uploads = true).await;
        let (id, other) = (add(stage, "", 0).await, add(stage, "Dua", 90).await);
        begin(stage).await;
        let coordinator = stage.another("late", Role::Coordinator).await;
        let mut host = stage.visitor(&coordinator);
        let list = host.get(&format!("{HOME}/uploads")).await;
        let links = list.links();
        let own = format!("{HOME}/uploads/own/{id}");
        let link = links.iter().find(|link| link.href == own).unwrap();
        assert!(link.text.contains(&stage.say("host-pictures-own")));
        let page = host.get(&own).await.with(200);
        let mut form = page.form(&own);
        form.fill("caption", &"x".repeat(301));
        form.fill("credit", "Aina");
        let refused = host.submit(&page, &form).await.with(422);
        assert!(refused.body.contains("value=\"Aina\""));
        let mut form = refused.form(&own);
        form.fill("caption", "Satu");
        let done = host.submit(&refused, &form).await;
        let page = host.follow(done.with(303)).await;
        assert!(page.text().contains(&stage.say("host-done-saved")));
        let seen = gallery(stage).await;
        assert_eq!(seen[0]["caption"], "Satu");
        assert_eq!(seen[0]["credit"], "Aina");
        assert_eq!(seen[1]["credit"], Value::Null);
        let log = host.get(&format!("{HOME}/audit?action=upload")).await;
        assert!(log.text().contains(&stage.say("host-log-upload-described")));
        assert!(log.text().contains(&stage.say("host-field-picture-credit")));

        let mut form = page.form(&format!("{HOME}/uploads"));
        form.press("do", "reject");
        let done = host.submit(&page, &form).await;
        let list = host.follow(done.with(303)).await;
        assert!(list.text().contains(&stage.say("host-done-upload-hidden")));
        assert_eq!(gallery(stage).await.len(), 1);
        let hidden = host.get(&stage.at("/pictures")).await.with(200).json();
        assert_eq!(hidden["items"][0]["hidden"], true);
        // Hosts still download what they hide from guests.
        assert_eq!(archive(&mut host).await.0.len(), 2);
        let page = host.get(&own).await;
        let mut form = page.form(&format!("{HOME}/uploads"));
        form.press("do", "approve");
        host.submit(&page, &form).await.expect(303);
        assert_eq!(gallery(stage).await.len(), 2);

        let both = json!({"uploads": [id, other], "state": "pending"});
        let state = stage.at("/uploads/state");
        let done = call(&mut host, "PUT", &state, &both).await.with(200).json();
        assert_eq!(done, json!({"changed": 2}));
        let again = call(&mut host, "PUT", &state, &both).await.with(200).json();
        assert_eq!(again, json!({"changed": 0}));
        assert_eq!(gallery(stage).await.len(), 0);
        let path = stage.at(&format!("/pictures/{id}"));
        call(&mut host, "DELETE", &path, &Value::Null)
            .await
            .expect(204);
        call(&mut host, "DELETE", &path, &Value::Null)
            .await
            .expect(404);
        host.get(&own).await.expect(404);
        stage.world.clock.advance(SignedDuration::from_hours(25));
        stage.worker().run_due().await.unwrap();
        let files = stage.world.files();
        let files = files.iter().filter(|file| file.contains("uploads/"));
        assert_eq!(files.count(), 2, "the other picture and its thumbnail");
    });
}

#[test]
fn programs_add_and_change_pictures() {
    on_default(async |stage| {
        stage.world.expect_jobs(upload::FILE_JOB);
        let mut owner = stage.visitor(&stage.owner);
        let path = stage.at("/pictures");
        let long = "x".repeat(301);
        let heic: &[u8] = b"\0\0\0\x18ftypmif1";
        for (fields, files, status, code) in [
            (&[][..], &[("a.heic", heic)][..], 415, "picture_heic"),
            (&[], &[("a.pdf", b"%PDF-1.7\n")], 415, "picture_type"),
            (&[], &[("a.jpg", b"\xff\xd8\xff")], 415, "picture_type"),
            (&[], &[], 422, "validation_failed"),
            (
                &[("caption", long.as_str())],
                &[("a.jpg", b"x")],
                422,
                "validation_failed",
            ),
            (
                &[("colour", "red")],
                &[("a.jpg", b"x")],
                422,
                "validation_failed",
            ),
        ] {
            let refused = post(&mut owner, &path, form(fields, files)).await;
            assert_eq!(refused.with(status).json()["code"], code, "{fields:?}");
        }
        let id = add(stage, "Akad", 0).await;
        let one = stage.at(&format!("/pictures/{id}"));
        let credit = json!({"credit": "Aina"});
        let changed = call(&mut owner, "PATCH", &one, &credit)
            .await
            .with(200)
            .json();
        assert_eq!(changed["caption"], "Akad");
        assert_eq!(changed["credit"], "Aina");
        let list = owner.get(&path).await.with(200).json();
        assert_eq!(list["items"], json!([changed]));
        // Uploads of households are a list of their own.
        let uploads = owner.get(&stage.at("/uploads")).await.with(200).json();
        assert_eq!(uploads["items"], json!([]));
    });
}

#[test]
fn hosts_and_guests_share_a_quota() {
    on_default(async |stage| {
        send(stage, "RAHMA", "", 0).await;
        let size = |tx: &mut Tx<'_>| -> Result<(i64,), StoreError> {
            tx.one(
                sql!("SELECT CAST(SUM(bytes + thumbnail_bytes) AS BIGINT) FROM upload"),
                &[],
            )
        };
        let (used,) = stage.site.store.read(size).await.unwrap();
        let picture = |digest: &str, quota: i64| NewPicture {
            name: "a.jpg".to_owned(),
            words: PictureWords::default(),
            stored: StoredFile {
                file: format!("{digest}-1x1.jpg"),
                bytes: 600,
                thumbnail: format!("{digest}-thumbnail.jpg"),
                thumbnail_bytes: 400,
            },
            digest: digest.to_owned(),
            quota,
        };
        let too_large = picture("a", used + 999);
        let refused = stage
            .act(&stage.owner, move |tx, host| {
                pictures::add(tx, host, &too_large)
            })
            .await;
        assert!(matches!(refused, Err(Refusal::UploadQuota)), "{refused:?}");
        let fits = picture("a", used + 1_000);
        stage
            .done(move |tx, host| pictures::add(tx, host, &fits).map(drop))
            .await;
        // The hosts' picture counts too.
        let next = picture("b", used + 1_999);
        let refused = stage
            .act(&stage.owner, move |tx, host| pictures::add(tx, host, &next))
            .await;
        assert!(matches!(refused, Err(Refusal::UploadQuota)), "{refused:?}");
    });
}

#[test]
fn hosts_choose_what_the_gallery_shows_first() {
    on_default(async |stage| {
        stage.switch(|switches| switches.uploads = true).await;
        let mut ids = Vec::new();
        for (caption, shade) in [("one", 20), ("two", 60), ("three", 100), ("four", 140)] {
            ids.push(add(stage, caption, shade).await);
        }
        begin(stage).await;
        let [owner, observer] = [
            stage.another("late", Role::OccasionOwner).await,
            stage.another("later", Role::Observer).await,
        ];
        let shown = async || -> Vec<String> {
            let all = gallery(stage).await.into_iter();
            all.map(|one| one["caption"].as_str().unwrap().to_owned())
                .collect()
        };
        assert_eq!(shown().await, ["one", "two", "three", "four"]);
        let mut host = stage.visitor(&owner);
        let press = async |host: &mut Visitor, ids: &[&str], button: &str| {
            let done = press(host, "approved", ids, button).await;
            host.follow(done).await.expect(200);
        };
        press(&mut host, &[&ids[2], &ids[3]], "first").await;
        assert_eq!(shown().await, ["three", "four", "one", "two"]);
        press(&mut host, &[&ids[1]], "first").await;
        assert_eq!(shown().await, ["two", "three", "four", "one"]);
        press(&mut host, &[&ids[2], &ids[1]], "time").await;
        assert_eq!(shown().await, ["four", "one", "two", "three"]);
        let order =
            json!({"uploads": [ids[3], "01a1f7f8-3000-7936-8614-4264009e561c"], "place": "first"});
        let at = stage.at("/uploads/order");
        let changed = call(&mut host, "PUT", &at, &order).await.with(200).json();
        assert_eq!(changed["changed"], 1);
        let mut observer = stage.visitor(&observer);
        call(&mut observer, "PUT", &at, &order).await.expect(403);
    });
}
