use std::sync::Arc;

use http_body_util::BodyExt as _;

use super::*;
use crate::look::{Color, Look};
use crate::share::ShareKind;
use crate::state::{Label, MenuItem};
use crate::testing;
use crate::theme::{Ground, Preset};

#[derive(Template)]
#[template(source = "<h1>{{ words }}</h1>", ext = "html")]
struct Words<'a> {
    words: &'a str,
}

const SONGKET: Theme = Theme {
    preset: Preset::Songket,
    ground: Some(Ground::Nila),
    accent: None,
};

#[derive(Template)]
#[template(
    source = "<ul>\n  <li>\n    <pre>{{ words }}\n  </pre>\n  </li>\n</ul>",
    ext = "html"
)]
struct Indented<'a> {
    words: &'a str,
}

#[test]
fn indentation_is_left_out_and_what_is_shown_stays() {
    let mut html = String::new();
    let words = "one\n  two\n  <b>\n  ";
    Indented { words }
        .render_into(&mut Unindented(&mut html))
        .unwrap();
    assert_eq!(
        html,
        "<ul>\n<li>\n<pre>one\n  two\n  &#60;b&#62;\n  \n</pre>\n</li>\n</ul>"
    );
}

/// A rendered page without white space between tags. All other white space is collapsed.
async fn rendered(tag: &str, theme: Theme, kind: Kind<'_>) -> String {
    let text = testing::text(tag);
    let response = page(Page {
        title: "Saved – A & B",
        body: Words { words: "<b>" },
        text: &text,
        theme,
        kind,
    });
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(text.catalogue().missing(), [""; 0]);
    let html = str::from_utf8(&body).unwrap();
    let words: Vec<_> = html.split_whitespace().collect();
    words.join(" ").replace("> <", "><")
}

fn languages(tags: &[&str]) -> Vec<Language> {
    tags.iter().map(|tag| Language::of(tag)).collect()
}

#[test]
fn every_file_that_the_frame_names_is_there() {
    for name in [
        "guest.css",
        "guest.js",
        "site.css",
        "host.css",
        "host.js",
        "icon.svg",
    ] {
        assert!(assets::find(name).is_some(), "{name}");
    }
    for preset in Preset::ALL {
        let theme = Theme {
            preset: *preset,
            ground: None,
            accent: None,
        };
        for font in ["en", "ar", "ms-Arab", "zh"].map(|tag| theme.font(tag)) {
            assert!(font.is_none_or(|font| assets::find(font).is_some()));
        }
    }
}

#[tokio::test]
async fn a_public_page_wears_the_theme_and_offers_the_languages() {
    let languages = languages(&["ms", "en", "ar"]);
    let kind = Kind::Public {
        languages: &languages,
    };
    let html = rendered("ms", SONGKET, kind).await;
    for part in [
        r#"<html lang="ms" dir="ltr" class="guest theme-songket ground-nila">"#,
        "<title>Saved – A &#38; B</title>",
        r#"<link rel="preload" href="/assets/fonts/songket."#,
        r#"<span lang="ms" aria-current="true">Bahasa Melayu</span>"#,
        r#"<a href="?lang=ar" lang="ar" hreflang="ar" dir="rtl">العربية</a>"#,
        "<h1>&#60;b&#62;</h1>",
    ] {
        assert!(html.contains(part), "{part} is not in {html}");
    }
    assert!(!html.contains("<main") && !html.contains("<details>"));
}

