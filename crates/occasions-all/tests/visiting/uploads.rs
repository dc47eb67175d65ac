//! Tests of uploads and the gallery on the guests' pages and in their JSON API.

use std::io::Cursor;

use axum::http::Method;
use image::{ImageFormat, Rgb, RgbImage};
use jiff::{SignedDuration, Timestamp};
use occasions::upload::{self, UploadState};
use occasions::words::OccasionStatus;
use platform::{Rows, Tx, sql};
use testkit::{MAX_UPLOAD, Page, Visitor, assert_private};
use web::setting::SettingValues;

use crate::stage::{Stage, assert_problem, on_default, on_sqlite};

const PAGE: &str = "/invite/RAHMA/uploads";
const API: &str = "/api/v1/invitations/RAHMA/uploads";
const PLACE: &[u8] = b"3.1390,101.6869";

async fn switch_on(stage: &Stage<'_>) {
    stage.world.expect_jobs(upload::FILE_JOB);
    stage.switch(|switches| switches.uploads = true).await;
}

/// Returns a JPEG. Its EXIF data contain an orientation and a location. When the picture is turned
/// upright, the upper half is red and the lower half blue. Pictures with different `shade` are
/// different files.
fn photo(shade: u8) -> Vec<u8> {
    let pixel = |_, y| Rgb(if y < 16 { [255, 0, shade] } else { [0, 0, 255] });
    let mut jpeg = Cursor::new(Vec::new());
    let picture = RgbImage::from_fn(64, 32, pixel);
    picture.write_to(&mut jpeg, ImageFormat::Jpeg).unwrap();
    let jpeg = jpeg.into_inner();
    let mut exif =
        b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0".to_vec();
    exif.extend(PLACE);
    let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
    [&jpeg[..2], &[0xff, 0xe1], &length, &exif, &jpeg[2..]].concat()
}

fn in_format(format: ImageFormat) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    let picture = RgbImage::from_pixel(40, 30, Rgb([10, 200, 30]));
    picture.write_to(&mut file, format).unwrap();
    file.into_inner()
}

/// Returns the body of a form with a caption and files, as a browser sends it.
fn form(caption: &str, files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut body = b"--b\r\ncontent-disposition: form-data; name=\"caption\"\r\n\r\n".to_vec();
    body.extend(caption.as_bytes());
    for (name, content) in files {
        let head = format!(
            "\r\n--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n"
        );
        body.extend(head.as_bytes());
        body.extend(*content);
    }
    body.extend(b"\r\n--b--\r\n");
    body
}

async fn send(guest: &mut Visitor, path: &str, body: Vec<u8>) -> Page {
    let kind = Some("multipart/form-data; boundary=b");
    guest.send(Method::POST, path, kind, body.into()).await
}

async fn approve(stage: &Stage<'_>) {
    stage
        .change(|tx: &mut Tx<'_>| {
            let approved = UploadState::Approved;
            sql!("UPDATE upload SET state = :approved", approved)
                .run(tx, Rows::Any)
                .map(drop)
        })
        .await;
}

/// Moves the clock to the start of the first event.
async fn begin(stage: &Stage<'_>) {
    let look = |tx: &mut Tx<'_>| -> Result<Timestamp, platform::StoreError> {
        let (first,): (Timestamp,) = tx.one(sql!("SELECT MIN(starts_at) FROM event"), &[])?;
        Ok(first)
    };
    let first = stage.site.store.read(look).await.unwrap();
    let clock = &stage.world.clock;
    clock.advance(first.duration_since(clock.now()));
}

fn uploaded(stage: &Stage<'_>) -> Vec<String> {
    let mut files = stage.world.files();
    files.retain(|file| !file.ends_with('/'));
    files
}

#[test]
fn uploads_that_are_switched_off_are_nowhere() {
    on_sqlite(async |stage| {
        let mut guest = stage.guest();
        let portal = guest.get("/invite/RAHMA").await;
        assert!(!portal.body.contains("/uploads") && !portal.body.contains("/gallery"));
        guest.get(PAGE).await.expect(404);
        guest.get("/invite/RAHMA/gallery").await.expect(404);
        let body = form("", &[("a.jpg", &photo(0))]);
        send(&mut guest, PAGE, body.clone()).await.expect(404);
        let refused = send(&mut guest, API, body).await;
        assert_problem(&refused, 404, "feature_disabled");
        assert_problem(&guest.get(API).await, 404, "feature_disabled");
        let gallery = guest.get("/api/v1/invitations/RAHMA/gallery").await;
        assert_problem(&gallery, 404, "feature_disabled");
        assert_eq!(uploaded(stage), Vec::<String>::new());
    });
}

