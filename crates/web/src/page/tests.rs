use std::sync::Arc;

use http_body_util::BodyExt as _;

use super::*;
use crate::look::{Color, Look};
use crate::share::ShareKind;
use crate::state::{Label, MenuItem};
use crate::testing;
use crate::theme::{Preset, Way};

#[derive(Template)]
#[template(source = "<h1>{{ words }}</h1>", ext = "html")]
struct Words<'a> {
    words: &'a str,
}

const SONGKET: Theme = Theme {
    preset: Preset::Songket,
    way: Some(Way::Nila),
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
        "member.css",
        "host.js",
        "icon.svg",
    ] {
        assert!(assets::find(name).is_some(), "{name}");
    }
    for preset in Preset::ALL {
        let theme = Theme::of(*preset);
        assert!(assets::find(&theme.style()).is_some(), "{preset:?}");
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
        r#"<html lang="ms" dir="ltr" class="guest theme-songket way-nila">"#,
        "<title>Saved – A &#38; B</title>",
        r#"<link rel="preload" href="/assets/fonts/songket-core."#,
        r#"<link rel="stylesheet" href="/assets/look-songket."#,
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

fn entry(label: &str, current: bool) -> Entry {
    Entry {
        label: label.to_owned(),
        href: format!("/admin/{label}"),
        current,
        ..Entry::default()
    }
}

fn own_frame(sections: Vec<Section>) -> OwnFrame {
    OwnFrame {
        site: "Kenduri Kami".to_owned(),
        sections,
        tabs: vec![entry("here", true), entry("beside", false)],
        is_member: false,
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
        notes: vec![Note {
            short: "No mail".to_owned(),
            words: "Nothing leaves".to_owned(),
        }],
    }
}

/// What the frames of staff and members have in common.
const OF_BOTH: [&str; 7] = [
    r#"<a href="/admin/here" aria-current="page">here</a><a href="/admin/beside">beside</a>"#,
    r#"<a href="/admin/dishes"><bdi>dishes</bdi></a>"#,
    r#"<span class="badge">2</span>"#,
    r#"<form method="post" action="/logout"><input type="hidden" name="_csrf" value="value">"#,
    "<p>Confirm your address</p>",
    r#"<form method="post" action="/me/email/verify">"#,
    "<h1>&#60;b&#62;</h1>",
];

#[tokio::test]
async fn members_and_staff_have_the_same_page_in_two_frames() {
    let (site, _folder) = testing::site();
    let item = MenuItem {
        href: "/blog".to_owned(),
        label: Label::Words("Posts".to_owned()),
    };
    let public = PublicFrame {
        menu: vec![item],
        look: Look::Veranda,
        ..PublicFrame::default()
    };
    site.menu.set(public, site.clock.now());
    let section = Section {
        title: None,
        entries: vec![entry("overview", true), entry("dishes", false)],
    };
    let staff = own_frame(vec![section]);
    let member = OwnFrame {
        is_member: true,
        ..staff.clone()
    };
    let of_staff = rendered("en", Theme::PLAIN, staff.kind(&site)).await;
    let of_member = rendered("en", Theme::PLAIN, member.kind(&site)).await;
    for part in OF_BOTH {
        assert!(of_staff.contains(part), "{part} is not in {of_staff}");
        assert!(of_member.contains(part), "{part} is not in {of_member}");
    }
    for part in [r#"class="host">"#, r#"href="/assets/host."#, "See the site"] {
        assert!(of_staff.contains(part), "{part} is not in {of_staff}");
    }
    for part in [
        r#"class="site veranda">"#,
        r#"href="/assets/member."#,
        r#"<a href="/blog">Posts</a>"#,
        r#"<a href="/me/start"><bdi>Farah</bdi></a>"#,
        r#"<a href="/admin/overview" aria-current="page"><bdi>overview</bdi></a>"#,
    ] {
        assert!(of_member.contains(part), "{part} is not in {of_member}");
    }
    for html in [of_staff, of_member] {
        assert_eq!(html.matches("<main").count(), 1);
    }
}

#[tokio::test]
async fn hosts_see_their_groups_and_the_pages_of_the_current_one() {
    let group = |label: &str, below: Vec<Entry>| Entry {
        count: Some("184".to_owned()),
        icon: Some("M4 4h16"),
        below,
        ..entry(label, false)
    };
    let sections = vec![
        Section {
            title: None,
            entries: vec![
                group("guests", vec![entry("people", true), entry("lists", false)]),
                group("send", Vec::new()),
            ],
        },
        Section {
            title: None,
            entries: vec![entry("all", false)],
        },
    ];
    let frame = OwnFrame {
        tabs: Vec::new(),
        ..own_frame(sections)
    };
    let navigation = Navigation {
        frame: &frame,
        heading: Some(Heading {
            title: "Aisyah & Daniel",
            note: "in 58 days",
            href: "/admin",
            is_current: false,
        }),
        see: Some(Link {
            label: "As guests",
            href: "/o/aisyah",
        }),
        has_groups: true,
        strip: Some(Strip {
            words: "Draft",
            action: Some(Action {
                label: "Publish",
                effect: "Guests can see it",
                href: "/admin/state",
                fields: &[("status", "published")],
            }),
        }),
        in_progress: false,
    };
    let html = rendered("en", SONGKET, Kind::Host(navigation)).await;
    for part in [
        r#"class="host">"#,
        r#"<a href="/admin/people" aria-current="page">people</a>"#,
        r#"<span>send</span><span class="count">184</span>"#,
        r#"<div class="strip"><p>Draft</p>"#,
        "<summary>Publish…</summary><p>Guests can see it</p>",
        r#"<details class="strip"><summary>No mail</summary><p>Nothing leaves</p></details>"#,
        r#"<form method="post" action="/admin/state"><input type="hidden" name="status" value="published"><button class="quiet">Publish</button></form>"#,
        r#"<input type="hidden" name="_csrf" value="value">"#,
        r#"<span class="badge">2</span>"#,
        "<p>Confirm your address</p>",
        "As guests</span></a>",
    ] {
        assert!(html.contains(part), "{part} is not in {html}");
    }
    assert_eq!(html.matches("/admin/guests").count(), 2, "a tab too");
    assert_eq!(html.matches("/admin/all").count(), 1);
    let (_, tabs) = html.split_once(r#"<nav class="tabs""#).unwrap();
    assert_eq!(tabs.matches(r#"aria-current="page""#).count(), 1);
    assert!(!html.contains("<details class=\"menu\""));
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
        r#"<a href="/me/start"><bdi>Aina &#38; co</bdi></a>"#,
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
