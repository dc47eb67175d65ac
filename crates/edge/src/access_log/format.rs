use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::Format;
use crate::client_network;
use crate::clock_text::ClockText;

const JSON_ESCAPE: &str = "\\u00";
const TEXT_ESCAPE: &str = "\\x";

/// A function that masks secret codes in a path with its query, or in the value of `Referer`.
pub type Mask = Arc<dyn Fn(&str, PathOwner) -> Cow<'_, str> + Send + Sync>;

/// Who serves a logged path. This determines how the path is masked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathOwner {
    /// The app serves the path, or it is unknown who serves it. The path may contain the app's
    /// secret codes.
    App,
    /// An upstream server or a folder of static files serves the path.
    Other,
}

/// The content of a log line. A field is empty if its value is unknown, for example because the
/// request was malformed.
#[derive(Debug, Clone)]
pub struct Line<'a> {
    pub time: SystemTime,
    pub id: &'a str,
    pub client: Option<IpAddr>,
    pub method: &'a str,
    pub host: &'a str,
    /// The path and the query. Secret codes in them are masked when the line is written.
    pub target: &'a str,
    /// Who serves the request's path. This determines how the path is masked.
    pub whose: PathOwner,
    /// The path that the app supplied for the log; empty if the app supplied none.
    pub shown: &'a str,
    /// The value of `Referer`. Secret codes in it are masked when the line is written.
    pub referrer: &'a [u8],
    pub agent: &'a [u8],
    pub status: u16,
    pub received: u64,
    pub sent: u64,
    /// The time from the arrival of the request head until the edge passed the request to the
    /// route's target.
    pub queue: Option<Duration>,
    /// How long the app or the upstream took to begin its response, including any wait until one of
    /// its servers was available.
    pub upstream_time: Option<Duration>,
    /// The time from the arrival of the request head to the last byte of the response.
    pub all: Duration,
    pub route: &'a str,
    pub upstream: &'a str,
    /// The HTTP version, such as `HTTP/1.1` or `HTTP/2`.
    pub protocol: &'a str,
    /// The TLS version, such as `1.3`; empty for a clear-text connection.
    pub tls: &'a str,
    /// The result of the cache lookup, such as `hit` or `miss`; empty if the route has no cache.
    pub cache: &'a str,
    /// Why the request was rejected or failed, or why the response ended early; empty if neither
    /// happened.
    pub why: &'a str,
}

