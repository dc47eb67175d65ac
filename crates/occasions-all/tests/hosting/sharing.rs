//! Tests of an occasion's cover picture, colour and link preview. Also tests marking many
//! invitations as sent.

use std::io::Cursor;

use axum::http::Method;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use jiff::SignedDuration;
use occasions::cover::{self, IN_PREVIEWS, WIDE_ONLY};
use occasions::hosting::invitations;
use occasions::hosting::occasions as nouns;
use occasions::occasion::Occasion;
use platform::{Rows, sql};
use testkit::{Page, Visitor};

use crate::pages::HOME;
use crate::stage::{Stage, on_default};

async fn occasion(stage: &Stage<'_>) -> Occasion {
    stage.done(nouns::load).await
}

/// Returns a picture with this red channel. Pictures with different values can be told apart.
fn picture(red: u8) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    let picture: DynamicImage = RgbImage::from_pixel(900, 700, Rgb([red, 0, 90])).into();
    picture.write_to(&mut file, ImageFormat::Png).unwrap();
    file.into_inner()
}

/// Uploads a cover picture with the page's form, as a browser does.
async fn upload(owner: &mut Visitor, page: &Page, file: &[u8]) -> Page {
    let action = format!("{HOME}/settings/cover");
    let mut body = Vec::new();
    for (name, value) in page.form(&action).entries() {
        let head = format!("--b\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n");
        body.extend(head.as_bytes());
        body.extend(value.as_bytes());
        body.extend(b"\r\n");
    }
    body.extend(b"--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.png\"\r\n");
    body.extend(b"content-type: image/png\r\n\r\n");
    body.extend(file);
    body.extend(b"\r\n--b--\r\n");
    let kind = Some("multipart/form-data; boundary=b");
    owner.send(Method::POST, &action, kind, body.into()).await
}

/// Returns the content of the page's `meta` element for the Open Graph `property`.
fn preview<'a>(page: &'a Page, property: &str) -> &'a str {
    let start = format!("<meta property=\"og:{property}\" content=\"");
    let found = page.body.split_once(&start).unwrap().1;
    found.split('"').next().unwrap()
}

