//! Parses `Forwarded` (RFC 7239) from the right, because a client may have forged the elements on
//! the left.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use http::HeaderMap;
use http::header::FORWARDED;

use crate::client_info::Scheme;
use http1::is_host;

const MOST: usize = 16;

/// The element that one proxy appended about its own client.
#[derive(Debug, Default)]
pub(super) struct Element {
    /// `None` if the address is unknown, obfuscated or missing.
    pub(super) client: Option<IpAddr>,
    pub(super) scheme: Option<Scheme>,
    /// The host in lower case.
    pub(super) host: Option<String>,
}

/// Returns the elements, beginning with the element from the nearest proxy. An invalid element is
/// `None`.
pub(super) fn elements(headers: &HeaderMap) -> impl Iterator<Item = Option<Element>> {
    let lines = headers.get_all(FORWARDED).iter().rev();
    lines
        .flat_map(|line| Cut::new(line.as_bytes(), b','))
        .map(<[u8]>::trim_ascii)
        .filter(|piece| !piece.is_empty())
        .map(element)
}

/// Splits at separators outside quotes, last piece first. A client's unclosed quote cannot swallow
/// what proxies append, because the value is read from its end.
struct Cut<'a> {
    left: Option<&'a [u8]>,
    at: u8,
}

impl<'a> Cut<'a> {
    fn new(text: &'a [u8], at: u8) -> Self {
        let left = Some(text);
        Self { left, at }
    }
}

impl<'a> Iterator for Cut<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let text = self.left.take()?;
        let mut is_quoted = false;
        for (place, byte) in text.iter().enumerate().rev() {
            match *byte {
                b'"' if !is_quoted => is_quoted = true,
                b'"' => is_quoted = is_escaped(&text[..place]),
                _ if *byte == self.at && !is_quoted => {
                    self.left = Some(&text[..place]);
                    return Some(&text[place + 1..]);
                }
                _ => {}
            }
        }
        Some(text)
    }
}

fn is_escaped(before: &[u8]) -> bool {
    let signs = before.iter().rev();
    signs.take_while(|byte| **byte == b'\\').count() % 2 == 1
}

fn element(text: &[u8]) -> Option<Element> {
    let mut element = Element::default();
    let mut names: Vec<&[u8]> = Vec::new();
    let pairs = Cut::new(text, b';').map(<[u8]>::trim_ascii);
    for pair in pairs.filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_at(pair.iter().position(|byte| *byte == b'=')?);
        let is_known = names.iter().any(|known| known.eq_ignore_ascii_case(name));
        if is_known || !is_token(name) || names.len() == MOST {
            return None;
        }
        names.push(name);
        let value = value_of(&value[1..])?;
        if name.eq_ignore_ascii_case(b"for") {
            let name = without_port(str::from_utf8(&value).ok()?)?;
            if !name.eq_ignore_ascii_case("unknown") && !is_hidden(name) {
                element.client = Some(address(name)?);
            }
        } else if name.eq_ignore_ascii_case(b"proto") {
            element.scheme = [Scheme::Http, Scheme::Https]
                .into_iter()
                .find(|scheme| value.eq_ignore_ascii_case(scheme.as_str().as_bytes()));
        } else if name.eq_ignore_ascii_case(b"host") && is_host(&value) {
            element.host = String::from_utf8(value.to_ascii_lowercase()).ok();
        }
    }
    Some(element)
}

/// RFC 9110, section 5.6.4. Also accepts empty hosts, and hosts and addresses without the required
/// quotes, because many proxies write them. If they were invalid, a client could hide its address
/// by requesting a host that its proxy writes in this way.
fn value_of(text: &[u8]) -> Option<Vec<u8>> {
    let Some(quoted) = text.strip_prefix(b"\"") else {
        return (!text.contains(&b'"')).then(|| text.to_owned());
    };
    let mut value = Vec::with_capacity(quoted.len());
    let mut signs = quoted.strip_suffix(b"\"")?.iter();
    while let Some(sign) = signs.next() {
        match sign {
            b'\\' => value.push(*signs.next()?),
            b'"' => return None,
            sign => value.push(*sign),
        }
    }
    Some(value)
}

fn is_token(text: &[u8]) -> bool {
    let is_sign = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    !text.is_empty() && text.iter().all(is_sign)
}

/// The identifier of a proxy or client without its port (RFC 7239, section 6).
fn without_port(text: &str) -> Option<&str> {
    let end = match text.find(']') {
        Some(bracket) => bracket + 1,
        None => text.find(':').unwrap_or(text.len()),
    };
    let (name, port) = text.split_at(end);
    (port.is_empty() || is_port(port.strip_prefix(':')?)).then_some(name)
}

fn address(name: &str) -> Option<IpAddr> {
    let address: IpAddr = match name.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']')?.parse::<Ipv6Addr>().ok()?.into(),
        None => name.parse::<Ipv4Addr>().ok()?.into(),
    };
    Some(address.to_canonical())
}

fn is_port(text: &str) -> bool {
    let is_number = (1..=5).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number || is_hidden(text)
}

fn is_hidden(text: &str) -> bool {
    let is_sign = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    text.strip_prefix('_')
        .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(is_sign))
}
