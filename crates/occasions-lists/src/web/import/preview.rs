//! What an import would do: what needs the host, the first households, and what is left out.

use std::collections::BTreeMap;

use askama::Template;
use axum::response::{IntoResponse, Response};
use occasions::hosting::{HostOf, Permission, Refusal};
use occasions::phone;
use occasions::web::host::frame::Place;
use occasions::web::host::request::{HostForm, HostRequest, PageContext};
use occasions::web::host::wording::Wording;
use web::form_state::FormState;
use web::{Findings, Problem, Text};

use super::cards::{Card, card, event_names};
use super::questions::{Asked, asked};
use super::sheets::CommasForm;
use super::{contacts, contacts_link, counted, label, list_name, status, value_of};
use crate::household_document::table::Column;
use crate::import::{
    self, Absent, Change, ChoiceKind, Finding, ImportId, Options, Preview, Warning,
};

/// How many households the page shows, unless it is asked for all of them.
const FIRST: usize = 6;
const MOST: usize = 1_000;
/// How many rows of one warning stand on the page.
const ROWS: usize = 20;
/// What says that a household is perhaps one that the list or the occasion has already.
const ALIKE: [Warning; 4] = [
    Warning::SameName,
    Warning::SameContact,
    Warning::SamePeople,
    Warning::ContactHere,
];

#[derive(Template)]
#[template(path = "host/import_check.html")]
struct Checked<'a> {
    text: &'a Text,
    form_state: &'a FormState,
    submission: String,
    action: String,
    columns: String,
    /// How many contacts are ticked, and where to tick others.
    contacts: Option<(String, String)>,
    commas: Option<CommasForm>,
    list: String,
    title: String,
    figures: Vec<(String, String)>,
    /// "3 need you"; `None` if nothing does.
    needs: Option<String>,
    asked: Vec<Asked>,
    /// Those whom the list says not to come.
    absent: Option<Asked>,
    left_out: Vec<WarningGroup>,
    /// Households that are perhaps one, said in the open.
    alike: Vec<WarningGroup>,
    told: Vec<WarningGroup>,
    /// How many households are here that the list does not have, and the names of the first.
    unlisted: Option<(String, String)>,
    /// How many more findings there are than the page can show.
    unshown: Option<String>,
    errors: Vec<FoundCell>,
    households: Vec<Card>,
    /// How many households there are, and whether they stand open.
    count: String,
    is_open: bool,
    all: Option<(String, String)>,
    options: Options,
    may_keep_codes: bool,
    button: Option<String>,
}