#[test]
fn a_household_sends_pictures_and_a_document_and_removes_one() {
    on_default(async |stage| {
        switch_on(stage).await;
        let mut guest = stage.guest();
        let portal = guest.get("/invite/RAHMA").await;
        let links = portal.links();
        let tile = links.iter().find(|link| link.href.contains("/uploads"));
        let page = guest.get(&tile.unwrap().href).await;
        assert_private(&page);
        assert!(page.body.contains("enctype=\"multipart/form-data\""));

        let pdf = [b"%PDF-1.7\n".as_slice(), &[7; 3_000]].concat();
        let files: [(&str, &[u8]); 3] = [
            ("IMG 1.jpg", &photo(0)),
            ("", b""),
            ("Jadual \u{201c}kami\u{201d}.pdf", &pdf),
        ];
        let sent = send(&mut guest, PAGE, form("Tarian pertama", &files)).await;
        let page = guest.follow(sent.with(303)).await;
        assert!(page.text().contains(&stage.say("upload-done-added")));
        assert!(page.text().contains("Tarian pertama"));
        assert!(page.text().contains(&stage.say("upload-pending")));

        let list = guest.get(API).await.json();
        let items = list["items"].as_array().unwrap();
        assert_eq!(items.len(), 2, "{list}");
        // Both uploads arrived in the same millisecond, so either can be the first.
        let of = |kind: &str| items.iter().find(|one| one["kind"] == kind).unwrap();
        let (picture, document) = (of("picture"), of("document"));
        assert_eq!(picture["name"], "IMG 1.jpg");
        assert_eq!(document["bytes"], pdf.len());
        assert!(document["thumbnail"].is_null());

        // The stored picture is upright and contains no location.
        let url = picture["url"].as_str().unwrap();
        let mut nobody = stage.guest();
        let bytes = nobody.bytes(url).await;
        let stored = image::load_from_memory(&bytes).unwrap().to_rgb8();
        assert_eq!(stored.dimensions(), (32, 64));
        assert!(!bytes.windows(PLACE.len()).any(|part| part == PLACE));
        assert!(!bytes.windows(4).any(|part| part == b"Exif"));
        let small = nobody.bytes(picture["thumbnail"].as_str().unwrap()).await;
        let small = image::load_from_memory(&small).unwrap();
        assert_eq!((small.width(), small.height()), (400, 400));

        let page = nobody.get(url).await;
        assert_eq!(page.header("content-type"), "image/jpeg");
        assert_eq!(page.header("x-content-type-options"), "nosniff");
        assert_eq!(
            page.header("content-disposition"),
            "inline; filename*=UTF-8''IMG%201.jpg"
        );
        let file = document["url"].as_str().unwrap();
        assert_eq!(nobody.bytes(file).await, pdf);
        let page = nobody.get(file).await;
        assert_eq!(page.header("content-type"), "application/pdf");
        assert!(
            page.header("content-disposition")
                .starts_with("attachment; ")
        );
        nobody.header("range", "bytes=0-7");
        let part = nobody.get(file).await.with(206);
        assert_eq!(part.body, "%PDF-1.7");
        assert_eq!(
            part.header("content-range"),
            format!("bytes 0-7/{}", pdf.len())
        );
        nobody.header("range", "bytes=9999-");
        nobody.get(file).await.expect(416);

        // A link works only for its own file, and only for ten minutes.
        let mut nobody = stage.guest();
        let (token, _) = file.rsplit_once('/').unwrap();
        let (_, other) = url.rsplit_once('/').unwrap();
        nobody.get(&format!("{token}/{other}")).await.expect(404);
        stage.world.clock.advance(SignedDuration::from_mins(10));
        nobody.get(file).await.expect(404);

        let page = guest.get(PAGE).await;
        let id = document["id"].as_str().unwrap();
        let mut forms = page.forms().into_iter();
        let remove = forms.find(|form| form.action.contains(id)).unwrap();
        let sent = guest.submit(&page, &remove).await;
        let page = guest.follow(sent).await;
        assert!(page.text().contains(&stage.say("upload-done-removed")));
        let list = guest.get(API).await.json();
        assert_eq!(list["items"].as_array().unwrap().len(), 1);
        let own = format!("{API}/{}", picture["id"].as_str().unwrap());
        let other = own.replace("RAHMA", "ROSSI");
        let refused = guest.call(Method::DELETE, &other, &().into()).await;
        assert!(refused.status == 404, "only its own household removes it");
        guest
            .call(Method::DELETE, &own, &().into())
            .await
            .expect(204);
    });
}

