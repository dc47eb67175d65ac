//! Exports the tables for the kitchen. They show who eats what at each event, and the totals.

use std::collections::{BTreeMap, BTreeSet};

use occasions::diet;
use occasions::hosting::listing::people;
use occasions::hosting::{Refusal, kitchen, meals};
use occasions::id::GuestId;
use platform::Tx;

use super::table::Ground;
use super::{Cell, Sheet};

impl Ground<'_> {
    /// Builds the kitchen's tables. The first table lists two groups of guests: those with dietary
    /// requirements who come or are not sure, and those who come and have chosen a meal. The other
    /// tables contain the totals of each event.
    pub(super) fn kitchen(&self, tx: &mut Tx<'_>) -> Result<Vec<Sheet>, Refusal> {
        let options = diet::list(tx, &self.occasion.id)?;
        let labels = self.labels(tx)?;
        let eating = kitchen::eating(tx, &self.order.host)?;
        let eaters = kitchen::eaters(&self.people, &self.events, &options, &eating);
        let meals = meals::load(tx, &self.occasion.id)?;
        let coming = people::coming(tx, &self.order.host)?;
        let (mut counts, mut names, mut chosen) = (Vec::new(), Vec::new(), Vec::new());
        for event in &self.events {
            let name = || Cell::from(self.event_name(event));
            let here = || eaters.iter().filter(|eater| eater.eats_at(event));
            let (first, rest): (Vec<_>, Vec<_>) = options.iter().partition(|option| option.allergy);
            for option in first.into_iter().chain(rest) {
                let many = here().filter(|eater| eater.person.diets.contains(&option.key));
                let many = many.count();
                if many > 0 {
                    counts.push(vec![
                        name(),
                        Cell::from(labels.get(&option.key).cloned()),
                        self.yes_or_no(option.allergy),
                        Cell::from(i64::try_from(many).unwrap_or(i64::MAX)),
                    ]);
                }
            }
            let is_coming = |guest: &GuestId| coming.contains(&(guest.clone(), event.id.clone()));
            let default = &self.occasion.default_language;
            let meal = |guest: &GuestId| {
                if is_coming(guest) {
                    meals.in_words(&event.key, guest, self.text, default)
                } else {
                    Vec::new()
                }
            };
            for eater in here() {
                names.push(vec![
                    name(),
                    Cell::from(eater.person.household.as_str()),
                    Cell::from(eater.person.shown_name(self.text)),
                    Cell::from(meal(&eater.person.id).join(", ")),
                    words(eater.allergies.iter().copied(), &labels),
                    words(eater.others.iter().copied(), &labels),
                    Cell::from(eater.person.diet_note.as_str()),
                ]);
            }
            let listed: BTreeSet<&GuestId> = here().map(|eater| &eater.person.id).collect();
            for person in &self.people {
                let meal = meal(&person.id);
                if !meal.is_empty() && !listed.contains(&person.id) {
                    names.push(vec![
                        name(),
                        Cell::from(person.household.as_str()),
                        Cell::from(person.shown_name(self.text)),
                        Cell::from(meal.join(", ")),
                        Cell::Empty,
                        Cell::Empty,
                        Cell::Empty,
                    ]);
                }
            }
            let all = self.people.iter().map(|person| &person.id);
            let all: Vec<&GuestId> = all.filter(|guest| is_coming(guest)).collect();
            for numbers in meals.count(&event.key, &all) {
                let Some(question) = meals.question(&numbers.question) else {
                    continue;
                };
                let title = self.question_title(question);
                let open = (numbers.open > 0)
                    .then(|| (self.text.say("host-meal-open").into_owned(), numbers.open));
                let choices = question.choices.iter().zip(&numbers.choices);
                let language = self.text.language();
                let choices = choices.map(|(choice, count)| {
                    (
                        choice.label.pick(language, default).to_string(),
                        count.people,
                    )
                });
                for (label, people) in choices.chain(open) {
                    chosen.push(vec![
                        name(),
                        Cell::from(title.as_str()),
                        Cell::from(label),
                        Cell::from(people),
                    ]);
                }
            }
        }
        Ok(vec![
            Sheet {
                name: self.name("host-export-sheet-diets-people"),
                headings: self.say(&[
                    "host-export-event",
                    "host-export-household",
                    "host-export-guest",
                    "host-export-meal",
                    "host-export-allergy",
                    "host-export-diets",
                    "host-export-diet-note",
                ]),
                rows: names,
            },
            Sheet {
                name: self.name("host-export-sheet-diets"),
                headings: self.say(&[
                    "host-export-event",
                    "host-export-diet",
                    "host-export-allergy",
                    "host-export-people",
                ]),
                rows: counts,
            },
            Sheet {
                name: self.name("host-export-sheet-meals"),
                headings: self.say(&[
                    "host-export-event",
                    "host-export-question",
                    "host-export-meal",
                    "host-export-people",
                ]),
                rows: chosen,
            },
        ])
    }
}

/// Joins the labels of these dietary options.
pub(super) fn words<'a>(
    keys: impl Iterator<Item = &'a str>,
    labels: &BTreeMap<String, String>,
) -> Cell {
    let words: Vec<&str> = keys
        .map(|key| labels.get(key).map_or(key, String::as_str))
        .collect();
    Cell::from(words.join(", "))
}
