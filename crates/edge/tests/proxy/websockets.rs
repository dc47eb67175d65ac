//! Tests WebSockets through a real edge, over HTTP/1.1 and HTTP/2.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use edge::Body;
use edge::proxy::{Pool, Tunnels, Upstream};
use futures_util::{SinkExt as _, StreamExt as _};
use http::{Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::ext::Protocol;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_tungstenite::tungstenite::protocol::frame::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::{WebSocketStream, accept_async};

use upgrade::{OnUpgrade, Upgraded};

use crate::support::{After, LONG, Server, facts, head, ok, says, server, settings, upstream};

/// Echoes all messages. Does not select the subprotocol `sub` that the client offers.
async fn echo() -> Server {
    server(|_, stream| async move {
        let mut socket = accept_async(stream).await.unwrap();
        while let Some(Ok(message)) = socket.next().await {
            if message.is_close() {
                break;
            }
            if (message.is_text() || message.is_binary()) && socket.send(message).await.is_err() {
                break;
            }
        }
        // Sends the closing frame, and waits until the client closes the connection.
        while let Some(Ok(_)) = socket.next().await {}
    })
    .await
}

async fn answer(
    pool: Pool,
    upstream: Arc<Upstream>,
    mut request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    let path = request.uri().path_and_query().cloned();
    let path = path.unwrap_or(http::uri::PathAndQuery::from_static("/"));
    let switching = hyper::upgrade::on(&mut request);
    let switching = async { Some(Box::new(TokioIo::new(switching.await.ok()?)) as Upgraded) };
    request.extensions_mut().insert(OnUpgrade::new(switching));
    let request = request.map(Body::stream);
    Ok(
        match pool.forward(&upstream, request, &facts(), path).await {
            Ok(answer) => answer,
            Err(error) => {
                let mut answer = Response::new(Body::full(error.why()));
                *answer.status_mut() = error.status();
                answer
            }
        },
    )
}

/// Starts an edge that proxies every request to `upstream`. Returns its addresses for HTTP/1.1 and
/// HTTP/2.
async fn door(upstream: Arc<Upstream>, tunnels: Tunnels) -> (SocketAddr, SocketAddr) {
    let pool = Pool::new(tunnels);
    let one = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let two = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addresses = (one.local_addr().unwrap(), two.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (pool, upstream) = (pool.clone(), Arc::clone(&upstream));
            let service =
                service_fn(move |request| answer(pool.clone(), Arc::clone(&upstream), request));
            tokio::select! {
                accepted = one.accept() => {
                    let io = TokioIo::new(accepted.unwrap().0);
                    let serving = hyper::server::conn::http1::Builder::new()
                        .serve_connection(io, service)
                        .with_upgrades();
                    tokio::spawn(serving);
                }
                accepted = two.accept() => {
                    let io = TokioIo::new(accepted.unwrap().0);
                    let serving = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
                        .enable_connect_protocol()
                        .serve_connection(io, service);
                    tokio::spawn(serving);
                }
            }
        }
    });
    addresses
}

async fn over_http1(door: SocketAddr) -> WebSocketStream<TcpStream> {
    let stream = TcpStream::connect(door).await.unwrap();
    let url = "ws://kenduri.example/live";
    let (socket, answer) = tokio_tungstenite::client_async(url, stream).await.unwrap();
    assert_eq!(answer.status(), StatusCode::SWITCHING_PROTOCOLS);
    socket
}

/// Sends an extended `CONNECT` over HTTP/2, and returns the response.
async fn connect(door: SocketAddr) -> Response<Incoming> {
    let stream = TcpStream::connect(door).await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
    tokio::spawn(connection);
    // The request is repeated until the edge's settings have arrived. They permit extended
    // `CONNECT`.
    loop {
        sender.ready().await.unwrap();
        let mut request = Request::new(Body::Empty);
        *request.method_mut() = Method::CONNECT;
        *request.uri_mut() = "http://kenduri.example/live".parse().unwrap();
        let version = http::HeaderValue::from_static("13");
        request
            .headers_mut()
            .insert("sec-websocket-version", version);
        request
            .extensions_mut()
            .insert(Protocol::from_static("websocket"));
        match sender.send_request(request).await {
            Ok(answer) => return answer,
            Err(error) if error.is_user() => tokio::task::yield_now().await,
            Err(error) => panic!("{error:?}"),
        }
    }
}

