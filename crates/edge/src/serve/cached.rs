//! A request on a route whose answers are kept: what is kept, what is on its way, or
//! the target. See [`cache`](crate::cache).

use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use http::header::{
    ACCEPT_ENCODING, CONTENT_LOCATION, ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE,
    LAST_MODIFIED, LOCATION, RANGE,
};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri, request};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use tokio::sync::oneshot;

use crate::body::{Answer, Body};
use crate::cache::{
    Asker, Demand, Flight, Head, Heard, How, Joined, Kept, Key, Landing, Policy, Purge, Reader,
    Store, Told, Verdict, Way, Whole, confirms, gateway_only, has_validator, is_fault, renewed,
    taken_purges, taken_tags, tell,
};
use crate::edge::Running;
use crate::facts::Facts;
use crate::proxy::Unframed;
use crate::route::{NormalPath, Route, Target};

use super::{Course, Here, bare, target};

/// Lets what is kept answer, or the target of the route.
pub(super) async fn answer(
    here: &Arc<Here>,
    running: &Arc<Running>,
    route: &Arc<Route>,
    facts: &Facts,
    path: &NormalPath<'_>,
    mut request: Request<Body>,
    course: &mut Course,
) -> Answer {
    let Some(policy) = &route.shared_cache else {
        return asked(here, running, route, facts, path, request, course).await;
    };
    let Some(key) = key(policy, route, facts, path, request.uri()) else {
        return bare(StatusCode::URI_TOO_LONG);
    };
    let has_body = !request.body().is_end_stream();
    let way = Way::of(request.method(), request.headers(), has_body);
    let (answer, told) = match way.told_by(request.headers(), facts) {
        Way::Changes => {
            let uri = request.uri().clone();
            let mut answer = asked(here, running, route, facts, path, request, course).await;
            let outdated = outdated(policy, route, facts, (&key, &uri), &answer);
            here.shared.cache.purge_all(outdated).await;
            let told = Told::Around("method");
            tell(&mut answer, told);
            (answer, told)
        }
        Way::Around => {
            let mut answer = asked(here, running, route, facts, path, request, course).await;
            let told = Told::Around("bypass");
            tell(&mut answer, told);
            (answer, told)
        }
        Way::In(demand) => {
            // Some proxies always send it and no program needs it, but an answer might
            // repeat it.
            request.headers_mut().remove("x-forwarded-server");
            let visit = Visit {
                here,
                running,
                route,
                facts,
                key,
                demand,
            };
            visit.answer(path, request, course).await
        }
    };
    course.cache = told.word();
    policy.figures.came(told.word());
    answer
}

/// Asks the target, and heeds what it wants purged.
async fn asked(
    here: &Here,
    running: &Running,
    route: &Route,
    facts: &Facts,
    path: &NormalPath<'_>,
    request: Request<Body>,
    course: &mut Course,
) -> Answer {
    let mut answer = target::reach(here, running, route, facts, path, request, course).await;
    if matches!(route.target, Target::App | Target::Proxy(_)) {
        let tags = taken_purges(answer.headers_mut());
        if !tags.is_empty() {
            let scope: Arc<str> = route.to.as_str().into();
            let purge = |tag| Purge::Tag {
                scope: Some(Arc::clone(&scope)),
                tag,
            };
            let purges = tags.into_iter().map(purge).collect();
            here.shared.cache.purge_all(purges).await;
        }
    }
    answer
}

/// What the answer is kept under: the path as the target is asked for it.
fn key(
    policy: &Policy,
    route: &Route,
    facts: &Facts,
    path: &NormalPath<'_>,
    uri: &Uri,
) -> Option<Key> {
    if matches!(route.target, Target::App) {
        let target = uri.path_and_query().map_or("/", |path| path.as_str());
        return Some(policy.key(facts, target));
    }
    let target = route.forwarded(path, uri).ok()?;
    Some(policy.key(facts, target.as_str()))
}

/// What a change that succeeded makes worthless: what is kept of its address, and of
/// the addresses that its answer names (RFC 9111, section 4.4).
fn outdated(
    policy: &Policy,
    route: &Route,
    facts: &Facts,
    (key, uri): (&Key, &Uri),
    answer: &Answer,
) -> Vec<Purge> {
    if !answer.status().is_success() && !answer.status().is_redirection() {
        return Vec::new();
    }
    let mut keys = vec![Arc::clone(key)];
    for name in [LOCATION, CONTENT_LOCATION] {
        let named = answer.headers().get(name);
        if let Some(named) = named.and_then(|named| here_at(named, facts, uri))
            && let Ok(path) = NormalPath::parse(named.path())
        {
            keys.extend(self::key(policy, route, facts, &path, &named));
        }
    }
    keys.into_iter().map(Purge::Address).collect()
}

