//! The questions that the reading of a list collects, and the answers that it already has.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::super::question::{Answer, Answers, Place, Question, QuestionKind};

/// The most questions about a list. What more cells would ask takes the safe side.
const MOST_QUESTIONS: usize = 2_000;

pub(crate) struct Asking<'a> {
    answers: &'a Answers,
    asked: RefCell<Asked>,
}

#[derive(Default)]
struct Asked {
    questions: Vec<Question>,
    /// The place of each question by its key.
    places: BTreeMap<String, usize>,
}

impl<'a> Asking<'a> {
    pub(crate) fn new(answers: &'a Answers) -> Self {
        Self {
            answers,
            asked: RefCell::default(),
        }
    }

    /// Asks, and returns the answer that is known or else the safe one. What was asked before only
    /// counts once more.
    pub(crate) fn ask(&self, question: Question) -> String {
        let answer = question.answer(self.answers).to_owned();
        let mut asked = self.asked.borrow_mut();
        if let Some(place) = asked.places.get(&question.key).copied() {
            if let Some(known) = asked.questions.get_mut(place) {
                known.times += 1;
            }
        } else if asked.questions.len() < MOST_QUESTIONS {
            let place = asked.questions.len();
            asked.places.insert(question.key.clone(), place);
            asked.questions.push(question);
        }
        answer
    }

    /// Asks once for the whole list.
    pub(crate) fn ask_of_list(
        &self,
        kind: QuestionKind,
        place: Place,
        choices: [&str; 2],
    ) -> String {
        let choices = choices.map(Answer::word).to_vec();
        self.ask(Question::new(kind, "", place, choices))
    }

    pub(crate) fn questions(self) -> Vec<Question> {
        self.asked.into_inner().questions
    }
}
