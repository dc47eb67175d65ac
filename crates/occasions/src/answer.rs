//! Answers of households and guests to the hosts' own questions.

use std::collections::BTreeMap;

use platform::store::{IdSet, Json, Row};
use platform::{Rows, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::id::{GuestId, InvitationId, OccasionId, QuestionId};

/// An answer to a question. Stored and JSON answers contain only the value, without the name of the
/// variant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum Answer {
    /// Yes or no.
    YesNo(bool),
    /// A whole number.
    Number(i64),
    /// Keys of choices, in the question's order.
    Choices(Vec<String>),
    /// A text, the key of a choice, or a date such as `2027-01-16`.
    Text(String),
}

pub type Answers = BTreeMap<QuestionId, Answer>;

impl Answer {
    pub fn has(&self, choice: &str) -> bool {
        match self {
            Self::Choices(keys) => keys.iter().any(|key| key == choice),
            Self::Text(key) => key == choice,
            Self::YesNo(_) | Self::Number(_) => false,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Row)]
pub struct Given {
    pub question: QuestionId,
    pub invitation: InvitationId,
    /// The guest who gave the answer; `None` for an answer of the household as a whole.
    pub guest: Option<GuestId>,
    #[row(rename = "value", json)]
    pub answer: Answer,
}

/// The answers of these invitations.
pub fn of_invitations<'a>(
    tx: &mut Tx<'_>,
    invitations: impl IntoIterator<Item = &'a InvitationId>,
) -> Result<Vec<Given>, StoreError> {
    let mut all = Vec::new();
    for set in IdSet::of(invitations.into_iter().map(InvitationId::as_str)) {
        let given: Vec<Given> = sql!(
            "SELECT {Given} FROM answer WHERE invitation IN ({:IdSet})",
            IdSet = set
        )
        .all(tx)?;
        all.extend(given);
    }
    Ok(all)
}

pub fn of_occasion(tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<Vec<Given>, StoreError> {
    sql!(
        "SELECT {answer: Given}
         FROM question JOIN answer ON answer.question = question.id
         WHERE question.occasion = :occasion",
        occasion
    )
    .all(tx)
}

/// Replaces the answers of a household or guest. `before` contains the stored answers, and `after`
/// the new ones.
pub fn write(
    tx: &mut Tx<'_>,
    invitation: &InvitationId,
    guest: Option<&GuestId>,
    before: &Answers,
    after: &Answers,
) -> Result<(), StoreError> {
    let guest = guest.cloned();
    let one = guest.as_ref().map_or("", GuestId::as_str);
    for question in before.keys() {
        if before.get(question) != after.get(question) {
            sql!(
                "DELETE FROM answer
                 WHERE invitation = :invitation AND question = :question
                     AND COALESCE(guest, '') = :one",
                invitation,
                question,
                one
            )
            .run_later(tx, Rows::Exactly(1))?;
        }
    }
    for (question, answer) in after {
        if before.get(question) != Some(answer) {
            sql!(
                "INSERT INTO answer (question, invitation, guest, value)
                 VALUES (:question, :invitation, :guest, :answer)",
                question,
                invitation,
                guest,
                answer = Json(answer)
            )
            .run_later(tx, Rows::Any)?;
        }
    }
    Ok(())
}
