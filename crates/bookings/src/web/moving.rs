//! Moving a booking. Who moves one of a session that is offered in hours, or of a class, chooses the
//! new time in the calendar of the session, and confirms it here. For other bookings the times are
//! listed.

use askama::Template;
use axum::response::Response;
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use platform::Tx;
use site::call::see_other;
use site::proof::Requester;
use site::request::{FormContext, FormPost, PageRequest};
use web::form_state::FormState;
use web::{Problem, Text};

use super::calendar_purpose::Purpose;
use super::frame::BookingPage as _;
use super::own::{self, Loaded};
use super::words;
use crate::book::{self, NewTime};
use crate::booking::{Booking, Party, PartyTo};
use crate::browse::computed_time::{self, MovedTime};
use crate::browse::{self, Filter};
use crate::review::Review;
use crate::slot::{Slot, SlotId};
use crate::{Refusal, cancel, notice};

#[derive(Template)]
#[template(path = "own/move.html")]
struct MovePage<'a> {
    text: &'a Text,
    form: FormContext<'a>,
    here: String,
    title: &'a str,
    /// The booking's time, and how often it can be moved.
    now: String,
    /// The calendar in which the time is chosen; `None` if the times are listed here.
    calendar: Option<String>,
    rows: Vec<TimeRow>,
    /// What becomes of what was paid.
    money: Option<String>,
    /// Why the booking cannot be moved any more; empty as long as it can.
    closed: String,
    next: Option<String>,
}

struct TimeRow {
    slot: Slot,
    when: String,
    /// What cancelling costs after the move.
    rule: String,
}

/// `GET /me/bookings/{id}/move`: leads to the calendar, or lists the times. With `slot` in the query,
/// asks whether to move the booking to that time.
pub(super) async fn times(req: PageRequest) -> Result<Response, Problem> {
    let loaded = own::load(&req).await?;
    let chosen = req.query.text("slot").parse().ok();
    if chosen.is_none()
        && !cancel::is_late(&loaded.booking, req.site.clock.now())
        && let Some(calendar) = calendar(&req, &loaded).await?
    {
        return Ok(see_other(&calendar));
    }
    page(&req, &FormState::default(), &loaded, chosen).await
}

/// The time of a booking, and how often it can still be moved.
pub(super) fn now(text: &Text, zone: &TimeZone, booking: &Booking, slot: &Slot) -> String {
    let when = words::moment_at(text, zone, slot.place_zone().as_ref(), booking.starts_at);
    let now = text.with("booking-move-from", [("when", when.into())]);
    let left = booking.reschedule_limit - booking.reschedules;
    let left = text.with("booking-moves-left", [("count", left.into())]);
    format!("{now} {left}")
}

fn moved_time(loaded: &Loaded) -> MovedTime {
    MovedTime {
        slot: loaded.slot.clone(),
        seats: loaded.booking.seats,
        // If a document is reviewed in the session, the new slot must have the same length.
        keeps_length: loaded.review.as_ref().is_some_and(Review::is_open),
    }
}

/// The calendar of the booked session; `None` if it is not offered any more, or never was in hours.
async fn calendar(req: &PageRequest, loaded: &Loaded) -> Result<Option<String>, Problem> {
    if loaded.slot.offer_id.is_none() || loaded.party != Party::Member {
        return Ok(None);
    }
    let (moved, purpose) = (moved_time(loaded), Purpose::Move(loaded.booking.id.clone()));
    let look = move |tx: &mut Tx<'_>, _: &Requester| {
        let mut all = computed_time::sessions(tx)?.into_iter();
        Ok::<_, Refusal>(all.find_map(|one| one.instead_of(&moved)))
    };
    let session = req.read(look).await?;
    let session = session.filter(|session| !session.lengths().is_empty());
    Ok(session.map(|session| purpose.calendar(&session.slug)))
}

