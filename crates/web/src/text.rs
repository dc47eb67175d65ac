//! Translated texts. They come from the Fluent messages of all crates, in the reader's language. If
//! that language lacks a message, the English message is used.
//!
//! ```
//! let catalogue = web::Catalogue::build(&[web::LOCALES]);
//! let text = catalogue.speak(&web::Language::of("ms"));
//! assert_eq!(text.say("shell-language"), "Bahasa");
//! ```
//!
//! A page needs about a hundred messages. A message without arguments therefore costs only a hash
//! look-up and a borrow. Bidirectional isolation marks are off: pages isolate names with `<bdi>`,
//! and the marks would spoil attributes and mail subjects.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use fluent_syntax::ast::{Expression, InlineExpression, Pattern, PatternElement};
use unic_langid::LanguageIdentifier;

use crate::date_cache::{Memo, Moment};
use crate::language::{self, Language};
use crate::translated::LangAttribute;

/// The value of an argument `{ $name }`, either a string or a number.
pub use fluent_bundle::FluentValue as Value;

/// One crate's messages in one language: the language's tag and the content of its `.ftl` file.
pub type Locale = (&'static str, &'static str);

/// The messages of all crates. Cheap to clone.
#[derive(Clone)]
pub struct Catalogue(Arc<Messages>);

type Bundle = FluentBundle<FluentResource>;

struct Messages {
    /// The languages with messages, English first.
    languages: Vec<Spoken>,
    missing: Mutex<BTreeSet<String>>,
    days: Memo,
}

/// The messages of one language. Its files are parsed when the language is first used, because
/// parsed messages take ten times the memory, and few sites use every language.
struct Spoken {
    tag: &'static str,
    files: Vec<&'static str>,
    bundle: OnceLock<Bundle>,
}

/// The reason why messages cannot be loaded. Each reason is a programming error, which a test finds
/// with [`Catalogue::check`].
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// A file does not follow Fluent's grammar.
    #[error("{tag}: {cause}")]
    Grammar {
        tag: &'static str,
        /// The parser's message.
        cause: String,
    },
    /// The language tag is invalid.
    #[error("{0}: not a language tag")]
    Tag(&'static str),
    /// Two crates have a message with the same id.
    #[error("{tag}: {cause}")]
    Twice {
        tag: &'static str,
        /// The fluent library's error, which names the message.
        cause: String,
    },
}

impl Catalogue {
    pub fn build(parts: &[&[Locale]]) -> Self {
        let mut languages = vec![Spoken::new("en")];
        for (tag, file) in parts.iter().copied().flatten().copied() {
            match languages.iter_mut().find(|known| known.tag == tag) {
                Some(known) => known.files.push(file),
                None => languages.push(Spoken {
                    files: vec![file],
                    ..Spoken::new(tag)
                }),
            }
        }
        Self(Arc::new(Messages {
            languages,
            missing: Mutex::default(),
            days: Memo::default(),
        }))
    }

    /// Checks that the files of all languages can be parsed and combined.
    pub fn check(&self) -> Result<(), CatalogueError> {
        self.0
            .languages
            .iter()
            .try_for_each(|spoken| spoken.read().map(drop))
    }

    /// The messages in `language`, or in the nearest available language.
    pub fn speak(&self, language: &Language) -> Text {
        let tags = self.languages();
        let nearest = language::look_up(&language.tag, &tags);
        Text {
            place: tags
                .clone()
                .position(|tag| Some(tag) == nearest)
                .unwrap_or(0),
            language: language.clone(),
            catalogue: self.clone(),
        }
    }

    /// The tags of the languages that have messages, English first.
    pub fn languages(&self) -> impl Iterator<Item = &'static str> + Clone {
        self.0.languages.iter().map(|spoken| spoken.tag)
    }

    /// Whether the message `id` exists in English, and so at least by fallback in every language.
    pub fn has(&self, id: &str) -> bool {
        self.0.languages[0].bundle().has_message(id)
    }

    /// The ids of all requested messages that do not exist. At their end, tests check that this
    /// list is empty.
    pub fn missing(&self) -> Vec<String> {
        let missing = self.0.missing.lock();
        let missing = missing.unwrap_or_else(PoisonError::into_inner);
        missing.iter().cloned().collect()
    }
}

/// The message ids of a mail.
#[derive(Clone, Copy, Debug)]
pub struct MailMessages {
    pub subject: &'static str,
    pub text: &'static str,
}

/// The messages in the language of a page. Cheap to clone.
#[derive(Clone)]
pub struct Text {
    catalogue: Catalogue,
    place: usize,
    language: Language,
}

impl Text {
    pub fn language(&self) -> &Language {
        &self.language
    }

    /// Whether this language has the message `id` itself, without the English fallback.
    pub fn says(&self, id: &str) -> bool {
        let messages = self.catalogue.0.languages[self.place].bundle();
        messages.has_message(id)
    }

