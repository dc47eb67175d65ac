//! Serves Socket.IO connections. The event `rsvp` contains a reply in the same format as the body
//! of an HTTP request. After the reply is saved, only the sender gets the event `rsvp-status`. If
//! the sender requested an acknowledgement, the acknowledgement contains the same data.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Router};
use jiff::SignedDuration;
use platform::limits::{Limit, Rule};
use platform::request;
use serde_json::{Map, Value};
use socketioxide::extract::{AckSender, SocketRef, TryData};
use socketioxide::handler::ConnectHandler as _;
use socketioxide::service::SocketIoService;
use socketioxide::{ParserConfig, SocketIo};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tower::Service as _;
use web::{Facts, Problem, Site, Wishes};

use super::answer::{Asker, Reply};
use super::connection_limit::{Full, Place, Places};
use super::upgrade;
use occasions::web::guest::CodeGate;
use occasions::words::Source;

const PING_EVERY: Duration = Duration::from_secs(25);
const PONG_WITHIN: Duration = Duration::from_secs(20);
/// The maximum size of a message, in bytes, over both transports.
const LARGEST: usize = 64 << 10;
const AT_ONCE: usize = 4;
/// Enough for a hall in which everybody reconnects at the same time.
const OPENED: Rule = Rule {
    count: 300,
    per: SignedDuration::from_mins(1),
};
/// In seconds. A slot may be free by then.
const AGAIN: u32 = 60;
const NETWORKS: usize = 20_000;

/// All live connections. Cheap to clone.
#[derive(Clone)]
pub(super) struct Sockets {
    /// The Socket.IO service. It wraps no other service, because all requests to it are for
    /// Socket.IO.
    service: SocketIoService<Router>,
    site: Site,
    opened: Limit,
    places: Places,
    stop: CancellationToken,
}

impl Sockets {
    /// Makes the service for the occasion with this slug. Its connections end when `stop` is
    /// cancelled.
    pub(super) fn new(
        site: &Site,
        gate: &CodeGate,
        slug: &Arc<str>,
        stop: CancellationToken,
    ) -> Self {
        let (service, io) = SocketIo::builder()
            .ping_interval(PING_EVERY)
            .ping_timeout(PONG_WITHIN)
            // A client that disconnects during the handshake keeps its slot for as long as a client
            // that does not answer a ping.
            .connect_timeout(PONG_WITHIN)
            .max_payload(LARGEST as u64)
            .ws_max_message_size(LARGEST)
            .ws_max_frame_size(LARGEST)
            .with_parser(
                ParserConfig::common()
                    .max_incoming_binaries(1)
                    .max_incoming_binary_buf_size(LARGEST),
            )
            .build_with_inner_svc(Router::new());
        let host = Host {
            site: site.clone(),
            gate: gate.clone(),
            slug: Arc::clone(slug),
        };
        // A client may answer as soon as it knows that it is connected, so its messages must have
        // their handler before: middleware runs before the client is told.
        let greet = async move |socket: SocketRef| {
            host.greet(&socket);
            Ok::<_, Infallible>(())
        };
        io.ns("/", (async || {}).with(greet));
        Self {
            service,
            site: site.clone(),
            opened: site.limits.limit("sockets", &[OPENED], NETWORKS),
            places: Places::default(),
            stop,
        }
    }

    /// The routes for live connections, and for the script with which a page opens them.
    pub(super) fn routes(self) -> Router<Site> {
        let engine = axum::routing::any(connect);
        Router::new()
            .route("/socket.io/socket.io.js", axum::routing::get(script))
            .route("/socket.io/", engine.clone())
            .route("/socket.io", engine)
            .layer(Extension(self))
    }

    /// A request of an existing connection needs no slot, so the result is `None`.
    fn admit(&self, request: &Request, facts: &Facts) -> Result<Option<Place>, Problem> {
        if session(request.uri()).is_some() {
            return Ok(None);
        }
        let network = facts.network().to_string();
        let taken = self.opened.take(&network, self.site.clock.now());
        taken.map_err(|wait| too_many(wait.seconds))?;
        let place = self.places.take(&network);
        place.map(Some).map_err(|full| match full {
            Full::Network => too_many(AGAIN),
            Full::All => Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy").retry_after(AGAIN),
        })
    }
}

/// The session id of the request's connection; `None` for a new connection.
fn session(address: &Uri) -> Option<&str> {
    let mut parts = address.query().unwrap_or_default().split('&');
    parts.find_map(|part| part.strip_prefix("sid="))
}

