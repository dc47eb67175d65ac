//! Who comes to a date of a class, for its provider.

use platform::{StoreError, Tx};
use web::sheet::{self, Cell, FileFormat, Sheet};

use crate::booking::{self, Booking, BookingView, Party, seat};
use crate::codes::NOT_A_CLASS;
use crate::provider::Provider;
use crate::slot::{self, Slot, SlotId};
use crate::{Refusal, class_party, settings};

/// Somebody who has seats of a date, or holds some.
pub(crate) struct Participant {
    pub(crate) booking: Booking,
    pub(crate) view: BookingView,
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
    Ok(all
        .map(|(booking, view)| Participant {
            may_mark: class_party::may_mark(&booking, Party::Provider, now, hours),
            booking,
            view,
        })
        .collect())
}

const HEADINGS: &str = "name,names,seats,state,amount,currency,order_state,credit_kind,topics,note,\
                        email,booked_at,booking_id";

/// The same as a CSV file.
pub(crate) fn file(tx: &mut Tx<'_>, provider: &Provider, id: &SlotId) -> Result<Vec<u8>, Refusal> {
    let slot = slot::own(tx, provider, id)?;
    if !slot.is_class() {
        return Err(NOT_A_CLASS.into());
    }
    let people = list(tx, &slot)?;
    let sheet = Sheet {
        name: "people".to_owned(),
        headings: HEADINGS.split(',').map(str::to_owned).collect(),
        rows: people.into_iter().map(row).collect(),
    };
    let mut out = Vec::new();
    let written = sheet::write(&[sheet], FileFormat::Csv, &mut out);
    written.map_err(|error| Refusal::Problem(web::Problem::internal(error)))?;
    Ok(out)
}

fn row(one: Participant) -> Vec<Cell> {
    let Participant { booking, view, .. } = one;
    let order = view.order.as_ref();
    vec![
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
    ]
}
