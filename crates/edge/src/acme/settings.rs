//! The validated settings for the authority.

use std::fmt;
use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use http::Uri;
use http::uri::Scheme;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::{self, PemObject as _};
use thiserror::Error;

use crate::description;
use crate::description::Challenge;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The directory URL of the authority; must be `https`.
    pub directory: String,
    /// The email address for the authority; empty for none.
    pub email: String,
    pub challenge: Challenge,
    /// An existing account at the authority, to which the new account is bound.
    pub external_account: Option<ExternalAccount>,
    /// Additional root certificates that are trusted for the authority. Those that browsers trust
    /// are always trusted.
    pub roots: Vec<CertificateDer<'static>>,
    /// Whether certificates are also ordered for names that do not resolve.
    pub force: bool,
    /// The data folder. The subfolder `acme` contains the account and the certificates.
    pub data: PathBuf,
}

/// External account binding (RFC 8555, section 7.3.4).
#[derive(Clone, PartialEq, Eq)]
pub struct ExternalAccount {
    pub kid: String,
    pub key: Vec<u8>,
}

impl fmt::Debug for ExternalAccount {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "ExternalAccount {{ kid: {:?}, key: *** }}", self.kid)
    }
}

#[derive(Debug, Error)]
pub enum SettingsError {
    #[error("“{0}” is no https URL")]
    Directory(String),
    #[error("“{0}” is no mail address")]
    Email(String),
    /// The file with additional root certificates cannot be read or contains none.
    #[error("{}: {cause}", file.display())]
    Root {
        file: PathBuf,
        /// The reason why the file cannot be used.
        cause: pem::Error,
    },
    #[error("{}: {cause}", file.display())]
    AccountKeyFile {
        file: PathBuf,
        cause: std::io::Error,
    },
    /// The external account's key is not valid base64url. The error message omits the key.
    #[error("{}: the key is not written in base64url", .0.display())]
    AccountKey(PathBuf),
}

impl SettingsError {
    /// The invalid setting's key in the settings file.
    pub fn key(&self) -> &'static str {
        match self {
            Self::Directory(_) => "tls.acme.directory",
            Self::Email(_) => "tls.acme.email",
            Self::Root { .. } => "tls.acme.ca",
            Self::AccountKeyFile { .. } | Self::AccountKey(_) => "tls.acme.eab.key_file",
        }
    }

    pub fn mend(&self) -> &'static str {
        match self {
            Self::Directory(_) => "leave it out for Let's Encrypt, or copy it from the authority",
            Self::Email(_) => "write it as name@example.org",
            Self::Root { .. } => "name a PEM file with the authority's root certificate",
            Self::AccountKeyFile { .. } => "name a file that the edge may read",
            Self::AccountKey(_) => "copy the HMAC key as the authority shows it",
        }
    }
}

impl Settings {
    /// Validates the settings. File names are relative to `folder`, and certificates are stored
    /// below `data`.
    pub fn check(
        asked: &description::Acme,
        folder: &Path,
        data: &Path,
    ) -> Result<Self, Vec<SettingsError>> {
        let mut errors = Vec::new();
        let is_https = asked.directory.parse::<Uri>().is_ok_and(|directory| {
            directory.scheme() == Some(&Scheme::HTTPS)
                && directory.host().is_some_and(|host| !host.is_empty())
        });
        if !is_https {
            errors.push(SettingsError::Directory(asked.directory.clone()));
        }
        if !asked.email.is_empty() && !is_address(&asked.email) {
            errors.push(SettingsError::Email(asked.email.clone()));
        }
        let roots = if asked.ca.is_empty() {
            Vec::new()
        } else {
            read_roots(&folder.join(&asked.ca)).unwrap_or_else(|error| {
                errors.push(error);
                Vec::new()
            })
        };
        let external_account = asked.eab.as_ref().and_then(|eab| {
            read_key(&folder.join(&eab.key_file))
                .map_err(|error| errors.push(error))
                .ok()
                .map(|key| ExternalAccount {
                    kid: eab.kid.clone(),
                    key,
                })
        });
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(Self {
            directory: asked.directory.clone(),
            email: asked.email.clone(),
            challenge: asked.challenge,
            external_account,
            roots,
            force: asked.force,
            data: data.to_owned(),
        })
    }
}

/// Whether a text can be an email address. The authority validates the address itself, so this
/// function only refuses characters that would break a `mailto:` URL.
fn is_address(email: &str) -> bool {
    email.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty() && !domain.is_empty() && !domain.contains('@')
    }) && !email.contains(|c: char| c.is_whitespace() || c.is_control() || ",?&#%".contains(c))
}

fn read_roots(file: &Path) -> Result<Vec<CertificateDer<'static>>, SettingsError> {
    let error = |cause| SettingsError::Root {
        file: file.to_owned(),
        cause,
    };
    let roots = CertificateDer::pem_file_iter(file)
        .map_err(error)?
        .collect::<Result<Vec<_>, _>>()
        .map_err(error)?;
    if roots.is_empty() {
        return Err(error(pem::Error::NoItemsFound));
    }
    Ok(roots)
}

fn read_key(file: &Path) -> Result<Vec<u8>, SettingsError> {
    let text = fs::read_to_string(file).map_err(|cause| SettingsError::AccountKeyFile {
        file: file.to_owned(),
        cause,
    })?;
    BASE64_URL_SAFE_NO_PAD
        .decode(text.trim().trim_end_matches('='))
        .ok()
        .filter(|key| !key.is_empty())
        .ok_or_else(|| SettingsError::AccountKey(file.to_owned()))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Unorderable {
    /// The name is a wildcard. The supported challenge types cannot validate wildcards.
    #[error("a certificate for a wildcard can only come from a file: [[tls.certificate]]")]
    Wildcard,
    /// The name is an IP address. The owner of an address may change.
    #[error("no certificate is ordered for a bare address")]
    Address,
    /// The name is `localhost`. Every machine has this name.
    #[error("no authority vouches for localhost; it gets a self-signed certificate")]
    Localhost,
    /// The name does not consist of labels of 1 to 63 letters, digits and hyphens.
    #[error("it is not the name of a host")]
    Malformed,
}

/// Checks a host name, which must be in lower case.
pub fn can_be_ordered(name: &str) -> Result<(), Unorderable> {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    if name.starts_with("*.") {
        Err(Unorderable::Wildcard)
    } else if name.trim_matches(['[', ']']).parse::<IpAddr>().is_ok() {
        Err(Unorderable::Address)
    } else if name == "localhost" || name.ends_with(".localhost") {
        Err(Unorderable::Localhost)
    } else if name.len() > 253 || !name.split('.').all(is_label) {
        Err(Unorderable::Malformed)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
