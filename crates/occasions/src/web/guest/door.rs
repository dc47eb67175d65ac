//! The door: who may look at which household, how often a stranger may guess,
//! and which households this browser has opened before.
//!
//! A code opens its household, whoever brings it. What is remembered in the
//! browser is not the code but a signature over the invitation and its epoch:
//! it cannot be guessed, and it ends when the code is replaced.

use std::sync::Arc;

use axum::http::header::{CACHE_CONTROL, REFERRER_POLICY, SET_COOKIE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use jiff::{SignedDuration, Timestamp};
use platform::key::Key;
use platform::limits::guess::{Attempt, GuessBudget};
use platform::limits::{Limit, Rule, Wait};
use platform::{StoreError, Tx, sql};
use web::cookie::{self, Life};
use web::{Facts, Problem, Site};

use super::pages::Pages;
use super::view::Known;
use crate::code::CodeKey;
use crate::invitation::{self, Invitation, InvitationId};
use crate::open;
use crate::opens::Opens;
use crate::portal::{self, Closed, Portal};

const COOKIE: &str = "kd_guest";
/// Households one browser may hold.
const REMEMBERED: usize = 20;
/// 180 days.
const LIFE: Life = Life::Seconds(180 * 24 * 60 * 60);

/// Answers without a code that one network may send in, taken or not: each
/// takes a turn of those who write.
const STRANGERS: Rule = Rule {
    count: 30,
    per: SignedDuration::from_mins(10),
};
/// Networks that are counted.
const NETWORKS: usize = 20_000;

/// What all guests' pages share. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Door {
    key: Key,
    budget: GuessBudget,
    opens: Arc<Opens>,
    strangers: Limit,
    pub(super) pages: Arc<Pages>,
}

/// Why a typed code opened nothing.
pub(crate) enum Failure {
    /// It cannot be a code; costs nothing.
    Malformed,
    /// Nobody has it.
    Unknown,
    /// What it opened is over.
    Expired,
    /// Too many wrong ones from here.
    TooMany {
        /// Seconds.
        retry_after: u32,
    },
    /// Anything else.
    Problem(Problem),
}

