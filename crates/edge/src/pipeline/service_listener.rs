//! Serves requests at an address where all requests go to one service. The requests take fewer
//! steps than others, and reach the service unchanged.

use std::sync::Arc;

use http::{Request, StatusCode};
use tokio::time::Instant;

use crate::body::{Answer, Body};
use crate::client_info::ClientInfo;
use crate::context::Running;
use crate::listener::ListenAddress;
use crate::route::NormalPath;

use super::{RequestOutcome, answer_without_route, bare, target, unclear};
use crate::context::WorkerContext;

pub(super) async fn answer(
    here: &WorkerContext,
    running: &Running,
    front: &ListenAddress,
    info: &ClientInfo,
    request: &mut Request<Body>,
    began: Instant,
    outcome: &mut RequestOutcome,
) -> Answer {
    if let Some(answer) = answer_without_route(request) {
        return answer;
    }
    let uri = request.uri().clone();
    let path = match NormalPath::parse(uri.path()) {
        Ok(path) => path,
        Err(bad) => return unclear(bad, outcome),
    };
    // The configuration may have changed since the connection began.
    let Some(route) = running.plan.front(front) else {
        return bare(StatusCode::NOT_FOUND);
    };
    outcome.route = Some(Arc::clone(route));
    outcome.queue = Some(began.elapsed());
    target::ask(here, running, route, info, &path, request, outcome).await
}
