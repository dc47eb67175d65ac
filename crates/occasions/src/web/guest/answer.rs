//! The form in which a household answers, and two smaller forms: one for dietary requirements, and
//! one for the note. After a refused save, the form is shown again with all typed values.

mod conflict;
mod form;
mod press;
mod words;

use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use platform::StoreError;
use web::{Form, Problem, csrf};

use super::after;
use super::gate::{self, Admitted, Failure};
use super::parse_form::{self, ParsedForm};
use super::request::{EarlyResponse, GuestRequest};
use crate::code::CodeKey;
use crate::form_event::{self, FormUse};
use crate::invitation_snapshot::InvitationSnapshot;
use crate::refusal::Refusal;
use crate::rsvp::{self, OtherBody, Repeat, Save, Saved};
use crate::words::Source;
use form::{SaveFailure, Shown, Which};

/// Handles `GET /invite/{code}/rsvp`.
pub(super) async fn show(req: GuestRequest) -> Result<Response, EarlyResponse> {
    show_form(req, Which::Answers).await
}

/// Handles `GET /invite/{code}/dietary`.
pub(super) async fn diets(req: GuestRequest) -> Result<Response, EarlyResponse> {
    show_form(req, Which::Diets).await
}

/// Handles `GET /invite/{code}/notes`.
pub(super) async fn note(req: GuestRequest) -> Result<Response, EarlyResponse> {
    show_form(req, Which::Note).await
}

/// Handles `POST /invite/{code}/rsvp`.
pub(super) async fn save(req: GuestRequest, form: Form) -> Result<Response, EarlyResponse> {
    save_form(req, Which::Answers, form).await
}

/// Handles `POST /invite/{code}/dietary`.
pub(super) async fn save_diets(req: GuestRequest, form: Form) -> Result<Response, EarlyResponse> {
    save_form(req, Which::Diets, form).await
}

/// Handles `POST /invite/{code}/notes`.
pub(super) async fn save_note(req: GuestRequest, form: Form) -> Result<Response, EarlyResponse> {
    save_form(req, Which::Note, form).await
}

