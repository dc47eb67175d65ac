//! If the settings enable it, serves a public page that says whether the site and its services are
//! up.
//!
//! The page shows only services with a public name, and does not say why a service is down.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Router};
use jiff::{SignedDuration, Timestamp};
use site::Callers::{self, Anybody};
use supervisor::state::InstanceState;
use supervisor::{InstanceStatus, OWN_SERVICE};
use tokio::sync::Mutex;
use web::page::{self, Kind, Metadata, Page};
use web::share::Share;
use web::{Pages, Problem, Site, Text, Theme, Wishes};

use crate::control_requests::services::{ServiceRequest, ServiceResponse};
use crate::server_status::ServerStatus;

const HERE: &str = "/status";
/// Without this limit, visitors could keep the supervisor process busy.
const FRESH: SignedDuration = SignedDuration::from_secs(10);

pub struct PublicStatus {
    server: ServerStatus,
    /// The services on the page, each with its public name.
    services: Vec<(String, String)>,
    last: Mutex<Option<Seen>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    at: Timestamp,
    /// Since when there has been a ready worker without a gap.
    own_since: Option<Timestamp>,
    parts: Vec<PartState>,
    /// Whether the supervisor process has reported its services.
    is_known: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct PartState {
    name: String,
    is_up: bool,
    since: Timestamp,
}

impl PublicStatus {
    pub fn new(server: ServerStatus, services: Vec<(String, String)>) -> Self {
        Self {
            server,
            services,
            last: Mutex::default(),
        }
    }

    /// Returns the state. It is never older than [`FRESH`]. Concurrent callers share one request.
    async fn seen(&self, now: Timestamp) -> Seen {
        let mut last = self.last.lock().await;
        if let Some(seen) = &*last
            && seen.at <= now
            && now.duration_since(seen.at) < FRESH
        {
            return seen.clone();
        }
        let seen = match self.server.ask(ServiceRequest::Ps).await {
            Ok(ServiceResponse::Rows(rows)) => self.of(&rows, now),
            Ok(_) | Err(_) => Seen {
                at: now,
                own_since: None,
                parts: Vec::new(),
                is_known: false,
            },
        };
        *last = Some(seen.clone());
        seen
    }

    fn of(&self, rows: &[InstanceStatus], now: Timestamp) -> Seen {
        let of_service = |name: &str| {
            let name = name.to_owned();
            rows.iter().filter(move |row| *row.service == *name)
        };
        let ready = |name: &str| {
            let ready = of_service(name).filter(|row| row.state == InstanceState::Ready);
            // A replaced process may not have been there for long, but the service was.
            ready.map(|row| row.up_since.unwrap_or(row.since)).min()
        };
        let parts = self.services.iter().map(|(service, name)| {
            let up = ready(service);
            let down = of_service(service).map(|row| row.since).max();
            PartState {
                name: name.clone(),
                is_up: up.is_some(),
                since: up.or(down).unwrap_or(now),
            }
        });
        Seen {
            at: now,
            own_since: ready(OWN_SERVICE),
            parts: parts.collect(),
            is_known: true,
        }
    }
}

pub fn routes(status: PublicStatus) -> Router<Site> {
    Pages::<_, Callers>::default()
        .get(HERE, Anybody, show)
        .into_router()
        .layer(Extension(Arc::new(status)))
}

struct Part {
    name: String,
    is_up: bool,
    /// Whether it can save what visitors send.
    is_saving: bool,
    since: String,
}

impl Part {
    fn class(&self) -> &'static str {
        if self.is_up && self.is_saving {
            "yes"
        } else {
            "error"
        }
    }

    fn words(&self) -> &'static str {
        if !self.is_saving {
            "status-not-saving"
        } else if self.is_up {
            "status-up"
        } else {
            "status-down"
        }
    }
}

#[derive(Template)]
#[template(path = "status.html")]
struct StatusPage<'a> {
    text: &'a Text,
    is_well: bool,
    is_known: bool,
    parts: Vec<Part>,
    seen: String,
}

