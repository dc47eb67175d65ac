//! A guest's request for a page that needs a code.

use std::sync::Arc;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use platform::audit::RequestFacts;
use platform::{StoreError, Tx};
use web::{Facts, Form, Problem, Site, Text, Wishes};

use super::after;
use super::code_page::{self, TypedCode};
use super::credentials::Credentials;
use super::frame::keep_private;
use super::gate::{Admitted, CodeGate, Failure};
use super::language::Speaker;
use super::page_cache::PortalLookup;
use super::view::Typed;
use crate::form_event::{self, FormEvent, FormUse};
use crate::id::InvitationId;
use crate::invitation_snapshot::{self, InvitationSnapshot};
use crate::link;

/// A response that is sent instead of the requested page.
pub(crate) struct EarlyResponse(Box<Response>);

impl IntoResponse for EarlyResponse {
    fn into_response(self) -> Response {
        *self.0
    }
}

impl From<Response> for EarlyResponse {
    fn from(response: Response) -> Self {
        Self(Box::new(response))
    }
}

impl From<Problem> for EarlyResponse {
    fn from(problem: Problem) -> Self {
        problem.into_response().into()
    }
}

pub struct GuestRequest {
    pub(crate) site: Site,
    pub(crate) gate: CodeGate,
    pub(crate) facts: Facts,
    pub(crate) wishes: Wishes,
    pub(crate) headers: HeaderMap,
    uri: Uri,
    is_reading: bool,
    /// The code in the client's spelling, with the link's `k` or a guest's name if they were sent.
    pub(crate) given: Credentials,
}

impl FromRequestParts<Site> for GuestRequest {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Problem> {
        // If the path is not valid text, it counts as an unknown code.
        let path = RawPathParams::from_request_parts(parts, site).await;
        let code = path.ok().and_then(|path| {
            let mut pieces = path.iter();
            let found = pieces.find(|(name, _)| *name == "code");
            found.map(|(_, code)| code.to_owned())
        });
        let code = code.unwrap_or_default();
        let gate = parts.extensions.get::<CodeGate>().cloned();
        Ok(Self {
            gate: gate.ok_or_else(|| Problem::internal("the guests' pages have no code gate"))?,
            facts: Facts::from_request_parts(parts, site).await?,
            wishes: Wishes::read(&parts.uri, &parts.headers),
            headers: parts.headers.clone(),
            given: Credentials::of_address(code, &parts.uri),
            uri: parts.uri.clone(),
            is_reading: parts.method.is_safe(),
            site: site.clone(),
        })
    }
}

impl GuestRequest {
    /// Builds a request whose code and other secrets were sent in the body, not in the path.
    pub fn of(
        site: Site,
        gate: CodeGate,
        facts: Facts,
        headers: HeaderMap,
        given: Credentials,
    ) -> Self {
        let uri = Uri::default();
        let wishes = Wishes::read(&uri, &headers);
        Self {
            site,
            gate,
            facts,
            wishes,
            headers,
            uri,
            is_reading: false,
            given,
        }
    }

    pub(crate) async fn open(&self) -> Result<InvitationSnapshot, Failure> {
        self.gate
            .open(&self.site, &self.facts, &self.headers, &self.given)
            .await
    }

    /// Loads the invitation for a page, or returns a response to send instead. If the code is not
    /// spelled as on the invitation card, the response redirects to the URL with the card's
    /// spelling.
    pub(super) async fn look(&self) -> Result<InvitationSnapshot, EarlyResponse> {
        let snapshot = self.enter().await?;
        self.check_spelling(&snapshot.household.invitation.code)?;
        Ok(snapshot)
    }

    /// Like [`GuestRequest::look`], but for the invitation's main page, which may come from the
    /// cache.
    pub(super) async fn look_at_page(&self) -> Result<PortalLookup, EarlyResponse> {
        let (pages, speaker) = (Arc::clone(&self.gate.pages), self.speaker());
        let look = self
            .gate
            .open_as(
                &self.site,
                &self.facts,
                &self.headers,
                &self.given,
                move |tx, key| pages.look(tx, key, &speaker),
            )
            .await;
        match look {
            Ok(look) => {
                self.check_spelling(&look.glance.code)?;
                Ok(look)
            }
            Err(failure) => Err(self.turn_away(failure, Vec::new()).await),
        }
    }

    fn check_spelling(&self, code: &str) -> Result<(), EarlyResponse> {
        if self.given.code == code {
            return Ok(());
        }
        let address = self.address_on_the_card(code);
        Err(Redirect::permanent(&address).into_response().into())
    }

    /// Computes `k` again, because it depends on the spelling of the code.
    fn address_on_the_card(&self, code: &str) -> String {
        let mut parts = self.uri.path().splitn(4, '/');
        let below = parts
            .nth(3)
            .map(|below| format!("/{below}"))
            .unwrap_or_default();
        let check = self.given.check.as_ref();
        let check = check.and_then(|_| self.gate.links.check_of(code));
        let check = check.map(|check| format!("{}={check}", link::PARAMETER));
        let pairs = self.uri.query().unwrap_or_default().split('&');
        let pairs = pairs.filter(|pair| {
            let name = pair.split('=').next().unwrap_or_default();
            !pair.is_empty() && name != link::PARAMETER
        });
        let query: Vec<&str> = pairs.chain(check.as_deref()).collect();
        let mark = if query.is_empty() { "" } else { "?" };
        format!("/invite/{code}{below}{mark}{}", query.join("&"))
    }

