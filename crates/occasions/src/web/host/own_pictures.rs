//! The pages on which hosts add pictures of their own, and say what a picture shows and who took it.

use askama::Template;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use platform::Tx;
use site::file_form::FileForm;
use web::form_state::{self, Field, FormState};
use web::{ArrivedFile, Form, Input, Problem, Site, Text, fields};

use super::frame::Place;
use super::request::{HostForm, HostRequest, PageContext};
use super::wording::Wording;
use crate::hosting::pictures::{self, FIELDS, HostPicture, PictureWords};
use crate::hosting::uploads::AT_ONCE;
use crate::hosting::{HostOf, Refusal};
use crate::id::UploadId;
use crate::upload::UploadState;
use crate::web::guest::upload_view::UploadView;
use crate::web::host_files::{self, Received, most_bytes};

#[derive(Template)]
#[template(path = "host/pictures_add.html")]
struct AddPage<'a> {
    text: &'a Text,
    wording: Wording<'a>,
    form_state: &'a FormState,
    done: Option<String>,
    fields: Vec<Field>,
    /// Why files were refused.
    wrong: &'a [String],
    most_megabytes: usize,
    is_off: bool,
}

/// What became of the files of a form.
#[derive(Default)]
struct Outcome {
    added: usize,
    /// Why files were refused.
    wrong: Vec<String>,
    /// The status of the first refusal.
    status: Option<StatusCode>,
}

impl Outcome {
    fn refuse(&mut self, text: &Text, name: &str, problem: &Problem) {
        // A form is refused with 422, unless it is the server that lacks something.
        let status = match problem.status {
            status if status.is_server_error() => status,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        };
        self.status.get_or_insert(status);
        let reason = problem.detail(text);
        let words = match name {
            "" => reason,
            name => text.with(
                "upload-refused",
                [("file", name.into()), ("reason", reason.into())],
            ),
        };
        self.wrong.push(words);
    }
}

/// Handles `GET /admin/o/{slug}/uploads/add`.
pub(super) async fn form(req: HostRequest) -> Result<Response, Problem> {
    let (context, ()) = req.read(|_, _| Ok(())).await?;
    Ok(add_page(
        &req,
        &context,
        FormState::default(),
        &Outcome::default(),
    ))
}

fn add_page(
    req: &HostRequest,
    context: &PageContext,
    mut form_state: FormState,
    outcome: &Outcome,
) -> Response {
    let (text, wording) = (&req.text, req.wording(context));
    for words in &outcome.wrong {
        form_state.complain("file", words.clone());
    }
    let values = [("n", outcome.added.into())];
    let body = AddPage {
        text,
        form_state: &form_state,
        done: (outcome.added > 0).then(|| text.with("host-pictures-others", values)),
        fields: word_fields(&wording, &form_state),
        wrong: &outcome.wrong,
        most_megabytes: most_bytes(&req.site) >> 20,
        is_off: !context.occasion.switches.uploads,
        wording: wording.clone(),
    };
    req.page(
        context,
        Place::Uploads,
        &text.say("host-pictures-add"),
        body,
    )
}

fn word_fields(wording: &Wording<'_>, form_state: &FormState) -> Vec<Field> {
    let groups = wording
        .table_form(form_state)
        .groups(FIELDS, "host-picture");
    groups.into_iter().flat_map(|group| group.fields).collect()
}

