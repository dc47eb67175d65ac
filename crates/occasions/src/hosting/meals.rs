//! The meals that guests chose, counted for the kitchen. A choice counts only while the guest's
//! reply to the question's event is yes.

use std::collections::BTreeMap;

use platform::Tx;
use serde::Serialize;
use web::Text;

use super::Refusal;
use crate::answer::{self, Answer};
use crate::id::{GuestId, OccasionId, QuestionId};
use crate::question::{self, Question};
use crate::words::QuestionKind;

/// How many guests chose each meal of a question. Only guests who said yes to the event are
/// counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct MealNumbers {
    /// The question's key.
    pub question: String,
    /// How many guests come and have not chosen a meal yet.
    pub open: i64,
    /// The question's choices, in the order of the question.
    pub choices: Vec<MealChoiceNumbers>,
}

/// How many guests chose a meal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct MealChoiceNumbers {
    /// The choice's key.
    pub key: String,
    /// How many guests chose this meal.
    pub people: i64,
}

/// The questions about meals, with each guest's choice.
#[derive(Clone, Debug)]
pub struct Meals {
    pub questions: Vec<Question>,
    chosen: BTreeMap<(QuestionId, GuestId), String>,
}

/// Loads an occasion's meals. The caller must have checked that the host may see answers.
pub fn load(tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<Meals, Refusal> {
    let mut questions = question::of(tx, occasion)?;
    questions.retain(|question| question.kind == QuestionKind::Meal);
    let mut chosen = BTreeMap::new();
    if !questions.is_empty() {
        for given in answer::of_occasion(tx, occasion)? {
            let is_meal = questions.iter().any(|one| one.id == given.question);
            if let (true, Some(guest), Answer::Text(key)) = (is_meal, given.guest, given.answer) {
                chosen.insert((given.question, guest), key);
            }
        }
    }
    Ok(Meals { questions, chosen })
}

impl Meals {
    /// Counts the meals of an event for the guests in `coming`. An inactive question is counted
    /// only if one of these guests has answered it.
    pub fn count(&self, event: &str, coming: &[&GuestId]) -> Vec<MealNumbers> {
        let counted = self.at(event).map(|question| {
            let chosen: Vec<Option<&str>> = coming
                .iter()
                .map(|guest| self.chosen(question, guest))
                .collect();
            let number = |wanted: Option<&str>| {
                let many = chosen.iter().filter(|chosen| **chosen == wanted).count();
                i64::try_from(many).unwrap_or(i64::MAX)
            };
            let choices = question.choices.iter().map(|choice| MealChoiceNumbers {
                key: choice.key.clone(),
                people: number(Some(&choice.key)),
            });
            let numbers = MealNumbers {
                question: question.key.clone(),
                open: number(None),
                choices: choices.collect(),
            };
            (question.active, numbers)
        });
        let is_shown = |(active, numbers): &(bool, MealNumbers)| {
            *active || numbers.choices.iter().any(|choice| choice.people > 0)
        };
        counted
            .filter(is_shown)
            .map(|(_, numbers)| numbers)
            .collect()
    }

    /// Formats the meals that a guest chose for an event.
    pub fn in_words(
        &self,
        event: &str,
        guest: &GuestId,
        text: &Text,
        default: &str,
    ) -> Vec<String> {
        let chosen = self.at(event).filter_map(|question| {
            let key = self.chosen(question, guest)?;
            Some(question.say(&Answer::Text(key.to_owned()), text, default))
        });
        chosen.collect()
    }

    pub fn question(&self, key: &str) -> Option<&Question> {
        self.questions.iter().find(|question| question.key == key)
    }

    fn at(&self, event: &str) -> impl Iterator<Item = &Question> {
        self.questions.iter().filter(move |question| {
            let mut events = question.events.iter();
            events.any(|key| key == event)
        })
    }

    fn chosen(&self, question: &Question, guest: &GuestId) -> Option<&str> {
        let key = (question.id.clone(), guest.clone());
        self.chosen.get(&key).map(String::as_str)
    }
}
