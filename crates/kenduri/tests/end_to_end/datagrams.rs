//! Tests of HTTP/3 connections during an upgrade.

use std::ffi::OsStr;
use std::fs;
use std::future::poll_fn;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use axum::http::Request;
use h3::client::SendRequest;
use h3_quinn::OpenStreams;
use quinn::crypto::rustls::QuicClientConfig;
use quinn::{Connection, ConnectionError, Endpoint};
use rustix::process::{Pid, Signal, kill_process};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use tokio::runtime::Runtime;
use tokio_util::bytes::{Buf as _, Bytes};

use crate::program::free_address;
use crate::upgrade::Copy;

const HOST: &str = "kad.example";
/// The length of a piece, in bytes. The server cannot send a whole piece before the client has
/// acknowledged a part of it.
const PIECE: usize = 256 << 10;
const PIECES: usize = 8;
const PATIENCE: Duration = Duration::from_secs(30);

/// Starts an upstream server with a long response. It sends one piece of the response for each
/// message from `go`.
fn upstream(go: Receiver<()>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        let (stream, _) = listener.accept().expect("the door");
        let mut reading = BufReader::new(stream);
        let mut line = String::new();
        while line != "\r\n" {
            line.clear();
            reading.read_line(&mut line).expect("a request");
        }
        let mut stream = reading.into_inner();
        let length = PIECES * PIECE;
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");
        stream.write_all(head.as_bytes()).expect("sent");
        for () in go.iter().take(PIECES) {
            stream.write_all(&vec![b'x'; PIECE]).expect("sent");
        }
    });
    address
}

/// An HTTP/3 client with its own UDP socket.
struct Client {
    endpoint: Endpoint,
    address: SocketAddr,
}

impl Client {
    fn new(certificate: CertificateDer<'static>, address: SocketAddr) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(certificate).expect("a root");
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = rustls::ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .expect("a version")
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"h3".to_vec()];
        let crypto = QuicClientConfig::try_from(config).expect("a client");
        let mut endpoint = Endpoint::client((Ipv4Addr::LOCALHOST, 0).into()).expect("a socket");
        endpoint.set_default_client_config(quinn::ClientConfig::new(Arc::new(crypto)));
        Self { endpoint, address }
    }

    async fn connect(&self) -> (SendRequest<OpenStreams, Bytes>, Connection) {
        let connecting = self.endpoint.connect(self.address, HOST).expect("a name");
        let connection = tokio::time::timeout(PATIENCE, connecting).await;
        let connection = connection.expect("soon").expect("a connection");
        let begun = h3::client::new(h3_quinn::Connection::new(connection.clone())).await;
        let (mut driver, send) = begun.expect("HTTP/3");
        tokio::spawn(async move { poll_fn(|context| driver.poll_close(context)).await });
        (send, connection)
    }
}

type Stream = h3::client::RequestStream<h3_quinn::BidiStream<Bytes>, Bytes>;

async fn ask(send: &mut SendRequest<OpenStreams, Bytes>, path: &str) -> Stream {
    let request = Request::get(format!("https://{HOST}{path}"));
    let sent = send.send_request(request.body(()).expect("a request"));
    let mut stream = sent.await.expect("sent");
    // The server may already have sent its whole response, so errors are ignored.
    let _ = stream.finish().await;
    let answer = tokio::time::timeout(PATIENCE, stream.recv_response()).await;
    assert_eq!(answer.expect("soon").expect("an answer").status(), 200);
    stream
}

/// Makes the upstream server send the next piece, and waits until the piece arrives.
async fn go_on(stream: &mut Stream, go: &Sender<()>) {
    go.send(()).expect("somebody who sends");
    let mut came = 0;
    while came < PIECE {
        let more = tokio::time::timeout(PATIENCE, stream.recv_data()).await;
        let more = more.expect("soon").expect("an answer that goes on");
        came += more.expect("all of it").remaining();
    }
    assert_eq!(came, PIECE);
}

/// Sends requests until the worker accepts no more requests (GOAWAY).
async fn told(send: &mut SendRequest<OpenStreams, Bytes>) {
    let request = || Request::get(format!("https://{HOST}/")).body(());
    let told = async {
        while let Ok(mut stream) = send.send_request(request().expect("a request")).await {
            let _ = stream.finish().await;
            let _ = stream.recv_response().await;
        }
    };
    tokio::time::timeout(PATIENCE, told).await.expect("soon");
}

#[test]
fn an_answer_over_http3_is_finished_before_another_program_serves() {
    let (go, steps) = channel();
    let upstream = upstream(steps);
    let (clear, secure) = (free_address(), free_address());
    let copy = Copy::new(&format!(
        "[listen]\nhttp = [\"{clear}\"]\nhttps = [\"{secure}\"]\ndrain_time = \"10m\"\n\
         [[tls.certificate]]\nchain = \"chain.pem\"\nkey = \"key.pem\"\n\
         [[route]]\nto = \"status:200\"\n\
         [[route]]\npath = \"/long\"\nto = \"http://{upstream}\"\n"
    ));
    let made = rcgen::generate_simple_self_signed([HOST.to_owned()]).expect("a certificate");
    let write = |name: &str, text: String| {
        fs::write(copy.path().join(name), text).expect("a file");
    };
    write("chain.pem", made.cert.pem());
    write("key.pem", made.signing_key.serialize_pem());
    let (settings, data) = (copy.settings(), copy.data());
    let words = ["serve", "--data", &data, "--config"].map(OsStr::new);
    let words = [&words[..], &[settings.as_os_str()]].concat();
    let mut program = Copy::start(&copy.program(), &words);
    let runtime = Runtime::new().expect("a runtime");
    let (client, mut first, mut download) = runtime.block_on(async {
        let client = Client::new(made.cert.der().clone(), secure);
        let (mut first, _) = client.connect().await;
        let mut download = ask(&mut first, "/long").await;
        go_on(&mut download, &go).await;
        (client, first, download)
    });
    // The download and the upgrade run at the same time, and neither waits for the other.
    let finished = runtime.spawn(async move {
        told(&mut first).await;
        for _ in 1..PIECES {
            go_on(&mut download, &go).await;
        }
        let end = tokio::time::timeout(PATIENCE, download.recv_data()).await;
        assert!(end.expect("soon").expect("all of it").is_none());
    });
    copy.change(&program);
    runtime.block_on(finished).expect("a whole answer");
    runtime.block_on(async {
        let (mut next, connection) = client.connect().await;
        ask(&mut next, "/").await;
        // The killed worker sends no GOAWAY. The next worker takes over anyway.
        let worker = i32::try_from(program.worker()).ok().and_then(Pid::from_raw);
        kill_process(worker.expect("a process"), Signal::KILL).expect("it lives");
        ask(&mut client.connect().await.0, "/").await;
        // The client learns of the end of its old connection at once, instead of waiting for a
        // timeout.
        let request = Request::get(format!("https://{HOST}/")).body(());
        let _unanswered = next.send_request(request.expect("a request")).await;
        let ended = tokio::time::timeout(PATIENCE, connection.closed()).await;
        assert_eq!(ended.expect("soon"), ConnectionError::Reset);
    });
    assert_eq!(program.end(Signal::TERM).code(), Some(0));
}
