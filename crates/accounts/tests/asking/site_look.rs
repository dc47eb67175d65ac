//! Tests of the public look of the whole site, and of the page on which an owner sets it.

use std::io::Cursor;

use axum::http::Method;
use identity::account::AccountId;
use identity::grant::OWNER;
use identity::person::slug;
use identity::session::Stay;
use image::{DynamicImage, ImageFormat};
use platform::store::migrate::Migrations;
use site::domain::{Domain, Domains};
use site::page_parts::{Part, PublicPage, Tile};
use testkit::{Form, Page, Visitor, World};
use web::state::{Label, MenuItem};

use crate::people::{administrator, browser};
use crate::registering::EMAIL;
use crate::stage::{MIGRATIONS, begin, client, english, person, visitor, write};

const LOOK: &str = "/admin/look";

/// Declares a test domain with a page, and with public content of the site's owner.
const SHOP: Domains = &[
    accounts::DOMAIN,
    Domain {
        first_parts: |_, _, _, _| {
            Ok(vec![
                Part::Tile(Tile {
                    href: "/shop".to_owned(),
                    label: "Cups & bowls".to_owned(),
                    note: "From 20 ringgit".to_owned(),
                }),
                Part::Now("<h2>98</h2>".to_owned()),
            ])
        },
        person_parts: |_, _, _, _| Ok(vec![Part::Below("<h2>Cups</h2>".to_owned())]),
        has_public: |_, _| Ok(true),
        offers: |_| {
            let item = |at: i32| MenuItem {
                href: format!("/shop/{at}"),
                label: Label::Words(format!("Shelf {at}")),
            };
            Ok((1..=9).map(item).collect())
        },
        foot: |_| {
            Ok(vec![MenuItem {
                href: "/shop/terms".to_owned(),
                label: Label::Words("Terms".to_owned()),
            }])
        },
        public_pages: |_| {
            Ok(vec![PublicPage {
                path: "/shop?a=1&b=2".to_owned(),
                changed_at: Some("2026-11-20T08:00:00Z".parse().unwrap_or_default()),
            }])
        },
        ..Domain::new(Migrations::new("shop", &[]))
    },
];

async fn signed_in(world: &World, domains: Domains, id: &AccountId) -> Visitor {
    let begun = begin(world, id, Stay::Visit, client(1)).await;
    let mut boss = visitor(&crate::stage::accounts_of(world, domains));
    boss.set_cookie("kd_session", begun.session.reveal());
    boss
}

async fn owner(world: &World) -> Visitor {
    let id = administrator(world, "owner@example.my", OWNER).await;
    signed_in(world, crate::stage::DOMAINS, &id).await
}

fn picture() -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    let picture = DynamicImage::new_rgb8(40, 48);
    picture.write_to(&mut file, ImageFormat::Png).unwrap();
    file.into_inner()
}

async fn send(visitor: &mut Visitor, page: &Page, form: &Form, name: &str, file: &[u8]) -> Page {
    let mut body = Vec::new();
    for (name, value) in form.entries() {
        let head = format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n");
        body.extend(head.as_bytes());
        body.extend(value.as_bytes());
        body.extend(b"\r\n");
    }
    let head =
        format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"a.png\"");
    body.extend(head.as_bytes());
    body.extend(b"\r\nContent-Type: image/png\r\n\r\n");
    body.extend(file);
    body.extend(b"\r\n--b--\r\n");
    let kind = Some("multipart/form-data; boundary=b");
    let action = match form.action.as_str() {
        "" => &page.address,
        action => action,
    };
    visitor.send(Method::POST, action, kind, body.into()).await
}

#[test]
fn a_new_site_shows_its_name_and_the_way_in_and_no_empty_part() {
    World::default_engine(&MIGRATIONS, async |world| {
        let accounts = crate::stage::accounts(world);
        let page = visitor(&accounts).get("/").await.with(200);
        assert_eq!(page.body.matches("<h1").count(), 1);
        assert!(!page.body.contains("<h2") && !page.body.contains("class=\"menu\""));
        page.link(&english(&accounts).say("shell-sign-in"));
    });
}

