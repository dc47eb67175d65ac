//! The live stream of a countdown's page: it hears that something changed, and asks anew.

use std::convert::Infallible;
use std::time::Duration;

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use http_body_util::BodyExt as _;
use http_body_util::channel::{Channel, Sender};
use platform::{StoreError, Tx};
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};
use web::{Facts, Form, Problem, Site};

use super::moved;
use crate::public::{self, Shown, Viewing};
use crate::watchers::{Limits, Watchers};

/// How many messages may wait for a slow reader before it is cut off.
const WAITING: usize = 8;
/// How often a comment keeps the connection alive.
const EVERY: Duration = Duration::from_secs(25);
/// After how many comments the stream ends; browsers come back by themselves.
const MOST: u32 = 144;

/// `GET /u/{account}/{countdown}/events`. Server-sent events: `changed`, with the revision as id.
/// `since` or `Last-Event-ID` name the revision that was seen.
pub(super) async fn listen(
    State(site): State<Site>,
    Extension(watchers): Extension<Watchers>,
    limits: Option<Extension<Limits>>,
    Path((account, countdown)): Path<(String, String)>,
    uri: Uri,
    headers: HeaderMap,
    facts: Facts,
) -> Result<Response, Problem> {
    let query = Form::parse(uri.query().unwrap_or_default().as_bytes())?;
    let page = WatchedPage {
        account,
        countdown,
        viewing: Viewing {
            who: None,
            key: query.text("k").to_owned(),
            keys: site.keys.clone(),
        },
        site,
    };
    let shown = page.look().await?.ok_or_else(Problem::not_found)?;
    if let Some(moved) = moved::lead(&uri, (&page.account, &shown.account), true) {
        return Ok(moved);
    }
    let busy = || Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy");
    let Extension(limits) = limits.unwrap_or_default();
    let place = watchers.take(facts.network(), limits).ok_or_else(busy)?;
    let wake = watchers
        .watch(&page.site.store, &shown.countdown.id)
        .await?;
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let since = last.or(query.find("since")).and_then(|id| id.parse().ok());
    let (sender, body) = Channel::<Bytes, Infallible>::new(WAITING);
    tokio::spawn(send(page, since.unwrap_or(shown.revision), wake, sender));
    // The body goes as soon as its reader does, and the place with it.
    let body = body.map_frame(move |frame| {
        let _held = &place;
        frame
    });
    let headers = [
        (CONTENT_TYPE.as_str(), "text/event-stream"),
        (CACHE_CONTROL.as_str(), "no-store"),
        // A proxy that gathers what it passes on would hold events back.
        ("x-accel-buffering", "no"),
    ];
    Ok((headers, Body::new(body)).into_response())
}

struct WatchedPage {
    site: Site,
    account: String,
    countdown: String,
    viewing: Viewing,
}

impl WatchedPage {
    async fn look(&self) -> Result<Option<Shown>, StoreError> {
        let (account, countdown) = (self.account.clone(), self.countdown.clone());
        let viewing = self.viewing.clone();
        let look = move |tx: &mut Tx<'_>| public::find(tx, &account, &countdown, &viewing);
        self.site.store.read(look).await
    }
}

/// Sends until the reader goes, is too slow, or sees the countdown no more.
async fn send(
    page: WatchedPage,
    mut seen: i64,
    mut wake: watch::Receiver<()>,
    mut sender: Sender<Bytes, Infallible>,
) {
    let mut push = |text: String| {
        let frame = http_body::Frame::data(Bytes::from(text));
        sender.try_send(frame).is_ok()
    };
    let mut tick = interval(EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tick.tick().await;
    let mut ticks = 0;
    if !push(format!("retry: 3000\nid: {seen}\n\n")) {
        return;
    }
    // What changed before anybody listened has to be looked for.
    wake.mark_changed();
    loop {
        let is_tick = tokio::select! {
            changed = wake.changed() => {
                if changed.is_err() {
                    return;
                }
                false
            }
            _ = tick.tick() => {
                ticks += 1;
                true
            }
        };
        // No news tell that an account was deactivated, so each tick looks too.
        let text = match page.look().await {
            Ok(Some(shown)) if shown.revision != seen => {
                seen = shown.revision;
                format!("id: {seen}\nevent: changed\ndata: {{\"revision\":{seen}}}\n\n")
            }
            Ok(Some(_)) if is_tick => ":\n\n".to_owned(),
            Ok(Some(_)) => continue,
            _ => return,
        };
        if ticks > MOST || !push(text) {
            return;
        }
    }
}
