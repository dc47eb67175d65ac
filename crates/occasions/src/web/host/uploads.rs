//! The page on which hosts review the uploads of their guests, and see their own pictures.

use askama::Template;
use axum::response::Response;
use jiff::civil::Date;
use platform::Tx;
use platform::id::Id as _;
use web::{List, PageQuery, Problem, Text, Value};

use super::frame::Place;
use super::request::{HostForm, HostRequest, PageContext};
use super::wording::{self, Wording};
use crate::gallery::Filter;
use crate::hosting::uploads::{self, Decision, DownloadSize, GalleryPlace, HostUpload, StateCount};
use crate::hosting::{HostOf, Permission, Refusal};
use crate::id::UploadId;
use crate::retention;
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
    /// How much the gallery contains, and when it is deleted.
    lead: String,
    waiting: Option<Waiting>,
    tabs: Vec<Tab>,
    state: UploadState,
    rows: Vec<Row>,
    previous: Option<String>,
    next: Option<String>,
    /// The path of the archive of the gallery, and the words of its button.
    archive: Option<(String, String)>,
    may_write: bool,
    may_own: bool,
    is_off: bool,
}

/// That files wait for a decision, on another list than the one that is shown.
struct Waiting {
    words: String,
    href: String,
}

/// What the page shows.
struct Found {
    list: List<HostUpload>,
    counts: Vec<StateCount>,
    /// The state of the files in the list.
    state: UploadState,
    size: DownloadSize,
    deletes_on: Option<Date>,
}

struct Tab {
    href: String,
    words: String,
    n: String,
    is_here: bool,
}

struct Row {
    file: UploadView,
    /// Who sent the file, or who took the picture.
    from: String,
    /// The path of the household, or of a host's picture.
    href: Option<String>,
}

/// Handles `GET /admin/o/{slug}/uploads`. First shows what waits for a decision, and else the
/// gallery.
pub(super) async fn show(req: HostRequest, mut paging: PageQuery) -> Result<Response, Problem> {
    paging.limit = PER_PAGE;
    let wanted = UploadState::find(req.query.text("state"));
    let look = move |tx: &mut Tx<'_>, context: &PageContext| {
        let counts = uploads::count(tx, &context.host)?;
        let is_there = |state| counts.iter().any(|one| one.state == state);
        let state = match wanted {
            Some(state) => state,
            None if is_there(UploadState::Pending) => UploadState::Pending,
            None => UploadState::Approved,
        };
        let filter = Filter {
            state: Some(state),
            with_own: true,
        };
        Ok(Found {
            list: uploads::list(tx, &context.host, filter, &paging)?,
            counts,
            state,
            size: uploads::download_size(tx, &context.host)?,
            deletes_on: retention::show(tx, &context.host)?.deletes_on,
        })
    };
    let (context, found) = req.read(look).await?;
    let Found {
        list,
        counts,
        state,
        size,
        deletes_on,
    } = found;
    let (text, wording) = (&req.text, req.wording(&context));
    let of = |state| {
        let mut counts = counts.iter();
        counts
            .find(|one| one.state == state)
            .map_or(0, |one| one.files)
    };
    let gallery = counts
        .iter()
        .find(|one| one.state == UploadState::Approved)
        .map(|one| {
            let number = |n: i64| -> Value<'_> { text.number(n).into() };
            let values = [
                ("all", number(one.files)),
                ("own", number(one.own)),
                ("guests", number(one.files - one.own)),
            ];
            text.with("host-uploads-gallery", values)
        });
    let deleted = deletes_on
        .filter(|_| gallery.is_some())
        .map(|day| text.with("host-uploads-deleted", [("day", text.date(day).into())]));
    let pending = of(UploadState::Pending);
    let waiting = (pending > 0 && state != UploadState::Pending).then(|| Waiting {
        words: text.with("host-uploads-waiting", [("n", pending.into())]),
        href: wording.at("/uploads?state=pending"),
    });
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
    let may_write = context.may(Permission::Write);
    let body = UploadsPage {
        text,
        submission: req.submission(),
        done: req.done(),
        lead: gallery
            .into_iter()
            .chain(deleted)
            .collect::<Vec<_>>()
            .join(" "),
        waiting,
        tabs: states.iter().map(tab).collect(),
        state,
        rows: items
            .into_iter()
            .map(|one| row(&req, &wording, may_write, one))
            .collect(),
        previous: page("before", previous_cursor.as_ref()),
        next: page("cursor", next_cursor.as_ref()),
        archive: (may_write && size.files > 0).then(|| archive(&wording, size)),
        may_write,
        may_own: context.may(Permission::Own),
        is_off: !context.occasion.switches.uploads,
        wording: wording.clone(),
    };
    Ok(req.page(&context, Place::Uploads, &text.say("host-uploads"), body))
}

fn archive(wording: &Wording<'_>, size: DownloadSize) -> (String, String) {
    let values = [
        ("count", size.files.into()),
        ("n", wording.text.number(size.files).into()),
        ("size", wording.size(size.bytes).into()),
    ];
    let words = wording.text.with("host-uploads-download", values);
    (wording.at("/uploads/all.zip"), words)
}

fn row(req: &HostRequest, wording: &Wording<'_>, may_write: bool, one: HostUpload) -> Row {
    let file = UploadView::of(&req.site, &one.upload);
    let (from, href) = if let Some(invitation) = &one.upload.invitation {
        let href = wording.at(&format!("/invites/{invitation}"));
        (one.household, Some(href))
    } else {
        let href = wording.at(&format!("/uploads/own/{}", one.upload.id));
        let own = || wording.text.say("host-pictures-own").into_owned();
        let from = file.credit.clone().unwrap_or_else(own);
        (from, may_write.then_some(href))
    };
    Row { file, from, href }
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
        "reject" if state == UploadState::Approved => {
            (Decision::State(UploadState::Rejected), "upload-hidden")
        }
        "reject" => (Decision::State(UploadState::Rejected), "upload-rejected"),
        "delete" if !ids.is_empty() && !form.is_ticked("go") => {
            return ask(&posted, state, ids).await;
        }
        "delete" => (Decision::Delete, "upload-deleted"),
        "first" => return order(&posted, &ids, GalleryPlace::First).await,
        "time" => return order(&posted, &ids, GalleryPlace::ByTime).await,
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

async fn order(posted: &HostForm, ids: &[&str], to: GalleryPlace) -> Result<Response, Problem> {
    let done = if ids.is_empty() {
        "upload-none"
    } else {
        "ordered"
    };
    let state = UploadState::Approved.word();
    let list = posted
        .req
        .at(&format!("/uploads?state={state}&done={done}"));
    let ids: Vec<UploadId> = ids
        .iter()
        .map(|id| UploadId::from_text((*id).to_owned()))
        .collect();
    let change = move |tx: &mut Tx<'_>, host: &HostOf| -> Result<_, Refusal> {
        uploads::order(tx, host, &ids, to)?;
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