impl Failure {
    /// Gives the code page the status of this failure.
    pub(super) fn dress(&self, mut page: Response) -> Response {
        *page.status_mut() = match self {
            Self::Malformed => StatusCode::UNPROCESSABLE_ENTITY,
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

/// Leave to use one code once.
pub(crate) struct Admitted {
    /// Its folded form.
    pub(crate) key: CodeKey,
    attempt: Option<Attempt>,
}

impl Admitted {
    /// The code opened something: using it again from there is no guess.
    pub(crate) fn succeeded(self) {
        if let Some(attempt) = self.attempt {
            attempt.succeeded();
        }
    }

    /// The code opened nothing: that counts.
    pub(crate) fn failed(self, site: &Site) {
        if let Some(attempt) = self.attempt {
            attempt.failed(site.clock.now());
        }
    }
}

impl Door {
    /// A door with this signing key and this budget of guesses.
    pub fn new(key: Key, budget: GuessBudget, opens: Arc<Opens>) -> Self {
        Self {
            key,
            budget,
            opens,
            strangers: Limit::new(&[STRANGERS], NETWORKS),
            pages: Arc::default(),
        }
    }

    /// Tries a typed code; returns its shown form.
    pub(super) async fn try_code(
        &self,
        site: &Site,
        facts: &Facts,
        headers: &HeaderMap,
        typed: &str,
    ) -> Result<String, Failure> {
        let portal = self.open(site, facts, headers, typed).await?;
        Ok(portal.household.invitation.code)
    }

    /// Leave to use a code, if this client may try one at all.
    pub(super) async fn admit(
        &self,
        site: &Site,
        facts: &Facts,
        headers: &HeaderMap,
        typed: &str,
    ) -> Result<Admitted, Failure> {
        let key = CodeKey::parse(typed).map_err(|_| Failure::Malformed)?;
        match self.attempt(site, facts, key.clone()) {
            Ok(admitted) => Ok(admitted),
            Err(_) if self.is_remembered(site, headers, &key).await => {
                Ok(Admitted { key, attempt: None })
            }
            Err(wait) => Err(Failure::TooMany {
                retry_after: wait.seconds,
            }),
        }
    }

    /// Leave for a host to set a code by hand; what cannot be a code needs none.
    pub(crate) fn admit_by_hand(
        &self,
        site: &Site,
        facts: &Facts,
        typed: &str,
    ) -> Result<Option<Admitted>, Wait> {
        let Ok(key) = CodeKey::parse(typed) else {
            return Ok(None);
        };
        self.attempt(site, facts, key).map(Some)
    }

    /// Leave for somebody without a code to send in an answer.
    pub(crate) fn admit_stranger(&self, site: &Site, facts: &Facts) -> Result<(), open::Refusal> {
        let network = facts.network().to_string();
        let taken = self.strangers.take(&network, site.clock.now());
        taken.map_err(|wait| open::Refusal::TooMany(wait.seconds))
    }

    fn attempt(&self, site: &Site, facts: &Facts, key: CodeKey) -> Result<Admitted, Wait> {
        let address = facts.network().to_string();
        let attempt = self
            .budget
            .attempt(&address, key.as_str(), site.clock.now())?;
        Ok(Admitted {
            key,
            attempt: Some(attempt),
        })
    }

    /// Opens the portal of a code, wherever it was given.
    pub(super) async fn open(
        &self,
        site: &Site,
        facts: &Facts,
        headers: &HeaderMap,
        typed: &str,
    ) -> Result<Portal, Failure> {
        self.open_as(site, facts, headers, typed, portal::open)
            .await
    }

    /// Opens what `look` finds behind a code.
    pub(super) async fn open_as<T: Send + 'static>(
        &self,
        site: &Site,
        facts: &Facts,
        headers: &HeaderMap,
        typed: &str,
        look: impl Fn(&mut Tx<'_>, &CodeKey) -> Result<T, Closed> + Send + 'static,
    ) -> Result<T, Failure> {
        let admitted = self.admit(site, facts, headers, typed).await?;
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
                admitted.failed(site);
                Err(Failure::Expired)
            }
            Err(Closed::Store(error)) => Err(Failure::Problem(error.into())),
        }
    }

    /// Whether this browser has opened the household of `key` before: then a
    /// used-up budget does not keep it out. Looks only among its own.
    async fn is_remembered(&self, site: &Site, headers: &HeaderMap, key: &CodeKey) -> bool {
        let remembered = self.remembered(site, headers);
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

    /// The households this browser remembers, for "continue as …".
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
                address: format!("/invite/{}", invitation.code),
                household: invitation.details.household,
                code: invitation.code,
            })
            .collect())
    }

    /// Remembers this household in the browser, the latest first.
    pub(super) fn remember(
        &self,
        site: &Site,
        headers: &HeaderMap,
        newest: (InvitationId, i64),
        mut response: Response,
    ) -> Response {
        let mut remembered = self.remembered(site, headers);
        if remembered.first() == Some(&newest) {
            return response;
        }
        remembered.retain(|(id, _)| *id != newest.0);
        remembered.insert(0, newest);
        remembered.truncate(REMEMBERED);
        let value = cookie::secret(site.url(), COOKIE, &self.signed(&remembered), LIFE);
        response.headers_mut().append(SET_COOKIE, value);
        response
    }

    /// Forgets the household with this code, and goes back to `address`.
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
            // Only among the remembered ones, so that forgetting is no way to guess.
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
        let value = cookie::secret(site.url(), COOKIE, &self.signed(&remembered), LIFE);
        response.headers_mut().append(SET_COOKIE, value);
        Ok(response)
    }

    /// Notes that the household itself has looked. Robots that fetch links do
    /// not say that a person navigates.
    pub(super) fn note_opened(&self, headers: &HeaderMap, id: &InvitationId, now: Timestamp) {
        let robot = headers
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
            });
        if !robot {
            self.opens.note(id.clone(), now);
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

pub(crate) fn not_found() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "invitation_not_found")
}

pub(crate) fn expired() -> Problem {
    Problem::new(StatusCode::GONE, "invitation_expired")
}

/// What stands behind a code goes to nobody else (§8.1).
pub(crate) fn keep_private(response: &mut Response) {
    let headers = response.headers_mut();
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store, private"));
    headers.insert(
        HeaderName::from_static("x-robots-tag"),
        HeaderValue::from_static("noindex, nofollow, noarchive"),
    );
}

/// A public card is for those who were told of it, not for search engines.
pub(super) fn keep_out_of_search(response: &mut Response) {
    response.headers_mut().insert(
        HeaderName::from_static("x-robots-tag"),
        HeaderValue::from_static("noindex"),
    );
}
