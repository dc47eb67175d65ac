//! The content delivery networks (CDNs) that `listen.trusted_proxies` may name, with the IP
//! networks of each.
//!
//! Cloudflare publishes its IP networks at <https://www.cloudflare.com/ips/>, and Fastly at
//! <https://api.fastly.com/public-ip-list>. These lists are from November 2026.

use std::net::IpAddr;

use http::{HeaderMap, HeaderName};
use ipnet::IpNet;

struct Preset {
    name: &'static str,
    networks: &'static [&'static str],
    /// The header that the CDN always sets to the address of its client.
    client_header: Option<HeaderName>,
}

static PRESETS: [Preset; 2] = [
    Preset {
        name: "cloudflare",
        networks: &[
            "173.245.48.0/20",
            "103.21.244.0/22",
            "103.22.200.0/22",
            "103.31.4.0/22",
            "141.101.64.0/18",
            "108.162.192.0/18",
            "190.93.240.0/20",
            "188.114.96.0/20",
            "197.234.240.0/22",
            "198.41.128.0/17",
            "162.158.0.0/15",
            "104.16.0.0/13",
            "104.24.0.0/14",
            "172.64.0.0/13",
            "131.0.72.0/22",
            "2400:cb00::/32",
            "2606:4700::/32",
            "2803:f800::/32",
            "2405:b500::/32",
            "2405:8100::/32",
            "2a06:98c0::/29",
            "2c0f:f248::/32",
        ],
        client_header: Some(HeaderName::from_static("cf-connecting-ip")),
    },
    Preset {
        name: "fastly",
        networks: &[
            "23.235.32.0/20",
            "43.249.72.0/22",
            "103.244.50.0/24",
            "103.245.222.0/23",
            "103.245.224.0/24",
            "104.156.80.0/20",
            "140.248.64.0/18",
            "140.248.128.0/17",
            "146.75.0.0/17",
            "151.101.0.0/16",
            "157.52.64.0/18",
            "167.82.0.0/17",
            "167.82.128.0/20",
            "167.82.160.0/20",
            "167.82.224.0/20",
            "172.111.64.0/18",
            "185.31.16.0/22",
            "199.27.72.0/21",
            "199.232.0.0/16",
            "2a04:4e40::/32",
            "2a04:4e42::/32",
        ],
        // A client can set `Fastly-Client-IP` itself, so only `X-Forwarded-For` is used.
        client_header: None,
    },
];

/// A content delivery network in front of the edge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cdn {
    pub networks: Vec<IpNet>,
    client_header: Option<HeaderName>,
}

impl Cdn {
    pub(crate) fn named(name: &str) -> Option<Self> {
        let preset = PRESETS.iter().find(|preset| preset.name == name)?;
        let networks = preset.networks.iter();
        Some(Self {
            networks: networks.filter_map(|text| text.parse().ok()).collect(),
            client_header: preset.client_header.clone(),
        })
    }

    pub(crate) fn contains(&self, peer: &IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(peer))
    }

    /// Returns the client's address from the header that the CDN sets.
    pub(crate) fn client(&self, headers: &HeaderMap) -> Option<IpAddr> {
        let name = self.client_header.as_ref()?;
        let mut values = headers.get_all(name).iter();
        let (value, None) = (values.next()?, values.next()) else {
            return None;
        };
        let client: IpAddr = value.to_str().ok()?.trim().parse().ok()?;
        Some(client.to_canonical())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_network_of_a_preset_is_one() {
        for preset in &PRESETS {
            let cdn = Cdn::named(preset.name).unwrap();
            assert_eq!(cdn.networks.len(), preset.networks.len(), "{}", preset.name);
            for network in &cdn.networks {
                assert_eq!(network, &network.trunc());
            }
        }
        assert_eq!(Cdn::named("none"), None);
    }
}
