//! Validates `[tls]`: the sources of certificates.

use std::collections::BTreeSet;
use std::time::Duration;

use units::Check;

use super::PlanContext;
use crate::acme;
use crate::description::Description;
use crate::route::{HostPattern, Table};
use crate::tls::{CertificateFiles, TlsSettings};

#[derive(Debug, Clone)]
pub struct Authority {
    pub settings: acme::Settings,
    /// The names for which the edge orders certificates, in lower case. They come from routes and
    /// from [`Plan::order_for`](super::Plan::order_for). Names that a certificate file covers are
    /// omitted.
    pub names: BTreeSet<String>,
    covered: Vec<HostPattern>,
}

impl Authority {
    /// Adds a name, which must be in lower case. Returns `false` if a certificate file covers the
    /// name, or if no authority can issue a certificate for it.
    pub(super) fn order_for(&mut self, name: &str) -> bool {
        let is_ordered = self.can_order(name);
        if is_ordered {
            self.names.insert(name.to_owned());
        }
        is_ordered
    }

    /// Returns the names of the plan, and those names in `more` that need an ordered certificate
    /// and can get one.
    pub(crate) fn names_with(&self, more: &BTreeSet<String>) -> BTreeSet<String> {
        let more = more.iter().filter(|name| self.can_order(name));
        self.names.iter().chain(more).cloned().collect()
    }

    fn can_order(&self, name: &str) -> bool {
        acme::can_be_ordered(name).is_ok() && !covered(name, &self.covered)
    }
}

pub(super) fn tls(
    description: &Description,
    routes: &Table,
    ground: &PlanContext<'_>,
    check: &mut Check,
) -> Option<(TlsSettings, Option<Authority>)> {
    let written = &description.tls;
    let certificates = certificates(description, ground, check);
    let patterns: Vec<HostPattern> = patterns(&certificates).collect();
    let hsts = match written.hsts.as_str() {
        "" => None,
        "0" => Some(Duration::ZERO),
        time => check.accept("tls.hsts", units::duration(time)),
    };
    let acme = match &written.acme {
        None => None,
        Some(acme) => Some(Authority {
            settings: check.take(acme::Settings::check(acme, ground.folder, ground.data))?,
            names: hosts_to_order(routes, &patterns),
            covered: patterns.clone(),
        }),
    };
    if description.listen.https.is_empty() {
        for (key, is_set) in [
            ("tls.acme", acme.is_some()),
            ("tls.certificate", !certificates.is_empty()),
            ("tls.hsts", hsts.is_some_and(|time| !time.is_zero())),
        ] {
            if is_set {
                check.warn(
                    key,
                    "it has no effect, because no address with TLS is set",
                    "set listen.https, for example to [\":443\"]",
                );
            }
        }
    } else if acme.is_none() && certificates.is_empty() {
        check.warn(
            "listen.https",
            "there is no certificate, so browsers get a self-signed one and warn people",
            "set tls.acme = { email = \"you@example.org\" }, or name files in [[tls.certificate]]",
        );
    }
    let wildcards = routes.routes().filter_map(|route| match &route.host {
        HostPattern::Below(name) => Some(name),
        _ => None,
    });
    let uncovered: BTreeSet<&String> = wildcards
        .filter(|name| !patterns.contains(&HostPattern::Below((*name).clone())))
        .collect();
    for name in uncovered.into_iter().filter(|_| acme.is_some()) {
        check.warn(
            "tls.acme",
            format!(
                "a certificate for *.{name} cannot be ordered: that takes the dns-01 challenge, \
                 which is not supported"
            ),
            format!("name the hosts one by one, or a file for *.{name} in [[tls.certificate]]"),
        );
    }
    let mut self_signed = BTreeSet::new();
    if !description.listen.https.is_empty() {
        self_signed.insert("localhost".to_owned());
        // A self-signed certificate is used until the authority has issued one.
        self_signed.extend(acme.iter().flat_map(|acme| acme.names.iter().cloned()));
    }
    let settings = TlsSettings {
        certificates,
        self_signed,
        hsts,
    };
    Some((settings, acme))
}

fn certificates(
    description: &Description,
    ground: &PlanContext<'_>,
    check: &mut Check,
) -> Vec<CertificateFiles> {
    let mut certificates = Vec::new();
    let mut named = BTreeSet::new();
    let mut has_default = false;
    for (number, written) in description.tls.certificate.iter().enumerate() {
        check.enter(format!("tls.certificate[{number}]"));
        let chain = check.file("chain", ground.folder, &written.chain);
        let private = check.file("key", ground.folder, &written.key);
        let mut hosts = Vec::new();
        for (position, host) in written.hosts.iter().enumerate() {
            let key = format!("hosts[{position}]");
            let pattern = check.accept(&key, HostPattern::parse(host));
            if pattern == Some(HostPattern::Any) {
                check.refuse(&key, "it is empty", "name a host");
            } else if let Some(pattern) = pattern {
                let host = pattern.to_string();
                if !named.insert(host.clone()) {
                    check.refuse(
                        &key,
                        format!("{host} has a certificate already"),
                        "name each host once",
                    );
                }
                hosts.push(host);
            }
        }
        if written.default && has_default {
            check.refuse(
                "default",
                "another certificate is the default already",
                "set default = true for one certificate only",
            );
        }
        has_default |= written.default;
        if let (Some(chain), Some(key)) = (chain, private) {
            let files = CertificateFiles {
                hosts,
                chain,
                key,
                is_default: written.default,
            };
            match files.check() {
                Ok(()) => certificates.push(files),
                Err(error) => {
                    let text = error.to_string();
                    let (what, mend) = text.split_once("\n  ").unwrap_or((&text, ""));
                    check.refuse(error.key(), what, mend);
                }
            }
        }
    }
    check.enter("");
    certificates
}

fn hosts_to_order(routes: &Table, patterns: &[HostPattern]) -> BTreeSet<String> {
    routes
        .routes()
        .filter_map(|route| match &route.host {
            HostPattern::Exact(name) => Some(name),
            _ => None,
        })
        .filter(|name| !covered(name, patterns))
        .filter(|name| acme::can_be_ordered(name).is_ok())
        .cloned()
        .collect()
}

pub(super) fn patterns(certificates: &[CertificateFiles]) -> impl Iterator<Item = HostPattern> {
    let names = certificates.iter().flat_map(CertificateFiles::names);
    names
        .filter_map(|name| HostPattern::parse(&name).ok())
        .filter(|pattern| *pattern != HostPattern::Any)
}

fn covered(name: &str, patterns: &[HostPattern]) -> bool {
    patterns.iter().any(|pattern| pattern.matches(name))
}
