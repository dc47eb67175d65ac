//! Carries out a single certificate order: from the DNS look-up of the name to storing the
//! certificate chain.
//!
//! The key is stored before the order is created, and the order's URL is stored as soon as it is
//! known. After a restart, an interrupted order can therefore be resumed. If the authority no
//! longer has that order, a new order is created.

use std::io;
use std::time::{Duration, Instant};

use instant_acme::{
    Account, AuthorizationStatus, CertificateIdentifier, ChallengeStatus, ChallengeType,
    Identifier, NewOrder, Order, OrderStatus, Problem, RetryPolicy,
};
use jiff::SignedDuration;
use rcgen::{CertificateParams, DistinguishedName, KeyPair};
use thiserror::Error;
use tokio::time::timeout;

use super::OrderContext;
use super::book::BookError;
use super::certificate::{Certificate, CertificateFault};
use super::challenges::Published;
use super::client::{ClientError, look_up};
use super::proof::ProofError;
use super::shared_challenges::{self, SharedChallenge};
use super::storage::{Attempt, Pending, StorageError, attempt_file, certificate_file};
use crate::description::Challenge;

const POLLING: RetryPolicy = RetryPolicy::new()
    .initial_delay(Duration::from_millis(250))
    .backoff(1.5)
    .timeout(Duration::from_secs(90));
const TIME: Duration = Duration::from_mins(5);
const MAX_REASON_CHARS: usize = 600;
const MAX_SAID_CHARS: usize = 300;

#[derive(Debug, Error)]
pub(super) enum OrderError {
    /// The name does not resolve. The client checks this before it orders, because the authority
    /// would count a failed validation.
    #[error(
        "its address was not found: {0}; add an A or AAAA record, or set force = true in tls.acme"
    )]
    NoAddress(#[source] io::Error),
    #[error(
        "the certificate authority could not verify this server: {reason}; check that all its A \
         and AAAA records lead here and that port {port} is open from outside"
    )]
    Unproven { reason: String, port: u16 },
    #[error(
        "the certificate authority does not offer the challenge {0}; set another tls.acme.challenge"
    )]
    NotOffered(&'static str),
    /// The order was not ready after the last poll.
    #[error(
        "the certificate authority did not finish in time; if this goes on, its status page may say why"
    )]
    Slow(Option<Instant>),
    #[error("{}", explain(.0))]
    Authority(instant_acme::Error),
    #[error(
        "the certificate authority issued a certificate that cannot be used; if this goes on, name another authority in tls.acme.directory: {0}"
    )]
    Certificate(#[from] CertificateFault),
    #[error("{0}")]
    Proof(#[from] ProofError),
    #[error("cannot make the certificate request; please report this: {0}")]
    Request(#[from] rcgen::Error),
    #[error(
        "cannot use the folder of certificates: {0}; the data folder needs room, and must belong to the user that runs Kenduri"
    )]
    Storage(#[from] StorageError),
    /// The authority may ask any machine for the challenge response.
    #[error(
        "the other machines could not be told the challenge response: {0}; it is tried again when the store works"
    )]
    Untold(BookError),
}

/// What the authority's problem is, and what to do about it. Problems: RFC 8555, section 6.7.
fn explain(error: &instant_acme::Error) -> String {
    let problem = match error {
        instant_acme::Error::Api(problem) => problem,
        instant_acme::Error::Other(cause) if cause.is::<ClientError>() => return cause.to_string(),
        error => {
            return format!(
                "the certificate authority's response cannot be used: {error}; check tls.acme.directory, or name another authority there"
            );
        }
    };
    let kind = kind(problem).unwrap_or_default();
    let mend = match kind {
        "rateLimited" => {
            "nothing needs to be done: it is tried again when the authority allows; do not delete the folder acme of the data"
        }
        "badNonce" | "orderNotReady" | "serverInternal" => {
            "it is tried again; if this goes on, look at its status page"
        }
        "accountDoesNotExist" => "a new account is made, and nothing needs to be done",
        "externalAccountRequired" => {
            "set tls.acme.eab to what the authority shows for your account"
        }
        "invalidContact" | "unsupportedContact" => "correct tls.acme.email",
        "rejectedIdentifier" | "unsupportedIdentifier" => {
            "take the name out of the routes, name its certificate in [[tls.certificate]], or name another authority in tls.acme.directory"
        }
        "caa" => {
            "change the CAA record of the name so that it allows this authority, or name an allowed one in tls.acme.directory"
        }
        "connection" | "dns" | "incorrectResponse" | "tls" => {
            "check that all A and AAAA records of the name lead here, and that port 80 (tls-alpn-01: 443) is open from outside"
        }
        "userActionRequired" => "do what it says on the authority's site",
        _ => "correct what it says in tls.acme, or name another authority in tls.acme.directory",
    };
    let said = problem.detail.as_deref().unwrap_or("it gave no reason");
    format!(
        "the certificate authority refused ({kind}): {}; {mend}",
        shorten(said)
    )
}

