//! The gate that checks every use of a code. It limits guesses, and remembers which households a
//! browser has opened. A household's code is enough to open the household. The browser does not
//! store the code. It stores a signature of the invitation's id and its access epoch. The signature
//! cannot be guessed, and becomes invalid when a host replaces the code.

use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use identity::session::signed_in;
use jiff::{SignedDuration, Timestamp};
use platform::key::Key;
use platform::limits::Wait;
use platform::limits::guess::{Attempt, GuessBudget, Refused, Try};
use platform::{StoreError, Tx, sql};
use web::cookie::{self, Life};
use web::{Facts, Outcome, Problem, Site};

use super::credentials::Credentials;
use super::page_cache::Pages;
use super::sending_limits::SendingLimits;
use super::view::Known;
use crate::code::CodeKey;
use crate::first_opened::Opens;
use crate::form_event::FormUse;
use crate::id::InvitationId;
use crate::invitation::{self, Invitation};
use crate::invitation_snapshot::{self, Closed, InvitationSnapshot};
use crate::link::LinkKey;
use crate::refusal::Refusal;
use crate::role::{self, Role};
use crate::{name_match, occasion};

const COOKIE: &str = "kd_guest";
const REMEMBERED: usize = 20;
const LIFETIME: Life = Life::Seconds(180 * 24 * 60 * 60);

/// How long the result of [`CodeGate::asks_name`] may be cached.
const ASKS_NAME_FOR: SignedDuration = SignedDuration::from_secs(2);

/// Each request clones the gate several times, so it is one `Arc`.
#[derive(Clone, Debug)]
pub struct CodeGate(Arc<GateParts>);

#[derive(Clone, Debug)]
pub struct GateParts {
    key: Key,
    budget: GuessBudget,
    opens: Arc<Opens>,
    pub(super) limits: SendingLimits,
    /// When the store was last read, and whether any occasion then required guests' names.
    asks_name: Arc<Mutex<(Timestamp, bool)>>,
    pub(super) links: LinkKey,
    pub(super) pages: Arc<Pages>,
    /// The slug of the occasion whose own host name this gate serves; `None` if it serves the
    /// site's name.
    own: Option<Arc<str>>,
}

/// Why a code did not open a household.
pub enum Failure {
    /// The text cannot be a code. The attempt does not count as a guess.
    Malformed,
    /// No invitation has this code.
    Unknown,
    /// The occasion is archived.
    Expired,
    /// Too many wrong codes were tried. A code now works only together with a guest's name.
    NameRequired,
    /// Too many wrong names were tried.
    TooMany {
        retry_after: u32,
    },
    Problem(Problem),
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Malformed | Failure::Unknown => Refusal::InvitationNotFound.problem(),
            Failure::Expired => Refusal::Expired.problem(),
            Failure::NameRequired => Self::new(StatusCode::UNAUTHORIZED, "name_required"),
            Failure::TooMany { retry_after } => Refusal::Guessing(retry_after).problem(),
            Failure::Problem(problem) => problem,
        }
    }
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::NameRequired(_) => Self::NameRequired,
            Refused::TooMany(wait) => Self::TooMany {
                retry_after: wait.seconds,
            },
        }
    }
}

impl Failure {
    /// Sets the status and headers of the page that reports this failure.
    pub(super) fn dress(&self, mut page: Response) -> Response {
        *page.status_mut() = match self {
            Self::Malformed => StatusCode::UNPROCESSABLE_ENTITY,
            Self::NameRequired => StatusCode::UNAUTHORIZED,
            Self::TooMany { retry_after } => {
                page.headers_mut()
                    .insert("retry-after", HeaderValue::from(*retry_after));
                StatusCode::TOO_MANY_REQUESTS
            }
            Self::Unknown | Self::Expired | Self::Problem(_) => StatusCode::NOT_FOUND,
        };
        page
    }
}

