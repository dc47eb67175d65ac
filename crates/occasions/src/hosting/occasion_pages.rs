//! Adds, changes and removes the pages that hosts write for their guests.

use ::web::fields::{choice, key, texts};
use ::web::{Field, Findings, I18n, Input, Limits, List, PageQuery};
use platform::{Rows, Tx, sql};

use super::resource::{Edit, History, Resource, free_key, history_of, next_position, position};
use super::{HostOf, Permission, Refusal};
use crate::occasion_page::{LIMIT, OccasionPage, list};
use crate::words::{PageAudience, PageKind};

impl Resource for OccasionPage {
    type Parent = HostOf;
    const FIELDS: &'static [Field] = ::web::fields! { OccasionPage:
        kind: choice().label("host-page-kind").required(),
        title: texts(Limits::line(120)).label("host-page-title").hint("host-page-title-hint")
            .wording(),
        body: texts(Limits::lines(20_000)).label("host-page-body").hint("host-page-body-hint")
            .wording(),
        audience: choice().label("host-page-audience").required(),
        position: position().label("host-field-position"),
        key: key(1, 40).label("host-field-key").hint("host-field-key-hint").fixed(),
    };
    const ADDRESS: &'static str = "key";
    const HISTORY: History = history_of!("page", named_by: "key");
    const NEWS: &'static str = "pages";
    const LIMIT: Option<usize> = Some(LIMIT);
    const WRITERS: Permission = Permission::Write;

    fn key(&self) -> &str {
        &self.key
    }

    fn entity(&self) -> String {
        self.id.to_string()
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn list(tx: &mut Tx<'_>, host: &HostOf, _: &PageQuery) -> Result<List<Self>, Refusal> {
        Ok(List::whole(list(tx, host.occasion())?))
    }

    fn blank(tx: &mut Tx<'_>, _: &HostOf, _: &Input, there: &[Self]) -> Result<Self, Refusal> {
        let is_taken = |key: &str| there.iter().any(|page| page.key == key);
        let kinds = PageKind::ALL.iter().copied();
        let mut open = kinds.filter(|kind| there.iter().all(|page| page.kind != *kind));
        Ok(Self {
            id: tx.id(),
            key: free_key("page", 1.., is_taken),
            kind: open.next().unwrap_or(PageKind::Other),
            title: I18n::default(),
            body: I18n::default(),
            audience: PageAudience::Everybody,
            position: next_position(there.iter().map(|page| page.position)),
            version: 1,
        })
    }

    fn validate(
        &mut self,
        tx: &mut Tx<'_>,
        edit: &Edit<'_, Self>,
        findings: &mut Findings,
    ) -> Result<(), Refusal> {
        // Only this kind of page has no built-in title.
        if self.kind == PageKind::Other && self.title.is_empty() {
            findings.add("/title", "required", []);
        }
        if self.audience != PageAudience::Nobody && self.body.is_empty() {
            findings.add("/body", "required", []);
        }
        // If a new page has no key, its kind becomes its key. In a URL a word reads better than a
        // number.
        if edit.old.is_none() && !edit.input.has("key") && !findings.has("/kind") {
            let there = list(tx, edit.parent.occasion())?;
            let is_taken = |key: &str| there.iter().any(|page| page.key == key);
            let word = self.kind.word();
            if self.kind != PageKind::Other {
                self.key = if is_taken(word) {
                    free_key(word, 2.., is_taken)
                } else {
                    word.to_owned()
                };
            }
        }
        Ok(())
    }

    fn insert(&mut self, tx: &mut Tx<'_>, edit: &Edit<'_, Self>) -> Result<(), Refusal> {
        Ok(Self::insert(self, tx, edit.parent.occasion())?)
    }

    fn update(&mut self, tx: &mut Tx<'_>, _: &Edit<'_, Self>) -> Result<(), Refusal> {
        self.version += 1;
        sql!(
            "UPDATE occasion_page SET {OccasionPage = :OccasionPage}, updated_at = :now
             WHERE id = :id AND version = :version - 1",
            OccasionPage = self,
            now = tx.now(),
            id = self.id,
            version = self.version
        )
        .run(tx, Rows::Exactly(1))?;
        Ok(())
    }

    fn delete(&self, tx: &mut Tx<'_>, _: &HostOf) -> Result<(), Refusal> {
        sql!("DELETE FROM occasion_page WHERE id = :id", id = self.id).run(tx, Rows::Exactly(1))?;
        Ok(())
    }
}
