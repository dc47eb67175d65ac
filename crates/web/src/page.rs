//! The frame around every page. It consists of the head, the skip link, the landmarks and the
//! language menu. Hosts' pages also have the navigation. A template never extends a template of
//! another crate. Instead, the output of every template is inserted into this frame.
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
use std::sync::Arc;

use askama::Template;
use axum::body::Bytes;
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_LANGUAGE, VARY};
use axum::response::{Html, IntoResponse, Response};

use crate::assets;
use crate::language::Language;
pub use crate::navigation::{Entry, Note, OwnAccount, OwnFrame, Section, Warning};
use crate::problem::Problem;
use crate::public_frame::{PublicFrame, Visit};
use crate::share::Share;
use crate::state::Site;
use crate::text::Text;
use crate::theme::Theme;
use crate::{csrf, theme_accent, uploaded_image};

/// The initial capacity for a page's body and for its frame, in bytes. Most bodies and frames fit,
/// so that they are not copied while they grow.
const BODY: usize = 12 * 1024;
const SHELL: usize = 4 * 1024;

/// A page's content and the data for its frame.
pub struct Page<'a, B> {
    /// The title, which may begin with a status: "Saved – Aisyah & Daniel".
    pub title: &'a str,
    pub body: B,
    pub text: &'a Text,
    /// The page's theme. Hosts' pages ignore this field and always use the hosts' design.
    pub theme: Theme,
    pub kind: Kind<'a>,
}

#[derive(Clone, Copy)]
pub enum Kind<'a> {
    /// A public page, or a page behind a code. The body contains its own `header`, `<main
    /// id="main">` and `footer`.
    Public {
        /// The languages that the language menu offers, in this order.
        languages: &'a [Language],
    },
    /// A page of the site as a whole, such as a published post, the sign-in page or an error. The
    /// frame contains the site's name, its menu, `main` and a footer. If the page has no theme, it
    /// uses the site's look.
    Plain {
        site: &'a Site,
        /// The languages that the language menu offers; empty if there is no menu.
        languages: &'a [Language],
    },
    /// A page of the staff, with a side bar or bottom tabs. The frame adds the element `main`.
    Host(Navigation<'a>),
    /// A member's page, in the frame of the site's public pages.
    Member { site: &'a Site, frame: &'a OwnFrame },
}

#[derive(Clone, Copy)]
pub struct Navigation<'a> {
    /// The navigation entries and the signed-in person.
    pub frame: &'a OwnFrame,
    /// The heading above the navigation's sections, with a link.
    pub heading: Option<Heading<'a>>,
    /// The page that shows guests what they see, and its label.
    pub see: Option<Link<'a>>,
    /// Whether the entries are groups of pages. Phones then show them at the bottom, and no menu.
    pub has_groups: bool,
    /// A banner such as "This is a draft".
    pub strip: Option<Strip<'a>>,
    /// Whether the page shows a job that is still running. Browsers without script then load the
    /// page again every few seconds.
    pub in_progress: bool,
}

#[derive(Clone, Copy)]
pub struct Heading<'a> {
    /// The title, such as "Aisyah & Daniel".
    pub title: &'a str,
    /// The line below the title, such as "Sat 16 Jan 2027 · in 58 days".
    pub note: &'a str,
    pub href: &'a str,
    pub is_current: bool,
}

#[derive(Clone, Copy, Debug)]
pub struct Link<'a> {
    pub label: &'a str,
    pub href: &'a str,
}

/// A banner with an optional button.
#[derive(Clone, Copy)]
pub struct Strip<'a> {
    pub words: &'a str,
    pub action: Option<Action<'a>>,
}

/// A button that posts a form of hidden fields, folded away with what it does.
#[derive(Clone, Copy)]
pub struct Action<'a> {
    pub label: &'a str,
    /// What happens then.
    pub effect: &'a str,
    pub href: &'a str,
    pub fields: &'a [(&'a str, &'a str)],
}

impl OwnFrame {
    /// The kind of a page that has this frame, and neither a heading nor a banner.
    pub fn kind<'a>(&'a self, site: &'a Site) -> Kind<'a> {
        if self.is_member {
            return Kind::Member { site, frame: self };
        }
        Kind::Host(Navigation {
            frame: self,
            heading: None,
            see: None,
            has_groups: false,
            strip: None,
            in_progress: false,
        })
    }
}

impl Kind<'_> {
    /// The CSRF token for the page's forms, if the frame knows one.
    fn csrf(&self) -> Option<&str> {
        match self {
            Self::Host(Navigation { frame, .. }) | Self::Member { frame, .. } => {
                Some(&frame.account.as_ref()?.csrf)
            }
            Self::Public { .. } | Self::Plain { .. } => None,
        }
    }
}

/// Renders a page. The response states its language; [`serve`](crate::serve()) adds all other
/// headers. On a signed-in person's page, forms that post to this site get the CSRF token.
#[expect(
    clippy::needless_pass_by_value,
    reason = "a page is made for this one call"
)]
pub fn page<B: Template>(page: Page<'_, B>) -> Response {
    respond(write(&page))
}

/// Like [`page()`], but the page's forms get this CSRF token.
#[expect(
    clippy::needless_pass_by_value,
    reason = "a page is made for this one call"
)]
pub fn page_with_csrf<B: Template>(page: Page<'_, B>, csrf: &str) -> Response {
    respond(write_erased(&page, Metadata::default(), Some(csrf)))
}

fn respond(written: Result<Written, askama::Error>) -> Response {
    match written {
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
    pub fn tag(&self) -> String {
        crate::conditional::tag(&self.html)
    }

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

/// A link to a feed, for the page's head.
#[derive(Clone, Copy, Debug)]
pub struct FeedLink<'a> {
    pub media_type: &'a str,
    pub title: &'a str,
    pub href: &'a str,
}

/// Metadata in the page's head.
#[derive(Clone, Copy, Debug, Default)]
pub struct Metadata<'a> {
    /// The preview that other sites show beside a link to this page.
    pub share: Option<&'a Share>,
    pub feeds: &'a [FeedLink<'a>],
}

