//! Chooses a page's language from the offered languages and the reader's preferences. Also defines
//! language tags and text directions.
//!
//! The first match is used, in this order: `?lang=`, the reader's earlier choice, the language
//! stored for the reader, `Accept-Language` by RFC 4647 lookup, and the default.

use std::borrow::Cow;
use std::convert::Infallible;
use std::fmt;

use axum::extract::FromRequestParts;
use axum::http::header::ACCEPT_LANGUAGE;
use axum::http::{HeaderMap, Uri, request};

use crate::cookie;
use crate::region::Region;

/// The cookie with a reader's choice of language.
pub const COOKIE: &str = "kd_lang";
/// The query parameter with a reader's choice of language.
pub const PARAMETER: &str = "lang";

/// The languages with all messages. Other languages have only the messages for guests and the
/// public.
pub const COMPLETE: [&str; 2] = ["en", "ms"];

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Language {
    /// The BCP 47 tag in its usual spelling, such as `zh-Hans`.
    pub tag: Cow<'static, str>,
    /// The text direction, `ltr` or `rtl`.
    pub dir: &'static str,
    /// The language's name in the language itself, or its tag if the name is unknown.
    pub name: Cow<'static, str>,
}

impl Language {
    /// English, the language that has every message.
    pub const ENGLISH: Self = known("en", "ltr", "English");

    pub(crate) fn english() -> &'static Self {
        &KNOWN[0]
    }

    /// The language of a well-formed tag.
    pub fn find(tag: &str) -> Option<Self> {
        if let Some(language) = KNOWN
            .iter()
            .find(|known| known.tag.eq_ignore_ascii_case(tag))
        {
            return Some(language.clone());
        }
        let tag = canonical(tag)?;
        Some(Self {
            dir: direction(&tag),
            name: Cow::Owned(tag.clone()),
            tag: Cow::Owned(tag),
        })
    }

    /// Like [`Language::find`], but English for an invalid tag.
    pub fn of(tag: &str) -> Self {
        Self::find(tag).unwrap_or(Self::ENGLISH)
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.tag)
    }
}

/// A reader's preferred languages, best first.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    asked: Option<String>,
    remembered: Option<String>,
    accepted: Vec<String>,
}

impl Wishes {
    /// Reads the preferences from a request's URL and headers.
    pub fn read(uri: &Uri, headers: &HeaderMap) -> Self {
        let asked = uri.query().and_then(|query| {
            form_urlencoded::parse(query.as_bytes())
                .find(|(name, _)| name == PARAMETER)
                .map(|(_, tag)| tag.into_owned())
        });
        Self {
            asked,
            remembered: cookie::find(headers, COOKIE).map(str::to_owned),
            accepted: headers
                .get(ACCEPT_LANGUAGE)
                .and_then(|value| value.to_str().ok())
                .map(accepted)
                .unwrap_or_default(),
        }
    }

    /// Chooses one of the `offered` languages. `written_down` is the language stored for this
    /// reader.
    pub fn choose<'a, S: AsRef<str>>(
        &self,
        offered: &'a [S],
        written_down: Option<&str>,
        default: &'a str,
    ) -> &'a str {
        [&self.asked, &self.remembered]
            .into_iter()
            .filter_map(Option::as_deref)
            .chain(written_down)
            .chain(self.accepted.iter().map(String::as_str))
            .find_map(|wish| look_up(wish, &offered.iter().map(AsRef::as_ref)))
            .unwrap_or(default)
    }

    /// The country of the best language that names one, such as Malaysia for `ms-MY`.
    pub fn region(&self) -> Option<Region> {
        let mut accepted = self.accepted.iter();
        accepted.find_map(|tag| Region::of_language(tag))
    }

    /// Whether the language of the page, `spoken`, is the language requested by `?lang=`. If so, a
    /// cookie remembers it.
    pub fn granted(&self, spoken: &str) -> bool {
        self.asked
            .as_deref()
            .is_some_and(|asked| look_up(asked, &std::iter::once(spoken)).is_some())
    }
}

impl<S: Sync> FromRequestParts<S> for Wishes {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut request::Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::read(&parts.uri, &parts.headers))
    }
}

