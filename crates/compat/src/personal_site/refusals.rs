//! Converts refusals to the format that the older personal site's front end expects. They are
//! always JSON, contain the error message a second time as `error`, and have the status 400 for
//! invalid fields.

use axum::Router;
use axum::http::StatusCode;
use axum::middleware::map_response;
use axum::response::Response;
use web::{Problem, Site};

/// Converts the refusals of these routes to the older personal site's format.
pub(super) fn around(routes: Router<Site>) -> Router<Site> {
    routes
        .method_not_allowed_fallback(async || {
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed")
        })
        .layer(map_response(reshape))
}

async fn reshape(response: Response) -> Response {
    web::change_refusal(response, |problem| {
        problem.detail_alias = Some("error");
        if problem.code == "validation_failed" {
            problem.status = StatusCode::BAD_REQUEST;
        }
    })
}
