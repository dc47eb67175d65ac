//! The pages of an import: the upload, the meanings of columns, the preview, the progress and the
//! undo.

mod cards;
pub(super) mod contacts;
pub(super) mod preview;
mod questions;
pub(super) mod result;
pub(super) mod sheets;

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{FromRequest as _, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use occasions::hosting::{HostOf, Refusal};
use occasions::web::host::frame::Place;
use occasions::web::host::request::{HostForm, HostRequest};
use occasions::web::host::wording::{self, Wording};
use web::form_state::FormState;
use web::sheet::read::{Table, Unreadable};
use web::{ArrivedFile, Form, PageQuery, Problem, Site, Text, media_type};

use self::sheets::SheetsForm;
use crate::household_document::Ground;
use crate::household_document::table::{Column, Field};
use crate::import::{
    self, Change, Finding, Import, ImportId, ImportState, InvitedTo, OfferedSheet, Upload, Warning,
};

const CELLS: usize = 2;
/// How many labels the question names that is about all of them.
const LABELS_NAMED: usize = 12;

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
    name: String,
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
    Earlier {
        href: wording.at(&format!("/import/{}", import.id)),
        name: match import.name.as_str() {
            "" => wording.text.say("host-import-pasted").into_owned(),
            name => name.to_owned(),
        },
        words: counted(wording.text, "host-export-rows", import.rows),
        state: import.state.label(),
        when: (
            wording.machine(import.created_at),
            wording.ago(import.created_at),
        ),
    }
}

/// Handles `POST /admin/o/{slug}/import`. Stores the rows of the uploaded file.
pub(super) async fn upload(
    State(site): State<Site>,
    request: Request,
) -> Result<Response, Problem> {
    let most = import::MOST_BYTES_WITH_PICTURES;
    let (posted, file) = if media_type::is(request.headers(), media_type::MULTIPART) {
        HostForm::receive(request, &site, most).await?
    } else {
        (HostForm::from_request(request, &site).await?, None)
    };
    let req = &posted.req;
    // The host's permission is checked before the file is parsed.
    req.read(|_, _| Ok(())).await?;
    let name = match &file {
        Some(Ok(file)) => file.name.clone(),
        _ => String::new(),
    };
    let upload = match read(file, posted.form.text("paste").trim_end()).await {
        Ok(upload) => upload,
        Err(problem) => return refused(&posted, &problem).await,
    };
    let next = match &upload {
        Upload::Contacts(_) => "contacts",
        Upload::Pages(_) | Upload::Records(_) => "columns",
    };
    let (catalogue, slug) = (req.site.catalogue.clone(), req.piece("slug").to_owned());
    let done = posted
        .once(move |tx, host: &HostOf| {
            let import = import::start(tx, host, &catalogue, &upload, &name)?;
            let to = format!("/import/{}/{next}", import.id);
            Ok(wording::at(&slug, &to))
        })
        .await;
    Ok(done?)
}

/// A file is what the host chose last; what is pasted is read without one.
async fn read(file: Option<Result<ArrivedFile, Problem>>, pasted: &str) -> Result<Upload, Problem> {
    match file {
        Some(Ok(file)) => Upload::read_stored(file.content.path().to_owned()).await,
        Some(Err(_)) => Err(Refusal::File(Unreadable::TooLarge).into()),
        None if pasted.is_empty() => Err(Problem::fields().field("/file", "required", [])),
        None => Upload::read_alone(pasted.to_owned().into_bytes()).await,
    }
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
    form_state: &'a FormState,
    sheets: Option<SheetsForm>,
    /// How many contacts are ticked, and where to tick others.
    contacts: Option<(String, String)>,
    action: String,
    crumb: String,
    name: String,
    headings: Vec<Heading>,
    choices: Vec<(String, String)>,
    has_names: bool,
    says_events: bool,
    /// The message id of what is wrong with the ticks of events, if anything is.
    complaint: &'static str,
    may_invite_to_none: bool,
    events: Vec<EventTick>,
    labels: Vec<LabelTicks>,
    different_for: String,
    more_labels: Option<String>,
}

struct EventTick {
    key: String,
    name: String,
    hint: String,
    is_fixed: bool,
    is_ticked: bool,
}

struct LabelTicks {
    label: String,
    /// The name of its ticks.
    name: String,
    is_different: bool,
    events: Vec<EventTick>,
}

struct Heading {
    words: String,
    cells: String,
    column: String,
    /// Whether the host has to say to which event it belongs.
    asks_event: bool,
}

/// Handles `GET /admin/o/{slug}/import/{id}/columns`.
pub(super) async fn columns(req: HostRequest) -> Result<Response, Problem> {
    show_columns(&req, req.id(), &FormState::of(Form::default())).await
}