    /// The attributes for the element around the message `id`, if that message is in English
    /// instead of this language: `<p{{ text.lang(id) }}>`.
    pub fn lang(&self, id: &str) -> LangAttribute<'static> {
        LangAttribute::of((!self.says(id)).then(Language::english))
    }

    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// Returns the message `id`, which must have no arguments.
    pub fn say(&self, id: &str) -> Cow<'_, str> {
        self.format(id, None, None)
    }

    pub fn with<'v>(&self, id: &str, values: impl AsRef<[(&'static str, Value<'v>)]>) -> String {
        let values = arguments(values.as_ref());
        self.format(id, None, Some(&values)).into_owned()
    }

    /// Formats the message `id` with `values`. `rest` provides the other arguments.
    pub(crate) fn with_rest(
        &self,
        id: &str,
        values: &[(&'static str, Value<'_>)],
        rest: impl Fn(&str) -> &'static str,
    ) -> String {
        let given: Vec<&str> = values.iter().map(|(name, _)| *name).collect();
        let mut arguments = arguments(values);
        for name in self.names(id) {
            if !given.contains(&name) {
                arguments.set(name.to_owned(), rest(name));
            }
        }
        self.format(id, None, Some(&arguments)).into_owned()
    }

    fn names(&self, id: &str) -> Vec<&str> {
        let mut names = Vec::new();
        if let Some((_, pattern)) = self.pattern(id, None) {
            names_of(pattern, &mut names);
        }
        names
    }

    /// The attribute `.name` of the message `id`.
    pub fn attribute<'v>(
        &self,
        id: &str,
        name: &str,
        values: impl AsRef<[(&'static str, Value<'v>)]>,
    ) -> String {
        let values = arguments(values.as_ref());
        self.format(id, Some(name), Some(&values)).into_owned()
    }

    /// A number in the language's format, such as "12,500" or "12.500".
    pub fn number(&self, number: i64) -> String {
        let digits = number.unsigned_abs().to_string();
        let mark = self.say("number-thousands");
        let mut written = String::with_capacity(digits.len() + 8);
        if number < 0 {
            written.push('\u{2212}');
        }
        for (place, digit) in digits.chars().enumerate() {
            if place > 0 && (digits.len() - place).is_multiple_of(3) {
                written.push_str(&mark);
            }
            written.push(digit);
        }
        written
    }

    /// Returns the cached text for this moment; `say` formats the text on first use.
    pub(crate) fn once(&self, moment: Moment, say: impl FnOnce() -> String) -> String {
        self.catalogue.0.days.once(self.place, moment, say)
    }

    /// A page may mix languages but must never show a message id.
    fn format(
        &self,
        id: &str,
        attribute: Option<&str>,
        values: Option<&FluentArgs<'_>>,
    ) -> Cow<'_, str> {
        let Some((bundle, pattern)) = self.pattern(id, attribute) else {
            self.catalogue.note_missing(id);
            return Cow::Borrowed("");
        };
        // Most messages are a single plain string, which needs no formatting.
        if let [PatternElement::TextElement { value }] = pattern.elements.as_slice() {
            return Cow::Borrowed(value);
        }
        let mut causes = Vec::new();
        let said = bundle.format_pattern(pattern, values, &mut causes);
        for cause in causes {
            tracing::error!(id, %cause, "cannot fill in a message; please report this");
        }
        said
    }

    fn pattern(&self, id: &str, attribute: Option<&str>) -> Option<(&Bundle, &Pattern<&str>)> {
        [self.place, 0].into_iter().find_map(|place| {
            let bundle = self.catalogue.0.languages[place].bundle();
            let message = bundle.get_message(id)?;
            let pattern = match attribute {
                Some(name) => message.get_attribute(name)?.value(),
                None => message.value()?,
            };
            Some((bundle, pattern))
        })
    }
}

impl Catalogue {
    fn note_missing(&self, id: &str) {
        let missing = self.0.missing.lock();
        if missing
            .unwrap_or_else(PoisonError::into_inner)
            .insert(id.to_owned())
        {
            tracing::error!(
                id,
                "a message is missing in every language; please report this"
            );
        }
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Text({})", self.language)
    }
}

impl Spoken {
    fn new(tag: &'static str) -> Self {
        Self {
            tag,
            files: Vec::new(),
            bundle: OnceLock::new(),
        }
    }

    /// If they cannot be parsed, the bundle is empty, so pages use the English messages.
    fn bundle(&self) -> &Bundle {
        self.bundle.get_or_init(|| {
            self.read().unwrap_or_else(|cause| {
                tracing::error!(%cause, "cannot parse the built-in messages; please report this");
                Bundle::new_concurrent(Vec::new())
            })
        })
    }

