//! The page that asks for a code.

use axum::response::{IntoResponse as _, Response};
use web::page::{Kind, Metadata, Page};
use web::{Form, Problem, Share, Site, Text, Theme, card_picture};

use super::credentials::Credentials;
use super::gate::Failure;
use super::view::{CodeEntry, CodeProblem, Known};
use crate::occasion;

/// The values that a guest typed into the form for a code.
pub(super) struct TypedCode {
    pub(super) code: String,
    pub(super) name: String,
}

impl TypedCode {
    pub(super) fn read(form: &Form) -> Self {
        Self {
            code: form.text("code").to_owned(),
            name: form.text("name").to_owned(),
        }
    }

    pub(super) fn given(&self) -> Credentials {
        Credentials::code(&self.code).with_name(Some(&self.name))
    }

    /// Shows the form for a code again. It has a field for the guest's name if a name is required
    /// or was typed.
    pub(super) fn show_again(self, entry: &mut CodeEntry<'_>, problem: CodeProblem) {
        if problem == CodeProblem::NameRequired || !self.name.is_empty() {
            entry.name = Some(self.name);
        }
        entry.typed = self.code;
        entry.problem = Some(problem);
    }
}

pub(super) fn form<'a>(text: &'a Text, action: &str, known: Vec<Known>) -> CodeEntry<'a> {
    CodeEntry {
        text,
        action: action.to_owned(),
        typed: String::new(),
        name: None,
        problem: None,
        kept: Vec::new(),
        known,
        contact: None,
    }
}

/// Converts a failure to the error that the form shows.
pub(super) fn problem(failure: &Failure) -> CodeProblem {
    match failure {
        Failure::Malformed => CodeProblem::Malformed,
        Failure::NameRequired => CodeProblem::NameRequired,
        Failure::TooMany { retry_after } => CodeProblem::TooMany {
            minutes: i64::from(retry_after.div_ceil(60)),
        },
        Failure::Unknown | Failure::Expired | Failure::Problem(_) => CodeProblem::Unknown,
    }
}

/// Renders the page on which guests type a code. If the site has a single occasion, the page has
/// that occasion's theme. So a guest who mistyped the code sees that it is the right site.
pub(super) async fn page(site: &Site, text: &Text, body: CodeEntry<'_>) -> Response {
    let theme = site.store.read(occasion::find_only_theme).await;
    // If the theme cannot be read, the page has the plain theme.
    let theme = theme.ok().flatten().unwrap_or(Theme::PLAIN);
    let share = share(site, text, theme);
    let metadata = Metadata {
        share: Some(&share),
        ..Metadata::default()
    };
    let title = body.title();
    let page = Page {
        title: &title,
        body,
        text,
        theme,
        kind: Kind::Plain {
            site,
            languages: &site.public_languages(),
        },
    };
    let written = web::page::write_with(&page, metadata).map_err(Problem::internal);
    written.into_response()
}

/// Contains no names.
fn share(site: &Site, text: &Text, theme: Theme) -> Share {
    let (title, about) = (text.say("code-title"), text.say("code-preview"));
    let share = Share::new(site, &title, &about, "/invite");
    if theme == Theme::PLAIN {
        return share;
    }
    Share {
        image: card_picture::address_in(site, theme, &title, &about),
        ..share
    }
}