/// Handles `POST /admin/o/{slug}/uploads/add`. The form contains any number of files. Each file is
/// stored as soon as it has arrived, so a refused one or a broken connection loses no other.
pub(super) async fn add(State(site): State<Site>, request: Request) -> Result<Response, Problem> {
    let mut sent =
        FileForm::<HostRequest>::receive(request, &site, AT_ONCE, most_bytes(&site)).await?;
    let req = sent.posted.req.clone();
    let (context, ()) = req.read(|_, _| Ok(())).await?;
    let text = &req.text;
    let input = Input::Form(sent.posted.form.clone(), FIELDS.to_vec());
    let words = match pictures::read_words(&input, &context.occasion) {
        Ok(words) => words,
        Err(refusal) => {
            let form_state = FormState::refused(sent.posted.form, &refusal.problem(), text);
            let page = add_page(&req, &context, form_state, &Outcome::default());
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    let mut outcome = Outcome::default();
    loop {
        let file = match sent.next().await {
            Ok(Some(file)) => file,
            Ok(None) => break,
            Err(problem) => {
                outcome.refuse(text, "", &problem);
                break;
            }
        };
        match store(&req, &context, file.content, &words).await {
            Ok(()) => outcome.added += 1,
            Err(problem) => outcome.refuse(text, &file.name, &problem),
        }
    }
    if outcome.wrong.is_empty() {
        if outcome.added > 0 {
            let list = req.at("/uploads?state=approved&done=pictures-added");
            return Ok(site::call::see_other(&list));
        }
        outcome
            .wrong
            .push(text.say("host-pictures-none").into_owned());
    }
    let form_state = FormState::of(sent.posted.form);
    let page = add_page(&req, &context, form_state, &outcome);
    let status = outcome.status.unwrap_or(StatusCode::UNPROCESSABLE_ENTITY);
    Ok((status, page).into_response())
}

async fn store(
    req: &HostRequest,
    context: &PageContext,
    file: Result<ArrivedFile, Problem>,
    words: &PictureWords,
) -> Result<(), Problem> {
    let received = host_files::receive(&req.site, &context.occasion.id, file, words).await?;
    let Received::New(new) = received else {
        return Ok(());
    };
    let stored = new.stored.clone();
    let added = req
        .write(move |tx, host| pictures::add(tx, host, &new))
        .await;
    let added = added.map_err(Problem::from);
    host_files::finish(&req.site, &stored, added)
        .await
        .map(drop)
}

#[derive(Template)]
#[template(path = "host/picture.html")]
struct PicturePage<'a> {
    text: &'a Text,
    wording: Wording<'a>,
    submission: String,
    form_state: &'a FormState,
    done: Option<String>,
    picture: UploadView,
    size: String,
    fields: Vec<Field>,
}

/// Handles `GET /admin/o/{slug}/uploads/own/{id}`.
pub(super) async fn edit(req: HostRequest) -> Result<Response, Problem> {
    let (context, picture) = load(&req).await?;
    let form_state = FormState::of(stored(&context, &picture.words));
    Ok(picture_page(&req, &context, &form_state, picture))
}

/// Handles `POST /admin/o/{slug}/uploads/own/{id}`.
pub(super) async fn change(posted: HostForm) -> Result<Response, Problem> {
    let (req, form) = (&posted.req, &posted.form);
    let id: UploadId = req.id();
    let input = Input::Form(form.clone(), FIELDS.to_vec());
    let here = req.at(&format!("/uploads/own/{id}?done=saved"));
    let done = posted
        .once(move |tx, host: &HostOf| -> Result<_, Refusal> {
            pictures::change(tx, host, &id, &input)?;
            Ok(here.clone())
        })
        .await;
    form_state::answer(done, async |problem| {
        let (context, picture) = load(req).await?;
        let stored = || stored(&context, &picture.words);
        let form_state = FormState::not_saved(form, stored, "host-save", &problem, &req.text);
        Ok(picture_page(req, &context, &form_state, picture.clone()))
    })
    .await
}

async fn load(req: &HostRequest) -> Result<(PageContext, HostPicture), Problem> {
    let id: UploadId = req.id();
    let look = move |tx: &mut Tx<'_>, context: &PageContext| pictures::find(tx, &context.host, &id);
    Ok(req.read(look).await?)
}

fn stored(context: &PageContext, words: &PictureWords) -> Form {
    fields::form(FIELDS, words, 1, &context.occasion.zone())
}

fn picture_page(
    req: &HostRequest,
    context: &PageContext,
    form_state: &FormState,
    picture: HostPicture,
) -> Response {
    let (text, wording) = (&req.text, req.wording(context));
    let body = PicturePage {
        text,
        submission: req.submission(),
        form_state,
        done: req.done(),
        size: wording.size(picture.bytes),
        picture: UploadView::of(&req.site, &picture.into()),
        fields: word_fields(&wording, form_state),
        wording: wording.clone(),
    };
    req.page(context, Place::Uploads, &text.say("host-picture"), body)
}
