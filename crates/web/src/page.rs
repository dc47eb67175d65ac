//! The frame around every page: head, skip link, landmarks, language menu, and for hosts the
//! navigation. A template never extends one of another crate; its output is inserted into this
//! frame.
//!
//! ```no_run
//! # #[derive(askama::Template)]
//! # #[template(source = "<h1>Hello</h1>", ext = "html")]
//! # struct Hello;
//! # fn hello(site: &web::Site, text: &web::Text) -> axum::response::Response {
//! use web::page::{Kind, Page};
//!
//! web::page(Page {
//!     title: "Hello – Kenduri",
//!     body: Hello,
//!     text,
//!     theme: web::Theme::PLAIN,
//!     kind: Kind::Plain { site, languages: &[] },
//! })
//! # }
//! ```

use std::fmt;

use askama::Template;
use axum::body::Bytes;
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_LANGUAGE, VARY};
use axum::response::{Html, IntoResponse, Response};

use crate::assets;
use crate::language::Language;
pub use crate::navigation::{Entry, OwnFrame, Section};
use crate::problem::Problem;
use crate::state::{Link, Site};
use crate::text::Text;
use crate::theme::Theme;

/// The initial buffer size in bytes: large enough for most bodies and frames, so that they are not
/// copied while they grow.
const BODY: usize = 12 * 1024;
const SHELL: usize = 4 * 1024;

/// A page and the data for its frame.
pub struct Page<'a, B> {
    /// The title, with a state first: "Saved – Aisyah & Daniel".
    pub title: &'a str,
    /// The template of the content.
    pub body: B,
    /// The texts in the page's language.
    pub text: &'a Text,
    /// The page's theme; hosts' pages always use their own.
    pub theme: Theme,
    /// The kind of frame.
    pub kind: Kind<'a>,
}

/// The kinds of frames.
pub enum Kind<'a> {
    /// A public page, or one behind a code. The body contains its own `header`, `<main id="main">`
    /// and `footer`.
    Public {
        /// The languages offered, in their order.
        languages: &'a [Language],
    },
    /// Belongs to the whole site: what it publishes, signing in, problems. The frame brings the
    /// site's name, its menu and `main`.
    Plain {
        /// The site.
        site: &'a Site,
        /// The languages offered, if there is a choice.
        languages: &'a [Language],
    },
    /// A host's page with side bar or bottom tabs. The frame contains `main`.
    Host(Navigation<'a>),
}

/// The navigation of a host's page.
#[derive(Clone, Copy)]
pub struct Navigation<'a> {
    /// The heading above the sections, with a link.
    pub heading: Option<Heading<'a>>,
    /// The sections of the side bar, from top to bottom.
    pub sections: &'a [Section],
    /// The link of the last bottom tab, to a page with all other entries.
    pub more: Option<&'a str>,
    /// A banner: "This is a draft".
    pub strip: Option<Strip<'a>>,
    /// The signed-in account.
    pub account: Option<Account<'a>>,
}

/// The heading above the navigation.
#[derive(Clone, Copy)]
pub struct Heading<'a> {
    /// The title: "Aisyah & Daniel".
    pub title: &'a str,
    /// The line below: "Sat 16 Jan 2027 · in 58 days".
    pub note: &'a str,
    /// The link to the list of all of them.
    pub href: &'a str,
}

/// A banner with an optional button.
#[derive(Clone, Copy)]
pub struct Strip<'a> {
    /// The banner's text.
    pub words: &'a str,
    /// The button beside it.
    pub action: Option<Action<'a>>,
}

/// A button that posts a form of hidden fields.
#[derive(Clone, Copy)]
pub struct Action<'a> {
    /// The button's label.
    pub label: &'a str,
    /// The form's target.
    pub href: &'a str,
    /// The form's hidden fields: names and values.
    pub fields: &'a [(&'a str, &'a str)],
}

