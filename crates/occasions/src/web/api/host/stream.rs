//! The event stream of an occasion. It sends server-sent events to a host's page or API client.

use std::time::Duration;

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::{FromRequestParts, Path, Request, State};
use axum::http::request;
use axum::response::Response;
use http_body_util::BodyExt as _;
use http_body_util::channel::{Channel, Sender};
use identity::account::AccountId;
use identity::session::signed_in::SignedIn;
use serde_json::json;
use site::Callers::Tokens;
use site::asking::Caller;
use tokio::time::{MissedTickBehavior, interval};
use web::described::Routes;
use web::event_stream::{self, COMMENT, End, Places, RETRY, event};
use web::{Problem, Site, routes};

use super::call::{Call, id};
use crate::hosting::Permission::See;
use crate::hosting::stream::{AllCounts, Feed};
use crate::id::OccasionId;
use crate::token_scopes::RSVPS_READ;
use crate::web::access::may;

/// How many events may be queued for a slow client. If there are more, the client is disconnected.
const WAITING: usize = 1_000;
/// How often the stream sends a keep-alive comment and checks the session or token again.
const EVERY: Duration = Duration::from_secs(15);
const MOST_PER_ACCOUNT: usize = 20;

pub(super) fn routes<R: Routes<Site>>() -> R {
    R::default().routes(routes!(listen: may(See, Tokens(&[RSVPS_READ]))))
}

/// The time between two keep-alive comments. Tests set a shorter time.
#[derive(Clone, Copy, Debug)]
pub struct Pace(pub Duration);

/// State that the streams of this process share.
#[derive(Clone, Debug, Default)]
pub(crate) struct Listeners {
    counts: AllCounts,
    places: Places<AccountId>,
}

/// Streams what happens in an occasion, as events `hello`, `summary`, `rsvp`, `invitation`, `note`,
/// `job` and `reset`. The stream continues after `Last-Event-ID`, or after `last_event_id` in the
/// query. An account can have at most 20 open streams. When it opens another, its oldest stream
/// gets the event `end` and is closed. The client of the closed stream should not reconnect.
#[utoipa::path(
    get, path = "/api/v1/occasions/{id}/stream", tag = "reports",
    params(("last_event_id" = Option<i64>, Query,)),
    responses((status = 200, body = String, content_type = "text/event-stream"))
)]
async fn listen(
    State(site): State<Site>,
    Extension(listeners): Extension<Listeners>,
    Path(occasion): Path<String>,
    call: Call,
    request: Request,
) -> Result<Response, Problem> {
    let occasion: OccasionId = id(&occasion)?;
    let query = call.query();
    let resume = event_stream::last_event_id(&call.headers, &query, "last_event_id");
    // This server only sends numbers as ids. So any other text counts as an unknown id.
    let resume = resume.map(|id| id.trim().parse().unwrap_or(-1));
    let account = call.who.account().id.clone();
    let store = site.store.clone();
    let feed = Feed::open(store, &listeners.counts, call.who.clone(), occasion, resume).await?;
    let (place, end) = listeners.places.take_over(&account, MOST_PER_ACCOUNT);
    let (parts, _) = request.into_parts();
    let pace = parts.extensions.get().copied().unwrap_or(Pace(EVERY));
    let (sender, body) = Channel::<Bytes, std::convert::Infallible>::new(WAITING);
    tokio::spawn(send(feed, end, sender, site, parts, pace));
    // When the client disconnects, this closure is dropped. The stream then no longer counts
    // towards the limit.
    let body = body.map_frame(move |frame| {
        let _held = &place;
        frame
    });
    Ok(event_stream::response(Body::new(body)))
}

/// Ends when the client is too slow or loses access, or when a newer stream replaces this one.
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
    if !push(&mut sender, format!("{RETRY}\n").into()) {
        return;
    }
    loop {
        let text = tokio::select! {
            message = feed.next() => match message {
                Ok(event) => event,
                Err(_) => return,
            },
            () = end.wait() => {
                push(&mut sender, event(None, "end", &json!({})).into());
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
                Bytes::from_static(COMMENT.as_bytes())
            }
        };
        if !push(&mut sender, text) {
            return;
        }
    }
}

async fn still_there(parts: &request::Parts, site: &Site) -> Option<SignedIn> {
    let caller = Caller::from_request_parts(&mut parts.clone(), site).await;
    Some(caller.ok()?.who)
}

/// Does not wait. `false` if the client has disconnected or its queue is full.
fn push(sender: &mut Sender<Bytes, std::convert::Infallible>, text: Bytes) -> bool {
    let frame = http_body::Frame::data(text);
    sender.try_send(frame).is_ok()
}
