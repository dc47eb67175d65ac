//! Tests how requests reach upstreams and how responses return, over HTTP/1.1 and HTTP/2.

use axum::http::{HeaderMap, Method};
use edge::CdnId;
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Bytes;
use hyper::ext::Protocol;

use super::access::teller;
use super::http2::{HTTPS, client};
use super::*;

pub(crate) async fn over_http2(site: &Site, target: &str) -> (u16, String) {
    let headers = HeaderMap::new();
    send_http2(site, Method::GET, target, headers, None).await
}

async fn send_http2(
    site: &Site,
    method: Method,
    target: &str,
    headers: HeaderMap,
    protocol: Option<&'static str>,
) -> (u16, String) {
    let mut send = client(&site.edge).await;
    let empty = || http::Request::new(Empty::<Bytes>::new());
    if protocol.is_some() {
        // The edge's settings arrive with this response, and permit an extended `CONNECT`.
        let mut first = empty();
        *first.uri_mut() = "https://a.example/".parse().unwrap();
        send.send_request(first).await.unwrap();
    }
    let mut request = empty();
    *request.method_mut() = method;
    *request.uri_mut() = format!("https://a.example{target}").parse().unwrap();
    *request.headers_mut() = headers;
    if let Some(protocol) = protocol {
        request
            .extensions_mut()
            .insert(Protocol::from_static(protocol));
    }
    let answer = send.send_request(request).await.unwrap();
    let status = answer.status().as_u16();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8_lossy(&body).into_owned())
}

fn lines(pairs: &[(&'static str, &str)]) -> (String, HeaderMap) {
    let text = pairs
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"));
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.append(*name, value.parse().unwrap());
    }
    (text.collect(), headers)
}

#[tokio::test]
async fn a_target_without_a_path_is_asked_for_with_one() {
    let (server, _running) = teller().await;
    let site = Site::open(
        &format!(
            "{HTTPS}[[route]]\nto = \"http://{server}\"\n\
             [[route]]\nhost = \"kept.example\"\nto = \"http://{server}\"\nshared_cache = {{}}\n"
        ),
        Options::default(),
    );
    let by_http1 = site.get("http://a.example?x=/y").await.body;
    let (_, by_http2) = over_http2(&site, "?x=/y").await;
    for told in [by_http1, by_http2] {
        assert!(told.starts_with("GET /?x=/y\n"), "{told}");
    }
    let posted = site.ask("POST", "http://a.example?x", "", "a body").await;
    assert!(posted.body.starts_with("POST /?x\n"), "{posted:?}");
    let kept =
        "GET http://kept.example?x HTTP/1.1\r\nHost: kept.example\r\nConnection: close\r\n\r\n";
    let kept = exchange(site.address, kept).await.body;
    assert!(kept.starts_with("GET /?x\n"), "{kept}");
    site.edge.stop().await;
}

#[tokio::test]
async fn a_request_that_comes_back_again_and_again_is_refused() {
    let (server, _running) = teller().await;
    let options = Options {
        cdn_id: CdnId::parse("one.of-us"),
        ..Options::default()
    };
    let site = Site::open(
        &format!("{HTTPS}[[route]]\nto = \"http://{server}\"\n"),
        options,
    );
    let (own, others) = (
        "one.of-us",
        "cdn.example; a=\"b\", one.of-us.example, xone.of-us",
    );
    for (passes, status) in [(0, 200), (1, 200), (4, 200), (5, 508), (6, 508)] {
        let mut passed = vec![("cdn-loop", others), ("connection", "cdn-loop")];
        passed.extend(std::iter::repeat_n(("cdn-loop", own), passes));
        let (text, mut headers) = lines(&passed);
        headers.remove("connection");
        for (method, body) in [("GET", ""), ("POST", "a body")] {
            let heard = site.ask(method, "/", &text, body).await;
            assert_eq!(heard.status, status, "{passes}: {heard:?}");
            let told = heard.body.matches("cdn-loop: one.of-us\n").count();
            assert_eq!(
                told,
                if status == 200 { passes + 1 } else { 0 },
                "{}",
                heard.body
            );
        }
        let heard = send_http2(&site, Method::GET, "/", headers, None).await;
        assert_eq!(heard.0, status, "{passes}: {heard:?}");
        let told = heard.1.matches("cdn-loop: one.of-us\n").count();
        assert_eq!(
            told,
            if status == 200 { passes + 1 } else { 0 },
            "{}",
            heard.1
        );
    }
    // The edge must stop two request loops: one through its routes, and one through authorization.
    let itself = site.address;
    for route in [
        format!("to = \"http://{itself}\""),
        format!("to = \"app\"\naccess = {{ ask = {{ to = \"http://{itself}\", path = \"/\" }} }}"),
    ] {
        let plan = site.plan(&format!("{HTTPS}[[route]]\n{route}\n"));
        site.edge.apply(plan).unwrap();
        let status = site.get("/").await.status;
        assert!([502, 508].contains(&status), "{route}: {status}");
    }
    site.edge.stop().await;
}

#[tokio::test]
async fn a_protocol_that_is_not_spoken_is_not_implemented() {
    let (server, _running) = teller().await;
    let site = Site::open(
        &format!(
            "{HTTPS}[[route]]\nto = \"http://{server}\"\n[[route]]\npath = \"/facts\"\nto = \"app\"\n"
        ),
        Options::default(),
    );
    for target in ["/", "/facts"] {
        let headers = HeaderMap::new();
        let heard = send_http2(&site, Method::CONNECT, target, headers, Some("connect-udp"));
        assert_eq!(heard.await.0, 501, "{target}");
    }
    site.edge.stop().await;
}

#[tokio::test]
async fn what_clients_say_of_address_and_host_is_believed_from_trusted_proxies_alone() {
    let (server, _running) = teller().await;
    let route = format!("{HTTPS}[[route]]\nto = \"http://{server}\"\n");
    let site = Site::open(&route, Options::default());
    let claims = [
        ("true-client-ip", "10.0.0.1"),
        ("cf-connecting-ip", "10.0.0.1"),
        ("x-original-url", "/claimed"),
        ("x-rewrite-url", "/claimed"),
        ("x-host", "claimed.example"),
    ];
    let (text, headers) = lines(&claims);
    for is_trusted in [false, true] {
        if is_trusted {
            let trusting = format!("listen.trusted_proxies = [\"127.0.0.0/8\"]\n{route}");
            site.edge.apply(site.plan(&trusting)).unwrap();
        }
        let heard = [
            site.ask("GET", "/", &text, "").await.body,
            site.ask("POST", "/", &text, "a body").await.body,
            send_http2(&site, Method::GET, "/", headers.clone(), None)
                .await
                .1,
        ];
        for told in heard {
            for (name, _) in claims {
                let is_told = told.contains(&format!("\n{name}: "));
                assert_eq!(is_told, is_trusted, "{name}: {told}");
            }
        }
    }
    site.edge.stop().await;
}

async fn exchange(address: SocketAddr, raw: &str) -> Heard {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(raw.as_bytes()).await.unwrap();
    let mut heard = Vec::new();
    stream.read_to_end(&mut heard).await.unwrap();
    Heard::of(&String::from_utf8_lossy(&heard))
}
