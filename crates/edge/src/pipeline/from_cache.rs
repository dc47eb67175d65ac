//! Serves a request on a route with a cache: from the cache, from a running fetch, or from the
//! target. See [`cache`](crate::cache).

use std::sync::Arc;
use std::time::SystemTime;

use http::header::{CONTENT_LOCATION, LOCATION};
use http::{HeaderMap, HeaderValue, Request, StatusCode, Uri};
use http_body::Body as _;
use tokio::sync::oneshot;

use crate::app::Mounted;
use crate::body::{Answer, Body};
use crate::cache::{
    Asker, CacheDecision, CacheOutcome, CacheUse, Demand, FillGuard, How, InFlight, Joined, Key,
    Policy, Store, Stored, StoredHead, is_fault, set_cache_status,
};
use crate::client_info::ClientInfo;
use crate::context::Running;
use crate::route::{NormalPath, Route, Target};

use super::cache_fill::{CacheFill, FetchedResponse};
use super::target::ask_and_purge;
use super::{Exchange, RequestOutcome, bare};
use crate::context::WorkerContext;

pub(super) async fn answer(
    exchange: &mut Exchange<'_>,
    policy: &Policy,
    route: &Arc<Route>,
    path: &NormalPath<'_>,
) -> Answer {
    let Exchange {
        here,
        running,
        info,
        ..
    } = *exchange;
    let request = &mut *exchange.request;
    let Some(key) = key(policy, route, info, path, request.uri()) else {
        return bare(StatusCode::URI_TOO_LONG);
    };
    let has_body = !request.body().is_end_stream();
    let way = CacheUse::of(request.method(), request.headers(), has_body);
    let app = here
        .app
        .as_ref()
        .filter(|_| matches!(route.target, Target::App));
    let way = match way.told_by(request.headers(), info) {
        CacheUse::In(_) if app.is_some_and(|app| app.is_personal(request.headers())) => {
            CacheUse::Around
        }
        way => way,
    };
    let (answer, told) = match way {
        CacheUse::Changes => {
            let uri = request.uri().clone();
            let answer = ask_and_purge(exchange, route, path).await;
            for key in keys_to_invalidate(policy, route, info, &key, &uri, &answer) {
                here.shared.cache.purge_address(&key);
            }
            bypassed(answer, "method")
        }
        CacheUse::Around => {
            let answer = ask_and_purge(exchange, route, path).await;
            bypassed(answer, "bypass")
        }
        CacheUse::In(demand) => {
            // Some proxies always add this header. It is removed, because a response that contains
            // its value might be cached for other clients.
            request.headers_mut().remove("x-forwarded-server");
            let visit = CacheableRequest {
                here,
                running,
                route,
                info,
                key,
                demand,
                changes: app.map_or(0, Mounted::changes),
            };
            visit.answer(exchange, path).await
        }
    };
    exchange.outcome.cache = told.word();
    policy.figures.came(told.word());
    answer
}

fn bypassed(mut answer: Answer, why: &'static str) -> (Answer, CacheOutcome) {
    let told = CacheOutcome::Around(why);
    set_cache_status(&mut answer, told);
    (answer, told)
}

/// The path is the one that is requested from the target.
fn key(
    policy: &Policy,
    route: &Route,
    info: &ClientInfo,
    path: &NormalPath<'_>,
    uri: &Uri,
) -> Option<Key> {
    let target = route.forwarded(path, uri).ok()?;
    Some(policy.key(info, target.as_str()))
}

/// Those of the request itself, and of the URLs in the response's headers (RFC 9111, section 4.4).
fn keys_to_invalidate(
    policy: &Policy,
    route: &Route,
    info: &ClientInfo,
    key: &Key,
    uri: &Uri,
    answer: &Answer,
) -> Vec<Key> {
    if !answer.status().is_success() && !answer.status().is_redirection() {
        return Vec::new();
    }
    let mut keys = vec![Arc::clone(key)];
    for name in [LOCATION, CONTENT_LOCATION] {
        let named = answer.headers().get(name);
        if let Some(named) = named.and_then(|named| on_same_host(named, info, uri))
            && let Ok(path) = NormalPath::parse(named.path())
        {
            keys.extend(self::key(policy, route, info, &path, &named));
        }
    }
    keys
}

