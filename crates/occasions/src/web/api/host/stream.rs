//! The live stream: server-sent events for an open page or a program.

use std::time::Duration;

use accounts::Callers::Tokens;
use accounts::signed_in::SignedIn;
use accounts::web::asking::Caller;
use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::{FromRequestParts, Path, Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, request};
use axum::response::{IntoResponse, Response};
use http_body_util::BodyExt as _;
use http_body_util::channel::{Channel, Sender};
use tokio::time::{MissedTickBehavior, interval};
use web::described::Routes;
use web::{Form, Problem, Site, routes};

use super::call::{Call, id};
use crate::hosting::Permission::See;
use crate::hosting::stream::{AllCounts, End, Feed, Message, Places};
use crate::occasion::OccasionId;
use crate::token_scopes::RSVPS_READ;
use crate::web::access::may;

/// How many events may wait for a slow reader before it is cut off.
const WAITING: usize = 1_000;
/// How often a comment keeps the connection alive and the session is checked again.
const EVERY: Duration = Duration::from_secs(15);
/// How many milliseconds a browser waits before it reconnects.
const RETRY: &str = "retry: 3000\n\n";

pub(super) fn routes<R: Routes<Site>>() -> R {
    R::default().routes(routes!(listen: may(See, Tokens(&[RSVPS_READ]))))
}

/// How often a stream sends a sign of life. Tests set another interval.
#[derive(Clone, Copy, Debug)]
pub struct Pace(pub Duration);

/// State that the streams of this process share.
#[derive(Clone, Debug, Default)]
pub(crate) struct Listeners {
    counts: AllCounts,
    places: Places,
}

/// News of an occasion as it happens: `hello`, `summary`, `rsvp`, `invitation`, `note`,
/// `job`, `reset`. Resumes after `Last-Event-ID`, or the query's `last_event_id`. An
/// account holds at most 20 streams: one more ends the oldest, which receives `end`
/// last and should not reconnect.
#[utoipa::path(
    get, path = "/api/v1/occasions/{id}/stream", tag = "reports", params(("id" = String, Path,),
        ("last_event_id" = Option<i64>, Query,)),
    responses((status = 200, body = String, content_type = "text/event-stream"), (status = 404))
)]
async fn listen(
    State(site): State<Site>,
    Extension(listeners): Extension<Listeners>,
    Path(occasion): Path<String>,
    call: Call,
    request: Request,
) -> Result<Response, Problem> {
    let occasion: OccasionId = id(&occasion)?;
    let resume = resume(&call.headers, &call.query());
    let account = call.who.account().id.clone();
    let store = site.store.clone();
    let feed = Feed::open(store, &listeners.counts, call.who.clone(), occasion, resume).await?;
    let (place, end) = listeners.places.take(&account);
    let (parts, _) = request.into_parts();
    let pace = parts.extensions.get().copied().unwrap_or(Pace(EVERY));
    let (sender, body) = Channel::<Bytes, std::convert::Infallible>::new(WAITING);
    tokio::spawn(send(feed, end, sender, site, parts, pace));
    // The body is dropped as soon as its reader leaves, and the place with it.
    let body = body.map_frame(move |frame| {
        let _held = &place;
        frame
    });
    let mut response = Body::new(body).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // A proxy that buffers responses would hold events back.
    headers.insert(
        HeaderName::from_static("x-accel-buffering"),
        HeaderValue::from_static("no"),
    );
    Ok(response)
}

fn resume(headers: &HeaderMap, query: &Form) -> Option<i64> {
    let header = headers
        .get("last-event-id")
        .and_then(|value| value.to_str().ok());
    let text = header.or(query.find("last_event_id"))?;
    // Text that is no number was never given out, and is treated so.
    Some(text.trim().parse().unwrap_or(-1))
}

/// Sends messages until the reader leaves, falls behind, loses access, or must make
/// room for a newer stream.
async fn send(
    mut feed: Feed,
    mut end: End,
    mut sender: Sender<Bytes, std::convert::Infallible>,
    site: Site,
    parts: request::Parts,
    Pace(every): Pace,
) {
    let mut tick = interval(every);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tick.tick().await;
    if !push(&mut sender, RETRY.to_owned()) {
        return;
    }
    loop {
        let text = tokio::select! {
            message = feed.next() => match message {
                Ok(message) => written(&message),
                Err(_) => return,
            },
            () = end.wait() => {
                push(&mut sender, "event: end\ndata: {}\n\n".to_owned());
                return;
            }
            _ = tick.tick() => {
                let Some(who) = still_there(&parts, &site).await else {
                    return;
                };
                feed.renew(who);
                if feed.check().await.is_err() {
                    return;
                }
                ":\n\n".to_owned()
            }
        };
        if !push(&mut sender, text) {
            return;
        }
    }
}

/// The caller, if the session or token is still valid.
async fn still_there(parts: &request::Parts, site: &Site) -> Option<SignedIn> {
    let caller = Caller::from_request_parts(&mut parts.clone(), site).await;
    Some(caller.ok()?.who)
}

/// Queues an event without waiting; `false` if nobody reads any more.
fn push(sender: &mut Sender<Bytes, std::convert::Infallible>, text: String) -> bool {
    let frame = http_body::Frame::data(Bytes::from(text));
    sender.try_send(frame).is_ok()
}

fn written(message: &Message) -> String {
    let id = message
        .id
        .map(|id| format!("id: {id}\n"))
        .unwrap_or_default();
    // JSON holds no line break, so one `data` line is enough.
    format!("{id}event: {}\ndata: {}\n\n", message.name, message.data)
}
