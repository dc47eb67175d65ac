//! Tests of permitted and refused URLs, and of requests to a local server.

use super::*;

#[test]
fn only_strangers_are_called() {
    for (address, expected) in [
        ("93.184.216.34", true),
        ("2606:2800:220:1::1", true),
        ("0.0.0.0", false),
        ("10.1.2.3", false),
        ("100.64.0.1", false),
        ("127.0.0.1", false),
        ("169.254.169.254", false),
        ("172.31.0.1", false),
        ("172.32.0.1", true),
        ("192.168.1.1", false),
        ("198.19.0.1", false),
        ("224.0.0.1", false),
        ("255.255.255.255", false),
        ("::", false),
        ("::1", false),
        ("::ffff:10.0.0.1", false),
        ("::ffff:93.184.216.34", true),
        ("64:ff9b::a00:1", false),
        ("fd00::1", false),
        ("fe80::1", false),
        ("fec0::1", false),
        ("ff02::1", false),
        ("2001::1", false),
        ("2001:db8::1", false),
        ("2002:a00:1::", false),
    ] {
        assert_eq!(is_public(address.parse().unwrap()), expected, "{address}");
    }
}

#[test]
fn a_url_says_much_before_its_name_is_looked_up() {
    for (url, expected) in [
        ("https://example.org/hook?a=b", true),
        ("https://example.org:8443/", true),
        ("http://example.org/", false),
        ("https://user:word@example.org/", false),
        ("https://localhost/", false),
        ("https://a.LOCALHOST./", false),
        ("https://notlocalhost.org/", true),
        ("https://nas.local/", false),
        ("https://metadata.google.internal/", false),
        ("https://127.0.0.1/", false),
        ("https://[::1]/", false),
        ("https://[fd00::1]:8443/", false),
        ("https://93.184.216.34/", true),
        ("https:///path", false),
        ("/path", false),
        ("", false),
    ] {
        assert_eq!(is_permitted(url, Reach::Public), expected, "{url}");
    }
    let long = format!("https://example.org/{}", "a".repeat(2_000));
    assert!(!is_permitted(&long, Reach::Public));
}

#[test]
fn a_host_that_the_operator_named_may_be_private() {
    for (url, expected) in [
        ("https://id.home.arpa/realm", true),
        ("https://10.0.0.1:8443/", true),
        ("http://127.0.0.1:8080/", true),
        ("http://[::1]:8080/", true),
        ("http://localhost/", true),
        ("http://10.0.0.1/", false),
        ("http://example.org/", false),
        ("http://localhost.example.org/", false),
        ("https://user:word@10.0.0.1/", false),
        ("ftp://localhost/", false),
    ] {
        assert_eq!(is_permitted(url, Reach::Private), expected, "{url}");
    }
    for (url, expected) in [
        ("https://id.example/token", true),
        ("https://ID.example/", true),
        ("https://id.example:8443/", false),
        ("http://id.example/", false),
        ("https://other.example/", false),
        ("/token", false),
    ] {
        assert_eq!(is_same_origin("https://id.example", url), expected, "{url}");
    }
}

/// Starts a local server that sends one response. Returns the server's URL, and a task that returns
/// the received request.
async fn answering(answer: String) -> (String, tokio::task::JoinHandle<String>) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/token?x=1", listener.local_addr().unwrap());
    let heard = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let (mut heard, mut read) = (Vec::new(), [0; 4096]);
        while !heard.ends_with(b"a=b") {
            let length = stream.read(&mut read).await.unwrap();
            heard.extend_from_slice(&read[..length]);
        }
        // Writing fails if the client has closed the connection because the response is too long.
        let _ = stream.write_all(answer.as_bytes()).await;
        String::from_utf8(heard).unwrap()
    });
    (url, heard)
}

#[tokio::test]
async fn a_form_is_posted_and_its_answer_read_up_to_a_length() {
    let outbound = Outbound::public().unwrap();
    let headers = [("authorization", "Basic eA==".to_owned())];
    let call = |url| Call {
        url,
        reach: Reach::Private,
        headers: &headers,
        form: Some("a=b".to_owned()),
    };
    let answer = "HTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\nhi";
    let (url, heard) = answering(answer.to_owned()).await;
    let answer = outbound.call(call(&url)).await.unwrap();
    assert_eq!(
        (answer.status.as_u16(), &answer.body[..]),
        (201, &b"hi"[..])
    );
    let heard = heard.await.unwrap();
    assert!(heard.starts_with("POST /token?x=1 HTTP/1.1\r\n"), "{heard}");
    assert!(heard.contains("content-type: application/x-www-form-urlencoded\r\n"));
    assert!(heard.contains("authorization: Basic eA==\r\n"), "{heard}");

    let long = "x".repeat(LONGEST_ANSWER + 1);
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{long}",
        long.len()
    );
    let (url, _heard) = answering(answer).await;
    let error = outbound.call(call(&url)).await.unwrap_err();
    assert!(matches!(error, OutboundError::TooLong), "{error}");
    let public = Call {
        reach: Reach::Public,
        ..call(&url)
    };
    let error = outbound.call(public).await.unwrap_err();
    assert!(matches!(error, OutboundError::Refused), "{error}");
}