#[tokio::test]
async fn more_than_five_languages_are_folded_away_and_one_is_not_offered() {
    let (mut site, _folder) = testing::site();
    Arc::make_mut(&mut site.settings).name = "A & B".to_owned();
    let item = MenuItem {
        href: "/dishes".to_owned(),
        label: Label::Words("Dishes".to_owned()),
    };
    let frame = PublicFrame {
        menu: vec![item],
        ..PublicFrame::default()
    };
    site.menu.set(frame, site.clock.now());
    let many = languages(&["ms", "en", "ar", "it", "zh-Hans", "ta"]);
    let html = rendered(
        "en",
        Theme::PLAIN,
        Kind::Plain {
            site: &site,
            languages: &many,
        },
    )
    .await;
    assert!(html.contains("<details><summary>English</summary>"));
    let one = languages(&["en"]);
    let html = rendered(
        "en",
        Theme::PLAIN,
        Kind::Plain {
            site: &site,
            languages: &one,
        },
    )
    .await;
    assert!(!html.contains("hreflang") && html.contains("<main id=\"main\">"));
    assert!(
        html.contains(r#"<a class="name" href="/"><bdi>A &#38; B</bdi></a>"#)
            && html.contains(r#"<a href="/dishes">Dishes</a></nav>"#)
            && html.contains(r#"<a href="/me">Sign in</a>"#)
    );
}

#[tokio::test]
async fn hosts_see_where_they_are_and_where_they_can_go() {
    let entry = |label: &str, current, tab: bool| Entry {
        label: label.to_owned(),
        href: format!("/admin/{label}"),
        count: tab.then(|| "184".to_owned()),
        current,
        tab,
    };
    let sections = vec![
        Section {
            title: None,
            entries: vec![entry("overview", true, true), entry("dishes", false, false)],
        },
        Section {
            title: Some("Set-up".to_owned()),
            entries: vec![entry("log", false, false)],
        },
    ];
    let frame = OwnFrame {
        site: "Kenduri Kami".to_owned(),
        sections,
        account: Some(OwnAccount {
            name: "Farah".to_owned(),
            csrf: "value".to_owned(),
            unread: Some("2".to_owned()),
        }),
        warnings: vec![Warning {
            words: "Confirm your address".to_owned(),
            label: "Send it again".to_owned(),
            href: "/me/email/verify",
        }],
        notes: Vec::new(),
    };
    let navigation = Navigation {
        frame: &frame,
        heading: Some(Heading {
            title: "Aisyah & Daniel",
            note: "in 58 days",
            href: "/admin",
        }),
        more: Some("/admin/more"),
        strip: Some(Strip {
            words: "Draft",
            action: Some(Action {
                label: "Publish",
                href: "/admin/state",
                fields: &[("status", "published")],
            }),
        }),
        in_progress: false,
    };
    let html = rendered("en", SONGKET, Kind::Host(navigation)).await;
    for part in [
        r#"class="host">"#,
        r#"<a href="/admin/overview" aria-current="page">overview <span class="count">184</span></a>"#,
        "<h2>Set-up</h2>",
        r#"<div class="strip"><p>Draft</p>"#,
        r#"<form method="post" action="/admin/state"><input type="hidden" name="status" value="published"><button class="quiet">Publish</button></form>"#,
        r#"<input type="hidden" name="_csrf" value="value">"#,
        r#"<a href="/admin/more">More</a>"#,
        r#"<a href="/"><bdi>Kenduri Kami</bdi></a>"#,
        r#"<span class="badge">2</span>"#,
        "<p>Confirm your address</p>",
        r#"<form method="post" action="/me/email/verify">"#,
    ] {
        assert!(html.contains(part), "{part} is not in {html}");
    }
    assert_eq!(html.matches("/admin/overview").count(), 2, "a tab too");
    assert_eq!(html.matches("/admin/log").count(), 1);
    assert_eq!(html.matches("<main").count(), 1);
}

#[tokio::test]
async fn a_public_page_wears_the_look_and_names_whoever_is_signed_in() {
    let (site, _folder) = testing::site();
    let item = |href: &str, words: &str| MenuItem {
        href: href.to_owned(),
        label: Label::Words(words.to_owned()),
    };
    let frame = PublicFrame {
        menu: vec![item("/", "Home"), item("/blog", "Posts")],
        foot: vec![item("/feed", "Feed")],
        owner: Some(item("", "Farah <Ali>")),
        look: Look::Veranda,
        accent: Color::parse("#0b5563"),
        icon: "/site/images/a.png".to_owned(),
    };
    site.menu.set(frame, site.clock.now());
    let languages = languages(&["en", "ms"]);
    let kind = || Kind::Plain {
        site: &site,
        languages: &languages,
    };
    let visit = Visit {
        name: Some("Aina & co".to_owned()),
        path: "/blog/kopi".to_owned(),
        preview: None,
    };
    let html = visit.answer(rendered("en", Theme::PLAIN, kind())).await;
    for part in [
        r#"class="site veranda">"#,
        r#"href="/assets/site."#,
        r#"<link rel="stylesheet" href="/assets/accent/veranda-0b5563.css">"#,
        r#"<link rel="icon" href="/site/images/a.png" type="image/png">"#,
        r#"<a href="/me"><bdi>Aina &#38; co</bdi></a>"#,
        r#"<a href="/">Home</a><a href="/blog" aria-current="page">Posts</a>"#,
        r#"<footer class="foot"><div><bdi>Farah &#60;Ali&#62;</bdi><a href="/feed">Feed</a>"#,
    ] {
        assert!(html.contains(part), "{part} is not in {html}");
    }
    // A page with its own theme does not use the site's look.
    let html = rendered("en", SONGKET, kind()).await;
    assert!(html.contains("theme-songket") && !html.contains("/assets/site."));
}

#[tokio::test]
async fn other_sites_are_told_what_a_page_is() {
    let (site, _folder) = testing::site();
    let text = testing::text("en");
    let share = Share {
        kind: ShareKind::Article,
        embed: site.url().join("/embed/a/b"),
        ..Share::new(&site, "A & B", "Of both.", "/blog/a")
    };
    let page = Page {
        title: "A",
        body: Words { words: "" },
        text: &text,
        theme: Theme::PLAIN,
        kind: Kind::Plain {
            site: &site,
            languages: &[],
        },
    };
    let metadata = Metadata {
        share: Some(&share),
        ..Metadata::default()
    };
    let written = write_with(&page, metadata).unwrap();
    let html = str::from_utf8(&written.html).unwrap();
    for part in [
        r#"<meta name="description" content="Of both.">"#,
        r#"<meta property="og:type" content="article">"#,
        r#"<meta property="og:title" content="A &#38; B">"#,
        r#"<meta property="og:site_name" content="Kenduri">"#,
        r#"<meta property="og:image" content="http://127.0.0.1:8080/card.png?title=A+%26+B&#38;text"#,
        r#"<meta name="twitter:card" content="summary_large_image">"#,
        r#"<link rel="canonical" href="http://127.0.0.1:8080/blog/a">"#,
        r#"type="application/json+oembed" href="http://127.0.0.1:8080/oembed?url="#,
    ] {
        assert!(html.contains(part), "{part} is not in {html}");
    }
}
