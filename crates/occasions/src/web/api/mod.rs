//! The JSON interface of occasions, under `/api/v1`.

pub(crate) mod guest;
pub(crate) mod host;
mod state;

pub use host::Pace;
use utoipa_axum::router::OpenApiRouter;
use web::Site;

/// All addresses of the JSON interface.
pub fn routes() -> OpenApiRouter<Site> {
    guest::routes().merge(host::routes())
}
