//! Uses the header `CDN-Loop` to detect requests that loop back to this edge (RFC 8586).

use std::fs;
use std::path::Path;

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::crypto;
use crate::durable_file;

pub(crate) const CDN_LOOP: HeaderName = HeaderName::from_static("cdn-loop");
const ID_FILE: &str = "cdn-id";
/// More than one is legitimate, because a route may lead to another route of the same edge.
const PASSES: usize = 5;

/// The name of this installation in `CDN-Loop`. It is random, because a request may pass through
/// two installations with the same settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CdnId(HeaderValue);

impl CdnId {
    /// Reads the installation's name from the data folder, or generates and stores one. Blocks.
    pub fn kept_in(data: &Path) -> Self {
        let kept = fs::read_to_string(data.join(ID_FILE));
        if let Some(id) = kept.as_deref().ok().and_then(Self::parse) {
            return id;
        }
        let id = Self::random();
        let text = [id.0.as_bytes(), b"\n"].concat();
        if let Err(error) = durable_file::write(data, ID_FILE, 0o600, &text) {
            let file = data.join(ID_FILE);
            tracing::warn!(
                %error, file = %file.display(),
                "cannot store this server's name for CDN-Loop, so it changes at the next start; the data folder must be writable"
            );
        }
        id
    }

    /// Parses a name of letters, digits, `-`, `.` and `_`.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim_ascii();
        let fits = (1..=64).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
        let id = HeaderValue::from_str(text).ok()?;
        fits.then_some(Self(id))
    }

    pub(crate) fn random() -> Self {
        let bits = crypto::random().unwrap_or_else(|error| {
            tracing::warn!(%error, "no random bytes for this server's name in CDN-Loop, so other servers may use the same; restart Kenduri");
            [0; 8]
        });
        let text = format!("kenduri-{:016x}", u64::from_ne_bytes(bits));
        Self(HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("kenduri")))
    }

    /// Copies the name for a worker. The copy shares no reference count with other threads.
    pub(crate) fn for_worker(&self) -> Self {
        let copied = HeaderValue::from_bytes(self.0.as_bytes());
        Self(copied.unwrap_or_else(|_| self.0.clone()))
    }

    pub(crate) fn mark(&self, headers: &mut HeaderMap) {
        headers.append(CDN_LOOP, self.0.clone());
    }

    /// Whether a request has passed through this edge too often to be forwarded.
    pub(crate) fn has_passed_too_often(&self, headers: &HeaderMap) -> bool {
        let lines = headers.get_all(CDN_LOOP).iter();
        let passed = lines
            .flat_map(|line| line.as_bytes().split(|byte| *byte == b','))
            .filter_map(|pass| pass.split(|byte| *byte == b';').next())
            .filter(|id| id.trim_ascii() == self.0.as_bytes());
        passed.count() >= PASSES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_made_once_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let made = CdnId::kept_in(folder.path());
        assert_eq!(CdnId::kept_in(folder.path()), made);
        let other = tempfile::tempdir().unwrap();
        assert_ne!(CdnId::kept_in(other.path()), made);
        // A file that contains no valid name is overwritten.
        fs::write(folder.path().join(ID_FILE), "a, b\n").unwrap();
        let again = CdnId::kept_in(folder.path());
        assert_ne!(again, made);
        assert_eq!(CdnId::kept_in(folder.path()), again);
        // A name is generated even if the folder does not exist.
        CdnId::kept_in(&folder.path().join("missing"));
    }

    #[test]
    fn only_passes_of_its_own_count() {
        let id = CdnId::parse("kenduri-1").unwrap();
        for (lines, is_loop) in [
            (&[][..], false),
            (&["kenduri-1, kenduri-1,kenduri-1 ,kenduri-1"], false),
            (
                &[
                    "kenduri-1, kenduri-1",
                    "a.example; b=1, kenduri-1;x, kenduri-1",
                    "kenduri-1",
                ],
                true,
            ),
            (
                &["kenduri-2, kenduri-2, kenduri-2, kenduri-2, kenduri-2, kenduri-2"],
                false,
            ),
        ] {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(CDN_LOOP, HeaderValue::from_static(line));
            }
            assert_eq!(id.has_passed_too_often(&headers), is_loop, "{lines:?}");
        }
    }
}
