//! Serves requests at an address where all requests go to one service. The requests take fewer
//! steps than others, and reach the service unchanged.

use std::sync::Arc;

use http::StatusCode;
use http::uri::PathAndQuery;
use tokio::time::Instant;

use crate::body::Answer;
use crate::listener::ListenAddress;
use crate::route::NormalPath;

use super::{Exchange, answer_without_route, bare, target, unclear};

pub(super) async fn answer(
    exchange: &mut Exchange<'_>,
    front: &ListenAddress,
    began: Instant,
) -> Answer {
    if let Some(answer) = answer_without_route(exchange.request) {
        return answer;
    }
    let asked = exchange.request.uri().path_and_query().cloned();
    let path = match NormalPath::parse(asked.as_ref().map_or("", PathAndQuery::path)) {
        Ok(path) => path,
        Err(bad) => return unclear(bad, exchange.outcome),
    };
    // The configuration may have changed since the connection began.
    let Some(route) = exchange.running.plan.front(front) else {
        return bare(StatusCode::NOT_FOUND);
    };
    exchange.outcome.route = Some(Arc::clone(route));
    exchange.outcome.queue = Some(began.elapsed());
    target::ask(exchange, route, &path).await
}
