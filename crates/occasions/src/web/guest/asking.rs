//! Shows the hosts' own questions on guests' pages, both as form fields and with their answers.

use web::{Form, Spoken};

use super::show::Reading;
use super::view::{AnsweredQuestion, FieldChoice, QuestionControl, QuestionField};
use crate::answer::Answers;
use crate::guest::Guest;
use crate::household_plan::asking;
use crate::question::Question;
use crate::words::{AskedOf, QuestionKind};

impl<'a> Reading<'a> {
    /// Returns the questions for households, or those for guests. `of` says which.
    pub(crate) fn questions(&self, of: AskedOf) -> impl Iterator<Item = &'a Question> {
        self.snapshot
            .asked_questions()
            .filter(move |question| question.asked_of == of)
    }

    /// Returns the questions that this guest is asked. They depend on the guest's replies.
    pub(super) fn questions_for(&self, guest: &Guest) -> impl Iterator<Item = &'a Question> {
        let events = &self.snapshot.events;
        self.questions(AskedOf::Guest)
            .filter(|question| question.concerns(guest, events))
    }

    pub(super) fn question_title(&self, question: &'a Question) -> Spoken<'a> {
        self.pick(&question.title)
    }

    /// Returns the household's answers. Questions that no longer apply because of the guests'
    /// replies are left out.
    pub(crate) fn household_answers(&self) -> Vec<AnsweredQuestion<'a>> {
        let (guests, events) = (&self.snapshot.household.guests, &self.snapshot.events);
        let questions = self.questions(AskedOf::Household);
        let counting =
            questions.filter(|question| asking::counts_for_household(question, guests, events));
        self.in_words(counting, &self.snapshot.household.answers)
    }

    /// Returns the guest's answers. Questions that no longer apply because of the guest's replies
    /// are left out.
    pub(crate) fn guest_answers(&self, guest: &Guest) -> Vec<AnsweredQuestion<'a>> {
        let events = &self.snapshot.events;
        let questions = self.questions(AskedOf::Guest);
        let counting = questions.filter(|question| question.counts_for(guest, events));
        self.in_words(counting, &guest.answers)
    }

    fn in_words(
        &self,
        questions: impl Iterator<Item = &'a Question>,
        answers: &Answers,
    ) -> Vec<AnsweredQuestion<'a>> {
        let default = &self.snapshot.occasion.default_language;
        questions
            .filter_map(|question| {
                let answer = answers.get(&question.id)?;
                Some(AnsweredQuestion {
                    question: self.question_title(question),
                    words: question.say(answer, self.text, default),
                })
            })
            .collect()
    }

    /// `None` if it is no meal, or if the household is invited to a single event.
    fn meal_at(&self, question: &Question) -> Option<String> {
        let mut events = self.snapshot.invited_events();
        let is_one = self.snapshot.invited_events().count() < 2;
        if question.kind != QuestionKind::Meal || is_one {
            return None;
        }
        let event = events.find(|event| question.is_about(&event.key))?;
        Some(self.event_name(event).to_string())
    }

    /// Builds the form field of a question. It contains the typed value, or else the stored value.
    pub(crate) fn asked(
        &self,
        question: &'a Question,
        name: String,
        answers: Option<&Answers>,
        form: Option<&Form>,
    ) -> QuestionField<'a> {
        let stored = answers.and_then(|answers| answers.get(&question.id));
        let typed = form.filter(|form| form.find(&name).is_some());
        let value = match (typed, stored) {
            (Some(form), _) => form.text(&name).to_owned(),
            (None, Some(answer)) => question.field_value(answer),
            (None, None) => String::new(),
        };
        let is_on = |key: &str| match (typed, stored) {
            (Some(form), _) => form.all(&name).any(|chosen| chosen == key),
            (None, Some(answer)) => answer.has(key),
            (None, None) => false,
        };
        let own = question.choices.iter().map(|choice| FieldChoice {
            value: &choice.key,
            label: self.pick(&choice.label),
            on: is_on(&choice.key),
        });
        let (control, choices) = match question.kind {
            QuestionKind::ShortText => (QuestionControl::Line, Vec::new()),
            QuestionKind::LongText => (QuestionControl::Lines, Vec::new()),
            QuestionKind::Number => (QuestionControl::Number, Vec::new()),
            QuestionKind::Date => (QuestionControl::Date, Vec::new()),
            QuestionKind::YesNo => (QuestionControl::YesNo, Vec::new()),
            QuestionKind::OneChoice | QuestionKind::Meal => {
                (QuestionControl::Select, own.collect())
            }
            QuestionKind::SeveralChoices => (QuestionControl::Ticks, own.collect()),
        };
        QuestionField {
            field: name,
            title: self.question_title(question),
            help: self.pick(&question.help),
            required: question.required,
            coming_only: question.coming_only,
            hosts_only: question.hosts_only,
            meal_at: self.meal_at(question),
            control,
            value,
            choices,
            meanwhile: None,
        }
    }
}
