//! The challenge responses that prove control of a name to the authority.
//!
//! An order publishes a response here and removes it by dropping [`Published`].

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::sign::CertifiedKey;

/// The only ALPN protocol that an authority offers in a handshake for validating a name (RFC 8737,
/// section 6.2).
pub const ACME_TLS: &[u8] = b"acme-tls/1";

#[derive(Debug, Default)]
pub struct Challenges {
    texts: ArcSwap<HashMap<String, Arc<str>>>,
    certificates: ArcSwap<HashMap<String, Arc<CertifiedKey>>>,
}

impl Challenges {
    /// Returns the response body for `/.well-known/acme-challenge/{token}`, which must be served in
    /// clear text as `application/octet-stream` (RFC 8555, section 8.3).
    pub fn http_01(&self, token: &str) -> Option<Arc<str>> {
        self.texts.load().get(token).cloned()
    }

    /// Returns the certificate for a client that sends `name` as the server name and offers only
    /// the ALPN protocol [`ACME_TLS`]. The server must close the connection after the handshake
    /// (RFC 8737, section 3).
    pub fn tls_alpn_01(&self, name: &str) -> Option<Arc<CertifiedKey>> {
        let certificates = self.certificates.load();
        if let Some(found) = certificates.get(name) {
            return Some(Arc::clone(found));
        }
        certificates.get(&name.to_ascii_lowercase()).cloned()
    }

    pub(super) fn publish_text(self: &Arc<Self>, token: &str, text: &str) -> Published {
        let text: Arc<str> = text.into();
        change(&self.texts, |texts| {
            texts.insert(token.to_owned(), Arc::clone(&text));
        });
        Published {
            challenges: Arc::clone(self),
            response: Response::Text(token.to_owned(), text),
        }
    }

    pub(super) fn publish_certificate(
        self: &Arc<Self>,
        name: &str,
        certificate: &Arc<CertifiedKey>,
    ) -> Published {
        change(&self.certificates, |certificates| {
            certificates.insert(name.to_owned(), Arc::clone(certificate));
        });
        Published {
            challenges: Arc::clone(self),
            response: Response::Certificate(name.to_owned(), Arc::clone(certificate)),
        }
    }
}

fn change<T: Clone>(all: &ArcSwap<HashMap<String, T>>, change: impl Fn(&mut HashMap<String, T>)) {
    all.rcu(|all| {
        let mut all = HashMap::clone(all);
        change(&mut all);
        all
    });
}

/// A challenge response that is served until this value is dropped, or a later one replaces it.
#[derive(Debug)]
pub(super) struct Published {
    challenges: Arc<Challenges>,
    response: Response,
}

#[derive(Debug)]
enum Response {
    /// For a token.
    Text(String, Arc<str>),
    /// For a name.
    Certificate(String, Arc<CertifiedKey>),
}

impl Drop for Published {
    fn drop(&mut self) {
        let Challenges {
            texts,
            certificates,
        } = &*self.challenges;
        match &self.response {
            Response::Text(token, text) => remove(texts, token, text),
            Response::Certificate(name, certificate) => remove(certificates, name, certificate),
        }
    }
}

/// Unless a later response has replaced this one.
fn remove<T: ?Sized>(all: &ArcSwap<HashMap<String, Arc<T>>>, key: &str, response: &Arc<T>) {
    change(all, |all| {
        if all
            .get(key)
            .is_some_and(|found| Arc::ptr_eq(found, response))
        {
            all.remove(key);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_there_as_long_as_it_is_published() {
        let challenges = Arc::new(Challenges::default());
        let first = challenges.publish_text("one", "one.key");
        let second = challenges.publish_text("two", "two.key");
        assert_eq!(challenges.http_01("one").as_deref(), Some("one.key"));
        drop(first);
        assert_eq!(challenges.http_01("one"), None);
        assert_eq!(challenges.http_01("two").as_deref(), Some("two.key"));
        let later = challenges.publish_text("two", "two.later");
        drop(second);
        assert_eq!(challenges.http_01("two").as_deref(), Some("two.later"));
        drop(later);
        assert_eq!(challenges.http_01("two"), None);
    }
}
