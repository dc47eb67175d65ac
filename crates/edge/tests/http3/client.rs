//! HTTP/3 clients for the tests.

use std::future::poll_fn;

use axum::http::{HeaderMap, Method, StatusCode};
use bytes::Buf as _;
use h3::client::{RequestStream, SendRequest};
use h3::error::{ConnectionError, StreamError};
use h3_quinn::{BidiStream, OpenStreams};
use quinn::crypto::rustls::QuicClientConfig;
use quinn::{ClientConfig, Endpoint, TransportConfig};
use tokio::task::JoinHandle;

use super::*;

pub(crate) struct Client {
    endpoint: Endpoint,
}

impl Client {
    pub(crate) fn trusting(chain: &Path) -> Self {
        Self::speaking(chain, b"h3", TransportConfig::default())
    }

    pub(crate) fn speaking(chain: &Path, protocol: &[u8], transport: TransportConfig) -> Self {
        let crypto = QuicClientConfig::try_from(trusting(chain, protocol)).unwrap();
        let mut config = ClientConfig::new(Arc::new(crypto));
        config.transport_config(Arc::new(transport));
        let mut endpoint = Endpoint::client((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        endpoint.set_default_client_config(config);
        Self { endpoint }
    }

    /// Moves the client to another loopback address.
    pub(crate) fn move_to(&self, address: Ipv4Addr) {
        let socket = UdpSocket::bind((address, 0)).unwrap();
        self.endpoint.rebind(socket).unwrap();
    }

    /// Begins a handshake without waiting for its end.
    pub(crate) fn begin(&self, address: SocketAddr, name: &str) -> quinn::Connecting {
        self.endpoint.connect(address, name).unwrap()
    }

    pub(crate) async fn connect(
        &self,
        address: SocketAddr,
        name: &str,
    ) -> Result<quinn::Connection, quinn::ConnectionError> {
        let connecting = self.endpoint.connect(address, name).unwrap();
        let connected = tokio::time::timeout(SOON, connecting).await;
        connected.expect("an end of the handshake")
    }
}

pub(crate) type Stream = RequestStream<BidiStream<Bytes>, Bytes>;

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: Option<HeaderMap>,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

pub(crate) struct Talk {
    pub(crate) connection: quinn::Connection,
    pub(crate) send: SendRequest<OpenStreams, Bytes>,
    _driver: JoinHandle<ConnectionError>,
}

impl Talk {
    pub(crate) async fn begin(connection: quinn::Connection) -> Self {
        let wire = h3_quinn::Connection::new(connection.clone());
        let (mut driver, send) = h3::client::new(wire).await.unwrap();
        Self {
            connection,
            send,
            _driver: tokio::spawn(
                async move { poll_fn(|context| driver.poll_close(context)).await },
            ),
        }
    }

    /// Sends a request, and leaves the stream open for a body.
    pub(crate) async fn ask(
        &mut self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Result<Stream, StreamError> {
        let uri = format!("https://a.example{path}");
        let mut request = axum::http::Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send.send_request(request.body(()).unwrap()).await
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        let mut stream = self.ask(Method::GET, path, &[]).await.unwrap();
        stream.finish().await.unwrap();
        answer(&mut stream).await.unwrap()
    }
}

pub(crate) async fn answer(stream: &mut Stream) -> Result<Answer, StreamError> {
    tokio::time::timeout(SOON, read(stream))
        .await
        .expect("an answer")
}

async fn read(stream: &mut Stream) -> Result<Answer, StreamError> {
    let (parts, ()) = stream.recv_response().await?.into_parts();
    let mut body = Vec::new();
    while let Some(data) = piece(stream).await? {
        body.extend_from_slice(&data);
    }
    Ok(Answer {
        status: parts.status,
        headers: parts.headers,
        body,
        trailers: stream.recv_trailers().await?,
    })
}

pub(crate) async fn piece(stream: &mut Stream) -> Result<Option<Bytes>, StreamError> {
    let data = stream.recv_data().await?;
    Ok(data.map(|mut data| data.copy_to_bytes(data.remaining())))
}
