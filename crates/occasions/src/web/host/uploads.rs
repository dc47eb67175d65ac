//! The page on which hosts review the uploads of their guests.

use askama::Template;
use axum::response::Response;
use platform::Tx;
use platform::id::Id as _;
use web::{List, PageQuery, Problem, Text};

use super::frame::Place;
use super::request::{HostForm, HostRequest, PageContext};
use super::wording::{self, Wording};
use crate::hosting::uploads::{self, Decision, HostUpload};
use crate::hosting::{HostOf, Permission, Refusal};
use crate::id::UploadId;
use crate::upload::UploadState;
use crate::web::guest::upload_view::UploadView;

const PER_PAGE: u32 = 48;

#[derive(Template)]
#[template(path = "host/uploads.html")]
struct UploadsPage<'a> {
    text: &'a Text,
    wording: Wording<'a>,
    submission: String,
    done: Option<String>,
    tabs: Vec<Tab>,
    state: UploadState,
    rows: Vec<Row>,
    previous: Option<String>,
    next: Option<String>,
    may_write: bool,
    may_own: bool,
    is_off: bool,
}

struct Tab {
    href: String,
    words: String,
    n: String,
    is_here: bool,
}

struct Row {
    file: UploadView,
    household: String,
    href: String,
}

/// Handles `GET /admin/o/{slug}/uploads`.
pub(super) async fn show(req: HostRequest, mut paging: PageQuery) -> Result<Response, Problem> {
    paging.limit = PER_PAGE;
    let state = UploadState::find(req.query.text("state")).unwrap_or(UploadState::Pending);
    let look = move |tx: &mut Tx<'_>, context: &PageContext| {
        Ok((
            uploads::list(tx, &context.host, Some(state), &paging)?,
            uploads::count(tx, &context.host)?,
        ))
    };
    let (context, (list, counts)) = req.read(look).await?;
    let (text, wording) = (&req.text, req.wording(&context));
    let of = |state| {
        let mut counts = counts.iter();
        counts.find(|(one, _)| *one == state).map_or(0, |(_, n)| *n)
    };
    let tab = |one: &UploadState| Tab {
        href: wording.at(&format!("/uploads?state={}", one.word())),
        words: text.say(one.label()).into_owned(),
        n: text.number(of(*one)),
        is_here: *one == state,
    };
    let page = |name, cursor: Option<&String>| {
        let pairs = [("state", state.word()), (name, cursor?.as_str())];
        Some(wording::address(&wording.at("/uploads"), pairs))
    };
    let List {
        items,
        next_cursor,
        previous_cursor,
        ..
    } = list;
    let states = if counts.is_empty() {
        &[]
    } else {
        UploadState::ALL
    };
    let body = UploadsPage {
        text,
        submission: req.submission(),
        done: req.done(),
        tabs: states.iter().map(tab).collect(),
        state,
        rows: items
            .into_iter()
            .map(|one| row(&req, &wording, one))
            .collect(),
        previous: page("before", previous_cursor.as_ref()),
        next: page("cursor", next_cursor.as_ref()),
        may_write: context.may(Permission::Write),
        may_own: context.may(Permission::Own),
        is_off: !context.occasion.switches.uploads,
        wording: wording.clone(),
    };
    Ok(req.page(&context, Place::Uploads, &text.say("host-uploads"), body))
}

fn row(req: &HostRequest, wording: &Wording<'_>, one: HostUpload) -> Row {
    Row {
        file: UploadView::of(&req.site, &one.upload),
        household: one.household,
        href: wording.at(&format!("/invites/{}", one.upload.invitation)),
    }
}

#[derive(Template)]
#[template(path = "host/uploads_delete.html")]
struct DeletePage<'a> {
    text: &'a Text,
    submission: String,
    action: String,
    back: String,
    state: &'a str,
    ids: Vec<&'a str>,
}

/// Handles `POST /admin/o/{slug}/uploads`. The form decides about the chosen uploads. A deletion
/// must be confirmed.
pub(super) async fn decide(posted: HostForm) -> Result<Response, Problem> {
    let form = &posted.form;
    let state = UploadState::find(form.text("state")).unwrap_or(UploadState::Pending);
    let mut ids: Vec<&str> = form.all("ids").collect();
    let (decision, done) = match form.text("do") {
        "approve" => (Decision::State(UploadState::Approved), "upload-approved"),
        "reject" => (Decision::State(UploadState::Rejected), "upload-rejected"),
        "delete" if !ids.is_empty() && !form.is_ticked("go") => {
            return ask(&posted, state, ids).await;
        }
        "delete" => (Decision::Delete, "upload-deleted"),
        // If no known button was pressed, the form changes nothing. The host's permission is still
        // checked.
        _ => {
            ids.clear();
            (Decision::State(state), "upload-none")
        }
    };
    let done = if ids.is_empty() { "upload-none" } else { done };
    let list = posted
        .req
        .at(&format!("/uploads?state={}&done={done}", state.word()));
    let ids: Vec<UploadId> = ids
        .into_iter()
        .map(|id| UploadId::from_text(id.to_owned()))
        .collect();
    let change = move |tx: &mut Tx<'_>, host: &HostOf| -> Result<_, Refusal> {
        uploads::decide(tx, host, &ids, decision)?;
        Ok(list.clone())
    };
    Ok(posted.once(change).await?)
}

async fn ask(posted: &HostForm, state: UploadState, ids: Vec<&str>) -> Result<Response, Problem> {
    let req = &posted.req;
    let look = |_: &mut Tx<'_>, context: &PageContext| context.host.needs(Permission::Write);
    let (context, ()) = req.read(look).await?;
    let wording = req.wording(&context);
    let title = req
        .text
        .with("host-upload-delete-title", [("n", ids.len().into())]);
    let body = DeletePage {
        text: &req.text,
        submission: req.submission(),
        action: wording.at("/uploads"),
        back: wording.at(&format!("/uploads?state={}", state.word())),
        state: state.word(),
        ids,
    };
    Ok(req.page(&context, Place::Uploads, &title, body))
}
