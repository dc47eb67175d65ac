//! Determines the client of a request. Only trusted proxies can name the client in headers.

mod forwarded;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use http::header::FORWARDED;
use http::{HeaderMap, HeaderName};

use crate::client_info::{ClientInfo, Scheme};
use crate::context::Peer;
use crate::description::ForwardedHeader;
use crate::filters::forwarding::{FORWARDED_FOR, FORWARDED_HOST, FORWARDED_PROTO, remove};
use crate::listener::ListenSettings;
use crate::request_id::{Ids, REQUEST_ID, RequestId};
use http1::is_host;

/// Determines the client information. Uses forwarding headers only from trusted peers. Removes
/// headers that a trusted proxy may have passed on unchanged from its client.
pub(super) fn info(
    peer: &Peer,
    headers: &mut HeaderMap,
    host: Arc<str>,
    listen: &ListenSettings,
    ids: &Ids,
) -> ClientInfo {
    let trusted = &listen.trusted_proxies;
    let is_trusted = |address: &IpAddr| trusted.iter().any(|network| network.contains(address));
    let peer_is_trusted = is_trusted(&peer.address);
    let said_id = peer_is_trusted
        .then(|| headers.get(REQUEST_ID))
        .flatten()
        .and_then(|id| RequestId::parse(id.to_str().ok()?));
    let mut info = ClientInfo {
        client: peer.address,
        is_direct: ![&FORWARDED, &FORWARDED_FOR]
            .iter()
            .any(|name| headers.contains_key(*name)),
        peer_is_trusted,
        scheme: peer.scheme,
        host,
        id: said_id.unwrap_or_else(|| ids.make()),
    };
    let cdn = listen.cdns.iter().find(|cdn| cdn.contains(&peer.address));
    if cdn.is_some() {
        // A CDN forwards these headers as its client wrote them. It never writes the host into them
        // itself.
        headers.remove(FORWARDED);
        headers.remove(&FORWARDED_HOST);
    }
    if peer_is_trusted {
        let elder = [&FORWARDED_FOR, &FORWARDED_PROTO, &FORWARDED_HOST];
        let is_elder = match listen.forwarded_header {
            ForwardedHeader::Auto => elder.iter().any(|name| headers.contains_key(*name)),
            ForwardedHeader::XForwardedFor => true,
            ForwardedHeader::Forwarded => false,
        };
        // A proxy sets either `X-Forwarded-*` or `Forwarded`. The other headers come unchanged from
        // its client.
        if is_elder {
            apply_x_forwarded(&mut info, headers, is_trusted);
            headers.remove(FORWARDED);
        } else {
            apply_forwarded(&mut info, headers, is_trusted);
        }
        if listen.forwarded_header == ForwardedHeader::Forwarded {
            remove(headers, |name| name.starts_with("x-forwarded-"));
        }
        if let Some(client) = cdn.and_then(|cdn| cdn.client(headers)) {
            info.client = client;
            info.is_direct = false;
        }
    }
    info
}

/// Begins with the nearest proxy. Stops at the first element that an untrusted client may have
/// written.
fn apply_forwarded(
    info: &mut ClientInfo,
    headers: &HeaderMap,
    is_trusted: impl Fn(&IpAddr) -> bool,
) {
    for element in forwarded::elements(headers) {
        let Some(element) = element else {
            break;
        };
        info.scheme = element.scheme.unwrap_or(info.scheme);
        if let Some(host) = element.host {
            info.host = host.into();
        }
        let Some(client) = element.client else {
            break;
        };
        info.client = client;
        if !is_trusted(&client) {
            break;
        }
    }
}

fn apply_x_forwarded(
    info: &mut ClientInfo,
    headers: &HeaderMap,
    is_trusted: impl Fn(&IpAddr) -> bool,
) {
    info.client = client(info.client, headers, is_trusted);
    match nearest(headers, &FORWARDED_PROTO) {
        Some(text) if text.eq_ignore_ascii_case("https") => info.scheme = Scheme::Https,
        Some(text) if text.eq_ignore_ascii_case("http") => info.scheme = Scheme::Http,
        _ => {}
    }
    if let Some(named) = nearest(headers, &FORWARDED_HOST).filter(|host| is_host(host.as_bytes())) {
        info.host = named.to_ascii_lowercase().into();
    }
}

/// The right-most address that is not a trusted proxy's. Addresses further left may be forged.
fn client(peer: IpAddr, headers: &HeaderMap, is_trusted: impl Fn(&IpAddr) -> bool) -> IpAddr {
    let mut client = peer;
    for said in values(headers, &FORWARDED_FOR) {
        let Some(address) = said.and_then(address) else {
            break;
        };
        client = address;
        if !is_trusted(&client) {
            break;
        }
    }
    client
}

fn address(text: &str) -> Option<IpAddr> {
    let bare = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'));
    bare.unwrap_or(text)
        .parse::<IpAddr>()
        .or_else(|_| text.parse::<SocketAddr>().map(|address| address.ip()))
        .ok()
        .map(|address| address.to_canonical())
}

fn nearest<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    values(headers, name).next()?
}

/// From the nearest proxy on. A value that is not UTF-8 is `None`. Each value is parsed separately,
/// so a client's value cannot corrupt the others.
fn values<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = Option<&'a str>> {
    let lines = headers.get_all(name).iter().rev();
    lines
        .flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','))
        .map(|piece| str::from_utf8(piece.trim_ascii()).ok())
}

#[cfg(test)]
mod tests;