async fn over_http2(door: SocketAddr) -> WebSocketStream<TokioIo<hyper::upgrade::Upgraded>> {
    let answer = connect(door).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert!(!answer.headers().contains_key("sec-websocket-accept"));
    let upgraded = hyper::upgrade::on(answer).await.unwrap();
    WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Client, None).await
}

async fn next<S: AsyncRead + AsyncWrite + Unpin>(socket: &mut WebSocketStream<S>) -> Message {
    let message = tokio::time::timeout(LONG, socket.next()).await;
    message.expect("a message in time").unwrap().unwrap()
}

/// A message and a close frame. `tests/websockets` tests frames, pings and large messages with
/// another maker's library.
async fn talk<S: AsyncRead + AsyncWrite + Unpin>(mut socket: WebSocketStream<S>) {
    socket.send(Message::text("selamat datang")).await.unwrap();
    assert_eq!(next(&mut socket).await, Message::text("selamat datang"));
    let goodbye = CloseFrame {
        code: CloseCode::Library(4_001),
        reason: "home".into(),
    };
    socket
        .send(Message::Close(Some(goodbye.clone())))
        .await
        .unwrap();
    assert_eq!(next(&mut socket).await, Message::Close(Some(goodbye)));
    assert!(
        tokio::time::timeout(LONG, socket.next())
            .await
            .unwrap()
            .is_none()
    );
}

async fn until_none(tunnels: &Tunnels) {
    while tunnels.open() > 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_websocket_works_over_http1() {
    let server = echo().await;
    let (tunnels, upstream) = (Tunnels::default(), upstream(&[server.address]));
    let (door, _) = door(Arc::clone(&upstream), tunnels.clone()).await;
    talk(over_http1(door).await).await;
    tokio::time::timeout(LONG, until_none(&tunnels))
        .await
        .unwrap();
    assert_eq!(upstream.status()[0].running, 0);
}

#[tokio::test]
async fn a_websocket_works_over_http2() {
    let server = echo().await;
    let (tunnels, upstream) = (Tunnels::default(), upstream(&[server.address]));
    let (_, door) = door(Arc::clone(&upstream), tunnels.clone()).await;
    talk(over_http2(door).await).await;
    tokio::time::timeout(LONG, until_none(&tunnels))
        .await
        .unwrap();
    assert_eq!(upstream.status()[0].running, 0);
}

#[tokio::test]
async fn what_the_server_says_first_arrives_first() {
    // One write contains the response head and the server's first message.
    let server = server(|_, mut stream| async move {
        head(&mut stream).await;
        let text = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: chat\r\nConnection: upgrade\r\n\
                    \r\nwelcome";
        stream.write_all(text.as_bytes()).await.unwrap();
        let mut heard = Vec::new();
        stream.read_to_end(&mut heard).await.unwrap();
        // The client has closed its sending side, but the server has not.
        stream.write_all(&heard).await.unwrap();
    })
    .await;
    let (door, _) = door(upstream(&[server.address]), Tunnels::default()).await;
    let mut stream = TcpStream::connect(door).await.unwrap();
    let ask = "GET /live HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n";
    stream.write_all(ask.as_bytes()).await.unwrap();
    let answer = head(&mut stream).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 101 "), "{answer}");
    let mut welcome = [0; 7];
    stream.read_exact(&mut welcome).await.unwrap();
    assert_eq!(&welcome, b"welcome");
    stream.write_all(b"last words").await.unwrap();
    stream.shutdown().await.unwrap();
    let mut rest = Vec::new();
    tokio::time::timeout(LONG, stream.read_to_end(&mut rest))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        rest, b"last words",
        "one direction ended, the other went on"
    );
}

