//! The data for sharing a countdown.

use web::{Share, Site};

use super::words;

/// The preview data for the countdown at `path`. `key` is the key of its private link; empty if the
/// countdown is public. `image` is the full URL of the preview picture.
pub(super) fn share(
    site: &Site,
    title: &str,
    sentence: String,
    path: &str,
    key: &str,
    image: String,
) -> Share {
    let embed = format!("/embed{}", path.trim_start_matches("/u"));
    let with_key = |path: String| words::with_key(path, key);
    Share {
        embed: site.url().join(&with_key(embed)),
        badge: site.url().join(&with_key(format!("{path}/badge.svg"))),
        ..Share::with_image(site, title, sentence, &with_key(path.to_owned()), image)
    }
}
