//! Serves the static assets. Each asset's name contains the hash of its content, so that browsers
//! may cache the asset forever.

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::embedded::{ASSETS, Asset};
pub use crate::embedded::{asset, find, weight};
use crate::look::Accent;
use crate::problem::Problem;
use crate::theme_accent;

pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/assets/{*path}", get(serve))
}

async fn serve(Path(path): Path<String>, headers: HeaderMap) -> Result<Response, Problem> {
    let style = Accent::find_style(&path).or_else(|| theme_accent::find_style(&path));
    if let Some(style) = style {
        let headers = [
            (CONTENT_TYPE, "text/css; charset=utf-8"),
            (CACHE_CONTROL, "public, max-age=31536000, immutable"),
        ];
        return Ok((headers, style).into_response());
    }
    let asset = ASSETS
        .iter()
        .find(|asset| asset.path.strip_prefix("/assets/") == Some(&*path))
        .ok_or_else(Problem::not_found)?;
    Ok(answer(
        asset,
        &headers,
        "public, max-age=31536000, immutable",
    ))
}

/// Serves an asset under a path without the hash of its content. Browsers must therefore revalidate
/// the response every time.
pub fn serve_by_name(name: &str, headers: &HeaderMap) -> Result<Response, Problem> {
    let place = ASSETS.binary_search_by(|asset| asset.name.cmp(name));
    let asset = place.map_err(|_| Problem::not_found())?;
    Ok(answer(&ASSETS[asset], headers, "public, no-cache"))
}

fn answer(asset: &Asset, headers: &HeaderMap, keep: &'static str) -> Response {
    let packed = asset.gzip.filter(|_| takes_gzip(headers));
    let tag = etag(asset, packed.is_some());
    let mut response = if is_known(headers, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Body::from(packed.unwrap_or(asset.plain)).into_response()
    };
    let answer = response.headers_mut();
    answer.insert(CONTENT_TYPE, HeaderValue::from_static(asset.kind));
    answer.insert(CACHE_CONTROL, HeaderValue::from_static(keep));
    if let Ok(tag) = HeaderValue::try_from(tag) {
        answer.insert(ETAG, tag);
    }
    if asset.gzip.is_some() {
        answer.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    }
    if packed.is_some() {
        answer.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

/// The hash of the asset's content, with the suffix `-gzip` if the response is compressed.
fn etag(asset: &Asset, packed: bool) -> String {
    let hash = asset.path.rsplit('.').nth(1).unwrap_or_default();
    let form = if packed { "-gzip" } else { "" };
    format!("\"{hash}{form}\"")
}

fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let given = headers
        .get(IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok());
    given.is_some_and(|given| {
        given
            .split(',')
            .map(|known| known.trim().trim_start_matches("W/"))
            .any(|known| known == tag || known == "*")
    })
}

fn takes_gzip(headers: &HeaderMap) -> bool {
    headers
        .get_all(ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|coding| {
            let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
            let refused = weight
                .trim()
                .strip_prefix("q=")
                .and_then(|q| q.trim().parse::<f32>().ok())
                .is_some_and(|q| q <= 0.0);
            matches!(name.trim(), "gzip" | "x-gzip" | "*") && !refused
        })
}

#[cfg(test)]
mod tests {
    use axum::http::Request;
    use tower::ServiceExt;

    use super::*;

    async fn fetch(path: &str, headers: &[(&'static str, &str)]) -> Response {
        let mut request = Request::builder().uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::empty()).unwrap();
        routes::<()>().oneshot(request).await.unwrap()
    }

    #[tokio::test]
    async fn every_asset_is_served_for_ever_and_only_under_its_hash() {
        for asset in ASSETS {
            let answer = fetch(asset.path, &[]).await;
            assert_eq!(answer.status(), StatusCode::OK, "{}", asset.name);
            assert!(!answer.headers().contains_key(CONTENT_ENCODING));
            let cache = &answer.headers()[CACHE_CONTROL];
            assert!(cache.to_str().unwrap().contains("immutable"));
            let plain = fetch(&format!("/assets/{}", asset.name), &[]).await;
            assert_eq!(plain.status(), StatusCode::NOT_FOUND);
            assert_eq!(super::asset(asset.name), asset.path);
        }
        assert_eq!(fetch("/assets/../Cargo.toml", &[]).await.status(), 404);
    }

    #[tokio::test]
    async fn text_is_packed_for_those_who_take_it() {
        let Some(asset) = ASSETS.iter().find(|asset| asset.gzip.is_some()) else {
            return;
        };
        for (accepted, packed) in [
            ("gzip, br", true),
            ("br;q=1.0, gzip;q=0.8", true),
            ("*", true),
            ("gzip;q=0", false),
            ("gzip;q=0.0", false),
            ("identity", false),
        ] {
            let answer = fetch(asset.path, &[("accept-encoding", accepted)]).await;
            assert_eq!(
                answer.headers().contains_key(CONTENT_ENCODING),
                packed,
                "{accepted}"
            );
            let tag = answer.headers()[ETAG].to_str().unwrap().to_owned();
            let headers = [("accept-encoding", accepted), ("if-none-match", &tag)];
            assert_eq!(fetch(asset.path, &headers).await.status(), 304);
        }
    }

    #[test]
    fn styles_name_only_what_is_there() {
        for asset in ASSETS
            .iter()
            .filter(|asset| asset.kind.starts_with("text/css"))
        {
            let style = std::str::from_utf8(asset.plain).unwrap();
            for named in style.split("url(").skip(1) {
                let named = named.split(')').next().unwrap().trim_matches(['"', '\'']);
                if named.starts_with('#') || named.starts_with("data:") {
                    continue;
                }
                let path = format!("/assets/{named}");
                assert!(ASSETS.iter().any(|asset| asset.path == path), "{path}");
            }
        }
    }
}
