//! The configuration of identity providers, and requests to them (OpenID Connect Core 1.0,
//! Discovery 1.0; RFC 6749, 7636, 9207).

use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use form_urlencoded::Serializer;
use jiff::{SignedDuration, Timestamp};
use platform::outbound::{self, Answer, Call, OutboundError, Reach};
use platform::{Outbound, Secret};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::sync::Mutex as AsyncMutex;

use crate::credential::id_token::{self, Claims, Invalid, Key};

const METADATA_LIFETIME: SignedDuration = SignedDuration::from_hours(1);
const BETWEEN_KEY_REQUESTS: SignedDuration = SignedDuration::from_mins(1);
const SCOPE: &str = "openid email profile";

#[derive(Clone, Debug)]
pub struct ProviderSettings {
    /// The provider's name in URLs of this site.
    pub name: String,
    /// The provider's name on pages.
    pub label: String,
    /// The issuer URL, exactly as the provider spells it.
    pub issuer: String,
    pub client_id: String,
    pub client_secret: Secret,
    /// Whether email addresses that the provider reports count as verified.
    pub is_email_trusted: bool,
    /// Whether the provider's address may be in a private network.
    pub is_private: bool,
}

/// The configured identity providers. Clones share the cached metadata and keys.
#[derive(Clone, Debug, Default)]
pub struct Providers(Arc<[Provider]>);

impl Providers {
    /// Pages list the providers in the order of `all`.
    pub fn new(all: impl IntoIterator<Item = ProviderSettings>) -> Self {
        let provider = |settings| Provider {
            settings,
            metadata: Mutex::default(),
            keys: AsyncMutex::default(),
        };
        Self(all.into_iter().map(provider).collect())
    }

    pub fn iter(&self) -> impl Iterator<Item = &Provider> {
        self.0.iter()
    }

    pub fn find(&self, name: &str) -> Option<&Provider> {
        self.iter().find(|provider| provider.settings.name == name)
    }

    pub fn of_issuer(&self, issuer: &str) -> Option<&Provider> {
        self.iter()
            .find(|provider| provider.settings.issuer == issuer)
    }
}

#[derive(Debug)]
pub struct Provider {
    pub settings: ProviderSettings,
    metadata: Mutex<Option<(Timestamp, Metadata)>>,
    keys: AsyncMutex<Keys>,
}

/// The part of `/.well-known/openid-configuration` that this site uses.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Metadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    #[serde(default, deserialize_with = "id_token::text")]
    userinfo_endpoint: Option<String>,
    #[serde(default, deserialize_with = "id_token::texts")]
    token_endpoint_auth_methods_supported: Vec<String>,
    #[serde(default, deserialize_with = "id_token::truth")]
    authorization_response_iss_parameter_supported: bool,
}

#[derive(Debug, Default)]
struct Keys {
    asked_at: Option<Timestamp>,
    all: Vec<Key>,
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
    #[serde(default, deserialize_with = "id_token::text")]
    access_token: Option<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    #[error("`issuer` of the provider leads nowhere: {0}")]
    Outbound(#[from] OutboundError),
    #[error("{what} answered {status}; {}", status_remedy(*.status))]
    Status {
        /// A name for the request that failed.
        what: &'static str,
        status: u16,
    },
    /// The provider's response does not conform to the standard.
    #[error(
        "the provider's response does not follow OpenID Connect ({0}); check `issuer` of the provider, or tell who runs it"
    )]
    Shape(&'static str),
    #[error(
        "the provider names another issuer; if it is the same provider, write `issuer` so: {0:?}"
    )]
    OtherIssuer(String),
    #[error(
        "the ID token is not valid; check this machine's clock, and client_id of the provider: {0}"
    )]
    IdToken(#[from] Invalid),
}

fn status_remedy(status: u16) -> &'static str {
    match status {
        400..=403 => {
            "check client_id and client_secret_file of the provider, and the redirect address that is registered there"
        }
        404 => "check `issuer` of the provider",
        _ => "if this goes on, look at the provider's status page",
    }
}