/// Handles `POST /invite/{code}/rsvp/opened`. The form's script sends it, because programs that
/// preview links open pages too, and run no script. Hosts who look at the form are not the household.
pub(super) async fn opened(req: GuestRequest) -> Result<Response, EarlyResponse> {
    csrf::check_sender(&req.headers, req.site.url())?;
    let snapshot = req.enter().await?;
    let key = CodeKey::parse(&snapshot.household.invitation.code);
    let is_host = match key {
        Ok(key) => gate::is_host(&req.site, &req.headers, &key).await,
        Err(_) => false,
    };
    if !is_host {
        req.note_form(&snapshot, FormUse::Opened);
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// If the values can no longer be changed, shows the invitation page instead.
async fn show_form(req: GuestRequest, which: Which) -> Result<Response, EarlyResponse> {
    let snapshot = req.look().await?;
    let text = req.text(&snapshot);
    if !which.is_on(&snapshot) {
        return Err(Refusal::FeatureDisabled.problem().said_in(&text).into());
    }
    let response = if is_open(&snapshot, which) {
        let noted = match which {
            Which::Answers => req.noted_form(&snapshot).await?,
            Which::Diets | Which::Note => None,
        };
        let shown = Shown::First(noted);
        form::show(which, &text, &snapshot, submission(&req), shown)
    } else {
        after::or_portal(&req.site, &text, &snapshot, Vec::new()).await?
    };
    Ok(req.remember_household(&snapshot, response))
}

fn is_open(snapshot: &InvitationSnapshot, which: Which) -> bool {
    match which {
        Which::Answers | Which::Diets => snapshot.takes_answers(),
        Which::Note => snapshot.takes_notes(),
    }
}

fn submission(req: &GuestRequest) -> String {
    platform::id::generate(req.site.clock.now(), &req.site.random)
}

async fn save_form(req: GuestRequest, which: Which, form: Form) -> Result<Response, EarlyResponse> {
    let mut parsed = parse_form::read(&form);
    which.keep_own_fields(&mut parsed.change);
    if csrf::check_sender(&req.headers, req.site.url()).is_err() {
        return show_again(&req, which, &form, &parsed, SaveFailure::Elsewhere).await;
    }
    if which == Which::Answers && form.find(press::PRESS).is_some() {
        return show_again(&req, which, &form, &parsed, SaveFailure::None).await;
    }
    let admitted = match req.admit().await {
        Ok(admitted) => admitted,
        Err(failure) => return Err(turn_away(&req, failure, &form, &parsed).await),
    };
    match store(&req, which, &form, &parsed, admitted.key.clone()).await {
        Ok(code) => {
            admitted.succeeded();
            let address = req.gate.links.below(&code, "/confirmation");
            Ok(Redirect::to(&address).into_response())
        }
        Err(refusal) => refused(&req, which, &form, &parsed, admitted, refusal).await,
    }
}

/// Saves nothing: the button only fills in answers, or another site sent the form.
async fn show_again(
    req: &GuestRequest,
    which: Which,
    form: &Form,
    parsed: &ParsedForm,
    trouble: SaveFailure,
) -> Result<Response, EarlyResponse> {
    let snapshot = match req.open().await {
        Ok(snapshot) => snapshot,
        Err(failure) => return Err(turn_away(req, failure, form, parsed).await),
    };
    let text = req.text(&snapshot);
    if !which.is_on(&snapshot) {
        return Err(Refusal::FeatureDisabled.problem().said_in(&text).into());
    }
    if is_open(&snapshot, which) {
        if which == Which::Answers && !matches!(trouble, SaveFailure::Elsewhere) {
            req.note_form(&snapshot, FormUse::Sent);
        }
        let pressed = press::apply(form, &snapshot);
        let form = pressed.as_ref().unwrap_or(form);
        let again = Shown::Again(form, trouble);
        return Ok(form::show(which, &text, &snapshot, submission(req), again));
    }
    let typed = words::typed(&text, &snapshot, form, parsed);
    let mut page = after::or_portal(&req.site, &text, &snapshot, typed).await?;
    if let SaveFailure::Elsewhere = trouble {
        *page.status_mut() = StatusCode::FORBIDDEN;
    }
    Ok(page)
}

/// Responds to a form whose code has stopped working. The page contains the typed values.
async fn turn_away(
    req: &GuestRequest,
    failure: Failure,
    form: &Form,
    parsed: &ParsedForm,
) -> EarlyResponse {
    let text = req.site.speak_public(&req.wishes);
    let typed = words::of_a_stranger(&text, form, parsed);
    req.turn_away(failure, typed).await
}

/// Returns the invitation's code as printed on the card. A repeated save returns the same code.
async fn store(
    req: &GuestRequest,
    which: Which,
    form: &Form,
    parsed: &ParsedForm,
    key: CodeKey,
) -> Result<String, Refusal> {
    let submission = form.text("submission_id");
    let save = Save {
        key,
        change: parsed.change.clone(),
        source: Source::Web,
        repeat: (!submission.is_empty()).then(|| Repeat {
            route: which.route(),
            key: submission.to_owned(),
            body: parse_form::body(form),
            other_body: OtherBody::NewSave,
        }),
        request: Some(req.origin()),
        needs_version: false,
    };
    let code = |snapshot: &InvitationSnapshot| snapshot.household.invitation.code.clone();
    let saved = req
        .site
        .store
        .write(move |tx| rsvp::answer(tx, &save, code));
    Ok(match saved.await? {
        Saved::Stored(after) | Saved::Unchanged(after) => code(&after.snapshot),
        Saved::Again(stored) => stored.body,
    })
}

async fn refused(
    req: &GuestRequest,
    which: Which,
    form: &Form,
    parsed: &ParsedForm,
    admitted: Admitted,
    refusal: Refusal,
) -> Result<Response, EarlyResponse> {
    let refusal = match refusal {
        Refusal::Store(error) if !error.is_passing() => return Err(Problem::from(error).into()),
        refusal => refusal,
    };
    match &refusal {
        Refusal::InvitationNotFound => {
            admitted.failed(&req.site);
            return Err(turn_away(req, Failure::Unknown, form, parsed).await);
        }
        Refusal::Expired => {
            admitted.succeeded();
            return Err(turn_away(req, Failure::Expired, form, parsed).await);
        }
        _ => {}
    }
    let snapshot = req.enter().await?;
    let text = req.text(&snapshot);
    if which == Which::Answers
        && let Some(field) = refused_field(&snapshot, &refusal)
    {
        req.note_form(&snapshot, FormUse::Refused(field));
    }
    let show = |trouble| {
        let again = Shown::Again(form, trouble);
        form::show(which, &text, &snapshot, submission(req), again)
    };
    Ok(match refusal {
        // These errors are rare, so they get the site's general error page.
        Refusal::FeatureDisabled | Refusal::GuestNotFound | Refusal::VersionRequired => {
            return Err(refusal.problem().said_in(&text).into());
        }
        Refusal::DeadlinePassed(_) | Refusal::Locked(_) | Refusal::OccasionClosed(_) => {
            let typed = words::typed(&text, &snapshot, form, parsed);
            let mut page = after::or_portal(&req.site, &text, &snapshot, typed).await?;
            *page.status_mut() = StatusCode::LOCKED;
            page
        }
        Refusal::VersionConflict(_) => {
            let seen = form.number("version").ok().flatten();
            let id = snapshot.household.invitation.id.clone();
            let changed = req
                .site
                .store
                .read(move |tx| rsvp::changed_since(tx, &id, seen.unwrap_or(0)))
                .await
                .map_err(|error: StoreError| Problem::from(error))?;
            let submission = submission(req);
            conflict::show(which, &text, &snapshot, form, &changed, submission)
        }
        Refusal::Store(_) => {
            let mut page = show(SaveFailure::NotSaved);
            page.headers_mut()
                .insert("retry-after", HeaderValue::from_static("5"));
            page
        }
        other => show(words::trouble(&text, &snapshot, parsed, &other)),
    })
}

/// Returns the field because of which a save was refused, as hosts are told of it; empty if it is not
/// told. Returns `None` if the household can do nothing about the refusal, or it says itself why.
fn refused_field(snapshot: &InvitationSnapshot, refusal: &Refusal) -> Option<String> {
    match refusal {
        Refusal::Answers(wrong) => Some(form_event::missing_field(snapshot, wrong)),
        Refusal::PlusOneLimit(_)
        | Refusal::ChildrenLimit(_)
        | Refusal::GuestLimit
        | Refusal::EventFull { .. }
        | Refusal::NamedGuest => Some(String::new()),
        _ => None,
    }
}
