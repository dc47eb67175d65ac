//! Certificates that are read from files.

use std::fs;
use std::net::IpAddr;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use x509_parser::extensions::GeneralName;

use crate::acme::Life;

use super::CertificateFiles;
use super::certificates::{PRIVATE_KEY, TlsError};
use crate::crypto::provider;

const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// A certificate in use that comes from a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileCertificate {
    /// The names that use the certificate, such as `example.org` or `*.example.org`.
    pub names: Vec<String>,
    pub chain: PathBuf,
    pub valid_from: Timestamp,
    pub valid_until: Timestamp,
}

impl FileCertificate {
    pub(super) fn life(&self) -> Life {
        Life {
            from: self.valid_from,
            until: self.valid_until,
        }
    }

    /// Whether the certificate should have been replaced by now. This is true in its last 14 days.
    /// If its validity period is shorter than six weeks, this is true in the last sixth of the
    /// period.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        self.life().is_loud(now)
    }
}

/// A certificate and its key, as last read from the files.
#[derive(Debug)]
pub(super) struct Pair {
    pub(super) files: CertificateFiles,
    pub(super) stamp: Stamp,
    pub(super) names: Vec<String>,
    pub(super) addresses: Vec<IpAddr>,
    /// `None` if the validity period cannot be parsed.
    pub(super) life: Option<Life>,
    pub(super) certificate: Arc<CertifiedKey>,
}

impl Pair {
    pub(super) fn load(files: &CertificateFiles) -> Result<Self, TlsError> {
        // The stamp is taken before the files are read. So a later check notices a change during
        // the read.
        let stamp = Stamp::of(files);
        let chain: Vec<_> = CertificateDer::pem_slice_iter(&read(&files.chain)?)
            .collect::<Result<_, _>>()
            .map_err(|cause| TlsError::unreadable(&files.chain, &format!("{cause:?}")))?;
        let Some(leaf) = chain.first() else {
            return Err(TlsError::Empty {
                path: files.chain.clone(),
                kind: "certificate",
            });
        };
        let names = if files.hosts.is_empty() {
            names_in(leaf)
        } else {
            files.hosts.clone()
        };
        let addresses = addresses_in(leaf);
        // Clients that name no host get the default certificate, whatever names it has.
        if names.is_empty() && addresses.is_empty() && !files.is_default {
            return Err(TlsError::Nameless {
                chain: files.chain.clone(),
            });
        }
        let life = x509_parser::parse_x509_certificate(leaf)
            .ok()
            .and_then(|(_, leaf)| Life::of(&leaf));
        let key = PrivateKeyDer::from_pem_slice(&read(&files.key)?).map_err(|_| {
            // The cause could contain parts of the key, so the error omits it.
            TlsError::Empty {
                path: files.key.clone(),
                kind: PRIVATE_KEY,
            }
        })?;
        let certificate = CertifiedKey::from_der(chain, key, &provider())
            .map_err(|cause| TlsError::no_pair(files, cause))?;
        Ok(Self {
            files: files.clone(),
            stamp,
            names,
            addresses,
            life,
            certificate: Arc::new(certificate),
        })
    }
}

impl CertificateFiles {
    /// Loads the files as the edge does when it starts.
    pub(crate) fn check(&self) -> Result<(), TlsError> {
        Pair::load(self).map(drop)
    }

    /// The configured names or, if there are none, the certificate's own names. If the file cannot
    /// be read, returns no names; the error is reported when the file is used.
    pub(crate) fn names(&self) -> Vec<String> {
        if !self.hosts.is_empty() {
            return self.hosts.clone();
        }
        self.leaf().map_or_else(Vec::new, |leaf| names_in(&leaf))
    }

    pub(crate) fn addresses(&self) -> Vec<IpAddr> {
        self.leaf()
            .map_or_else(Vec::new, |leaf| addresses_in(&leaf))
    }

    fn leaf(&self) -> Option<CertificateDer<'static>> {
        let chain = read(&self.chain).ok()?;
        CertificateDer::from_pem_slice(&chain).ok()
    }
}

/// Metadata that reveals any change of the files, even of their permissions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stamp([Option<(u64, u64, i64, i64)>; 2]);

impl Stamp {
    pub(super) fn of(files: &CertificateFiles) -> Self {
        Self([&files.chain, &files.key].map(|path| {
            let found = fs::metadata(path).ok()?;
            // The ctime changes whenever the mtime does.
            Some((found.ino(), found.len(), found.ctime(), found.ctime_nsec()))
        }))
    }
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    let size = fs::metadata(path)
        .map_err(|error| TlsError::unreadable(path, &error))?
        .len();
    if size > MAX_FILE_BYTES {
        return Err(TlsError::unreadable(path, &"it is larger than 1 MiB"));
    }
    fs::read(path).map_err(|error| TlsError::unreadable(path, &error))
}