/// RFC 4647 lookup of one preferred language: first the tag itself, then ever shorter tags. For a
/// Chinese region, its script is tried before the language alone (`zh-TW`, `zh-Hant`, `zh`), and a
/// plain `zh` accepts simplified characters.
pub fn look_up<'a>(
    wish: &str,
    offered: &(impl Iterator<Item = &'a str> + Clone),
) -> Option<&'a str> {
    let find = |tag: &str| {
        offered
            .clone()
            .find(|offer| offer.eq_ignore_ascii_case(tag))
    };
    let mut rest = Some(wish);
    while let Some(tag) = rest {
        if let Some(hit) = find(tag).or_else(|| find(chinese_script(tag)?)) {
            return Some(hit);
        }
        rest = shorter(tag);
    }
    if wish.eq_ignore_ascii_case("zh") {
        return find("zh-Hans");
    }
    None
}

/// Removes the last subtag, and then a single-letter subtag at the end.
fn shorter(tag: &str) -> Option<&str> {
    let (rest, _) = tag.rsplit_once('-')?;
    match rest.rsplit_once('-') {
        Some((before, single)) if single.len() == 1 => Some(before),
        _ => Some(rest),
    }
}

fn chinese_script(tag: &str) -> Option<&'static str> {
    let (language, region) = tag.split_once('-')?;
    if !language.eq_ignore_ascii_case("zh") {
        return None;
    }
    match region.to_ascii_uppercase().as_str() {
        "TW" | "HK" | "MO" => Some("zh-Hant"),
        "CN" | "SG" | "MY" => Some("zh-Hans"),
        _ => None,
    }
}

/// The tags of an `Accept-Language` header, best first, without `*`, unreadable tags and tags with
/// `q=0`.
fn accepted(header: &str) -> Vec<String> {
    let mut wishes: Vec<(u16, &str)> = header
        .split(',')
        .take(32)
        .filter_map(|part| {
            let (tag, parameters) = part.split_once(';').unwrap_or((part, ""));
            let tag = tag.trim();
            let weight = weight(parameters)?;
            (weight > 0 && is_well_formed(tag)).then_some((weight, tag))
        })
        .collect();
    wishes.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
    wishes.into_iter().map(|(_, tag)| tag.to_owned()).collect()
}

/// Parses `q=0.8` into thousandths. A missing weight counts as 1; an unreadable weight yields
/// `None`.
fn weight(parameters: &str) -> Option<u16> {
    let parameters = parameters.trim();
    if parameters.is_empty() {
        return Some(1000);
    }
    let (name, value) = parameters.split_once('=')?;
    if !name.trim().eq_ignore_ascii_case("q") {
        return None;
    }
    let (whole, fraction) = value.trim().split_once('.').unwrap_or((value.trim(), ""));
    if fraction.len() > 3 || !fraction.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let thousandths: u16 = format!("{fraction:0<3}").parse().ok()?;
    match whole {
        "0" => Some(thousandths),
        "1" if thousandths == 0 => Some(1000),
        _ => None,
    }
}

fn is_well_formed(tag: &str) -> bool {
    let mut parts = tag.split('-');
    let language = parts.next().unwrap_or_default();
    tag.len() <= 35
        && (2..=8).contains(&language.len())
        && language.bytes().all(|letter| letter.is_ascii_alphabetic())
        && parts.all(|part| {
            (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        })
}

/// The tag in its usual spelling: lower-case language, capitalised script, upper-case region.
fn canonical(tag: &str) -> Option<String> {
    if !is_well_formed(tag) {
        return None;
    }
    let parts = tag.split('-').enumerate().map(|(place, part)| {
        let small = part.to_ascii_lowercase();
        match (place, part.len()) {
            (1.., 2) => part.to_ascii_uppercase(),
            (1.., 4) if small.as_bytes()[0].is_ascii_alphabetic() => {
                small[..1].to_ascii_uppercase() + &small[1..]
            }
            _ => small,
        }
    });
    Some(parts.collect::<Vec<_>>().join("-"))
}

/// From the script if the tag has one, otherwise from the language.
fn direction(tag: &str) -> &'static str {
    let mut parts = tag.split('-');
    let language = parts.next().unwrap_or_default();
    let rtl = match parts.find(|part| part.len() == 4) {
        Some(script) => matches!(script, "Arab" | "Hebr" | "Thaa" | "Syrc" | "Nkoo"),
        None => matches!(
            language,
            "ar" | "he" | "fa" | "ur" | "yi" | "ps" | "sd" | "ug" | "dv" | "ckb"
        ),
    };
    if rtl { "rtl" } else { "ltr" }
}

const fn known(tag: &'static str, dir: &'static str, name: &'static str) -> Language {
    Language {
        tag: Cow::Borrowed(tag),
        dir,
        name: Cow::Borrowed(name),
    }
}