async fn page(
    req: &PageRequest,
    form_state: &FormState,
    loaded: &Loaded,
    chosen: Option<SlotId>,
) -> Result<Response, Problem> {
    let (booking, slot) = (&loaded.booking, loaded.slot.clone());
    let paging = req.page_query()?.under(&slot.id);
    let filter = Filter {
        after: paging.after()?,
        of: Some((
            slot.provider_id.clone(),
            slot.price(),
            slot.credit_kind.clone(),
        )),
        except: Some(slot.id.clone()),
        has_seats: true,
        ..Filter::default()
    };
    let (rows, is_chosen) = (paging.rows(), chosen.is_some());
    let look = move |tx: &mut Tx<'_>, _: &Requester| {
        let mut filter = filter.clone();
        if let Some(id) = &chosen {
            let Some(slot) = browse::find_slot(tx, id)? else {
                return Ok(Vec::new());
            };
            filter.after = None;
            filter.from = Some(slot.starts_at);
            filter.until = Some(slot.starts_at + SignedDuration::from_millis(1));
        }
        let found = browse::list(tx, &filter, rows)?.into_iter();
        let meant = found.filter(|one| chosen.as_ref().is_none_or(|id| one.slot.id == *id));
        Ok::<_, Refusal>(meant.collect())
    };
    let found = req.read(look).await?;
    let found = paging.list(found, |one| (one.slot.starts_at, one.slot.id.clone()));
    let (text, zone) = (&req.text, words::zone(&req.site, Some(&req.who)));
    let length = |slot: &Slot| slot.ends_at.duration_since(slot.starts_at);
    let keeps_length = moved_time(loaded).keeps_length;
    let here = notice::page(booking);
    let now_at = req.site.clock.now();
    let is_late = cancel::is_late(booking, now_at);
    let share = loaded.order.as_ref().map(|_| booking.late_refund_bps);
    let rule = |deadline| notice::cancel_rule(text, &zone, deadline, now_at, share);
    let body = MovePage {
        text,
        form: req.form(&[], form_state),
        title: &booking.title,
        now: now(text, &zone, booking, &slot),
        calendar: is_chosen.then(|| format!("{here}/move")),
        next: found
            .next_cursor
            .map(|cursor| format!("{here}/move?cursor={cursor}")),
        here,
        money: loaded
            .paid(text)
            .map(|paid| text.with("booking-move-money", [("money", paid.into())])),
        closed: if is_late {
            let deadline = booking.cancel_deadline();
            let when = words::moment(text, &zone, deadline);
            let closed = text.with("booking-move-closed", [("when", when.into())]);
            format!("{closed} {}", rule(deadline))
        } else {
            String::new()
        },
        rows: found
            .items
            .into_iter()
            .filter(|_| !is_late)
            .filter(|one| !keeps_length || length(&one.slot) == length(&slot))
            .filter(|one| book::is_same_kind(&slot, &one.slot))
            .map(|one| {
                let place = one.slot.place_zone();
                let when = words::moment_at(text, &zone, place.as_ref(), one.slot.starts_at);
                let moved = Booking {
                    starts_at: one.slot.starts_at,
                    ..booking.clone()
                };
                TimeRow {
                    rule: rule(moved.cancel_deadline()),
                    slot: one.slot,
                    when,
                }
            })
            .collect(),
    };
    req.show(own::HERE, &text.say("booking-move"), body).await
}

/// `POST /me/bookings/{id}/move`.
pub(super) async fn reschedule(posted: FormPost) -> Result<Response, Problem> {
    let req = &posted.req;
    // The button's value consists of the slot's id and the slot's version on the page.
    let (slot, version) = posted.form.text("slot").split_once(' ').unwrap_or_default();
    let new = NewTime {
        slot_id: slot.parse().map_err(|_| Problem::not_found())?,
        slot_version: version.parse().ok(),
    };
    let chosen = new.slot_id.clone();
    let site = req.site.clone();
    let change = move |tx: &mut Tx<'_>, party: &PartyTo| {
        let moved = book::reschedule(tx, &site, party, &new)?;
        Ok::<_, Refusal>(format!("{}?done=moved", notice::page(&moved)))
    };
    let again = async move |req: &PageRequest, form_state: &FormState| {
        let loaded = own::load(req).await?;
        // What was chosen in a calendar is not among others.
        let chosen = loaded.slot.offer_id.as_ref().map(|_| chosen.clone());
        page(req, form_state, &loaded, chosen).await
    };
    posted.save(change, again).await
}