/// The host names in `subjectAltName`. The common name is ignored (RFC 6125).
fn names_in(leaf: &CertificateDer<'_>) -> Vec<String> {
    alternatives(leaf, |name| match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        _ => None,
    })
}

/// The IP addresses in `subjectAltName` (RFC 5280, section 4.2.1.6).
fn addresses_in(leaf: &CertificateDer<'_>) -> Vec<IpAddr> {
    alternatives(leaf, |name| match name {
        GeneralName::IPAddress(octets) => match octets.len() {
            4 => <[u8; 4]>::try_from(*octets).ok().map(IpAddr::from),
            _ => <[u8; 16]>::try_from(*octets).ok().map(IpAddr::from),
        },
        _ => None,
    })
}

fn alternatives<T>(
    leaf: &CertificateDer<'_>,
    pick: impl Fn(&GeneralName<'_>) -> Option<T>,
) -> Vec<T> {
    let Ok((_, parsed)) = x509_parser::parse_x509_certificate(leaf) else {
        return Vec::new();
    };
    let Ok(Some(alternatives)) = parsed.subject_alternative_name() else {
        return Vec::new();
    };
    let names = alternatives.value.general_names.iter();
    names.filter_map(pick).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn a_change_of_rights_is_a_change() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.pem");
        fs::write(&path, "a certificate").unwrap();
        let files = CertificateFiles {
            hosts: Vec::new(),
            chain: path.clone(),
            key: path.clone(),
            is_default: false,
        };
        let before = Stamp::of(&files);
        // File timestamps are coarse, so the test changes the file until the stamp differs.
        let until = Instant::now() + Duration::from_mins(1);
        while Stamp::of(&files) == before {
            assert!(Instant::now() < until, "nobody would read it again");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        }
    }

    /// A certificate of X.509 version 1, as `openssl x509 -req -signkey` makes it, for `box.lan`.
    const VERSION_1: &str = "\
-----BEGIN CERTIFICATE-----
MIIBIDCBxwIUCE4niIq7SyRLFz29fYBUPmUHoTQwCgYIKoZIzj0EAwIwEjEQMA4G
A1UEAwwHYm94LmxhbjAgFw0yNjExMjgwMjIyMzJaGA8yMTI2MTEwNDAyMjIzMlow
EjEQMA4GA1UEAwwHYm94LmxhbjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABHVO
++YJO1Z7H9mXJqNKd8F04gRZfizhSfk+Ka7RJyWvyp0uRKo6kFwjTMTl+i56V9va
Rle7j20UL1LremBQV7kwCgYIKoZIzj0EAwIDSAAwRQIhAMHMc7JasRMAm8cYYaW7
ezTIA3wjnnH3kiV76UiRXaZwAiBBcphM+8mQpY14Yp8MGlo3SixcxqcEEryazLjr
bmn7+w==
-----END CERTIFICATE-----
";
    const KEY_OF_VERSION_1: &str = "\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg/oxnHBqwYolAQodf
W2ytJT0BTOuwUjoFoEHRoQopyuGhRANCAAR1TvvmCTtWex/ZlyajSnfBdOIEWX4s
4Un5Pimu0Sclr8qdLkSqOpBcI0zE5fouelfb2kZXu49tFC9S63pgUFe5
-----END PRIVATE KEY-----
";

    fn files(folder: &Path, chain: &str, key: &str, is_default: bool) -> CertificateFiles {
        let files = CertificateFiles {
            hosts: Vec::new(),
            chain: folder.join("a.crt"),
            key: folder.join("a.key"),
            is_default,
        };
        fs::write(&files.chain, chain).unwrap();
        fs::write(&files.key, key).unwrap();
        files
    }

    #[test]
    fn an_old_certificate_is_not_taken_for_one_of_another_key() {
        let folder = tempfile::tempdir().unwrap();
        let files = CertificateFiles {
            hosts: vec!["box.lan".to_owned()],
            ..files(folder.path(), VERSION_1, KEY_OF_VERSION_1, false)
        };
        let why = Pair::load(&files).unwrap_err().to_string();
        assert!(why.contains("a.crt cannot be used"), "{why}");
        assert!(why.contains("version 3"), "{why}");
        assert!(!why.contains("do not belong together"), "{why}");
    }

    #[test]
    fn only_the_default_certificate_needs_no_name() {
        let folder = tempfile::tempdir().unwrap();
        let key = rcgen::KeyPair::generate().unwrap();
        let chain = rcgen::CertificateParams::default()
            .self_signed(&key)
            .unwrap();
        let (chain, key) = (chain.pem(), key.serialize_pem());
        for is_default in [true, false] {
            let files = files(folder.path(), &chain, &key, is_default);
            let loaded = Pair::load(&files);
            assert_eq!(loaded.is_ok(), is_default, "{loaded:?}");
        }
    }
}
