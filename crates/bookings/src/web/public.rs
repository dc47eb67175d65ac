//! The public view of the offered slots, and booking one of them.

use axum::extract::{FromRequestParts as _, Path, Request, State};
use axum::http::Uri;
use axum::response::Response;
use identity::account::{self, AccountId, AccountZone};
use identity::session::signed_in::Confirmed;
use platform::{StoreError, Tx};
use site::Context;
use site::page_parts::{Part, PublicPage, Tile};
use site::request::FormPost;
use site::without_sign_in::Entrance;
use web::form_state::{self, FormState};
use web::state::{Label, MenuItem};
use web::{Form, Problem, Site, Text, Wishes, ZoneWishes, zone};

use super::offers::{Provider, list_page};
use super::own;
use super::slot_page::{Shown, SlotReader, signed_out_page, slot_page};
use super::visitor::{self, Asker, Visitor};
use super::visitor_zone::VisitorZone;
use super::words;
use crate::book::{self, NewBooking};
use crate::booking;
use crate::browse::{self, Filter, computed_time};
use crate::slot::SlotId;
use crate::waiting::{self, NewWaiting};
use crate::{Refusal, feedback, settings};

pub(crate) fn offers(tx: &mut Tx<'_>) -> Result<Vec<MenuItem>, StoreError> {
    let item = MenuItem {
        href: "/book".to_owned(),
        label: Label::Message("booking-menu"),
    };
    let is_offered = settings::load(tx)?.browse_public && is_offered(tx)?;
    Ok(is_offered.then_some(item).into_iter().collect())
}

/// Whether there is a slot or an offer that members can book.
pub(crate) fn is_offered(tx: &mut Tx<'_>) -> Result<bool, StoreError> {
    Ok(browse::has_single_times(tx)? || computed_time::has_offers(tx)?)
}

pub(crate) fn pages(tx: &mut Tx<'_>) -> Result<Vec<PublicPage>, StoreError> {
    let all = offers(tx)?.into_iter().map(|item| PublicPage {
        path: item.href,
        changed_at: None,
    });
    Ok(all.collect())
}

/// Finds the next free slot, for the site's home page.
pub(crate) fn first_parts(
    tx: &mut Tx<'_>,
    site: &Site,
    text: &Text,
    who: Option<&AccountId>,
) -> Result<Vec<Part>, StoreError> {
    if who.is_none() && !settings::load(tx)?.browse_public {
        return Ok(Vec::new());
    }
    let filter = Filter {
        has_seats: true,
        ..Filter::default()
    };
    let next = browse::list(tx, &filter, 1)?.into_iter().next();
    let tile = next.map(|next| {
        let when = words::moment_at(
            text,
            &site.settings.time_zone,
            next.slot.place_zone().as_ref(),
            next.slot.starts_at,
        );
        Part::Tile(Tile {
            href: "/book".to_owned(),
            label: text.say("booking-title").into_owned(),
            note: text.with("booking-next", [("when", when.into())]),
        })
    });
    Ok(tile.into_iter().collect())
}