/// All findings of one warning.
struct WarningGroup {
    words: String,
    count: String,
    rows: Vec<FoundCell>,
    more: Option<String>,
    /// The answer and the words of the button that treats all of them otherwise.
    press: Option<(&'static str, String)>,
}

struct FoundCell {
    row: usize,
    other_row: Option<usize>,
    column: String,
    words: String,
    value: String,
}

pub(super) async fn show(
    req: &HostRequest,
    id: ImportId,
    form_state: &FormState,
) -> Result<Response, Problem> {
    let catalogue = req.site.catalogue.clone();
    let is_all = req.query.is_ticked("all");
    let most = if is_all { MOST } else { FIRST };
    let (context, (preview, contacts)) = req
        .read(move |tx, context| {
            let host = &context.host;
            let contacts = import::count_contacts(tx, host, &id)?;
            Ok((import::preview(tx, host, &catalogue, &id, most)?, contacts))
        })
        .await?;
    let title = req.text.say("host-import");
    let mut body = checked(req, &context, &preview, form_state);
    body.contacts = contacts_link(&req.text, &req.wording(&context), &preview.import, contacts);
    let page = req.page(&context, Place::Import, &title, body);
    Ok((status(form_state), page).into_response())
}

fn checked<'a>(
    req: &'a HostRequest,
    context: &PageContext,
    preview: &Preview,
    form_state: &'a FormState,
) -> Checked<'a> {
    let (text, wording) = (&req.text, req.wording(context));
    let Preview {
        import,
        check,
        ground,
        ..
    } = preview;
    let at = format!("/import/{}", import.id);
    let all = asked(text, form_state, &check.choices);
    let is_absent = |one: &Asked| one.kind == ChoiceKind::NotComing;
    let (absent, asked): (Vec<Asked>, Vec<Asked>) = all.into_iter().partition(is_absent);
    let needed = check.choices.iter();
    let needed = needed.filter(|one| one.kind != ChoiceKind::NotComing);
    let needed = needed.count();
    let total = number(check.total);
    let mut figures = vec![
        (check.made, "host-import-made"),
        (check.changed, "host-import-changed"),
        (check.same, "host-import-same"),
        (check.faulty, "host-import-faulty"),
    ];
    figures.retain(|(count, id)| *count > 0 || *id == "host-import-made");
    let mut figures: Vec<(String, String)> = figures
        .into_iter()
        .map(|(count, id)| (text.number(number(count)), text.say(id).into_owned()))
        .collect();
    let named = check.people - check.names_to_come;
    for (count, id) in [
        (named, "host-import-by-name"),
        (check.names_to_come, "host-import-to-come"),
    ] {
        figures.push((text.number(count), text.say(id).into_owned()));
    }
    let errors = check.findings.iter().filter(|finding| finding.is_error);
    let warnings = || check.findings.iter().filter(|finding| !finding.is_error);
    let left_out = warnings().filter(|finding| finding.is_left_out());
    let is_alike = |finding: &&Finding| ALIKE.iter().any(|one| one.word() == finding.code);
    let alike = warnings().filter(is_alike);
    let told = warnings().filter(|finding| !finding.is_left_out() && !is_alike(finding));
    let shown = preview.households.len();
    let unshown = number(check.found.saturating_sub(check.findings.len()));
    let applied = check.made + check.changed;
    Checked {
        text,
        submission: req.submission(),
        action: wording.at(&format!("{at}/apply")),
        columns: wording.at(&format!("{at}/columns")),
        contacts: None,
        commas: preview
            .commas
            .map(|commas| CommasForm::of(text, wording.at(&format!("{at}/sheets")), commas)),
        list: list_name(text, import),
        title: heading(text, total, check.people),
        figures,
        needs: (needed > 0).then(|| counted(text, "host-import-needs", number(needed))),
        asked,
        absent: absent.into_iter().next(),
        left_out: grouped(left_out, preview, &wording),
        alike: grouped(alike, preview, &wording),
        told: grouped(told, preview, &wording),
        unlisted: (check.unlisted > 0).then(|| {
            let names = check.unlisted_names.join(&text.say("list-comma"));
            let is_cut = check.unlisted > check.unlisted_names.len();
            let more = if is_cut { " …" } else { "" };
            let words = counted(text, "host-import-unlisted", number(check.unlisted));
            (words, format!("{names}{more}"))
        }),
        unshown: (unshown > 0).then(|| counted(text, "host-import-unshown", unshown)),
        errors: errors.map(|one| row(one, preview, &wording)).collect(),
        count: text.number(total),
        is_open: check.total <= FIRST || shown > FIRST,
        households: preview
            .households
            .iter()
            .map(|one| card(one, ground, &wording))
            .collect(),
        all: (shown < check.total).then(|| {
            let words = counted(text, "host-import-all", total);
            (wording.at(&format!("{at}?all=1#households")), words)
        }),
        options: import.options,
        may_keep_codes: context.may(Permission::Own),
        button: (applied > 0).then(|| counted(text, "host-import-go", number(applied))),
        form_state,
    }
}

fn number(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(super) fn heading(text: &Text, households: i64, people: i64) -> String {
    let values = [
        (
            "households",
            counted(text, "host-import-households", households).into(),
        ),
        (
            "people",
            counted(text, "host-import-people-count", people).into(),
        ),
    ];
    text.with("host-import-both", values)
}

fn grouped<'f>(
    findings: impl Iterator<Item = &'f Finding>,
    preview: &Preview,
    wording: &Wording<'_>,
) -> Vec<WarningGroup> {
    let text = wording.text;
    let mut groups: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
    for finding in findings {
        groups.entry(finding.code).or_default().push(finding);
    }
    let groups = groups.into_values().map(|all| WarningGroup {
        words: row(all[0], preview, wording).words,
        count: text.number(number(all.len())),
        press: press(text, all[0].code),
        more: (all.len() > ROWS).then(|| {
            let left = number(all.len() - ROWS);
            text.with("host-import-more", [("n", left.into())])
        }),
        rows: all
            .iter()
            .take(ROWS)
            .map(|one| row(one, preview, wording))
            .collect(),
    });
    groups.collect()
}

