//! A cache of rendered invitation pages. On the day of an event, guests open the same page again
//! and again. A cached page is used only while everything that it depends on is the same: the
//! invitation's version, the occasion's revision and the language. It also expires at the time at
//! which the page would begin to look different.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use platform::Tx;
use web::page::Written;

use super::language::Speaker;
use super::portal_page;
use crate::code::CodeKey;
use crate::id::InvitationId;
use crate::invitation::{self, Glance};
use crate::invitation_snapshot::{self, Closed, InvitationSnapshot};
use crate::snapshot;

/// If the cached pages are larger than this in total, all of them are dropped.
const MOST_BYTES: usize = 16 << 20;

/// The cached pages, shared by all requests.
#[derive(Debug, Default)]
pub(super) struct Pages(Mutex<CachedPages>);

#[derive(Debug, Default)]
struct CachedPages {
    /// The cached pages by household and tag. A tag consists of the host name and the language.
    kept: HashMap<(InvitationId, String), CachedPage>,
    bytes: usize,
}

#[derive(Debug)]
struct CachedPage {
    version: i64,
    revision: i64,
    until: Timestamp,
    page: Written,
}

/// The result of looking up an invitation's page.
pub(super) struct PortalLookup {
    /// Shows whether a cached page of the invitation is still current.
    pub(super) glance: Glance,
    pub(super) now: Timestamp,
    tag: String,
    /// Either the cached page, or the data for rendering it.
    pub(super) found: CacheLookup,
}

pub(super) enum CacheLookup {
    Page(Written),
    InvitationSnapshot(Box<InvitationSnapshot>),
}

impl Pages {
    /// Looks up the page of the invitation that this code opens. If the page is cached, the rest of
    /// the invitation is not loaded.
    pub(super) fn look(
        &self,
        tx: &mut Tx<'_>,
        key: &CodeKey,
        speaker: &Speaker,
    ) -> Result<PortalLookup, Closed> {
        let glance = invitation::glance(tx, key)?.ok_or(Closed::NotFound)?;
        let occasion_snapshot = snapshot::load_at(tx, &glance.occasion, glance.revision)?;
        invitation_snapshot::admit(&occasion_snapshot.occasion, glance.archived)?;
        let text = speaker.speak_of(&occasion_snapshot.occasion, glance.language.as_deref());
        // All host names share this cache and its memory limit. So the tag contains the host name.
        let tag = format!("{} {}", speaker.site.url().host(), text.language().tag);
        let now = tx.now();
        let kept = self.find(&glance, &tag, now);
        let mut read = || {
            let invitation = invitation::find(tx, &glance.id)?.ok_or(Closed::NotFound)?;
            let snapshot = invitation_snapshot::load(tx, occasion_snapshot.clone(), invitation)?;
            Ok::<_, Closed>(Box::new(snapshot))
        };
        let found = match kept {
            Some(page) => {
                debug_assert_eq!(
                    portal_page::write(&speaker.site, &text, &*read()?)
                        .ok()
                        .as_ref(),
                    Some(&page),
                    "a page was kept that would read differently now"
                );
                CacheLookup::Page(page)
            }
            None => CacheLookup::InvitationSnapshot(read()?),
        };
        Ok(PortalLookup {
            glance,
            now,
            tag,
            found,
        })
    }

    fn find(&self, glance: &Glance, tag: &str, now: Timestamp) -> Option<Written> {
        let shelf = self.shelf();
        let kept = shelf.kept.get(&(glance.id.clone(), tag.to_owned()))?;
        let same = (kept.version, kept.revision) == (glance.version, glance.revision);
        (same && now < kept.until).then(|| kept.page.clone())
    }

    /// Caches a page that was rendered after [`Pages::look`]. It is used until `until`.
    pub(super) fn keep(&self, look: &PortalLookup, until: Timestamp, page: &Written) {
        let mut shelf = self.shelf();
        if shelf.bytes + page.length() > MOST_BYTES {
            *shelf = CachedPages::default();
        }
        let kept = CachedPage {
            version: look.glance.version,
            revision: look.glance.revision,
            until,
            page: page.clone(),
        };
        shelf.bytes += page.length();
        let before = shelf
            .kept
            .insert((look.glance.id.clone(), look.tag.clone()), kept);
        if let Some(before) = before {
            shelf.bytes -= before.page.length();
        }
    }

    fn shelf(&self) -> MutexGuard<'_, CachedPages> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use web::page::{Kind, Page};
    use web::{Catalogue, Language, Theme};

    use super::*;

    #[derive(askama::Template)]
    #[template(source = "{{ words }}", ext = "html")]
    struct Words<'a> {
        words: &'a str,
    }

    fn written(words: &str) -> Written {
        let catalogue = Catalogue::build(&[web::LOCALES]);
        let page = Page {
            title: "A page",
            body: Words { words },
            text: &catalogue.speak(&Language::ENGLISH),
            theme: Theme::PLAIN,
            kind: Kind::Public { languages: &[] },
        };
        web::page::write(&page).unwrap()
    }

    fn second(number: i64) -> Timestamp {
        Timestamp::from_second(number).unwrap()
    }

    fn look(id: &str, version: i64, revision: i64) -> PortalLookup {
        PortalLookup {
            glance: Glance {
                id: id.parse().unwrap(),
                occasion: "01900000-0000-7000-8000-000000000001".parse().unwrap(),
                code: "RAHMA".to_owned(),
                version,
                access_epoch: 1,
                language: None,
                archived: false,
                revision,
            },
            now: second(0),
            tag: "en".to_owned(),
            found: CacheLookup::Page(written("")),
        }
    }

    const ONE: &str = "01900000-0000-7000-8000-000000000002";
    const OTHER: &str = "01900000-0000-7000-8000-000000000003";

    #[test]
    fn a_page_is_found_while_everything_it_was_made_from_stands() {
        let (pages, page) = (Pages::default(), written("Hello"));
        pages.keep(&look(ONE, 3, 7), second(100), &page);
        let find = |look: &PortalLookup, tag: &str, now| pages.find(&look.glance, tag, second(now));
        assert_eq!(find(&look(ONE, 3, 7), "en", 99), Some(page));
        for (look, tag, now) in [
            (look(OTHER, 3, 7), "en", 0),
            (look(ONE, 4, 7), "en", 0),
            (look(ONE, 3, 8), "en", 0),
            (look(ONE, 3, 7), "ms", 0),
            (look(ONE, 3, 7), "en", 100),
        ] {
            assert_eq!(find(&look, tag, now), None);
        }
        let newer = written("Hello again");
        pages.keep(&look(ONE, 4, 7), second(100), &newer);
        assert_eq!(pages.shelf().bytes, newer.length());
        assert_eq!(find(&look(ONE, 4, 7), "en", 0), Some(newer));
    }

    #[test]
    fn what_is_kept_has_an_end() {
        let (pages, page) = (Pages::default(), written(&"x".repeat(MOST_BYTES / 3)));
        for version in 0..9 {
            let id = format!("01900000-0000-7000-8000-00000000001{version}");
            pages.keep(&look(&id, version, 1), second(100), &page);
            assert!(pages.shelf().bytes <= MOST_BYTES);
            assert!(
                pages
                    .find(&look(&id, version, 1).glance, "en", second(0))
                    .is_some()
            );
        }
        assert!(pages.shelf().kept.len() < 3);
    }
}