fn kind(problem: &Problem) -> Option<&str> {
    let kind = problem.r#type.as_deref()?;
    kind.strip_prefix("urn:ietf:params:acme:error:")
}

/// Leaves room for what to do about it.
fn shorten(said: &str) -> String {
    said.chars().take(MAX_SAID_CHARS).collect()
}

impl From<instant_acme::Error> for OrderError {
    fn from(error: instant_acme::Error) -> Self {
        match error {
            instant_acme::Error::Timeout(next) => Self::Slow(next),
            error => Self::Authority(error),
        }
    }
}

impl OrderError {
    fn problem(&self) -> Option<&str> {
        match self {
            Self::Authority(instant_acme::Error::Api(problem)) => kind(problem),
            _ => None,
        }
    }

    pub(super) fn is_about_account(&self) -> bool {
        self.problem() == Some("accountDoesNotExist")
    }

    fn is_final(&self) -> bool {
        match self {
            Self::Unproven { .. }
            | Self::NotOffered(_)
            | Self::Certificate(_)
            | Self::Request(_) => true,
            // Of the problems that an authority reports, only these are temporary.
            Self::Authority(instant_acme::Error::Api(_)) => !matches!(
                self.problem(),
                Some("rateLimited" | "serverInternal" | "badNonce" | "orderNotReady")
            ),
            _ => false,
        }
    }

    /// How long the authority asked the client to wait; zero if it did not.
    pub(super) fn asked_to_wait(&self) -> SignedDuration {
        let wait = match self {
            Self::Slow(Some(next)) => next.saturating_duration_since(Instant::now()),
            _ => Duration::ZERO,
        };
        SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX)
    }

    /// The error message for the log and the report, on one line of limited length.
    pub(super) fn reason(&self) -> String {
        let text = self.to_string();
        text.chars()
            .take(MAX_REASON_CHARS)
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect()
    }
}

pub(super) async fn obtain(
    shared: &OrderContext,
    account: &Account,
    name: &str,
    attempt: &mut Attempt,
    replaced: Option<CertificateIdentifier<'_>>,
) -> Result<Certificate, OrderError> {
    let result = timeout(TIME, run(shared, account, name, attempt, replaced))
        .await
        .unwrap_or(Err(OrderError::Slow(None)));
    shared_challenges::withdraw(shared).await;
    if let Err(error) = &result
        && (error.is_final() || error.is_about_account())
    {
        attempt.pending = None;
    }
    result
}

async fn run(
    shared: &OrderContext,
    account: &Account,
    name: &str,
    attempt: &mut Attempt,
    replaced: Option<CertificateIdentifier<'_>>,
) -> Result<Certificate, OrderError> {
    let (mut order, key) = match resume(account, attempt).await? {
        Some(found) => found,
        None => create(shared, account, name, attempt, replaced).await?,
    };
    // The challenge responses are served until `published` is dropped.
    let mut published = Vec::new();
    if order.state().status == OrderStatus::Pending {
        prove(shared, &mut order, name, &mut published).await?;
    }
    if order.state().status == OrderStatus::Ready {
        order.finalize_csr(&csr_der(name, &key)?).await?;
    }
    let chain = match order.state().status {
        OrderStatus::Invalid => return Err(validation_error(shared, &mut order).await),
        _ => order.poll_certificate(&POLLING).await?,
    };
    drop(published);
    let pem = format!("{key}{chain}");
    let certificate = Certificate::read(name, &pem)?;
    shared.storage.store_certificate(name, &pem)?;
    shared.share(&certificate_file(name)).await;
    Ok(certificate)
}

