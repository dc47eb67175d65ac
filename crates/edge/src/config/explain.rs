//! Explains how the edge would handle a request for a certain URL.

use std::fmt::Write as _;
use std::net::IpAddr;

use super::Plan;
use crate::client_info::Scheme;
use crate::listener::ListenAddress;
use crate::route::{BadPath, NormalPath, Route, Target, bare_host, columns};
use crate::values;

struct ExplainedUrl<'a> {
    scheme: Scheme,
    host: String,
    path: NormalPath<'a>,
    query: Option<&'a str>,
}

impl Plan {
    /// Lists each route for the URL's host, and why it matches or does not match. Then describes
    /// how the edge processes the request.
    ///
    /// # Errors
    ///
    /// The error describes why the URL is invalid.
    pub fn explain(&self, url: &str) -> Result<String, String> {
        let asked = ExplainedUrl::parse(url)?;
        let mut rows = Vec::new();
        let mut met = None;
        let own = self.own.candidates(&asked.host);
        for route in self.routes.candidates(&asked.host).chain(own) {
            let fits = route.path.matches(&asked.path);
            let why = match (fits, met.is_some()) {
                (true, false) => {
                    "this one: the most specific host, and of its routes the longest path that matches"
                }
                (true, true) => "would match, but is less specific",
                (false, _) => "the path does not match",
            };
            if fits && met.is_none() {
                met = Some(route);
            }
            rows.push([route.name.to_string(), route.to.clone(), why.to_owned()]);
        }
        let mut told = columns(&rows);
        match self.arrival(&asked) {
            Ok(None) => {}
            Ok(Some(first)) => {
                let _ = writeln!(told, "{first}");
            }
            Err(end) => {
                let _ = writeln!(told, "{end}");
                return Ok(told);
            }
        }
        let end = match met {
            None => "no route matches: answered with 404".to_owned(),
            Some(route) if self.routes.is_unclear(&asked.host, &asked.path, route) => {
                format!("{}: answered with 400", BadPath::OtherRoute)
            }
            Some(route) => asked.end(route),
        };
        let _ = writeln!(told, "{end}");
        Ok(told)
    }

    /// * `Ok(Some(text))`: the route is chosen after the step in `text`, such as an HTTPS redirect.
    /// * `Ok(None)`: the route is chosen at once.
    /// * `Err(text)`: no route is chosen, for the reason in `text`.
    fn arrival(&self, asked: &ExplainedUrl<'_>) -> Result<Option<String>, String> {
        let host = &asked.host;
        let has_certificate = self.has_certificate(host);
        match asked.scheme {
            Scheme::Http if self.listen.http.is_empty() => Err(
                "no answer: no address without TLS is set, see listen.http".to_owned(),
            ),
            Scheme::Http if has_certificate && self.listen.https.iter().any(is_on_network) => {
                Ok(Some("first redirected to https with 308".to_owned()))
            }
            Scheme::Http => Ok(None),
            Scheme::Https if self.listen.https.is_empty() => Ok(Some(
                "only through a proxy in front of this server: no address with TLS is set, see listen.https"
                    .to_owned(),
            )),
            Scheme::Https if has_certificate => Ok(None),
            Scheme::Https => match host.trim_matches(['[', ']']).parse() {
                // A client sends no IP address as a server name (RFC 6066, section 3).
                Ok(address) => self.arrival_at(address),
                Err(_) => Err(format!(
                    "the handshake is refused: there is no certificate for {host}, see tls.acme and [[tls.certificate]]"
                )),
            },
        }
    }

    /// For a client that connects to this IP address with TLS and sends no server name.
    fn arrival_at(&self, address: IpAddr) -> Result<Option<String>, String> {
        let files = &self.tls.certificates;
        if files
            .iter()
            .any(|files| files.addresses().contains(&address))
        {
            return Ok(None);
        }
        let is_alone = files.is_empty() && self.authority.is_none();
        if is_alone || files.iter().any(|files| files.is_default) {
            return Ok(Some(format!(
                "with a certificate for another name: there is none for {address}"
            )));
        }
        Err(format!(
            "the handshake is refused: there is no certificate for {address}, and none in [[tls.certificate]] has default = true"
        ))
    }
}

impl<'a> ExplainedUrl<'a> {
    fn parse(url: &'a str) -> Result<Self, String> {
        let how = || {
            format!("{url:?} is not an http or https URL; write it like https://kad.example/path")
        };
        let (scheme, rest) = url.split_once("://").ok_or_else(how)?;
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            _ => return Err(how()),
        };
        let rest = rest.split('#').next().unwrap_or_default();
        let (rest, query) = rest
            .split_once('?')
            .map_or((rest, None), |(rest, query)| (rest, Some(query)));
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let path = if path.is_empty() { "/" } else { path };
        let path = NormalPath::parse(path)
            .map_err(|why| format!("{why}; such a request is answered with 400"))?;
        let without_user = authority
            .rsplit_once('@')
            .map_or(authority, |(_, host)| host);
        Ok(Self {
            scheme,
            host: values::host(bare_host(without_user))?,
            path,
            query,
        })
    }

    fn end(&self, route: &Route) -> String {
        let path = route.rewrite(&self.path);
        let end = match &route.target {
            _ if route.path.is_bare(&self.path) => {
                let query = self.query.map(|query| format!("?{query}"));
                let path = self.path.as_str();
                format!("redirected to {path}/{}", query.unwrap_or_default())
            }
            Target::Files(_) if route.falls_back => {
                format!(
                    "{} gets {path}; if that is not a file, the app gets {}",
                    route.to,
                    self.path.as_str()
                )
            }
            Target::App | Target::Files(_) | Target::Proxy(_) => {
                format!("{} gets {path}", route.to)
            }
            Target::Redirect(redirect) => {
                format!("redirected to {}", redirect.location(&path, self.query))
            }
            Target::Status(status) => format!("answered with {status}"),
        };
        match &route.access {
            Some(access) => format!("{access} is required; then {end}"),
            None => end,
        }
    }
}

fn is_on_network(address: &ListenAddress) -> bool {
    !matches!(address, ListenAddress::Unix(_))
}

#[cfg(test)]
mod tests;
