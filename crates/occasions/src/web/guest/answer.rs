//! The household form and its smaller sisters: shown, saved, and shown again
//! with everything typed when something stands against it.

mod conflict;
mod form;
mod press;
mod words;

use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use platform::StoreError;
use web::{Form, Problem, csrf};

use super::door::{Admitted, Failure};
use super::fill::{self, Filled};
use super::portal as page;
use super::visit::{Turned, Visit};
use crate::code::CodeKey;
use crate::portal::Portal;
use crate::refusal::Refusal;
use crate::rsvp::{self, OtherBody, Repeat, Save, Saved};
use crate::words::Source;
use form::{Trouble, Which};

/// `GET /invite/{code}/rsvp`.
pub(super) async fn show(visit: Visit) -> Result<Response, Turned> {
    show_form(visit, Which::Answers).await
}

/// `GET /invite/{code}/dietary`.
pub(super) async fn diets(visit: Visit) -> Result<Response, Turned> {
    show_form(visit, Which::Diets).await
}

/// `GET /invite/{code}/notes`.
pub(super) async fn note(visit: Visit) -> Result<Response, Turned> {
    show_form(visit, Which::Note).await
}

/// `POST /invite/{code}/rsvp`.
pub(super) async fn save(visit: Visit, form: Form) -> Result<Response, Turned> {
    save_form(visit, Which::Answers, form).await
}

/// `POST /invite/{code}/dietary`.
pub(super) async fn save_diets(visit: Visit, form: Form) -> Result<Response, Turned> {
    save_form(visit, Which::Diets, form).await
}

/// `POST /invite/{code}/notes`.
pub(super) async fn save_note(visit: Visit, form: Form) -> Result<Response, Turned> {
    save_form(visit, Which::Note, form).await
}

/// The form, or what is stored where nothing can be changed any more.
async fn show_form(visit: Visit, which: Which) -> Result<Response, Turned> {
    let portal = visit.look().await?;
    let text = visit.text(&portal);
    if !which.is_on(&portal) {
        return Err(feature_disabled().said_in(&text).into());
    }
    let response = if is_open(&portal, which) {
        form::show(
            which,
            &text,
            &portal,
            submission(&visit),
            None,
            Trouble::None,
        )
    } else {
        page::page(&text, &portal, Vec::new())
    };
    Ok(visit.remember_household(&portal, response))
}

fn is_open(portal: &Portal, which: Which) -> bool {
    match which {
        Which::Answers | Which::Diets => portal.takes_answers(),
        Which::Note => portal.takes_notes(),
    }
}

fn feature_disabled() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "feature_disabled")
}

/// The key that makes a repeated save of this form harmless.
fn submission(visit: &Visit) -> String {
    platform::id::generate(visit.site.clock.now(), &visit.site.random)
}

async fn save_form(visit: Visit, which: Which, form: Form) -> Result<Response, Turned> {
    let mut filled = fill::read(&form);
    which.keep_own_fields(&mut filled.wish);
    if csrf::check_sender(&visit.headers, visit.site.url()).is_err() {
        return show_again(&visit, which, &form, &filled, Trouble::Elsewhere).await;
    }
    if which == Which::Answers && form.find(press::PRESS).is_some() {
        return show_again(&visit, which, &form, &filled, Trouble::None).await;
    }
    let admitted = match visit.admit().await {
        Ok(admitted) => admitted,
        Err(failure) => return Err(turn_away(&visit, failure, &form, &filled).await),
    };
    match store(&visit, which, &form, &filled, admitted.key.clone()).await {
        Ok(code) => {
            admitted.succeeded();
            let address = visit.door.links.below(&code, "/confirmation");
            Ok(Redirect::to(&address).into_response())
        }
        Err(refusal) => refused(&visit, which, &form, &filled, admitted, refusal).await,
    }
}

