//! The frame of public pages, such as the menu and the footer. It depends on the site and the
//! visitor.

use std::hash::{DefaultHasher, Hash, Hasher as _};
use std::sync::{Arc, PoisonError, RwLock};

use jiff::{SignedDuration, Timestamp};

use crate::look::{Accent, Color, Look};
use crate::text::Text;

/// The parts of the frame that depend only on the site.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct PublicFrame {
    /// The menu, in the owner's order.
    pub menu: Vec<MenuItem>,
    /// The links in the footer, without the link to the site's owner.
    pub foot: Vec<MenuItem>,
    /// The site's owner; `href` is empty if the owner has no page.
    pub owner: Option<MenuItem>,
    pub look: Look,
    /// An accent colour that overrides the accent colour of the look.
    pub accent: Option<Color>,
    /// The path of the icon; empty for Kenduri's own icon.
    pub icon: String,
}

impl PublicFrame {
    pub fn accent_style(&self) -> Option<String> {
        let accent = self.accent?;
        Some(Accent::address(accent, self.look))
    }
}

/// A link to a public page.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MenuItem {
    pub href: String,
    pub label: Label,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Label {
    /// The id of a translated message.
    Message(&'static str),
    /// A label that a person wrote.
    Words(String),
}

impl MenuItem {
    pub fn words(&self, text: &Text) -> String {
        match &self.label {
            Label::Message(id) => text.say(id).into_owned(),
            Label::Words(words) => words.clone(),
        }
    }
}

/// The frame of public pages, cached in memory for a few seconds. Clones share the cache.
#[derive(Clone, Debug, Default)]
pub struct Menu(Arc<RwLock<Read>>);

#[derive(Clone, Debug, Default)]
struct Read {
    frame: Arc<PublicFrame>,
    at: Option<Timestamp>,
}

impl Menu {
    /// How long the frame is cached. During this time, another process may show an outdated frame.
    const LIFE: SignedDuration = SignedDuration::from_secs(2);

    /// Returns the frame for the current request: the preview, if there is one, otherwise the
    /// cached frame.
    pub fn frame(&self) -> Arc<PublicFrame> {
        if let Some(preview) = Visit::now().preview {
            return preview;
        }
        let read = self.0.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&read.frame)
    }

    /// A hash of everything that the current request's frame shows.
    pub fn version(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.frame().hash(&mut hasher);
        Visit::now().name.hash(&mut hasher);
        hasher.finish()
    }

    /// Whether the cached frame is so old that it must be read from the store again.
    pub fn is_due(&self, now: Timestamp) -> bool {
        let read = self.0.read().unwrap_or_else(PoisonError::into_inner);
        read.at
            .is_none_or(|at| now.duration_since(at) >= Self::LIFE || now < at)
    }

    /// Caches a frame that was just read from the store.
    pub fn set(&self, frame: PublicFrame, now: Timestamp) {
        let read = Read {
            frame: frame.into(),
            at: Some(now),
        };
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = read;
    }

    /// Marks the cached frame as outdated.
    pub fn forget(&self) {
        let mut read = self.0.write().unwrap_or_else(PoisonError::into_inner);
        read.at = None;
    }
}

tokio::task_local! {
    static VISIT: Visit;
}

/// The visitor of the current request and the requested page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Visit {
    /// The display name of the signed-in person.
    pub name: Option<String>,
    pub path: String,
    /// The frame to show instead of the site's frame, when the owner previews changes.
    pub preview: Option<Arc<PublicFrame>>,
}

impl Visit {
    /// Runs `work`, a request's handler, with this visit as the current one. A task spawned inside
    /// `work` does not inherit the visit.
    pub async fn answer<F: Future>(self, work: F) -> F::Output {
        VISIT.scope(self, work).await
    }

    /// The visit of the current request.
    pub(crate) fn now() -> Self {
        VISIT.try_with(Clone::clone).unwrap_or_default()
    }

    /// The path of the current request; empty outside of one.
    pub fn current_path() -> String {
        VISIT
            .try_with(|visit| visit.path.clone())
            .unwrap_or_default()
    }

    /// Whether this link leads to the current page or to a page above it in the path.
    pub(crate) fn is_at(&self, href: &str) -> bool {
        let below = self.path.strip_prefix(href);
        below.is_some_and(|rest| rest.is_empty() || href != "/" && rest.starts_with('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_belongs_to_the_list_that_it_is_in() {
        let visit = |path: &str| Visit {
            path: path.to_owned(),
            ..Visit::default()
        };
        assert!(visit("/").is_at("/") && visit("/blog/kopi").is_at("/blog"));
        assert!(!visit("/blog").is_at("/") && !visit("/blogs").is_at("/blog"));
    }

    #[tokio::test]
    async fn somebody_who_is_signed_in_gets_pages_of_their_own() {
        let menu = Menu::default();
        let before = menu.version();
        let visit = Visit {
            name: Some("Farah".to_owned()),
            ..Visit::default()
        };
        let inside = visit.answer(async { menu.version() }).await;
        assert_ne!(before, inside);
    }
}