fn too_many(seconds: u32) -> Problem {
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited")
        .with("minutes", i64::from(seconds.div_ceil(60)))
        .retry_after(seconds)
}

/// `GET /socket.io/socket.io.js`, which is the path of the script on the older Node server.
async fn script(headers: HeaderMap) -> Result<Response, Problem> {
    web::assets::serve_by_name("socketio/socket.io.min.js", &headers)
}

async fn connect(
    Extension(sockets): Extension<Sockets>,
    facts: Facts,
    mut request: Request,
) -> Result<Response, Problem> {
    if sockets.stop.is_cancelled() {
        return Ok(leaving());
    }
    let place = sockets.admit(&request, &facts)?;
    let Sockets {
        mut service, stop, ..
    } = sockets;
    if upgrade::is_asked(&request) {
        return upgrade::switch(request, stop, place, move |mut stream, request| {
            if let Some(session) = session(request.uri()) {
                let closing = close(service.clone(), session.to_owned(), stream.end());
                tokio::spawn(closing);
            }
            // The result can be ignored, because the stream ends after a protocol error too.
            drop(service.call((stream, request)));
        });
    }
    // A polling connection has no stream that could own the slot. The connection's session keeps
    // the first request, so the slot is stored in this request's extensions.
    if let Some(place) = place {
        request.extensions_mut().insert(Arc::new(place));
    }
    // A poll waits for messages. When `stop` is cancelled, the server responds at once, so that the
    // client connects to another process.
    let answered = stop.run_until_cancelled(service.call(request)).await;
    Ok(match answered {
        Some(Ok(response)) => response.map(Body::new),
        Some(Err(never)) => match never {},
        None => leaving(),
    })
}

/// Waits until the stream of an upgrade ends, and then closes the connection on behalf of the
/// client. If the upgrade succeeded, the connection is already closed by then. If the client
/// disconnected during the upgrade, nothing would poll or ping the connection any more, and the
/// connection would keep its slot forever.
async fn close(
    mut service: SocketIoService<Router>,
    session: String,
    end: impl Future<Output = ()>,
) {
    end.await;
    let address = format!("/socket.io/?EIO=4&transport=polling&sid={session}");
    let request = Request::post(address).body(Body::from("1"));
    let Ok(request) = request else { return };
    // If the connection is already closed, the service does not find it.
    let _ = service.call(request).await;
}

/// A 503 response, after which the client connects to another process.
fn leaving() -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, [("retry-after", "1")]).into_response()
}

#[derive(Clone)]
struct Host {
    site: Site,
    gate: CodeGate,
    slug: Arc<str>,
}

impl Host {
    fn greet(&self, socket: &SocketRef) {
        let turns = Arc::new(Semaphore::new(AT_ONCE));
        let Some(asker) = self.asker(socket) else {
            tracing::error!("a live connection came in past the code gate; please report this");
            return;
        };
        socket.on(
            "rsvp",
            async move |socket: SocketRef, TryData(sent): TryData<Value>, ack: AckSender| {
                let reply = match turns.try_acquire() {
                    Ok(_turn) => answer(&asker, sent.ok()).await,
                    Err(_) => asker.refuse(
                        &Problem::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited").retry_after(1),
                    ),
                };
                let told = reply.told.over_socket();
                // Failures are ignored: a client that has disconnected sends its reply again after
                // reconnecting, which is harmless.
                let _ = socket.emit("rsvp-status", &told);
                let _ = ack.send(&told);
            },
        );
    }

    /// The request that opened the connection determines the sender. The messages cannot change it.
    fn asker(&self, socket: &SocketRef) -> Option<Asker> {
        let opened = socket.req_parts();
        Some(Asker {
            site: self.site.clone(),
            gate: self.gate.clone(),
            slug: Arc::clone(&self.slug),
            facts: opened.extensions.get::<Facts>()?.clone(),
            wishes: Wishes::read(&opened.uri, &opened.headers),
            headers: opened.headers.clone(),
        })
    }
}

async fn answer(asker: &Asker, sent: Option<Value>) -> Reply {
    let sent = match sent {
        Some(Value::Object(sent)) => sent,
        // A payload that is missing or not an object counts as an empty object.
        _ => Map::new(),
    };
    // Each message is handled in a separate task, which does not inherit the request id.
    let cause = asker.facts.request_id.clone().into();
    request::caused_by(Some(cause), asker.answer(&sent, None, Source::Socket)).await
}