/// The permission to look up a code once.
pub struct Admitted {
    pub key: CodeKey,
    attempt: Option<Attempt>,
    /// Where the outcome is recorded for the site's rate limits.
    outcome: Outcome,
}

impl Admitted {
    /// Records that the code was right. If this client uses the code again, this does not count as
    /// a guess.
    pub fn succeeded(self) {
        if let Some(attempt) = self.attempt {
            attempt.succeeded();
        }
    }

    /// Records that the code was wrong. The attempt counts as a guess.
    pub(crate) fn failed(self, site: &Site) {
        if let Some(attempt) = self.attempt {
            attempt.failed(site.clock.now());
            self.outcome.report(Outcome::WRONG_CODE);
        }
    }
}

impl Deref for CodeGate {
    type Target = GateParts;

    fn deref(&self) -> &GateParts {
        &self.0
    }
}

impl CodeGate {
    /// Creates a gate. `links` signs invitation links, and `budget` limits guesses.
    pub fn new(site: &Site, links: LinkKey, budget: GuessBudget, opens: Arc<Opens>) -> Self {
        Self(Arc::new(GateParts {
            key: site.keys.key("guest cookie"),
            budget,
            opens,
            limits: SendingLimits::of(&site.limits),
            asks_name: Arc::new(Mutex::new((Timestamp::MIN, false))),
            links,
            pages: Arc::default(),
            own: None,
        }))
    }

    /// Tries a typed code. If it is right, returns the path of the household's page.
    pub(super) async fn try_code(
        &self,
        site: &Site,
        facts: &Facts,
        headers: &HeaderMap,
        given: &Credentials,
    ) -> Result<String, Failure> {
        let snapshot = self.open(site, facts, headers, given).await?;
        Ok(snapshot.link(""))
    }

    /// After a guest has typed the code of an archived occasion, redirects to the page with the
    /// hosts' thanks.
    pub(super) fn to_thanks(&self, given: &Credentials) -> Response {
        let code = CodeKey::parse(&given.code).map(|key| self.links.to(key.as_str()));
        Redirect::to(code.as_deref().unwrap_or("/invite")).into_response()
    }

