//! The routes and pages of bookings.

mod admin;
mod answers;
pub mod api;
mod booking_rows;
mod brief;
mod calendar_purpose;
mod call;
mod choice_lists;
mod choices;
mod claims;
mod credit_kinds;
mod credits;
mod exports;
mod feed;
mod feedback;
mod findings;
mod frame;
mod gateway_hook;
mod hours;
mod hours_of_times;
mod ics;
pub(crate) mod menu;
mod money;
mod moving;
mod newcomer;
mod offer_questions;
mod offered_times;
mod offers;
mod outcome;
mod own;
pub(crate) mod own_card;
mod own_offers;
mod party;
mod party_card;
mod pay;
mod payouts;
mod plans;
mod profile;
mod provider_context;
pub(crate) mod public;
mod receipt;
mod refunds;
mod requests;
mod reviews;
mod rooms;
mod rules;
mod session_calendar;
mod session_list;
mod sessions;
mod side;
mod slot_page;
mod slots;
mod visitor;
mod visitor_zone;
mod waiting;
mod week_in_words;
mod words;
mod zone_page;

pub use reviews::download as download_review;

use axum::middleware::from_fn;
use axum::{Extension, Router};
use site::Callers::{Anybody, People};
use site::resource::pages::{PageResource as _, pages as of_resource};
use site::{Callers, Context};
use web::{Pages, Site};

use crate::catalogue::CatalogueEntry;
use crate::choice_list::{Level, SessionType};
use crate::credit_kind::CreditKind;
use crate::feedback_criterion::Criterion;
use crate::offer::Offer;
use crate::offer_question::OfferQuestion;
use crate::plan::Plan;
use crate::room::Room;
use crate::schedule::Schedule;
use crate::schedule::exception::ScheduleException;

use visitor::BrowseLimit;

pub(crate) fn routes(accounts: &Context) -> Router<Site> {
    let slots = slot_pages().into_router().with_state(accounts.clone());
    api::routes::<Router<_>>()
        .merge(pages().into_router())
        .merge(slots)
        .layer((
            from_fn(visitor::remember),
            Extension(BrowseLimit::of(&accounts.site.limits)),
        ))
}

fn slot_pages() -> Pages<Context, Callers> {
    Pages::default()
        .get_shared("/book/{which}", Anybody, public::one)
        .post("/book/{which}", People, public::book)
        .post("/book/{which}/newcomer", Anybody, newcomer::hold)
        .post("/book/{which}/sign-in", Anybody, newcomer::sign_in)
        .post("/book/{which}/waiting-newcomer", Anybody, newcomer::wait)
        .get("/book/wait/{token}", Anybody, newcomer::ask_to_wait)
        .post("/book/wait/{token}", Anybody, newcomer::confirm_waiting)
        .get("/book/confirm/{token}", Anybody, newcomer::ask)
        .post("/book/confirm/{token}", Anybody, newcomer::confirm)
}