async fn resume(
    account: &Account,
    attempt: &Attempt,
) -> Result<Option<(Order, String)>, OrderError> {
    let Some(Pending { url, key }) = attempt.pending.clone() else {
        return Ok(None);
    };
    match account.order(url).await.map_err(OrderError::from) {
        Ok(mut order) => {
            let is_alive = order.state().status != OrderStatus::Invalid;
            Ok(is_alive.then_some((order, key)))
        }
        Err(error) if error.is_final() && !error.is_about_account() => Ok(None),
        Err(error) => Err(error),
    }
}

async fn create(
    shared: &OrderContext,
    account: &Account,
    name: &str,
    attempt: &mut Attempt,
    replaced: Option<CertificateIdentifier<'_>>,
) -> Result<(Order, String), OrderError> {
    if !shared.settings.force {
        let port = challenge_port(shared);
        look_up(&shared.world, name, port)
            .await
            .map_err(OrderError::NoAddress)?;
    }
    let key = KeyPair::generate()?.serialize_pem();
    let names = [Identifier::Dns(name.to_owned())];
    let order = match replaced {
        // An authority that rejects the field `replaces` may still accept the order without it.
        Some(replaced) => match account
            .new_order(&NewOrder::new(&names).replaces(replaced))
            .await
        {
            Err(instant_acme::Error::Api(problem)) if !is_about_time(&problem) => {
                account.new_order(&NewOrder::new(&names)).await?
            }
            other => other?,
        },
        None => account.new_order(&NewOrder::new(&names)).await?,
    };
    attempt.pending = Some(Pending {
        url: order.url().to_owned(),
        key: key.clone(),
    });
    shared.storage.store_attempt(name, attempt)?;
    shared.share(&attempt_file(name)).await;
    Ok((order, key))
}

fn is_about_time(problem: &Problem) -> bool {
    problem.r#type.as_deref().is_some_and(|kind| {
        kind.ends_with(":rateLimited") || kind.ends_with(":accountDoesNotExist")
    })
}

async fn prove(
    shared: &OrderContext,
    order: &mut Order,
    name: &str,
    published: &mut Vec<Published>,
) -> Result<(), OrderError> {
    let (kind, word) = match shared.settings.challenge {
        Challenge::Http01 => (ChallengeType::Http01, "http-01"),
        Challenge::TlsAlpn01 => (ChallengeType::TlsAlpn01, "tls-alpn-01"),
    };
    let mut told = None;
    let mut responses = Vec::new();
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization?;
        match authorization.status {
            AuthorizationStatus::Valid => continue,
            AuthorizationStatus::Pending => {}
            // The reason for any other status is found when the order is polled.
            _ => break,
        }
        let mut challenge = authorization
            .challenge(kind.clone())
            .ok_or(OrderError::NotOffered(word))?;
        let proof = challenge.key_authorization();
        let response = match shared.settings.challenge {
            Challenge::Http01 => SharedChallenge::Http01 {
                token: challenge.token.clone(),
                text: proof.as_str().to_owned(),
            },
            Challenge::TlsAlpn01 => SharedChallenge::TlsAlpn01 {
                name: name.to_owned(),
                digest: <[u8; 32]>::try_from(proof.digest().as_ref())
                    .map_err(|_| OrderError::NotOffered(word))?,
            },
        };
        published.push(response.publish(&shared.challenges)?);
        responses.push(response);
        shared_challenges::announce(shared, &responses)
            .await
            .map_err(OrderError::Untold)?;
        // The order may have been resumed after a restart, with its challenge already in progress.
        if challenge.status == ChallengeStatus::Pending {
            match challenge.set_ready().await.map_err(OrderError::from) {
                Ok(()) => {}
                // A fast authority may return the result of the validation at once. Polling the
                // order returns the same result.
                Err(error) if error.is_final() => {
                    told = Some(error);
                    break;
                }
                // The authority does not know that the response is ready, so no result will come.
                // The order is resumed later.
                Err(error) => return Err(error),
            }
        }
    }
    let polled = order.poll_ready(&POLLING).await;
    if order.state().status == OrderStatus::Invalid {
        return Err(validation_error(shared, order).await);
    }
    match told {
        Some(error) => Err(error),
        None => polled.map(drop).map_err(OrderError::from),
    }
}

