//! DKIM signatures (RFC 6376) with a key that Kenduri generates. The key is 2,048-bit RSA, because
//! not every receiver supports Ed25519.
//!
//! The private key is stored encrypted. Mail is signed only after the public key was found in DNS,
//! because receivers trust mail with an unverifiable signature less than unsigned mail.

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::key::Key;
use crate::sql;
use crate::store::{Row, Rows, StoreError, Tx};

/// The purpose of the derived key that encrypts private keys.
pub const PURPOSE: &str = "dkim";

/// The signed header fields, including fields that a mail may lack: signing a missing field
/// prevents adding it later (RFC 6376, section 5.4).
const SIGNED: [&str; 13] = [
    "from",
    "to",
    "subject",
    "date",
    "message-id",
    "reply-to",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
    "auto-submitted",
    "list-unsubscribe",
    "list-unsubscribe-post",
    "cc",
];
/// The signature lists each of these fields once more than it occurs in the mail. Otherwise,
/// somebody could insert a second field of the same name before the signed one (RFC 6376, section
/// 8.15).
const ONCE_MORE: [&str; 5] = ["from", "to", "subject", "date", "reply-to"];
/// The length of a folded line of base64, in characters.
const FOLD: usize = 72;

/// A sender domain's DKIM key, without its private part.
#[derive(Clone, Debug, PartialEq, Eq, Row)]
pub struct DkimKey {
    /// The sender domain whose mail is signed with the key.
    pub domain: String,
    /// The selector, the name of the key below `_domainkey`.
    pub selector: String,
    /// The public key (`SubjectPublicKeyInfo`), in base64.
    pub public_key: String,
    pub made_at: Timestamp,
    /// When the public key was found in DNS; mail is not signed before that time.
    pub verified_at: Option<Timestamp>,
}

impl DkimKey {
    /// The name of the key's DNS record.
    pub fn record_name(&self) -> String {
        format!("{}._domainkey.{}", self.selector, self.domain)
    }

    /// The value of the TXT record that publishes the public key.
    pub fn record(&self) -> String {
        format!("v=DKIM1; k=rsa; p={}", self.public_key)
    }
}

/// The key could not be generated.
#[derive(Debug, thiserror::Error)]
#[error("cannot make a DKIM key; please report this")]
pub struct NoKey;

/// Generates a key, and returns the private key as PKCS #8 and the public key in base64. This takes
/// tens to hundreds of milliseconds.
pub fn generate() -> Result<(Vec<u8>, String), NoKey> {
    let pair = KeyPair::generate(KeySize::Rsa2048).map_err(|_| NoKey)?;
    let private: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| NoKey)?;
    let public: PublicKeyX509Der<'_> = pair.public_key().as_der().map_err(|_| NoKey)?;
    Ok((private.as_ref().to_vec(), STANDARD.encode(public.as_ref())))
}

/// Stores the key of a domain, unless the domain already has one.
pub fn keep(
    tx: &mut Tx<'_>,
    key: &Key,
    domain: &str,
    private: &[u8],
    public: &str,
) -> Result<DkimKey, StoreError> {
    let now = tx.now();
    // The selector contains the month. A later key gets another selector, so that mails in transit
    // can still be verified with the old one.
    let selector = format!("kenduri{}", now.strftime("%Y%m"));
    let sealed = key.seal(tx.random(), &place(domain), private);
    sql!(
        "INSERT INTO dkim_key (domain, selector, sealed_key, public_key, made_at)
         VALUES (:domain, :selector, :sealed, :public, :now) ON CONFLICT (domain) DO NOTHING",
        domain,
        selector,
        sealed,
        public,
        now
    )
    .run(tx, Rows::AtMostOne)?;
    sql!(
        "SELECT {DkimKey} FROM dkim_key WHERE domain = :domain",
        domain
    )
    .one(tx)
}

pub fn find(tx: &mut Tx<'_>, domain: &str) -> Result<Option<DkimKey>, StoreError> {
    sql!(
        "SELECT {DkimKey} FROM dkim_key WHERE domain = :domain",
        domain
    )
    .maybe(tx)
}

/// Records whether the public key was found in DNS.
pub fn note_seen(tx: &mut Tx<'_>, domain: &str, is_there: bool) -> Result<(), StoreError> {
    let now = is_there.then(|| tx.now());
    sql!(
        "UPDATE dkim_key SET verified_at =
             CASE WHEN CAST(:now AS BIGINT) IS NULL THEN NULL ELSE COALESCE(verified_at, :now) END
         WHERE domain = :domain",
        now,
        domain
    )
    .run(tx, Rows::AtMostOne)?;
    Ok(())
}

/// Returns the signer for a domain, or `None` if the domain's public key was not found in DNS or
/// the private key cannot be decrypted.
pub(super) fn signer(
    tx: &mut Tx<'_>,
    key: &Key,
    domain: &str,
) -> Result<Option<Signer>, StoreError> {
    let found: Option<(String, Vec<u8>)> = sql!(
        "SELECT selector, sealed_key FROM dkim_key
         WHERE domain = :domain AND verified_at IS NOT NULL",
        domain
    )
    .maybe(tx)?;
    let Some((selector, sealed)) = found else {
        return Ok(None);
    };
    let private = key.open(&place(domain), &sealed);
    let pair = private.and_then(|private| KeyPair::from_pkcs8(&private).ok());
    if pair.is_none() {
        tracing::warn!(
            domain,
            "mails are not signed with DKIM, because their key was sealed with another secret.key; put that file back, or delete the row from dkim_key and make a key again"
        );
    }
    Ok(pair.map(|pair| Signer {
        domain: domain.to_owned(),
        selector,
        pair,
    }))
}

