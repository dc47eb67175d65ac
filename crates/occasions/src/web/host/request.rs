//! A host's request for a page of an occasion. A handler passes a closure to [`HostRequest::read`],
//! [`HostRequest::write`] or [`HostForm::once`]. Each of these first checks that the caller is a
//! host with the permission that the list of paths requires. The check and the closure run in the
//! same transaction, so no change can happen between them.

use std::collections::BTreeMap;
use std::ops::Deref;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{Method, Uri};
use axum::response::Response;
use identity::grant::administrator;
use identity::notification;
use jiff::Timestamp;
use platform::audit::RequestFacts;
use platform::id::Id;
use platform::{StoreError, Tx};
use site::request::{FormPost, OfPage, PageRequest};
use web::language::COMPLETE;
use web::{Language, Problem, Site, Wishes};

use super::wording::{self, Wording};
use crate::event::{self, Event, PlannedEvent, SaidYes};
use crate::hosting::moved::Untold;
use crate::hosting::sizes::{self, Sizes};
use crate::hosting::{HostOf, Permission, Refusal};
use crate::id::EventId;
use crate::occasion::{self, Occasion};
use crate::own_domain;
use crate::phase;
use crate::web::custom_code::ByHand;

/// A host's request for a page, or for saving the form on it.
#[derive(Clone)]
pub struct HostRequest {
    req: PageRequest,
    by_hand: ByHand,
    /// Only set for GET requests.
    looked_at: Option<Uri>,
}

pub type HostForm = FormPost<HostRequest>;

/// The data that the frame of each page of an occasion needs.
pub struct PageContext {
    pub host: HostOf,
    pub occasion: Occasion,
    /// The events that take place on a known day.
    pub events: Vec<Event>,
    pub undated: Vec<PlannedEvent>,
    pub cancelled: Vec<PlannedEvent>,
    pub sizes: Sizes,
    /// Who said yes to each event. Only the pages of lists read it.
    pub(crate) said_yes: BTreeMap<EventId, SaidYes>,
    /// Who has not been told that an event is cancelled. Only the pages of lists read it.
    pub(crate) untold: BTreeMap<EventId, Untold>,
    pub now: Timestamp,
    /// How many notices the host has not read.
    pub unread: i64,
    /// Whether guests cannot open the occasion's links, because they begin with an address of this
    /// machine or its network.
    pub has_private_links: bool,
    /// Whether the host is an owner of the site. The frame then links to the page about the server.
    pub owns_site: bool,
}

impl Deref for HostRequest {
    type Target = PageRequest;

    fn deref(&self) -> &PageRequest {
        &self.req
    }
}

impl AsRef<PageRequest> for HostRequest {
    fn as_ref(&self) -> &PageRequest {
        &self.req
    }
}

impl AsRef<HostOf> for PageContext {
    fn as_ref(&self) -> &HostOf {
        &self.host
    }
}

impl OfPage for HostRequest {
    fn of(parts: &Parts, mut req: PageRequest) -> Result<Self, Problem> {
        let wishes = Wishes::read(&parts.uri, &parts.headers);
        let own = req.who.account().locale.as_str();
        let tag = wishes.choose(&COMPLETE, Some(own), COMPLETE[0]);
        req.text = req.site.catalogue.speak(&Language::of(tag));
        Ok(Self {
            req,
            looked_at: (parts.method == Method::GET).then(|| parts.uri.clone()),
            by_hand: ByHand::of(parts)?,
        })
    }
}

impl FromRequestParts<Site> for HostRequest {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Problem> {
        let req = PageRequest::from_request_parts(parts, site).await?;
        Self::of(parts, req)
    }
}

impl HostRequest {
    /// If the path contains an earlier slug of the occasion, returns the same path with the current
    /// slug.
    pub fn moved(&self, occasion: &Occasion) -> Option<String> {
        let asked = self.looked_at.as_ref()?;
        let rest = asked
            .path_and_query()?
            .as_str()
            .strip_prefix(&self.at(""))?;
        let is_old = occasion.slug != self.piece("slug");
        is_old.then(|| wording::at(&occasion.slug, rest))
    }

