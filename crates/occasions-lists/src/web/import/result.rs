//! The progress of an import, and what came of it.

use askama::Template;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use occasions::hosting::HostOf;
use occasions::hosting::duplicates::{self, Pair};
use occasions::web::host::frame::Place;
use occasions::web::host::request::{HostForm, HostRequest};
use occasions::web::host::twins::{self, TwinCard};
use occasions::web::host::wording::Wording;
use web::codes::FIELD_CODES;
use web::sheet::{Cell, csv_lines};
use web::{Problem, Text};

use super::preview::heading;
use super::{counted, value_of};
use crate::import::{
    self, Finding, Import, ImportId, ImportState, Imported, Named, Outcome, Warning,
};

/// How many values of one reason stand on the page.
const VALUES: usize = 10;

#[derive(Template)]
#[template(path = "host/import_job.html")]
struct JobPage<'a> {
    text: &'a Text,
    submission: String,
    action: String,
    list: String,
    send: String,
    file: String,
    words: String,
    title: String,
    import: &'a Import,
    is_over: bool,
    has_result: bool,
    nameless: Option<String>,
    unreachable: Option<String>,
    counts: Vec<(&'static str, String)>,
    households: Vec<SkippedHousehold>,
    left_out: Vec<LeftOut>,
    left_title: String,
    can_undo: bool,
    until: String,
    /// Households that are perhaps one.
    twins: Vec<TwinCard>,
}

struct SkippedHousehold {
    row: i64,
    href: Option<String>,
    household: String,
    why: String,
}

/// What was left out for one reason.
struct LeftOut {
    values: String,
    more: Option<String>,
    why: String,
}

struct Outcomes {
    named: Vec<Named>,
    left_out: Vec<Finding>,
    imported: Imported,
    pairs: Vec<Pair>,
}

/// Shows the progress of an import that was started.
pub(super) async fn show(req: &HostRequest, id: ImportId) -> Result<Response, Problem> {
    let catalogue = req.site.catalogue.clone();
    let (context, (import, outcomes)) = req
        .read(move |tx, context| {
            let host = &context.host;
            let import = import::load(tx, host, &id)?;
            // While the import is running, the page is asked for again and again.
            let is_ready = import.state == ImportState::Ready;
            let outcomes = Outcomes {
                named: import::named(tx, host, &id)?,
                left_out: if is_ready {
                    import::left_out(tx, host, &catalogue, &id)?
                } else {
                    Vec::new()
                },
                imported: if is_ready {
                    import::imported(tx, host, &id)?
                } else {
                    Imported::default()
                },
                pairs: if is_ready {
                    duplicates::pairs(tx, host)?
                } else {
                    Vec::new()
                },
            };
            Ok((import, outcomes))
        })
        .await?;
    let title = req.text.say("host-import");
    let wording = req.wording(&context);
    let twins = twins::cards(&context, &wording, &outcomes.pairs);
    let body = JobPage {
        twins,
        ..job(req, &wording, &import, outcomes)
    };
    Ok(req.page_of_job(&context, Place::Import, &title, !body.is_over, body))
}

fn job<'a>(
    req: &'a HostRequest,
    wording: &Wording<'_>,
    import: &'a Import,
    outcomes: Outcomes,
) -> JobPage<'a> {
    let text = &req.text;
    let same = import.done - import.made - import.changed - import.failed;
    let is_over = matches!(
        import.state,
        ImportState::Ready | ImportState::Stopped | ImportState::Undone
    );
    let words = match import.state {
        ImportState::Queued | ImportState::Running if import.total > 0 => {
            let (done, total) = (text.number(import.done), text.number(import.total));
            let values = [("done", done.into()), ("total", total.into())];
            text.with("host-import-progress", values)
        }
        state => text.say(state.label()).into_owned(),
    };
    let can_undo =
        import.state == ImportState::Ready && import.made > 0 && wording.now < import.expires_at;
    let imported = outcomes.imported;
    let has_result = import.state == ImportState::Ready && imported.households > 0;
    let some = |number: i64, id: &str| (number > 0).then(|| counted(text, id, number));
    let left = i64::try_from(outcomes.left_out.len()).unwrap_or(i64::MAX);
    JobPage {
        text,
        submission: req.submission(),
        action: wording.at(&format!("/import/{}/undo", import.id)),
        list: wording.at("/invites"),
        send: wording.at("/send"),
        file: wording.at(&format!("/import/{}/left-out", import.id)),
        title: if has_result {
            let both = heading(text, imported.households, imported.people);
            text.with("host-import-are-here", [("both", both.into())])
        } else if is_over {
            text.say("host-import").into_owned()
        } else {
            text.say("host-import-importing").into_owned()
        },
        words,
        is_over,
        has_result,
        nameless: some(imported.nameless, "host-import-nameless"),
        unreachable: some(imported.unreachable, "host-import-unreachable"),
        counts: vec![
            ("host-import-made", text.number(import.made)),
            ("host-import-changed", text.number(import.changed)),
            ("host-import-same", text.number(same.max(0))),
            ("host-import-faulty", text.number(import.failed)),
        ],
        households: outcomes
            .named
            .into_iter()
            .map(|one| skipped(wording, one))
            .collect(),
        left_title: counted(text, "host-import-left-title", left),
        left_out: reasons(text, &outcomes.left_out),
        can_undo,
        until: wording.moment(import.expires_at),
        twins: Vec::new(),
        import,
    }
}

