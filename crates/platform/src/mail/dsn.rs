//! Reads delivery status notifications (RFC 3464), in which mail servers report that a mail from
//! Kenduri did not arrive.

use mailparse::{MailHeaderMap as _, ParsedMail, parse_headers, parse_mail};

use super::smtp::means_unknown;

const REASON_LIMIT: usize = 500;
const MESSAGES: usize = 20;
/// The maximum number of lines in a report that may separate its parts. Even an empty part takes
/// much more memory than the line before it.
const PARTS: usize = 1_000;

/// A report that a mail did not arrive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bounce {
    /// The Message-IDs in the report, the most likely first.
    pub(super) messages: Vec<String>,
    /// Whether the recipient's email address does not exist. If `false`, the address may receive
    /// other mail.
    pub(super) is_unknown: bool,
    /// The reply of the recipient's mail server.
    pub(super) reason: String,
}

/// Reads a report, which may be truncated. Returns `None` for any other mail, and for reports of a
/// successful or delayed delivery.
pub(super) fn read(message: &[u8]) -> Option<Bounce> {
    let mut lines = message.windows(3).filter(|start| *start == b"\n--");
    if lines.nth(PARTS).is_some() {
        return None;
    }
    let mail = parse_mail(message).ok()?;
    if mail.ctype.mimetype != "multipart/report" {
        return None;
    }
    let status = part(
        &mail,
        &["message/delivery-status", "message/global-delivery-status"],
    )?;
    let failures = failures(&String::from_utf8_lossy(&status.get_body_raw().ok()?));
    // A mail server may have forwarded the mail to several addresses. The recipient's address is
    // unknown only if all forwarding targets are unknown.
    let is_unknown = failures.iter().all(|reason| means_unknown(reason));
    let mut reason = failures.into_iter().next()?;
    reason.truncate(reason.floor_char_boundary(REASON_LIMIT));
    Some(Bounce {
        messages: messages(&mail),
        is_unknown,
        reason,
    })
}

fn part<'a, 'b>(mail: &'a ParsedMail<'b>, types: &[&str]) -> Option<&'a ParsedMail<'b>> {
    let mut parts = mail.subparts.iter();
    parts.find(|part| types.contains(&part.ctype.mimetype.as_str()))
}

/// For each recipient that the mail did not reach (RFC 3464, section 2.3), returns the status code
/// followed by the mail server's reply. The reply's own status code may be more precise.
fn failures(status: &str) -> Vec<String> {
    let status = status.replace("\r\n", "\n");
    let mut failures = Vec::new();
    for group in status.split("\n\n") {
        let group = group.trim_start_matches('\n');
        let Ok((fields, _)) = parse_headers(group.as_bytes()) else {
            continue;
        };
        let action = fields.get_first_value("Action").unwrap_or_default();
        if !action.trim().eq_ignore_ascii_case("failed") {
            continue;
        }
        let status = fields.get_first_value("Status").unwrap_or_default();
        let reply = fields.get_first_value("Diagnostic-Code");
        let reply = reply.unwrap_or_default();
        let reply = match reply.split_once(';') {
            Some((kind, reply)) if kind.trim().eq_ignore_ascii_case("smtp") => reply,
            _ => &reply,
        };
        let reason = format!("{} {}", status.trim(), reply.trim());
        failures.push(crate::text_cleaning::clean_line(reason.trim()));
    }
    failures
}

/// Returns the Message-IDs in the header of the returned mail. If there are none, returns the
/// Message-IDs in those fields of the report's own header that refer to an earlier mail.
fn messages(mail: &ParsedMail<'_>) -> Vec<String> {
    let returned = part(
        mail,
        &[
            "text/rfc822-headers",
            "message/rfc822",
            "message/rfc822-headers",
            "message/global",
            "message/global-headers",
        ],
    );
    let mut messages = Vec::new();
    if let Some(body) = returned.and_then(|part| part.get_body_raw().ok())
        && let Ok((fields, _)) = parse_headers(body.trim_ascii_start())
    {
        messages.extend(fields.get_first_value("Message-ID"));
    }
    for name in ["In-Reply-To", "References"] {
        let value = mail.headers.get_first_value(name).unwrap_or_default();
        messages.extend(value.split_whitespace().map(str::to_owned));
    }
    messages.truncate(MESSAGES);
    messages
}

#[cfg(test)]
mod tests;
