//! The access token of the older booking site's front end, which supports neither cookies nor
//! refresh tokens. The token is valid for 12 hours, and only for this API. Its session is listed
//! among the account's sessions, and the token becomes invalid when the session ends.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;
use identity::session::access_token::{Audience, Given, Signer};
use identity::session::signed_in::{self, SignedIn};
use identity::session::{Begun, Stay};
use jiff::SignedDuration;
use platform::{StoreError, Tx};
use site::asking::{self, Found};
use web::{Problem, Site};

/// A token's session ends after 12 hours without use, which is also the lifetime of the token.
pub(super) const STAY: Stay = Stay::Visit;

const AUDIENCE: Audience = Audience {
    name: "/older-booking-site",
    lifetime: SignedDuration::from_hours(12),
};

/// Finds the caller by the token. Handlers treat the caller as a person with a session who has not
/// recently confirmed their identity.
pub(super) async fn find(State(site): State<Site>, mut request: Request, next: Next) -> Response {
    let found = asking::by_access_token(request.headers(), &site, AUDIENCE).await;
    let found = found.unwrap_or_else(|| Err(unauthenticated()));
    let found = found.map(SignedIn::into_session);
    request.extensions_mut().insert(Found(found));
    next.run(request).await
}

/// Returns the token of a session that has just begun.
pub(super) async fn token(site: &Site, begun: &Begun) -> Result<String, Problem> {
    let shown = begun.session.clone();
    let look = move |tx: &mut Tx<'_>| signed_in::by_session(tx, &shown);
    let visit = site.store.read::<_, StoreError, _>(look).await?;
    let who = visit.ok_or_else(unauthenticated)?.who;
    let session = who.session().ok_or_else(unauthenticated)?;
    let signer = Signer::of(site.keys.clone(), site.url().to_string(), AUDIENCE);
    let (given, now) = (Given::InSession, site.clock.now());
    let token = signer.sign(&who.account().id, session, given, now, &site.random);
    let token = token.ok_or_else(|| Problem::internal("an access token was not signed"))?;
    Ok(token.reveal().to_owned())
}

fn unauthenticated() -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "unauthenticated")
}
