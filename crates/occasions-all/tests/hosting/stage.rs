//! Builds the demo occasion with hosts of every role, and their browsers.

use std::ops::Deref;
use std::sync::Arc;

use axum::Router;
use identity::account::AccountId;
use identity::grant::{self, Scope};
use identity::session::signed_in::SignedIn;
use identity::session::token::{PROFILE_READ, TokenScope};
use occasions::code::CodeKey;
use occasions::hosting::{HostOf, Refusal, bulk, campaign, enter};
use occasions::id::InvitationId;
use occasions::open_rsvp::{self, Respondent};
use occasions::refusal::Refusal as GuestRefusal;
use occasions::role::{self, Role};
use occasions::rsvp;
use occasions::single_answer::{self, Answer, IncomingAnswer, Outcome};
use occasions::token_scopes::{OCCASION_READ, OCCASION_WRITE, RSVPS_READ, RSVPS_WRITE};
use occasions::words::{ReplyStatus, Source};
use occasions_lists::{export, import};
use platform::jobs::{Handler, Worker};
use platform::{Rows, Secret, Tx, sql};
use serde_json::Value;
use site::domain::Domains;
use site::domains;
use testkit::people::read;
use testkit::{Page, Visitor, World, clock_times};
use web::{Peer, SiteUrl};

use crate::demo;

pub(crate) use testkit::stage::call;

pub(crate) const DOMAINS: Domains = &[accounts::DOMAIN, occasions_all::DOMAIN];

pub(crate) const ALL: [TokenScope; 5] = [
    PROFILE_READ,
    OCCASION_READ,
    OCCASION_WRITE,
    RSVPS_READ,
    RSVPS_WRITE,
];

/// Like [`clock_times::check`]. Previews and cards of an invitation give the times of its place, as
/// the invitation does.
fn check(page: &Page) {
    let is_invitation = ["/preview/page", "/print/a6"];
    if !is_invitation.iter().any(|part| page.address.contains(part)) {
        clock_times::check(page);
    }
}

/// The published demo occasion with hosts of every role.
pub(crate) struct Stage<'w> {
    demo: demo::Stage<'w>,
    pub(crate) owner: Host,
    pub(crate) coordinator: Host,
    pub(crate) observer: Host,
    /// An administrator of the site who is not a member of the occasion.
    pub(crate) stranger: Host,
}

#[derive(Clone)]
pub(crate) struct Host {
    pub(crate) account: AccountId,
    pub(crate) who: SignedIn,
    session: Secret,
}

impl<'w> Deref for Stage<'w> {
    type Target = demo::Stage<'w>;

    fn deref(&self) -> &Self::Target {
        &self.demo
    }
}

/// Runs the test on the default engine.
pub(crate) fn on_default<F: AsyncFn(&Stage<'_>)>(test: F) {
    World::default_engine(&domains::migrations(DOMAINS), async move |world| {
        run(world, &test).await;
    });
}

/// Like [`on_default`], with a store in a SQLite file.
pub(crate) fn on_sqlite<F: AsyncFn(&Stage<'_>)>(test: F) {
    World::in_file(&domains::migrations(DOMAINS), async move |world| {
        run(world, &test).await;
    });
}

/// Like [`on_default`], on SQLite and on PostgreSQL.
pub(crate) fn on_both<F: AsyncFn(&Stage<'_>)>(test: F) {
    World::each_engine(&domains::migrations(DOMAINS), async move |world| {
        run(world, &test).await;
    });
}

async fn run<F: AsyncFn(&Stage<'_>)>(world: &World, test: &F) {
    // Changing an event's date may enqueue this job.
    world.expect_jobs("date.moved");
    test(&Stage::build(world).await).await;
}

impl<'w> Stage<'w> {
    async fn build(world: &'w World) -> Self {
        let languages = ["en", "ms"];
        let demo = demo::Stage::build(world, DOMAINS, &languages, |_, _| Router::new()).await;
        let here = role::scope(&demo.occasion);
        let host = async |name: &str, role: grant::Role, scope: &Scope| {
            let (full, email) = (format!("The {name}"), format!("{name}@example.com"));
            let role = Some((role, scope.clone()));
            let (who, session) = demo.sign_in(&full, &email, role).await;
            let account = who.account().id.clone();
            Host {
                account,
                who,
                session,
            }
        };
        Self {
            owner: host("owner", Role::OccasionOwner.into(), &here).await,
            coordinator: host("coordinator", Role::Coordinator.into(), &here).await,
            observer: host("observer", Role::Observer.into(), &here).await,
            stranger: host("stranger", grant::OWNER, &Scope::site()).await,
            demo,
        }
    }

