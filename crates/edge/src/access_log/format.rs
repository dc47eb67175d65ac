//! A line of the access log.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::Format;
use crate::address;
use crate::clock_text::ClockText;

/// What stands before the two digits of a character that is not written as it is.
const IN_JSON: &str = "\\u00";
const IN_TEXT: &str = "\\x";

/// Hides codes in a path with its query, or in a referrer.
pub type Mask = Arc<dyn Fn(&str, Whose) -> Cow<'_, str> + Send + Sync>;

/// Whose an address is that a line is to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// The app's, or nobody's that is known: it may hold whatever the app's hold.
    App,
    /// A server's or a folder's beside the app.
    Neighbour,
}

/// What is told of a request, also of a refused or broken one: then what is not
/// known stays empty.
#[derive(Debug, Clone)]
pub struct Line<'a> {
    /// When the first byte came.
    pub time: SystemTime,
    /// The id of the request.
    pub id: &'a str,
    /// Who asked.
    pub client: Option<IpAddr>,
    /// The method.
    pub method: &'a str,
    /// The host asked for.
    pub host: &'a str,
    /// The path and the query; codes in it are masked here.
    pub target: &'a str,
    /// Whose address that is.
    pub whose: Whose,
    /// What is shown in place of the path, as the app says; empty where it says nothing.
    pub shown: &'a str,
    /// `Referer`; codes in it are masked here.
    pub referrer: &'a [u8],
    /// `User-Agent`.
    pub agent: &'a [u8],
    /// The status answered; 0: none was.
    pub status: u16,
    /// Bytes of the request's body.
    pub received: u64,
    /// Bytes of the answer's body.
    pub sent: u64,
    /// Until a server was found for it.
    pub queue: Option<Duration>,
    /// From there to the first byte of the upstream's answer.
    pub upstream_time: Option<Duration>,
    /// From the first byte to the last.
    pub all: Duration,
    /// The name of the route.
    pub route: &'a str,
    /// The server that answered.
    pub upstream: &'a str,
    /// `HTTP/1.1`, `HTTP/2`.
    pub protocol: &'a str,
    /// `1.3`, or nothing in the clear.
    pub tls: &'a str,
    /// `hit`, `miss` and so on; empty where nothing is kept.
    pub cache: &'a str,
    /// Why it ended before its end; empty when it did not.
    pub why: &'a str,
}

impl Line<'_> {
    /// Appends the line and its end.
    pub(super) fn write(
        &self,
        format: Format,
        mask: &Mask,
        second: &mut ClockText,
        out: &mut Vec<u8>,
    ) {
        match format {
            Format::Json => self.json(mask, second, out),
            Format::Combined => self.combined(mask, second, out),
        }
        out.push(b'\n');
    }

    /// The path and the query as they are shown.
    fn target(&self, mask: &Mask) -> Cow<'_, str> {
        if self.shown.is_empty() {
            return mask(self.target, self.whose);
        }
        let Some((_, query)) = self.target.split_once('?') else {
            return Cow::Borrowed(self.shown);
        };
        let of_any_path = format!("/?{query}");
        let masked = mask(&of_any_path, self.whose);
        let query = masked.split_once('?').map_or("", |(_, query)| query);
        Cow::Owned(format!("{}?{query}", self.shown))
    }

    fn json(&self, mask: &Mask, second: &mut ClockText, out: &mut Vec<u8>) {
        let target = self.target(mask);
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        let (referrer, agent) = (readable(self.referrer), readable(self.agent));
        // The shape of what the program itself says, which stands beside these.
        out.extend_from_slice(b"{\"timestamp\":\"");
        let (whole, rest) = second.of(self.time, "%Y-%m-%dT%H:%M:%S");
        out.extend_from_slice(whole.as_bytes());
        out.push(b'.');
        six_digits(out, rest / 1_000);
        out.extend_from_slice(br#"Z","level":"INFO","message":"request""#);
        text(out, ",\"request_id\":\"", self.id, IN_JSON);
        if let Some(client) = self.client {
            out.extend_from_slice(b",\"client\":\"");
            address::push(out, client);
            out.push(b'"');
        }
        text(out, ",\"method\":\"", self.method, IN_JSON);
        text(out, ",\"host\":\"", self.host, IN_JSON);
        text(out, ",\"path\":\"", path, IN_JSON);
        text(out, ",\"query\":\"", query, IN_JSON);
        text(
            out,
            ",\"referrer\":\"",
            &mask(&referrer, Whose::App),
            IN_JSON,
        );
        text(out, ",\"agent\":\"", &agent, IN_JSON);
        number(out, ",\"status\":", self.status.into());
        number(out, ",\"received\":", self.received);
        number(out, ",\"sent\":", self.sent);
        if let Some(time) = self.queue {
            number(out, ",\"queue_us\":", microseconds(time));
        }
        if let Some(time) = self.upstream_time {
            number(out, ",\"upstream_us\":", microseconds(time));
        }
        number(out, ",\"duration_us\":", microseconds(self.all));
        text(out, ",\"route\":\"", self.route, IN_JSON);
        text(out, ",\"upstream\":\"", self.upstream, IN_JSON);
        text(out, ",\"protocol\":\"", self.protocol, IN_JSON);
        text(out, ",\"tls\":\"", self.tls, IN_JSON);
        text(out, ",\"cache\":\"", self.cache, IN_JSON);
        text(out, ",\"why\":\"", self.why, IN_JSON);
        out.extend_from_slice(br#","target":"edge"}"#);
    }

    /// The "combined" format, and behind it what that does not tell: tools that read it
    /// stop at the quotation mark of the agent.
    fn combined(&self, mask: &Mask, second: &mut ClockText, out: &mut Vec<u8>) {
        let put = |out: &mut Vec<u8>, text: &str| escaped(out, text, IN_TEXT);
        match self.client {
            Some(client) => address::push(out, client),
            None => put(out, "-"),
        }
        let (whole, _) = second.of(self.time, " - - [%d/%b/%Y:%H:%M:%S +0000] ");
        put(out, whole);
        out.push(b'"');
        if self.method.is_empty() && self.target.is_empty() {
            put(out, "-");
        } else {
            put(out, self.method);
            put(out, " ");
            put(out, &self.target(mask));
            put(out, " ");
            put(out, self.protocol);
        }
        let _ = write!(Plain(out), "\" {} {} \"", self.status, self.sent);
        let referrer = readable(self.referrer);
        let masked = mask(&referrer, Whose::App);
        put(out, if referrer.is_empty() { "-" } else { &masked });
        out.extend_from_slice(b"\" \"");
        let agent = readable(self.agent);
        put(out, if agent.is_empty() { "-" } else { &agent });
        out.push(b'"');
        text(out, " request_id=\"", self.id, IN_TEXT);
        text(out, " host=\"", self.host, IN_TEXT);
        number(out, " received=", self.received);
        if let Some(time) = self.queue {
            number(out, " queue_us=", microseconds(time));
        }
        if let Some(time) = self.upstream_time {
            number(out, " upstream_us=", microseconds(time));
        }
        number(out, " duration_us=", microseconds(self.all));
        text(out, " route=\"", self.route, IN_TEXT);
        text(out, " upstream=\"", self.upstream, IN_TEXT);
        text(out, " tls=\"", self.tls, IN_TEXT);
        text(out, " cache=\"", self.cache, IN_TEXT);
        text(out, " why=\"", self.why, IN_TEXT);
    }
}

/// What can be read of some bytes; nearly always all of it.
fn readable(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(bytes),
    }
}

