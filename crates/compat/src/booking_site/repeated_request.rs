//! Requests that create something. The front end sends no idempotency key, so a key is derived from
//! the caller, the route, the body and the minute.

use axum::http::StatusCode;
use axum::response::Response;
use platform::Tx;
use platform::idempotency::Key;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use site::call::Call;
use site::proof::Proof;
use site::refusal::Refusal;
use web::Problem;

/// The length of the period in which equal requests count as one request, in seconds.
const WINDOW: i64 = 60;

/// Makes a change only once for equal requests in the same minute.
pub(super) async fn post<P, T, F>(
    call: &Call,
    route: &'static str,
    body: &[u8],
    status: StatusCode,
    change: F,
) -> Result<Response, Problem>
where
    P: Proof<Refusal = Refusal>,
    T: Serialize,
    F: Fn(&mut Tx<'_>, &P) -> Result<T, Refusal> + Send + 'static,
{
    let requester = call.requester.clone();
    let enter = move |tx: &mut Tx<'_>| P::enter_to_change(tx, &requester);
    let answer = call.once(key(call, route, body), status, enter, change);
    Ok(answer.await?)
}

pub(super) fn key(call: &Call, route: &'static str, body: &[u8]) -> Option<Key> {
    let window = call.site.clock.now().as_second().div_euclid(WINDOW);
    let digest = Sha256::digest(body);
    let start = digest.iter().take(16);
    let start = start.fold(0, |sum: u128, byte| sum << 8 | u128::from(*byte));
    let name = format!("{window}-{start:032x}");
    Key::new(&call.who.repeats_as(), route, &name, body)
}
