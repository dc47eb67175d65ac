//! Validates request heads. A head is accepted only if all recipients interpret it in the same way.
//! `httparse` alone is too lenient.

use std::mem::MaybeUninit;

use http::HeaderMap;
use httparse::{Header, ParserConfig, Request, Status};

use super::refusal::Refusal;
use super::size_limits::{LINES, MAX_HOST_LENGTH, METHOD_LENGTH};

/// The properties of a valid head that determine what may follow it on the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Judged {
    pub(crate) body: Framed,
    /// Whether the request asks for another protocol. The response may refuse the switch.
    pub(crate) asks_upgrade: bool,
    pub(crate) expects_continue: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framed {
    Length(u64),
    Chunked,
}

/// Validates a request head, from its request line to its empty line. Calls `look` if the head is
/// valid.
pub(super) fn judge_and<T>(
    head: &[u8],
    look: impl FnOnce(&Request<'_, '_>, Judged) -> T,
) -> Result<T, Refusal> {
    let mut lines = [const { MaybeUninit::uninit() }; LINES];
    let mut request = Request::new(&mut []);
    let parsed = ParserConfig::default()
        .parse_request_with_uninit_headers(&mut request, head, &mut lines)
        .map_err(|error| check_characters(head).err().unwrap_or(refusal_of(error)))?;
    let (Status::Complete(length), Some(method), Some(target), Some(minor)) =
        (parsed, request.method, request.path, request.version)
    else {
        return Err(Refusal::RequestLine);
    };
    // `httparse` must have found the end of the head in the same place.
    if length != head.len() {
        return Err(Refusal::Header);
    }
    if method == "CONNECT" || method.len() > METHOD_LENGTH {
        return Err(Refusal::Method);
    }
    let asked = Asked::read(request.headers, minor)?;
    judge_target(method, target, asked.host)?;
    let judged = Judged {
        body: asked.body,
        asks_upgrade: asked.upgrade && asked.connection_upgrade && minor == 1,
        expects_continue: asked.expects_continue,
    };
    Ok(look(&request, judged))
}

/// Fields that are not permitted in trailers (RFC 9110, section 6.5.1).
const HEAD_ONLY: [&str; 9] = [
    "authorization",
    "content-encoding",
    "content-length",
    "content-type",
    "cookie",
    "forwarded",
    "host",
    "trailer",
    "transfer-encoding",
];

/// Validates trailers that another parser has parsed.
pub fn judge_fields(trailers: &HeaderMap) -> Result<(), Refusal> {
    let is_misplaced = HEAD_ONLY.iter().any(|name| trailers.contains_key(*name));
    (!is_misplaced).then_some(()).ok_or(Refusal::Trailers)
}

/// Validates trailers, from the first line to the empty line.
pub(crate) fn judge_trailers(section: &[u8]) -> Result<(), Refusal> {
    check_characters(section).map_err(|_| Refusal::Trailers)?;
    let mut lines = [httparse::EMPTY_HEADER; LINES];
    match httparse::parse_headers(section, &mut lines) {
        Ok(Status::Complete((length, trailers))) if length == section.len() => trailers
            .iter()
            .all(|line| {
                !HEAD_ONLY
                    .iter()
                    .any(|name| line.name.eq_ignore_ascii_case(name))
            })
            .then_some(())
            .ok_or(Refusal::Trailers),
        _ => Err(Refusal::Trailers),
    }
}

struct Asked<'a> {
    host: Option<&'a [u8]>,
    body: Framed,
    upgrade: bool,
    connection_upgrade: bool,
    expects_continue: bool,
}