#[test]
fn a_cover_picture_stands_on_the_invitation_and_beside_links_to_it() {
    on_default(async |stage| {
        stage.world.expect_jobs(cover::KIND);
        let mut owner = stage.visitor(&stage.owner);
        let mut guest = stage.nobody();
        let before = guest.get("/invite/RAHMA").await;
        assert!(preview(&before, "image").contains("/card.png?"));

        let page = owner.get(&format!("{HOME}/settings/cover")).await;
        for (file, code) in [
            (b"GIF89a".as_slice(), "field-image-invalid"),
            (b"Dear guests", "field-not-an-image"),
            (b"\0\0\0\x18ftypheic\0\0\0\0", "field-image-heic"),
        ] {
            let refused = upload(&mut owner, &page, file).await.with(422);
            assert!(refused.body.contains("href=\"#file\""), "{}", refused.body);
            assert!(refused.text().contains(&stage.say(code)), "{code}");
        }
        upload(&mut owner, &page, &vec![0; 101_000_000])
            .await
            .with(413);
        // Without a file, the rest of the form is saved.
        upload(&mut owner, &page, b"").await.with(303);
        assert_eq!(occasion(stage).await.cover, "");

        let page = owner.get(&format!("{HOME}/settings/cover")).await;
        let sent = upload(&mut owner, &page, &picture(200)).await;
        let page = owner.follow(sent).await;
        page.expect(200);
        let stored = occasion(stage).await;
        let path = cover::path(&stored, WIDE_ONLY).unwrap();
        let shown = cover::on_pages(&stored).unwrap();
        assert!(page.body.contains(&format!("srcset=\"{}\"", shown.srcset)));

        // Both the invitation and the public page show the picture, and name it for link previews.
        for address in ["/invite/RAHMA", "/o/aisyah-daniel"] {
            let shown = guest.get(address).await;
            let img = format!("<img src=\"{}\" srcset=", large(&stored));
            assert!(shown.body.contains(&img), "{}", shown.body);
            assert!(
                shown
                    .body
                    .contains(" width=\"792\" height=\"440\" alt=\"\">")
            );
            assert!(shown.body.contains("class=\"cover look-songket pictured\""));
            let image = preview(&shown, "image");
            assert!(image.ends_with(&cover::path(&stored, IN_PREVIEWS).unwrap()));
            assert_eq!(preview(&shown, "image:width"), "1200");
            assert!(!preview(&shown, "title").contains("Rahman"));
        }
        for cut in cover::CUTS {
            let path = cover::path(&stored, *cut).unwrap();
            let file = guest.bytes(&path).await;
            let found = image::load_from_memory(&file).unwrap().to_rgb8();
            assert_eq!(found.dimensions(), (cut.width, cut.height));
            assert!(file.len() <= cut.bytes && found.get_pixel(9, 9).0[0] > 180);
            let head = guest.get(&path).await;
            assert_eq!(head.header("content-type"), "image/jpeg");
        }
        // The whole photo is not served, and its small copy only to owners.
        let stem = &stored.cover;
        let name = stem.rsplit_once("-f").unwrap().0;
        for whole in ["source", "small"] {
            let whole = format!("/o/aisyah-daniel/cover/{name}-{whole}.jpg");
            guest.get(&whole).await.with(404);
        }
        let small = owner.get(&format!("{HOME}/settings/cover/small")).await;
        small.expect(200);
        assert_eq!(small.header("cache-control"), "no-store");
        for other in [
            format!("/o/aisyah-daniel/cover/{stem}-9x9.jpg"),
            "/o/aisyah-daniel/cover/-720x360.jpg".to_owned(),
            format!("/o/nobody/cover/{stem}-720x360.jpg"),
        ] {
            guest.get(&other).await.with(404);
        }

        // The owner writes a description of the picture for people who cannot see it.
        let page = owner.get(&format!("{HOME}/settings/cover")).await;
        let mut form = page.form(&format!("{HOME}/settings/cover"));
        form.fill("cover_alt.en", "Two people \"under\" a tree");
        owner.submit(&page, &form).await.expect(303);
        let shown = guest.get("/invite/RAHMA?lang=en").await;
        assert!(
            shown
                .body
                .contains("alt=\"Two people &#34;under&#34; a tree\"")
        );
        assert_eq!(
            preview(&shown, "image:alt"),
            "Two people &#34;under&#34; a tree"
        );

        // A new picture has a new path. The previous picture is deleted within a day.
        let page = owner.get(&format!("{HOME}/settings/cover")).await;
        upload(&mut owner, &page, &picture(20)).await.with(303);
        let second = occasion(stage).await;
        assert_ne!(second.cover, stored.cover);
        guest.get(&path).await.with(404);
        stage.world.clock.advance(SignedDuration::from_hours(25));
        stage.worker().run_due().await.unwrap();
        let files = stage.world.files().join(" ");
        assert!(
            !files.contains(&stored.cover) && files.contains(&second.cover),
            "{files}"
        );

        let page = owner.get(&format!("{HOME}/settings/cover")).await;
        let mut form = page.form(&format!("{HOME}/settings/cover"));
        form.press("remove", "1");
        owner.submit(&page, &form).await.expect(303);
        assert_eq!(occasion(stage).await.cover, "");
        let shown = guest.get("/invite/RAHMA").await;
        assert!(!shown.body.contains("pictured"));
        assert!(preview(&shown, "image").contains("/card.png?"));
        stage.world.clock.advance(SignedDuration::from_hours(25));
        stage.worker().run_due().await.unwrap();
        let files = stage.world.files().join(" ");
        let name = second.cover.rsplit_once("-f").unwrap().0;
        assert!(!files.contains(name), "{files}");
    });
}

/// Returns the path of the photo's larger size in the occasion's look.
fn large(occasion: &Occasion) -> String {
    cover::on_pages(occasion).unwrap().address
}