    /// Answers on the public page. `body` may contain a code.
    pub(crate) async fn answer(&self, body: Value) -> Result<Outcome, GuestRefusal> {
        let occasion = self.occasion.clone();
        let change = move |tx: &mut Tx<'_>| {
            let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
            let wish = text("wish") + &text("message");
            let incoming = IncomingAnswer {
                answer: Answer {
                    attending: match body["attending"].as_bool() {
                        Some(true) => ReplyStatus::Yes,
                        _ => ReplyStatus::No,
                    },
                    replies: None,
                    party: body["guests"].as_i64(),
                    wish,
                },
                wrong: Vec::new(),
                source: Source::Api,
                repeat: None,
                request: None,
            };
            if let Ok(code) = CodeKey::parse(&text("code")) {
                return single_answer::save(tx, &occasion, &code, &incoming);
            }
            let respondent = Respondent {
                name: text("name"),
                email: text("email"),
                network: "192.0.2.1".to_owned(),
                ..Respondent::default()
            };
            open_rsvp::answer(tx, &occasion, &respondent, &incoming)
        };
        self.site.store.write(change).await
    }

    /// Allows jobs for confirmation mails to be waiting when the test ends.
    pub(crate) fn expect_confirmations(&self) {
        self.world.expect_jobs(rsvp::CONFIRM);
    }

    /// Allows jobs for bulk actions, imports and exports to be waiting when the test ends.
    pub(crate) fn expect_work(&self) {
        self.world.expect_jobs(bulk::KIND);
        self.world.expect_jobs(export::KIND);
        self.world.expect_jobs(import::KIND);
        self.world.expect_jobs(campaign::KIND);
    }

    /// Signs in a further host, for tests that outlast the sessions of the other hosts.
    pub(crate) async fn another(&self, name: &str, role: Role) -> Host {
        let role = Some((role.into(), role::scope(&self.occasion)));
        let email = format!("{name}@example.com");
        let (who, session) = self.demo.sign_in(name, &email, role).await;
        let account = who.account().id.clone();
        Host {
            account,
            who,
            session,
        }
    }

    pub(crate) fn nobody(&self) -> Visitor {
        self.demo.visitor()
    }

    pub(crate) fn visitor(&self, host: &Host) -> Visitor {
        self.visitor_on(self.router.clone(), host)
    }

    /// Returns a host's browser on a site with other settings.
    pub(crate) fn visitor_on(&self, router: Router, host: &Host) -> Visitor {
        let mut visitor = Visitor::new(router).checked_by(Some(check));
        visitor.carry(Peer("192.0.2.1".parse().unwrap()));
        visitor.set_cookie("kd_session", host.session.reveal());
        let token = web::csrf::token(host.session.reveal(), &self.site.random);
        visitor.header("x-csrf-token", &token);
        visitor
    }

    /// Returns a host's browser on the same site with this public name.
    pub(crate) fn site_at(&self, name: &str, has_mail: bool, host: &Host) -> Visitor {
        let url = format!("http://{name}");
        let site = self.changed(|accounts| {
            let settings = Arc::make_mut(&mut accounts.site.settings);
            settings.has_mail = has_mail;
            settings.url = SiteUrl::parse(&url).unwrap();
        });
        let mut visitor = self.visitor_on(site.router(), host);
        visitor.header("host", name);
        visitor.header("origin", &url);
        visitor
    }

    /// Returns a host's browser on the same site, as others reach it.
    pub(crate) fn public(&self, host: &Host) -> Visitor {
        self.site_at("wedding.example", true, host)
    }

    /// Returns an API client with a new token of this host.
    pub(crate) async fn program(&self, host: &Host, scopes: &[TokenScope]) -> Visitor {
        let token = testkit::stage::new_token(&self.site.store, &host.account, scopes, None).await;
        let mut visitor = self.nobody();
        visitor.header("authorization", &token);
        visitor
    }

    /// Gives a host a password. An account counts as an owner only if it can sign in.
    pub(crate) async fn give_password(&self, host: &Host) {
        let account = host.account.clone();
        let give = move |tx: &mut Tx<'_>| {
            tx.run(
                sql!("INSERT INTO password (account_id, hash, changed_at) VALUES ($1, '-', 0)"),
                &[&account],
                Rows::Exactly(1),
            )
        };
        self.site.store.write(give).await.unwrap();
    }

    /// Revokes all API tokens, because an account can have only a few.
    pub(crate) async fn forget_tokens(&self) {
        let forget = |tx: &mut Tx<'_>| tx.run(sql!("DELETE FROM personal_token"), &[], Rows::Any);
        self.site.store.write(forget).await.unwrap();
    }

    /// Runs `change` as this host in a single transaction.
    pub(crate) async fn act<T, F>(&self, host: &Host, change: F) -> Result<T, Refusal>
    where
        T: Send + 'static,
        F: Fn(&mut Tx<'_>, &HostOf) -> Result<T, Refusal> + Send + 'static,
    {
        let (who, occasion) = (host.who.clone(), self.occasion.clone());
        let store = self.site.store.clone();
        store
            .write(move |tx| {
                let host = enter(tx, &who, &occasion, None)?;
                change(tx, &host)
            })
            .await
    }

    /// Runs `change` as the owner, like [`Stage::act`]. Panics if the change is refused.
    pub(crate) async fn done<T, F>(&self, change: F) -> T
    where
        T: Send + 'static,
        F: Fn(&mut Tx<'_>, &HostOf) -> Result<T, Refusal> + Send + 'static,
    {
        self.act(&self.owner, change).await.unwrap()
    }

    /// The key of addresses that get no mail.
    pub(crate) fn key(&self) -> platform::key::Key {
        self.site.keys.key(platform::mail::suppression::PURPOSE)
    }

    pub(crate) async fn invitation(&self, code: &'static str) -> InvitationId {
        let find = move |tx: &mut Tx<'_>| -> Result<(InvitationId,), _> {
            sql!("SELECT id FROM invitation WHERE code = :code", code).one(tx)
        };
        read(&self.site.store, find).await.0
    }

    pub(crate) fn at(&self, rest: &str) -> String {
        format!("/api/v1/occasions/{}{rest}", self.occasion)
    }

    /// The jobs that hosts start.
    pub(crate) fn jobs(&self) -> Vec<Handler> {
        let mut jobs = (occasions_lists::FEATURE.jobs)(&self.site);
        jobs.push(bulk::handler(self.site.store.clone()));
        jobs
    }

    pub(crate) fn worker(&self) -> Worker {
        let mut handlers = self.jobs();
        handlers.push(occasions::web::alarm::alarms(self.site.clone()));
        handlers.extend((occasions_all::DOMAIN.deletions)(&self.site));
        Worker::new(
            self.site.store.clone(),
            self.site.clock.clone(),
            self.site.random.clone(),
            handlers,
        )
    }

    pub(crate) async fn actions(&self) -> Vec<String> {
        let all = |tx: &mut Tx<'_>| -> Result<Vec<(String,)>, _> {
            tx.all(sql!("SELECT action FROM audit ORDER BY sequence"), &[])
        };
        let rows = read(&self.site.store, all).await;
        rows.into_iter().map(|(action,)| action).collect()
    }

    /// Returns the published events with their data, oldest first.
    pub(crate) async fn news(&self) -> Vec<(String, Value)> {
        let all = |tx: &mut Tx<'_>| -> Result<Vec<(String, String)>, _> {
            tx.all(
                sql!("SELECT name, payload FROM news ORDER BY sequence"),
                &[],
            )
        };
        let rows = read(&self.site.store, all).await.into_iter();
        rows.map(|(name, payload)| (name, serde_json::from_str(&payload).unwrap()))
            .collect()
    }
}

pub(crate) fn code<T: std::fmt::Debug>(outcome: Result<T, Refusal>) -> &'static str {
    web::Problem::from(outcome.unwrap_err()).code
}

/// Returns the field errors in a refusal: the JSON pointer and the code of each.
pub(crate) fn fields<T: std::fmt::Debug>(
    outcome: Result<T, Refusal>,
) -> Vec<(String, &'static str)> {
    let problem = web::Problem::from(outcome.unwrap_err());
    assert_eq!(problem.code, "validation_failed");
    let errors = problem.errors.iter();
    errors
        .map(|error| (error.pointer.clone(), error.code))
        .collect()
}
