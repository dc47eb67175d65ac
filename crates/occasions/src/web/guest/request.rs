//! A request for a page behind a code.

use std::sync::Arc;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use platform::audit::RequestFacts;
use web::{Facts, Problem, Site, Text, Wishes};

use super::code_page::{self, TypedCode};
use super::frame::keep_private;
use super::gate::{Admitted, CodeGate, Credentials, Failure};
use super::language::Speaker;
use super::page_cache::PortalLookup;
use super::view::Typed;
use crate::id::InvitationId;
use crate::invitation_snapshot::InvitationSnapshot;
use crate::link;

/// A response to send instead of the requested page.
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

/// A request with a code in its path.
pub struct GuestRequest {
    pub(crate) site: Site,
    pub(crate) gate: CodeGate,
    pub(crate) facts: Facts,
    pub(crate) wishes: Wishes,
    pub(crate) headers: HeaderMap,
    uri: Uri,
    /// The code as the client spelled it, and the other credentials.
    pub(crate) given: Credentials,
}

impl FromRequestParts<Site> for GuestRequest {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Problem> {
        // A path that is not valid text is treated as an unknown code.
        let names = Path::<Vec<(String, String)>>::from_request_parts(parts, site).await;
        let mut names = names
            .map_or_else(|_| Vec::new(), |Path(names)| names)
            .into_iter();
        let code = names.find(|(name, _)| name == "code");
        let code = code.map(|(_, code)| code).unwrap_or_default();
        let gate = parts.extensions.get::<CodeGate>().cloned();
        Ok(Self {
            gate: gate.ok_or_else(|| Problem::internal("the guests' pages have no door"))?,
            facts: Facts::from_request_parts(parts, site).await?,
            wishes: Wishes::read(&parts.uri, &parts.headers),
            headers: parts.headers.clone(),
            given: Credentials::of_address(code, &parts.uri),
            uri: parts.uri.clone(),
            site: site.clone(),
        })
    }
}

impl GuestRequest {
    /// Builds a request whose credentials came in the body.
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
            given,
        }
    }

    /// Opens the portal.
    pub(crate) async fn open(&self) -> Result<InvitationSnapshot, Failure> {
        self.gate
            .open(&self.site, &self.facts, &self.headers, &self.given)
            .await
    }

    /// Opens the portal for a page, or returns another response. A code in another spelling is
    /// redirected to the spelling on the card.
    pub(super) async fn look(&self) -> Result<InvitationSnapshot, EarlyResponse> {
        let portal = self.enter().await?;
        self.check_spelling(&portal.household.invitation.code)?;
        Ok(portal)
    }

    /// Like [`GuestRequest::look`], for the portal's own page.
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

    /// Redirects another spelling of the code to the spelling on the card.
    fn check_spelling(&self, code: &str) -> Result<(), EarlyResponse> {
        if self.given.code == code {
            return Ok(());
        }
        let address = self.address_on_the_card(code);
        Err(Redirect::permanent(&address).into_response().into())
    }

    /// Returns this path with the code as printed on the card. Keeps the query, except for `k`,
    /// which belongs to the other spelling.
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

    /// Opens the portal, whatever the spelling of the code, or returns another response.
    pub(super) async fn enter(&self) -> Result<InvitationSnapshot, EarlyResponse> {
        match self.open().await {
            Ok(portal) => Ok(portal),
            Err(failure) => Err(self.turn_away(failure, Vec::new()).await),
        }
    }

    /// Asks the gate for permission to change something with the code.
    pub async fn admit(&self) -> Result<Admitted, Failure> {
        self.gate
            .admit(&self.site, &self.facts, &self.headers, &self.given)
            .await
    }

    /// Converts a failure to a page. A client with a code that opens nothing is asked for another
    /// code, and gets the `typed` values back.
    pub(super) async fn turn_away(&self, failure: Failure, typed: Vec<Typed>) -> EarlyResponse {
        match failure {
            Failure::Problem(problem) => problem.into(),
            Failure::Expired => code_page::farewell(&self.site, &self.wishes).into(),
            Failure::Malformed => self.ask_again(Failure::Unknown, typed).await.into(),
            other => self.ask_again(other, typed).await.into(),
        }
    }

    /// Shows the code page in place of a page behind a code, with the `typed` values that can no
    /// longer be saved.
    async fn ask_again(&self, failure: Failure, typed: Vec<Typed>) -> Response {
        let text = self.site.speak_public(&self.wishes);
        let known = self.gate.known(&self.site, &self.headers).await;
        let mut body = code_page::form(&text, "/", known.unwrap_or_default());
        // After a look-up, the response must be the same for every code.
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

    /// The language for this reader and this household.
    pub(crate) fn text(&self, portal: &InvitationSnapshot) -> Text {
        self.speaker().speak(portal)
    }

    /// Returns a [`Speaker`] for use inside a transaction, which cannot borrow the request.
    pub(crate) fn speaker(&self) -> Speaker {
        Speaker {
            site: self.site.clone(),
            wishes: self.wishes.clone(),
        }
    }

    /// Remembers the household in the reader's browser.
    pub(crate) fn remember_household(
        &self,
        portal: &InvitationSnapshot,
        response: Response,
    ) -> Response {
        let invitation = &portal.household.invitation;
        self.remember(invitation.id.clone(), invitation.access_epoch, response)
    }

    /// Adds an invitation with its epoch to the cookie of the reader's browser.
    pub(super) fn remember(&self, id: InvitationId, epoch: i64, response: Response) -> Response {
        self.gate
            .remember(&self.site, &self.headers, (id, epoch), response)
    }

    pub(crate) fn origin(&self) -> RequestFacts {
        RequestFacts {
            request_id: self.facts.request_id.to_string(),
            network: Some(self.facts.client),
        }
    }
}
