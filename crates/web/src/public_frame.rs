//! What all public pages show of the site, and of whoever looks at them.

use std::hash::{DefaultHasher, Hash, Hasher as _};
use std::sync::{Arc, PoisonError, RwLock};

use jiff::{SignedDuration, Timestamp};

use crate::look::{Accent, Color, Look};
use crate::text::Text;

/// What all public pages show of the site.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct PublicFrame {
    /// Where the menu leads, in the owner's order.
    pub menu: Vec<MenuItem>,
    /// What the foot leads to, beside the owner.
    pub foot: Vec<MenuItem>,
    /// Whose site it is; without an address where they have no page.
    pub owner: Option<MenuItem>,
    /// The look.
    pub look: Look,
    /// A colour over those of the look.
    pub accent: Option<Color>,
    /// The address of the icon; empty: Kenduri's own.
    pub icon: String,
}

impl PublicFrame {
    /// The address of the style that puts the accent colour over the look's.
    pub fn accent_style(&self) -> Option<String> {
        let accent = self.accent?;
        Some(Accent::address(accent, self.look))
    }
}

/// Somewhere that everybody can go.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MenuItem {
    /// Its address.
    pub href: String,
    /// What it is called.
    pub label: Label,
}

/// What something is called.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Label {
    /// A message.
    Message(&'static str),
    /// Somebody's own words.
    Words(String),
}

impl MenuItem {
    /// What it is called in a language.
    pub fn words(&self, text: &Text) -> String {
        match &self.label {
            Label::Message(id) => text.say(id).into_owned(),
            Label::Words(words) => words.clone(),
        }
    }
}

/// The frame of public pages, kept in memory for a few seconds. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Menu(Arc<RwLock<Read>>);

#[derive(Clone, Debug, Default)]
struct Read {
    frame: Arc<PublicFrame>,
    at: Option<Timestamp>,
}

impl Menu {
    /// How long another process may show what was before.
    const LIFE: SignedDuration = SignedDuration::from_secs(2);

    /// What pages show.
    pub fn frame(&self) -> Arc<PublicFrame> {
        if let Some(preview) = Visit::now().preview {
            return preview;
        }
        let read = self.0.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&read.frame)
    }

    /// A number that changes with what pages show, to whoever asks now.
    pub fn version(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.frame().hash(&mut hasher);
        Visit::now().name.hash(&mut hasher);
        hasher.finish()
    }

    /// Whether it is time to read it again.
    pub fn is_due(&self, now: Timestamp) -> bool {
        let read = self.0.read().unwrap_or_else(PoisonError::into_inner);
        read.at
            .is_none_or(|at| now.duration_since(at) >= Self::LIFE || now < at)
    }

    /// Keeps what was read.
    pub fn set(&self, frame: PublicFrame, now: Timestamp) {
        let read = Read {
            frame: frame.into(),
            at: Some(now),
        };
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = read;
    }

    /// It may have changed.
    pub fn forget(&self) {
        let mut read = self.0.write().unwrap_or_else(PoisonError::into_inner);
        read.at = None;
    }
}

tokio::task_local! {
    static VISIT: Visit;
}

/// Who looks at a page, and at which.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Visit {
    /// The display name of whoever is signed in.
    pub name: Option<String>,
    /// The page's path.
    pub path: String,
    /// What is shown instead of the site's frame, to try it.
    pub preview: Option<Arc<PublicFrame>>,
}

impl Visit {
    /// Answers a request as this visit. A task spawned within does not inherit it.
    pub async fn answer<F: Future>(self, work: F) -> F::Output {
        VISIT.scope(self, work).await
    }

    /// The visit that is answered now.
    pub(crate) fn now() -> Self {
        VISIT.try_with(Clone::clone).unwrap_or_default()
    }

    /// Whether this address is the page, or the list that the page is in.
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
