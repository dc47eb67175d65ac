//! The guest list. It contains all guests, or the guests that match a filter.

use askama::Template;
use axum::response::Response;
use web::{List, PageQuery, Problem, Text};

use super::filters::Filters;
use super::frame::Place;
use super::request::{HostRequest, PageContext};
use super::wording::{self, Tag, Wording};
use crate::diet::{self, DietaryOption};
use crate::hosting::listing::people::{self, GuestFilter, Person};
use crate::question::{self, Question};
use crate::words::GuestKind;

#[derive(Template)]
#[template(path = "host/guests.html")]
struct Guests<'a> {
    text: &'a Text,
    wording: Wording<'a>,
    filters: Filters<'a>,
    rows: Vec<GuestItem<'a>>,
    total: Option<i64>,
    next: Option<String>,
    previous: Option<String>,
    /// Whether the list is empty although no filter is set.
    /// Where those are who wrote needs in their own words, if a need is asked for.
    own_words: Option<String>,
    is_empty: bool,
    submission: String,
    query: String,
}

struct GuestItem<'a> {
    person: &'a Person,
    href: String,
    name: String,
    about: Vec<String>,
    answer: Tag,
    food: String,
    answered: Option<(String, String)>,
}

impl Guests<'_> {
    fn range(&self) -> String {
        self.filters.range(self.rows.len(), self.total)
    }
}

/// Handles `GET /admin/o/{slug}/guests`.
pub(super) async fn list(req: HostRequest, paging: PageQuery) -> Result<Response, Problem> {
    let filter = GuestFilter::read(&req.query)?;
    let asked = filter.clone();
    let limit = paging.limit;
    let (context, (list, diets, questions)) = req
        .read(move |tx, context| {
            let list = people::people(tx, &context.host, &asked, &paging)?;
            let occasion = context.host.occasion();
            let (diets, questions) = (diet::list(tx, occasion)?, question::of(tx, occasion)?);
            Ok((list, diets, questions))
        })
        .await?;
    Ok(page(
        &req, &context, &filter, &list, limit, &diets, &questions,
    ))
}

fn page(
    req: &HostRequest,
    context: &PageContext,
    filter: &GuestFilter,
    list: &List<Person>,
    limit: u32,
    diets: &[DietaryOption],
    questions: &[Question],
) -> Response {
    let (text, wording) = (&req.text, req.wording(context));
    let named = diets
        .iter()
        .map(|option| (option.key.clone(), wording.diet(diets, &option.key)));
    let named: Vec<_> = named.collect();
    let filters = Filters::of_guests(&wording, &context.events, &named, questions, &req.query);
    let body = Guests {
        text,
        rows: list
            .items
            .iter()
            .map(|person| row(&wording, person, diets))
            .collect(),
        total: list.total,
        next: filters.next(list),
        previous: filters.previous(list, limit),
        own_words: filter.diet.as_ref().map(|_| {
            let own = GuestFilter {
                diet: None,
                diet_note: Some(true),
                ..filter.clone()
            };
            wording.at(&format!("/guests?{}", wording::query(&own.query())))
        }),
        is_empty: context.sizes.guests == 0 && *filter == GuestFilter::default(),
        submission: req.submission(),
        query: wording::query(&filter.query()),
        filters,
        wording: wording.clone(),
    };
    req.page(context, Place::Guests, &text.say("host-guests"), body)
}

fn row<'a>(wording: &Wording<'_>, person: &'a Person, diets: &[DietaryOption]) -> GuestItem<'a> {
    let text = wording.text;
    GuestItem {
        href: wording.at(&format!("/invites/{}", person.invitation)),
        name: person.shown_name(text),
        about: about(text, person),
        answer: wording::answer(text, person),
        food: food(wording, person, diets),
        answered: person
            .answered_at
            .map(|at| (wording.machine(at), wording.ago(at))),
        person,
    }
}

fn about(text: &Text, person: &Person) -> Vec<String> {
    let mut about = Vec::new();
    match (person.is_child, person.age) {
        (false, _) => {}
        (true, None) => about.push(text.say("guest-child").into_owned()),
        (true, Some(age)) => about.push(text.with("guest-child-age", [("age", age.into())])),
    }
    if person.kind == GuestKind::PlusOne {
        about.push(text.say("host-plus-one").into_owned());
    }
    about
}

fn food(wording: &Wording<'_>, person: &Person, diets: &[DietaryOption]) -> String {
    let mut words: Vec<String> = person
        .diets
        .iter()
        .map(|key| wording.diet(diets, key))
        .collect();
    if !person.diet_note.is_empty() {
        words.push(person.diet_note.clone());
    }
    words.join(&wording.text.say("list-comma"))
}