    /// Decides whether this client may try a code. Invitation links that this site made, browsers
    /// that remember the household, and signed-in hosts are always admitted.
    pub(super) async fn admit(
        &self,
        site: &Site,
        facts: &Facts,
        headers: &HeaderMap,
        given: &Credentials,
    ) -> Result<Admitted, Failure> {
        let admitted = self.admit_anywhere(site, facts, headers, given).await?;
        let Some(own) = self.own.clone() else {
            return Ok(admitted);
        };
        // The hosts control their own host name, so they must not see codes and cookies of other
        // occasions.
        let key = admitted.key.clone();
        let is_here = move |tx: &mut Tx<'_>| -> Result<bool, StoreError> {
            let Some(found) = invitation::seek(tx, &key)? else {
                return Ok(false);
            };
            Ok(*occasion::load(tx, &found.occasion)?.slug == *own)
        };
        match site.store.read(is_here).await {
            Ok(true) => Ok(admitted),
            Ok(false) => {
                admitted.failed(site);
                Err(Failure::Unknown)
            }
            Err(error) => Err(Failure::Problem(error.into())),
        }
    }

    /// Like [`CodeGate::admit`], but for codes of any occasion.
    async fn admit_anywhere(
        &self,
        site: &Site,
        facts: &Facts,
        headers: &HeaderMap,
        given: &Credentials,
    ) -> Result<Admitted, Failure> {
        let key = CodeKey::parse(&given.code).map_err(|_| Failure::Malformed)?;
        let check = given.check.as_deref();
        let outcome = facts.outcome.clone();
        let admitted = |key, attempt| Admitted {
            key,
            attempt,
            outcome,
        };
        if check.is_some_and(|check| self.links.is_right(&key, check)) {
            return Ok(admitted(key, None));
        }
        // The spelling of the name is normalized. The same name in another spelling then does not
        // count as a new attempt.
        let name = given
            .name
            .as_deref()
            .map(|name| name_match::words(name).join(" "));
        let guess = Try {
            client: facts.client,
            code: key.as_str(),
            name: name.as_deref(),
            needs_name: self.asks_name(site).await,
        };
        let now = site.clock.now();
        let attempt = match self.budget.attempt_now(guess, now) {
            Ok(Some(attempt)) => attempt,
            _ if self.is_remembered(site, headers, &key).await
                || is_host(site, headers, &key).await =>
            {
                return Ok(admitted(key, None));
            }
            Ok(None) => self.budget.attempt(guess, now).await?,
            Err(refused) => return Err(refused.into()),
        };
        if attempt.needs_name() {
            let (wanted, name) = (key.clone(), given.name.clone().unwrap_or_default());
            let check = move |tx: &mut Tx<'_>| name_match::is_on_invitation(tx, &wanted, &name);
            let is_right = site.store.read(check).await;
            if !is_right.map_err(|error: StoreError| Failure::Problem(error.into()))? {
                attempt.failed(site.clock.now());
                facts.outcome.report(Outcome::WRONG_CODE);
                return Err(Failure::Unknown);
            }
        }
        Ok(admitted(key, Some(attempt)))
    }

    /// Whether typed codes currently work only together with a guest's name. If at least one
    /// occasion requires names, all codes need a name. Otherwise a code that works without a name
    /// would reveal that it belongs to another occasion.
    pub(super) async fn asks_name(&self, site: &Site) -> bool {
        let now = site.clock.now();
        let lock = || {
            self.asks_name
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
        };
        let (read_at, asks) = *lock();
        if now.duration_since(read_at).abs() < ASKS_NAME_FOR {
            return asks || self.budget.is_used_up(now);
        }
        match site.store.read(occasion::any_asks_name).await {
            Ok(found) => *lock() = (now, found),
            Err(error) => {
                tracing::warn!(%error, "cannot read whether codes need a name, so what was known goes on; if this goes on, check the store's disk or database server");
            }
        }
        lock().1 || self.budget.is_used_up(now)
    }

    /// Permits a host to set a code, within the limits for guesses. The limits apply because the
    /// refusal "taken" reveals that a code exists. Returns `None` if the text cannot be a code.
    pub(crate) fn admit_by_hand(
        &self,
        site: &Site,
        facts: &Facts,
        typed: &str,
    ) -> Result<Option<Admitted>, Wait> {
        let Ok(key) = CodeKey::parse(typed) else {
            return Ok(None);
        };
        let guess = Try {
            client: facts.client,
            code: key.as_str(),
            name: None,
            needs_name: false,
        };
        match self.budget.attempt_now(guess, site.clock.now()) {
            Ok(Some(attempt)) => Ok(Some(Admitted {
                key,
                attempt: Some(attempt),
                // A host's requests do not count against guests' rate limits.
                outcome: Outcome::default(),
            })),
            Ok(None) => Err(Wait { seconds: 1 }),
            Err(Refused::NameRequired(wait) | Refused::TooMany(wait)) => Err(wait),
        }
    }

    /// Permits a visitor to send an answer without a code, within the limit for the visitor's
    /// network.
    pub fn admit_stranger(&self, site: &Site, facts: &Facts) -> Result<(), Refusal> {
        self.limits.admit_stranger(site, facts)
    }

    pub(super) async fn open(
        &self,
        site: &Site,
        facts: &Facts,
        headers: &HeaderMap,
        given: &Credentials,
    ) -> Result<InvitationSnapshot, Failure> {
        self.open_as(site, facts, headers, given, invitation_snapshot::open)
            .await
    }

    /// Runs `look` if this client may try the code. A wrong code counts as a guess.
    pub(super) async fn open_as<T: Send + 'static>(
        &self,
        site: &Site,
        facts: &Facts,
        headers: &HeaderMap,
        given: &Credentials,
        look: impl Fn(&mut Tx<'_>, &CodeKey) -> Result<T, Closed> + Send + 'static,
    ) -> Result<T, Failure> {
        let admitted = self.admit(site, facts, headers, given).await?;
        let wanted = admitted.key.clone();
        match site.store.read(move |tx| look(tx, &wanted)).await {
            Ok(found) => {
                admitted.succeeded();
                Ok(found)
            }
            Err(Closed::NotFound) => {
                admitted.failed(site);
                Err(Failure::Unknown)
            }
            Err(Closed::Expired) => {
                // The code still opens the page with the hosts' thanks, so it does not count as a
                // guess.
                admitted.succeeded();
                Err(Failure::Expired)
            }
            Err(Closed::Store(error)) => Err(Failure::Problem(error.into())),
        }
    }

    /// A remembered browser is admitted even after the budget for wrong codes is used up. Only the
    /// households that it remembers are searched.
    async fn is_remembered(&self, site: &Site, headers: &HeaderMap, key: &CodeKey) -> bool {
        let remembered = self.remembered(site, headers);
        if remembered.is_empty() {
            return false;
        }
        let key = key.clone();
        let found = site
            .store
            .read(move |tx| {
                for (id, epoch) in &remembered {
                    if let Some(invitation) = invitation::find(tx, id)?
                        && invitation.access_epoch == *epoch
                        && CodeKey::parse(&invitation.code).is_ok_and(|own| own == key)
                    {
                        return Ok(true);
                    }
                }
                Ok::<_, StoreError>(false)
            })
            .await;
        found.unwrap_or(false)
    }

    /// Lists the households that this browser remembers. The page offers each of them as "continue
    /// as …".
    pub(super) async fn known(
        &self,
        site: &Site,
        headers: &HeaderMap,
    ) -> Result<Vec<Known>, Problem> {
        let remembered = self.remembered(site, headers);
        if remembered.is_empty() {
            return Ok(Vec::new());
        }
        let households = site
            .store
            .read(move |tx| {
                let mut known = Vec::new();
                for (id, epoch) in &remembered {
                    let Some(invitation) = invitation::find(tx, id)? else {
                        continue;
                    };
                    let (alive,): (bool,) = tx.one(
                        sql!(
                            "SELECT CASE WHEN status IN ('published', 'closed') THEN 1 ELSE 0 END
                             FROM occasion WHERE id = $1"
                        ),
                        &[&invitation.occasion],
                    )?;
                    if alive
                        && invitation.access_epoch == *epoch
                        && invitation.archived_at.is_none()
                    {
                        known.push(invitation);
                    }
                }
                Ok::<Vec<Invitation>, StoreError>(known)
            })
            .await?;
        Ok(households
            .into_iter()
            .map(|invitation| Known {
                address: self.links.to(&invitation.code),
                household: invitation.details.household,
                code: invitation.code,
            })
            .collect())
    }

    /// Puts a household at the beginning of the cookie with the remembered households.
    pub(super) fn remember(
        &self,
        site: &Site,
        headers: &HeaderMap,
        id: InvitationId,
        epoch: i64,
        mut response: Response,
    ) -> Response {
        let mut remembered = self.remembered(site, headers);
        if remembered.first().map(|(id, epoch)| (id, *epoch)) == Some((&id, epoch)) {
            return response;
        }
        remembered.retain(|(known, _)| *known != id);
        remembered.insert(0, (id, epoch));
        remembered.truncate(REMEMBERED);
        let value = cookie::secret(site.url(), COOKIE, &self.signed(&remembered), LIFETIME);
        response.headers_mut().append(SET_COOKIE, value);
        response
    }

    /// Returns a copy of this gate for the occasion `slug`, which has its own host name. The copy
    /// refuses codes of other occasions, and its pages link to that host name.
    pub(crate) fn for_own_host(&self, slug: &str) -> Self {
        Self(Arc::new(GateParts {
            own: Some(slug.into()),
            ..GateParts::clone(self)
        }))
    }

    pub(super) async fn forget(
        &self,
        site: &Site,
        headers: &HeaderMap,
        code: &str,
        address: &str,
    ) -> Result<Response, Problem> {
        let mut remembered = self.remembered(site, headers);
        if let Ok(key) = CodeKey::parse(code) {
            let mine: Vec<InvitationId> = remembered.iter().map(|(id, _)| id.clone()).collect();
            // Only the remembered households are searched. So nobody can guess codes by forgetting
            // households.
            let forgotten = site
                .store
                .read(move |tx| {
                    let found = invitation::find_by_code(tx, &key)?;
                    Ok::<_, StoreError>(found.map(|one| one.id).filter(|id| mine.contains(id)))
                })
                .await?;
            remembered.retain(|(id, _)| Some(id) != forgotten.as_ref());
        }
        let mut response = Redirect::to(address).into_response();
        let value = cookie::secret(site.url(), COOKIE, &self.signed(&remembered), LIFETIME);
        response.headers_mut().append(SET_COOKIE, value);
        Ok(response)
    }

    /// Records that the household has opened its page.
    pub(super) fn note_opened(&self, headers: &HeaderMap, id: &InvitationId, now: Timestamp) {
        if !is_robot(headers) {
            self.opens.note(id.clone(), now);
        }
    }

    /// Records what happened to the household's form.
    pub(super) fn note_form(
        &self,
        headers: &HeaderMap,
        snapshot: &InvitationSnapshot,
        what: FormUse,
    ) {
        if !is_robot(headers) {
            self.opens.forms.note(snapshot, what);
        }
    }

    fn remembered(&self, site: &Site, headers: &HeaderMap) -> Vec<(InvitationId, i64)> {
        let value = cookie::find_secret(headers, site.url(), COOKIE).unwrap_or_default();
        value
            .split('~')
            .take(REMEMBERED)
            .filter_map(|entry| {
                let mut parts = entry.split('.');
                let (id, epoch, signature) = (parts.next()?, parts.next()?, parts.next()?);
                let genuine = self.key.verify(&[id, epoch], signature);
                Some((id.parse().ok()?, epoch.parse().ok()?)).filter(|_| genuine)
            })
            .collect()
    }

    fn signed(&self, remembered: &[(InvitationId, i64)]) -> String {
        let entries: Vec<String> = remembered
            .iter()
            .map(|(id, epoch)| {
                let epoch = epoch.to_string();
                let signature = self.key.sign(&[id.as_str(), &epoch]);
                format!("{id}.{epoch}.{signature}")
            })
            .collect();
        entries.join("~")
    }
}