    /// Like [`GuestRequest::look`], but does not redirect if the code is spelled differently.
    pub(super) async fn enter(&self) -> Result<InvitationSnapshot, EarlyResponse> {
        match self.open().await {
            Ok(snapshot) => Ok(snapshot),
            Err(failure) => Err(self.turn_away(failure, Vec::new()).await),
        }
    }

    /// Loads the invitation for a page that can still be read after the occasion is archived.
    pub(super) async fn look_at_past(&self) -> Result<InvitationSnapshot, EarlyResponse> {
        match self.open_past().await {
            Ok(snapshot) => {
                self.check_spelling(&snapshot.household.invitation.code)?;
                Ok(snapshot)
            }
            Err(failure) => Err(self.turn_away(failure, Vec::new()).await),
        }
    }

    /// Like [`GuestRequest::open`], but also opens the invitations of an archived occasion.
    pub(crate) async fn open_past(&self) -> Result<InvitationSnapshot, Failure> {
        let (site, given) = (&self.site, &self.given);
        let look = invitation_snapshot::look_back;
        self.gate
            .open_as(site, &self.facts, &self.headers, given, look)
            .await
    }

    /// Asks the code gate for permission to use the code for a change.
    pub async fn admit(&self) -> Result<Admitted, Failure> {
        self.gate
            .admit(&self.site, &self.facts, &self.headers, &self.given)
            .await
    }

    /// Converts a failure to a page. If the code opens no invitation, the page asks for another
    /// code. The page also shows the `typed` values, so that they are not lost.
    pub(super) async fn turn_away(&self, failure: Failure, typed: Vec<Typed>) -> EarlyResponse {
        match failure {
            Failure::Problem(problem) => problem.into(),
            Failure::Expired => {
                // Split at `/`, only the path `/invite/{code}` itself gives exactly three parts.
                // The first part is empty.
                let is_page = self.is_reading && self.uri.path().split('/').count() == 3;
                self.look_back(typed, is_page).await.into()
            }
            Failure::Malformed => self.ask_again(Failure::Unknown, typed).await.into(),
            other => self.ask_again(other, typed).await.into(),
        }
    }

    /// The status is 410, unless `is_page` says that the request was for the household's own page.
    async fn look_back(&self, typed: Vec<Typed>, is_page: bool) -> Response {
        let snapshot = match self.open_past().await {
            Ok(snapshot) => snapshot,
            Err(failure) => return Problem::from(failure).into_response(),
        };
        let text = self.text(&snapshot);
        let found = after::page(&self.site, &text, &snapshot, typed).await;
        let mut response = found.into_response();
        if !is_page && response.status() == StatusCode::OK {
            *response.status_mut() = StatusCode::GONE;
        }
        response
    }

    async fn ask_again(&self, failure: Failure, typed: Vec<Typed>) -> Response {
        let text = self.site.speak_public(&self.wishes);
        let known = self.gate.known(&self.site, &self.headers).await;
        let mut body = code_page::form(&text, "/", known.unwrap_or_default());
        // The response must be the same for every code that was looked up, so it does not contain
        // the code. If a name is required, the code was not looked up.
        let tried = match failure {
            Failure::NameRequired => self.given.code.clone(),
            _ => String::new(),
        };
        let tried = TypedCode {
            code: tried,
            name: self.given.name.clone().unwrap_or_default(),
        };
        tried.show_again(&mut body, code_page::problem(&failure));
        body.kept = typed;
        let mut response = failure.dress(code_page::page(&self.site, &text, body).await);
        keep_private(&mut response);
        response
    }

    pub(super) fn query(&self) -> Form {
        Form::parse(self.uri.query().unwrap_or_default().as_bytes()).unwrap_or_default()
    }

    /// Returns the messages in the language that suits this reader and household.
    pub(crate) fn text(&self, snapshot: &InvitationSnapshot) -> Text {
        self.speaker().speak(snapshot)
    }

    /// Returns a [`Speaker`]. It can be moved into a transaction. The request cannot.
    pub(crate) fn speaker(&self) -> Speaker {
        Speaker {
            site: self.site.clone(),
            wishes: self.wishes.clone(),
        }
    }

    /// Records what happened to the household's form for answers.
    pub(super) fn note_form(&self, snapshot: &InvitationSnapshot, what: FormUse) {
        self.gate.note_form(&self.headers, snapshot, what);
    }

    /// Returns what is stored about the household's form for answers. The household may know it.
    pub(crate) async fn noted_form(
        &self,
        snapshot: &InvitationSnapshot,
    ) -> Result<Option<FormEvent>, Problem> {
        if !form_event::is_noted(snapshot) {
            return Ok(None);
        }
        let id = snapshot.household.invitation.id.clone();
        let look = move |tx: &mut Tx<'_>| form_event::find(tx, &id);
        let found: Result<Option<FormEvent>, StoreError> = self.site.store.read(look).await;
        Ok(found?)
    }

    /// Makes the guest's browser remember the household.
    pub(crate) fn remember_household(
        &self,
        snapshot: &InvitationSnapshot,
        response: Response,
    ) -> Response {
        let invitation = &snapshot.household.invitation;
        self.remember(invitation.id.clone(), invitation.access_epoch, response)
    }

    /// Adds an invitation and its access epoch to the cookie in the guest's browser.
    pub(super) fn remember(&self, id: InvitationId, epoch: i64, response: Response) -> Response {
        self.gate
            .remember(&self.site, &self.headers, id, epoch, response)
    }

    pub(crate) fn origin(&self) -> RequestFacts {
        RequestFacts {
            request_id: self.facts.request_id.to_string(),
            network: Some(self.facts.client),
        }
    }
}
