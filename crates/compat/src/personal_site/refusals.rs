//! The addresses of the older personal site: what its clients expect of every refusal.
//!
//! It is always JSON, it repeats the sentence as `error`, and what is wrong with fields is 400.

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::middleware::map_response;
use axum::response::Response;

use crate::problem::{Carried, Problem};
use crate::serve::refusal;
use crate::state::Site;

/// These routes, with refusals as clients of the older personal site read them.
pub fn around(routes: Router<Site>) -> Router<Site> {
    routes
        .method_not_allowed_fallback(async || {
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed")
        })
        .layer(map_response(repeat))
}

async fn repeat(mut response: Response) -> Response {
    if let Some(problem) = refusal(&mut response) {
        let mut problem = Arc::unwrap_or_clone(problem);
        problem.repeats_detail = true;
        if problem.code == "validation_failed" {
            problem.status = StatusCode::BAD_REQUEST;
        }
        *response.status_mut() = problem.status;
        response.extensions_mut().insert(Carried(Arc::new(problem)));
    }
    response
}
