//! What happens to a request at an address that is for one service: less than
//! elsewhere. It is led there as it is.

use std::sync::Arc;

use http::{Request, StatusCode};
use tokio::time::Instant;

use crate::body::{Answer, Body};
use crate::edge::Running;
use crate::facts::Facts;
use crate::listen::ListenAddress;
use crate::route::NormalPath;

use super::{Course, Here, bare, of_the_door, target, unclear};

/// What the service says.
pub(super) async fn answered(
    here: &Here,
    running: &Running,
    front: &ListenAddress,
    facts: &Facts,
    request: &mut Request<Body>,
    began: Instant,
    course: &mut Course,
) -> Answer {
    if let Some(answer) = of_the_door(request) {
        return answer;
    }
    let uri = request.uri().clone();
    let path = match NormalPath::parse(uri.path()) {
        Ok(path) => path,
        Err(bad) => return unclear(bad, course),
    };
    // The plan may have changed since the connection was taken.
    let Some(route) = running.plan.front(front) else {
        return bare(StatusCode::NOT_FOUND);
    };
    course.route = Some(Arc::clone(route));
    course.queue = Some(began.elapsed());
    target::reach(here, running, route, facts, &path, request, course).await
}
