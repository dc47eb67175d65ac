//! The form that adds a date to a class.

use axum::response::Response;
use platform::Tx;
use site::request::{FormPost, PageRequest};
use site::resource::pages::PageResource as _;
use web::form_state::{FormState, Group};
use web::{Problem, dates};

use super::form::{FormPage, when};
use super::week_of;
use crate::class_dates::{self, NewClassDate};
use crate::offer::{Offer, OfferId};
use crate::provider::Provider;
use crate::schedule::{self, zone_of};
use crate::web::frame::BookingPage as _;
use crate::{Refusal, offer};

/// `GET /me/offers/{id}/dates/new`.
pub(in crate::web) async fn new(req: PageRequest) -> Result<Response, Problem> {
    page(&req, &FormState::default()).await
}

async fn page(req: &PageRequest, form_state: &FormState) -> Result<Response, Problem> {
    let id: OfferId = req.id("id")?;
    let look = move |tx: &mut Tx<'_>, provider: &Provider| {
        let own = &provider.profile.id;
        let mut offers = offer::of_provider(tx, own)?.into_iter();
        let found = offers.find(|offer| offer.id == id && offer.is_class());
        let found = found.ok_or(Refusal::NotFound)?;
        let mut hours = schedule::of_provider(tx, own)?.into_iter();
        let hours = hours.find(|hours| hours.id.as_str() == found.schedule_id);
        let zone = hours.map_or_else(|| provider.zone(), |hours| zone_of(&hours.time_zone));
        Ok::<_, Refusal>((found, zone))
    };
    let (offer, zone) = req.read(look).await?;
    let text = &req.text;
    let title = text.with("class-date-title", [("title", offer.title.as_str().into())]);
    let (back, here) = (
        Offer::PAGES,
        format!("{}/{}/dates/new", Offer::PAGES, offer.id),
    );
    let zone = dates::zone_name(&zone, req.site.clock.now());
    let body = FormPage {
        hint: text.with("class-date-hint", [("zone", zone.into())]),
        action: &here,
        back,
        back_label: "offer-title",
        groups: vec![Group {
            legend: text.say("slot-group-when").into_owned(),
            fields: when(text, form_state),
        }],
        button: "class-date-add",
        ..FormPage::of(req, &title, form_state)
    };
    req.show(back, &title, body).await
}

/// `POST /me/offers/{id}/dates/new`.
pub(in crate::web) async fn create(posted: FormPost) -> Result<Response, Problem> {
    let id: OfferId = posted.req.id("id")?;
    let new = NewClassDate {
        date: posted.form.text("date").to_owned(),
        time: posted.form.text("time").to_owned(),
    };
    let change = move |tx: &mut Tx<'_>, provider: &Provider| {
        let slot = class_dates::add(tx, provider, &id, &new)?;
        Ok::<_, Refusal>(week_of(&slot, "added"))
    };
    posted.save(change, page).await
}
