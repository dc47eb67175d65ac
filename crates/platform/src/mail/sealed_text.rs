//! The text of a mail with a link that works once, sealed for its row. So neither the store nor its
//! log, a backup or an archive holds the link. It is opened where the mail is handed over, and where
//! the mailbox shows it.

use serde::{Deserialize, Serialize};

use super::MailId;
use crate::key::Key;
use crate::random::Random;

/// What the key is derived for.
pub const PURPOSE: &str = "text of a mail";

/// What a mail says.
#[derive(Debug, Serialize, Deserialize)]
pub struct Body {
    /// As plain text.
    pub text: String,
    /// As a page.
    pub html: Option<String>,
}

/// Seals what the mail says.
pub(super) fn seal(key: &Key, random: &Random, id: &MailId, body: &Body) -> Vec<u8> {
    let plain = serde_json::json!(body).to_string();
    key.seal(random, &place(id), plain.as_bytes())
}

/// Opens what the mail says; `None`: the key is another one.
pub fn open(key: &Key, id: &MailId, sealed: &[u8]) -> Option<Body> {
    let plain = key.open(&place(id), sealed)?;
    serde_json::from_slice(&plain).ok()
}

fn place(id: &MailId) -> [&str; 3] {
    ["mail", "sealed_text", id.as_str()]
}
