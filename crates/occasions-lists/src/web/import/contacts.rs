//! The page on which a host ticks which contacts of a phone are guests. Search, letters and the next
//! page are buttons of the form with the ticks, so no tick is lost on the way.

use std::collections::BTreeSet;

use askama::Template;
use axum::response::{IntoResponse, Redirect, Response};
use occasions::hosting::Refusal;
use occasions::web::host::frame::Place;
use occasions::web::host::request::{HostForm, HostRequest};
use occasions::web::host::wording::{self, Wording};
use web::form_state::FormState;
use web::{Form, Problem, Text};

use super::{list_name, status};
use crate::import::{self, Change, ContactFilter, ContactList, ImportId, NO_LETTER};

#[derive(Template)]
#[template(path = "host/import_contacts.html")]
struct ContactsPage<'a> {
    text: &'a Text,
    wording: Wording<'a>,
    form_state: &'a FormState,
    action: String,
    name: String,
    chosen: String,
    found: String,
    filter: &'a ContactFilter,
    letters: Vec<Letter>,
    list: ContactList,
}

struct Letter {
    value: String,
    words: String,
    is_current: bool,
}

/// Handles `GET /admin/o/{slug}/import/{id}/contacts`.
pub(in crate::web) async fn choose(req: HostRequest) -> Result<Response, Problem> {
    let query = &req.query;
    let filter = ContactFilter {
        search: query.text("q").to_owned(),
        letter: query.text("letter").to_owned(),
        page: query.text("page").parse().unwrap_or(0),
    };
    let id = req.id();
    show(&req, id, &filter, &FormState::of(Form::default())).await
}

/// Asks for a choice before the import.
pub(super) async fn ask(req: &HostRequest, id: ImportId) -> Result<Response, Problem> {
    let mut form_state = FormState::of(Form::default());
    let words = req.text.say("host-import-nobody-chosen").into_owned();
    form_state.complain("contacts", words);
    show(req, id, &ContactFilter::default(), &form_state).await
}

async fn show(
    req: &HostRequest,
    id: ImportId,
    filter: &ContactFilter,
    form_state: &FormState,
) -> Result<Response, Problem> {
    let (wanted, looked_for) = (id.clone(), filter.clone());
    let (context, (import, list)) = req
        .read(move |tx, context| {
            let host = &context.host;
            let list = import::list_contacts(tx, host, &wanted, &looked_for)?;
            let list = list.ok_or(Refusal::NotFound)?;
            Ok((import::load(tx, host, &wanted)?, list))
        })
        .await?;
    let text = &req.text;
    let letters = list.letters.iter().map(|letter| Letter {
        words: match letter.as_str() {
            NO_LETTER => text.say("host-import-other-letters").into_owned(),
            letter => letter.to_owned(),
        },
        is_current: *letter == filter.letter,
        value: letter.clone(),
    });
    let wording = req.wording(&context);
    let body = ContactsPage {
        text,
        form_state,
        action: wording.at(&format!("/import/{id}/contacts")),
        name: list_name(text, &import),
        chosen: chosen_words(text, list.chosen, list.total),
        found: super::counted(
            text,
            "host-import-contacts-found",
            i64::try_from(list.found).unwrap_or(i64::MAX),
        ),
        filter,
        letters: letters.collect(),
        list,
        wording,
    };
    let title = text.say("host-import-contacts");
    let page = req.page(&context, Place::Import, &title, body);
    Ok((status(form_state), page).into_response())
}

/// Says how many of the contacts are ticked.
pub(super) fn chosen_words(text: &Text, chosen: usize, total: usize) -> String {
    let number = |number: usize| text.number(i64::try_from(number).unwrap_or(i64::MAX));
    let values = [
        ("chosen", number(chosen).into()),
        ("total", number(total).into()),
    ];
    text.with("host-import-contacts-chosen", values)
}

/// Handles `POST /admin/o/{slug}/import/{id}/contacts`. Saves the ticks of the contacts that were
/// shown, and goes where the pressed button leads.
pub(in crate::web) async fn save_chosen(posted: HostForm) -> Result<Response, Problem> {
    let (req, form) = (&posted.req, &posted.form);
    let id: ImportId = req.id();
    let numbers = |name: &str| -> BTreeSet<usize> {
        let all = form.all(name).filter_map(|number| number.parse().ok());
        all.collect()
    };
    let (shown, ticked) = (numbers("shown"), numbers("chosen"));
    let go = form.text("go");
    let is_ticked = |number: usize| match go {
        "all" => true,
        "none" => false,
        _ => ticked.contains(&number),
    };
    let change = Change {
        choices: import::contact_choices(shown.into_iter(), is_ticked),
        ..Change::default()
    };
    let (catalogue, changed) = (req.site.catalogue.clone(), id.clone());
    let chosen = req
        .write(move |tx, host| {
            import::change(tx, host, &catalogue, &changed, &change)?;
            import::count_contacts(tx, host, &changed)
        })
        .await?;
    let (chosen, _) = chosen.ok_or(Refusal::NotFound)?;
    let (search, letter, page) = (form.text("q"), form.text("letter"), form.text("page"));
    let same = [("q", search), ("letter", letter), ("page", page)];
    let pairs: Vec<(&str, &str)> = match go.split_once(':') {
        Some(("letter", letter)) => vec![("letter", letter)],
        Some(("page", page)) => vec![("q", search), ("letter", letter), ("page", page)],
        _ if go == "next" && chosen > 0 => {
            let to = req.at(&format!("/import/{id}/columns"));
            return Ok(Redirect::to(&to).into_response());
        }
        _ if go == "next" => return ask(req, id).await,
        _ if matches!(go, "all" | "none") => same.to_vec(),
        _ => vec![("q", search)],
    };
    let path = req.at(&format!("/import/{id}/contacts"));
    let to = format!("{}#contacts", wording::address(&path, pairs));
    Ok(Redirect::to(&to).into_response())
}
