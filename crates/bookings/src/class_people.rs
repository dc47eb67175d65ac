//! Who comes to a date of a class, for its provider.

use std::collections::HashMap;

use platform::money::Money;
use platform::{StoreError, Tx, sql};
use web::sheet::{self, Cell, FileFormat, Sheet};

use crate::booking::{self, Booking, BookingId, BookingView, Party, seat};
use crate::codes::NOT_A_CLASS;
use crate::offer_question::Answer;
use crate::provider::Provider;
use crate::slot::{self, Slot, SlotId};
use crate::{Refusal, class_party, settings};

/// Somebody who has seats of a date, or holds some.
pub(crate) struct Participant {
    pub(crate) booking: Booking,
    pub(crate) view: BookingView,
    /// What was paid back of the order, or is on its way back, in minor units.
    pub(crate) back_minor: i64,
    /// Whether the provider can say who came.
    pub(crate) may_mark: bool,
}

/// Lists those who have seats of the slot, or hold some, in the order in which they booked. The number
/// of statements does not grow with theirs.
pub(crate) fn list(tx: &mut Tx<'_>, slot: &Slot) -> Result<Vec<Participant>, StoreError> {
    let mut bookings = booking::list_of_slot(tx, &slot.id)?;
    bookings.retain(|one| one.is_class);
    let views = BookingView::list(tx, bookings.clone())?;
    let all = bookings.into_iter().zip(views);
    let (hours, now) = (settings::load(tx)?.outcome_hours, tx.roughly_now());
    let back: Vec<(BookingId, i64)> = sql!(
        "SELECT b.id, p.refund_reserved_minor FROM booking b
         JOIN payment p ON p.order_id = b.order_id AND p.settles = 1
         WHERE b.slot_id = :slot AND p.refund_reserved_minor > 0",
        slot = slot.id
    )
    .all(tx)?;
    let back: HashMap<BookingId, i64> = back.into_iter().collect();
    Ok(all
        .map(|(booking, view)| Participant {
            back_minor: back.get(&booking.id).copied().unwrap_or_default(),
            may_mark: class_party::may_mark(&booking, Party::Provider, now, hours),
            booking,
            view,
        })
        .collect())
}

/// The columns before those of the questions that were answered.
const HEADINGS: &str = "name,names,seats,state,amount,currency,order_state,credit_kind,topics,note,\
                        email,booked_at,booking_id,refunded";

/// The same as a CSV file. Each question of which somebody's answer is kept has a column after
/// [`HEADINGS`].
pub(crate) fn file(tx: &mut Tx<'_>, provider: &Provider, id: &SlotId) -> Result<Vec<u8>, Refusal> {
    let slot = slot::own(tx, provider, id)?;
    if !slot.is_class() {
        return Err(NOT_A_CLASS.into());
    }
    let people = list(tx, &slot)?;
    let asked = questions(&people);
    let headings = HEADINGS.split(',').map(str::to_owned);
    let headings = headings.chain(asked.iter().map(|one| one.label.clone()));
    let sheet = Sheet {
        name: "people".to_owned(),
        headings: headings.collect(),
        rows: people.into_iter().map(|one| row(one, &asked)).collect(),
    };
    let mut out = Vec::new();
    let written = sheet::write(&[sheet], FileFormat::Csv, &mut out);
    written.map_err(|error| Refusal::Problem(web::Problem::internal(error)))?;
    Ok(out)
}

/// An answer to each question that was answered, with the question as the first who booked was asked.
fn questions(people: &[Participant]) -> Vec<Answer> {
    let mut asked: Vec<Answer> = Vec::new();
    for answer in people.iter().flat_map(|one| &one.view.answers) {
        if !asked
            .iter()
            .any(|one| one.question_id == answer.question_id)
        {
            asked.push(answer.clone());
        }
    }
    asked
}

fn row(one: Participant, asked: &[Answer]) -> Vec<Cell> {
    let Participant {
        booking,
        view,
        back_minor,
        ..
    } = one;
    let order = view.order.as_ref();
    let back = order.map(|order| Money::new(back_minor, order.currency).decimal());
    let answers = asked.iter().map(|asked| {
        let mut answers = view.answers.iter();
        let answer = answers.find(|one| one.question_id == asked.question_id);
        Cell::from(answer.map(|one| one.answer.join(" · ")))
    });
    let answers: Vec<Cell> = answers.collect();
    let facts = vec![
        view.member.into(),
        seat::lines_of_names(&view.party)
            .replace('\n', " · ")
            .into(),
        view.seats.into(),
        view.state.word().into(),
        order.map(|order| order.amount().decimal()).into(),
        order.map(|order| order.currency.to_string()).into(),
        order.map(|order| order.state.word().to_owned()).into(),
        view.credit_kind.into(),
        view.brief.topics.join(" · ").into(),
        view.brief.note.into(),
        view.member_email.into(),
        booking.created_at.to_string().into(),
        view.id.to_string().into(),
        back.into(),
    ];
    facts.into_iter().chain(answers).collect()
}