#[test]
fn a_photo_is_cut_around_what_must_stay() {
    on_default(async |stage| {
        stage.world.expect_jobs(cover::KIND);
        let action = format!("{HOME}/settings/cover");
        let mut owner = stage.visitor(&stage.owner);
        let page = owner.get(&action).await;
        assert!(!page.body.contains("name=\"focus\""));
        // Red on the left, and blue on the right.
        let halves = |x, _| Rgb(if x < 450 { [255, 0, 0] } else { [0, 0, 255] });
        let picture: DynamicImage = RgbImage::from_fn(900, 300, halves).into();
        let mut file = Cursor::new(Vec::new());
        picture.write_to(&mut file, ImageFormat::Png).unwrap();
        upload(&mut owner, &page, &file.into_inner())
            .await
            .with(303);
        let first = occasion(stage).await;
        let page = owner.get(&action).await;
        let mut form = page.form(&action);
        assert_eq!(form.value("focus"), Some("5"), "the middle of a wide photo");

        // What is typed is shown beside the form, and not saved.
        form.fill("focus", "4");
        form.fill("theme.ground", "nila");
        let shown = owner
            .post(&format!("{action}/preview/page"), &form.entries())
            .await;
        shown.expect(200);
        assert!(shown.body.contains("<img src=\"data:image/jpeg;base64,"));
        assert!(shown.body.contains("theme-songket way-nila"));
        assert!(shown.body.contains("<div inert>"));
        assert_eq!(shown.header("cache-control"), "no-store");
        assert_eq!(occasion(stage).await, first);

        owner.submit(&page, &form).await.expect(303);
        let second = occasion(stage).await;
        let of = |cover: &str| cover.rsplit_once("-f").map(|(name, _)| name.to_owned());
        assert_eq!(of(&second.cover), of(&first.cover), "one photo");
        assert_ne!(second.cover, first.cover);
        let mut guest = stage.nobody();
        for cut in cover::CUTS
            .iter()
            .filter(|cut| cut.width < 3 * cut.height / 2)
        {
            let bytes = guest.bytes(&cover::path(&second, *cut).unwrap()).await;
            let found = image::load_from_memory(&bytes).unwrap().to_rgb8();
            let [red, _, blue] = found.get_pixel(cut.width - 9, 20).0;
            assert!(red > 180 && blue < 70, "only the left: {cut:?}");
        }

        // Another look has another shape, without another upload.
        let change = serde_json::json!({"theme": {"preset": "garden"}});
        let seen = second.version;
        let changed = stage.act(&stage.owner, move |tx, host| {
            nouns::change(tx, host, seen, &change.clone().into())
        });
        changed.await.unwrap();
        let third = occasion(stage).await;
        assert!(large(&third).ends_with("-480x600.jpg"));
        guest.get(&large(&third)).await.expect(200);

        let page = owner.get(&action).await;
        let form = page.form(&action);
        let mut fields = form.entries();
        fields.retain(|(name, _)| *name != "focus");
        fields.push(("focus", "10"));
        owner.post(&action, &fields).await.expect(422);
    });
}

#[test]
fn an_old_cover_stays_and_its_page_says_to_choose_it_again() {
    on_default(async |stage| {
        stage.world.expect_jobs(cover::KIND);
        let set = stage.act(&stage.owner, |tx, host| {
            nouns::set_cover(tx, host, "0197-old")
        });
        set.await.unwrap();
        let mut owner = stage.visitor(&stage.owner);
        let page = owner.get(&format!("{HOME}/settings/cover")).await;
        assert!(page.text().contains(&stage.say("host-photo-again")));
        assert!(!page.body.contains("name=\"focus\""));
        owner
            .get(&format!("{HOME}/settings/cover/small"))
            .await
            .expect(404);
        let shown = stage.nobody().get("/invite/RAHMA").await;
        let old = "/cover/0197-old-720x360.jpg\" width=\"720\" height=\"360\"";
        assert!(shown.body.contains(old));
    });
}

#[test]
fn only_an_owner_sets_the_cover_picture() {
    on_default(async |stage| {
        let mut coordinator = stage.visitor(&stage.coordinator);
        let cover = format!("{HOME}/settings/cover");
        coordinator.get(&cover).await.with(403);
        let texts = coordinator.get(&format!("{HOME}/settings/texts")).await;
        assert!(!texts.body.contains(&cover));
        let form = texts.form(&format!("{HOME}/settings/texts"));
        let fields = [("_csrf", form.value("_csrf").unwrap()), ("remove", "1")];
        coordinator.post(&cover, &fields).await.expect(403);
    });
}

#[test]
fn a_colour_of_the_hosts_own_is_made_legible_and_said() {
    on_default(async |stage| {
        let address = format!("{HOME}/settings/look");
        let mut owner = stage.visitor(&stage.owner);
        let page = owner.get(&format!("{address}/plain")).await;
        let mut form = page.form(&address);
        form.fill("theme.accent", "#ffee00");
        // The box for a custom colour is not ticked, so the typed colour is not saved.
        owner.submit(&page, &form).await.expect(303);
        assert_eq!(occasion(stage).await.theme.accent, None);

        let page = owner.get(&format!("{address}/plain")).await;
        let mut form = page.form(&address);
        form.fill("theme.accent", "#FFEE00")
            .tick("accent_own", "1")
            .press("see", "1");
        let seen = owner.submit(&page, &form).await;
        let seen = owner.follow(seen).await;
        let style = "<link rel=\"stylesheet\" href=\"/assets/accent/plain-ffee00.css\">";
        assert!(seen.body.contains(style), "{}", seen.body);

        let mut form = page.form(&address);
        form.fill("theme.accent", "#FFEE00").tick("accent_own", "1");
        let saved = owner.submit(&page, &form).await;
        let page = owner.follow(saved).await;
        let theme = occasion(stage).await.theme;
        let [light, dark] = web::theme_accent::colors(theme).unwrap();
        assert!(light.accent.is_changed && !dark.accent.is_changed);
        let values = [("color", light.accent.color.hex().into())];
        assert!(
            page.text()
                .contains(&stage.fill("host-accent-light", values))
        );
        let form = page.form(&address);
        assert_eq!(form.value("theme.accent"), Some("#ffee00"));
        assert_eq!(form.value("accent_own"), Some("1"));

        let mut guest = stage.nobody();
        for address in ["/invite/RAHMA", "/o/aisyah-daniel", "/invite"] {
            let shown = guest.get(address).await;
            assert!(shown.body.contains(style), "{address}: {}", shown.body);
        }
        let found = guest.get("/assets/accent/plain-ffee00.css").await;
        let accent = format!("--accent: {}", light.accent.color.hex());
        assert!(found.body.contains(&accent), "{}", found.body);

        // A value that is not a colour is refused, and nothing changes.
        let mut form = page.form(&address);
        form.fill("theme.accent", "red").tick("accent_own", "1");
        let refused = owner.submit(&page, &form).await.with(422);
        assert!(refused.body.contains("href=\"#theme.accent\""));
        assert_eq!(occasion(stage).await.theme, theme);
    });
}

