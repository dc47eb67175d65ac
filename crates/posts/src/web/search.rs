//! The search page.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderValue, Uri};
use axum::response::Response;
use platform::Tx;
use web::cursor::{self, PageQuery};
use web::form_state::{Control, Field, FormState};
use web::{Findings, Form, List, Problem, Site, Text, Wishes};

use super::public::{Line, plain};
use crate::post::Post;
use crate::search;

#[derive(Template)]
#[template(path = "search.html")]
struct SearchPage<'a> {
    text: &'a Text,
    form_state: &'a FormState,
    field: Field,
    /// True if the visitor has not searched for anything yet.
    is_blank: bool,
    lines: Vec<Line>,
    /// The query string for the next page of results; empty on the last page.
    next: String,
}

pub(super) async fn show(
    State(site): State<Site>,
    uri: Uri,
    wishes: Wishes,
    paging: PageQuery,
) -> Result<Response, Problem> {
    let text = site.speak_public(&wishes);
    let form = Form::parse(uri.query().unwrap_or_default().as_bytes())?;
    let query = form.text("q").to_owned();
    let is_blank = query.trim().is_empty();
    let found = if is_blank {
        Ok(None)
    } else {
        find(&site, &query, &paging).await.map(Some)
    };
    let (form_state, found) = match found {
        Ok(found) => (FormState::of(form), found),
        Err(problem) if problem.code == "validation_failed" => {
            (FormState::refused(form, &problem, &text), None)
        }
        Err(problem) => return Err(problem),
    };
    let (posts, next) = found
        .map(|list| (list.items, list.next_cursor))
        .unwrap_or_default();
    let search = Control::Line("search", "off");
    let body = SearchPage {
        text: &text,
        form_state: &form_state,
        field: form_state.field("q", text.say("post-search-words"), search),
        is_blank: is_blank || !form_state.is_fine(),
        lines: posts
            .iter()
            .map(|post| Line::of(&site, &text, post))
            .collect(),
        next: next
            .map(|cursor| {
                let query = percent_encoding::utf8_percent_encode(
                    &query,
                    percent_encoding::NON_ALPHANUMERIC,
                );
                format!("q={query}&cursor={cursor}")
            })
            .unwrap_or_default(),
    };
    let title = text.say("post-search").into_owned();
    let mut page = plain(&site, &text, &title, body, &[])?;
    let noindex = HeaderValue::from_static("noindex");
    page.headers_mut().insert("x-robots-tag", noindex);
    Ok(page)
}

/// Cleans and validates a search query.
pub fn read(query: &str) -> Result<String, Problem> {
    let mut findings = Findings::default();
    let (least, most) = search::LENGTH;
    let query = findings.line("/q", query, least, most);
    findings.finish().map_err(|errors| {
        let mut problem = Problem::fields();
        problem.errors = errors;
        problem
    })?;
    Ok(query)
}

/// Loads one page of search results. The cursor is the number of results on earlier pages.
pub(super) async fn find(
    site: &Site,
    query: &str,
    paging: &PageQuery,
) -> Result<List<Post>, Problem> {
    let query = read(query)?;
    let offset = paging.after::<u32>()?.map_or(0, i64::from);
    let most = i64::from(paging.limit).min(search::PAGE);
    let look = move |tx: &mut Tx<'_>| search::search(tx, &query, offset, most + 1);
    let mut items = site.store.read(look).await?;
    let shown = usize::try_from(most).unwrap_or(usize::MAX);
    let has_more = items.len() > shown;
    items.truncate(shown);
    Ok(List {
        items,
        next_cursor: has_more.then(|| cursor::cursor(&(offset + most))),
        previous_cursor: None,
        total: None,
    })
}