/// Like [`page`], but returns the page for repeated use.
pub fn write<B: Template>(page: &Page<'_, B>) -> Result<Written, askama::Error> {
    write_with(page, Metadata::default())
}

/// Like [`write()`], with metadata.
pub fn write_with<B: Template>(
    page: &Page<'_, B>,
    metadata: Metadata<'_>,
) -> Result<Written, askama::Error> {
    write_erased(page, metadata, page.kind.csrf())
}

fn write_erased<B: Template>(
    page: &Page<'_, B>,
    metadata: Metadata<'_>,
    csrf: Option<&str>,
) -> Result<Written, askama::Error> {
    let page = Page {
        title: page.title,
        body: Body {
            template: &page.body,
            csrf,
        },
        text: page.text,
        theme: page.theme,
        kind: page.kind,
    };
    write_shell(&page, metadata, B::SIZE_HINT)
}

/// A template of any type. Askama's own trait for this would compile each template three times.
trait AnyTemplate {
    fn render_to(&self, html: &mut dyn fmt::Write) -> Result<(), askama::Error>;
}

impl<B: Template> AnyTemplate for B {
    fn render_to(&self, html: &mut dyn fmt::Write) -> Result<(), askama::Error> {
        self.render_into(html)
    }
}

/// A page's body with its type erased.
#[derive(Clone, Copy)]
struct Body<'a> {
    template: &'a dyn AnyTemplate,
    csrf: Option<&'a str>,
}

impl fmt::Display for Body<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(csrf) = self.csrf else {
            return self.template.render_to(f).map_err(|_| fmt::Error);
        };
        let mut body = String::with_capacity(BODY);
        let rendered = self.template.render_to(&mut body);
        rendered.map_err(|_| fmt::Error)?;
        f.write_str(&csrf::add_to_forms(&body, csrf))
    }
}

/// Writes any body into the frame, so that the frame is compiled once.
fn write_shell(
    page: &Page<'_, Body<'_>>,
    metadata: Metadata<'_>,
    body_size: usize,
) -> Result<Written, askama::Error> {
    let mut html = String::with_capacity(body_size.max(BODY) + SHELL);
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

/// Removes the templates' indentation from a page while the page is written. Values are written
/// separately and with every `<` escaped, so a tag after a line break always comes from a template.
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
struct Shell<'a> {
    title: &'a str,
    body: Body<'a>,
    text: &'a Text,
    classes: String,
    style: &'static str,
    /// The stylesheet of the look, for pages with a theme.
    look: Option<&'static str>,
    script: Option<&'static str>,
    font: Option<&'static str>,
    languages: &'a [Language],
    /// The site, for pages whose frame adds the page header and `main`.
    site: Option<&'a Site>,
    frame: Option<Arc<PublicFrame>>,
    accent: Option<String>,
    visit: Visit,
    host: Option<&'a Navigation<'a>>,
    /// The frame of a member's page.
    member: Option<&'a OwnFrame>,
    metadata: Metadata<'a>,
}

impl<'a> Shell<'a> {
    fn new(page: &'a Page<'a, Body<'a>>) -> Self {
        let text = page.text;
        let theme = page.theme;
        let shell = |classes, style, script| Self {
            title: page.title,
            body: page.body,
            text,
            classes,
            style: assets::asset(style),
            look: None,
            script: assets::find(script),
            font: theme.font(&text.language().tag).and_then(assets::find),
            languages: &[],
            site: None,
            frame: None,
            accent: theme_accent::address(theme),
            visit: Visit::default(),
            host: None,
            member: None,
            metadata: Metadata::default(),
        };
        let in_look = |site: &'a Site, style, script| {
            let frame = site.menu.frame();
            let look = frame.look;
            Self {
                site: Some(site),
                font: look.font(&text.language().tag).and_then(assets::find),
                accent: frame.accent_style(),
                frame: Some(frame),
                visit: Visit::now(),
                ..shell(format!("site {}", look.word()), style, script)
            }
        };
        match &page.kind {
            Kind::Public { languages } => Self {
                languages,
                look: assets::find(&theme.style()),
                ..shell(
                    format!("guest {}", theme.classes()),
                    "guest.css",
                    "guest.js",
                )
            },
            Kind::Plain { site, languages } if theme == Theme::PLAIN => Self {
                languages,
                ..in_look(site, "site.css", "guest.js")
            },
            Kind::Member { site, frame } => Self {
                member: Some(frame),
                ..in_look(site, "member.css", "host.js")
            },
            Kind::Plain { site, languages } => Self {
                languages,
                site: Some(site),
                look: assets::find(&theme.style()),
                ..shell(
                    format!("plain {}", theme.classes()),
                    "guest.css",
                    "guest.js",
                )
            },
            Kind::Host(navigation) => Self {
                host: Some(navigation),
                font: None,
                accent: None,
                ..shell("host".to_owned(), "host.css", "host.js")
            },
        }
    }

    fn icon(&self) -> (&str, &'static str) {
        let own = self.frame.as_deref().map(|frame| &*frame.icon);
        let own = own.filter(|icon| !icon.is_empty());
        own.map_or((assets::asset("icon.svg"), "image/svg+xml"), |icon| {
            (icon, uploaded_image::media_type(icon).unwrap_or_default())
        })
    }

    /// The member whose page this is.
    fn account(&self) -> Option<&OwnAccount> {
        self.member?.account.as_ref()
    }
}

#[cfg(test)]
mod tests;