/// The parameters of the redirect to the provider.
pub(crate) struct Departure<'a> {
    pub(crate) redirect_uri: &'a str,
    pub(crate) state: &'a Secret,
    pub(crate) nonce: &'a str,
    /// The PKCE code challenge (method S256).
    pub(crate) challenge: &'a str,
}

/// The parameters that the site needs when the browser returns from the provider.
pub(crate) struct Return<'a> {
    pub(crate) redirect_uri: &'a str,
    pub(crate) code: &'a str,
    pub(crate) nonce: &'a str,
    pub(crate) verifier: &'a str,
    pub(crate) now: Timestamp,
}

impl Provider {
    /// The provider's URL to which the site redirects the browser for the sign-in.
    pub(crate) async fn sign_in_url(
        &self,
        outbound: &Outbound,
        now: Timestamp,
        departure: &Departure<'_>,
    ) -> Result<String, ProviderError> {
        let metadata = self.metadata(outbound, now).await?;
        let fields = [
            ("response_type", "code"),
            ("client_id", &self.settings.client_id),
            ("redirect_uri", departure.redirect_uri),
            ("scope", SCOPE),
            ("state", departure.state.reveal()),
            ("nonce", departure.nonce),
            ("code_challenge", departure.challenge),
            ("code_challenge_method", "S256"),
        ];
        let url = metadata.authorization_endpoint;
        let sign = if url.contains('?') { '&' } else { '?' };
        Ok(format!("{url}{sign}{}", encoded(&fields)))
    }

    /// Whether the parameter `iss` of an authorization response names this provider. The parameter
    /// is required if the provider's metadata announces it.
    pub(crate) async fn is_answer_of(
        &self,
        outbound: &Outbound,
        now: Timestamp,
        iss: Option<&str>,
    ) -> Result<bool, ProviderError> {
        let metadata = self.metadata(outbound, now).await?;
        Ok(match iss {
            Some(iss) => iss == self.settings.issuer,
            None => !metadata.authorization_response_iss_parameter_supported,
        })
    }

    /// Exchanges the authorization code for the person's identity.
    pub(crate) async fn identify(
        &self,
        outbound: &Outbound,
        returned: &Return<'_>,
    ) -> Result<Claims, ProviderError> {
        let metadata = self.metadata(outbound, returned.now).await?;
        let tokens = self.exchange(outbound, &metadata, returned).await?;
        let expected = id_token::Expected {
            issuer: &self.settings.issuer,
            client_id: &self.settings.client_id,
            nonce: returned.nonce,
            now: returned.now,
        };
        let keys = self.keys(outbound, &metadata, &tokens.id_token, returned.now);
        let claims = id_token::verify(&tokens.id_token, &keys.await?, &expected)?;
        let url = metadata.userinfo_endpoint.as_deref();
        let (None, Some(url), Some(token)) = (&claims.email, url, &tokens.access_token) else {
            return Ok(claims);
        };
        // Some providers return the claims of the requested scopes only from the userinfo endpoint.
        let bearer = [("authorization", format!("Bearer {token}"))];
        let info: Claims = self.get(outbound, "userinfo", url, &bearer).await?;
        if info.sub != claims.sub {
            return Err(ProviderError::Shape("userinfo"));
        }
        Ok(info)
    }

