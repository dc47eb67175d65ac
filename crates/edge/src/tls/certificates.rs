//! All certificates, by host name. When a certificate changes, the whole table is replaced.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::{ArcSwap, ArcSwapOption};
use rustls::sign::CertifiedKey;
use tokio::sync::watch;

use crate::acme::{Acme, CertificateStatus, Challenges, Issued};

use super::expiry::ServedCertificate;
use super::files::{FileCertificate, Pair, Stamp};
use super::self_signed::self_signed;
use super::{CertificateFiles, TlsSettings};

#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("cannot read {}: {cause}\n  give it to the user that runs Kenduri (chown), or correct the path", path.display())]
    Unreadable {
        path: PathBuf,
        /// The error as text.
        cause: String,
    },
    /// The file does not contain the expected item.
    #[error("{} holds no {kind}\n  it must be a PEM file", path.display())]
    Empty {
        path: PathBuf,
        /// A certificate or a private key.
        kind: &'static str,
    },
    /// The key and the certificate do not belong together, or their type is unsupported.
    #[error("{} and {} do not belong together: {cause}\n  the key must be the one the certificate was made for", chain.display(), key.display())]
    NoPair {
        chain: PathBuf,
        key: PathBuf,
        cause: rustls::Error,
    },
    /// The certificate itself cannot be used, whatever its key is.
    #[error("the certificate in {} cannot be used: {cause}\n  it must be one of X.509 version 3 (in openssl: with extensions), signed with RSA, ECDSA or Ed25519", chain.display())]
    Unsuitable {
        chain: PathBuf,
        cause: rustls::CertificateError,
    },
    /// A certificate contains no names.
    #[error("the certificate in {} names no host\n  name its hosts in [[tls.certificate]]: hosts = [\"example.org\"]", chain.display())]
    Nameless {
        /// The certificate's file.
        chain: PathBuf,
    },
    #[error(
        "cannot make a self-signed certificate: {0}\n  this is a mistake in Kenduri: please report it"
    )]
    SelfSigned(String),
    #[error("TLS cannot be set up: {0}\n  this is a mistake in Kenduri: please report it")]
    Engine(rustls::Error),
}

impl TlsError {
    /// The key of `[[tls.certificate]]` whose value is wrong.
    pub(crate) fn key(&self) -> &'static str {
        match self {
            Self::Nameless { .. } => "hosts",
            Self::Empty {
                kind: PRIVATE_KEY, ..
            }
            | Self::NoPair { .. } => "key",
            _ => "chain",
        }
    }
}

/// The name of a private key in [`TlsError::Empty`].
pub(super) const PRIVATE_KEY: &str = "private key";

#[derive(Debug)]
pub(crate) struct Certificates {
    table: ArcSwap<Table>,
    sources: Mutex<Sources>,
    ordered: ArcSwapOption<OrderedCertificates>,
}

#[derive(Debug)]
struct OrderedCertificates {
    issued: Arc<Issued>,
    challenges: Arc<Challenges>,
    report: watch::Receiver<Arc<[CertificateStatus]>>,
}

#[derive(Debug, Default)]
struct Table {
    exact: HashMap<String, Arc<CertifiedKey>>,
    /// Wildcard certificates, by the part of their name after `*.`.
    wildcard: HashMap<String, Arc<CertifiedKey>>,
    by_address: HashMap<IpAddr, Arc<CertifiedKey>>,
    /// The certificate for clients that send no host name.
    default: Option<Arc<CertifiedKey>>,
    self_signed: Option<Arc<CertifiedKey>>,
}

/// The certificates from which the lookup table is built.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    pairs: Vec<Pair>,
    self_signed: Option<SelfSigned>,
}

type SelfSigned = (BTreeSet<String>, Arc<CertifiedKey>);

impl Certificates {
    /// Loads the certificates. Fails if a file cannot be used.
    pub(crate) fn load(settings: &TlsSettings) -> Result<Self, TlsError> {
        let sources = Sources::load(settings, None)?;
        Ok(Self {
            table: ArcSwap::from_pointee(sources.table()),
            sources: Mutex::new(sources),
            ordered: ArcSwapOption::empty(),
        })
    }