/// What the page of columns shows of a list.
struct Listed {
    import: Import,
    samples: Table,
    ground: Ground,
    invited: InvitedTo,
    sheets: Vec<OfferedSheet>,
    contacts: Option<(usize, usize)>,
}

async fn show_columns(
    req: &HostRequest,
    id: ImportId,
    form_state: &FormState,
) -> Result<Response, Problem> {
    let catalogue = req.site.catalogue.clone();
    let (context, listed) = req
        .read(move |tx, context| {
            let host = &context.host;
            Ok(Listed {
                import: import::load(tx, host, &id)?,
                samples: import::samples(tx, host, &id)?,
                ground: Ground::load(tx, host)?,
                invited: import::invited_to(tx, host, &catalogue, &id)?,
                sheets: import::sheets(tx, host, &catalogue, &id)?,
                contacts: import::count_contacts(tx, host, &id)?,
            })
        })
        .await?;
    let Listed {
        import,
        samples,
        ground,
        invited,
        ..
    } = &listed;
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
            asks_event: ground.events.len() > 1
                && *column == Field::Other.word()
                && import::asks_event(heading),
            column: column.clone(),
        }
    });
    let skip = std::iter::once(Column::Skip);
    let numbered = import.columns.iter();
    let numbered = numbered.filter_map(|word| match Column::find(word, ground) {
        Some(column @ Column::Person(_)) => Some(column),
        _ => None,
    });
    let choices = skip.chain(Column::all(ground)).chain(numbered);
    let labels = invited.labels.iter().map(|one| one.label.as_str());
    let labels: Vec<&str> = labels.take(LABELS_NAMED).collect();
    let mut labels = labels.join(&text.say("list-comma"));
    if invited.labels.len() > LABELS_NAMED {
        labels.push_str(" …");
    }
    let more_labels = i64::try_from(invited.more_labels).unwrap_or(i64::MAX);
    let words = import.columns.iter().map(String::as_str);
    let says_events = words.clone().any(Column::says_events);
    let events = event_ticks(ground, &wording, invited.people, &invited.general);
    let body = Columns {
        text,
        form_state,
        sheets: SheetsForm::of(
            text,
            wording.at(&format!("/import/{}/sheets", import.id)),
            &listed.sheets,
            form_state,
        ),
        contacts: contacts_link(text, &wording, import, listed.contacts),
        crumb: wording.at("/import"),
        name: list_name(text, import),
        has_names: import.headings.is_empty() || words.clone().any(is_name),
        says_events,
        complaint: match req.query.text(ASKED) {
            "1" => "host-import-choose-events",
            _ => "",
        },
        may_invite_to_none: !says_events && events.iter().all(|event| !event.is_fixed),
        events,
        different_for: text.with("host-import-different", [("labels", labels.into())]),
        more_labels: (more_labels > 0)
            .then(|| counted(text, "host-import-more-labels", more_labels)),
        labels: invited
            .labels
            .iter()
            .enumerate()
            .map(|(at, one)| LabelTicks {
                label: one.label.clone(),
                name: format!("event.{at}"),
                is_different: one.events.is_some(),
                events: event_ticks(
                    ground,
                    &wording,
                    invited.people,
                    one.events.as_ref().unwrap_or(&invited.general),
                ),
            })
            .collect(),
        action: wording.at(&format!("/import/{}/columns", import.id)),
        headings: columns.collect(),
        choices: choices
            .map(|column| (column.word(), label(&column, ground, &wording)))
            .collect(),
    };
    let title = text.say("host-import-columns");
    let page = req.page(&context, Place::Import, &title, body);
    Ok((status(form_state), page).into_response())
}

fn contacts_link(
    text: &Text,
    wording: &Wording<'_>,
    import: &Import,
    count: Option<(usize, usize)>,
) -> Option<(String, String)> {
    let (chosen, total) = count?;
    let href = wording.at(&format!("/import/{}/contacts", import.id));
    Some((contacts::chosen_words(text, chosen, total), href))
}

fn list_name(text: &Text, import: &Import) -> String {
    let name = match import.name.as_str() {
        "" => text.say("host-import-pasted").into_owned(),
        name => name.to_owned(),
    };
    let values = [
        ("name", name.into()),
        ("count", import.rows.into()),
        ("n", text.number(import.rows).into()),
    ];
    text.with("host-import-list", values)
}

/// Whether a column of this meaning can name a household.
fn is_name(word: &str) -> bool {
    let fields = [
        Field::Household,
        Field::Names,
        Field::Guest,
        Field::FirstName,
        Field::LastName,
    ];
    fields.iter().any(|field| field.word() == word) || word.starts_with("guest:")
}