fn pages() -> Pages<Site, Callers> {
    Pages::default()
        .get_shared("/book", Anybody, offers::list)
        .get_shared("/book/plans", Anybody, plans::offered)
        .get_shared("/book/zone", Anybody, zone_page::choose)
        .get_shared("/book/s/{slug}", Anybody, session_list::one)
        .post("/book/plans/{id}", People, plans::buy)
        .post("/book/{which}/waiting", People, public::wait)
        .post("/me/waiting/{id}/leave", People, waiting::stop)
        .get("/me/credits", People, plans::own)
        .get("/me/orders", People, plans::own_orders)
        .get("/me/orders/{id}/receipt", People, receipt::show)
        .nest(Plan::PAGES, of_resource::<Plan, _>())
        .nest(CreditKind::PAGES, of_resource::<CreditKind, _>())
        .nest(Criterion::PAGES, of_resource::<Criterion, _>())
        .nest(Room::PAGES, of_resource::<Room, _>())
        .get("/me/hours/of-times", People, hours_of_times::show)
        .post("/me/hours/of-times", People, hours_of_times::make)
        .nest(Schedule::PAGES, of_resource::<Schedule, _>())
        .nest(
            ScheduleException::PAGES,
            of_resource::<ScheduleException, _>(),
        )
        .nest(Offer::PAGES, of_resource::<Offer, _>())
        .get("/me/offers/{id}/dates/new", People, slots::added_date::new)
        .post(
            "/me/offers/{id}/dates/new",
            People,
            slots::added_date::create,
        )
        .nest(OfferQuestion::PAGES, of_resource::<OfferQuestion, _>())
        .nest(SessionType::PAGES, of_resource::<SessionType, _>())
        .nest(Level::PAGES, of_resource::<Level, _>())
        .nest(CatalogueEntry::PAGES, of_resource::<CatalogueEntry, _>())
        .get("/pay/{order}", People, pay::show)
        .post("/pay/{order}/checkout", People, pay::checkout)
        .post("/pay/{order}/check", People, pay::check)
        .post("/pay/{order}/refund", People, pay::ask_for_refund)
        .get("/pay/{order}/return", Anybody, pay::come_back)
        .post("/pay/{order}/return", Anybody, pay::be_posted_back)
        .post("/hooks/pay/{gateway}", Anybody, gateway_hook::take)
        .get("/pay/test/{order}", People, pay::test_gateway)
        .post("/pay/test/{order}", People, pay::press)
        .get("/me/bookings", People, own::list)
        .get("/me/bookings/calendar", People, feed::show)
        .post("/me/bookings/calendar", People, feed::change)
        .get("/cal/{token}", Anybody, feed::calendar)
        .get("/me/bookings/{id}", People, own::show)
        .get("/me/bookings/{id}/calendar.ics", People, own::calendar)
        .get("/me/bookings/{id}/call", People, call::open)
        .post("/me/bookings/{id}/cancel", People, own::cancel)
        .post("/me/bookings/{id}/names", People, party::name)
        .post("/me/bookings/{id}/seats", People, party::cancel)
        .post("/me/bookings/{id}/seats/add", People, party::add)
        .post("/me/bookings/{id}/seats/outcome", People, party::mark)
        .get("/me/bookings/{id}/move", People, moving::times)
        .post("/me/bookings/{id}/move", People, moving::reschedule)
        .post("/me/bookings/{id}/outcome", People, outcome::mark)
        .post("/me/bookings/{id}/link", People, own::replace_link)
        .post("/me/bookings/{id}/room", People, own::release_room)
        .post(
            "/me/bookings/{id}/claim/{step}",
            People,
            outcome::settle_claim,
        )
        .get("/admin/sessions/claims", People, claims::list)
        .get("/me/bookings/{id}/feedback", People, feedback::form)
        .post("/me/bookings/{id}/feedback", People, feedback::save)
        .get("/me/requests", People, requests::own)
        .get("/me/requests/new", People, requests::new)
        .post("/me/requests/new", People, requests::create)
        .post("/me/requests/{id}/{step}", People, requests::decide)
        .get("/me/slots/requests", People, requests::asked)
        .get("/admin/sessions/requests", People, requests::all)
        .get("/me/slots", People, slots::week::show)
        .post("/me/slots/bulk", People, slots::week::change)
        .get("/me/slots/new", People, slots::form::new)
        .post("/me/slots/new", People, slots::form::create)
        .get("/me/slots/series", People, slots::series::new_series)
        .post("/me/slots/series", People, slots::series::create_series)
        .get("/me/slots/profile", People, profile::show)
        .post("/me/slots/profile", People, profile::change)
        .post("/me/slots/profile/calendar", People, profile::set_calendar)
        .get("/me/slots/bookings", People, slots::bookings::show)
        .get("/me/slots/payouts", People, payouts::own)
        .post("/me/slots/payouts", People, payouts::set_reference)
        .get("/me/slots/{id}", People, slots::one::show)
        .get("/me/slots/{id}/edit", People, slots::form::edit)
        .post("/me/slots/{id}/edit", People, slots::form::change)
        .post(
            "/me/slots/{id}/visibility",
            People,
            slots::one::set_visibility,
        )
        .post("/me/slots/{id}/delete", People, slots::one::remove)
        .post("/me/slots/{id}/cancel", People, slots::one::cancel_class)
        .get("/me/slots/{id}/people.csv", People, slots::people::file)
        .post("/me/slots/{id}/outcome", People, slots::one::mark)
        .post("/me/slots/{id}/message", People, slots::one::write)
        .get("/admin/sessions", People, sessions::list)
        .get("/admin/sessions/figures", People, sessions::figures)
        .get("/admin/sessions/settings", People, rules::show)
        .get(
            "/admin/sessions/settings/{group}",
            People,
            rules::show_group,
        )
        .post("/admin/sessions/settings/{group}", People, rules::save)
        .get("/me/reviews", People, reviews::own)
        .get("/me/reviews/new", People, reviews::new)
        .post("/me/reviews/new", People, reviews::create)
        .get("/me/reviews/{id}", People, reviews::show)
        .get("/me/reviews/{id}/file", People, reviews::file)
        .get("/me/reviews/{id}/reference", People, reviews::reference)
        .post("/me/reviews/{id}/complete", People, reviews::complete)
        .post("/me/reviews/{id}/{step}", People, reviews::decide)
        .get("/me/slots/reviews", People, reviews::asked)
        .get("/admin/sessions/reviews", People, reviews::all)
        .post("/admin/sessions/preset", People, rules::apply_preset)
        .get("/admin/money", People, money::show)
        .get("/admin/orders", People, admin::orders)
        .get("/admin/orders/exports", People, exports::list)
        .get("/admin/orders/exports/{file}", People, exports::file)
        .get("/admin/refunds", People, refunds::list)
        .post("/admin/refunds/requests/{id}", People, refunds::decide)
        .get("/admin/refunds/{payment}", People, refunds::new)
        .post("/admin/refunds/{payment}", People, refunds::ask)
        .get("/admin/orders/reconcile", People, findings::list)
        .post(
            "/admin/orders/reconcile/{id}/apply",
            People,
            findings::apply,
        )
        .get("/admin/orders/credits/{account}", People, credits::show)
        .post("/admin/orders/credits/{account}", People, credits::adjust)
        .get("/admin/payouts", People, payouts::all)
        .post("/admin/payouts/approve", People, payouts::approve)
        .get("/admin/payouts/items/{id}", People, payouts::item)
        .post(
            "/admin/payouts/items/{id}/{step}",
            People,
            payouts::item_step,
        )
        .post("/admin/payouts/batches", People, payouts::create_batch)
        .get("/admin/payouts/batches/{id}", People, payouts::batch)
        .get(
            "/admin/payouts/batches/{id}/lines.csv",
            People,
            payouts::file,
        )
        .post(
            "/admin/payouts/batches/{id}/{step}",
            People,
            payouts::batch_step,
        )
        .get("/admin/payouts/providers", People, payouts::providers)
        .get("/admin/payouts/providers/{id}", People, payouts::rate)
        .post(
            "/admin/payouts/providers/{id}",
            People,
            payouts::change_rate,
        )
}
