//! The JSON API for occasions, under `/api/v1`.

pub(crate) mod guest;
mod guest_gifts;
mod guest_uploads;
pub mod host;
mod state;

pub use guest::problem;
pub use host::Pace;
use web::Site;
use web::described::{Description, Routes};

pub fn routes<R: Routes<Site>>() -> R {
    of_guests::<R>().merge(of_hosts())
}

pub(crate) fn of_hosts<R: Routes<Site>>() -> R {
    host::routes()
}

pub(crate) fn of_guests<R: Routes<Site>>() -> R {
    guest::routes::<R>()
        .merge(guest_gifts::routes())
        .merge(guest_uploads::routes())
}

pub(crate) fn describe() -> utoipa::openapi::OpenApi {
    routes::<Description<Site>>().into_openapi()
}
