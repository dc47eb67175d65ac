//! The tables with the counted meals of all events. They are on the overview page and on the list
//! for the kitchen.

use web::Spoken;

use super::request::PageContext;
use super::wording::{self, Wording};
use crate::answer::Answer;
use crate::hosting::listing::filter::{answer_word, unanswered_word};
use crate::hosting::summary::Summary;
use crate::question::Question;

/// A question about a meal, with the count of each choice.
pub struct MealTable<'a> {
    pub title: Spoken<'a>,
    pub event: Spoken<'a>,
    pub rows: Vec<MealRow>,
}

/// A choice with its count, and a link to the list of guests who made it.
pub struct MealRow {
    pub words: String,
    pub n: String,
    pub href: String,
}

/// Builds the tables in the order of the events.
pub fn tables<'a>(
    wording: &Wording<'a>,
    context: &'a PageContext,
    summary: &Summary,
    questions: &'a [Question],
) -> Vec<MealTable<'a>> {
    let mut tables = Vec::new();
    for numbers in &summary.events {
        let Some(event) = context.events.iter().find(|event| event.key == numbers.key) else {
            continue;
        };
        let list = |answer: &str| {
            let pairs = [
                ("event", &*event.key),
                ("status", "yes"),
                ("answer", answer),
            ];
            wording::address(&wording.at("/guests"), pairs)
        };
        for meal in &numbers.meals {
            let Some(question) = questions.iter().find(|one| one.key == meal.question) else {
                continue;
            };
            let default = &wording.occasion.default_language;
            let row = |key: &str, n: i64| {
                let answer = Answer::Text(key.to_owned());
                MealRow {
                    words: question.say(&answer, wording.text, default),
                    n: wording.text.number(n),
                    href: list(&answer_word(question, Some(&answer))),
                }
            };
            let mut rows: Vec<MealRow> = meal
                .choices
                .iter()
                .map(|choice| row(&choice.key, choice.people))
                .collect();
            if meal.open > 0 {
                rows.push(MealRow {
                    words: wording.text.say("host-meal-open").into_owned(),
                    n: wording.text.number(meal.open),
                    href: list(&unanswered_word(question)),
                });
            }
            tables.push(MealTable {
                title: wording.pick(&question.title),
                event: wording.event(event),
                rows,
            });
        }
    }
    tables
}