/// Whether a request seems to come from a robot: its user agent is missing or contains a word such as
/// `bot`.
fn is_robot(headers: &HeaderMap) -> bool {
    headers
        .get("user-agent")
        .and_then(|agent| agent.to_str().ok())
        .is_none_or(|agent| {
            let agent = agent.to_ascii_lowercase();
            [
                "bot",
                "crawl",
                "spider",
                "preview",
                "facebookexternalhit",
                "whatsapp",
                "curl",
                "wget",
            ]
            .iter()
            .any(|word| agent.contains(word))
        })
}

/// Whether the caller is signed in as a host who may see this invitation's code.
pub(super) async fn is_host(site: &Site, headers: &HeaderMap, key: &CodeKey) -> bool {
    let Some(session) = site::cookies::session(headers, site.url()) else {
        return false;
    };
    let key = key.clone();
    let found = site.store.read(move |tx| {
        let Some(req) = signed_in::by_session(tx, &session)? else {
            return Ok(false);
        };
        let Some(invitation) = invitation::find_by_code(tx, &key)? else {
            return Ok(false);
        };
        let role = role::of(tx, &req.who, &invitation.occasion)?;
        Ok::<_, StoreError>(role.is_some_and(|role| role >= Role::Coordinator))
    });
    found.await.unwrap_or(false)
}
