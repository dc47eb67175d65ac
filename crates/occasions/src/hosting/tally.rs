//! Counts the answers to the hosts' own questions. The answer of a guest who declined all of the
//! question's events is not counted.

use std::collections::{BTreeMap, BTreeSet};

use platform::{Tx, sql};

use super::listing::{self, InvitationFilter};
use super::permissions::{HostOf, Permission};
use super::{Refusal, occasions};
use crate::answer::{self, Answer, Given};
use crate::event;
use crate::id::{EventId, GuestId, InvitationId, QuestionId};
use crate::question::{self, Question};
use crate::words::{QuestionKind, ReplyStatus};

#[derive(Clone, Debug)]
pub struct Answered {
    pub questions: Vec<Question>,
    given: BTreeMap<Whose, Answer>,
    /// The answers of guests who have a seat at one of the question's events.
    seated: BTreeSet<Whose>,
}

type Whose = (QuestionId, InvitationId, Option<GuestId>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    pub question: Question,
    pub answered: i64,
    /// Each possible answer, and how often it was given.
    pub choices: Vec<(Answer, i64)>,
    /// The sum of the answers, if they are numbers.
    pub sum: Option<i64>,
}

/// Loads all questions and their answers. Answers of archived households are left out.
pub fn load(tx: &mut Tx<'_>, host: &HostOf) -> Result<Answered, Refusal> {
    host.needs(Permission::See)?;
    let occasion = occasions::load(tx, host)?;
    let questions = question::of(tx, &occasion.id)?;
    if questions.is_empty() {
        return Ok(Answered {
            questions,
            given: BTreeMap::new(),
            seated: BTreeSet::new(),
        });
    }
    let here: BTreeSet<InvitationId> =
        listing::all_invitations(tx, host, &InvitationFilter::default())?
            .into_iter()
            .map(|line| line.id)
            .collect();
    let events: BTreeMap<_, _> = event::list(tx, &occasion.id)?
        .into_iter()
        .map(|event| (event.id, event.key))
        .collect();
    let rows: Vec<(InvitationId, GuestId, EventId, ReplyStatus)> = sql!(
        "SELECT guest.invitation, reply.guest, reply.event, reply.status
         FROM event JOIN reply ON reply.event = event.id
         JOIN guest ON guest.id = reply.guest
         WHERE event.occasion = :occasion",
        occasion = occasion.id
    )
    .all(tx)?;
    let mut households: BTreeMap<InvitationId, Vec<(GuestId, String, ReplyStatus)>> =
        BTreeMap::new();
    for (invitation, guest, event, status) in rows {
        if let Some(key) = events.get(&event) {
            let replies = households.entry(invitation).or_default();
            replies.push((guest, key.clone(), status));
        }
    }
    let is_of = |one: &Given, counts: &dyn Fn(&Question, ReplyStatus) -> bool| {
        let question = questions
            .iter()
            .find(|question| question.id == one.question);
        let replies = households.get(&one.invitation);
        here.contains(&one.invitation)
            && question.zip(replies).is_some_and(|(question, replies)| {
                replies.iter().any(|(guest, event, status)| {
                    one.guest.as_ref().is_none_or(|of| of == guest)
                        && question.is_about(event)
                        && counts(question, *status)
                })
            })
    };
    let (mut given, mut seated) = (BTreeMap::new(), BTreeSet::new());
    for one in answer::of_occasion(tx, &occasion.id)? {
        if !is_of(&one, &|question, status| question.counts_at(status)) {
            continue;
        }
        let has_seat = is_of(&one, &|_, status| status == ReplyStatus::Yes);
        let whose = (one.question, one.invitation, one.guest);
        if has_seat {
            seated.insert(whose.clone());
        }
        given.insert(whose, one.answer);
    }
    Ok(Answered {
        questions,
        given,
        seated,
    })
}

impl Answered {
    /// Returns a guest's answer to the question. Without `guest`, returns the answer for the
    /// household as a whole.
    pub fn of(
        &self,
        question: &Question,
        invitation: &InvitationId,
        guest: Option<&GuestId>,
    ) -> Option<&Answer> {
        let whose = (question.id.clone(), invitation.clone(), guest.cloned());
        self.given.get(&whose)
    }

    /// Counts the answers to each question that is active or has answers.
    pub fn tallies(&self) -> Vec<Tally> {
        let all = self.questions.iter().map(|question| self.tally(question));
        all.filter(|tally| tally.question.active || tally.answered > 0)
            .collect()
    }

    fn tally(&self, question: &Question) -> Tally {
        let answers: Vec<&Answer> = self
            .given
            .iter()
            .filter(|((id, ..), _)| *id == question.id)
            // The kitchen cooks for guests who have a seat. A meal is counted alike everywhere.
            .filter(|(whose, _)| {
                question.kind != QuestionKind::Meal || self.seated.contains(*whose)
            })
            .map(|(_, answer)| answer)
            .collect();
        let count = |is_it: &dyn Fn(&Answer) -> bool| {
            let many = answers.iter().filter(|answer| is_it(answer)).count();
            i64::try_from(many).unwrap_or(i64::MAX)
        };
        let choices = question.possible_answers().into_iter().map(|possible| {
            let n = count(&|given| match &possible {
                Answer::Choices(keys) => keys.iter().all(|key| given.has(key)),
                other => given == other,
            });
            (possible, n)
        });
        let choices = choices.collect();
        let numbers = answers.iter().filter_map(|answer| match answer {
            Answer::Number(number) => Some(*number),
            _ => None,
        });
        Tally {
            question: question.clone(),
            answered: count(&|_| true),
            choices,
            sum: (question.kind == QuestionKind::Number).then(|| numbers.sum()),
        }
    }
}