#[tokio::test]
async fn a_refusal_passes_as_it_is() {
    let text = "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nX-Why: no\r\n\r\nno";
    let server = says(text, After::Stay).await;
    let (one, two) = door(upstream(&[server.address]), Tunnels::default()).await;
    let stream = TcpStream::connect(one).await.unwrap();
    let refused = tokio_tungstenite::client_async("ws://a/live", stream)
        .await
        .unwrap_err();
    let tokio_tungstenite::tungstenite::Error::Http(refused) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    assert_eq!(refused.headers()["x-why"], "no");
    let refused = connect(two).await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    assert_eq!(refused.headers()["x-why"], "no");
}

#[tokio::test]
async fn a_server_must_switch_to_what_was_asked_for() {
    let switch = "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\n";
    for text in [
        format!("{switch}Upgrade: other\r\n\r\n"),
        format!("{switch}\r\n"),
        format!("{switch}Upgrade: websocket\r\nSec-WebSocket-Accept: AAAA\r\n\r\n"),
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_owned(),
    ] {
        let server = says(text.clone(), After::Stay).await;
        let (_, door) = door(upstream(&[server.address]), Tunnels::default()).await;
        assert_eq!(
            connect(door).await.status(),
            StatusCode::BAD_GATEWAY,
            "{text}"
        );
    }
}

#[tokio::test]
async fn requests_cannot_be_smuggled_in_a_tunnel() {
    // The server switches to any requested protocol.
    let server = server(|_, mut stream| async move {
        while let Some(head) = head(&mut stream).await {
            let asked = head.lines().find_map(|line| line.strip_prefix("upgrade: "));
            let text = asked.map_or_else(
                || ok("no"),
                |asked| {
                    format!(
                        "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\n\
                         Upgrade: {asked}\r\n\r\n"
                    )
                },
            );
            stream.write_all(text.as_bytes()).await.unwrap();
        }
    })
    .await;
    let (door, _) = door(upstream(&[server.address]), Tunnels::default()).await;
    for protocol in ["h2c", "H2C", "HTTP/2.0", "TLS/1.0", "websocket, h2c"] {
        let mut stream = TcpStream::connect(door).await.unwrap();
        let ask = format!(
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\n\
             Upgrade: {protocol}\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n"
        );
        stream.write_all(ask.as_bytes()).await.unwrap();
        let answer = head(&mut stream).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{protocol}: {answer}");
    }
}

#[tokio::test]
async fn tunnels_end_when_nothing_moves() {
    let server = echo().await;
    let mut settings = settings(&[server.address]);
    settings.times.idle = Duration::from_secs(2);
    let tunnels = Tunnels::default();
    let (door, _) = door(Upstream::new(settings), tunnels.clone()).await;
    let mut socket = over_http1(door).await;
    assert_eq!(tunnels.open(), 1);
    let ended = tokio::time::timeout(LONG, socket.next()).await.unwrap();
    assert!(!matches!(ended, Some(Ok(_))), "{ended:?}");
    tokio::time::timeout(LONG, until_none(&tunnels))
        .await
        .unwrap();
}

#[tokio::test]
async fn tunnels_get_their_time_when_all_is_closed() {
    let server = echo().await;
    let tunnels = Tunnels::default();
    let (one, two) = door(upstream(&[server.address]), tunnels.clone()).await;
    let (mut one, mut two) = (over_http1(one).await, over_http2(two).await);
    let closing = tokio::spawn({
        let tunnels = tunnels.clone();
        async move { tunnels.close(Duration::from_secs(2)).await }
    });
    for text in ["still here", "and still"] {
        one.send(Message::text(text)).await.unwrap();
        assert_eq!(next(&mut one).await, Message::text(text));
        two.send(Message::text(text)).await.unwrap();
        assert_eq!(next(&mut two).await, Message::text(text));
    }
    // The edge adds no closing frame, so the connection ends unexpectedly for the clients.
    let ended = tokio::time::timeout(LONG, one.next()).await.unwrap();
    assert!(matches!(ended, Some(Err(_))), "{ended:?}");
    let ended = tokio::time::timeout(LONG, two.next()).await.unwrap();
    assert!(matches!(ended, Some(Err(_))), "{ended:?}");
    assert_eq!(closing.await.unwrap(), 2, "both had to be closed");
}
