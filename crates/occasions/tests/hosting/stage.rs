//! The demo occasion on a world of its own, and hosts of every role with their
//! browsers.

use std::sync::Arc;

use accounts::Accounts;
use accounts::account::{self, AccountId, NewAccount};
use accounts::client::Client;
use accounts::domain::{self, Domains};
use accounts::grant::{self, Scope};
use accounts::session::{self, Method as SignInMethod, Stay};
use accounts::signed_in::{self, SignedIn};
use accounts::token::{self, NewToken, PROFILE_READ, TokenScope};
use axum::http::Method;
use axum::{Extension, Router};
use jiff::tz::TimeZone;
use occasions::code::CodeKey;
use occasions::hosting::{HostOf, Refusal, bulk, enter, export};
use occasions::invitation::InvitationId;
use occasions::link::LinkKey;
use occasions::occasion::OccasionId;
use occasions::open_rsvp::{self, Respondent};
use occasions::refusal::Refusal as GuestRefusal;
use occasions::role::{self, Role};
use occasions::rsvp;
use occasions::single_answer::{self, Answer, IncomingAnswer, Outcome};
use occasions::token_scopes::{OCCASION_READ, OCCASION_WRITE, RSVPS_READ, RSVPS_WRITE};
use occasions::web::guest::CodeGate;
use occasions::words::{ReplyStatus, Source};
use platform::audit::RequestFacts;
use platform::jobs::Worker;
use platform::limits::guess::GuessBudget;
use platform::store::migrate::Migrations;
use platform::{Rows, Secret, StoreError, Tx, sql};
use serde_json::Value;
use testkit::{English, Page, Visitor, World};
use web::client_info::Proxies;
use web::{Peer, Site, SiteUrl};

/// The tables behind hosts' pages.
pub(crate) const MIGRATIONS: [Migrations; 3] = [
    platform::MIGRATIONS,
    accounts::MIGRATIONS,
    occasions::MIGRATIONS,
];

/// The demo, and people who work on it.
pub(crate) struct Stage<'w> {
    pub(crate) world: &'w World,
    pub(crate) site: Site,
    pub(crate) occasion: OccasionId,
    pub(crate) owner: Host,
    pub(crate) coordinator: Host,
    pub(crate) observer: Host,
    /// Owns the installation, and is nothing to the occasion.
    pub(crate) stranger: Host,
    /// What is left of guesses at codes.
    pub(crate) budget: GuessBudget,
    english: English,
    router: Router,
}

/// Somebody who is signed in.
#[derive(Clone)]
pub(crate) struct Host {
    pub(crate) account: AccountId,
    pub(crate) who: SignedIn,
    session: Secret,
}

/// Runs `test` on each engine there is.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the test is a closure written in its place"
)]
pub(crate) fn on_both<F: AsyncFn(&Stage<'_>)>(test: F) {
    World::each_engine(&MIGRATIONS, async |world| {
        let stage = Stage::build(world).await;
        test(&stage).await;
    });
}

