//! The reports page. It shows the dietary requirements for the kitchen, and exports lists as files.

use std::collections::BTreeSet;

use askama::Template;
use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use occasions::diet::{self, DietaryOption};
use occasions::hosting::kitchen::{self, Eater, Eating};
use occasions::hosting::listing;
use occasions::hosting::listing::filter::answer_word;
use occasions::hosting::listing::people::{self, Person};
use occasions::hosting::meals::Meals;
use occasions::hosting::summary::{self, Summary};
use occasions::hosting::tally::{self, Tally};
use occasions::hosting::{HostOf, Permission, Refusal};
use occasions::id::{EventId, GuestId};
use occasions::web::host::frame::Place;
use occasions::web::host::meals::{self, MealTable};
use occasions::web::host::request::{HostForm, HostRequest, PageContext};
use occasions::web::host::wording::{self, Wording};
use occasions::words::{AskedOf, ExportKind, FileFormat, Progress, QuestionKind};
use web::{Form, Problem, Spoken, Text};

use crate::export::{self, Export, ExportId, Request};

#[derive(Template)]
#[template(path = "host/reports.html")]
struct Reports<'a> {
    text: &'a Text,
    submission: String,
    stream: String,
    done: Option<String>,
    print: String,
    is_masked: bool,
    events: Vec<Spoken<'a>>,
    needs: Vec<Need>,
    meals: Vec<MealTable<'a>>,
    people: Vec<ReportItem>,
    questions: Vec<Tallied<'a>>,
    kinds: Vec<(&'static str, &'static str)>,
    in_progress: bool,
    exports: Vec<ExportRow>,
}

struct Tallied<'a> {
    title: Spoken<'a>,
    /// How many guests or households answered, and the link to their list.
    answered: (String, String),
    /// An answer, how many guests or households gave it, and the link to their list.
    choices: Vec<(String, String, String)>,
    sum: Option<String>,
}

/// The numbers are for all events together and for each event, with links to the guests if a list has
/// them.
struct Need {
    words: String,
    is_allergy: bool,
    total: (i64, String),
    events: Vec<(i64, String)>,
}

struct ReportItem {
    name: String,
    href: String,
    household: String,
    events: String,
    allergies: String,
    food: String,
}

struct ExportRow {
    words: String,
    state: &'static str,
    class: &'static str,
    when: (String, String),
    download: Option<String>,
    rows: Option<String>,
}

struct ReportData {
    summary: Summary,
    people: Vec<Person>,
    eating: Eating,
    diets: Vec<DietaryOption>,
    exports: Vec<Export>,
    tallies: Vec<Tally>,
    meals: Meals,
    coming: BTreeSet<(GuestId, EventId)>,
}

/// Handles `GET /admin/o/{slug}/reports`.
pub(super) async fn show(req: HostRequest) -> Result<Response, Problem> {
    let (context, found) = req
        .read(|tx, context| {
            let host = &context.host;
            Ok(ReportData {
                summary: summary::load(tx, host)?,
                people: people::all_people(tx, host, &people::GuestFilter::default())?,
                eating: kitchen::eating(tx, host)?,
                diets: diet::list(tx, host.occasion())?,
                exports: export::list(tx, host, 10)?,
                tallies: tally::load(tx, host)?.tallies(),
                meals: kitchen::meals(tx, host)?,
                coming: people::coming(tx, host)?,
            })
        })
        .await?;
    Ok(page(&req, &context, &found))
}

fn page(req: &HostRequest, context: &PageContext, found: &ReportData) -> Response {
    let (text, wording) = (&req.text, req.wording(context));
    let eaters = kitchen::eaters(&found.people, &context.events, &found.diets, &found.eating);
    let body = Reports {
        text,
        submission: req.submission(),
        stream: format!("/api/v1/occasions/{}/stream", context.occasion.id),
        done: req.done(),
        print: wording.at("/print"),
        is_masked: !context.may(Permission::SeeContacts),
        events: context
            .events
            .iter()
            .map(|event| wording.event(event))
            .collect(),
        needs: {
            let mut all = needs(&wording, context, found);
            all.extend(in_words(text, context, &eaters));
            all
        },
        meals: meals::tables(&wording, context, &found.summary, &found.meals.questions),
        people: eaters
            .iter()
            .map(|eater| row(&wording, found, eater))
            .collect(),
        questions: found
            .tallies
            .iter()
            .map(|tally| tallied(&wording, tally))
            .collect(),
        kinds: ExportKind::ALL
            .iter()
            .map(|kind| (kind.word(), kind.label()))
            .collect(),
        in_progress: found
            .exports
            .iter()
            .any(|export| matches!(export.state, Progress::Queued | Progress::Running)),
        exports: found
            .exports
            .iter()
            .map(|export| export_row(&wording, export))
            .collect(),
    };
    let (title, in_progress) = (text.say("host-reports-title"), body.in_progress);
    req.page_of_job(context, Place::Reports, &title, in_progress, body)
}

