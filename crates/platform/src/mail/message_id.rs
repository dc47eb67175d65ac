//! The Message-ID of Kenduri's mails: `<ID.SIGNATURE@HOST>`. The signature cannot be guessed, so a
//! delivery report with this Message-ID concerns a mail that this site sent.

use super::MailId;
use crate::key::Key;

const PARTS: &str = "message-id";

/// Writes the Message-ID of a mail. It is the same in every attempt, so that a mail sent twice is
/// recognizable. `key` is the suppression list's key.
pub(super) fn write(key: &Key, id: &MailId, host: &str) -> String {
    let signature = key.sign(&[PARTS, id.as_str()]);
    format!("<{id}.{signature}@{host}>")
}

/// Returns the id of the mail with this Message-ID. Does not check the signature.
pub(super) fn find(message: &str) -> Option<MailId> {
    split(message)?.0.parse().ok()
}

/// Returns the id of the mail with this Message-ID, if this site made the signature.
pub(super) fn find_signed(key: &Key, message: &str) -> Option<MailId> {
    let (id, signature) = split(message)?;
    key.verify(&[PARTS, id], signature)
        .then(|| id.parse().ok())
        .flatten()
}

/// Splits a Message-ID into the mail's id and the signature. For messages from elsewhere, the
/// signature is empty.
fn split(message: &str) -> Option<(&str, &str)> {
    let message = message.trim();
    let name = message.strip_prefix('<').unwrap_or(message);
    let (name, _) = name.split_once('@')?;
    Some(name.split_once('.').unwrap_or((name, "")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::Keyring;

    #[test]
    fn only_our_own_message_ids_are_signed() {
        let key = Keyring::new([1; 32], &[]).key("suppression");
        let other = Keyring::new([2; 32], &[]).key("suppression");
        let id: MailId = "0197f0c0-0000-7000-8000-00000000000a".parse().unwrap();
        let message = write(&key, &id, "kenduri.example");
        assert!(message.ends_with("@kenduri.example>"), "{message}");
        assert_eq!(find(&message), Some(id.clone()));
        assert_eq!(find_signed(&key, &format!(" {message} ")), Some(id.clone()));
        assert_eq!(find_signed(&other, &message), None);
        let replaced = message.replace("00000a.", "00000b.");
        assert_eq!(find_signed(&key, &replaced), None);
        for unsigned in [format!("<{id}@kenduri.example>"), format!("<{id}.@x>")] {
            assert_eq!(find(&unsigned), Some(id.clone()));
            assert_eq!(find_signed(&key, &unsigned), None);
        }
        assert_eq!(find("<abc.def@x>"), None);
        assert_eq!(find(""), None);
    }
}