/// Shows the form again and saves nothing: somebody pressed a button that only
/// fills it in, or the browser says that another page sent it. What was typed is
/// not lost.
async fn show_again(
    visit: &Visit,
    which: Which,
    form: &Form,
    filled: &Filled,
    trouble: Trouble,
) -> Result<Response, Turned> {
    let portal = match visit.open().await {
        Ok(portal) => portal,
        Err(failure) => return Err(turn_away(visit, failure, form, filled).await),
    };
    let text = visit.text(&portal);
    if !which.is_on(&portal) {
        return Err(feature_disabled().said_in(&text).into());
    }
    if is_open(&portal, which) {
        let pressed = press::apply(form, &portal);
        let typed = Some((pressed.as_ref().unwrap_or(form), filled));
        let submission = submission(visit);
        return Ok(form::show(
            which, &text, &portal, submission, typed, trouble,
        ));
    }
    let typed = words::typed(&text, &portal, form, filled);
    let mut page = page::page(&text, &portal, typed);
    if let Trouble::Elsewhere = trouble {
        *page.status_mut() = StatusCode::FORBIDDEN;
    }
    Ok(page)
}

/// Whoever has no code that opens anything keeps what was typed.
async fn turn_away(visit: &Visit, failure: Failure, form: &Form, filled: &Filled) -> Turned {
    let text = visit.site.speak(&visit.wishes);
    let typed = words::of_a_stranger(&text, form, filled);
    visit.turn_away(failure, typed).await
}

/// Saves, and returns the code as the card has it: the household is led there
/// however its code was spelled, also after a repeat.
async fn store(
    visit: &Visit,
    which: Which,
    form: &Form,
    filled: &Filled,
    key: CodeKey,
) -> Result<String, Refusal> {
    let submission = form.text("submission_id");
    let save = Save {
        key,
        wish: filled.wish.clone(),
        source: Source::Web,
        repeat: (!submission.is_empty()).then(|| Repeat {
            route: which.route(),
            key: submission.to_owned(),
            body: fill::body(form),
            other_body: OtherBody::NewSave,
        }),
        request: Some(visit.origin()),
        needs_version: false,
    };
    let code = |portal: &Portal| portal.household.invitation.code.clone();
    let saved = visit
        .site
        .store
        .write(move |tx| rsvp::answer(tx, &save, code));
    Ok(match saved.await? {
        Saved::Stored(portal) | Saved::Unchanged(portal) => code(&portal),
        Saved::Again(stored) => stored.body,
    })
}

/// Shows the form again with what stands against it, or says why there is none.
async fn refused(
    visit: &Visit,
    which: Which,
    form: &Form,
    filled: &Filled,
    admitted: Admitted,
    refusal: Refusal,
) -> Result<Response, Turned> {
    match &refusal {
        Refusal::NotFound => {
            admitted.failed(&visit.site);
            return Err(turn_away(visit, Failure::Unknown, form, filled).await);
        }
        Refusal::Expired => {
            admitted.failed(&visit.site);
            return Err(turn_away(visit, Failure::Expired, form, filled).await);
        }
        Refusal::Store(error) if !error.is_passing() => {
            return Err(Problem::internal(error).into());
        }
        _ => {}
    }
    let portal = visit.enter().await?;
    let text = visit.text(&portal);
    let show = |trouble| {
        let submission = submission(visit);
        form::show(
            which,
            &text,
            &portal,
            submission,
            Some((form, filled)),
            trouble,
        )
    };
    let stop = |status, code| Err(Problem::new(status, code).said_in(&text).into());
    Ok(match refusal {
        Refusal::FeatureDisabled => return Err(feature_disabled().said_in(&text).into()),
        Refusal::GuestNotFound => return stop(StatusCode::NOT_FOUND, "guest_not_found"),
        // No page of ours sends a form like this.
        Refusal::VersionRequired => {
            return stop(StatusCode::PRECONDITION_REQUIRED, "version_required");
        }
        Refusal::DeadlinePassed(_) | Refusal::Locked(_) | Refusal::OccasionClosed(_) => {
            let mut page = page::page(&text, &portal, words::typed(&text, &portal, form, filled));
            *page.status_mut() = StatusCode::LOCKED;
            page
        }
        Refusal::VersionConflict(_) => {
            let seen = form.number("version").ok().flatten();
            let id = portal.household.invitation.id.clone();
            let changed = visit
                .site
                .store
                .read(move |tx| rsvp::changed_since(tx, &id, seen.unwrap_or(0)))
                .await
                .map_err(|error: StoreError| Problem::from(error))?;
            let submission = submission(visit);
            conflict::show(which, &text, &portal, form, &changed, submission)
        }
        Refusal::Store(_) => {
            let mut page = show(Trouble::NotSaved);
            page.headers_mut()
                .insert("retry-after", HeaderValue::from_static("5"));
            page
        }
        other => show(words::trouble(&text, &portal, filled, &other)),
    })
}
