//! The forms of a countdown's resets.

use accounts::web::asking::{Reader, Sender};
use accounts::web::call::{id as parse, submission};
use accounts::web::frame;
use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Response;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use platform::Tx;
use web::form_state::{self, Control, Field, FormState, Group};
use web::{Findings, Form, Problem, Site, Text, Wishes};

use super::{Asking, FormPage, HERE, at, refused_on_page};
use crate::Refusal;
use crate::countdown::{self, Countdown, CountdownId, OwnerOf};
use crate::entry::{self, Entry, EntryId, Sent};
use crate::entry_limit::EntryLimit;

pub(super) fn fields(text: &Text, countdown: &Countdown, form_state: &FormState) -> Vec<Field> {
    let when = Control::Line("datetime-local", "off");
    let zone = [("zone", countdown.time_zone.as_str().into())];
    vec![
        form_state
            .field("when", text.say("countdown-when"), when)
            .hint(text.with("countdown-when-hint", zone)),
        form_state.lines("note", text.say("countdown-note")),
    ]
}

/// What a form of a reset says; nothing typed is now.
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

/// When a reset was, as its form holds it.
fn typed(entry: &Entry, zone: &TimeZone) -> String {
    let local = entry.reset_at.to_zoned(zone.clone());
    local.strftime("%Y-%m-%dT%H:%M:%S").to_string()
}

/// Puts what is wrong with the instant at its field.
pub(super) fn at_form(mut problem: Problem) -> Problem {
    for error in &mut problem.errors {
        if error.pointer == "/reset_at" {
            "/when".clone_into(&mut error.pointer);
        }
    }
    problem
}

/// `POST /me/countdowns/{id}/reset`.
pub(in crate::web) async fn reset(
    State(site): State<Site>,
    Extension(limit): Extension<EntryLimit>,
    Path(id): Path<String>,
    wishes: Wishes,
    sender: Sender,
) -> Result<Response, Problem> {
    let id: CountdownId = parse(&id)?;
    limit.take(&sender.who.account().id, site.clock.now())?;
    let enter = countdown::entrance(&sender.who, &id, &sender.request);
    let (form, to) = (sender.form.clone(), at(&id, "?done=reset"));
    let change = move |tx: &mut Tx<'_>, owner: &OwnerOf| {
        let sent = read(&form, &owner.countdown().zone())?;
        entry::create(tx, owner, &sent)?;
        Ok(to.clone())
    };
    let done = sender
        .once(&site, "POST /me/countdowns/reset", enter, change)
        .await;
    refused_on_page(&site, &wishes, &sender, &id, done).await
}

/// `GET /me/countdowns/{id}/entries/{entry}`.
pub(in crate::web) async fn edit(
    State(site): State<Site>,
    Path((id, entry)): Path<(String, String)>,
    wishes: Wishes,
    reader: Reader,
) -> Result<Response, Problem> {
    let text = site.speak(&wishes);
    let asking = Asking::reader(&site, &text, &reader);
    let (countdown, entry) = asking.load_entry(&parse(&id)?, &parse(&entry)?).await?;
    let form = form_state::form([
        ("when", typed(&entry, &countdown.zone())),
        ("note", entry.note.clone()),
    ]);
    page(&asking, &countdown, &entry, &FormState::of(form)).await
}

/// `POST /me/countdowns/{id}/entries/{entry}`.
pub(in crate::web) async fn change(
    State(site): State<Site>,
    Extension(limit): Extension<EntryLimit>,
    Path((id, entry)): Path<(String, String)>,
    wishes: Wishes,
    sender: Sender,
) -> Result<Response, Problem> {
    let (id, entry): (CountdownId, EntryId) = (parse(&id)?, parse(&entry)?);
    limit.take(&sender.who.account().id, site.clock.now())?;
    let enter = countdown::entrance(&sender.who, &id, &sender.request);
    let (form, one, to) = (sender.form.clone(), entry.clone(), at(&id, "?done=saved"));
    let change = move |tx: &mut Tx<'_>, owner: &OwnerOf| {
        let zone = owner.countdown().zone();
        let mut sent = read(&form, &zone)?;
        // What was not touched stays to the millisecond, also in an hour that comes twice.
        if form.text("when") == typed(&entry::find(tx, owner, &one)?, &zone) {
            sent.reset_at = None;
        }
        entry::change(tx, owner, &one, &sent)?;
        Ok(to.clone())
    };
    let done = sender
        .once(&site, "POST /me/countdowns/entries", enter, change)
        .await;
    form_state::answer(done, async |problem| {
        let text = site.speak(&wishes);
        let asking = Asking::sender(&site, &text, &sender);
        let (countdown, entry) = asking.load_entry(&id, &entry).await?;
        let form_state = FormState::refused(sender.form.clone(), &at_form(problem), &text);
        page(&asking, &countdown, &entry, &form_state).await
    })
    .await
}

/// `POST /me/countdowns/{id}/entries/{entry}/delete`.
pub(in crate::web) async fn delete(
    State(site): State<Site>,
    Extension(limit): Extension<EntryLimit>,
    Path((id, entry)): Path<(String, String)>,
    sender: Sender,
) -> Result<Response, Problem> {
    let (id, entry): (CountdownId, EntryId) = (parse(&id)?, parse(&entry)?);
    limit.take(&sender.who.account().id, site.clock.now())?;
    let enter = countdown::entrance(&sender.who, &id, &sender.request);
    let to = at(&id, "?done=saved");
    let change = move |tx: &mut Tx<'_>, owner: &OwnerOf| {
        entry::delete(tx, owner, &entry)?;
        Ok(to.clone())
    };
    let done = sender.once(&site, "POST /me/countdowns/entries/delete", enter, change);
    Ok(done.await?)
}

async fn page(
    asking: &Asking<'_>,
    countdown: &Countdown,
    entry: &Entry,
    form_state: &FormState,
) -> Result<Response, Problem> {
    let (text, action) = (
        asking.text,
        at(&countdown.id, &format!("/entries/{}", entry.id)),
    );
    let title = text.say("countdown-entry");
    let body = FormPage {
        text,
        csrf: asking.csrf,
        submission: submission(&asking.site.random),
        groups: vec![Group {
            legend: countdown.title.clone(),
            fields: fields(text, countdown, form_state),
        }],
        delete: format!("{action}/delete"),
        confirm: None,
        title: &title,
        back: at(&countdown.id, ""),
        action,
        form_state,
    };
    let who = (asking.who, asking.csrf);
    frame::show(asking.site, text, who, (HERE, &title), body).await
}