fn needs(wording: &Wording<'_>, context: &PageContext, found: &ReportData) -> Vec<Need> {
    let list = |key: &str, event: &str| {
        let pairs = [("status", "eating"), ("diet", key), ("event", event)];
        wording::address(&wording.at("/guests"), pairs)
    };
    let all = found.summary.diets.iter();
    all.map(|need| Need {
        words: wording.diet(&found.diets, &need.key),
        is_allergy: need.allergy,
        total: (need.people, list(&need.key, "")),
        events: context
            .events
            .iter()
            .map(|event| {
                let numbers = found.summary.events.iter().find(|one| one.key == event.key);
                let mut diets = numbers.into_iter().flat_map(|one| &one.diets);
                let here = diets.find(|one| one.key == need.key);
                (
                    here.map_or(0, |one| one.people),
                    list(&need.key, &event.key),
                )
            })
            .collect(),
    })
    .collect()
}

/// How many people need something that only their own words say.
fn in_words(text: &Text, context: &PageContext, eaters: &[Eater<'_>]) -> Option<Need> {
    let says = |eater: &&Eater<'_>| !eater.person.diet_note.is_empty();
    let number = |count: usize| (i64::try_from(count).unwrap_or(i64::MAX), String::new());
    let total = eaters.iter().filter(says).count();
    let events = context.events.iter();
    let events = events.map(|event| {
        let here = eaters.iter().filter(says);
        number(here.filter(|eater| eater.eats_at(event)).count())
    });
    (total > 0).then(|| Need {
        words: text.say("host-kitchen-in-words").into_owned(),
        is_allergy: false,
        total: number(total),
        events: events.collect(),
    })
}

fn row(wording: &Wording<'_>, found: &ReportData, eater: &Eater<'_>) -> ReportItem {
    let diets = &found.diets;
    let person = eater.person;
    let comma = wording.text.say("list-comma");
    let words = |keys: &[&str]| keys.iter().map(|key| wording.diet(diets, key)).collect();
    let allergies: Vec<String> = words(&eater.allergies);
    let mut food: Vec<String> = words(&eater.others);
    food.extend((!person.diet_note.is_empty()).then(|| person.diet_note.clone()));
    for event in &eater.events {
        if found
            .coming
            .contains(&(person.id.clone(), event.id.clone()))
        {
            let default = &wording.occasion.default_language;
            food.extend(
                found
                    .meals
                    .in_words(&event.key, &person.id, wording.text, default),
            );
        }
    }
    let events = eater.events.iter();
    let events: Vec<String> = events
        .map(|event| wording.event(event).to_string())
        .collect();
    ReportItem {
        name: person.shown_name(wording.text),
        href: wording.at(&format!("/invites/{}", person.invitation)),
        household: person.household.clone(),
        events: events.join(&comma),
        allergies: allergies.join(&comma),
        food: food.join(&comma),
    }
}

fn tallied<'a>(wording: &Wording<'a>, tally: &'a Tally) -> Tallied<'a> {
    let text = wording.text;
    let default = &wording.occasion.default_language;
    let question = &tally.question;
    let list = wording.at(match question.asked_of {
        AskedOf::Household => "/invites",
        AskedOf::Guest => "/guests",
    });
    let who = |answer| {
        let answer = answer_word(question, answer);
        let event = question.events.first().map_or("", String::as_str);
        let seated = [("status", "yes"), ("event", event)].into_iter();
        let seated = seated.filter(|_| question.kind == QuestionKind::Meal);
        wording::address(&list, seated.chain([("answer", answer.as_str())]))
    };
    Tallied {
        title: wording.pick(&question.title),
        answered: (
            text.with("host-answers-to", [("n", tally.answered.into())]),
            who(None),
        ),
        choices: tally
            .choices
            .iter()
            .map(|(answer, n)| {
                let words = question.say(answer, text, default);
                (words, text.number(*n), who(Some(answer)))
            })
            .collect(),
        sum: tally
            .sum
            .map(|sum| text.with("host-answers-sum", [("n", text.number(sum).into())])),
    }
}

fn export_row(wording: &Wording<'_>, export: &Export) -> ExportRow {
    let text = wording.text;
    let (state, class) = match export.state {
        Progress::Queued | Progress::Running => ("host-job-waiting", "maybe"),
        Progress::Ready => ("host-job-ready", "yes"),
        Progress::Failed => ("host-job-failed", "error"),
        Progress::Expired => ("host-job-expired", "no"),
    };
    let is_ready = export.state == Progress::Ready;
    ExportRow {
        words: format!(
            "{} · {}",
            text.say(export.kind.label()),
            export.format.word().to_uppercase()
        ),
        state,
        class,
        when: (
            wording.machine(export.created_at),
            wording.ago(export.created_at),
        ),
        download: is_ready.then(|| wording.at(&format!("/reports/{}", export.id))),
        rows: export.rows.filter(|_| is_ready).map(|n| {
            let values = [("count", n.into()), ("n", text.number(n).into())];
            text.with("host-export-rows", values)
        }),
    }
}

/// Handles `POST /admin/o/{slug}/reports`. Requests an export.
pub(super) async fn start(posted: HostForm) -> Result<Response, Problem> {
    let form = &posted.form;
    let refused = |pointer: &str| Problem::fields().field(pointer, "unknown_option", []);
    let kind = ExportKind::find(form.text("kind")).ok_or_else(|| refused("/kind"))?;
    let format = FileFormat::find(form.text("format")).ok_or_else(|| refused("/format"))?;
    // If the host started the export from a list, the export uses the same filter as that list.
    let query = Form::parse(form.text("query").as_bytes())?;
    let (mut invitations, mut people) = (
        listing::InvitationFilter::default(),
        people::GuestFilter::default(),
    );
    match kind {
        ExportKind::Households | ExportKind::Everything => {
            (invitations, _) = listing::InvitationFilter::read(&query)?;
        }
        ExportKind::Guests => people = people::GuestFilter::read(&query)?,
        ExportKind::Replies
        | ExportKind::Diets
        | ExportKind::Questions
        | ExportKind::Gifts
        | ExportKind::ReceivedGifts
        | ExportKind::Uploads => {}
    }
    let request = Request {
        kind,
        format,
        invitations,
        guests: people,
    };
    let language = posted.req.text.language().clone();
    let to = posted.req.at("/reports?done=export#exports");
    let done = posted
        .once(move |tx, host: &HostOf| {
            export::start(tx, host, &request, &language)?;
            Ok(to.clone())
        })
        .await;
    Ok(done?)
}

/// Handles `GET /admin/o/{slug}/reports/{id}`. Downloads an export's file.
pub(super) async fn file(req: HostRequest) -> Result<Response, Problem> {
    let id: ExportId = req.id();
    // Downloads are logged. So this needs a write transaction.
    let fetched = req
        .write(move |tx, host| export::fetch(tx, host, &id))
        .await;
    let export = match fetched {
        Ok(export) => export,
        Err(Refusal::WrongState) => return Err(Problem::not_found()),
        Err(refusal) => return Err(refusal.into()),
    };
    let file = export
        .open(&req.site.files)
        .await
        .map_err(Problem::internal)?;
    let Some(file) = file else {
        return Err(Problem::not_found());
    };
    let mut reader = tokio::fs::File::from_std(file);
    let mut content = Vec::new();
    tokio::io::AsyncReadExt::read_to_end(&mut reader, &mut content)
        .await
        .map_err(Problem::internal)?;
    let name = export.file_name(req.piece("slug"));
    let disposition = HeaderValue::try_from(format!("attachment; filename=\"{name}\""))
        .map_err(Problem::internal)?;
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static(export.format.media_type()),
        ),
        (header::CONTENT_DISPOSITION, disposition),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((headers, Body::from(content)).into_response())
}