#[test]
fn a_link_without_a_code_has_a_preview_that_names_nobody() {
    on_default(async |stage| {
        let mut guest = stage.nobody();
        for language in stage.site.public_languages() {
            let page = guest.get(&format!("/invite?lang={}", language.tag)).await;
            let text = stage.site.catalogue.speak(&language);
            assert_eq!(preview(&page, "title"), text.say("code-title"));
            assert_eq!(preview(&page, "description"), text.say("code-preview"));
            let image = preview(&page, "image");
            assert!(image.contains("theme=songket"), "{image}");
            for name in ["Aisyah", "Daniel", "Rahman"] {
                let head = page.body.split("</head>").next().unwrap();
                assert!(!head.contains(name), "{head}");
            }
        }
    });
}

#[test]
fn many_are_marked_as_sent_and_one_press_takes_that_back() {
    on_default(async |stage| {
        let sent = async |id: &occasions::id::InvitationId| {
            let id = id.clone();
            let found = stage
                .done(move |tx, _| Ok(invitations::bookkeeping(tx, &id)?))
                .await;
            found.sent_at
        };
        let chosen = [
            stage.invitation("ROSSI").await,
            stage.invitation("RAHMA").await,
        ];
        let marked = chosen[0].clone();
        stage
            .change(|tx| {
                let none = sql!("UPDATE invitation SET sent_at = NULL");
                tx.run(none, &[], Rows::Any).map(drop)
            })
            .await;
        stage
            .done(move |tx, host| invitations::mark_sent(tx, host, &marked, true))
            .await;
        let by_hand = sent(&chosen[0]).await;
        assert_eq!(sent(&chosen[1]).await, None);

        stage.world.clock.advance(SignedDuration::from_hours(1));
        let mut host = stage.visitor(&stage.coordinator);
        let action = format!("{HOME}/invites/bulk");
        let page = host.get(&format!("{HOME}/invites?limit=200")).await;
        let mut form = page.form(&action);
        for id in &chosen {
            form.tick("ids", id.as_str());
        }
        form.press("action", "sent");
        let begun = host.submit(&page, &form).await;
        let job = host.follow(begun).await;
        assert!(
            !job.text().contains(&stage.say("host-bulk-undo")),
            "not done yet"
        );
        stage.worker().run_due().await.unwrap();
        assert!(sent(&chosen[1]).await.is_some());

        // One invitation was already marked before this bulk action. Undoing the action keeps that
        // mark and removes the others.
        let job = host.get(&job.address).await;
        let mut form = job.form(&action);
        form.press("action", "unsent");
        let undone = host.submit(&job, &form).await;
        undone.expect(303);
        stage.worker().run_due().await.unwrap();
        assert_eq!(sent(&chosen[1]).await, None);
        assert_eq!(sent(&chosen[0]).await, by_hand);

        // An undo can be undone too. An action that changed nothing has no undo.
        let job = host.follow(undone).await;
        let mut form = job.form(&action);
        form.press("action", "sent");
        host.submit(&job, &form).await.expect(303);
        stage.worker().run_due().await.unwrap();
        assert!(sent(&chosen[1]).await.is_some());
        let mut form = page.form(&action);
        for id in &chosen {
            form.tick("ids", id.as_str());
        }
        form.press("action", "sent");
        let begun = host.submit(&page, &form).await;
        stage.worker().run_due().await.unwrap();
        let job = host.follow(begun).await;
        assert!(!job.text().contains(&stage.say("host-bulk-undo")));

        // No invitation is chosen. The page asks to choose one, and no action starts.
        let mut form = page.form(&action);
        form.press("action", "sent");
        let step = host.submit(&page, &form).await.with(200);
        assert!(step.text().contains(&stage.say("host-nothing-chosen")));
    });
}
