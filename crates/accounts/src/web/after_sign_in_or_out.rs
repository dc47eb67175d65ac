//! The response after a sign-in, and the function that ends a session.

use axum::http::HeaderMap;
use axum::http::header::SET_COOKIE;
use axum::response::Response;
use platform::audit::RequestFacts;
use platform::{Secret, StoreError, Tx};

use identity::session::{self, Begun};
use identity::sign_in::Welcome;
use site::call::see_other;
use site::frame::HOME;
use site::{Context, cookies};

/// The page to which a sign-in redirects, unless the person requested another page.
pub(super) use site::frame::START;

/// The response after a successful sign-in.
pub(super) fn lead(accounts: &Context, welcome: &Welcome) -> Response {
    match welcome {
        Welcome::Arrived(arrived) => begun_at(accounts, &arrived.begun, target(&arrived.to)),
        Welcome::SecondStep(token) => to_second_step(accounts, token),
        Welcome::Leaving(token) => see_other(&format!("/restore/{}", token.reveal())),
    }
}

fn to_second_step(accounts: &Context, token: &Secret) -> Response {
    let mut response = see_other("/login/mfa");
    let cookie = cookies::set_second_step(accounts.site.url(), token);
    response.headers_mut().append(SET_COOKIE, cookie);
    response
}

/// A redirect to `path`, with the cookies of a new session.
pub(super) fn begun_at(accounts: &Context, begun: &Begun, path: &str) -> Response {
    let mut response = see_other(path);
    cookies::set_begun(response.headers_mut(), accounts.site.url(), begun);
    response
}

pub async fn end_session(
    accounts: &Context,
    headers: &HeaderMap,
    request: RequestFacts,
) -> Result<(), StoreError> {
    let Some(secret) = cookies::session(headers, accounts.site.url()) else {
        return Ok(());
    };
    let change = move |tx: &mut Tx<'_>| session::sign_out(tx, &secret, &request);
    accounts.site.store.write(change).await
}

/// The maximum length of a path to which a sign-in redirects, in bytes.
const LONGEST: usize = 2_000;

/// The path to which a sign-in redirects. This is the requested path, or [`START`] if the requested
/// path is empty, `/me` or too long, or `/` if it is not on this site.
pub(super) fn target(asked: &str) -> &str {
    let mut letters = asked.chars();
    match (letters.next(), letters.next()) {
        (None, _) => START,
        // Links to sign in lead there.
        _ if asked == HOME || asked.len() > LONGEST => START,
        (Some('/'), Some('/' | '\\')) => "/",
        (Some('/'), _) if !asked.chars().any(char::is_control) => asked,
        _ => "/",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_stays_on_the_site() {
        for (asked, path) in [
            ("", START),
            (HOME, START),
            ("/me?done=confirmed", "/me?done=confirmed"),
            ("/", "/"),
            (
                "/admin/o/aisyah-daniel?page=2#x",
                "/admin/o/aisyah-daniel?page=2#x",
            ),
            ("//evil.example", "/"),
            ("/\\evil.example", "/"),
            ("https://evil.example", "/"),
            ("javascript:alert(1)", "/"),
            ("/a\r\nSet-Cookie: x=1", "/"),
            ("/\t/evil.example", "/"),
            ("admin", "/"),
        ] {
            assert_eq!(target(asked), path, "{asked}");
        }
    }
}
