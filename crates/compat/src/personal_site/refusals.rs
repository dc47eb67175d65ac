//! The refusals that clients of the older personal site expect: always JSON, with the sentence
//! repeated as `error`, and status 400 for invalid fields.

use axum::Router;
use axum::http::StatusCode;
use axum::middleware::map_response;
use axum::response::Response;
use web::{Problem, Site};

/// Wraps routes so that their refusals have this format.
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