impl<'w> Stage<'w> {
    async fn build(world: &'w World) -> Self {
        let site = site(world);
        let occasion = site
            .store
            .write(occasions::demo::seed)
            .await
            .unwrap()
            .unwrap();
        let here = role::scope(&occasion);
        let owner = host(&site, "owner", Some((Role::OccasionOwner.into(), &here))).await;
        let coordinator = host(
            &site,
            "coordinator",
            Some((Role::Coordinator.into(), &here)),
        )
        .await;
        let observer = host(&site, "observer", Some((Role::Observer.into(), &here))).await;
        let stranger = host(&site, "stranger", Some((grant::OWNER, &Scope::site()))).await;
        // Something may follow whatever begins at another time, or not at all.
        world.expect_jobs("date.moved");
        let accounts = Accounts::new(site.clone(), DOMAINS);
        let keys = site.keys.clone();
        let begin = move |tx: &mut Tx<'_>| {
            assert!(platform::key::adopt(tx, &keys)?);
            LinkKey::load(tx)
        };
        let links = site.store.write(begin).await.unwrap();
        let budget = GuessBudget::new();
        let gate = CodeGate::new(&site.keys, links, budget.clone(), Arc::default());
        let rooms = domain::routes(&accounts).layer(Extension(gate));
        let router = web::serve(&site, accounts::web::around(&accounts, rooms));
        Self {
            world,
            english: English::new(&site.catalogue),
            site,
            occasion,
            owner,
            coordinator,
            observer,
            stranger,
            budget,
            router,
        }
    }

    /// Answers for everybody at once, with a code or without one, and says what became of it.
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

    /// From now on households save, and wait for their confirmations.
    pub(crate) fn expect_confirmations(&self) {
        self.world.expect_jobs(rsvp::CONFIRM);
    }

    /// From now on hosts begin work that is done in the background.
    pub(crate) fn expect_work(&self) {
        self.world.expect_jobs(bulk::KIND);
        self.world.expect_jobs(export::KIND);
    }

    /// A browser in which nobody is signed in.
    pub(crate) fn nobody(&self) -> Visitor {
        let mut visitor = Visitor::new(self.router.clone());
        visitor.carry(Peer([192, 0, 2, 1].into()));
        visitor
    }

    /// Somebody's browser.
    pub(crate) fn visitor(&self, host: &Host) -> Visitor {
        let mut visitor = self.nobody();
        visitor.set_cookie("kd_session", host.session.reveal());
        let token = web::csrf::token(host.session.reveal(), &self.site.random);
        visitor.header("x-csrf-token", &token);
        visitor
    }

    /// A program with a token of somebody's.
    pub(crate) async fn program(&self, host: &Host, scopes: &[TokenScope]) -> Visitor {
        let (account, scopes) = (host.account.clone(), scopes.to_vec());
        let made = self
            .site
            .store
            .write(move |tx| {
                let new = NewToken {
                    name: "test".to_owned(),
                    scopes: scopes.clone(),
                    scope: None,
                    days: 1,
                };
                Ok::<_, StoreError>(token::create(tx, &account, &new, None).unwrap())
            })
            .await
            .unwrap();
        let mut visitor = self.nobody();
        visitor.header("authorization", &format!("Bearer {}", made.secret.reveal()));
        visitor
    }

    /// Only who can sign in counts as an owner.
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

    /// Takes all tokens back, of which nobody may have too many.
    pub(crate) async fn forget_tokens(&self) {
        let forget = |tx: &mut Tx<'_>| tx.run(sql!("DELETE FROM personal_token"), &[], Rows::Any);
        self.site.store.write(forget).await.unwrap();
    }

    /// Does something as a host, in one transaction.
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

    /// As [`Stage::act`] by the owner, where nothing may go wrong.
    pub(crate) async fn done<T, F>(&self, change: F) -> T
    where
        T: Send + 'static,
        F: Fn(&mut Tx<'_>, &HostOf) -> Result<T, Refusal> + Send + 'static,
    {
        self.act(&self.owner, change).await.unwrap()
    }

    /// The invitation with this code.
    pub(crate) async fn invitation(&self, code: &'static str) -> InvitationId {
        let found = self
            .site
            .store
            .read(move |tx| {
                tx.one::<(InvitationId,)>(
                    sql!("SELECT id FROM invitation WHERE code = $1"),
                    &[&code],
                )
            })
            .await;
        found.unwrap().0
    }

    /// A message as the pages say it in English.
    #[track_caller]
    pub(crate) fn say(&self, id: &str) -> String {
        self.english.say(id)
    }

    /// A message with its values.
    #[track_caller]
    pub(crate) fn fill<const N: usize>(
        &self,
        id: &str,
        values: [(&'static str, web::Value<'_>); N],
    ) -> String {
        self.english.fill(id, values)
    }

    /// What a message begins with, up to its first value.
    #[track_caller]
    pub(crate) fn start(&self, id: &str) -> String {
        self.english.start(id)
    }

    /// The address of something below the occasion.
    pub(crate) fn at(&self, rest: &str) -> String {
        format!("/api/v1/occasions/{}{rest}", self.occasion)
    }

    /// A worker for what runs in the background.
    pub(crate) fn worker(&self) -> Worker {
        let mut handlers = occasions::hosting::jobs(&self.site.platform, &self.site.catalogue);
        handlers.push(occasions::web::alarm::alarms(self.site.clone()));
        handlers.extend((occasions::DOMAIN.deletions)(&self.site));
        Worker::new(
            self.site.store.clone(),
            self.site.clock.clone(),
            self.site.random.clone(),
            handlers,
        )
    }

    /// What the log says was done, the oldest first.
    pub(crate) async fn actions(&self) -> Vec<String> {
        let rows: Vec<(String,)> = self
            .site
            .store
            .read(|tx| tx.all::<(String,)>(sql!("SELECT action FROM audit ORDER BY sequence"), &[]))
            .await
            .unwrap();
        rows.into_iter().map(|(action,)| action).collect()
    }

    /// What open pages were told, the oldest first: name and what.
    pub(crate) async fn news(&self) -> Vec<(String, Value)> {
        let rows: Vec<(String, String)> = self
            .site
            .store
            .read(|tx| {
                tx.all::<(String, String)>(
                    sql!("SELECT name, payload FROM news ORDER BY sequence"),
                    &[],
                )
            })
            .await
            .unwrap();
        rows.into_iter()
            .map(|(name, payload)| (name, serde_json::from_str(&payload).unwrap()))
            .collect()
    }
}