async fn show(
    State(site): State<Site>,
    Extension(status): Extension<Arc<PublicStatus>>,
    wishes: Wishes,
) -> Result<Response, Problem> {
    let text = site.speak_public(&wishes);
    let seen = status.seen(site.clock.now()).await;
    let moment = |at: Timestamp| text.moment_short_in(&site.settings.time_zone, at);
    // If the site itself were down, nobody could see this page.
    let own = PartState {
        name: site.settings.name.clone(),
        is_up: true,
        since: seen.own_since.unwrap_or(seen.at),
    };
    let is_saving = site.store.may_acknowledge();
    let all = std::iter::once((&own, is_saving)).chain(seen.parts.iter().map(|part| (part, true)));
    let parts = all.map(|(part, is_saving)| Part {
        name: part.name.clone(),
        is_up: part.is_up,
        is_saving,
        since: moment(part.since),
    });
    let body = StatusPage {
        text: &text,
        is_well: is_saving && seen.parts.iter().all(|part| part.is_up),
        is_known: seen.is_known,
        parts: parts.collect(),
        seen: moment(seen.at),
    };
    let title = text.say("status").into_owned();
    let named = [("site", site.settings.name.as_str().into())];
    let description = text.with("status-about", named);
    let languages = site.public_languages();
    let metadata = Metadata {
        share: Some(&Share::new(&site, &title, &description, HERE)),
        ..Metadata::default()
    };
    let page = Page {
        title: &format!("{title} – {}", site.settings.name),
        body,
        text: &text,
        theme: Theme::PLAIN,
        kind: Kind::Plain {
            site: &site,
            languages: &languages,
        },
    };
    let written = page::write_with(&page, metadata).map_err(Problem::internal)?;
    let mut response = written.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

#[cfg(test)]
mod tests {
    use platform::store::migrate::Migrations;
    use site::{Context, Domains};
    use testkit::{Visitor, World};
    use tokio::sync::mpsc;

    use super::*;
    use crate::control_requests::{ControlResponse, Reply};
    use crate::messages::{MessageSender, RequestIds, ToParent};
    use crate::test_site;

    const DOMAINS: Domains = &[accounts::DOMAIN];
    const MIGRATIONS: [Migrations; 2] = [platform::MIGRATIONS, identity::MIGRATIONS];

    fn row(service: &str, state: InstanceState, since: Timestamp) -> InstanceStatus {
        InstanceStatus {
            service: service.into(),
            instance: 0,
            generation: 1,
            state,
            pid: Some(4711),
            since,
            restarts: 3,
            cpu_percent: 0.0,
            memory_bytes: 0,
            requests_per_second: None,
            up_since: None,
            last_exit: Some("signal 9".to_owned()),
        }
    }

    #[test]
    fn one_that_was_replaced_without_a_gap_has_been_up_for_longer() {
        let now = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(1);
        let (sender, _) = mpsc::channel(1);
        let line = MessageSender::new(sender, RequestIds::default());
        let server = ServerStatus::new(line, mpsc::channel(1).0);
        let status = PublicStatus::new(server, vec![("web".to_owned(), "Web".to_owned())]);
        let mut rows = [OWN_SERVICE, "web"].map(|name| row(name, InstanceState::Ready, now));
        assert_eq!(status.of(&rows, now).own_since, Some(now));
        for row in &mut rows {
            row.up_since = Some(Timestamp::UNIX_EPOCH);
        }
        let seen = status.of(&rows, now);
        assert_eq!(seen.own_since, Some(Timestamp::UNIX_EPOCH));
        assert_eq!(seen.parts[0].since, Timestamp::UNIX_EPOCH);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn everybody_sees_named_services_and_no_others() {
        let world = World::sqlite(&MIGRATIONS);
        let now = world.platform.clock.now();
        let (outbox, mut asked) = mpsc::channel(8);
        let line = MessageSender::new(outbox, RequestIds::default());
        let server = ServerStatus::new(line.clone(), mpsc::channel(1).0);
        let (count, counted) = tokio::sync::watch::channel(0);
        tokio::spawn(async move {
            while let Some((message, _)) = asked.recv().await {
                let ToParent::Request { id, .. } = message else {
                    continue;
                };
                count.send_modify(|count| *count += 1);
                let rows = vec![
                    row(OWN_SERVICE, InstanceState::Ready, now),
                    row("web", InstanceState::Ready, now),
                    row("rsvp", InstanceState::Failed, now),
                    row("secret-job", InstanceState::Failed, now),
                ];
                let rows = ControlResponse::Services(ServiceResponse::Rows(rows));
                line.answered(id, Reply::Ok(rows));
            }
        });
        let languages = ["en", "ms", "it", "zh-Hans", "ar"];
        let site = test_site::site(&world, DOMAINS, &languages);
        let accounts = Context::new(site, DOMAINS);
        let named = [("web", "Wedding cards"), ("rsvp", "Answers")];
        let named = named.map(|(name, label)| (name.to_owned(), label.to_owned()));
        let pages = routes(PublicStatus::new(server, named.into()));
        let pages = accounts::web::around(&accounts, pages);
        let mut visitor = Visitor::new(web::serve(&accounts.site, pages));
        let page = visitor.get("/status").await;
        page.expect(200);
        let said = page.text();
        for part in [
            "Some parts are down",
            "Kenduri Kami Up",
            "Wedding cards Up",
            "Answers Down",
            "Since",
        ] {
            assert!(said.contains(part), "{part} is not in {said}");
        }
        for secret in ["secret-job", "signal 9", "4711", "rsvp"] {
            assert!(!page.body.contains(secret), "{secret} is in {}", page.body);
        }
        for (language, words) in [
            ("ms", "Sebahagian tidak berfungsi"),
            ("it", "Alcune parti non funzionano"),
            ("zh-Hans", "部分服务不可用"),
            ("ar", "بعض الأجزاء لا تعمل"),
        ] {
            let page = visitor.get(&format!("/status?lang={language}")).await;
            assert!(page.text().contains(words), "{language}: {}", page.text());
        }
        assert_eq!(
            *counted.borrow(),
            1,
            "the supervisor process is asked seldom"
        );
        world.clock.advance(SignedDuration::from_secs(10));
        visitor.get("/status").await.expect(200);
        assert_eq!(*counted.borrow(), 2);
        // Another machine may take over.
        world.platform.store.acknowledge_while(|| false);
        let said = visitor.get("/status?lang=en").await.text();
        let expected = "Kenduri Kami Pages are shown, but nothing can be saved at the moment";
        assert!(said.contains(expected), "{said}");
        assert_eq!(accounts.site.catalogue.missing(), [""; 0]);
    }
}