fn event_ticks(
    ground: &Ground,
    wording: &Wording<'_>,
    people: i64,
    chosen: &[String],
) -> Vec<EventTick> {
    let text = wording.text;
    let events = ground.events.iter();
    events
        .map(|event| {
            let seats = event
                .capacity
                .filter(|_| import::has_fewer_seats(event, people));
            let hint = match (seats, event.capacity) {
                (Some(seats), _) => text.with(
                    "host-import-few-seats",
                    [
                        ("seats", text.number(seats).into()),
                        ("people", text.number(people).into()),
                    ],
                ),
                (None, Some(seats)) => counted(text, "host-import-seats", seats),
                (None, None) => String::new(),
            };
            EventTick {
                key: event.key.clone(),
                name: wording.event(event).to_string(),
                hint,
                is_fixed: event.open_to_all,
                is_ticked: event.open_to_all || chosen.contains(&event.key),
            }
        })
        .collect()
}

fn counted(text: &Text, id: &str, number: i64) -> String {
    text.with(
        id,
        [("count", number.into()), ("n", text.number(number).into())],
    )
}

/// Returns the events that are ticked, for the whole list and for each label that differs.
fn invited_choices(form: &Form) -> BTreeMap<String, Option<String>> {
    let mut choices = BTreeMap::new();
    if !form.is_ticked("invite") {
        return choices;
    }
    let ticked = |name: &str| form.all(name).collect::<Vec<_>>().join(",");
    choices.insert("events".to_owned(), Some(ticked("event")));
    let different: Vec<&str> = form.all("differs").collect();
    for (at, label) in form.all("label").enumerate() {
        let events = different
            .contains(&label)
            .then(|| ticked(&format!("event.{at}")));
        choices.insert(import::label_key(label), events);
    }
    choices
}

fn label(column: &Column, ground: &Ground, wording: &Wording<'_>) -> String {
    let text = wording.text;
    let named = |id: &str, name: String| text.with(id, [("key", name.into())]);
    match column {
        Column::Reply(key) | Column::Invited(key) => {
            let event = ground.events.iter().find(|event| event.key == *key);
            let name = event.map_or(key.clone(), |event| wording.event(event).to_string());
            let id = match column {
                Column::Invited(_) => "host-import-invited-if",
                _ => "host-import-reply",
            };
            named(id, name)
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

/// The value of a finding, with our word for what a contact has.
fn value_of(text: &Text, finding: &Finding) -> String {
    if finding.code != Warning::NotRead.word() {
        return finding.value.clone();
    }
    let (property, times) = finding
        .value
        .split_once(": ")
        .unwrap_or((&finding.value, ""));
    let word = match property {
        "ANNIVERSARY" => "host-import-card-anniversary",
        "BDAY" => "host-import-card-birthday",
        "NICKNAME" => "host-import-card-nickname",
        "PHOTO" => "host-import-card-picture",
        "TITLE" => "host-import-card-job",
        "URL" => "host-import-card-web",
        _ => return finding.value.clone(),
    };
    format!("{}: {times}", text.say(word))
}

/// The parameter of the page of columns that asks for events.
const ASKED: &str = "events";

/// Whether nobody is invited to anything, and the host has not said that this is meant.
fn invites_to_nothing(form: &Form) -> bool {
    let has = |name| form.all(name).next().is_some();
    form.is_ticked("choose") && !form.is_ticked("later") && !has("event") && !has("differs")
}

/// Handles `POST /admin/o/{slug}/import/{id}/columns`.
pub(super) async fn save_columns(posted: HostForm) -> Result<Response, Problem> {
    let (req, form) = (&posted.req, &posted.form);
    let id: ImportId = req.id();
    let columns: Vec<String> = form.all("column").map(str::to_owned).collect();
    let change = Change {
        columns: Some(columns),
        options: None,
        choices: invited_choices(form),
    };
    let to = if invites_to_nothing(form) {
        req.at(&format!("/import/{id}/columns?{ASKED}=1#invite"))
    } else {
        req.at(&format!("/import/{id}"))
    };
    let catalogue = req.site.catalogue.clone();
    req.write(move |tx, host| import::change(tx, host, &catalogue, &id, &change))
        .await?;
    Ok(Redirect::to(&to).into_response())
}

/// Handles `GET /admin/o/{slug}/import/{id}`. Shows what the import would do. Once the import has
/// started, shows its progress.
pub(super) async fn show(req: HostRequest) -> Result<Response, Problem> {
    let id: ImportId = req.id();
    let wanted = id.clone();
    let (_, import) = req
        .read(move |tx, context| import::load(tx, &context.host, &wanted))
        .await?;
    if import.state == ImportState::Draft {
        preview::show(&req, id, &FormState::of(Form::default())).await
    } else {
        result::show(&req, id).await
    }
}