fn press(text: &Text, code: &str) -> Option<(&'static str, String)> {
    let (answer, words) = match Warning::find(code)? {
        Warning::LeftOutAbsent => (Absent::Keep, "host-import-absent-add-all"),
        Warning::NotComing => (Absent::LeaveOut, "host-import-absent-none"),
        _ => return None,
    };
    Some((answer.word(), text.say(words).into_owned()))
}

fn row(finding: &Finding, preview: &Preview, wording: &Wording<'_>) -> FoundCell {
    let (text, import, ground) = (wording.text, &preview.import, &preview.ground);
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
    let warning = Warning::find(finding.code);
    let value = match warning {
        Some(Warning::InvitedTo) => event_names(finding.value.split(", "), ground, wording),
        _ => value_of(text, finding),
    };
    let warning = warning.map(|warning| match warning {
        Warning::PhoneUnread => {
            let example = phone::example(ground.occasion.home_country());
            text.with(warning.label(), [("example", example.into())])
        }
        _ => text.say(warning.label()).into_owned(),
    });
    let error = finding.problem.as_ref().map(|problem| problem.detail(text));
    FoundCell {
        row: finding.row,
        other_row: finding.other_row,
        column: column.unwrap_or_default(),
        words: warning.or(error).unwrap_or_default(),
        value,
    }
}

/// Handles `POST /admin/o/{slug}/import/{id}/apply`. The form contains the host's choices for the
/// import.
pub(in crate::web) async fn apply(posted: HostForm) -> Result<Response, Problem> {
    let (id, form): (ImportId, _) = (posted.req.id(), &posted.form);
    let mut choices = BTreeMap::new();
    let mut wrong = Vec::new();
    for (key, value) in form.under("choice.") {
        let value = value.trim();
        let kind = key
            .split_once(':')
            .and_then(|(kind, _)| ChoiceKind::find(kind));
        let mut findings = Findings::default();
        match kind {
            Some(ChoiceKind::Email) if !value.is_empty() => {
                findings.email("/email", value);
            }
            Some(ChoiceKind::Number) if !import::is_number(value) => {
                findings.add("/number", "invalid", []);
            }
            _ => {}
        }
        let refused = findings.finish().err().unwrap_or_default();
        wrong.extend(
            refused
                .into_iter()
                .map(|one| (format!("choice.{key}"), one)),
        );
        choices.insert(key.to_owned(), Some(value.to_owned()));
    }
    if !wrong.is_empty() {
        let mut form_state = FormState::of(form.clone());
        for (field, problem) in wrong {
            form_state.complain(&field, problem.detail(&posted.req.text));
        }
        return show(&posted.req, id, &form_state).await;
    }
    // The press is about all of them, whatever was said of one.
    if let Some(word) = form.find(import::ABSENT) {
        let kind = ChoiceKind::NotComing.word();
        for (key, value) in &mut choices {
            if key.split_once(':').is_some_and(|(of, _)| of == kind) {
                *value = None;
            }
        }
        choices.insert(import::ABSENT.to_owned(), Some(word.to_owned()));
    }
    let change = Change {
        columns: None,
        options: Some(Options {
            stop_on_errors: form.text("errors") == "stop",
            replace_answers: form.is_ticked("replace_answers"),
            keep_codes: form.is_ticked("keep_codes"),
        }),
        choices,
    };
    let is_to_be_applied = form.is_ticked("go");
    let (catalogue, wanted) = (posted.req.site.catalogue.clone(), id.clone());
    let (_, ticked) = posted
        .req
        .read(move |tx, context| import::count_contacts(tx, &context.host, &wanted))
        .await?;
    if is_to_be_applied && ticked.is_some_and(|(chosen, _)| chosen == 0) {
        return contacts::ask(&posted.req, id).await;
    }
    let to = posted.req.at(&format!("/import/{id}"));
    let done = posted
        .once(move |tx, host: &HostOf| -> Result<String, Refusal> {
            import::change(tx, host, &catalogue, &id, &change)?;
            if is_to_be_applied {
                import::apply(tx, host, &id)?;
            }
            Ok(to.clone())
        })
        .await;
    Ok(done?)
}