/// `GET /book/{which}`: a slot by its id, or a provider by their slug.
pub(super) async fn one(
    State(accounts): State<Context>,
    Path(which): Path<String>,
    wishes: Wishes,
    zones: ZoneWishes,
    uri: Uri,
    Visitor(viewer): Visitor,
    request: Request,
) -> Result<Response, Problem> {
    let site = &accounts.site;
    let text = site.speak_public(&wishes);
    let zone = VisitorZone::find(site, viewer.who.as_ref(), &zones).await?;
    if let Ok(id) = which.parse::<SlotId>() {
        // After signing in, people return with their choice in the query.
        let query = Form::parse(uri.query().unwrap_or_default().as_bytes())?;
        let form_state = FormState::of(query);
        let Some(who) = &viewer.who else {
            let (mut parts, _) = request.into_parts();
            let entrance = Entrance::from_request_parts(&mut parts, &accounts).await?;
            let shown = Shown {
                form_state: &form_state,
                zone: &zone,
            };
            return signed_out_page(&accounts, entrance, &id, shown, "").await;
        };
        let reader = SlotReader::Member(who, &viewer.csrf);
        let shown = Shown {
            form_state: &form_state,
            zone: &zone,
        };
        return slot_page(site, &text, reader, &id, shown).await;
    }
    let (asked, is_signed_in) = (which.clone(), viewer.who.is_some());
    let look = move |tx: &mut Tx<'_>| -> Result<_, Refusal> {
        visitor::check(&settings::load(tx)?, is_signed_in)?;
        let Some((id, name, bio)) = browse::provider(tx, &asked)? else {
            return Ok(None);
        };
        Ok(Some((name, bio, feedback::rating(tx, &id)?)))
    };
    let found = site.store.read(look).await?;
    let (name, bio, rating) = found.ok_or_else(Problem::not_found)?;
    let rating = rating.map(|(tenths, count)| {
        let values = [
            ("whole", (tenths / 10).into()),
            ("tenth", (tenths % 10).into()),
            ("count", count.into()),
        ];
        text.with("feedback-mean", values)
    });
    let provider = Provider {
        address: which,
        name,
        bio,
        rating: rating.unwrap_or_default(),
    };
    let asker = Asker {
        uri: &uri,
        account: viewer.who.as_ref().map(|who| &who.account().id),
        zone: &zone,
    };
    list_page(site, &text, asker, provider).await
}

/// `POST /book/{which}`.
pub(super) async fn book(posted: FormPost) -> Result<Response, Problem> {
    let req = &posted.req;
    let id: SlotId = req.id("which")?;
    let new = NewBooking::read(id.clone(), &posted.form);
    let site = req.site.clone();
    let taken_over = zone::find(posted.form.text("use_zone"));
    let change = move |tx: &mut Tx<'_>, member: &Confirmed| -> Result<String, Refusal> {
        let id = &member.who().account().id;
        if let Some(device) = &taken_over
            && account::has_zone_of_site(tx, id)?
        {
            account::set_zone(tx, id, &AccountZone::guess(&site, Some(device)))?;
        }
        let booked = book::book(tx, &site, member, &new)?;
        Ok(match booked.order {
            Some(order) if booked.booking.state == booking::State::PendingPayment => {
                format!("/pay/{}", order.id)
            }
            _ => format!("{}?done=booked", crate::notice::page(&booked.booking)),
        })
    };
    form_state::answer(posted.once(change).await, async |problem| {
        refused(&posted, &id, problem).await
    })
    .await
}

/// `POST /book/{which}/waiting`.
pub(super) async fn wait(posted: FormPost) -> Result<Response, Problem> {
    let id: SlotId = posted.req.id("which")?;
    let new = NewWaiting {
        seats: form_state::number(&posted.form, "waiting_seats"),
        note: String::new(),
        books_at_once: posted.form.is_ticked("books_at_once"),
    };
    let wanted = id.clone();
    let change = move |tx: &mut Tx<'_>, member: &Confirmed| {
        waiting::join(tx, member, &wanted, &new)?;
        Ok::<_, Refusal>(format!("{}?done=waiting", own::HERE))
    };
    form_state::answer(posted.once(change).await, async |mut problem| {
        for error in &mut problem.errors {
            if error.pointer == "/seats" {
                "/waiting_seats".clone_into(&mut error.pointer);
            }
        }
        refused(&posted, &id, problem).await
    })
    .await
}

/// Shows the page of a slot again after a form on it was refused.
pub(super) async fn refused(
    posted: &FormPost,
    id: &SlotId,
    problem: Problem,
) -> Result<Response, Problem> {
    if problem.code == "email_unverified" {
        return Err(problem);
    }
    let req = &posted.req;
    let form_state = FormState::refused(posted.form.clone(), &problem, &req.text);
    let reader = SlotReader::Member(&req.who, &req.csrf);
    let account = words::zone(&req.site, Some(&req.who));
    let mut zone = VisitorZone::of_form(posted.form.text(zone::PARAMETER), account);
    zone.offered = zone::find(posted.form.text("zone_offered"));
    let shown = Shown {
        form_state: &form_state,
        zone: &zone,
    };
    slot_page(&req.site, &req.text, reader, id, shown).await
}