    /// Reads the certificate files of new settings, but does not use them yet.
    pub(crate) fn read(&self, settings: &TlsSettings) -> Result<Sources, TlsError> {
        let kept = {
            let sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
            sources.self_signed.clone()
        };
        Sources::load(settings, kept)
    }

    pub(crate) fn swap(&self, fresh: Sources) {
        let mut sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        *sources = fresh;
        self.table.store(Arc::new(sources.table()));
    }

    /// Reloads changed certificate files. An old certificate stays in use if the new certificate or
    /// key is invalid.
    pub(crate) fn refresh(&self) {
        let mut sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        let mut changed = false;
        for pair in &mut sources.pairs {
            let stamp = Stamp::of(&pair.files);
            if stamp == pair.stamp {
                continue;
            }
            // An error is logged once, and the files are read again after their next change.
            pair.stamp = stamp;
            match Pair::load(&pair.files) {
                Ok(fresh) => {
                    tracing::info!(chain = %pair.files.chain.display(), "a changed certificate was loaded");
                    *pair = fresh;
                    changed = true;
                }
                Err(error) => {
                    tracing::error!(%error, "cannot use a changed certificate; the old one stays in use; put a certificate and its key into the files that the error names, and they are read again");
                }
            }
        }
        if changed {
            self.table.store(Arc::new(sources.table()));
        }
    }

    /// The certificates in use. Omits the self-signed certificate, and certificates with a validity
    /// period that cannot be parsed.
    pub(crate) fn in_use(&self) -> Vec<ServedCertificate> {
        let files = self.in_files();
        let files = files.into_iter().map(|file| ServedCertificate {
            life: file.life(),
            why: Some(format!(
                "{} was not replaced: put a new certificate there",
                file.chain.display()
            )),
            names: file.names,
        });
        let ordered = self.ordered.load();
        let standings = ordered.as_ref().map(|ordered| ordered.report.borrow());
        let standings = standings.iter().flat_map(|standings| standings.iter());
        let ordered = standings.filter_map(|standing| {
            Some(ServedCertificate {
                names: vec![standing.name.clone()],
                life: standing.life()?,
                why: standing.failures.as_ref().map(|it| it.why.clone()),
            })
        });
        files.chain(ordered).collect()
    }

    pub(crate) fn in_files(&self) -> Vec<FileCertificate> {
        let sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        let table = self.table.load();
        let shown = sources.pairs.iter().filter_map(|pair| {
            let names = pair.names.iter();
            let shown = names.filter(|name| table.shows(name, &pair.certificate));
            let addresses = pair.addresses.iter().filter(|address| {
                let shown = table.by_address.get(address);
                shown.is_some_and(|shown| Arc::ptr_eq(shown, &pair.certificate))
            });
            let addresses = addresses.map(ToString::to_string);
            let names: Vec<_> = shown.cloned().chain(addresses).collect();
            if names.is_empty() {
                return None;
            }
            let life = pair.life?;
            Some(FileCertificate {
                names,
                chain: pair.files.chain.clone(),
                valid_from: life.from,
                valid_until: life.until,
            })
        });
        shown.collect()
    }

    /// Sets the task from which ordered certificates come; `None` if no certificates are ordered.
    pub(crate) fn order(&self, acme: Option<&Acme>) {
        self.ordered.store(acme.map(|acme| {
            Arc::new(OrderedCertificates {
                issued: Arc::clone(acme.issued()),
                challenges: Arc::clone(acme.challenges()),
                report: acme.watch(),
            })
        }));
    }

    /// The certificate for a TLS-ALPN-01 challenge.
    pub(crate) fn proof(&self, name: &str) -> Option<Arc<CertifiedKey>> {
        self.ordered.load().as_ref()?.challenges.tls_alpn_01(name)
    }