#[test]
fn what_is_refused_leaves_nothing() {
    on_sqlite(async |stage| {
        switch_on(stage).await;
        let mut guest = stage.guest();
        let large = [b"%PDF-1.7\n".as_slice(), &vec![7; MAX_UPLOAD]].concat();
        let text = "x".repeat(301);
        let broken = photo(0)[..120].to_vec();
        for (caption, file, status, code) in [
            (
                "",
                &b"<svg xmlns='http://www.w3.org/2000/svg'/>"[..],
                415,
                "upload_type",
            ),
            ("", b"\0\0\0\x18ftypheic", 415, "upload_type"),
            ("", &broken, 415, "upload_type"),
            ("", &large, 413, "body_too_large"),
            ("", b"", 422, "validation_failed"),
            (&text, b"%PDF-1.7", 422, "validation_failed"),
        ] {
            let refused = send(&mut guest, API, form(caption, &[("a.jpg", file)])).await;
            assert_problem(&refused, status, code);
            assert_eq!(uploaded(stage), Vec::<String>::new(), "{code}");
        }
        let urlencoded = guest.post(API, &[("caption", "a")]).await;
        assert_problem(&urlencoded, 415, "unsupported_media_type");
        // The connection breaks in the middle of the upload.
        let whole = form(
            "",
            &[("a.pdf", &[b"%PDF-1.7\n".as_slice(), &[7; 9_000]].concat())],
        );
        let cut = whole[..5_000].to_vec();
        for path in [API, PAGE] {
            send(&mut guest, path, cut.clone()).await.expect(400);
            assert_eq!(uploaded(stage), Vec::<String>::new());
        }

        // The page stores the files that it accepts, and names the others.
        let files: [(&str, &[u8]); 3] = [
            ("good.png", &in_format(ImageFormat::Png)),
            ("bad.heic", b"\0\0\0\x18ftypheic"),
            ("good.gif", &in_format(ImageFormat::Gif)),
        ];
        let page = send(&mut guest, PAGE, form("Kami", &files)).await.with(415);
        assert!(page.text().contains("2 files have arrived."));
        assert!(page.text().contains("bad.heic: "));
        let webp = form("", &[("a.webp", &in_format(ImageFormat::WebP))]);
        let first = send(&mut guest, API, webp.clone()).await.with(201).json();
        let again = send(&mut guest, API, webp).await.with(201).json();
        assert_eq!(first["id"], again["id"], "the same file is one upload");
        let list = guest.get(API).await.json();
        assert_eq!(list["items"].as_array().unwrap().len(), 3);
        assert_eq!(
            uploaded(stage).len(),
            6,
            "three pictures and their thumbnails"
        );
    });
}

#[test]
fn an_invitation_holds_thirty_and_an_occasion_its_quota() {
    on_sqlite(async |stage| {
        switch_on(stage).await;
        let mut guest = stage.guest();
        let pdf = |n: usize| format!("%PDF-1.7\n{n}").into_bytes();
        for n in 0..upload::MOST {
            let body = form("", &[("a.pdf", &pdf(n))]);
            send(&mut guest, API, body).await.expect(201);
        }
        let body = form("", &[("a.pdf", &pdf(99))]);
        let full = send(&mut guest, API, body.clone()).await;
        let problem = assert_problem(&full, 409, "upload_limit");
        assert_eq!(problem["limit"], 30);
        let page = guest.get(PAGE).await;
        assert!(page.text().contains(&stage.say("upload-full")));
        send(&mut guest, PAGE, body).await.expect(409);

        // The default quota is 5 GiB.
        assert_eq!(upload::quota(&SettingValues::default()), 5 << 30);
        stage
            .change(|tx: &mut Tx<'_>| {
                sql!(
                    "UPDATE upload SET bytes = :bytes",
                    bytes = (5_i64 << 30) / 30 + 1
                )
                .run(tx, Rows::Any)
                .map(drop)
            })
            .await;
        let mut other = stage.guest();
        let body = form("", &[("a.pdf", &pdf(1_000))]);
        let full = send(&mut other, &API.replace("RAHMA", "ROSSI"), body).await;
        assert_problem(&full, 507, "upload_quota");
    });
}