#[tokio::test]
async fn a_name_that_means_a_private_address_is_not_called() {
    let addresses = |all: &[&str]| all.iter().map(|one| one.parse().unwrap()).collect();
    let names = HashMap::from([
        ("inside.example".to_owned(), addresses(&["10.0.0.1:443"])),
        (
            "both.example".to_owned(),
            addresses(&["93.184.216.34:443", "127.0.0.1:443"]),
        ),
        ("none.example".to_owned(), addresses(&[])),
    ]);
    let outbound = Outbound::new(Names::Listed(names), Vec::new(), &[]).unwrap();
    for (host, is_refused) in [("inside", true), ("both", true), ("none", false)] {
        let url = format!("https://{host}.example/");
        let error = outbound.post(&url, &[], String::new()).await.unwrap_err();
        assert_eq!(
            matches!(error, OutboundError::Refused),
            is_refused,
            "{host}: {error}"
        );
    }
    let system = Outbound::public().unwrap();
    // Only the system's resolver understands these spellings of 127.0.0.1.
    for host in ["127.1", "2130706433"] {
        let url = format!("https://{host}/");
        let error = system.post(&url, &[], String::new()).await.unwrap_err();
        assert!(
            !matches!(error, OutboundError::Slow | OutboundError::Http(_)),
            "{error}"
        );
    }
}

/// Starts a local server that reads a request before it sends each of `responses`. An empty
/// response closes the connection. Returns the server's URL and its number of connections.
async fn serving(
    responses: Vec<String>,
) -> (String, std::sync::Arc<std::sync::atomic::AtomicUsize>) {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1/orders", listener.local_addr().unwrap());
    let count = std::sync::Arc::new(AtomicUsize::new(0));
    let counted = std::sync::Arc::clone(&count);
    tokio::spawn(async move {
        let mut responses = responses.into_iter();
        while let Ok((mut stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            let mut read = [0; 4096];
            while let Ok(1..) = stream.read(&mut read).await {
                match responses.next() {
                    Some(response) if !response.is_empty() => {
                        stream.write_all(response.as_bytes()).await.unwrap();
                    }
                    _ => break,
                }
            }
        }
    });
    (url, count)
}

fn ok(body: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn json_call(url: &str, within: Duration) -> JsonCall<'_> {
    JsonCall {
        method: Method::GET,
        url,
        reach: Reach::Private,
        headers: &[],
        body: CallBody::None,
        within,
    }
}

#[tokio::test]
async fn connections_are_kept_between_json_calls() {
    let outbound = Outbound::public().unwrap();
    let (url, count) = serving(vec![ok(r#"{"a":1}"#), ok("{}"), String::new(), ok("{}")]).await;
    let answer = outbound.call_json(json_call(&url, TIME)).await.unwrap();
    let value: serde_json::Value = answer.json().unwrap();
    assert_eq!(value["a"], 1);
    outbound.call_json(json_call(&url, TIME)).await.unwrap();
    assert_eq!(count.load(std::sync::atomic::Ordering::SeqCst), 1);
    // The server receives the request but closes the connection without a response, so the client
    // must not repeat the request.
    let error = outbound.call_json(json_call(&url, TIME)).await.unwrap_err();
    assert!(error.may_have_arrived(), "{error}");
    outbound.call_json(json_call(&url, TIME)).await.unwrap();
    assert_eq!(count.load(std::sync::atomic::Ordering::SeqCst), 2);
}

#[tokio::test]
async fn an_error_says_whether_the_request_can_have_arrived() {
    let outbound = Outbound::public().unwrap();
    // Nothing listens on this port.
    let closed = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        format!("http://{}/", listener.local_addr().unwrap())
    };
    let error = outbound
        .call_json(json_call(&closed, TIME))
        .await
        .unwrap_err();
    assert!(!error.may_have_arrived(), "{error}");
    // This server is at a private address, which a request with the reach `Public` must not use.
    let public = JsonCall {
        reach: Reach::Public,
        ..json_call(&closed, TIME)
    };
    let error = outbound.call_json(public).await.unwrap_err();
    assert!(
        matches!(error, CallError::NotSent(OutboundError::Refused)),
        "{error}"
    );
    // The server accepts the connection but does not respond in time.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = format!("http://{}/", listener.local_addr().unwrap());
    let brief = Duration::from_millis(50);
    let error = outbound
        .call_json(json_call(&silent, brief))
        .await
        .unwrap_err();
    assert!(
        matches!(error, CallError::Unanswered(OutboundError::Slow)),
        "{error}"
    );
    let (url, _) = serving(vec![ok(&"x".repeat(LONGEST_ANSWER + 1))]).await;
    let error = outbound.call_json(json_call(&url, TIME)).await.unwrap_err();
    assert!(
        matches!(error, CallError::Unanswered(OutboundError::TooLong)),
        "{error}"
    );
}