fn reasons(text: &Text, left_out: &[Finding]) -> Vec<LeftOut> {
    let mut codes: Vec<&str> = left_out.iter().map(|one| one.code).collect();
    codes.sort_unstable();
    codes.dedup();
    let reasons = codes.into_iter().map(|code| {
        let all: Vec<&Finding> = left_out.iter().filter(|one| one.code == code).collect();
        let values: Vec<String> = all
            .iter()
            .take(VALUES)
            .map(|one| {
                text.with(
                    "host-import-quoted",
                    [("value", value_of(text, one).into())],
                )
            })
            .collect();
        let more = i64::try_from(all.len().saturating_sub(VALUES)).unwrap_or(i64::MAX);
        LeftOut {
            values: values.join(&text.say("list-comma")),
            more: (more > 0).then(|| text.with("host-import-more", [("n", more.into())])),
            why: reason(text, code),
        }
    });
    reasons.collect()
}

fn reason(text: &Text, code: &str) -> String {
    let warning = Warning::find(code);
    warning.map_or_else(String::new, |one| text.say(one.label()).into_owned())
}

fn skipped(wording: &Wording<'_>, named: Named) -> SkippedHousehold {
    let invitation = named.invitation.as_ref();
    SkippedHousehold {
        row: named.row,
        href: invitation.map(|id| wording.at(&format!("/invites/{id}"))),
        why: why(wording.text, &named),
        household: named.household,
    }
}

fn why(text: &Text, named: &Named) -> String {
    match (&named.problem, named.outcome) {
        (Some(code), _) if FIELD_CODES.contains(&code.as_str()) => {
            text.say("host-import-refused").into_owned()
        }
        (Some(code), _) => {
            let id = format!("problem-{}", code.replace('_', "-"));
            text.attribute(&id, "title", [])
        }
        (None, Outcome::Kept) => text.say("host-import-kept").into_owned(),
        (None, _) => String::new(),
    }
}

/// Handles `GET /admin/o/{slug}/import/{id}/left-out`. Downloads what was left out, with its reason.
pub(in crate::web) async fn left_out(req: HostRequest) -> Result<Response, Problem> {
    let id: ImportId = req.id();
    let catalogue = req.site.catalogue.clone();
    let (_, (named, findings)) = req
        .read(move |tx, context| {
            let named = import::named(tx, &context.host, &id)?;
            Ok((named, import::left_out(tx, &context.host, &catalogue, &id)?))
        })
        .await?;
    let text = &req.text;
    let line = |row: String, value: String, why: String| {
        [row, value, why]
            .into_iter()
            .map(Cell::Text)
            .collect::<Vec<_>>()
    };
    let households = named
        .iter()
        .map(|one| line(one.row.to_string(), one.household.clone(), why(text, one)));
    let cells = findings.iter().map(|one| {
        line(
            one.row.to_string(),
            value_of(text, one),
            reason(text, one.code),
        )
    });
    let rows: Vec<Vec<Cell>> = households.chain(cells).collect();
    let headings = ["host-import-row", "host-import-stands", "host-import-what"];
    let headings = headings.map(|id| text.say(id));
    let headings: Vec<&str> = headings.iter().map(AsRef::as_ref).collect();
    let content = csv_lines(Some(&headings), &rows).map_err(Problem::internal)?;
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/csv; charset=utf-8"),
        ),
        (
            header::CONTENT_DISPOSITION,
            HeaderValue::from_static("attachment; filename=\"left-out.csv\""),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((headers, content).into_response())
}

/// Handles `POST /admin/o/{slug}/import/{id}/undo`.
pub(in crate::web) async fn undo(posted: HostForm) -> Result<Response, Problem> {
    let id: ImportId = posted.req.id();
    let to = posted.req.at(&format!("/import/{id}"));
    let done = posted
        .once(move |tx, host: &HostOf| {
            import::undo(tx, host, &id)?;
            Ok(to.clone())
        })
        .await;
    Ok(done?)
}
