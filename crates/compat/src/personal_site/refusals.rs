//! What clients of the older personal site expect of every refusal: it is always JSON, it repeats
//! the sentence as `error`, and what is wrong with fields is 400.

use axum::Router;
use axum::http::StatusCode;
use axum::middleware::map_response;
use axum::response::Response;
use web::{Problem, Site};

/// These routes, with such refusals.
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