    fn read(&self) -> Result<Bundle, CatalogueError> {
        let tag = self.tag;
        let language: LanguageIdentifier = tag.parse().map_err(|_| CatalogueError::Tag(tag))?;
        let mut bundle = Bundle::new_concurrent(vec![language]);
        bundle.set_use_isolating(false);
        for &file in &self.files {
            let resource = FluentResource::try_new(file.to_owned()).map_err(|(_, causes)| {
                let cause = format!("{causes:?}");
                CatalogueError::Grammar { tag, cause }
            })?;
            bundle.add_resource(resource).map_err(|causes| {
                let cause = format!("{causes:?}");
                CatalogueError::Twice { tag, cause }
            })?;
        }
        Ok(bundle)
    }
}

fn names_of<'p>(pattern: &'p Pattern<&str>, names: &mut Vec<&'p str>) {
    for element in &pattern.elements {
        let PatternElement::Placeable { expression } = element else {
            continue;
        };
        let (Expression::Inline(inline)
        | Expression::Select {
            selector: inline, ..
        }) = expression;
        if let InlineExpression::VariableReference { id } = inline {
            names.push(id.name);
        }
        if let Expression::Select { variants, .. } = expression {
            for variant in variants {
                names_of(&variant.value, names);
            }
        }
    }
}

fn arguments<'v>(values: &[(&'static str, Value<'v>)]) -> FluentArgs<'v> {
    values
        .iter()
        .map(|(name, value)| (*name, value.clone()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const EN: &str = "\
hello = Hello
left = { $n ->
    [one] { $n } place left
   *[other] { $n } places left
}
only-english = Just this
problem-x = Detail of { $name }
    .title = Title
";
    const MS: &str = "\
hello = Helo
left = tinggal { $n } tempat
";
    const AR: &str = "\
left = { $n ->
    [zero] لا أماكن
    [one] مكان واحد
    [two] مكانان
    [few] { $n } أماكن
   *[other] { $n } مكانًا
}
";

    fn catalogue() -> Catalogue {
        Catalogue::build(&[&[("en", EN), ("ms", MS)], &[("ar", AR)]])
    }

    fn text(tag: &str) -> Text {
        catalogue().speak(&Language::of(tag))
    }

    #[test]
    fn each_message_falls_back_by_itself() {
        assert_eq!(text("ms-MY").say("hello"), "Helo");
        assert_eq!(text("ms").say("only-english"), "Just this");
        assert_eq!(text("fr").say("hello"), "Hello");
        assert_eq!(text("fr").language().tag, "fr");
    }

    #[test]
    fn plurals_are_the_language_s_own_and_digits_are_latin() {
        for (tag, n, said) in [
            ("en", 1, "1 place left"),
            ("en", 2, "2 places left"),
            ("ms", 1, "tinggal 1 tempat"),
            ("ar", 0, "لا أماكن"),
            ("ar", 2, "مكانان"),
            ("ar", 5, "5 أماكن"),
        ] {
            assert_eq!(text(tag).with("left", [("n", n.into())]), said);
            assert_eq!(text(tag).with("left", &[("n", n.into())]), said);
        }
    }

    #[test]
    fn names_stand_without_isolation_marks() {
        let said = text("en").with("problem-x", [("name", "Mei".into())]);
        assert_eq!(said, "Detail of Mei");
        assert_eq!(text("en").attribute("problem-x", "title", []), "Title");
    }

    #[test]
    fn a_missing_message_shows_nothing_and_is_noted() {
        let catalogue = catalogue();
        let text = catalogue.speak(&Language::ENGLISH);
        assert_eq!(text.say("no-such"), "");
        assert_eq!(text.say("no-such"), "");
        assert_eq!(catalogue.missing(), ["no-such"]);
        assert!(catalogue.has("hello") && !catalogue.has("no-such"));
    }

    #[test]
    fn mistakes_in_files_are_refused() {
        let check = |parts: &[&[Locale]]| Catalogue::build(parts).check();
        assert!(matches!(
            check(&[&[("en", EN), ("ms", "a = { \n")]]),
            Err(CatalogueError::Grammar { tag: "ms", .. })
        ));
        assert!(matches!(
            check(&[&[("en", EN)], &[("en", "hello = again\n")]]),
            Err(CatalogueError::Twice { tag: "en", .. })
        ));
        assert!(check(&[&[("en", EN), ("ms", MS)], &[("ar", AR)]]).is_ok());
    }

    #[test]
    fn a_language_is_read_when_it_is_spoken() {
        let catalogue = catalogue();
        let read = |catalogue: &Catalogue| {
            let spoken = catalogue.0.languages.iter();
            let read = spoken.filter(|spoken| spoken.bundle.get().is_some());
            read.map(|spoken| spoken.tag).collect::<Vec<_>>()
        };
        let text = catalogue.speak(&Language::of("ms"));
        assert_eq!(read(&catalogue), [""; 0]);
        assert_eq!(text.say("hello"), "Helo");
        assert_eq!(read(&catalogue), ["ms"]);
        assert_eq!(text.say("only-english"), "Just this");
        assert_eq!(read(&catalogue), ["en", "ms"]);
    }
}