fn microseconds(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// A number, after what stands before it.
fn number(out: &mut Vec<u8>, before: &str, value: u64) {
    out.extend_from_slice(before.as_bytes());
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// Millionths of a second.
fn six_digits(out: &mut Vec<u8>, mut number: u32) {
    let mut digits = [b'0'; 6];
    for digit in digits.iter_mut().rev() {
        *digit += u8::try_from(number % 10).unwrap_or_default();
        number /= 10;
    }
    out.extend_from_slice(&digits);
}

/// A text and the quotation mark at its end, after what stands before it; left out when
/// there is none.
fn text(out: &mut Vec<u8>, before: &str, value: &str, escape: &str) {
    if !value.is_empty() {
        out.extend_from_slice(before.as_bytes());
        escaped(out, value, escape);
        out.push(b'"');
    }
}

/// Writes text so that it can neither end a line or a quotation, nor command a
/// terminal, nor change the order in which a line is read: control characters (also
/// those above ASCII), quotes and backslashes become escapes that begin so, and
/// bidirectional controls become `\u202e`.
fn escaped(out: &mut Vec<u8>, text: &str, escape: &str) {
    let is_plain = |byte: u8| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\';
    // Looking at all of them at once is quicker than stopping at the first.
    if text.bytes().fold(true, |all, byte| all & is_plain(byte)) {
        return out.extend_from_slice(text.as_bytes());
    }
    for letter in text.chars() {
        if letter.is_control() || letter == '"' || letter == '\\' {
            // Every control character is below U+00A0.
            let _ = write!(Plain(out), "{escape}{:02x}", u32::from(letter));
        } else {
            readable_in_order(out, letter);
        }
    }
}

/// Writes a finished line of text or JSON with its bidirectional controls as `\u202e`.
pub fn in_reading_order(out: &mut Vec<u8>, line: &str) {
    if line.is_ascii() {
        return out.extend_from_slice(line.as_bytes());
    }
    for letter in line.chars() {
        readable_in_order(out, letter);
    }
}

/// Writes a character, or the escape of one that changes the order in which those after
/// it are shown.
fn readable_in_order(out: &mut Vec<u8>, letter: char) {
    if matches!(letter, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    {
        let _ = write!(Plain(out), "\\u{:04x}", u32::from(letter));
    } else {
        out.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
    }
}

/// Writes what needs no escaping; into memory, which cannot fail.
struct Plain<'a>(&'a mut Vec<u8>);

impl fmt::Write for Plain<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}
