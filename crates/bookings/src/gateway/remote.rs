//! Code that the gateways with an HTTP API share. It checks their settings and sends requests to
//! them.

use axum::http::Method;
use platform::Secret;
use platform::key;
use platform::outbound::{CallBody, JsonCall, Reach};
use platform::secret;
use platform::text_cleaning::hexadecimal;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::time::Duration;
use web::Site;
use web::setting::{Flaw, Line, SecretLine, SettingValues};

use super::GatewayError;

const TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Deserialize)]
struct ErrorBody {
    error: RemoteError,
}

#[derive(Deserialize)]
struct RemoteError {
    #[serde(alias = "message")]
    description: String,
}

pub(super) fn flaw(key: &'static str, what: &str, mend: &'static str) -> Flaw {
    let what = format!("{key}: {what}");
    Flaw { key, what, mend }
}

/// Returns the errors in the settings of a gateway, which are its two secrets and its URL.
pub(super) fn flaws(
    values: &SettingValues,
    url: Line,
    secrets: [(SecretLine, &'static str); 2],
) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    for (secret, mend) in secrets {
        if lines(values, secret).next().is_none() {
            flaws.push(flaw(secret.key, "it is missing", mend));
        }
    }
    let text = url.of(values);
    if text.ends_with('/') || !platform::outbound::is_permitted(text, reach(values, url)) {
        flaws.push(flaw(
            url.key,
            "no call can be made there",
            "write https:// and a host without a path; http:// is for this machine only",
        ));
    }
    flaws
}

fn reach(values: &SettingValues, url: Line) -> Reach {
    match url.of(values) {
        text if text == url.built_in => Reach::Public,
        // The operator has configured another URL, which may be in a private network.
        _ => Reach::Private,
    }
}

/// The lines of a secret that are not empty.
pub(super) fn lines(values: &SettingValues, secret: SecretLine) -> impl Iterator<Item = &str> {
    let text = secret.of(values).map(Secret::reveal);
    let lines = text.unwrap_or_default().lines().map(str::trim);
    lines.filter(|line| !line.is_empty())
}

/// The HMAC-SHA-256 of `parts`, in hexadecimal digits.
pub(super) fn sign(secret: &str, parts: &[&[u8]]) -> String {
    hexadecimal(&key::hmac(secret.as_bytes(), parts))
}

/// Whether one of the signatures in `given` is valid, that is, [`sign`] returns it for one of the
/// secrets.
pub(super) fn is_signed<'a, 's>(
    mut secrets: impl Iterator<Item = &'s str>,
    parts: &[&[u8]],
    given: &(impl Iterator<Item = &'a str> + Clone),
) -> bool {
    secrets.any(|secret| {
        let mac = sign(secret, parts);
        let mut given = given.clone();
        given.any(|one| secret::same(mac.as_bytes(), one.as_bytes()))
    })
}

/// Calls a gateway, and parses its response.
pub(super) async fn send<T: DeserializeOwned>(
    site: &Site,
    url: Line,
    method: Method,
    path: &str,
    body: CallBody<'_>,
    headers: &[(&'static str, String)],
) -> Result<T, GatewayError> {
    let values = &site.declared.settings;
    let call = JsonCall {
        method,
        url: &format!("{}/v1/{path}", url.of(values)),
        reach: reach(values, url),
        headers,
        body,
        within: TIMEOUT,
    };
    let answer = site.outbound.call_json(call).await?;
    if !answer.status.is_success() {
        let body = answer.json::<ErrorBody>();
        return Err(GatewayError::Refused {
            status: answer.status.as_u16(),
            description: body.map(|body| body.error.description).unwrap_or_default(),
        });
    }
    let read = answer.json();
    read.map_err(|error| GatewayError::Unclear(error.to_string()))
}

/// Checks that a gateway's id can safely be part of a path.
pub(super) fn plain(id: &str) -> Result<&str, GatewayError> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if !id.is_empty() && id.bytes().all(is_plain) {
        Ok(id)
    } else {
        Err(GatewayError::Unclear(format!("{id:?} is no id")))
    }
}
