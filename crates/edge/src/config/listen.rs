//! Validates the `[listen]` settings: the addresses, and the limits for every connection.

use units::Check;

use super::PlanContext;
use crate::cdn_presets::Cdn;
use crate::description::{ForwardedHeader, Listen};
use crate::listener::{ListenAddress, ListenSettings};
use crate::values;

const PERMITTED_HEADER_BYTES: std::ops::RangeInclusive<u64> = 1 << 10..=1 << 20;

pub(super) fn listen(
    written: &Listen,
    ground: &PlanContext<'_>,
    check: &mut Check,
) -> Option<ListenSettings> {
    let mut taken = Vec::new();
    let http = addresses("listen.http", &written.http, ground, &mut taken, check);
    let https = addresses("listen.https", &written.https, ground, &mut taken, check);
    let has_fronts = ground.services.iter().any(|one| !one.fronts.is_empty());
    if written.http.is_empty() && written.https.is_empty() && !has_fronts {
        check.refuse(
            "listen.http",
            "no address is set, so nobody could connect",
            "name at least one address, for example \"127.0.0.1:8080\"",
        );
    }
    let (mut trusted_proxies, mut cdns) = (Vec::new(), Vec::new());
    for (number, text) in written.trusted_proxies.iter().enumerate() {
        if let Some(cdn) = Cdn::named(text) {
            trusted_proxies.extend(cdn.networks.iter().copied());
            cdns.push(cdn);
            continue;
        }
        let key = format!("listen.trusted_proxies[{number}]");
        trusted_proxies.extend(check.accept(&key, values::network(text)));
    }
    let mut proxy_protocol = Vec::new();
    for (number, text) in written.proxy_protocol.iter().enumerate() {
        let key = format!("listen.proxy_protocol[{number}]");
        let Some(address) = check.accept(&key, ListenAddress::parse(text, ground.data)) else {
            continue;
        };
        if !taken.iter().any(|(_, other)| *other == address) {
            check.warn(
                &key,
                format!("{text} is not one of the addresses in listen"),
                "write it exactly as in listen.http or listen.https",
            );
        }
        proxy_protocol.push(address);
    }
    let is_named = written.forwarded_header != ForwardedHeader::Auto;
    for (key, is_said) in [
        ("listen.proxy_protocol", !proxy_protocol.is_empty()),
        ("listen.forwarded_header", is_named),
    ] {
        if is_said && written.trusted_proxies.is_empty() {
            check.refuse(
                key,
                "only trusted proxies may send the PROXY header, and none are named",
                "name them in listen.trusted_proxies",
            );
        }
    }
    let header_size = check.accept("listen.header_size", units::size(&written.header_size));
    if header_size.is_some_and(|size| !PERMITTED_HEADER_BYTES.contains(&size)) {
        check.refuse(
            "listen.header_size",
            format!("it is {}", written.header_size),
            "write 1K to 1M",
        );
    }
    let header_time = check.time("listen.header_time", &written.header_time);
    let idle_time = check.time("listen.idle_time", &written.idle_time);
    let body_time = check.time("listen.body_time", &written.body_time);
    let unready_time = check.accept(
        "listen.unready_time",
        units::duration(&written.unready_time),
    );
    let drain_time = check.time("listen.drain_time", &written.drain_time);
    let lame_duck_time = check.time("listen.lame_duck_time", &written.lame_duck_time);
    let tunnel_time = check.time("listen.tunnel_time", &written.tunnel_time);
    Some(ListenSettings {
        http,
        https,
        fronts: Vec::new(),
        http3: written.http3,
        trusted_proxies,
        cdns,
        forwarded_header: written.forwarded_header,
        proxy_protocol,
        connections: check.between("listen.connections", written.connections, 1, 1_000_000),
        connections_per_address: written.connections_per_address,
        header_size: usize::try_from(header_size?).ok()?,
        header_time: header_time?,
        idle_time: idle_time?,
        body_time: body_time?,
        unready_time: unready_time?,
        drain_time: drain_time?,
        lame_duck_time: lame_duck_time?,
        tunnel_time: tunnel_time?,
    })
}

fn addresses(
    list: &str,
    written: &[String],
    ground: &PlanContext<'_>,
    taken: &mut Vec<(String, ListenAddress)>,
    check: &mut Check,
) -> Vec<ListenAddress> {
    let mut addresses = Vec::new();
    for (number, text) in written.iter().enumerate() {
        let key = format!("{list}[{number}]");
        let Some(address) = check.accept(&key, ListenAddress::parse(text, ground.data)) else {
            continue;
        };
        if let Some((other, _)) = taken.iter().find(|(_, other)| other.overlaps(&address)) {
            check.refuse(
                &key,
                format!("{text} is already used by {other}"),
                "keep one of them",
            );
        }
        taken.push((key, address.clone()));
        addresses.push(address);
    }
    addresses
}
