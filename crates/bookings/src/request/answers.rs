//! The answers of a request to the questions of its slots' offers.

use identity::account::AccountId;
use platform::{StoreError, Tx};

use crate::Refusal;
use crate::offer::OfferId;
use crate::offer_question::{self, Answer, OfferQuestion, SentAnswers};
use crate::slot::Slot;

/// The questions of the offers of these slots, each once.
pub(crate) fn questions<'a>(
    tx: &mut Tx<'_>,
    slots: impl IntoIterator<Item = &'a Slot>,
) -> Result<Vec<OfferQuestion>, StoreError> {
    let mut all: Vec<OfferQuestion> = Vec::new();
    for slot in slots {
        for question in offer_question::of_slot(tx, slot)? {
            if all.iter().all(|other| other.id != question.id) {
                all.push(question);
            }
        }
    }
    Ok(all)
}

/// Checks the answers, and returns for each slot those to its own offer's questions.
pub(super) fn check(
    tx: &mut Tx<'_>,
    slots: &[(Slot, Option<AccountId>)],
    sent: &SentAnswers,
) -> Result<Vec<Vec<Answer>>, Refusal> {
    let asked = questions(tx, slots.iter().map(|(slot, _)| slot))?;
    let all = offer_question::check(&asked, sent)?;
    let of_slot = |(slot, _): &(Slot, _)| {
        let offer = slot.offer_id.as_ref().map(OfferId::as_str);
        let is_own = |answer: &&Answer| {
            let question = asked.iter().find(|one| one.id == answer.question_id);
            question.is_some_and(|one| Some(one.offer_id.as_str()) == offer)
        };
        all.iter().filter(is_own).cloned().collect()
    };
    Ok(slots.iter().map(of_slot).collect())
}