/// Calls an address with JSON and shows what comes.
pub(crate) async fn call(visitor: &mut Visitor, method: &str, path: &str, body: &Value) -> Page {
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    visitor.call(method, path, body).await
}

/// The code of a refusal, as programs read it.
pub(crate) fn code<T: std::fmt::Debug>(outcome: Result<T, Refusal>) -> &'static str {
    web::Problem::from(outcome.unwrap_err()).code
}

/// The fields that a refusal finds fault with: pointer and code.
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

async fn host(site: &Site, name: &'static str, role: Option<(grant::Role, &Scope)>) -> Host {
    let role = role.map(|(role, scope)| (role, scope.clone()));
    let (account, session) = site
        .store
        .write(move |tx| {
            let new = NewAccount {
                name: format!("The {name}").parse().unwrap(),
                email: format!("{name}@example.com").parse().unwrap(),
                locale: "en".to_owned(),
                time_zone: "Asia/Kuala_Lumpur".to_owned(),
            };
            let id = account::create(tx, &new).unwrap();
            if let Some((role, scope)) = &role {
                grant::give(tx, &id, *role, scope, None).unwrap();
            }
            let client = Client {
                request: RequestFacts {
                    request_id: "test".to_owned(),
                    network: None,
                },
                user_agent: String::new(),
                session: None,
                device: None,
                identity: None,
            };
            let begun =
                session::begin(tx, &id, SignInMethod::Beginning, Stay::Remembered, &client)?;
            Ok::<_, StoreError>((id, begun.unwrap().session))
        })
        .await
        .unwrap();
    let secret = session.clone();
    let visit = site
        .store
        .read(move |tx| signed_in::by_session(tx, &secret))
        .await
        .unwrap();
    Host {
        account,
        who: visit.unwrap().who,
        session,
    }
}

pub(crate) const DOMAINS: Domains = &[accounts::DOMAIN, occasions::DOMAIN];

/// All that a token may be used for.
pub(crate) const ALL: [TokenScope; 5] = [
    PROFILE_READ,
    OCCASION_READ,
    OCCASION_WRITE,
    RSVPS_READ,
    RSVPS_WRITE,
];

fn site(world: &World) -> Site {
    let settings = web::Settings {
        url: SiteUrl::parse("http://127.0.0.1:8080").unwrap(),
        name: "Kenduri".to_owned(),
        languages: vec!["en".to_owned(), "ms".to_owned()],
        time_zone: TimeZone::UTC,
        proxies: Proxies::default(),
    };
    domain::site(DOMAINS, &[], world.platform.clone(), settings)
}