impl Section {
    /// The entries for the whole site, the same on every host page. `here` is the page's address;
    /// `may_operate` adds the server's page.
    pub fn of_site(site: &Site, text: &Text, here: &str, may_operate: bool) -> Self {
        let home = Link {
            label: "host-home",
            href: "/me",
        };
        let account = Link {
            label: "host-account",
            href: "/me/security",
        };
        let server = may_operate.then_some(Link {
            label: "host-server",
            href: "/admin/server",
        });
        let places = site.declared.navigation.iter().copied();
        Self {
            title: None,
            entries: [home]
                .into_iter()
                .chain(places)
                .chain([account])
                .chain(server)
                .map(|Link { label, href }| Entry {
                    label: text.say(label).into_owned(),
                    href: href.to_owned(),
                    current: href == here,
                    ..Entry::default()
                })
                .collect(),
        }
    }
}

impl OwnFrame {
    /// The frame itself.
    pub fn kind(&self) -> Kind<'_> {
        Kind::Host(Navigation {
            heading: None,
            sections: &self.sections,
            more: None,
            strip: None,
            account: Some(Account {
                name: &self.name,
                csrf: &self.csrf,
            }),
        })
    }
}

/// Who is signed in.
#[derive(Clone, Copy)]
pub struct Account<'a> {
    /// The display name.
    pub name: &'a str,
    /// The CSRF token of the sign-out form.
    pub csrf: &'a str,
}

/// Renders a page. The response states its language; [`serve`](crate::serve()) adds all other
/// headers.
#[expect(
    clippy::needless_pass_by_value,
    reason = "a page is made for this one call"
)]
pub fn page<B: Template>(page: Page<'_, B>) -> Response {
    match write(&page) {
        Ok(written) => written.into_response(),
        Err(cause) => Problem::internal(cause).into_response(),
    }
}

/// A rendered page that can be sent repeatedly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    html: Bytes,
    language: Option<HeaderValue>,
}

impl Written {
    /// The page's ETag.
    pub fn tag(&self) -> String {
        crate::conditional::tag(&self.html)
    }

    /// The page's size in bytes.
    pub fn length(&self) -> usize {
        self.html.len()
    }
}

impl IntoResponse for Written {
    fn into_response(self) -> Response {
        let mut response = Html(self.html).into_response();
        let headers = response.headers_mut();
        if let Some(tag) = self.language {
            headers.insert(CONTENT_LANGUAGE, tag);
        }
        headers.insert(VARY, HeaderValue::from_static("Accept-Language, Cookie"));
        response
    }
}

/// The Open Graph data, which other sites show for a link to the page.
#[derive(Clone, Copy, Debug)]
pub struct Social<'a> {
    /// The title.
    pub title: &'a str,
    /// The description, in one sentence.
    pub description: &'a str,
    /// The absolute URL of the page.
    pub url: &'a str,
    /// The URL of the preview picture, drawn by [`crate::picture`].
    pub image: &'a str,
}

/// A feed that the page announces.
#[derive(Clone, Copy, Debug)]
pub struct FeedLink<'a> {
    /// The feed's media type.
    pub media_type: &'a str,
    /// The feed's title.
    pub title: &'a str,
    /// The feed's address.
    pub href: &'a str,
}

/// Metadata in the page's head.
#[derive(Clone, Copy, Debug, Default)]
pub struct Metadata<'a> {
    /// The Open Graph data.
    pub social: Option<Social<'a>>,
    /// Feeds with the page's content.
    pub feeds: &'a [FeedLink<'a>],
}

/// As [`page`], but returns the page for repeated use.
pub fn write<B: Template>(page: &Page<'_, B>) -> Result<Written, askama::Error> {
    write_with(page, Metadata::default())
}

/// As [`write`], with metadata.
pub fn write_with<B: Template>(
    page: &Page<'_, B>,
    metadata: Metadata<'_>,
) -> Result<Written, askama::Error> {
    let mut html = String::with_capacity(B::SIZE_HINT.max(BODY) + SHELL);
    let shell = Shell {
        metadata,
        ..Shell::new(page)
    };
    shell.render_into(&mut Unindented(&mut html))?;
    Ok(Written {
        html: html.into(),
        language: HeaderValue::try_from(&*page.text.language().tag).ok(),
    })
}

