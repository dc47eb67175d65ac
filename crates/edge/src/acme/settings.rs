//! Validates the settings for the ACME authority.

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
use units::{Check, Problem};

use crate::description;
use crate::description::Challenge;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The directory URL of the authority; must be `https`.
    pub directory: String,
    /// The contact email address that is given to the authority; empty for none.
    pub email: String,
    pub challenge: Challenge,
    /// An existing account at the authority, to which the new account is bound.
    pub external_account: Option<ExternalAccount>,
    /// Additional root certificates for connections to the authority. The roots that browsers trust
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

impl Settings {
    /// Validates the settings. File names are relative to `folder`, and certificates are stored
    /// below `data`.
    pub fn check(
        asked: &description::Acme,
        folder: &Path,
        data: &Path,
    ) -> Result<Self, Vec<Problem>> {
        let mut check = Check::default();
        check.enter("tls.acme");
        let is_https = asked.directory.parse::<Uri>().is_ok_and(|directory| {
            directory.scheme() == Some(&Scheme::HTTPS)
                && directory.host().is_some_and(|host| !host.is_empty())
        });
        if !is_https {
            check.refuse(
                "directory",
                format!("“{}” is not an https URL", asked.directory),
                "leave it out for Let's Encrypt, or copy it from the authority",
            );
        }
        if !asked.email.is_empty() && !is_address(&asked.email) {
            let what = format!("“{}” is not a mail address", asked.email);
            check.refuse("email", what, "write it as name@example.org");
        }
        let mut roots = Vec::new();
        if !asked.ca.is_empty() {
            let found = check.accept("ca", read_roots(&folder.join(&asked.ca)));
            roots = found.unwrap_or_default();
        }
        let external_account = asked.eab.as_ref().and_then(|eab| {
            let key = check.accept("eab.key_file", read_key(&folder.join(&eab.key_file)))?;
            let kid = eab.kid.clone();
            Some(ExternalAccount { kid, key })
        });
        if !check.problems.is_empty() {
            return Err(check.problems);
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

/// The authority validates the address; this only refuses what would break a `mailto:` URL.
fn is_address(email: &str) -> bool {
    email.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty() && !domain.is_empty() && !domain.contains('@')
    }) && !email.contains(|c: char| c.is_whitespace() || c.is_control() || ",?&#%".contains(c))
}

fn read_roots(file: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let error = |cause: pem::Error| {
        let file = file.display();
        format!("{file}: {cause}; name a PEM file with the authority's root certificate")
    };
    let roots: Vec<_> = CertificateDer::pem_file_iter(file)
        .and_then(Iterator::collect)
        .map_err(error)?;
    if roots.is_empty() {
        return Err(error(pem::Error::NoItemsFound));
    }
    Ok(roots)
}

/// Reads the key from a file. The errors never contain the key.
fn read_key(file: &Path) -> Result<Vec<u8>, String> {
    let shown = file.display();
    let text = fs::read_to_string(file)
        .map_err(|cause| format!("{shown}: {cause}; name a file that the edge may read"))?;
    BASE64_URL_SAFE_NO_PAD
        .decode(text.trim().trim_end_matches('='))
        .ok()
        .filter(|key| !key.is_empty())
        .ok_or_else(|| {
            format!(
                "{shown}: the key is not written in base64url; copy the HMAC key as the authority shows it"
            )
        })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Unorderable {
    /// The name is a wildcard. The supported challenge types cannot validate wildcards.
    #[error("a certificate for a wildcard can only come from a file: [[tls.certificate]]")]
    Wildcard,
    /// The name is an IP address. The owner of an address may change.
    #[error(
        "a certificate cannot be ordered for an IP address: name a file in [[tls.certificate]]"
    )]
    Address,
    /// The name is `localhost`. Every machine has this name.
    #[error(
        "no authority issues certificates for localhost; it gets a self-signed one, and nothing needs to be done"
    )]
    Localhost,
    /// The name does not consist of labels of 1 to 63 letters, digits and hyphens.
    #[error("it is not a host name: correct the `host` of its route")]
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
