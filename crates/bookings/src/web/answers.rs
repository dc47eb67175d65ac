//! The fields in which members answer the questions of an offer.

use web::Text;
use web::form_state::{Control, Field, FormState};

use crate::offer_question::{Kind, OfferQuestion, field_name};

/// A field for each question. What may be left out says so.
pub(super) fn fields(
    text: &Text,
    form_state: &FormState,
    questions: &[OfferQuestion],
) -> Vec<Field> {
    let fields = questions.iter().map(|question| {
        let name = field_name(&question.id);
        let label = if question.is_required {
            question.label.clone()
        } else {
            let values = [("question", question.label.as_str().into())];
            text.with("booking-answer-optional", values)
        };
        let options = question.options.iter();
        let field = match question.kind {
            Kind::Line => form_state.line(&name, label),
            Kind::Text => form_state.lines(&name, label),
            Kind::Number => form_state.number(&name, label),
            Kind::Tick => form_state.tick(&name, label),
            Kind::SomeOf => {
                let options = options.map(|option| (option.clone(), option.clone()));
                form_state.ticks(&name, label, options)
            }
            Kind::OneOf => {
                let options = options.map(|one| (one.clone(), one.clone(), String::new()));
                form_state.field(&name, label, Control::Radios(options.collect()))
            }
        };
        if question.is_required {
            field.required()
        } else {
            field
        }
    });
    fields.collect()
}