    /// Returns the path of the shown page; empty after a form was sent.
    pub fn here(&self) -> &str {
        self.looked_at.as_ref().map_or("", Uri::path)
    }

    /// Returns the `{id}` from the request's path.
    pub fn id<I: Id>(&self) -> I {
        I::from_text(self.piece("id").to_owned())
    }

    /// Returns the path of another page of the same occasion.
    pub fn at(&self, rest: &str) -> String {
        format!("/admin/o/{}{rest}", self.piece("slug"))
    }

    /// Reads the data of the occasion that the path names. Most pages read a lot, so `look` runs on
    /// a separate thread.
    pub async fn read<T, F>(&self, look: F) -> Result<(PageContext, T), Refusal>
    where
        T: Send + 'static,
        F: Fn(&mut Tx<'_>, &PageContext) -> Result<T, Refusal> + Send + 'static,
    {
        let site = self.site.clone();
        let look = move |tx: &mut Tx<'_>, host: &HostOf| {
            let mut context = context(tx, host.clone())?;
            context.has_private_links = own_domain::is_private(tx, &site, host.occasion())?;
            let found = look(tx, &context)?;
            Ok((context, found))
        };
        self.req.read(look).await
    }

    /// Runs a change to the occasion that the path names.
    pub async fn write<T, F>(&self, change: F) -> Result<T, Refusal>
    where
        T: Send + 'static,
        F: Fn(&mut Tx<'_>, &HostOf) -> Result<T, Refusal> + Send + 'static,
    {
        self.req.write(change).await
    }

    /// Runs a change in which a host may choose a code. If the code is taken, the attempt counts as
    /// a guess.
    pub async fn by_hand(
        &self,
        typed: Option<&str>,
        set: impl Future<Output = Result<Response, Refusal>>,
    ) -> Result<Response, Refusal> {
        self.by_hand.set(&self.site, typed, set).await
    }

    /// Returns the facts about the request that the audit log stores.
    pub fn origin(&self) -> RequestFacts {
        self.request.clone()
    }

    /// Returns the formatter for this occasion's data, in the host's language.
    pub fn wording<'a>(&'a self, context: &'a PageContext) -> Wording<'a> {
        Wording::new(&self.text, &context.occasion, context.now)
    }
}

impl PageContext {
    /// Returns whether this host's role has `permission`.
    pub fn may(&self, permission: Permission) -> bool {
        self.host.may(permission)
    }

    /// Whether the last event has ended, or the occasion is archived.
    pub fn has_ended(&self) -> bool {
        let has_unknown_day = !self.undated.is_empty();
        phase::has_ended(
            self.occasion.status,
            &self.events,
            has_unknown_day,
            self.now,
        )
    }
}

/// Reads the data for the frame of a page.
pub fn context(tx: &mut Tx<'_>, host: HostOf) -> Result<PageContext, StoreError> {
    let occasion = occasion::load(tx, host.occasion())?;
    let all = event::planned(tx, &occasion.id)?;
    let (cancelled, all): (Vec<_>, Vec<_>) = all.into_iter().partition(|event| event.cancelled);
    let (dated, undated): (Vec<_>, Vec<_>) = all.into_iter().partition(|event| event.day_known);
    let zone = occasion.zone();
    let dated = dated.into_iter();
    Ok(PageContext {
        owns_site: match host.who() {
            Some(who) => administrator::owner(tx, who.clone())?.is_some(),
            None => false,
        },
        unread: match host.who() {
            Some(who) => notification::count_unread(tx, &who.account().id)?,
            None => 0,
        },
        has_private_links: false,
        events: dated.filter_map(|event| event.dated(&zone)).collect(),
        undated,
        cancelled,
        sizes: sizes::load(tx, &host)?,
        said_yes: BTreeMap::new(),
        untold: BTreeMap::new(),
        now: tx.now(),
        occasion,
        host,
    })
}