    /// The response to the HTTP-01 challenge with this token.
    pub(crate) fn proof_text(&self, token: &str) -> Option<Arc<str>> {
        self.ordered.load().as_ref()?.challenges.http_01(token)
    }

    /// Finds the certificate for a name. Prefers an exact name to a wildcard. Tries certificates in
    /// files first, then ordered certificates, then the self-signed one.
    pub(crate) fn find(&self, name: &str) -> Option<Arc<CertifiedKey>> {
        let table = self.table.load();
        let lower;
        let name = if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
            lower = name.to_ascii_lowercase();
            &lower
        } else {
            name
        };
        let name = name.strip_suffix('.').unwrap_or(name);
        let wildcard = || table.wildcard.get(name.split_once('.')?.1);
        let found = table.exact.get(name).or_else(wildcard);
        let is_vouched_for = found.is_some_and(|found| !table.is_self_signed(found));
        if !is_vouched_for
            && let Some(ordered) = &*self.ordered.load()
            && let Some(issued) = ordered.issued.find(name)
        {
            return Some(issued);
        }
        found.cloned()
    }

    /// Whether the name's certificate comes from an authority.
    pub(crate) fn is_issued(&self, name: &str) -> bool {
        let ordered = self.ordered.load();
        let issued = ordered
            .as_ref()
            .and_then(|ordered| ordered.issued.find(name));
        issued.is_some_and(|issued| {
            let shown = self.find(name);
            shown.is_some_and(|shown| Arc::ptr_eq(&shown, &issued))
        })
    }

    /// Returns the certificate for clients that send no host name and have connected to `local`.
    /// Prefers a certificate that contains this address, and then the default. Uses the self-signed
    /// certificate only if there is no other.
    pub(crate) fn unnamed(&self, local: Option<IpAddr>) -> Option<Arc<CertifiedKey>> {
        let table = self.table.load();
        let of_address = local.and_then(|local| table.by_address.get(&local));
        if let Some(found) = of_address.or(table.default.as_ref()) {
            return Some(Arc::clone(found));
        }
        let ordered = self.ordered.load();
        let is_alone = table.by_address.is_empty()
            && [&table.exact, &table.wildcard].iter().all(|names| {
                let mut shown = names.values();
                shown.all(|shown| table.is_self_signed(shown))
            })
            && ordered.as_ref().is_none_or(|it| it.issued.is_empty());
        table.self_signed.clone().filter(|_| is_alone)
    }
}

impl Sources {
    fn load(settings: &TlsSettings, kept: Option<SelfSigned>) -> Result<Self, TlsError> {
        let pairs: Result<_, _> = settings.certificates.iter().map(Pair::load).collect();
        let names = &settings.self_signed;
        let self_signed = match kept {
            _ if names.is_empty() => None,
            Some(kept) if kept.0 == *names => Some(kept),
            _ => Some((names.clone(), self_signed(names)?)),
        };
        Ok(Self {
            pairs: pairs?,
            self_signed,
        })
    }

    fn table(&self) -> Table {
        let mut table = Table::default();
        for pair in &self.pairs {
            for name in &pair.names {
                table.add(name, &pair.certificate);
            }
            for address in &pair.addresses {
                let certificate = || Arc::clone(&pair.certificate);
                table.by_address.entry(*address).or_insert_with(certificate);
            }
            if pair.files.is_default {
                table.default = Some(Arc::clone(&pair.certificate));
            }
        }
        if let Some((names, certificate)) = &self.self_signed {
            for name in names {
                table.add(name, certificate);
            }
            table.self_signed = Some(Arc::clone(certificate));
        }
        table
    }
}

impl Table {
    fn add(&mut self, name: &str, certificate: &Arc<CertifiedKey>) {
        let name = name.to_ascii_lowercase();
        let (names, name) = match name.strip_prefix("*.") {
            Some(parent) => (&mut self.wildcard, parent.to_owned()),
            None => (&mut self.exact, name),
        };
        names.entry(name).or_insert_with(|| Arc::clone(certificate));
    }

