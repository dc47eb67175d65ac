//! Chooses the language of the edge's own pages.

use http::{HeaderValue, StatusCode};

use crate::quality_values::quality;

const MAX_RANGES: usize = 32;

/// English comes first and is the default.
static LANGUAGES: [Language; 5] = [
    Language {
        tag: "en",
        dir: "ltr",
        file: include_str!("../../locales/en.ftl"),
    },
    Language {
        tag: "ms",
        dir: "ltr",
        file: include_str!("../../locales/ms.ftl"),
    },
    Language {
        tag: "it",
        dir: "ltr",
        file: include_str!("../../locales/it.ftl"),
    },
    Language {
        tag: "zh-Hans",
        dir: "ltr",
        file: include_str!("../../locales/zh-Hans.ftl"),
    },
    Language {
        tag: "ar",
        dir: "rtl",
        file: include_str!("../../locales/ar.ftl"),
    },
];

/// A language with its translations in Fluent syntax. Each translation must be a single line.
#[derive(Debug)]
pub(super) struct Language {
    pub(super) tag: &'static str,
    /// The writing direction, for the HTML attribute `dir`.
    pub(super) dir: &'static str,
    file: &'static str,
}

impl Language {
    /// Returns the available language that the header `Accept-Language` ranks highest.
    pub(super) fn of(accepted: Option<&HeaderValue>) -> &'static Self {
        let accepted = accepted.and_then(|line| line.to_str().ok());
        let ranges = accepted.unwrap_or_default().split(',').take(MAX_RANGES);
        let mut best: (u16, &Self) = (0, &LANGUAGES[0]);
        for range in ranges {
            let (range, parameters) = range.split_once(';').unwrap_or((range, ""));
            if let Some(found) = look_up(range.trim())
                && let Some(quality) = quality(parameters.as_bytes())
                && quality > best.0
            {
                best = (quality, found);
            }
        }
        best.1
    }

    /// Returns a status's title and explanation.
    pub(super) fn text(&self, status: StatusCode) -> (&'static str, &'static str) {
        self.find(status.as_str()).unwrap_or_else(|| {
            let (title, text) = self.find("other").unwrap_or_default();
            let reason = status.canonical_reason().filter(|_| self.tag == "en");
            (reason.unwrap_or(title), text)
        })
    }

    /// The text that precedes a request's ID on a page.
    pub(super) fn request(&self) -> &'static str {
        let mut lines = self.file.lines();
        lines
            .find_map(|line| line.strip_prefix("page-request = "))
            .unwrap_or_default()
    }

    fn find(&self, name: &str) -> Option<(&'static str, &'static str)> {
        let mut lines = self.file.lines();
        let text = lines.find_map(|line| {
            line.strip_prefix("page-")?
                .strip_prefix(name)?
                .strip_prefix(" = ")
        })?;
        let title = lines.next()?.strip_prefix("    .title = ")?;
        Some((title, text))
    }
}

/// Tries shorter and shorter prefixes (RFC 4647, section 3.4). Chinese without a region, or with
/// one that uses simplified characters, becomes simplified Chinese.
fn look_up(range: &str) -> Option<&'static Language> {
    const SIMPLIFIED: [&str; 4] = ["zh", "zh-CN", "zh-SG", "zh-MY"];
    let is = |tag: &str, wanted: &str| tag.eq_ignore_ascii_case(wanted);
    if SIMPLIFIED.iter().any(|region| is(region, range)) {
        return look_up("zh-Hans");
    }
    let mut rest = Some(range);
    while let Some(wanted) = rest {
        if let Some(found) = LANGUAGES.iter().find(|known| is(known.tag, wanted)) {
            return Some(found);
        }
        rest = wanted.rsplit_once('-').map(|(shorter, _)| shorter);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_wanted_language_is_taken() {
        for (accepted, tag) in [
            ("", "en"),
            ("fr", "en"),
            ("*", "en"),
            ("ms", "ms"),
            ("ms-MY,ms;q=0.9,en;q=0.8", "ms"),
            ("en;q=0.5, it-CH;q=0.8", "it"),
            ("fr, ar-EG;q=0.7, en;q=0.3", "ar"),
            ("en, it", "en"),
            ("it;q=0, en;q=0.1", "en"),
            ("zh-CN", "zh-Hans"),
            ("ZH-hans-SG", "zh-Hans"),
            ("zh", "zh-Hans"),
            ("zh-TW, en;q=0.5", "en"),
        ] {
            let accepted = HeaderValue::from_static(accepted);
            assert_eq!(Language::of(Some(&accepted)).tag, tag, "{accepted:?}");
        }
        assert_eq!(Language::of(None).tag, "en");
        let odd = HeaderValue::from_bytes(b"\xff").unwrap();
        assert_eq!(Language::of(Some(&odd)).tag, "en");
    }

    #[test]
    fn every_language_has_every_text() {
        let [english, others @ ..] = &LANGUAGES;
        let names = english.file.lines().filter_map(|line| {
            let (name, _) = line.strip_prefix("page-")?.split_once(" = ")?;
            (name != "request").then_some(name)
        });
        let names: Vec<&str> = names.collect();
        assert!(names.len() > 15, "{names:?}");
        for language in &LANGUAGES {
            assert!(!language.request().is_empty(), "{}", language.tag);
            for name in &names {
                let (title, text) = language.find(name).expect(name);
                let is_plain = |text: &str| !text.contains(['<', '&', '{', '"']);
                assert!(is_plain(title) && is_plain(text), "{title} {text}");
            }
        }
        for language in others {
            let (title, text) = language.text(StatusCode::IM_A_TEAPOT);
            assert_eq!(Some((title, text)), language.find("other"));
        }
        assert_eq!(english.text(StatusCode::IM_A_TEAPOT).0, "I'm a teapot");
    }
}
