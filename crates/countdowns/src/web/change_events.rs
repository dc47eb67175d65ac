//! The event stream of a countdown's page. An event only reports that something changed; the page
//! then reloads.

use std::convert::Infallible;
use std::time::Duration;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use futures_util::{Stream, StreamExt as _, stream};
use serde_json::json;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use web::event_stream::{self, COMMENT, Place, RETRY, event};
use web::{Facts, Form, Network, Problem, Site};

use crate::watchers::{Limits, Page, Watchers};
use site::moved_slugs;

const KEEP_ALIVE: Duration = Duration::from_secs(25);
/// Browsers reconnect by themselves.
const STREAM_LIFETIME: Duration = Duration::from_hours(1);

/// `GET /u/{account}/{countdown}/events` sends `changed` events, whose ids are revisions. The
/// parameter `since` or the header `Last-Event-ID` names the last revision that the client saw.
pub(super) async fn listen(
    State(site): State<Site>,
    Extension(watchers): Extension<Watchers>,
    Path((account, countdown)): Path<(String, String)>,
    uri: Uri,
    headers: HeaderMap,
    facts: Facts,
) -> Result<Response, Problem> {
    let query = Form::parse(uri.query().unwrap_or_default().as_bytes())?;
    let page = Page {
        account,
        countdown,
        key: query.text("k").to_owned(),
    };
    let shown = page.look(&site).await?.ok_or_else(Problem::not_found)?;
    if let Some(moved) = moved_slugs::lead(&uri, &page.account, &shown.account, true) {
        return Ok(moved);
    }
    let busy = || Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy");
    let place = watchers.take(facts.network(), Limits::of(&site));
    let place = place.ok_or_else(busy)?;
    let since = event_stream::last_event_id(&headers, &query, "since");
    let since = since.and_then(|id| id.parse().ok());
    let seen = since.unwrap_or(shown.revision);
    let revision = watchers.watch(&site, page, &shown);
    let events = events(seen, revision, place).map(Ok::<_, Infallible>);
    Ok(event_stream::response(Body::from_stream(events)))
}

/// Dropping the stream releases the viewer's slot.
fn events(
    seen: i64,
    revision: watch::Receiver<i64>,
    place: Place<Network>,
) -> impl Stream<Item = String> {
    let greeting = format!("{RETRY}id: {seen}\n\n");
    let events = stream::unfold(
        (seen, revision, place),
        async |(seen, mut revision, place)| {
            let changed = revision.wait_for(|revision| *revision != seen);
            let (text, seen) = match timeout(KEEP_ALIVE, changed).await {
                Ok(revision) => {
                    let id = *revision.ok()?;
                    let data = json!({ "revision": id });
                    (event(Some(id), "changed", &data), id)
                }
                Err(_) => (COMMENT.to_owned(), seen),
            };
            Some((text, (seen, revision, place)))
        },
    );
    stream::iter([greeting])
        .chain(events)
        .take_until(sleep(STREAM_LIFETIME))
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};
    use std::pin::pin;

    use tokio::time::Instant;
    use web::Network;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_stream_is_kept_alive_without_a_look_and_lives_an_hour() {
        let watchers = Watchers::default();
        let network = Network::of(IpAddr::V4(Ipv4Addr::LOCALHOST));
        let one = Limits {
            total: 1,
            of_network: 1,
        };
        let place = watchers.take(network, one).unwrap();
        let (sender, revision) = watch::channel(7);
        let began = Instant::now();
        let mut events = pin!(events(6, revision, place));
        let mut heard = Vec::new();
        for _ in 0..3 {
            heard.extend(events.next().await);
        }
        let changed = "id: 7\nevent: changed\ndata: {\"revision\":7}\n\n";
        assert_eq!(heard, ["retry: 3000\nid: 6\n\n", changed, ":\n\n"]);
        // The revision has not changed, so the poll sends no event.
        sender.send_replace(7);
        while let Some(text) = events.next().await {
            assert_eq!(text, ":\n\n");
        }
        assert_eq!(began.elapsed(), STREAM_LIFETIME);
    }
}