/// `None` if the URL is on another host.
fn on_same_host(named: &HeaderValue, info: &ClientInfo, uri: &Uri) -> Option<Uri> {
    let named = named.to_str().ok()?;
    let own = format!("{}://{}", info.scheme.as_str(), info.host);
    let path = match named.strip_prefix(&own) {
        Some(path) => path.to_owned(),
        None if named.starts_with('/') && !named.starts_with("//") => named.to_owned(),
        None if named.contains(':') || named.starts_with('/') => return None,
        None => {
            let folder = uri.path().rsplit_once('/').map_or("", |(folder, _)| folder);
            format!("{folder}/{named}")
        }
    };
    path.parse()
        .ok()
        .filter(|uri: &Uri| uri.path().starts_with('/'))
}

struct CacheableRequest<'a> {
    here: &'a Arc<WorkerContext>,
    running: &'a Arc<Running>,
    route: &'a Arc<Route>,
    info: &'a ClientInfo,
    key: Key,
    demand: Demand,
    /// The app's number of changes when the request arrived.
    changes: u64,
}

impl CacheableRequest<'_> {
    async fn answer(
        self,
        exchange: &mut Exchange<'_>,
        path: &NormalPath<'_>,
    ) -> (Answer, CacheOutcome) {
        let (request, outcome) = (&mut *exchange.request, &mut *exchange.outcome);
        let store = &self.here.shared.cache;
        let began = store.mark(&self.key);
        let found = store.find(&self.key, request.headers());
        let now = self.now();
        let judged = found.as_ref().map(|whole| self.judge(&whole.head, now));
        match (&found, judged) {
            (Some(whole), Some(CacheDecision::Fresh)) => {
                let told = CacheOutcome::Hit;
                return (self.asker(request.headers()).whole(whole, told), told);
            }
            (Some(whole), Some(CacheDecision::WhileRevalidating)) => {
                let told = CacheOutcome::Stale;
                let answer = self.asker(request.headers()).whole(whole, told);
                let is_fresh = |head: &StoredHead| self.is_fresh(head);
                if let Joined::Leads(guard) = store.join(&self.key, request.headers(), is_fresh) {
                    let fill = self.fill(request, began, found.clone(), guard);
                    tokio::spawn(fill.run(None));
                }
                return (answer, told);
            }
            _ if self.demand.only_if_cached => {
                outcome.why = "only_if_cached";
                let mut answer = bare(StatusCode::GATEWAY_TIMEOUT);
                set_cache_status(&mut answer, CacheOutcome::Absent);
                return (answer, CacheOutcome::Absent);
            }
            _ => {}
        }
        let why = match &found {
            None => "miss",
            Some(_) if self.demand.no_cache => "request",
            Some(_) => "stale",
        };
        // `HEAD` requests and requests for a range bypass the cache. So do requests for a key whose
        // response recently could not be cached.
        if self.demand.head || self.demand.part || store.is_passing(&self.key, now) {
            let (route, changes) = (self.route, self.changes);
            let stands_in = |whole: &Arc<Stored>| {
                whole.head.changes == changes && whole.head.freshness.stands_in(self.now())
            };
            let old = found.filter(stands_in);
            let old = old.map(|whole| (whole, request.headers().clone()));
            let answer = ask_and_purge(exchange, route, path).await;
            if let Some((whole, headers)) = old
                && is_fault(answer.status())
                && stands_in(&whole)
            {
                let told = CacheOutcome::Asked {
                    how: How::StandsIn(answer.status().as_u16()),
                    why,
                    collapsed: false,
                };
                exchange.outcome.why = "";
                return (self.asker(&headers).whole(&whole, told), told);
            }
            return bypassed(answer, why);
        }
        let policy = self.route.shared_cache.as_ref();
        let is_personal = policy.is_some_and(|policy| policy.is_personal(request.headers()));
        let guard = if self.demand.no_cache || is_personal {
            // A running fetch may be too old for this request, or its response may be for another
            // user.
            Store::alone()
        } else {
            match store.join(&self.key, request.headers(), |head| self.is_fresh(head)) {
                Joined::Leads(guard) => guard,
                Joined::Landed(whole) => {
                    let told = CacheOutcome::Hit;
                    return (self.asker(request.headers()).whole(&whole, told), told);
                }
                Joined::Follows(flight) => {
                    match self.follow(request.headers(), flight, why).await {
                        Some(answered) => return answered,
                        None => Store::alone(),
                    }
                }
            }
        };
        let fill = self.fill(request, began, found, guard);
        self.lead(fill, request.headers(), why, outcome).await
    }

    /// `None` if no response arrives in time, or if it does not suit this request.
    async fn follow(
        &self,
        headers: &HeaderMap,
        flight: Arc<InFlight>,
        why: &'static str,
    ) -> Option<(Answer, CacheOutcome)> {
        let store = &self.here.shared.cache;
        let waited = tokio::time::timeout(store.settings().wait, flight.wait());
        let (whole, how) = waited.await.ok()??;
        // A purge or a change may have affected the URL during the wait.
        if !whole.head.answers(headers)
            || !store.is_wanted(&whole.head)
            || whole.head.changes != self.changes
        {
            return None;
        }
        let told = CacheOutcome::Asked {
            how,
            why,
            collapsed: true,
        };
        Some((self.asker(headers).whole(&whole, told), told))
    }

    /// The separate task continues even if this client disconnects.
    async fn lead(
        &self,
        fill: CacheFill,
        headers: &HeaderMap,
        why: &'static str,
        outcome: &mut RequestOutcome,
    ) -> (Answer, CacheOutcome) {
        let (lead, led) = oneshot::channel();
        tokio::spawn(fill.run(Some(lead)));
        let Ok(led) = led.await else {
            // The task ended without a response.
            return (bare(StatusCode::BAD_GATEWAY), CacheOutcome::NotKept(why));
        };
        outcome.shown = led.outcome.shown;
        outcome.upstream = led.outcome.upstream;
        outcome.upstream_time = led.outcome.upstream_time;
        outcome.why = led.outcome.why;
        match led.answered {
            FetchedResponse::Whole(whole, how) => {
                let told = CacheOutcome::Asked {
                    how,
                    why,
                    collapsed: false,
                };
                (self.asker(headers).whole(&whole, told), told)
            }
            FetchedResponse::NotKept(mut answer) => {
                let told = CacheOutcome::NotKept(why);
                set_cache_status(&mut answer, told);
                (answer, told)
            }
        }
    }

    fn fill(
        &self,
        request: &Request<Body>,
        began: u64,
        old: Option<Arc<Stored>>,
        guard: FillGuard,
    ) -> CacheFill {
        CacheFill {
            here: Arc::clone(self.here),
            running: Arc::clone(self.running),
            route: Arc::clone(self.route),
            info: self.info.clone(),
            key: Arc::clone(&self.key),
            uri: request.uri().clone(),
            headers: request.headers().clone(),
            began,
            changes: self.changes,
            old,
            guard,
        }
    }

    fn is_fresh(&self, head: &StoredHead) -> bool {
        self.judge(head, self.now()) == CacheDecision::Fresh
    }

    fn judge(&self, head: &StoredHead, now: SystemTime) -> CacheDecision {
        if head.changes != self.changes {
            return CacheDecision::Ask;
        }
        head.freshness.judge(&self.demand, now)
    }

    fn asker<'b>(&'b self, headers: &'b HeaderMap) -> Asker<'b> {
        Asker {
            headers,
            demand: &self.demand,
            now: self.now(),
        }
    }

    fn now(&self) -> SystemTime {
        (self.here.shared.clock)()
    }
}