async fn validation_error(shared: &OrderContext, order: &mut Order) -> OrderError {
    let mut found = order.state().error.as_ref().map(ToString::to_string);
    let mut authorizations = order.authorizations();
    while let Some(Ok(mut authorization)) = authorizations.next().await {
        if let Ok(state) = authorization.refresh().await
            && let Some(problem) = state.challenges.iter().find_map(|it| it.error.as_ref())
        {
            found = Some(
                problem
                    .detail
                    .clone()
                    .unwrap_or_else(|| problem.to_string()),
            );
        }
    }
    OrderError::Unproven {
        reason: found.map_or_else(|| "it gave no reason".to_owned(), |said| shorten(&said)),
        port: challenge_port(shared),
    }
}

/// RFC 8555, section 8.3; RFC 8737, section 3.
fn challenge_port(shared: &OrderContext) -> u16 {
    match shared.settings.challenge {
        Challenge::Http01 => 80,
        Challenge::TlsAlpn01 => 443,
    }
}

fn csr_der(name: &str, key: &str) -> Result<Vec<u8>, OrderError> {
    let mut params = CertificateParams::new(vec![name.to_owned()])?;
    params.distinguished_name = DistinguishedName::new();
    let request = params.serialize_request(&KeyPair::from_pem(key)?)?;
    Ok(request.der().to_vec())
}

#[cfg(test)]
mod tests {
    use rustls::CertificateError;

    use super::*;

    #[test]
    fn each_failure_at_the_authority_is_told_with_its_own_remedy() {
        let refused = |kind: &str, detail: &str| {
            instant_acme::Error::Api(Problem {
                r#type: Some(format!("urn:ietf:params:acme:error:{kind}")),
                detail: Some(detail.to_owned()),
                status: None,
                subproblems: Vec::new(),
            })
        };
        let untrusted = |fault| {
            let cause = rustls::Error::InvalidCertificate(fault);
            let host = "ca.example".to_owned();
            let cause = io::Error::new(io::ErrorKind::InvalidData, cause);
            instant_acme::Error::Other(Box::new(ClientError::Tls { host, cause }))
        };
        let unreachable = ClientError::Unreachable {
            host: "ca.example".to_owned(),
            cause: io::ErrorKind::ConnectionRefused.into(),
        };
        let long = "x".repeat(2_000);
        for (error, remedy) in [
            (
                refused("rateLimited", "too many"),
                "nothing needs to be done",
            ),
            (refused("externalAccountRequired", ""), "set tls.acme.eab"),
            (refused("invalidContact", ""), "correct tls.acme.email"),
            (refused("caa", "forbidden"), "change the CAA record"),
            (refused("rejectedIdentifier", &long), "[[tls.certificate]]"),
            (refused("else", ""), "correct what it says in tls.acme"),
            (untrusted(CertificateError::UnknownIssuer), "tls.acme.ca"),
            (untrusted(CertificateError::Expired), "this machine's clock"),
            (
                untrusted(CertificateError::NotValidForName),
                "correct the host in tls.acme.directory",
            ),
            (
                instant_acme::Error::Other(Box::new(unreachable)),
                "network, name servers and firewall",
            ),
            (
                instant_acme::Error::Str("no nonce"),
                "check tls.acme.directory",
            ),
        ] {
            let why = OrderError::from(error).reason();
            assert!(why.contains(remedy), "{why}");
        }
    }
}