#[test]
fn domains_fill_the_first_page_the_menu_the_foot_and_the_page_of_a_person() {
    World::default_engine(&MIGRATIONS, async |world| {
        let id = administrator(world, "owner@example.my", OWNER).await;
        write(world.store(), move |tx| slug::of(tx, &id)).await;
        let accounts = crate::stage::accounts_of(world, SHOP);
        let mut visitor = visitor(&accounts);
        let page = visitor.get("/").await.with(200);
        let (now, more) = (
            page.body.find("<h2>98</h2>"),
            page.body.find("Cups &#38; bowls"),
        );
        assert!(now.unwrap() < more.unwrap(), "what counts now is first");
        let links: Vec<_> = page.links().into_iter().map(|link| link.href).collect();
        assert!(
            links.contains(&"/shop/6".to_owned()),
            "with Home that makes seven"
        );
        assert!(!links.contains(&"/shop/7".to_owned()));
        assert!(links.contains(&"/shop/terms".to_owned()));
        let own = links.iter().find(|href| href.starts_with("/u/")).unwrap();
        let page = visitor.get(own).await.with(200);
        assert!(page.body.contains("<h2>Cups</h2>"));
        assert!(
            page.body
                .contains(r#"<meta property="og:type" content="profile">"#)
        );
        let sitemap = visitor.get("/sitemap.xml").await.with(200);
        let address = "<loc>http://127.0.0.1:8080/shop?a=1&amp;b=2</loc><lastmod>2026-11-20T";
        assert!(sitemap.body.contains(address), "{}", sitemap.body);
        let robots = visitor.get("/robots.txt").await.with(200);
        assert!(
            robots
                .body
                .contains("\nSitemap: http://127.0.0.1:8080/sitemap.xml\n")
        );
    });
}

#[test]
fn nobody_of_whom_nothing_is_public_has_a_page() {
    World::default_engine(&MIGRATIONS, async |world| {
        let id = administrator(world, "owner@example.my", OWNER).await;
        let of = id.clone();
        let slug = write(world.store(), move |tx| slug::of(tx, &of)).await;
        let mut boss = signed_in(world, crate::stage::DOMAINS, &id).await;
        let page = boss.get("/").await.with(200);
        assert!(
            page.links()
                .iter()
                .all(|link| !link.href.starts_with("/u/"))
        );
        boss.get(&format!("/u/{slug}")).await.with(404);
    });
}

#[test]
fn whoever_is_signed_in_reads_their_name_and_everybody_else_the_way_in() {
    World::default_engine(&MIGRATIONS, async |world| {
        let mut farah = browser(world, &person(world, EMAIL, None).await).await;
        let page = farah.get("/").await.with(200);
        let own: Vec<_> = page
            .links()
            .into_iter()
            .filter(|one| one.href == "/me/start")
            .collect();
        assert_eq!(own.len(), 1);
        assert!(!page.body.contains("Sign in"), "{}", page.body);
        let page = visitor(&crate::stage::accounts(world)).get("/").await;
        page.link("Sign in");
    });
}

#[test]
fn an_owner_chooses_a_look_and_a_colour_that_is_made_readable() {
    World::default_engine(&MIGRATIONS, async |world| {
        let mut boss = owner(world).await;
        let page = boss.get(LOOK).await.with(200);
        let mut form = page.form(LOOK);
        form.fill("look", "market")
            .fill("sentence", "I count <days>")
            .tick("accent_own", "1")
            .fill("accent", "#ffee00");
        boss.submit(&page, &form).await.with(303);
        let shown = boss.get("/").await.with(200);
        assert!(shown.body.contains(r#"class="site market""#));
        assert!(
            shown
                .body
                .contains("<h1 dir=\"auto\">I count &#60;days&#62;</h1>")
        );
        let style = "/assets/accent/market-ffee00.css";
        assert!(shown.body.contains(style));
        let style = boss.get(style).await.with(200);
        assert_eq!(style.header("content-type"), "text/css; charset=utf-8");
        assert!(!style.body.split('}').next().unwrap().contains("#ffee00"));
        // The page tells the owner how the colour was adjusted to be legible.
        let page = boss.get(LOOK).await.with(200);
        assert!(page.text().contains("On light pages your colour is #"));
        let mut form = page.form(LOOK);
        form.fill("accent", "yellow");
        boss.submit(&page, &form).await.with(422);
        form.fill("accent", "#ffee00")
            .fill("sentence", &"x".repeat(81));
        boss.submit(&page, &form).await.with(422);
        form.fill("sentence", "").untick("accent_own", "1");
        boss.submit(&page, &form).await.with(303);
        assert!(!boss.get("/").await.body.contains("/assets/accent/"));
        for path in ["market-ffee0.css", "shop-ffee00.css", "market-ffee00"] {
            boss.get(&format!("/assets/accent/{path}")).await.with(404);
        }
    });
}

#[test]
fn an_owner_tries_a_look_before_saving_it() {
    World::default_engine(&MIGRATIONS, async |world| {
        let mut boss = owner(world).await;
        let page = boss.get(LOOK).await.with(200);
        let mut form = page.form(LOOK);
        // No address contains what was typed, or the token of the form.
        assert!(!page.body.contains("formmethod"));
        form.fill("look", "veranda")
            .fill("accent", "#0b5563")
            .tick("accent_own", "1")
            .fill("sentence", "Rain on the roof")
            .fill("introduction", "A house by the river.");
        let preview = "/admin/look/preview";
        form.action = preview.to_owned();
        let shown = boss.submit(&page, &form).await.with(200);
        assert!(shown.body.contains(r#"class="site veranda""#));
        assert!(shown.body.contains("/assets/accent/veranda-0b5563.css"));
        for typed in ["Rain on the roof", "A house by the river."] {
            assert!(shown.text().contains(typed), "{typed}");
        }
        let stored = boss.get("/").await;
        assert!(stored.body.contains(r#"class="site paper""#));
        assert!(!stored.text().contains("Rain on the roof"));
        boss.post(preview, &[("look", "veranda")]).await.with(403);
        boss.get(preview).await.with(405);
        let mut other = browser(world, &person(world, EMAIL, None).await).await;
        let page = other.get("/me").await.with(200);
        let mut form = page.forms().remove(0);
        form.action = preview.to_owned();
        other.submit(&page, &form).await.with(404);
    });
}

#[test]
fn a_portrait_and_an_icon_are_kept_with_what_they_show_and_go_again() {
    World::default_engine(&MIGRATIONS, async |world| {
        world.expect_jobs("site.image");
        let mut boss = owner(world).await;
        let page = boss.get(LOOK).await.with(200);
        let mut form = page.form("/admin/look/portrait");
        // A portrait needs a description, for people who cannot see it.
        send(&mut boss, &page, &form, "file", &picture())
            .await
            .with(422);
        form.fill("portrait_alt", "Farah on her veranda");
        send(&mut boss, &page, &form, "file", b"no picture")
            .await
            .with(422);
        send(&mut boss, &page, &form, "file", b"").await.with(422);
        send(&mut boss, &page, &form, "file", &picture())
            .await
            .with(303);
        let shown = boss.get("/").await.with(200);
        assert!(shown.body.contains(r#"alt="Farah on her veranda""#));
        let at = shown.body.split("/site/images/").nth(1).unwrap();
        let at = format!("/site/images/{}", at.split('"').next().unwrap());
        let image = boss.get(&at).await.with(200);
        assert!(image.header("cache-control").contains("immutable"));

        let page = boss.get(LOOK).await.with(200);
        let form = page.form("/admin/look/icon");
        send(&mut boss, &page, &form, "icon", &picture())
            .await
            .with(303);
        let shown = boss.get("/").await.with(200);
        assert!(
            shown
                .body
                .contains(r#"<link rel="icon" href="/site/images/"#)
        );

        let page = boss.get(LOOK).await.with(200);
        let mut form = page.form("/admin/look/portrait");
        form.press("remove", "1");
        send(&mut boss, &page, &form, "file", b"").await.with(303);
        assert!(!boss.get("/").await.body.contains("portrait"));
        boss.get(&at).await.with(404);
        let mut other = browser(world, &person(world, EMAIL, None).await).await;
        // Another person submits this form, with the CSRF token of the owner's page.
        send(&mut other, &page, &form, "file", &picture())
            .await
            .with(403);
    });
}

#[test]
fn a_preview_picture_says_what_we_wrote_and_nothing_that_others_would_have_it_say() {
    World::default_engine(&MIGRATIONS, async |world| {
        let mut visitor = visitor(&crate::stage::accounts(world));
        let page = visitor.get("/").await.with(200);
        let (_, rest) = page
            .body
            .split_once("http://127.0.0.1:8080/card.png?")
            .unwrap();
        let query = rest.split('"').next().unwrap().replace("&#38;", "&");
        let address = format!("/card.png?{query}");
        let drawn = visitor.get(&address).await.with(200);
        assert_eq!(drawn.header("content-type"), "image/png");
        let forged = address.replace("title=", "title=Free+money+");
        visitor.get(&forged).await.with(404);
        visitor.get("/card.png").await.with(404);
    });
}

#[test]
fn a_qr_code_leads_to_this_site_alone() {
    World::default_engine(&MIGRATIONS, async |world| {
        let mut visitor = visitor(&crate::stage::accounts(world));
        let own = "/qr.svg?url=http%3A%2F%2F127.0.0.1%3A8080%2Fu%2Ffarah";
        let drawn = visitor.get(own).await.with(200);
        assert_eq!(drawn.header("content-type"), "image/svg+xml");
        assert!(drawn.body.starts_with("<svg"));
        for other in [
            String::new(),
            "?url=http%3A%2F%2F127.0.0.1%3A8080.example%2F".to_owned(),
            "?url=https%3A%2F%2Fexample.org%2F".to_owned(),
            format!("?url=http%3A%2F%2F127.0.0.1%3A8080%2F{}", "a".repeat(500)),
        ] {
            visitor.get(&format!("/qr.svg{other}")).await.with(404);
        }
    });
}
