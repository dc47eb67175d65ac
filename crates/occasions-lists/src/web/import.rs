//! The pages of an import: the upload, the meanings of columns, the preview, the progress and the
//! undo.

use askama::Template;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use occasions::hosting::{HostOf, Permission, Refusal};
use occasions::web::host::frame::Place;
use occasions::web::host::request::{HostForm, HostRequest, PageContext};
use occasions::web::host::wording::{self, Wording};
use web::codes::FIELD_CODES;
use web::form_state::FormState;
use web::{Form, PageQuery, Problem, Text};

use crate::household_document::Ground;
use crate::household_document::table::Column;
use crate::import::{
    self, Change, Check, Finding, Import, ImportId, ImportState, Named, Options, Outcome, Upload,
    Warning,
};

const CELLS: usize = 2;

#[derive(Template)]
#[template(path = "host/import.html")]
struct Begin<'a> {
    text: &'a Text,
    wording: Wording<'a>,
    submission: String,
    form_state: &'a FormState,
    imports: Vec<Earlier>,
    next: Option<String>,
}

struct Earlier {
    href: String,
    words: String,
    state: &'static str,
    when: (String, String),
}

/// Handles `GET /admin/o/{slug}/import`.
pub(super) async fn begin(req: HostRequest) -> Result<Response, Problem> {
    show_begin(&req, &FormState::of(Form::default())).await
}

async fn show_begin(req: &HostRequest, form_state: &FormState) -> Result<Response, Problem> {
    let paging = PageQuery::of(req.query.iter())?;
    let (context, imports) = req
        .read(move |tx, context| import::list(tx, &context.host, &paging))
        .await?;
    let (text, wording) = (&req.text, req.wording(&context));
    let body = Begin {
        text,
        submission: req.submission(),
        imports: imports
            .items
            .iter()
            .map(|one| earlier(&wording, one))
            .collect(),
        next: imports
            .next_cursor
            .map(|cursor| wording.at(&format!("/import?cursor={cursor}#earlier"))),
        wording: wording.clone(),
        form_state,
    };
    let title = text.say("host-import");
    let page = req.page(&context, Place::Import, &title, body);
    Ok((status(form_state), page).into_response())
}

fn status(form_state: &FormState) -> StatusCode {
    if form_state.is_fine() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    }
}

fn earlier(wording: &Wording<'_>, import: &Import) -> Earlier {
    let n = import.rows;
    let values = [("count", n.into()), ("n", wording.text.number(n).into())];
    Earlier {
        href: wording.at(&format!("/import/{}", import.id)),
        words: wording.text.with("host-export-rows", values),
        state: import.state.label(),
        when: (
            wording.machine(import.created_at),
            wording.ago(import.created_at),
        ),
    }
}

/// Handles `POST /admin/o/{slug}/import`. Stores the rows of the uploaded file.
pub(super) async fn upload(posted: HostForm) -> Result<Response, Problem> {
    let req = &posted.req;
    let file = posted
        .files
        .first()
        .map_or_else(Bytes::new, |file| file.bytes.clone());
    if file.is_empty() {
        let problem = Problem::fields().field("/file", "required", []);
        return refused(&posted, &problem).await;
    }
    // The host's permission is checked before the file is parsed.
    req.read(|_, _| Ok(())).await?;
    let upload = match Upload::read_alone(file).await {
        Ok(upload) => upload,
        Err(problem) => return refused(&posted, &problem).await,
    };
    let (catalogue, slug) = (req.site.catalogue.clone(), req.piece("slug").to_owned());
    let is_table = matches!(upload, Upload::Pages(_));
    let done = posted
        .once(move |tx, host: &HostOf| {
            let import = import::start(tx, host, &catalogue, &upload)?;
            let step = if is_table { "/columns" } else { "" };
            Ok(wording::at(&slug, &format!("/import/{}{step}", import.id)))
        })
        .await;
    Ok(done?)
}

async fn refused(posted: &HostForm, problem: &Problem) -> Result<Response, Problem> {
    let text = &posted.req.text;
    let words = match problem.errors.first() {
        Some(error) => error.detail(text),
        None => problem.detail(text),
    };
    let mut form_state = FormState::of(posted.form.clone());
    form_state.complain("file", words);
    show_begin(&posted.req, &form_state).await
}

#[derive(Template)]
#[template(path = "host/import_columns.html")]
struct Columns<'a> {
    text: &'a Text,
    action: String,
    headings: Vec<Heading>,
    choices: Vec<(String, String)>,
}

struct Heading {
    words: String,
    cells: String,
    column: String,
}

