//! A line of the access log.

use std::borrow::Cow;
use std::fmt::{self, Display, Write as _};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;

use super::Format;

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
    pub(super) fn write(&self, format: Format, mask: &Mask, out: &mut Vec<u8>) {
        match format {
            Format::Json => self.json(mask, out),
            Format::Combined => self.combined(mask, out),
        }
        out.push(b'\n');
    }

    fn json(&self, mask: &Mask, out: &mut Vec<u8>) {
        let target = mask(self.target, self.whose);
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        let referrer = String::from_utf8_lossy(self.referrer);
        let agent = String::from_utf8_lossy(self.agent);
        let microseconds = |time: Option<Duration>| time.map(|time| time.as_micros());
        // The shape of the app's own lines, which stand beside these.
        out.push(b'{');
        put(out, "timestamp", &format_args!("\"{}\"", stamp(self.time)));
        text(out, "level", "INFO");
        text(out, "message", "request");
        text(out, "request_id", self.id);
        if let Some(client) = self.client {
            put(out, "client", &format_args!("\"{client}\""));
        }
        text(out, "method", self.method);
        text(out, "host", self.host);
        text(out, "path", path);
        text(out, "query", query);
        text(out, "referrer", &mask(&referrer, Whose::App));
        text(out, "agent", &agent);
        put(out, "status", &self.status);
        put(out, "received", &self.received);
        put(out, "sent", &self.sent);
        if let Some(time) = microseconds(self.queue) {
            put(out, "queue_us", &time);
        }
        if let Some(time) = microseconds(self.upstream_time) {
            put(out, "upstream_us", &time);
        }
        put(out, "duration_us", &self.all.as_micros());
        text(out, "route", self.route);
        text(out, "upstream", self.upstream);
        text(out, "protocol", self.protocol);
        text(out, "tls", self.tls);
        text(out, "cache", self.cache);
        text(out, "why", self.why);
        text(out, "target", "edge");
        out.push(b'}');
    }

    fn combined(&self, mask: &Mask, out: &mut Vec<u8>) {
        let mut line = Escaped(out, "\\x");
        match self.client {
            Some(client) => line.plain(&client),
            None => line.plain(&"-"),
        }
        let time = Timestamp::try_from(self.time).unwrap_or(Timestamp::UNIX_EPOCH);
        line.plain(&format_args!(
            " - - [{}] \"",
            time.strftime("%d/%b/%Y:%H:%M:%S +0000")
        ));
        if self.method.is_empty() && self.target.is_empty() {
            line.plain(&"-");
        } else {
            line.put(self.method);
            line.plain(&" ");
            line.put(&mask(self.target, self.whose));
            line.plain(&" ");
            line.put(self.protocol);
        }
        line.plain(&format_args!("\" {} {} \"", self.status, self.sent));
        let referrer = String::from_utf8_lossy(self.referrer);
        let masked = mask(&referrer, Whose::App);
        line.put(if referrer.is_empty() { "-" } else { &masked });
        line.plain(&"\" \"");
        let agent = String::from_utf8_lossy(self.agent);
        line.put(if agent.is_empty() { "-" } else { &agent });
        line.plain(&"\"");
    }
}

/// A value that needs no escaping; nothing is left out.
fn put(out: &mut Vec<u8>, key: &str, value: &dyn Display) {
    if out.last() != Some(&b'{') {
        out.push(b',');
    }
    let mut line = Escaped(out, "\\u00");
    line.plain(&format_args!("\"{key}\":{value}"));
}

/// A text, left out when there is none.
fn text(out: &mut Vec<u8>, key: &str, value: &str) {
    if !value.is_empty() {
        put(out, key, &"\"");
        let mut line = Escaped(out, "\\u00");
        line.put(value);
        line.plain(&"\"");
    }
}

fn stamp(time: SystemTime) -> impl Display {
    let time = Timestamp::try_from(time).unwrap_or(Timestamp::UNIX_EPOCH);
    time.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}

/// Writes text so that it can neither end a line or a quotation nor command a
/// terminal: control characters (also those above ASCII), quotes and backslashes
/// become escapes that begin so.
struct Escaped<'a>(&'a mut Vec<u8>, &'static str);

impl Escaped<'_> {
    fn plain(&mut self, value: &dyn Display) {
        // Writing into memory cannot fail.
        let _ = write!(self, "{value}");
    }

    fn put(&mut self, text: &str) {
        let mut rest = text;
        let odd = |letter: char| letter.is_control() || letter == '"' || letter == '\\';
        while let Some(at) = rest.find(odd) {
            let (before, from) = rest.split_at(at);
            self.0.extend_from_slice(before.as_bytes());
            let letter = from.chars().next().unwrap_or_default();
            // Every control character is below U+00A0.
            let escape = format_args!("{}{:02x}", self.1, u32::from(letter)).to_string();
            self.0.extend_from_slice(escape.as_bytes());
            rest = &from[letter.len_utf8()..];
        }
        self.0.extend_from_slice(rest.as_bytes());
    }
}

impl fmt::Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}
