//! The certificates from the authority that are in use, by name.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::sign::CertifiedKey;

/// Certificates by name. They are read at every handshake and replaced every few weeks.
#[derive(Debug, Default)]
pub struct Issued {
    by_name: ArcSwap<HashMap<String, Arc<CertifiedKey>>>,
}

impl Issued {
    /// Returns the issued certificate for exactly this name. If there is none, returns an issued
    /// wildcard certificate that covers the name.
    pub fn find(&self, name: &str) -> Option<Arc<CertifiedKey>> {
        let name = name.to_ascii_lowercase();
        let by_name = self.by_name.load();
        if let Some(found) = by_name.get(&name) {
            return Some(Arc::clone(found));
        }
        let (_, above) = name.split_once('.')?;
        by_name.get(&format!("*.{above}")).cloned()
    }

    pub fn is_empty(&self) -> bool {
        self.by_name.load().is_empty()
    }

    pub(super) fn replace(&self, by_name: HashMap<String, Arc<CertifiedKey>>) {
        self.by_name.store(Arc::new(by_name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certificate() -> Arc<CertifiedKey> {
        let made = rcgen::generate_simple_self_signed(["a.example".to_owned()]).unwrap();
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        let key = made.signing_key.serialize_der().try_into().unwrap();
        Arc::new(CertifiedKey::from_der(vec![made.cert.der().clone()], key, &provider).unwrap())
    }

    #[test]
    fn the_exact_name_wins_over_the_wildcard_of_one_label() {
        let (exact, wildcard) = (certificate(), certificate());
        let issued = Issued::default();
        issued.replace(HashMap::from([
            ("a.example".to_owned(), Arc::clone(&exact)),
            ("*.example".to_owned(), Arc::clone(&wildcard)),
        ]));
        let is = |name: &str, wanted: &Arc<CertifiedKey>| {
            issued.find(name).is_some_and(|it| Arc::ptr_eq(&it, wanted))
        };
        assert!(is("A.Example", &exact));
        assert!(is("b.example", &wildcard));
        assert!(issued.find("c.b.example").is_none());
        assert!(issued.find("example").is_none());
        assert!(issued.find("").is_none());
    }
}