/// The address that a header names, if it is on the same host.
fn here_at(named: &HeaderValue, facts: &Facts, uri: &Uri) -> Option<Uri> {
    let named = named.to_str().ok()?;
    let own = format!("{}://{}", facts.scheme.as_str(), facts.host);
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

/// A request that may be answered from what is kept.
struct Visit<'a> {
    here: &'a Arc<Here>,
    running: &'a Arc<Running>,
    route: &'a Arc<Route>,
    facts: &'a Facts,
    key: Key,
    demand: Demand,
}

impl Visit<'_> {
    async fn answer(
        self,
        path: &NormalPath<'_>,
        request: Request<Body>,
        course: &mut Course,
    ) -> (Answer, Told) {
        let store = &self.here.shared.cache;
        let began = store.mark();
        let found = store.find(&self.key, request.headers()).await;
        let now = self.now();
        let judged = found
            .as_ref()
            .map(|whole| whole.stored.head.freshness.judge(&self.demand, now));
        match (&found, judged) {
            (Some(whole), Some(Verdict::Fresh)) => {
                let told = Told::Hit;
                return (self.asker(request.headers()).whole(whole, told), told);
            }
            (Some(whole), Some(Verdict::WhileRevalidating)) => {
                let told = Told::Stale;
                let answer = self.asker(request.headers()).whole(whole, told);
                let is_fresh = |head: &Head| self.is_fresh(head);
                if let Joined::Leads(landing) = store.join(&self.key, request.headers(), is_fresh) {
                    let (parts, _) = request.into_parts();
                    let errand = self.errand(&parts, began, found.clone(), landing);
                    tokio::spawn(errand.run(None));
                }
                return (answer, told);
            }
            _ => {}
        }
        if self.demand.only_if_cached {
            let answer = gateway_only(bare(StatusCode::GATEWAY_TIMEOUT));
            return (answer, Told::Around("request"));
        }
        let why = match &found {
            None => "miss",
            Some(_) if self.demand.no_cache => "request",
            Some(_) => "stale",
        };
        // What is answered to these cannot be kept, or is known not to be lately.
        if self.demand.head || self.demand.part || store.is_passing(&self.key, now) {
            let Self {
                here,
                running,
                route,
                facts,
                ..
            } = self;
            let mut answer = asked(here, running, route, facts, path, request, course).await;
            let told = Told::Around(why);
            tell(&mut answer, told);
            return (answer, told);
        }
        let (parts, _) = request.into_parts();
        let landing = if self.demand.no_cache {
            // What began before this request is not new enough for it.
            Store::alone()
        } else {
            match store.join(&self.key, &parts.headers, |head| self.is_fresh(head)) {
                Joined::Leads(landing) => landing,
                Joined::Landed(whole) => {
                    let told = Told::Hit;
                    return (self.asker(&parts.headers).whole(&whole, told), told);
                }
                Joined::Follows(flight) => match self.follow(&parts.headers, flight, why).await {
                    Some(answered) => return answered,
                    None => Store::alone(),
                },
            }
        };
        let errand = self.errand(&parts, began, found, landing);
        self.lead(errand, &parts.headers, why, course).await
    }

    /// Waits for the answer to another request like this one; nothing: it does not
    /// come, or is not for this one.
    async fn follow(
        &self,
        headers: &HeaderMap,
        flight: Arc<Flight>,
        why: &'static str,
    ) -> Option<(Answer, Told)> {
        let wait = self.here.shared.cache.settings().wait;
        let told = |how| Told::Asked {
            how,
            why,
            collapsed: true,
        };
        // A purge may have come between that request and this one.
        let store = &self.here.shared.cache;
        let is_for_us = |head: &Head| head.answers(headers) && store.is_wanted(head);
        match tokio::time::timeout(wait, flight.heard()).await.ok()? {
            Heard::Whole(whole, how) if is_for_us(&whole.stored.head) => {
                let told = told(how);
                Some((self.asker(headers).whole(&whole, told), told))
            }
            Heard::Coming(head, length, reader) if is_for_us(&head) => {
                let told = told(How::New);
                let asker = self.asker(headers);
                Some((asker.coming(&head, Some(length), reader, told), told))
            }
            Heard::Whole(..) | Heard::Coming(..) | Heard::Nothing => None,
        }
    }

    /// Has a task fetch the answer: it goes on when this client leaves.
    async fn lead(
        &self,
        errand: Errand,
        headers: &HeaderMap,
        why: &'static str,
        course: &mut Course,
    ) -> (Answer, Told) {
        let (lead, led) = oneshot::channel();
        tokio::spawn(errand.run(Some(lead)));
        let Ok(led) = led.await else {
            // Its task was ended in the middle.
            return (bare(StatusCode::BAD_GATEWAY), Told::NotKept(why));
        };
        course.is_the_apps = led.course.is_the_apps;
        course.upstream = led.course.upstream;
        course.upstream_time = led.course.upstream_time;
        course.why = led.course.why;
        let told = |how| Told::Asked {
            how,
            why,
            collapsed: false,
        };
        match led.answered {
            Answered::Whole(whole, how) => {
                let told = told(how);
                let answer = self.asker(headers).whole(&whole, told);
                let is_its_own = how == How::New && answer.status() == whole.stored.head.status;
                course.is_the_apps &= is_its_own;
                (answer, told)
            }
            Answered::Coming(head, length, reader) => {
                let told = told(How::New);
                let asker = self.asker(headers);
                let answer = asker.coming(&head, length, reader, told);
                course.is_the_apps &= answer.status() == head.status;
                (answer, told)
            }
            Answered::NotKept(mut answer) => {
                let told = Told::NotKept(why);
                tell(&mut answer, told);
                (answer, told)
            }
        }
    }

    fn errand(
        &self,
        parts: &request::Parts,
        began: u64,
        old: Option<Whole>,
        landing: Landing,
    ) -> Errand {
        Errand {
            here: Arc::clone(self.here),
            running: Arc::clone(self.running),
            route: Arc::clone(self.route),
            facts: self.facts.clone(),
            key: Arc::clone(&self.key),
            uri: parts.uri.clone(),
            headers: parts.headers.clone(),
            began,
            old,
            landing,
        }
    }

    fn is_fresh(&self, head: &Head) -> bool {
        head.freshness.judge(&self.demand, self.now()) == Verdict::Fresh
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

/// What the leader hears of its errand.
struct Led {
    course: Course,
    answered: Answered,
}

enum Answered {
    Whole(Whole, How),
    Coming(Arc<Head>, Option<u64>, Reader),
    NotKept(Answer),
}

/// An answer to be fetched for all who wait for it.
struct Errand {
    here: Arc<Here>,
    running: Arc<Running>,
    route: Arc<Route>,
    facts: Facts,
    key: Key,
    uri: Uri,
    headers: HeaderMap,
    /// The last purge before it began.
    began: u64,
    /// What is kept already, and may be confirmed or stand in.
    old: Option<Whole>,
    landing: Landing,
}

impl Errand {
    async fn run(mut self, lead: Option<oneshot::Sender<Led>>) {
        let flight = Arc::clone(&self.landing.0);
        let store = Arc::clone(&self.here.shared.cache);
        let mut course = Course::default();
        let hear = |course, answered| {
            if let Some(lead) = lead {
                // The client may have left.
                let _ = lead.send(Led { course, answered });
            }
        };
        let (mut answer, asked) = self.fetch(&mut course).await;
        let received = (self.here.shared.clock)();
        let old = self.old.take();
        let tags = taken_tags(answer.headers_mut());
        if let Some(old) = &old {
            let head = &old.stored.head;
            if answer.status() == StatusCode::NOT_MODIFIED {
                let headers = renewed(&head.headers, answer.headers(), received);
                let headers_of_one = headers.clone();
                let tags = match &tags {
                    Ok(tags) if tags.is_empty() => Some(&head.tags),
                    tags => tags.as_ref().ok(),
                };
                if let Some(head) =
                    tags.and_then(|tags| self.head(head.status, headers, asked, received, tags))
                {
                    let whole = store.keep(Arc::new(head), old.body.clone());
                    flight.keep(whole.clone(), How::Renewed);
                    return hear(course, Answered::Whole(whole, How::Renewed));
                }
                // It is the same, and may not be kept any longer: this client's alone.
                store.remove(&old.stored);
                flight.not_kept(None);
                course.is_the_apps = false;
                let mut answer = Answer::new(Body::full(old.body.clone()));
                *answer.status_mut() = head.status;
                *answer.headers_mut() = headers_of_one;
                return hear(course, Answered::NotKept(answer));
            }
            if is_fault(answer.status()) && head.freshness.stands_in(received) {
                let how = How::StandsIn(answer.status().as_u16());
                flight.keep(old.clone(), how);
                course.why = "";
                return hear(course, Answered::Whole(old.clone(), how));
            }
        }
        let status = answer.status();
        let is_framed = answer.extensions().get::<Unframed>().is_none();
        let length = answer.body().size_hint().exact();
        let head = tags
            .ok()
            .filter(|_| is_framed)
            .and_then(|tags| self.head(status, answer.headers().clone(), asked, received, &tags));
        let Some((head, room)) =
            head.and_then(|head| Some((Arc::new(head), store.gather(length.unwrap_or(0))?)))
        else {
            if let Some(old) = &old
                && !status.is_server_error()
            {
                store.remove(&old.stored);
            }
            if !status.is_server_error() {
                store.pass(&self.key, received);
            }
            flight.not_kept(None);
            return hear(course, Answered::NotKept(answer));
        };
        let (parts, mut body) = answer.into_parts();
        if let Body::Empty | Body::Full(_) = &body {
            // All of it is there, and nothing of it can fail.
            let bytes = body
                .collect()
                .await
                .map(http_body_util::Collected::to_bytes);
            let whole = store.keep(head, exactly(&bytes.unwrap_or_default()));
            flight.keep(whole.clone(), How::New);
            return hear(course, Answered::Whole(whole, How::New));
        }
        drop(parts);
        let reader = flight.comes(&head, length, room);
        hear(course, Answered::Coming(Arc::clone(&head), length, reader));
        let mut deserted = std::pin::pin!(flight.is_deserted());
        loop {
            let frame = tokio::select! {
                frame = body.frame() => frame,
                // Without a length it may go on for ever.
                () = &mut deserted, if length.is_none() => {
                    return flight.broke("nobody waited for it");
                }
            };
            match frame.transpose() {
                Ok(None) => break,
                Ok(Some(frame)) => {
                    // Trailers are not kept (RFC 9111, section 3.1).
                    let Ok(data) = frame.into_data() else {
                        continue;
                    };
                    if !flight.push(data) {
                        return flight.not_kept(Some(body));
                    }
                }
                Err(error) => return flight.broke(&error.to_string()),
            }
        }
        let whole = flight.gathered();
        if length.is_some_and(|length| length != whole.len() as u64) {
            return flight.broke("it has another length than was said");
        }
        let whole = store.keep(head, whole);
        flight.keep(whole, How::New);
    }

    /// The answer of the target, and when it was asked. What is kept already is
    /// confirmed if nothing changed.
    async fn fetch(&mut self, course: &mut Course) -> (Answer, SystemTime) {
        loop {
            let asked_at = (self.here.shared.clock)();
            let request = self.request();
            let Ok(path) = NormalPath::parse(self.uri.path()) else {
                return (bare(StatusCode::BAD_REQUEST), asked_at);
            };
            let (here, running, route) = (&*self.here, &*self.running, &*self.route);
            let answer = asked(here, running, route, &self.facts, &path, request, course).await;
            match &self.old {
                Some(old)
                    if answer.status() == StatusCode::NOT_MODIFIED
                        && !confirms(answer.headers(), &old.stored.head.headers) =>
                {
                    // It speaks of something else than what is kept.
                    self.here.shared.cache.remove(&old.stored);
                    self.old = None;
                }
                _ => return (answer, asked_at),
            }
        }
    }

    /// The request for all: for the whole, as it is, unless it is what is kept already.
    fn request(&self) -> Request<Body> {
        let mut headers = self.headers.clone();
        for name in [IF_NONE_MATCH, IF_MODIFIED_SINCE, IF_RANGE, RANGE] {
            headers.remove(name);
        }
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        if let Some(old) = &self.old {
            let kept = &old.stored.head.headers;
            if has_validator(kept) {
                for (validator, condition) in
                    [(ETAG, IF_NONE_MATCH), (LAST_MODIFIED, IF_MODIFIED_SINCE)]
                {
                    if let Some(value) = kept.get(validator) {
                        headers.insert(condition, value.clone());
                    }
                }
            }
        }
        let mut request = Request::new(Body::Empty);
        *request.method_mut() = Method::GET;
        *request.uri_mut() = self.uri.clone();
        *request.headers_mut() = headers;
        request
    }

    /// The answer as it may be kept; nothing: it may not.
    fn head(
        &self,
        status: StatusCode,
        headers: HeaderMap,
        asked: SystemTime,
        received: SystemTime,
        tags: &[Box<str>],
    ) -> Option<Head> {
        let policy = self.route.shared_cache.as_ref()?;
        let kept = Kept {
            status,
            headers: &headers,
            asked,
            received,
        };
        let freshness = kept.freshness(&policy.unsaid)?;
        Some(Head::new(
            Arc::clone(&self.key),
            &self.headers,
            status,
            headers,
            tags.to_vec(),
            freshness,
            self.began,
        ))
    }
}

/// The bytes in a place of their own: they may be a small part of a large one.
fn exactly(bytes: &Bytes) -> Bytes {
    Bytes::copy_from_slice(bytes)
}
