//! The JSON API for hosts. The list of routes shows the permission and the token scopes that each
//! handler requires. [`Call`](call::Call) checks both inside the transaction. All other rules are
//! in the functions that the handlers call.

mod bulk;
pub mod call;
mod campaigns;
pub(crate) mod change_response;
mod gifts;
mod guests;
mod invitations;
mod members;
mod notifications;
mod occasions;
mod own_domain;
mod pictures;
mod qr;
mod ready;
pub(crate) mod refusal;
mod reports;
mod retention;
mod sending;
pub(crate) mod stream;
mod uploads;
mod view;

use site::resource::api as resource;
use web::Site;
use web::described::Routes;

pub use stream::Pace;

use crate::announcement::Announcement;
use crate::cash_link::CashLink;
use crate::diet::DietaryOption;
use crate::event::PlannedEvent;
use crate::gift::Gift;
use crate::hosting::received_gifts::ReceivedGift;
use crate::hosting::reminders::ReminderRule;
use crate::occasion_page::OccasionPage;
use crate::question::Question;

pub(super) fn routes<R: Routes<Site>>() -> R {
    R::default()
        .merge(occasions::routes())
        .merge(resource::routes::<PlannedEvent, R>())
        .merge(resource::routes::<DietaryOption, R>())
        .merge(resource::routes::<Question, R>())
        .merge(resource::routes::<Announcement, R>())
        .merge(resource::routes::<OccasionPage, R>())
        .merge(invitations::routes())
        .merge(qr::routes())
        .merge(guests::routes())
        .merge(bulk::routes())
        .merge(campaigns::routes())
        .merge(sending::routes())
        .merge(resource::routes::<ReminderRule, R>())
        .merge(resource::routes::<Gift, R>())
        .merge(resource::routes::<CashLink, R>())
        .merge(resource::routes::<ReceivedGift, R>())
        .merge(gifts::routes())
        .merge(uploads::routes())
        .merge(pictures::routes())
        .merge(members::routes())
        .merge(notifications::routes())
        .merge(own_domain::routes())
        .merge(reports::routes())
        .merge(ready::routes())
        .merge(retention::routes())
        .merge(stream::routes())
}
