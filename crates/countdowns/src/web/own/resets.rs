//! The forms of a countdown's resets.

use askama::Template;
use axum::Extension;
use axum::response::Response;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use platform::Tx;
use site::request::{FormPost, PageRequest};
use web::form_state::{self, Control, Field, FormState, Group};
use web::{Findings, Form, Problem, Text};

use super::one::refused_on_page;
use super::{HERE, at};
use crate::Refusal;
use crate::countdown::{Countdown, OwnerOf};
use crate::entry::{Entry, EntryId};
use crate::entry_limit::EntryLimit;
use crate::reset::{self, Sent};

pub(super) fn fields(text: &Text, countdown: &Countdown, form_state: &FormState) -> [Field; 2] {
    let when = Control::Line("datetime-local", "off");
    let zone = [("zone", countdown.time_zone.as_str().into())];
    [
        form_state.lines("note", text.say("countdown-note")),
        form_state
            .field("when", text.say("countdown-when"), when)
            .hint(text.with("countdown-when-hint", zone)),
    ]
}

/// Reads the form of a reset; an empty time means now.
fn read(form: &Form, zone: &TimeZone) -> Result<Sent, Refusal> {
    let when = form.text("when").trim();
    let mut findings = Findings::default();
    let reset_at = match when.parse::<DateTime>() {
        _ if when.is_empty() => None,
        Ok(local) => {
            let at = zone.to_ambiguous_zoned(local).compatible();
            at.ok().map(|at| at.timestamp().to_string())
        }
        Err(_) => None,
    };
    if reset_at.is_none() && !when.is_empty() {
        findings.add("/when", "date_invalid", []);
    }
    findings.finish()?;
    Ok(Sent {
        reset_at,
        note: Some(form.text("note").to_owned()),
    })
}

fn typed(entry: &Entry, zone: &TimeZone) -> String {
    let local = entry.reset_at.to_zoned(zone.clone());
    local.strftime("%Y-%m-%dT%H:%M:%S").to_string()
}

/// Moves an error about the instant to the field of the form that contains the instant.
pub(super) fn at_form(mut problem: Problem) -> Problem {
    for error in &mut problem.errors {
        if error.pointer == "/reset_at" {
            "/when".clone_into(&mut error.pointer);
        }
    }
    problem
}

pub(in crate::web) async fn reset(
    Extension(limit): Extension<EntryLimit>,
    posted: FormPost,
) -> Result<Response, Problem> {
    limit.take(&posted.req.who.account().id, posted.req.site.clock.now())?;
    let form = posted.form.clone();
    let change = move |tx: &mut Tx<'_>, owner: &OwnerOf| {
        let countdown = owner.countdown();
        reset::create(tx, owner, &read(&form, &countdown.zone())?)?;
        Ok(at(&countdown.id, "?done=reset"))
    };
    refused_on_page(&posted, posted.once(change).await).await
}

async fn load(req: &PageRequest) -> Result<(Countdown, Entry), Refusal> {
    let id: EntryId = req.id("entry")?;
    let look = move |tx: &mut Tx<'_>, owner: &OwnerOf| {
        let found = reset::find(tx, owner, &id)?;
        Ok((owner.countdown().clone(), found))
    };
    req.read(look).await
}

pub(in crate::web) async fn edit(req: PageRequest) -> Result<Response, Problem> {
    let (countdown, entry) = load(&req).await?;
    let form = form_state::form([
        ("when", typed(&entry, &countdown.zone())),
        ("note", entry.note.clone()),
    ]);
    page(&req, &countdown, &entry, &FormState::of(form)).await
}

pub(in crate::web) async fn change(
    Extension(limit): Extension<EntryLimit>,
    posted: FormPost,
) -> Result<Response, Problem> {
    let req = &posted.req;
    limit.take(&req.who.account().id, req.site.clock.now())?;
    let (form, one): (_, EntryId) = (posted.form.clone(), req.id("entry")?);
    let change = move |tx: &mut Tx<'_>, owner: &OwnerOf| {
        let zone = owner.countdown().zone();
        let mut sent = read(&form, &zone)?;
        // An unchanged field keeps the stored instant exactly: its milliseconds and, in an hour
        // that occurs twice, the right occurrence.
        if form.text("when") == typed(&reset::find(tx, owner, &one)?, &zone) {
            sent.reset_at = None;
        }
        reset::change(tx, owner, &one, &sent)?;
        Ok(at(&owner.countdown().id, "?done=saved"))
    };
    form_state::answer(posted.once(change).await, async |problem| {
        let (countdown, entry) = load(req).await?;
        let form_state = FormState::refused(posted.form.clone(), &at_form(problem), &req.text);
        page(req, &countdown, &entry, &form_state).await
    })
    .await
}

pub(in crate::web) async fn delete(
    Extension(limit): Extension<EntryLimit>,
    posted: FormPost,
) -> Result<Response, Problem> {
    let req = &posted.req;
    limit.take(&req.who.account().id, req.site.clock.now())?;
    let entry: EntryId = req.id("entry")?;
    let change = move |tx: &mut Tx<'_>, owner: &OwnerOf| {
        reset::delete(tx, owner, &entry)?;
        Ok(at(&owner.countdown().id, "?done=saved"))
    };
    Ok(posted.once(change).await?)
}

#[derive(Template)]
#[template(path = "own/reset.html")]
struct ResetPage<'a> {
    text: &'a Text,
    submission: String,
    form_state: &'a FormState,
    title: &'a str,
    back: String,
    action: String,
    group: Group,
}

async fn page(
    req: &PageRequest,
    countdown: &Countdown,
    entry: &Entry,
    form_state: &FormState,
) -> Result<Response, Problem> {
    let text = &req.text;
    let title = text.say("countdown-entry");
    let body = ResetPage {
        text,
        submission: req.submission(),
        group: Group {
            legend: countdown.title.clone(),
            fields: fields(text, countdown, form_state).into(),
        },
        title: &title,
        back: at(&countdown.id, ""),
        action: at(&countdown.id, &format!("/entries/{}", entry.id)),
        form_state,
    };
    req.page(HERE, &title, body).await
}