static KNOWN: &[Language] = &[
    Language::ENGLISH,
    known("ms", "ltr", "Bahasa Melayu"),
    known("ms-Arab", "rtl", "بهاس ملايو"),
    known("it", "ltr", "Italiano"),
    known("zh", "ltr", "中文"),
    known("zh-Hans", "ltr", "中文"),
    known("zh-Hant", "ltr", "繁體中文"),
    known("ar", "rtl", "العربية"),
    known("id", "ltr", "Bahasa Indonesia"),
    known("ta", "ltr", "தமிழ்"),
    known("he", "rtl", "עברית"),
    known("fr", "ltr", "Français"),
    known("de", "ltr", "Deutsch"),
    known("es", "ltr", "Español"),
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn wishes(asked: &str, remembered: &str, accepted: &str) -> Wishes {
        let uri = format!("/?a=1&lang={asked}").parse().unwrap();
        let mut headers = HeaderMap::new();
        headers.insert("cookie", format!("kd_lang={remembered}").parse().unwrap());
        headers.insert(ACCEPT_LANGUAGE, accepted.parse().unwrap());
        Wishes::read(&uri, &headers)
    }

    #[test]
    fn the_first_wish_that_is_offered_wins() {
        let offered = ["ms", "en", "it", "zh-Hans", "ar"];
        for (asked, remembered, written_down, accepted, chosen) in [
            ("it", "en", Some("ar"), "zh", "it"),
            ("IT-it", "en", Some("ar"), "zh", "it"),
            ("fr", "en", Some("ar"), "zh", "en"),
            ("", "xx", Some("ar"), "zh", "ar"),
            ("", "", None, "zh-CN,zh;q=0.9", "zh-Hans"),
            ("", "", None, "zh", "zh-Hans"),
            ("", "", None, "zh-TW", "ms"),
            ("", "", None, "fr, en-GB;q=0.4, it;q=0.8", "it"),
            ("", "", None, "fr, en;q=0, *", "ms"),
            ("", "", None, "en;q=nonsense, it;q=0.1", "it"),
            ("%3Cscript%3E", "\"", None, "", "ms"),
        ] {
            let wishes = wishes(asked, remembered, accepted);
            assert_eq!(
                wishes.choose(&offered, written_down, "ms"),
                chosen,
                "{asked} {remembered} {written_down:?} {accepted}"
            );
        }
    }

    #[test]
    fn taiwan_reads_traditional_then_any_chinese() {
        assert_eq!(
            look_up("zh-TW", &["zh", "zh-Hant"].into_iter()),
            Some("zh-Hant")
        );
        assert_eq!(look_up("zh-TW", &["zh", "en"].into_iter()), Some("zh"));
        assert_eq!(look_up("zh-TW", &["zh-Hans"].into_iter()), None);
        assert_eq!(look_up("de-x-y", &["de"].into_iter()), Some("de"));
    }

    #[test]
    fn only_a_choice_that_was_granted_is_remembered() {
        assert!(wishes("it-CH", "", "").granted("it"));
        assert!(!wishes("fr", "", "").granted("it"));
    }

    #[test]
    fn tags_have_a_case_and_a_direction() {
        for (tag, shown, dir) in [
            ("ZH-hans", "zh-Hans", "ltr"),
            ("ar-EG", "ar-EG", "rtl"),
            ("ms-arab", "ms-Arab", "rtl"),
            ("uz-arab-af", "uz-Arab-AF", "rtl"),
            ("ar-latn", "ar-Latn", "ltr"),
            ("pt-br", "pt-BR", "ltr"),
        ] {
            let language = Language::find(tag).unwrap();
            assert_eq!((language.tag.as_ref(), language.dir), (shown, dir));
        }
        for tag in ["", "e", "en_GB", "en-", "en-toolongapart", "e\"n"] {
            assert_eq!(Language::find(tag), None, "{tag}");
        }
    }

    proptest! {
        #[test]
        fn no_header_is_too_odd(header in "[ -~]{0,80}", asked in "[ -~]{0,20}") {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_LANGUAGE, header.parse().unwrap());
            let wishes = Wishes { asked: Some(asked), ..Wishes::read(&Uri::from_static("/"), &headers) };
            let chosen = wishes.choose(&["en", "ms"], None, "ms");
            prop_assert!(chosen == "en" || chosen == "ms");
        }

        #[test]
        fn a_tag_is_safe_to_print(tag in "\\PC{0,40}") {
            if let Some(language) = Language::find(&tag) {
                prop_assert!(language.tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'));
            }
        }
    }
}
