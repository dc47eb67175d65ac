//! Decides by media type whether data is worth compressing.

use http::HeaderValue;

/// Whether compression makes data of this media type smaller, without a harmful delay.
pub(crate) fn is_compressible(content_type: &HeaderValue) -> bool {
    let Some(kind) = essence(content_type) else {
        return false;
    };
    let is = |known: &str| kind.eq_ignore_ascii_case(known);
    let ends = |suffix: &str| ends_with(kind, suffix);
    if is("text/event-stream") {
        return false;
    }
    starts_with(kind, "text/")
        || ends("+json")
        || ends("+xml")
        || starts_with(kind, "application/json")
        || [
            "application/javascript",
            "application/x-javascript",
            "application/ecmascript",
            "application/xml",
            "application/x-ndjson",
            "application/wasm",
            "application/rtf",
            "application/vnd.ms-fontobject",
            "application/x-sh",
            "application/sql",
            "application/toml",
            "application/yaml",
            "font/ttf",
            "font/otf",
            "font/collection",
            "image/bmp",
            "image/x-icon",
            "image/vnd.microsoft.icon",
        ]
        .into_iter()
        .any(is)
}

/// Whether the media type belongs to assets that several pages use, such as style sheets, rather
/// than to pages or data.
pub(super) fn is_asset(content_type: &HeaderValue) -> bool {
    let Some(kind) = essence(content_type) else {
        return false;
    };
    starts_with(kind, "font/")
        || starts_with(kind, "image/")
        || [
            "text/css",
            "text/javascript",
            "application/javascript",
            "application/wasm",
            "application/manifest+json",
            "application/vnd.ms-fontobject",
        ]
        .into_iter()
        .any(|known| kind.eq_ignore_ascii_case(known))
}

/// Returns the media type without its parameters.
fn essence(content_type: &HeaderValue) -> Option<&str> {
    let text = content_type.to_str().ok()?;
    Some(text.split(';').next().unwrap_or_default().trim())
}

fn starts_with(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

fn ends_with(text: &str, suffix: &str) -> bool {
    text.len()
        .checked_sub(suffix.len())
        .and_then(|start| text.get(start..))
        .is_some_and(|end| end.eq_ignore_ascii_case(suffix))
}