/// Writes a page without its templates' indentation. Values are separate writes with every `<`
/// escaped, so a tag after a line break always comes from a template.
/// and with every `<` escaped, so that a tag after a line break is one of a template's.
struct Unindented<'a>(&'a mut String);

impl fmt::Write for Unindented<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut lines = text.split_inclusive('\n');
        self.0.push_str(lines.next().unwrap_or_default());
        for line in lines {
            let tag = line.trim_start_matches(' ');
            self.0
                .push_str(if tag.starts_with('<') { tag } else { line });
        }
        Ok(())
    }
}

#[derive(Template)]
#[template(path = "shell.html")]
struct Shell<'a, B: Template> {
    title: &'a str,
    body: &'a B,
    text: &'a Text,
    classes: String,
    style: &'static str,
    script: Option<&'static str>,
    font: Option<&'static str>,
    languages: &'a [Language],
    /// The site, where the frame brings head and `main`.
    site: Option<&'a Site>,
    host: Option<&'a Navigation<'a>>,
    metadata: Metadata<'a>,
}

impl<'a, B: Template> Shell<'a, B> {
    fn new(page: &'a Page<'a, B>) -> Self {
        let text = page.text;
        let theme = page.theme;
        let shell = |classes, style, script| Self {
            title: page.title,
            body: &page.body,
            text,
            classes,
            style: assets::asset(style),
            script: assets::find(script),
            font: theme.font(&text.language().tag).and_then(assets::find),
            languages: &[],
            site: None,
            host: None,
            metadata: Metadata::default(),
        };
        match &page.kind {
            Kind::Public { languages } => Self {
                languages,
                ..shell(
                    format!("guest {}", theme.classes()),
                    "guest.css",
                    "guest.js",
                )
            },
            Kind::Plain { site, languages } => Self {
                languages,
                site: Some(site),
                ..shell(
                    format!("plain {}", theme.classes()),
                    "guest.css",
                    "guest.js",
                )
            },
            Kind::Host(navigation) => Self {
                host: Some(navigation),
                font: None,
                ..shell("host".to_owned(), "host.css", "host.js")
            },
        }
    }

    /// The bottom tabs on a phone.
    fn tabs(&self) -> impl Iterator<Item = &Entry> {
        let sections = self.host.map_or(&[][..], |host| host.sections);
        let entries = sections.iter().flat_map(|section| &section.entries);
        entries.filter(|entry| entry.tab)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use http_body_util::BodyExt as _;

    use super::*;
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

    /// A rendered page with collapsed white space, and none between tags.
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
        for name in ["guest.css", "guest.js", "host.css", "host.js", "icon.svg"] {
            assert!(assets::find(name).is_some(), "{name}");
        }
        for preset in Preset::ALL {
            let theme = Theme {
                preset: *preset,
                ground: None,
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
        site.menu.set(vec![item], site.clock.now());
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
        assert!(!html.contains("class=\"languages\"") && html.contains("<main id=\"main\">"));
        assert!(
            html.contains(r#"<header class="slim"><a href="/"><bdi>A &#38; B</bdi></a>"#)
                && html.contains(r#"<a href="/dishes">Dishes</a><a href="/me">Sign in</a></nav>"#)
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
        let sections = [
            Section {
                title: None,
                entries: vec![entry("overview", true, true), entry("dishes", false, false)],
            },
            Section {
                title: Some("Set-up".to_owned()),
                entries: vec![entry("log", false, false)],
            },
        ];
        let navigation = Navigation {
            heading: Some(Heading {
                title: "Aisyah & Daniel",
                note: "in 58 days",
                href: "/admin",
            }),
            sections: &sections,
            more: Some("/admin/more"),
            strip: Some(Strip {
                words: "Draft",
                action: Some(Action {
                    label: "Publish",
                    href: "/admin/state",
                    fields: &[("status", "published")],
                }),
            }),
            account: Some(Account {
                name: "Farah",
                csrf: "value",
            }),
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
        ] {
            assert!(html.contains(part), "{part} is not in {html}");
        }
        assert_eq!(html.matches("/admin/overview").count(), 2, "a tab too");
        assert_eq!(html.matches("/admin/log").count(), 1);
        assert_eq!(html.matches("<main").count(), 1);
    }
}
