//! Encrypts the text of mails with a single-use link, so that the link never appears in the store,
//! in the store's log, in backups or in archives. The text is decrypted for sending and for display
//! in the built-in mailbox.

use serde::{Deserialize, Serialize};

use super::MailId;
use crate::key::Key;
use crate::random::Random;

/// The purpose of the derived key that encrypts mail texts.
pub const PURPOSE: &str = "text of a mail";

#[derive(Debug, Serialize, Deserialize)]
pub struct Body {
    pub text: String,
    pub html: Option<String>,
}

/// Encrypts the text of the mail `id`.
pub(super) fn seal(key: &Key, random: &Random, id: &MailId, body: &Body) -> Vec<u8> {
    let plain = serde_json::json!(body).to_string();
    key.seal(random, &place(id), plain.as_bytes())
}

/// Decrypts the text of the mail `id`. Returns `None` if it was encrypted with another key.
pub fn open(key: &Key, id: &MailId, sealed: &[u8]) -> Option<Body> {
    let plain = key.open(&place(id), sealed)?;
    serde_json::from_slice(&plain).ok()
}

fn place(id: &MailId) -> [&str; 3] {
    ["mail", "sealed_text", id.as_str()]
}