    fn is_self_signed(&self, certificate: &Arc<CertifiedKey>) -> bool {
        let own = self.self_signed.as_ref();
        own.is_some_and(|own| Arc::ptr_eq(own, certificate))
    }

    /// Whether a name, which may be a wildcard, uses this certificate.
    fn shows(&self, name: &str, certificate: &Arc<CertifiedKey>) -> bool {
        let name = name.to_ascii_lowercase();
        let shown = match name.strip_prefix("*.") {
            Some(parent) => self.wildcard.get(parent),
            None => self.exact.get(&name),
        };
        shown.is_some_and(|shown| Arc::ptr_eq(shown, certificate))
    }
}

impl TlsError {
    pub(super) fn unreadable(path: &Path, cause: &impl ToString) -> Self {
        Self::Unreadable {
            path: path.to_owned(),
            cause: cause.to_string(),
        }
    }

    pub(super) fn no_pair(files: &CertificateFiles, cause: rustls::Error) -> Self {
        match cause {
            rustls::Error::InvalidCertificate(cause) => Self::Unsuitable {
                chain: files.chain.clone(),
                cause,
            },
            cause => Self::NoPair {
                chain: files.chain.clone(),
                key: files.key.clone(),
                cause,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::*;

    /// Writes files with a test certificate that expired on 1 April 2020.
    fn ended(folder: &Path, file: &str, names: &[&str]) -> CertificateFiles {
        let key = KeyPair::generate().unwrap();
        let names: Vec<_> = names.iter().copied().map(str::to_owned).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2020, 4, 1);
        let files = CertificateFiles {
            hosts: Vec::new(),
            chain: folder.join(file).with_extension("pem"),
            key: folder.join(file).with_extension("key"),
            is_default: false,
        };
        std::fs::write(&files.chain, params.self_signed(&key).unwrap().pem()).unwrap();
        std::fs::write(&files.key, key.serialize_pem()).unwrap();
        files
    }

    fn loaded(certificates: Vec<CertificateFiles>) -> Certificates {
        let settings = TlsSettings {
            certificates,
            self_signed: ["localhost".to_owned()].into(),
            ..TlsSettings::default()
        };
        Certificates::load(&settings).unwrap()
    }

    #[test]
    fn certificates_in_files_are_in_use_until_their_end_and_after_it() {
        let folder = tempfile::tempdir().unwrap();
        let names = ["a.example", "b.example"];
        let files = ended(folder.path(), "a", &names);
        let loaded = loaded(vec![files.clone()]);
        let in_use = loaded.in_use();
        let [one] = &in_use[..] else {
            panic!("{in_use:?}");
        };
        assert_eq!(one.names, names);
        let end = "2020-04-01T00:00:00Z".parse().unwrap();
        assert_eq!(one.life.until, end);
        let in_files = loaded.in_files();
        let [one] = &in_files[..] else {
            panic!("{in_files:?}");
        };
        assert_eq!((&one.chain, one.valid_until), (&files.chain, end));
        for (day, is_overdue) in [
            ("2020-03-17T23:59:59Z", false),
            ("2020-03-18T00:00:00Z", true),
            ("2026-01-01T00:00:00Z", true),
        ] {
            assert_eq!(one.is_overdue(day.parse().unwrap()), is_overdue, "{day}");
        }
    }

    #[test]
    fn what_another_is_shown_for_is_in_use_by_that_alone() {
        let folder = tempfile::tempdir().unwrap();
        let in_use = loaded(vec![
            ended(folder.path(), "first", &["a.example", "*.A.example"]),
            ended(folder.path(), "shadow", &["A.example", "*.a.example"]),
            ended(folder.path(), "other", &["a.example", "b.example"]),
        ])
        .in_use();
        let names: Vec<_> = in_use.iter().map(|one| &one.names[..]).collect();
        assert_eq!(names, [&["a.example", "*.A.example"][..], &["b.example"]]);
    }
}
