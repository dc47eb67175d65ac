//! Renders problems as JSON for API clients, and as pages for people. Also serves the pages that
//! explain the error codes.

use std::collections::BTreeMap;

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use serde::Serialize;
use serde_json::Value as Json;

use crate::client_info::Facts;
use crate::codes::FIELD_CODES;
use crate::codes::message_id;
use crate::language::Wishes;
use crate::page::{Kind, OwnFrame, Page};
use crate::problem::{FieldProblem, Kept, Problem, says_unsaved, title};
use crate::state::Site;
use crate::text::Text;
use crate::theme::Theme;

pub(crate) fn routes() -> Router<Site> {
    Router::new()
        .route("/problems", get(list))
        .route("/problems/{code}", get(one))
}

/// A refusal in the format for API clients, `application/problem+json`. Some codes add members of
/// their own, such as `allowed` and `used`.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// The path of the page that explains the code: `/problems/plus_one_limit`.
    #[serde(rename = "type")]
    kind: String,
    /// The short name of the error, in the reader's language.
    title: String,
    /// The HTTP status.
    status: u16,
    /// One sentence, in the reader's language.
    detail: String,
    /// The path of the refused request, with codes masked.
    instance: String,
    /// The stable code.
    code: &'static str,
    /// The id under which the request is logged.
    request_id: String,
    /// Errors of individual fields.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldProblemBody>,
    /// The number of seconds after which a retry makes sense.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u32>,
    /// The stored state, if the request was based on an outdated version.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    current: Option<Json>,
    #[serde(flatten)]
    #[schema(ignore)]
    members: BTreeMap<&'static str, Json>,
}

/// An error of one field.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = FieldProblem)]
pub struct FieldProblemBody {
    /// A JSON pointer into the body.
    pointer: String,
    /// The stable code.
    code: &'static str,
    /// One sentence, in the reader's language.
    detail: String,
}

/// Renders a problem as `application/problem+json`.
pub(crate) fn json(problem: &Problem, text: &Text, instance: &str, facts: &Facts) -> Response {
    let errors = problem.errors.iter().map(|error| FieldProblemBody {
        pointer: error.pointer.clone(),
        code: error.code,
        detail: error.detail(text),
    });
    let members = problem
        .values
        .iter()
        .map(|(name, value)| (*name, value.json()));
    let alias = problem.detail_alias;
    let alias = alias.map(|name| (name, problem.detail(text).into()));
    let body = ProblemBody {
        kind: format!("/problems/{}", problem.code),
        title: problem.title(text),
        status: problem.status.as_u16(),
        detail: problem.detail(text),
        instance: instance.to_owned(),
        code: problem.code,
        request_id: facts.request_id.to_string(),
        errors: errors.collect(),
        retry_after: problem.retry_after,
        current: problem.current.clone(),
        members: members.chain(alias).collect(),
    };
    let mut response = (problem.status, axum::Json(body)).into_response();
    let kind = HeaderValue::from_static("application/problem+json");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}

/// Renders a problem as a page. `address` is the requested path, and `frame` is the frame for the
/// signed-in person.
pub(crate) fn page(
    problem: &Problem,
    text: &Text,
    site: &Site,
    facts: &Facts,
    address: &str,
    frame: Option<&OwnFrame>,
) -> Response {
    let title = problem.title(text);
    let body = ProblemPage {
        title: &title,
        detail: problem.detail(text),
        fields: problem
            .errors
            .iter()
            .map(|error| at_its_name(error, text))
            .collect(),
        sign_in: problem.status == StatusCode::UNAUTHORIZED,
        is_own: frame.is_some(),
        request_id: facts.request_id.as_str(),
        kept: problem.kept.as_ref(),
        kept_title: if problem.code == "outcome_unknown" {
            "shell-typed"
        } else {
            "shell-kept"
        },
        by_hand: says_unsaved(problem).then_some("shell-again-by-hand"),
        address,
        text,
    };
    let answer = crate::page::page(Page {
        title: &format!("{title} – {}", site.settings.name),
        body,
        text,
        theme: Theme::PLAIN,
        kind: frame.map_or(
            Kind::Plain {
                site,
                languages: &[],
            },
            |frame| frame.kind(site),
        ),
    });
    (problem.status, answer).into_response()
}

/// The field's error, preceded by the field's name if the pointer has only one segment, as in most
/// forms. A longer pointer is omitted, because people would not recognize it.
fn at_its_name(error: &FieldProblem, text: &Text) -> String {
    let detail = error.detail(text);
    match error.pointer.strip_prefix('/') {
        Some(name) if !name.contains('/') => format!("{name}: {detail}"),
        _ => detail,
    }
}

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage<'a> {
    title: &'a str,
    detail: String,
    fields: Vec<String>,
    sign_in: bool,
    is_own: bool,
    request_id: &'a str,
    kept: Option<&'a Kept>,
    /// The message above what was typed.
    kept_title: &'static str,
    /// The message below it, if the form cannot be sent again from this page.
    by_hand: Option<&'static str>,
    address: &'a str,
    text: &'a Text,
}

async fn list(State(site): State<Site>, wishes: Wishes) -> Response {
    let text = site.speak(&wishes);
    let detail = |prefix, code| text.with_rest(&message_id(prefix, code), &[], stand_in);
    let entries = site.declared.codes().map(|code| Explained {
        code: code.code,
        status: code.status,
        title: title(&text, code.code),
        detail: detail("problem", code.code),
    });
    let fields = FIELD_CODES.iter().map(|code| Explained {
        code,
        status: 422,
        title: String::new(),
        detail: detail("field", code),
    });
    let body = ProblemsPage {
        entries: entries.collect(),
        fields: fields.collect(),
        text: &text,
    };
    let languages = site.languages();
    crate::page::page(Page {
        title: &format!("{} – {}", text.say("problems-title"), site.settings.name),
        body,
        text: &text,
        theme: Theme::PLAIN,
        kind: Kind::Plain {
            site: &site,
            languages: &languages,
        },
    })
}

async fn one(State(site): State<Site>, Path(code): Path<String>) -> Result<Redirect, Problem> {
    if FIELD_CODES.contains(&&*code) || site.declared.status_of(&code).is_some() {
        Ok(Redirect::to(&format!("/problems#{code}")))
    } else {
        Err(Problem::not_found())
    }
}

#[derive(Template)]
#[template(path = "problems.html")]
struct ProblemsPage<'a> {
    entries: Vec<Explained>,
    fields: Vec<Explained>,
    text: &'a Text,
}

struct Explained {
    code: &'static str,
    status: u16,
    title: String,
    detail: String,
}

/// The placeholder for an argument on the page that explains an error code: "none" for an optional
/// argument, "n" for any other.
fn stand_in(name: &str) -> &'static str {
    match name {
        "contact" | "day" => "none",
        _ => "n",
    }
}
