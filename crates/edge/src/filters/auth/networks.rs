//! Access control by client address.

use std::net::IpAddr;

use ipnet::IpNet;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Networks {
    allow: Vec<IpNet>,
    deny: Vec<IpNet>,
}

impl Networks {
    /// Permits clients in `allow`, or all clients if `allow` is empty. Never permits clients in
    /// `deny`.
    pub fn new(allow: Vec<IpNet>, deny: Vec<IpNet>) -> Self {
        Self { allow, deny }
    }

    pub fn admit(&self, client: IpAddr) -> bool {
        let client = client.to_canonical();
        let names = |networks: &[IpNet]| networks.iter().any(|network| network.contains(&client));
        !names(&self.deny) && (self.allow.is_empty() || names(&self.allow))
    }

    pub(crate) fn names_any(&self) -> bool {
        !self.allow.is_empty() || !self.deny.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deny_wins_and_nobody_named_is_everybody() {
        let networks = |allow: &[&str], deny: &[&str]| {
            let read = |texts: &[&str]| {
                let networks = texts.iter().map(|text| text.parse().unwrap());
                networks.collect::<Vec<IpNet>>()
            };
            Networks::new(read(allow), read(deny))
        };
        for (allow, deny, client, admitted) in [
            (&[][..], &[][..], "192.0.2.1", true),
            (&["10.0.0.0/8"], &[], "10.255.0.1", true),
            (&["10.0.0.0/8"], &[], "11.0.0.1", false),
            (&["10.0.0.0/8"], &[], "::ffff:10.0.0.1", true),
            (&["10.0.0.0/8"], &["10.6.0.0/16"], "10.6.1.1", false),
            (&["10.6.1.1/32"], &["10.6.0.0/16"], "10.6.1.1", false),
            (&[], &["2001:db8::/32"], "2001:db8::1", false),
            (&[], &["2001:db8::/32"], "2001:db9::1", true),
            (&["0.0.0.0/0"], &[], "2001:db9::1", false),
        ] {
            let networks = networks(allow, deny);
            let found = networks.admit(client.parse().unwrap());
            assert_eq!(found, admitted, "{allow:?} {deny:?} {client}");
        }
    }
}
