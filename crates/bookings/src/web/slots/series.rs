//! The page for a series. It first shows a preview of the slots, and then creates them.

use askama::Template;
use axum::response::Response;
use jiff::ToSpan as _;
use platform::Tx;
use site::confirmation;
use site::request::{FormContext, FormPost, PageRequest};
use web::form_state::{self, FormState, Group};
use web::{Form, Problem, Text, ZonedPage};

use super::HERE;
use super::form::{at_form, begin, details, read_slot, zoned};
use crate::provider::Provider;
use crate::series::{self, NewSeries, Planned};
use crate::web::frame::BookingPage as _;
use crate::{Refusal, settings};

#[derive(Template)]
#[template(path = "slots/series.html")]
struct SeriesPage<'a> {
    text: &'a Text,
    form: FormContext<'a>,
    groups: Vec<Group>,
    zone: String,
    /// The preview of the series; `None` until the provider has requested it.
    counted: Option<Counted>,
}

struct Counted {
    all: String,
    left_out: String,
    button: String,
    rows: Vec<(String, Option<String>)>,
    fields: Vec<(String, String)>,
    can_be_made: bool,
}

fn read_series(form: &Form, currency: &str) -> NewSeries {
    let split = |text: &str| -> Vec<String> {
        let parts = text.split([',', ' ', ';']).filter(|part| !part.is_empty());
        parts.map(str::to_owned).collect()
    };
    NewSeries {
        first_date: form.text("first_date").to_owned(),
        weeks: form.number("weeks").ok().flatten().unwrap_or(0),
        weekdays: form
            .all("weekdays")
            .filter_map(|day| day.parse().ok())
            .collect(),
        times: split(form.text("times")),
        without: form.all("without").map(str::to_owned).collect(),
        slot: read_slot(form, currency),
    }
}

/// `GET /me/slots/series`.
pub(in crate::web) async fn new_series(req: PageRequest) -> Result<Response, Problem> {
    let (mut form, _) = begin(&req).await?;
    form.set("weeks", "4");
    series_page(&req, &FormState::of(form), None).await
}

async fn series_page(
    req: &PageRequest,
    form_state: &FormState,
    planned: Option<&[Planned]>,
) -> Result<Response, Problem> {
    let (_, offers) = begin(req).await?;
    let text = &req.text;
    let (zone_line, zoned) = zoned(req);
    // 4 January 2027 is a Monday, so seven days from then provide the names of the weekdays.
    let days =
        (0..7_i64).filter_map(|day| jiff::civil::date(2027, 1, 4).checked_add(day.days()).ok());
    let days = days.map(|day| {
        let number = day.weekday().to_monday_one_offset().to_string();
        (number, text.weekday(day))
    });
    let when = vec![
        form_state.ticks("weekdays", text.say("series-weekdays"), days),
        form_state
            .line("times", text.say("series-times"))
            .hint(text.say("series-times-hint")),
        form_state
            .date("first_date", text.say("series-first"))
            .required(),
        form_state
            .number("weeks", text.say("series-weeks"))
            .required(),
    ];
    let body = SeriesPage {
        text,
        form: req.form(&[], form_state),
        zone: zone_line,
        groups: vec![
            Group {
                legend: text.say("slot-group-when").into_owned(),
                fields: when,
            },
            Group {
                legend: text.say("slot-group-what").into_owned(),
                fields: details(text, form_state, &offers),
            },
        ],
        counted: planned.map(|planned| count(text, &zoned, &form_state.form, planned)),
    };
    req.show(HERE, &text.say("series-new"), body).await
}

/// `POST /me/slots/series`: shows a preview of the series, or creates the slots of the preview.
pub(in crate::web) async fn create_series(posted: FormPost) -> Result<Response, Problem> {
    let req = &posted.req;
    let form = posted.form.clone();
    if confirmation::is_sure(&form) {
        let change = move |tx: &mut Tx<'_>, provider: &Provider| {
            let currency = settings::load(tx)?.currency;
            let made = series::create(tx, provider, &read_series(&form, &currency))?;
            let first = made
                .first()
                .map(|one| one.starts_at.to_zoned(one.zone()).date());
            Ok::<_, Refusal>(match first {
                Some(day) => format!("{HERE}?from={day}&done=added"),
                None => HERE.to_owned(),
            })
        };
        let done = posted.once(change).await;
        return form_state::answer(done, async |problem| {
            let problem = at_form(problem);
            let form_state = FormState::refused(posted.form.clone(), &problem, &req.text);
            series_page(req, &form_state, None).await
        })
        .await;
    }
    let look = move |tx: &mut Tx<'_>, provider: &Provider| {
        let currency = settings::load(tx)?.currency;
        series::plan(tx, provider, &read_series(&form, &currency))
    };
    let planned = req.read(look).await;
    let planned = match planned {
        Ok(planned) => planned,
        Err(refusal) => {
            return form_state::answer(Err(refusal), async |problem| {
                let problem = at_form(problem);
                let form_state = FormState::refused(posted.form.clone(), &problem, &req.text);
                series_page(req, &form_state, None).await
            })
            .await;
        }
    };
    series_page(req, &FormState::of(posted.form.clone()), Some(&planned)).await
}

fn count(text: &Text, zoned: &ZonedPage<'_>, form: &Form, planned: &[Planned]) -> Counted {
    let bad: Vec<&Planned> = planned
        .iter()
        .filter(|one| one.obstacle.is_some())
        .collect();
    let good = planned.len() - bad.len();
    let named = |id, count: usize| text.with(id, [("count", count.into())]);
    let row = |one: &Planned| {
        let day = text.date_short(one.date);
        let time = zoned.clock(one.time);
        let why = match (one.obstacle, one.start) {
            (Some(code), _) => Some(web::FieldProblem::new("", code, []).detail(text)),
            (None, Some(start)) if start.is_twice => Some(text.say("series-twice").into_owned()),
            (None, _) => None,
        };
        (format!("{day}, {time}"), why)
    };
    let mut fields: Vec<(String, String)> = form
        .iter()
        .filter(|(name, _)| ![web::csrf::FIELD, "without", "sure", "submission_id"].contains(name))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    fields.extend(bad.iter().map(|one| ("without".to_owned(), one.name())));
    Counted {
        all: named("series-makes", planned.len()),
        left_out: match bad.len() {
            0 => String::new(),
            count => named("series-left-out", count),
        },
        button: named("series-add", good),
        rows: planned.iter().map(row).collect(),
        fields,
        can_be_made: good > 0,
    }
}