impl<'a> Asked<'a> {
    fn read(headers: &[Header<'a>], minor: u8) -> Result<Self, Refusal> {
        let mut host = None;
        let mut length = None;
        let mut encoding: Option<&[u8]> = None;
        let (mut upgrade, mut connection_upgrade) = (false, false);
        let mut expects_continue = false;
        for Header { name, value } in headers {
            // Most header names have another length, so the length is compared first.
            match name.len() {
                4 if name.eq_ignore_ascii_case("host") => {
                    set_once(&mut host, *value, Refusal::Host)?;
                }
                6 if name.eq_ignore_ascii_case("expect") => {
                    if !value.eq_ignore_ascii_case(b"100-continue") {
                        return Err(Refusal::Expectation);
                    }
                    expects_continue = true;
                }
                7 if name.eq_ignore_ascii_case("upgrade") => upgrade = true,
                10 if name.eq_ignore_ascii_case("connection") => {
                    connection_upgrade |= value
                        .split(|byte| *byte == b',')
                        .any(|option| option.trim_ascii().eq_ignore_ascii_case(b"upgrade"));
                }
                14 if name.eq_ignore_ascii_case("content-length") => {
                    let value = request_length(value).ok_or(Refusal::Length)?;
                    set_once(&mut length, value, Refusal::Length)?;
                }
                17 if name.eq_ignore_ascii_case("transfer-encoding") => {
                    set_once(&mut encoding, *value, Refusal::Encoding)?;
                }
                _ => {}
            }
        }
        match host {
            Some(host) if !is_host(host) => return Err(Refusal::Host),
            None if minor == 1 => return Err(Refusal::Host),
            _ => {}
        }
        let body = match (encoding, length) {
            (Some(_), Some(_)) => return Err(Refusal::LengthAndEncoding),
            (Some(encoding), None) => {
                judge_encoding(encoding, minor)?;
                Framed::Chunked
            }
            (None, length) => Framed::Length(length.unwrap_or(0)),
        };
        Ok(Self {
            host,
            body,
            upgrade,
            connection_upgrade,
            expects_continue,
        })
    }
}

/// The error is `twice` if the value was set before.
fn set_once<T>(said: &mut Option<T>, value: T, twice: Refusal) -> Result<(), Refusal> {
    match said.replace(value) {
        None => Ok(()),
        Some(_) => Err(twice),
    }
}

/// Refuses folded lines, a CR without an LF, and all control characters but CR, LF and tab. `httparse`
/// refuses them too, but does not say which it was.
fn check_characters(head: &[u8]) -> Result<(), Refusal> {
    // Nearly every head is valid, so a fast check of many bytes at once comes first.
    let is_odd = |byte: u8| (byte < 0x20 && !matches!(byte, b'\r' | b'\n' | b'\t')) || byte == 0x7f;
    let are_odd = |first: u8, second: u8| {
        (first == b'\r' && second != b'\n')
            || (first == b'\n' && (second == b' ' || second == b'\t'))
    };
    let has_odd = head.iter().fold(false, |odd, byte| odd | is_odd(*byte));
    let pairs = head.iter().zip(head.get(1..).unwrap_or_default());
    let has_odd = pairs.fold(has_odd, |odd, (first, second)| {
        odd | are_odd(*first, *second)
    });
    if has_odd || head.last() == Some(&b'\r') {
        first_odd_character(head)
    } else {
        Ok(())
    }
}

fn first_odd_character(head: &[u8]) -> Result<(), Refusal> {
    for (place, byte) in head.iter().enumerate() {
        match byte {
            b'\r' if head.get(place + 1) != Some(&b'\n') => return Err(Refusal::LineEnd),
            b'\n' if matches!(head.get(place + 1), Some(b' ' | b'\t')) => {
                return Err(Refusal::Folded);
            }
            b'\r' | b'\n' | b'\t' => {}
            0..0x20 | 0x7f => return Err(Refusal::Control),
            _ => {}
        }
    }
    Ok(())
}

fn refusal_of(error: httparse::Error) -> Refusal {
    match error {
        httparse::Error::HeaderName | httparse::Error::HeaderValue => Refusal::Header,
        httparse::Error::NewLine => Refusal::LineEnd,
        httparse::Error::Token | httparse::Error::Status => Refusal::RequestLine,
        httparse::Error::TooManyHeaders => Refusal::HeadTooLarge,
        httparse::Error::Version => Refusal::Version,
    }
}

/// Parses `Content-Length`; `None` if the value is not a plain number.
pub fn content_length(value: &[u8]) -> Option<u64> {
    // 18 digits fit into a u64 without overflow.
    let is_plain = (1..=18).contains(&value.len()) && value.iter().all(u8::is_ascii_digit);
    let value = value.iter().map(|digit| u64::from(digit - b'0'));
    is_plain.then(|| value.fold(0, |sum, digit| sum * 10 + digit))
}

/// Parses the `Content-Length` of a request. Also returns `None` if the value begins with a
/// superfluous zero, because some servers would interpret it as an octal number.
pub fn request_length(value: &[u8]) -> Option<u64> {
    content_length(value).filter(|_| value.len() == 1 || !value.starts_with(b"0"))
}

fn judge_encoding(encoding: &[u8], minor: u8) -> Result<(), Refusal> {
    // HTTP/1.0 has no transfer codings, so an HTTP/1.0 server would not recognize the body.
    if minor == 0 {
        return Err(Refusal::Encoding);
    }
    if encoding.eq_ignore_ascii_case(b"chunked") {
        return Ok(());
    }
    let mut codings = encoding.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
    let last_is_chunked = codings
        .next_back()
        .is_some_and(|last| last.eq_ignore_ascii_case(b"chunked"));
    let others_are_known_elsewhere = codings.clone().count() > 0
        && codings.all(|coding| {
            [b"gzip".as_slice(), b"x-gzip", b"deflate", b"compress"]
                .iter()
                .any(|known| coding.eq_ignore_ascii_case(known))
        });
    Err(if last_is_chunked && others_are_known_elsewhere {
        Refusal::EncodingUnknown
    } else {
        Refusal::Encoding
    })
}

fn judge_target(method: &str, target: &str, host: Option<&[u8]>) -> Result<(), Refusal> {
    if target == "*" {
        return (method == "OPTIONS").then_some(()).ok_or(Refusal::Target);
    }
    if target.starts_with('/') {
        return is_path(target.as_bytes())
            .then_some(())
            .ok_or(Refusal::Target);
    }
    let rest = ["http://", "https://"]
        .iter()
        .find_map(|scheme| {
            let (start, rest) = target.split_at_checked(scheme.len())?;
            start.eq_ignore_ascii_case(scheme).then_some(rest)
        })
        .ok_or(Refusal::Target)?;
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    if !is_host(authority.as_bytes()) || !is_path(path.as_bytes()) {
        return Err(Refusal::Target);
    }
    match host {
        Some(host) if !host.eq_ignore_ascii_case(authority.as_bytes()) => Err(Refusal::HostDiffers),
        _ => Ok(()),
    }
}

/// Refuses `#`, invisible characters, and characters that servers interpret differently. Accepts
/// UTF-8, which some clients do not encode.
fn is_path(path: &[u8]) -> bool {
    let query = path
        .iter()
        .position(|byte| *byte == b'?')
        .unwrap_or(path.len());
    path.iter().enumerate().all(|(place, byte)| match byte {
        b'"' | b'#' | b'<' | b'>' | b'`' => false,
        b'^' | b'\\' => place > query,
        0x21..=0x7e | 0x80.. => true,
        _ => false,
    })
}

/// Whether `host` has the form `name`, `1.2.3.4` or `[::1]`, with or without `:port`. User
/// information is not permitted.
pub fn is_host(host: &[u8]) -> bool {
    if host.is_empty() || host.len() > MAX_HOST_LENGTH {
        return false;
    }
    let (name_fits, port) = if let Some(rest) = host.strip_prefix(b"[") {
        let Some(end) = rest.iter().position(|byte| *byte == b']') else {
            return false;
        };
        let inside = std::str::from_utf8(&rest[..end]).unwrap_or_default();
        (
            inside.parse::<std::net::Ipv6Addr>().is_ok(),
            &rest[end + 1..],
        )
    } else {
        let end = host
            .iter()
            .position(|byte| *byte == b':')
            .unwrap_or(host.len());
        (is_name(&host[..end]), &host[end..])
    };
    name_fits && is_port(port)
}

fn is_name(name: &[u8]) -> bool {
    let name = name.strip_suffix(b".").unwrap_or(name);
    let mut before = b'.';
    for &byte in name {
        let fits = match byte {
            b'.' => before != b'.',
            _ => byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'),
        };
        if !fits {
            return false;
        }
        before = byte;
    }
    before != b'.'
}

/// `port` is empty, or a colon and a number, which may be missing (RFC 3986, section 3.2.3).
fn is_port(port: &[u8]) -> bool {
    let Some(digits) = port.strip_prefix(b":") else {
        return port.is_empty();
    };
    std::str::from_utf8(digits).is_ok_and(|digits| {
        let is_number = digits.is_empty() || digits.parse::<u16>().is_ok();
        is_number && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So only a head that `httparse` refuses is looked through for the reason.
    #[test]
    fn httparse_accepts_no_odd_character() {
        let head = b"POST /a?b HTTP/1.1\r\nHost: a.example\r\nAccept: b, c\r\n\r\n";
        for place in 0..=head.len() {
            for byte in 0..=u8::MAX {
                for replaced in [0, 1] {
                    let rest = &head[(place + replaced).min(head.len())..];
                    let changed = [&head[..place], &[byte], rest].concat();
                    if judge_and(&changed, |_, _| ()).is_ok() {
                        assert_eq!(check_characters(&changed), Ok(()), "{changed:?}");
                    }
                }
            }
        }
    }
}
