//! The list of guests: everybody, or whom a filter finds.

use askama::Template;
use axum::response::Response;
use web::{List, Piece, Problem, Text};

use super::desk::{Desk, Scene};
use super::filters::Filters;
use super::frame::Place;
use super::say::{self, Says, Tag};
use crate::diet::{self, DietaryOption};
use crate::hosting::listing::people::{self, Filter, Person};
use crate::question::{self, Question};
use crate::words::GuestKind;

#[derive(Template)]
#[template(path = "host/guests.html")]
struct Guests<'a> {
    text: &'a Text,
    says: Says<'a>,
    filters: Filters<'a>,
    rows: Vec<Row<'a>>,
    total: Option<i64>,
    next: Option<String>,
    previous: Option<String>,
    /// Whether there are guests at all.
    is_empty: bool,
    csrf: &'a str,
    submission: String,
    /// The filter as it goes to a file.
    query: String,
}

struct Row<'a> {
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

/// `GET /admin/o/{slug}/guests`.
pub(super) async fn list(desk: Desk, piece: Piece) -> Result<Response, Problem> {
    let filter = Filter::read(desk.query.iter())?;
    let asked = filter.clone();
    let limit = piece.limit;
    let (scene, (list, diets, questions)) = desk
        .read(move |tx, scene| {
            let list = people::people(tx, &scene.host, &asked, &piece)?;
            let occasion = scene.host.occasion();
            let (diets, questions) = (diet::list(tx, occasion)?, question::of(tx, occasion)?);
            Ok((list, diets, questions))
        })
        .await?;
    Ok(page(
        &desk,
        &scene,
        &filter,
        (&list, limit),
        (&diets, &questions),
    ))
}

fn page(
    desk: &Desk,
    scene: &Scene,
    filter: &Filter,
    (list, limit): (&List<Person>, u32),
    (diets, questions): (&[DietaryOption], &[Question]),
) -> Response {
    let (text, says) = (&desk.text, desk.says(scene));
    let named = diets
        .iter()
        .map(|option| (option.key.clone(), says.diet(diets, &option.key)))
        .collect();
    let filters = Filters::of_guests(&says, &scene.events, named, questions, &desk.query);
    let body = Guests {
        text,
        rows: list
            .items
            .iter()
            .map(|person| row(&says, person, diets))
            .collect(),
        total: list.total,
        next: filters.next(list),
        previous: filters.previous(list, limit),
        is_empty: scene.sizes.guests == 0 && *filter == Filter::default(),
        csrf: &desk.csrf,
        submission: desk.submission(),
        query: say::query(&filter.pairs()),
        filters,
        says: says.clone(),
    };
    desk.page(scene, Place::Guests, &text.say("host-guests"), body)
}

fn row<'a>(says: &Says<'_>, person: &'a Person, diets: &[DietaryOption]) -> Row<'a> {
    let text = says.text;
    Row {
        href: says.at(&format!("/invites/{}", person.invitation)),
        name: person.shown_name(text),
        about: about(text, person),
        answer: say::answer(text, person),
        food: food(says, person, diets),
        answered: person
            .answered_at
            .map(|at| (says.machine(at), says.ago(at))),
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

/// Food needs in words.
fn food(says: &Says<'_>, person: &Person, diets: &[DietaryOption]) -> String {
    let mut words: Vec<String> = person
        .diets
        .iter()
        .map(|key| says.diet(diets, key))
        .collect();
    if !person.diet_note.is_empty() {
        words.push(person.diet_note.clone());
    }
    words.join(&says.text.say("list-comma"))
}
