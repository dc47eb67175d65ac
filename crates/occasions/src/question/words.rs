//! Formats answers as text.

use jiff::civil::Date;
use web::Text;

use super::Question;
use crate::answer::Answer;
use crate::words::QuestionKind;

impl Question {
    /// Formats an answer as text. The labels of choices are in the language of `text`, or else in
    /// the language `default`.
    pub fn say(&self, answer: &Answer, text: &Text, default: &str) -> String {
        let label = |key: &str| {
            let choice = self.choices.iter().find(|choice| choice.key == key);
            choice.map_or_else(
                || key.to_owned(),
                |choice| choice.label.pick(text.language(), default).to_string(),
            )
        };
        match answer {
            Answer::YesNo(true) => text.say("question-yes").into_owned(),
            Answer::YesNo(false) => text.say("question-no").into_owned(),
            Answer::Number(number) => text.number(*number),
            Answer::Choices(keys) => {
                let labels: Vec<String> = keys.iter().map(|key| label(key)).collect();
                labels.join(&text.say("list-comma"))
            }
            Answer::Text(key)
                if matches!(self.kind, QuestionKind::OneChoice | QuestionKind::Meal) =>
            {
                label(key)
            }
            Answer::Text(day) if self.kind == QuestionKind::Date => match day.parse::<Date>() {
                Ok(date) => text.date_short(date),
                Err(_) => day.clone(),
            },
            Answer::Text(words) => words.clone(),
        }
    }

    /// Returns an answer as the value of a form field. For an answer with several choices, returns
    /// their keys separated by commas.
    pub fn field_value(&self, answer: &Answer) -> String {
        match answer {
            Answer::YesNo(true) => "yes".to_owned(),
            Answer::YesNo(false) => "no".to_owned(),
            Answer::Number(number) => number.to_string(),
            Answer::Choices(keys) => keys.join(","),
            Answer::Text(words) => words.clone(),
        }
    }
}