/// Handles `GET /admin/o/{slug}/import/{id}/columns`.
pub(super) async fn columns(req: HostRequest) -> Result<Response, Problem> {
    let id: ImportId = req.id();
    let (context, (import, samples, ground)) = req
        .read(move |tx, context| {
            let host = &context.host;
            let samples = import::samples(tx, host, &id)?;
            Ok((
                import::load(tx, host, &id)?,
                samples,
                Ground::load(tx, host)?,
            ))
        })
        .await?;
    let (text, wording) = (&req.text, req.wording(&context));
    let headings = import.headings.iter().zip(&import.columns).enumerate();
    let columns = headings.map(|(at, (heading, column))| {
        let cells = samples.rows.iter().filter_map(|(_, row)| row.get(at));
        let cells = cells.filter(|cell| !cell.trim().is_empty()).take(CELLS);
        let cells: Vec<String> = cells.map(|cell| cell.chars().take(40).collect()).collect();
        Heading {
            words: match heading.trim() {
                "" => text.with("host-import-column", [("n", at.saturating_add(1).into())]),
                heading => heading.to_owned(),
            },
            cells: cells.join(" · "),
            column: column.clone(),
        }
    });
    let skip = std::iter::once(Column::Skip);
    let numbered = import.columns.iter();
    let numbered = numbered.filter_map(|word| match Column::find(word, &ground) {
        Some(column @ Column::Person(_)) => Some(column),
        _ => None,
    });
    let choices = skip.chain(Column::all(&ground)).chain(numbered);
    let body = Columns {
        text,
        action: wording.at(&format!("/import/{}/columns", import.id)),
        headings: columns.collect(),
        choices: choices
            .map(|column| (column.word(), label(&column, &ground, &wording)))
            .collect(),
    };
    let title = text.say("host-import-columns");
    Ok(req.page(&context, Place::Import, &title, body))
}

fn label(column: &Column, ground: &Ground, wording: &Wording<'_>) -> String {
    let text = wording.text;
    let named = |id: &str, name: String| text.with(id, [("key", name.into())]);
    match column {
        Column::Reply(key) => {
            let event = ground.events.iter().find(|event| event.key == *key);
            let name = event.map_or(key.clone(), |event| wording.event(event).to_string());
            named("host-import-reply", name)
        }
        Column::Answer(key) => {
            let mut questions = ground.questions.iter();
            let question = questions.find(|question| question.key == *key);
            let name = question.map(|question| wording.pick(&question.title).to_string());
            named("host-import-question", name.unwrap_or_else(|| key.clone()))
        }
        other => other.heading(text),
    }
}

/// Handles `POST /admin/o/{slug}/import/{id}/columns`.
pub(super) async fn save_columns(posted: HostForm) -> Result<Response, Problem> {
    let (req, form) = (&posted.req, &posted.form);
    let id: ImportId = req.id();
    let columns = form.all("column").map(str::to_owned).collect();
    let change = Change {
        columns: Some(columns),
        options: None,
    };
    let to = req.at(&format!("/import/{id}"));
    req.write(move |tx, host| import::change(tx, host, &id, &change))
        .await?;
    Ok(Redirect::to(&to).into_response())
}

#[derive(Template)]
#[template(path = "host/import_check.html")]
struct Checked<'a> {
    text: &'a Text,
    submission: String,
    action: String,
    /// `None` for a JSON file, because it has no columns.
    columns: Option<String>,
    options: Options,
    may_keep_codes: bool,
    counts: Vec<(&'static str, String)>,
    can_apply: bool,
    findings: Vec<Found>,
    more: Option<String>,
}

struct Found {
    row: usize,
    column: String,
    is_error: bool,
    words: String,
    value: String,
}

#[derive(Template)]
#[template(path = "host/import_job.html")]
struct JobPage<'a> {
    text: &'a Text,
    submission: String,
    action: String,
    list: String,
    words: String,
    import: &'a Import,
    is_over: bool,
    counts: Vec<(&'static str, String)>,
    left_out: Vec<SkippedHousehold>,
    can_undo: bool,
    until: String,
}

struct SkippedHousehold {
    row: i64,
    href: Option<String>,
    household: String,
    why: String,
}

enum ImportPage {
    Check(Check),
    Job(Vec<Named>),
}

/// Handles `GET /admin/o/{slug}/import/{id}`. Shows what the import would do. Once the import has
/// started, shows its progress.
pub(super) async fn show(req: HostRequest) -> Result<Response, Problem> {
    let id: ImportId = req.id();
    let catalogue = req.site.catalogue.clone();
    let (context, (import, shown, ground)) = req
        .read(move |tx, context| {
            let host = &context.host;
            let import = import::load(tx, host, &id)?;
            let shown = if import.state == ImportState::Draft {
                ImportPage::Check(import::check(tx, host, &catalogue, &id)?)
            } else {
                ImportPage::Job(import::named(tx, host, &id)?)
            };
            Ok((import, shown, Ground::load(tx, host)?))
        })
        .await?;
    let title = req.text.say("host-import");
    let (place, wording) = (Place::Import, req.wording(&context));
    Ok(match shown {
        ImportPage::Check(check) => {
            let body = checked(&req, &context, &import, &check, &ground);
            req.page(&context, place, &title, body)
        }
        ImportPage::Job(named) => {
            let body = job(&req, &wording, &import, named);
            req.page_of_job(&context, place, &title, !body.is_over, body)
        }
    })
}

