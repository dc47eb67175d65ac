//! Exports answers to the hosts' own questions, both as a separate list and as columns of other
//! lists.

use super::table::Ground;
use super::{Cell, Sheet};
use occasions::answer::Answer;
use occasions::hosting::listing::InvitationRow;
use occasions::id::{GuestId, InvitationId};
use occasions::question::Question;
use occasions::words::AskedOf;

impl Ground<'_> {
    /// Returns the questions for guests or for households, depending on `of`. Each question becomes
    /// a column.
    pub(super) fn questions(&self, of: AskedOf) -> impl Iterator<Item = &Question> {
        let all = self.answered.questions.iter();
        all.filter(move |question| question.asked_of == of)
    }

    pub(super) fn question_headings(&self, of: AskedOf) -> impl Iterator<Item = String> {
        self.questions(of)
            .map(|question| self.question_title(question))
    }

    /// Returns the cells for the columns in [`Ground::question_headings`], one for each column.
    pub(super) fn question_cells(
        &self,
        invitation: &InvitationId,
        guest: Option<&GuestId>,
    ) -> impl Iterator<Item = Cell> {
        let of = match guest {
            None => AskedOf::Household,
            Some(_) => AskedOf::Guest,
        };
        self.questions(of).map(move |question| {
            self.answer(question, invitation, guest)
                .unwrap_or(Cell::Empty)
        })
    }

    /// Builds a table with a row for each answer: the question, the guest or household, and the
    /// answer.
    pub(super) fn all_answers(&self, lines: &[InvitationRow]) -> Sheet {
        let mut rows = Vec::new();
        for question in &self.answered.questions {
            let title = self.question_title(question);
            let mut add = |household: &str, name: &str, answer: Option<Cell>| {
                if let Some(answer) = answer {
                    rows.push(vec![
                        Cell::from(title.as_str()),
                        Cell::from(household),
                        Cell::from(name),
                        answer,
                    ]);
                }
            };
            match question.asked_of {
                AskedOf::Household => {
                    for line in lines {
                        let answer = self.answer(question, &line.id, None);
                        add(&line.household, "", answer);
                    }
                }
                AskedOf::Guest => {
                    for person in &self.people {
                        let answer = self.answer(question, &person.invitation, Some(&person.id));
                        add(&person.household, &person.shown_name(self.text), answer);
                    }
                }
            }
        }
        Sheet {
            name: self.name("host-export-sheet-questions"),
            headings: self.say(&[
                "host-export-question",
                "host-export-household",
                "host-export-guest",
                "host-export-answer",
            ]),
            rows,
        }
    }

    fn answer(
        &self,
        question: &Question,
        invitation: &InvitationId,
        guest: Option<&GuestId>,
    ) -> Option<Cell> {
        let default = &self.occasion.default_language;
        let answer = self.answered.of(question, invitation, guest)?;
        Some(match answer {
            Answer::Number(number) => Cell::from(*number),
            // Dates are in ISO format, as everywhere in exports, so that other software can sort
            // them.
            Answer::Text(text) if question.choices.is_empty() => Cell::from(text.as_str()),
            other => Cell::from(question.say(other, self.text, default)),
        })
    }

    pub(super) fn question_title(&self, question: &Question) -> String {
        let default = &self.occasion.default_language;
        question
            .title
            .pick(self.text.language(), default)
            .to_string()
    }
}