    async fn metadata(
        &self,
        outbound: &Outbound,
        now: Timestamp,
    ) -> Result<Metadata, ProviderError> {
        let known = self
            .metadata
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if let Some((at, metadata)) = known
            && now.duration_since(at) < METADATA_LIFETIME
        {
            return Ok(metadata);
        }
        let issuer = &self.settings.issuer;
        let url = format!(
            "{}/.well-known/openid-configuration",
            issuer.trim_end_matches('/')
        );
        let found: Metadata = self.get(outbound, "the discovery", &url, &[]).await?;
        if found.issuer != *issuer {
            return Err(ProviderError::OtherIssuer(found.issuer));
        }
        // The site redirects browsers to this URL, so the URL must be a permitted one.
        if !outbound::is_permitted(
            &found.authorization_endpoint,
            self.reach(&found.authorization_endpoint),
        ) {
            return Err(ProviderError::Shape("authorization_endpoint"));
        }
        *self.metadata.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, found.clone()));
        Ok(found)
    }

    /// The provider's public keys. They are fetched again if the token's key is not in the cache.
    /// Concurrent callers wait for the first caller's result.
    async fn keys(
        &self,
        outbound: &Outbound,
        metadata: &Metadata,
        token: &str,
        now: Timestamp,
    ) -> Result<Vec<Key>, ProviderError> {
        let mut keys = self.keys.lock().await;
        let is_early = keys
            .asked_at
            .is_some_and(|at| now.duration_since(at) < BETWEEN_KEY_REQUESTS);
        if !is_early && !id_token::has_key(token, &keys.all) {
            keys.asked_at = Some(now);
            let url = &metadata.jwks_uri;
            let found: KeySet = self.get(outbound, "the keys", url, &[]).await?;
            // Keys of unsupported types are skipped.
            let all = found.keys.into_iter();
            keys.all = all
                .filter_map(|key| serde_json::from_value(key).ok())
                .collect();
        }
        Ok(keys.all.clone())
    }

    async fn exchange(
        &self,
        outbound: &Outbound,
        metadata: &Metadata,
        returned: &Return<'_>,
    ) -> Result<Tokens, ProviderError> {
        let (id, secret) = (
            self.settings.client_id.as_str(),
            self.settings.client_secret.reveal(),
        );
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("code", returned.code),
            ("redirect_uri", returned.redirect_uri),
            ("code_verifier", returned.verifier),
        ];
        let mut headers = vec![("accept", "application/json".to_owned())];
        let methods = &metadata.token_endpoint_auth_methods_supported;
        let takes = |method: &str| methods.iter().any(|one| one == method);
        if takes("client_secret_post") && !takes("client_secret_basic") {
            fields.extend([("client_id", id), ("client_secret", secret)]);
        } else {
            // Client id and secret are percent-encoded before they are combined (RFC 6749, 2.3.1).
            let part = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect();
            let pair: [String; 2] = [part(id), part(secret)];
            let basic = STANDARD.encode(pair.join(":"));
            headers.push(("authorization", format!("Basic {basic}")));
        }
        let url = &metadata.token_endpoint;
        let form = Some(encoded(&fields));
        self.ask(outbound, "the token endpoint", url, &headers, form)
            .await
    }

    async fn get<T: DeserializeOwned>(
        &self,
        outbound: &Outbound,
        what: &'static str,
        url: &str,
        headers: &[(&'static str, String)],
    ) -> Result<T, ProviderError> {
        self.ask(outbound, what, url, headers, None).await
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        outbound: &Outbound,
        what: &'static str,
        url: &str,
        headers: &[(&'static str, String)],
        form: Option<String>,
    ) -> Result<T, ProviderError> {
        let call = Call {
            url,
            reach: self.reach(url),
            headers,
            form,
        };
        let Answer { status, body, .. } = outbound.call(call).await?;
        if !status.is_success() {
            return Err(ProviderError::Status {
                what,
                status: status.as_u16(),
            });
        }
        serde_json::from_slice(&body).map_err(|_| ProviderError::Shape(what))
    }

    /// The networks to which a request for this URL may go. Only the issuer's own host and port may
    /// be in a private network.
    fn reach(&self, url: &str) -> Reach {
        if self.settings.is_private && outbound::is_same_origin(&self.settings.issuer, url) {
            Reach::Private
        } else {
            Reach::Public
        }
    }
}

fn encoded(fields: &[(&str, &str)]) -> String {
    Serializer::new(String::new()).extend_pairs(fields).finish()
}