fn place(domain: &str) -> [&str; 3] {
    ["dkim_key", "sealed_key", domain]
}

pub(super) struct Signer {
    domain: String,
    selector: String,
    pair: KeyPair,
}

impl Signer {
    /// Prepends a signature to the message. Returns the message unchanged if it cannot be signed.
    pub(super) fn sign(&self, message: Vec<u8>, at: Timestamp) -> Vec<u8> {
        match self.signature(&message, at) {
            Some(header) => [header.as_bytes(), &message].concat(),
            None => message,
        }
    }

    fn signature(&self, message: &[u8], at: Timestamp) -> Option<String> {
        let end = message.windows(4).position(|four| four == b"\r\n\r\n")?;
        let fields = fields(std::str::from_utf8(message.get(..end + 2)?).ok()?);
        let body = STANDARD.encode(Sha256::digest(relaxed_body(message.get(end + 4..)?)));
        let mut header = format!(
            "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d={};\r\n\
             \ts={}; t={};\r\n\th={};\r\n\tbh={body};\r\n\tb=",
            self.domain,
            self.selector,
            at.as_second(),
            [&SIGNED[..], &ONCE_MORE].concat().join(":"),
        );
        let mut signed = String::new();
        for (name, before) in SIGNED
            .map(|name| (name, 0))
            .into_iter()
            .chain(ONCE_MORE.map(|name| (name, 1)))
        {
            // If a field occurs several times, its occurrences are signed from the last to the
            // first (RFC 6376, section 5.4.2).
            let mut same = fields.iter().rev().filter(|(known, _)| known == name);
            let found = same.nth(before);
            if let Some((name, value)) = found {
                signed.extend([name.as_str(), ":", value, "\r\n"]);
            }
        }
        let (name, value) = header.split_once(':')?;
        signed.extend([name.to_ascii_lowercase(), ":".to_owned(), relaxed(value)]);
        let mut signature = vec![0; self.pair.public_modulus_len()];
        let random = SystemRandom::new();
        self.pair
            .sign(
                &RSA_PKCS1_SHA256,
                &random,
                signed.as_bytes(),
                &mut signature,
            )
            .ok()?;
        let signature = STANDARD.encode(signature);
        for (at, line) in signature.as_bytes().chunks(FOLD).enumerate() {
            if at > 0 {
                header.push_str("\r\n\t ");
            }
            header.push_str(std::str::from_utf8(line).ok()?);
        }
        header.push_str("\r\n");
        Some(header)
    }
}

fn fields(head: &str) -> Vec<(String, String)> {
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in head.split("\r\n") {
        if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = fields.last_mut() {
                value.push_str(line);
            }
        } else if let Some((name, value)) = line.split_once(':') {
            fields.push((name.trim_end().to_ascii_lowercase(), value.to_owned()));
        }
    }
    for (_, value) in &mut fields {
        *value = relaxed(value);
    }
    fields
}

/// Reduces each run of white space in a header field's value to one space (RFC 6376, section
/// 3.4.2).
fn relaxed(value: &str) -> String {
    let words: Vec<&str> = value
        .split([' ', '\t', '\r', '\n'])
        .filter(|word| !word.is_empty())
        .collect();
    words.join(" ")
}

/// Canonicalizes a message body (RFC 6376, section 3.4.4): removes white space at line ends and
/// empty lines at the end, and reduces every other run of white space to one space.
fn relaxed_body(body: &[u8]) -> Vec<u8> {
    let mut hashed = Vec::with_capacity(body.len());
    let mut empty_lines = 0;
    for line in body.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let mut out = Vec::with_capacity(line.len());
        let mut was_space = false;
        for byte in line {
            if matches!(byte, b' ' | b'\t') {
                was_space = true;
                continue;
            }
            if was_space {
                out.push(b' ');
                was_space = false;
            }
            out.push(*byte);
        }
        if out.is_empty() {
            empty_lines += 1;
            continue;
        }
        for _ in 0..std::mem::take(&mut empty_lines) {
            hashed.extend_from_slice(b"\r\n");
        }
        hashed.extend_from_slice(&out);
        hashed.extend_from_slice(b"\r\n");
    }
    hashed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_is_as_the_standard_shows() {
        // This is the example in RFC 6376, section 3.4.5.
        let head = "A: X\r\nB : Y\t\r\n\tZ  \r\n";
        assert_eq!(
            fields(head),
            [
                ("a".to_owned(), "X".to_owned()),
                ("b".to_owned(), "Y Z".to_owned())
            ]
        );
        assert_eq!(relaxed_body(b" C \r\nD \t E\r\n\r\n\r\n"), b" C\r\nD E\r\n");
        assert_eq!(relaxed_body(b"\r\n\r\n"), b"");
        assert_eq!(relaxed_body(b"a\r\n\r\nb"), b"a\r\n\r\nb\r\n");
    }
}