#[test]
fn the_gallery_opens_with_the_first_event_and_outlives_the_occasion() {
    on_default(async |stage| {
        switch_on(stage).await;
        let mut guest = stage.guest();
        for (n, name) in ["a.jpg", "b.jpg"].into_iter().enumerate() {
            let body = form("Pelamin", &[(name, &photo(u8::try_from(n).unwrap() * 90))]);
            send(&mut guest, API, body).await.expect(201);
            stage.world.clock.advance(SignedDuration::from_secs(1));
        }
        let gallery = "/invite/ROSSI/gallery";
        let mut other = stage.guest();
        other.get(gallery).await.expect(404);
        begin(stage).await;
        let portal = other.get("/invite/ROSSI").await;
        assert!(portal.body.contains(gallery));
        let page = other.get(gallery).await.with(200);
        assert_private(&page);
        // No host has approved the uploads yet, so other guests do not see them.
        assert!(page.text().contains(&stage.say("gallery-none")));
        let api = "/api/v1/invitations/ROSSI/gallery";
        assert_eq!(
            other.get(api).await.json()["items"]
                .as_array()
                .unwrap()
                .len(),
            0
        );
        approve(stage).await;
        let page = other.get(gallery).await;
        assert!(page.text().contains("Pelamin"));
        assert!(!page.text().contains("Rahman"), "not who sent it");
        let first = other.get(&format!("{api}?limit=1")).await.json();
        assert_eq!(first["items"][0]["name"], "a.jpg");
        let cursor = first["next_cursor"].as_str().unwrap();
        let next = other
            .get(&format!("{api}?limit=1&cursor={cursor}"))
            .await
            .json();
        assert_eq!(next["items"][0]["name"], "b.jpg");
        assert!(next["next_cursor"].is_null());

        stage.status(OccasionStatus::Archived).await;
        let thanks = other.get("/invite/ROSSI").await.with(200);
        assert!(thanks.body.contains(gallery));
        let page = other.get(gallery).await.with(200);
        let own = page
            .links()
            .into_iter()
            .find(|link| link.href.starts_with(&format!("{gallery}/")));
        let picture = other.get(&own.unwrap().href).await.with(200);
        let (_, rest) = picture.body.split_once("\"/o/uploads/").unwrap();
        let (rest, _) = rest.split_once('"').unwrap();
        let url = format!("/o/uploads/{}", rest.replace("&#38;", "&"));
        other.get(&url).await.expect(200);
        other.get(api).await.expect(200);
        let body = form("", &[("c.jpg", &photo(200))]);
        let late = send(&mut guest, API, body.clone()).await;
        assert_problem(&late, 410, "invitation_expired");
        send(&mut guest, PAGE, body).await.expect(410);
    });
}

#[test]
fn a_file_without_an_upload_goes_after_a_day() {
    on_sqlite(async |stage| {
        switch_on(stage).await;
        let mut guest = stage.guest();
        for n in [0, 200] {
            let body = form("", &[("a.jpg", &photo(n))]);
            send(&mut guest, API, body).await.expect(201);
        }
        assert_eq!(uploaded(stage).len(), 4);
        let list = guest.get(API).await.json();
        let own = format!("{API}/{}", list["items"][0]["id"].as_str().unwrap());
        guest
            .call(Method::DELETE, &own, &().into())
            .await
            .expect(204);
        stage.world.clock.advance(SignedDuration::from_hours(25));
        stage.work().await;
        assert_eq!(uploaded(stage).len(), 2, "the other upload keeps its files");
    });
}
