//! The pages and JSON operations that are the same for all lists of an occasion, such as the lists
//! of questions and of reminders.

use std::collections::BTreeMap;

use askama::Template;
use axum::response::Response;
use identity::session::signed_in::SignedIn;
use platform::Tx;
use site::Callers::Tokens;
use site::proof::{Proof, Requester};
use site::resource::api::{ApiParent, ApiResource};
use site::resource::pages::PageParent;
use web::described::{self, Named};
use web::form_state::{FormState, TableForm};
use web::{Problem, Text};

use super::frame::Place;
use super::history::field_words;
use super::request::{self, HostRequest, PageContext};
use crate::hosting::resource::Resource;
use crate::hosting::{HostOf, Permission, Refusal, moved, permissions};
use crate::token_scopes::{OCCASION_READ, OCCASION_WRITE};
use crate::web::access::{HostAccess, may};
use crate::web::api::host::change_response::{ChangedView, Receipt, Saved, Sees};
use crate::web::api::host::refusal;
use crate::{event, occasion};

/// The access rule of paths that read.
pub(super) const READS: HostAccess = may(Permission::See, Tokens(&[OCCASION_READ]));
/// The access rule of paths that change texts.
pub(super) const WRITES: HostAccess = may(Permission::Write, Tokens(&[OCCASION_WRITE]));
/// The access rule of paths that make other changes.
pub(super) const OWNS: HostAccess = may(Permission::Own, Tokens(&[OCCASION_WRITE]));

/// Pages name an occasion by its slug. API clients name it by its id.
impl Proof for HostOf {
    type Refusal = Refusal;
    const READS_AT_LENGTH: bool = true;

    fn enter(tx: &mut Tx<'_>, requester: &Requester) -> Result<Self, Refusal> {
        let id = match requester.piece("slug") {
            "" => requester.id("id")?,
            slug => occasion::find_by_slug(tx, slug)?.ok_or(Refusal::NotFound)?,
        };
        let request = Some(requester.request.clone());
        let host = permissions::enter(tx, &requester.who, &id, request)?;
        host.needs(requester.declared().ok_or(Refusal::Forbidden)?)?;
        Ok(host)
    }

    fn problem(refusal: Refusal, who: &SignedIn) -> Problem {
        refusal::problem(refusal, Sees::of_editor(who))
    }
}

impl ApiParent for HostOf {
    type Access = HostAccess;
    type Saved<R: ApiResource<Parent = Self>> = Saved<R>;

    fn saved<R: ApiResource<Parent = Self>>(
        &self,
        _: &mut Tx<'_>,
        one: R,
    ) -> Result<Saved<R>, Refusal> {
        Ok(Saved::of(one, Sees::of(self)))
    }

    fn describe_saved<R: ApiResource<Parent = Self>>() -> Named {
        described::schema_of::<Saved<R>, R>()
    }
}

impl<R: Resource<Parent = HostOf>> ChangedView for R {
    fn receipt(&self) -> Receipt {
        if R::ADDRESS == "id" {
            Receipt::of_id(&self.address(), self.version())
        } else {
            Receipt::of_key(self.address(), self.version())
        }
    }
}

impl PageParent for HostOf {
    type Request = HostRequest;
    type Context = PageContext;
    const SAVE: &'static str = "host-save";
    const CANCEL: &'static str = "host-cancel";

    fn context(&self, tx: &mut Tx<'_>) -> Result<PageContext, Refusal> {
        let context = request::context(tx, self.clone())?;
        let untold = if context.cancelled.is_empty() {
            BTreeMap::new()
        } else {
            moved::untold(tx, self.occasion())?
        };
        Ok(PageContext {
            said_yes: event::said_yes(tx, self.occasion())?,
            untold,
            ..context
        })
    }

    fn at(req: &HostRequest, rest: &str) -> String {
        req.at(rest)
    }

    fn table<'a>(
        req: &'a HostRequest,
        context: &'a PageContext,
        form_state: &'a FormState,
    ) -> TableForm<'a> {
        TableForm {
            text: &req.text,
            form_state,
            languages: &context.occasion.languages,
            zone: &context.occasion.time_zone,
        }
    }

    fn summary(text: &Text, form_state: &FormState) -> String {
        form_state.summary(text).labelled(field_words).to_string()
    }

    async fn page<B: Template + Send>(
        req: &HostRequest,
        context: &PageContext,
        here: &str,
        title: &str,
        body: B,
    ) -> Result<Response, Problem> {
        Ok(req.page(context, Place::of_list(here), title, body))
    }
}
