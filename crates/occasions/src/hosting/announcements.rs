//! Writes, publishes and withdraws announcements, on behalf of hosts.

use ::web::fields::{flag, texts};
use ::web::{Field, Findings, Input, Limits, List, PageQuery};
use platform::Tx;

use super::resource::{Edit, History, Resource, history_of};
use super::{HostOf, Permission, Refusal};
use crate::announcement::{self, Announcement};

impl Resource for Announcement {
    type Parent = HostOf;
    const FIELDS: &'static [Field] = ::web::fields! { Announcement:
        title: texts(Limits::required(160)).label("host-news-title").wording(),
        body: texts(Limits::lines(8_000)).label("host-news-body").wording(),
        pinned: flag().label("host-news-pinned").hint("host-news-pinned-hint"),
        published: flag().label("host-news-published").hint("host-news-published-hint"),
    };
    const HISTORY: History = history_of!("announcement", named_by: "title");
    const NEWS: &'static str = "news";
    const LIMIT: Option<usize> = Some(200);
    const WRITERS: Permission = Permission::Write;
    const OWNERS: Permission = Permission::Write;

    site::row_of_table!();

    fn list(tx: &mut Tx<'_>, host: &HostOf, _: &PageQuery) -> Result<List<Self>, Refusal> {
        Ok(List::whole(announcement::list(tx, host.occasion())?))
    }

    fn blank(tx: &mut Tx<'_>, _: &HostOf, _: &Input, _: &[Self]) -> Result<Self, Refusal> {
        Ok(Self {
            id: tx.id(),
            version: 1,
            ..Self::default()
        })
    }

    fn validate(
        &mut self,
        tx: &mut Tx<'_>,
        edit: &Edit<'_, Self>,
        _: &mut Findings,
    ) -> Result<(), Refusal> {
        let now = tx.now();
        let is_new_text = |old: &Self| (&old.title, &old.body) != (&self.title, &self.body);
        match (self.published, self.published_at) {
            (false, _) => (self.published_at, self.changed_at) = (None, None),
            (true, None) => self.published_at = Some(now),
            (true, Some(_)) if edit.old.is_some_and(is_new_text) => self.changed_at = Some(now),
            (true, Some(_)) => {}
        }
        Ok(())
    }

    fn insert(&mut self, tx: &mut Tx<'_>, edit: &Edit<'_, Self>) -> Result<(), Refusal> {
        Ok(Self::insert(self, tx, edit.parent.occasion())?)
    }
}