fn checked<'a>(
    req: &'a HostRequest,
    context: &PageContext,
    import: &Import,
    check: &Check,
    ground: &Ground,
) -> Checked<'a> {
    let (text, wording) = (&req.text, req.wording(context));
    let at = format!("/import/{}", import.id);
    let number = |n: usize| text.number(i64::try_from(n).unwrap_or(i64::MAX));
    let left = check.found.saturating_sub(check.findings.len());
    Checked {
        text,
        submission: req.submission(),
        action: wording.at(&format!("{at}/apply")),
        columns: (!import.headings.is_empty()).then(|| wording.at(&format!("{at}/columns"))),
        options: import.options,
        may_keep_codes: context.may(Permission::Own),
        counts: vec![
            ("host-import-made", number(check.made)),
            ("host-import-changed", number(check.changed)),
            ("host-import-same", number(check.same)),
            ("host-import-faulty", number(check.faulty)),
        ],
        can_apply: check.made + check.changed > 0,
        findings: check
            .findings
            .iter()
            .map(|finding| found(finding, import, ground, &wording))
            .collect(),
        more: (left > 0).then(|| text.with("host-import-more", [("n", left.into())])),
    }
}

fn found(finding: &Finding, import: &Import, ground: &Ground, wording: &Wording<'_>) -> Found {
    let text = wording.text;
    // The message names the column by the heading in the file.
    let place = import
        .columns
        .iter()
        .position(|word| *word == finding.column);
    let heading = place.and_then(|place| import.headings.get(place)).cloned();
    let column = heading.or_else(|| {
        let column = Column::find(&finding.column, ground)?;
        Some(label(&column, ground, wording))
    });
    let warning = Warning::find(finding.code).map(|warning| text.say(warning.label()).into_owned());
    let error = finding.problem.as_ref().map(|problem| problem.detail(text));
    Found {
        row: finding.row,
        column: column.unwrap_or_default(),
        is_error: finding.is_error,
        words: warning.or(error).unwrap_or_default(),
        value: finding.value.clone(),
    }
}

fn job<'a>(
    req: &'a HostRequest,
    wording: &Wording<'_>,
    import: &'a Import,
    named: Vec<Named>,
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
    JobPage {
        text,
        submission: req.submission(),
        action: wording.at(&format!("/import/{}/undo", import.id)),
        list: wording.at("/invites"),
        words,
        is_over,
        counts: vec![
            ("host-import-made", text.number(import.made)),
            ("host-import-changed", text.number(import.changed)),
            ("host-import-same", text.number(same.max(0))),
            ("host-import-faulty", text.number(import.failed)),
        ],
        left_out: named.into_iter().map(|one| left(wording, one)).collect(),
        can_undo,
        until: wording.moment(import.expires_at),
        import,
    }
}

fn left(wording: &Wording<'_>, named: Named) -> SkippedHousehold {
    let text = wording.text;
    let why = match (&named.problem, named.outcome) {
        (Some(code), _) if FIELD_CODES.contains(&code.as_str()) => {
            text.say("host-import-refused").into_owned()
        }
        (Some(code), _) => {
            let id = format!("problem-{}", code.replace('_', "-"));
            text.attribute(&id, "title", [])
        }
        (None, Outcome::Kept) => text.say("host-import-kept").into_owned(),
        (None, _) => String::new(),
    };
    let invitation = named.invitation.as_ref();
    SkippedHousehold {
        row: named.row,
        href: invitation.map(|id| wording.at(&format!("/invites/{id}"))),
        household: named.household,
        why,
    }
}

/// Handles `POST /admin/o/{slug}/import/{id}/apply`. The form contains the host's choices for the
/// import.
pub(super) async fn apply(posted: HostForm) -> Result<Response, Problem> {
    let (id, form): (ImportId, _) = (posted.req.id(), &posted.form);
    let change = Change {
        columns: None,
        options: Some(Options {
            stop_on_errors: form.text("errors") == "stop",
            replace_answers: form.is_ticked("replace_answers"),
            keep_codes: form.is_ticked("keep_codes"),
        }),
    };
    let is_to_be_applied = form.is_ticked("go");
    let to = posted.req.at(&format!("/import/{id}"));
    let done = posted
        .once(move |tx, host: &HostOf| -> Result<String, Refusal> {
            import::change(tx, host, &id, &change)?;
            if is_to_be_applied {
                import::apply(tx, host, &id)?;
            }
            Ok(to.clone())
        })
        .await;
    Ok(done?)
}

/// Handles `POST /admin/o/{slug}/import/{id}/undo`.
pub(super) async fn undo(posted: HostForm) -> Result<Response, Problem> {
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
