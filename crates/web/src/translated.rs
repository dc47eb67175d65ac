//! Texts that hosts write in several languages.

use std::collections::BTreeMap;
use std::fmt;

use askama::filters::HtmlSafe;
use platform::store::{Bind, Column, Value};
use serde::{Deserialize, Serialize};

use crate::language::{self, Language};

/// One text in several languages: a map from language tags to texts, in JSON and in the store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(transparent)]
pub struct I18n(BTreeMap<String, String>);

impl I18n {
    pub fn one(tag: impl Into<String>, text: impl Into<String>) -> Self {
        Self(BTreeMap::from([(tag.into(), text.into())]))
    }

    /// Parses JSON that [`I18n::to_json`] wrote. Invalid JSON, which only a defect can have stored,
    /// becomes an empty text, because an empty title is better than a page that does not open.
    pub fn from_json(json: &str) -> Self {
        serde_json::from_str(json).unwrap_or_else(|cause| {
            tracing::error!(%cause, "a translated text in the store cannot be read and is shown empty; write it anew, and please report this");
            Self::default()
        })
    }

    pub fn to_json(&self) -> String {
        serde_json::to_string(&self.0).unwrap_or_default()
    }

    /// Sets the text in one language; an empty string removes it.
    pub fn set(&mut self, tag: impl Into<String>, text: impl Into<String>) {
        let (tag, text) = (tag.into(), text.into());
        if text.is_empty() {
            self.0.remove(&tag);
        } else {
            self.0.insert(tag, text);
        }
    }

    pub fn find(&self, tag: &str) -> Option<&str> {
        self.0.get(tag).map(String::as_str)
    }

    /// All translations, by tag.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> + Clone {
        self.0.iter().map(|(tag, text)| (&**tag, &**text))
    }

    /// Whether there is no text in any language.
    pub fn is_empty(&self) -> bool {
        self.0.values().all(String::is_empty)
    }

    /// Picks the translation for a reader: in the reader's language, in a broader form of that
    /// language, in the `default` language, or in any other language.
    pub fn pick<'a>(&'a self, reader: &Language, default: &str) -> Spoken<'a> {
        // This is the common case. The search below looks at all tags.
        if let Some(text) = self.find(&reader.tag).filter(|text| !text.is_empty()) {
            return Spoken::plain(text);
        }
        let written = self.iter().filter(|(_, text)| !text.is_empty());
        let tags = written.map(|(tag, _)| tag);
        let tag = language::look_up(&reader.tag, &tags)
            .or_else(|| language::look_up(default, &tags))
            .or_else(|| tags.clone().next());
        match tag {
            Some(tag) => Spoken {
                text: self.find(tag).unwrap_or_default(),
                other: (!tag.eq_ignore_ascii_case(&reader.tag)).then(|| Language::of(tag)),
            },
            None => Spoken::plain(""),
        }
    }
}

impl Bind for I18n {
    fn bind(&self) -> Value<'_> {
        Value::Written(self.to_json())
    }
}

impl Column for I18n {
    fn read(value: Value<'_>) -> Option<Self> {
        String::read(value).map(|json| Self::from_json(&json))
    }
}

impl FromIterator<(String, String)> for I18n {
    fn from_iter<T: IntoIterator<Item = (String, String)>>(texts: T) -> Self {
        Self(texts.into_iter().collect())
    }
}

/// A text and its language. `Display` writes the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spoken<'a> {
    pub text: &'a str,
    /// The text's language, if it differs from the page's.
    pub other: Option<Language>,
}

impl<'a> Spoken<'a> {
    /// A text in the page's language.
    pub fn plain(text: &'a str) -> Self {
        Self { text, other: None }
    }

    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The attributes for the element around the text: `<h2{{ title.lang() }}>`.
    pub fn lang(&self) -> LangAttribute<'_> {
        LangAttribute(self.other.as_ref())
    }
}

impl fmt::Display for Spoken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text)
    }
}

/// Displays as ` lang="…" dir="…"`, or as nothing for the page's own language.
#[derive(Clone, Copy, Debug)]
pub struct LangAttribute<'a>(Option<&'a Language>);

impl<'a> LangAttribute<'a> {
    /// The attributes for a text in another language; no attributes if `other` is `None`.
    pub(crate) fn of(other: Option<&'a Language>) -> Self {
        Self(other)
    }
}

impl fmt::Display for LangAttribute<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(language) => write!(f, r#" lang="{}" dir="{}""#, language.tag, language.dir),
            None => Ok(()),
        }
    }
}

/// Safe because [`Language::find`] accepts only letters, digits and hyphens in a tag.
impl HtmlSafe for LangAttribute<'_> {}

#[cfg(test)]
mod tests {
    use super::*;

    fn title() -> I18n {
        I18n::from_json(r#"{"en":"Wedding","zh":"婚礼","ar":""}"#)
    }

    #[test]
    fn each_reader_gets_the_nearest_text() {
        for (reader, default, text, attribute) in [
            ("en", "ms", "Wedding", ""),
            ("en-GB", "ms", "Wedding", r#" lang="en" dir="ltr""#),
            ("zh-Hans", "ms", "婚礼", r#" lang="zh" dir="ltr""#),
            ("ar", "zh-Hant", "婚礼", r#" lang="zh" dir="ltr""#),
            ("it", "ms", "Wedding", r#" lang="en" dir="ltr""#),
        ] {
            let title = title();
            let spoken = title.pick(&Language::of(reader), default);
            assert_eq!(spoken.to_string(), text, "{reader}");
            assert_eq!(spoken.lang().to_string(), attribute, "{reader}");
        }
    }

    #[test]
    fn no_text_at_all_is_empty() {
        assert!(I18n::default().pick(&Language::ENGLISH, "en").is_empty());
        assert!(I18n::from_json("broken").is_empty());
    }

    #[test]
    fn the_store_gives_back_what_it_got() {
        let mut title = title();
        title.set("it", "Nozze");
        title.set("zh", "");
        assert_eq!(I18n::from_json(&title.to_json()), title);
        assert_eq!(title.find("zh"), None);
        assert_eq!(title.find("it"), Some("Nozze"));
    }
}
