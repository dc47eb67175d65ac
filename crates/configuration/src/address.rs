//! URLs of the addresses on which Kenduri listens.

use std::net::SocketAddr;

use edge::{ListenAddress, ListenSettings, Plan};

/// Whether all of the addresses can be reached only from this machine.
pub(crate) fn is_private(listen: &ListenSettings) -> bool {
    let mut all = listen.http.iter().chain(&listen.https);
    all.all(|address| match address {
        ListenAddress::Tcp(tcp) => tcp.ip().to_canonical().is_loopback(),
        ListenAddress::Everywhere(_) => false,
        ListenAddress::Unix(_) => true,
    })
}

/// Returns a URL for the first address, as the default of the site's URL. Returns `None` if all
/// addresses are unix sockets.
pub fn likely_link(listen: &ListenSettings) -> Option<String> {
    let http = listen.http.iter().map(|address| ("http", address));
    let https = listen.https.iter().map(|address| ("https", address));
    http.chain(https)
        .find_map(|(scheme, address)| match address {
            ListenAddress::Tcp(tcp) => Some(link_to(scheme, *tcp)),
            ListenAddress::Everywhere(port) => Some(format!("{scheme}://localhost:{port}")),
            ListenAddress::Unix(_) => None,
        })
}

/// Returns a host's URL. It uses `https` if the edge has a certificate for the host, or if the edge
/// listens only for TLS.
pub fn host_link(plan: &Plan, host: &str) -> String {
    let port = |list: &[ListenAddress]| {
        list.iter().find_map(|address| match address {
            ListenAddress::Tcp(tcp) => Some(tcp.port()),
            ListenAddress::Everywhere(port) => Some(*port),
            ListenAddress::Unix(_) => None,
        })
    };
    let listen = plan.listen();
    let http = port(&listen.http);
    let https = port(&listen.https).filter(|_| http.is_none() || plan.has_certificate(host));
    match (https, http) {
        (Some(443), _) => format!("https://{host}"),
        (Some(port), _) => format!("https://{host}:{port}"),
        (None, None | Some(80)) => format!("http://{host}"),
        (None, Some(port)) => format!("http://{host}:{port}"),
    }
}

pub fn link_to(scheme: &str, address: SocketAddr) -> String {
    if address.ip().is_unspecified() {
        return format!("{scheme}://localhost:{}", address.port());
    }
    format!("{scheme}://{address}")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use edge::{ListenAddress, ListenSettings, Plan};

    use super::{host_link, is_private, likely_link};

    fn listen(http: &[&str], https: &[&str]) -> ListenSettings {
        let parse = |list: &[&str]| {
            let list = list.iter();
            list.map(|text| ListenAddress::parse(text, Path::new("/data")).expect(text))
                .collect()
        };
        ListenSettings {
            http: parse(http),
            https: parse(https),
            ..ListenSettings::default()
        }
    }

    #[test]
    fn who_reaches_a_listener() {
        let private = [
            "127.0.0.1:80",
            "[::1]:8080",
            "localhost:1",
            "unix:run/http.sock",
        ];
        assert!(is_private(&listen(&private, &["127.0.0.2:443"])));
        for public in [":80", "0.0.0.0:80", "192.0.2.7:80", "[::]:443"] {
            assert!(!is_private(&listen(&[public], &[])), "{public}");
            assert!(!is_private(&listen(&private, &[public])), "{public}");
        }
    }

    #[test]
    fn a_listener_has_a_link() {
        for (http, https, link) in [
            ("127.0.0.1:8080", ":443", Some("http://127.0.0.1:8080")),
            ("[::1]:80", ":443", Some("http://[::1]:80")),
            ("0.0.0.0:8080", ":443", Some("http://localhost:8080")),
            (":8080", ":443", Some("http://localhost:8080")),
            ("unix:a", ":8443", Some("https://localhost:8443")),
            ("unix:a", "unix:b", None),
        ] {
            assert_eq!(likely_link(&listen(&[http], &[https])).as_deref(), link);
        }
    }

    #[test]
    fn a_link_to_a_host_speaks_tls_where_there_is_a_certificate() {
        for (http, https, host, link) in [
            (":80", ":443", "a.example", "https://a.example"),
            (
                ":80",
                "127.0.0.1:8443",
                "a.example",
                "https://a.example:8443",
            ),
            (":80", ":443", "bare.example", "http://bare.example"),
            (":8080", ":443", "bare.example", "http://bare.example:8080"),
            ("unix:a", ":443", "bare.example", "https://bare.example"),
            (":80", "unix:b", "a.example", "http://a.example"),
            ("unix:a", "unix:b", "a.example", "http://a.example"),
        ] {
            let text = format!(
                "[listen]\nhttp = [{http:?}]\nhttps = [{https:?}]\n\
                 [tls]\nacme = {{ email = \"owner@a.example\" }}\n\
                 [[route]]\nto = \"app\"\n[[route]]\nhost = \"a.example\"\nto = \"app\"\n"
            );
            let description = toml::from_str(&text).expect("a description");
            let ground = edge::PlanContext {
                folder: Path::new("/"),
                data: Path::new("/data"),
                services: &[],
            };
            let plan = Plan::check(&description, &ground).expect("a plan");
            assert_eq!(host_link(&plan, host), link, "{http} {https}");
        }
    }
}
