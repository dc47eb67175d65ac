//! What all lists of a provider have in common: offers, their questions, hours, and days that differ.

use askama::Template;
use axum::response::Response;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use platform::audit::Entity;
use platform::{StoreError, Tx};
use serde_json::Value;
use site::request::PageRequest;
use site::resource::Parent;
use site::resource::api::api_parent;
use site::resource::pages::PageParent;
use web::Problem;
use web::form_state::{FormState, TableForm};

use super::frame::BookingPage as _;
use super::slots::table_form;
use crate::Refusal;
use crate::browse::computed_time::ProviderTime;
use crate::choice::{self, Listed};
use crate::credit_kind::{self, CreditKind};
use crate::offer::{self, Offer};
use crate::provider::{self, Provider, ProviderProfile};
use crate::schedule::{self, Schedule};
use crate::settings::{self, BookingSettings};

/// How far ahead times are counted.
pub(super) const AHEAD: SignedDuration = SignedDuration::from_hours(28 * 24);

/// The data that the pages of a provider's lists need in addition to the list.
pub struct ProviderContext {
    by: Provider,
    pub(super) now: Timestamp,
    /// What is known of the provider's time in the days ahead.
    pub(super) time: ProviderTime,
    pub(super) hours: Vec<Schedule>,
    pub(super) offers: Vec<Offer>,
    pub(super) listed: Vec<Listed>,
    pub(super) kinds: Vec<CreditKind>,
    pub(super) rules: BookingSettings,
}

impl Parent for Provider {
    type Permission = ();
    const OWN: () = ();

    fn zone(&self, _: &mut Tx<'_>) -> Result<TimeZone, Refusal> {
        Ok(Self::zone(self))
    }

    fn record(
        &self,
        tx: &mut Tx<'_>,
        entity: Entity,
        action: &'static str,
        changes: Value,
    ) -> Result<(), StoreError> {
        self.requester().record(tx, entity, action, changes)
    }

    /// Each change of an offer, of hours or of days may change the dates of classes.
    fn publish(&self, tx: &mut Tx<'_>, _: &'static str) -> Result<(), StoreError> {
        provider::plan_dates(tx, &self.profile.id)
    }
}

impl PageParent for Provider {
    type Request = PageRequest;
    type Context = ProviderContext;
    const SAVE: &'static str = "slot-save";
    const CANCEL: &'static str = "booking-cancel-form";

    fn context(&self, tx: &mut Tx<'_>) -> Result<ProviderContext, Refusal> {
        let now = tx.roughly_now();
        Ok(ProviderContext {
            by: self.clone(),
            now,
            time: ProviderTime::load(tx, &self.profile.id, now, now + AHEAD)?,
            hours: schedule::of_provider(tx, &self.profile.id)?,
            offers: offer::of_provider(tx, &self.profile.id)?,
            listed: choice::listed(tx)?,
            kinds: credit_kind::all(tx)?,
            rules: settings::load(tx)?,
        })
    }

    fn at(_: &PageRequest, rest: &str) -> String {
        rest.to_owned()
    }

    fn table<'a>(
        req: &'a PageRequest,
        _: &'a ProviderContext,
        form_state: &'a FormState,
    ) -> TableForm<'a> {
        table_form(req, form_state)
    }

    async fn page<B: Template + Send>(
        req: &PageRequest,
        _: &ProviderContext,
        here: &str,
        title: &str,
        body: B,
    ) -> Result<Response, Problem> {
        req.show(here, title, body).await
    }
}

impl ProviderContext {
    pub(super) fn profile(&self) -> &ProviderProfile {
        &self.by.profile
    }

    pub(super) fn zone(&self) -> TimeZone {
        self.by.zone()
    }
}

impl AsRef<Provider> for ProviderContext {
    fn as_ref(&self) -> &Provider {
        &self.by
    }
}

api_parent!(Provider);

/// The parts of a declaration that are the same for all lists of a provider.
macro_rules! provided {
    () => {
        type View = Self;
        type Item = Self;
        const READS: ::site::Callers = ::site::Callers::Tokens(&[$crate::token_scopes::READ]);
        const WRITES: ::site::Callers = ::site::Callers::Tokens(&[$crate::token_scopes::WRITE]);

        fn view(
            self,
            _: &mut ::platform::Tx<'_>,
            _: &$crate::provider::Provider,
        ) -> Result<Self, $crate::Refusal> {
            Ok(self)
        }
    };
}
pub(super) use provided;