impl Line<'_> {
    /// Whether the request failed or was refused.
    pub(super) fn is_error(&self) -> bool {
        self.status >= 500 || !self.why.is_empty()
    }

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
        // The field names equal those of the program's other log lines, because both may be written
        // to the same stream.
        out.extend_from_slice(b"{\"timestamp\":\"");
        let (whole, rest) = second.of(self.time, "%Y-%m-%dT%H:%M:%S");
        out.extend_from_slice(whole.as_bytes());
        out.push(b'.');
        six_digits(out, rest / 1_000);
        out.extend_from_slice(br#"Z","level":"INFO","message":"request""#);
        push_quoted_unless_empty(out, ",\"request_id\":\"", self.id, JSON_ESCAPE);
        if let Some(client) = self.client {
            out.extend_from_slice(b",\"client\":\"");
            client_network::push(out, client);
            out.push(b'"');
        }
        push_quoted_unless_empty(out, ",\"method\":\"", self.method, JSON_ESCAPE);
        push_quoted_unless_empty(out, ",\"host\":\"", self.host, JSON_ESCAPE);
        push_quoted_unless_empty(out, ",\"path\":\"", path, JSON_ESCAPE);
        push_quoted_unless_empty(out, ",\"query\":\"", query, JSON_ESCAPE);
        push_quoted_unless_empty(
            out,
            ",\"referrer\":\"",
            &mask(&referrer, PathOwner::App),
            JSON_ESCAPE,
        );
        push_quoted_unless_empty(out, ",\"agent\":\"", &agent, JSON_ESCAPE);
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
        push_quoted_unless_empty(out, ",\"route\":\"", self.route, JSON_ESCAPE);
        push_quoted_unless_empty(out, ",\"upstream\":\"", self.upstream, JSON_ESCAPE);
        push_quoted_unless_empty(out, ",\"protocol\":\"", self.protocol, JSON_ESCAPE);
        push_quoted_unless_empty(out, ",\"tls\":\"", self.tls, JSON_ESCAPE);
        push_quoted_unless_empty(out, ",\"cache\":\"", self.cache, JSON_ESCAPE);
        push_quoted_unless_empty(out, ",\"why\":\"", self.why, JSON_ESCAPE);
        out.extend_from_slice(br#","target":"edge"}"#);
    }

    /// Tools that parse the "combined" format ignore the further fields at its end.
    fn combined(&self, mask: &Mask, second: &mut ClockText, out: &mut Vec<u8>) {
        let put = |out: &mut Vec<u8>, text: &str| escaped(out, text, TEXT_ESCAPE);
        match self.client {
            Some(client) => client_network::push(out, client),
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
        let _ = write!(Unescaped(out), "\" {} {} \"", self.status, self.sent);
        let referrer = readable(self.referrer);
        let masked = mask(&referrer, PathOwner::App);
        put(out, if referrer.is_empty() { "-" } else { &masked });
        out.extend_from_slice(b"\" \"");
        let agent = readable(self.agent);
        put(out, if agent.is_empty() { "-" } else { &agent });
        out.push(b'"');
        push_quoted_unless_empty(out, " request_id=\"", self.id, TEXT_ESCAPE);
        push_quoted_unless_empty(out, " host=\"", self.host, TEXT_ESCAPE);
        number(out, " received=", self.received);
        if let Some(time) = self.queue {
            number(out, " queue_us=", microseconds(time));
        }
        if let Some(time) = self.upstream_time {
            number(out, " upstream_us=", microseconds(time));
        }
        number(out, " duration_us=", microseconds(self.all));
        push_quoted_unless_empty(out, " route=\"", self.route, TEXT_ESCAPE);
        push_quoted_unless_empty(out, " upstream=\"", self.upstream, TEXT_ESCAPE);
        push_quoted_unless_empty(out, " tls=\"", self.tls, TEXT_ESCAPE);
        push_quoted_unless_empty(out, " cache=\"", self.cache, TEXT_ESCAPE);
        push_quoted_unless_empty(out, " why=\"", self.why, TEXT_ESCAPE);
    }
}

fn readable(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(bytes),
    }
}

fn microseconds(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

fn number(out: &mut Vec<u8>, before: &str, value: u64) {
    out.extend_from_slice(before.as_bytes());
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

fn six_digits(out: &mut Vec<u8>, mut number: u32) {
    let mut digits = [b'0'; 6];
    for digit in digits.iter_mut().rev() {
        *digit += u8::try_from(number % 10).unwrap_or_default();
        number /= 10;
    }
    out.extend_from_slice(&digits);
}

fn push_quoted_unless_empty(out: &mut Vec<u8>, before: &str, value: &str, escape: &str) {
    if !value.is_empty() {
        out.extend_from_slice(before.as_bytes());
        escaped(out, value, escape);
        out.push(b'"');
    }
}

/// The result cannot end a line or a quotation, control a terminal, or change the reading order of
/// a line. Bidirectional controls become escapes such as `\u202e`.
fn escaped(out: &mut Vec<u8>, text: &str, escape: &str) {
    let is_plain = |byte: u8| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\';
    // A full pass without an early exit is faster than a search for the first special byte.
    if text.bytes().fold(true, |all, byte| all & is_plain(byte)) {
        return out.extend_from_slice(text.as_bytes());
    }
    for letter in text.chars() {
        if letter.is_control() || letter == '"' || letter == '\\' {
            // Two digits suffice, because every control character is below U+00A0.
            let _ = write!(Unescaped(out), "{escape}{:02x}", u32::from(letter));
        } else {
            readable_in_order(out, letter);
        }
    }
}

pub fn in_reading_order(out: &mut Vec<u8>, line: &str) {
    if line.is_ascii() {
        return out.extend_from_slice(line.as_bytes());
    }
    for letter in line.chars() {
        readable_in_order(out, letter);
    }
}

fn readable_in_order(out: &mut Vec<u8>, letter: char) {
    if matches!(letter, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    {
        let _ = write!(Unescaped(out), "\\u{:04x}", u32::from(letter));
    } else {
        out.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
    }
}

struct Unescaped<'a>(&'a mut Vec<u8>);

impl fmt::Write for Unescaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}
