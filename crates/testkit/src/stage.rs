//! A site with some domains in a world, assembled as in production, with people who use it.

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use axum::Router;
use identity::account::{self, AccountId};
use identity::credential::hashing::Hasher;
use identity::grant::{self, Role, Scope};
use identity::person::registration::{Policy, Registration};
use identity::session::signed_in::{self, SignedIn};
use identity::session::token::{self, NewToken, TokenScope};
use identity::session::{self, Method, Stay};
use jiff::tz::TimeZone;
use platform::jobs::Worker;
use platform::{Platform, Secret, Store, StoreError, Tx, sql};
use serde_json::Value;
use site::{Context, Domains, domains};
use web::client_info::Proxies;
use web::setting::SettingValues;
use web::{Language, Settings, Site, SiteUrl};

use crate::people::{client, new_account};
use crate::visitor::SITE;
use crate::{English, Page, Visitor, World};

pub struct Stage<'w> {
    pub world: &'w World,
    /// The site, with the account settings.
    accounts: Context,
    token_scopes: &'static [TokenScope],
    routing: Routing,
    /// Looks at each response that a visitor gets.
    check: Option<fn(&Page)>,
    /// The router of all visitors, made for the first one.
    router: OnceLock<Router>,
}

type Routing = Arc<dyn Fn(&Context, Router<Site>) -> Router<Site> + Send + Sync>;

/// A person with an account, a signed-in browser and an API client.
#[derive(Clone, Debug)]
pub struct Person {
    /// The signed-in account with its session.
    pub who: SignedIn,
    /// A browser signed in as the person.
    pub browser: Visitor,
    /// An API client that sends the person's token.
    pub program: Visitor,
    /// The value of the API client's `Authorization` header.
    pub token: String,
}

const CREDENTIAL_MAILS: [&str; 8] = [
    "mail-passkey-added",
    "mail-passkey-removed",
    "mail-factor-added",
    "mail-recovery-codes-renewed",
    "mail-identity-linked",
    "mail-identity-removed",
    "mail-token-created",
    "mail-token-revoked",
];

pub fn settings() -> Settings {
    Settings {
        url: SiteUrl::parse(SITE).expect("an address"),
        name: "Kenduri Kami".to_owned(),
        languages: ["en", "ms", "ar"].map(str::to_owned).into(),
        time_zone: TimeZone::UTC,
        has_mail: true,
        proxies: Proxies::default(),
        cdn: false,
    }
}

/// Returns the same site as a second process would run it, connected through `store`.
pub fn in_process(accounts: &Context, store: &Store) -> Context {
    let platform = Platform {
        store: store.clone(),
        ..accounts.site.platform.clone()
    };
    let settings = (*accounts.site.settings).clone();
    let mut apart = accounts.clone();
    let values = accounts.site.declared.settings.clone();
    apart.site = domains::site(accounts.domains, &[], platform, settings).with_settings(values);
    apart
}

pub fn english(accounts: &Context) -> English {
    English::new(&accounts.site.catalogue)
}

pub fn router(accounts: &Context) -> Router {
    serve(accounts, domains::routes(accounts))
}

pub fn visitor(accounts: &Context) -> Visitor {
    Visitor::new(router(accounts))
}

/// Returns an API client with a new token of the account `id`, limited to `scopes`.
pub async fn program(accounts: &Context, id: &AccountId, scopes: &[TokenScope]) -> Visitor {
    let token = new_token(&accounts.site.store, id, scopes, None).await;
    let mut visitor = visitor(accounts);
    visitor.header("authorization", &token);
    visitor
}

impl<'w> Stage<'w> {
    pub fn new(world: &'w World, domains: Domains) -> Self {
        Self::with(world, domains, world.platform.clone(), settings())
    }

    /// Creates a site of these domains with this platform and these settings.
    pub fn with(
        world: &'w World,
        domains: Domains,
        platform: Platform,
        settings: Settings,
    ) -> Self {
        let random = platform.random.clone();
        let mut accounts = Context::new(domains::site(domains, &[], platform, settings), domains);
        accounts.hasher = Hasher::at_normal_priority(1, random);
        // Most tests only need the credential, and not the mail that tells its owner of it.
        let name = accounts.site.settings.name.clone();
        for tag in ["en", "ms"] {
            let text = accounts.site.catalogue.speak(&Language::of(tag));
            let subject = |id: &&str| text.with(id, [("site", name.as_str().into())]);
            world.allow_mails(CREDENTIAL_MAILS.iter().map(subject));
        }
        Self {
            world,
            accounts,
            token_scopes: &[],
            check: None,
            routing: Arc::new(|_, routes| routes),
            router: OnceLock::new(),
        }
    }

    /// Sets the scopes that people's API tokens can have. If empty, people cannot have tokens.
    #[must_use]
    pub fn with_tokens_for(self, token_scopes: &'static [TokenScope]) -> Self {
        Self {
            token_scopes,
            ..self
        }
    }

    /// Adds routes to the domains' routes.
    #[must_use]
    pub fn routed<F>(self, routing: F) -> Self
    where
        F: Fn(&Context, Router<Site>) -> Router<Site> + Send + Sync + 'static,
    {
        Self {
            routing: Arc::new(routing),
            router: OnceLock::new(),
            ..self
        }
    }

    /// Returns the same site with other domain settings.
    #[must_use]
    pub fn with_settings(self, values: SettingValues) -> Self {
        self.changed(|accounts| accounts.site = accounts.site.clone().with_settings(values))
    }

    /// Returns the same site after a change of its settings or of the account settings.
    #[must_use]
    pub fn changed(&self, change: impl FnOnce(&mut Context)) -> Self {
        let mut changed = self.clone();
        change(&mut changed.accounts);
        changed
    }

    /// Returns the same site, with registration open to everybody.
    #[must_use]
    pub fn open(&self) -> Self {
        self.changed(|accounts| {
            accounts.policy = Policy {
                registration: Registration::Open,
                has_mail: true,
            };
        })
    }

    /// Returns the same site as a second process would run it.
    #[must_use]
    pub fn beside(&self) -> Self {
        self.changed(|accounts| *accounts = in_process(accounts, &self.world.second_store()))
    }

    /// Returns the English text of a message.
    #[track_caller]
    pub fn say(&self, id: &str) -> String {
        english(self).say(id)
    }

    /// Returns the English text of a message with its arguments.
    #[track_caller]
    pub fn fill<const N: usize>(
        &self,
        id: &str,
        values: [(&'static str, web::Value<'_>); N],
    ) -> String {
        english(self).fill(id, values)
    }

    /// Returns the message's English text before its first argument.
    #[track_caller]
    pub fn start(&self, id: &str) -> String {
        english(self).start(id)
    }

    /// Returns the router that all visitors share.
    pub fn router(&self) -> Router {
        let build = || serve(self, (self.routing)(self, domains::routes(self)));
        self.router.get_or_init(build).clone()
    }

    /// Hands each response that a visitor gets to `check`, which may panic.
    #[must_use]
    pub fn checked_by(self, check: fn(&Page)) -> Self {
        Self {
            check: Some(check),
            ..self
        }
    }

    /// A browser that is not signed in.
    pub fn visitor(&self) -> Visitor {
        Visitor::new(self.router()).checked_by(self.check)
    }

    /// Returns an API client with a new token of the account `id`, limited to `scopes`.
    pub async fn program(&self, id: &AccountId, scopes: &[TokenScope]) -> Visitor {
        let token = new_token(self.world.store(), id, scopes, None).await;
        let mut visitor = self.visitor();
        visitor.header("authorization", &token);
        visitor
    }

    /// Runs all due background jobs.
    pub fn work(&self) -> impl Future<Output = ()> + use<> {
        let site = &self.site;
        let handlers = domains::jobs(self);
        let (store, clock) = (site.store.clone(), site.clock.clone());
        let worker = Worker::new(store, clock, site.random.clone(), handlers);
        async move { while worker.run_due().await.expect("work") > 0 {} }
    }

    /// The actions in the audit log that no message describes.
    pub async fn unsaid_actions(&self) -> Vec<String> {
        let look = |tx: &mut Tx<'_>| -> Result<Vec<(String,)>, StoreError> {
            tx.all(
                sql!("SELECT DISTINCT action FROM audit ORDER BY action"),
                &[],
            )
        };
        let all = self
            .world
            .store()
            .read(look)
            .await
            .expect("a readable store");
        let all = all.into_iter().map(|(action,)| action);
        let message = |action: &String| format!("event-{}", action.replace(['.', '_'], "-"));
        let catalogue = &self.site.catalogue;
        all.filter(|action| !catalogue.has(&message(action)))
            .collect()
    }

    /// Creates a person who is signed in and has an API token.
    pub async fn person(&self, name: &str) -> Person {
        self.person_as(name, None).await
    }

    /// Creates a person with a role in the site, who is signed in and has an API token.
    pub async fn person_as(&self, name: &str, role: impl Into<Option<Role>>) -> Person {
        let role = role.into().map(|role| (role, Scope::site()));
        let email = format!("{}@example.my", name.replace(' ', "."));
        let (who, session) = self.sign_in(name, &email, role).await;
        let mut browser = self.visitor();
        browser.set_cookie("kd_session", session.reveal());
        let mut person = Person {
            who,
            browser,
            program: self.visitor(),
            token: String::new(),
        };
        if !self.token_scopes.is_empty() {
            self.allow(&mut person, self.token_scopes, None).await;
        }
        person
    }

    /// Replaces the token of a person's API client.
    pub async fn allow(&self, person: &mut Person, scopes: &[TokenScope], scope: Option<&Scope>) {
        let id = person.who.account().id.clone();
        person.token = new_token(self.world.store(), &id, scopes, scope).await;
        person.program.header("authorization", &person.token);
    }

    pub async fn sign_in(
        &self,
        name: &str,
        email: &str,
        role: Option<(Role, Scope)>,
    ) -> (SignedIn, Secret) {
        let mut new = new_account(email);
        new.name = name.parse().expect("a name");
        let change = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
            let id = account::create(tx, &new).expect("an account");
            if let Some((role, scope)) = &role {
                grant::give(tx, &id, *role, scope, None).expect("a role");
            }
            let begun = session::begin(tx, &id, Method::Link, Stay::Remembered, &client(1))?;
            let session = begun.expect("a session").session;
            let visit = signed_in::by_session(tx, &session)?.expect("somebody");
            Ok((visit.who, session))
        };
        self.world.store().write(change).await.expect("a change")
    }
}

/// A copy has a router of its own, because it may be changed before its first visitor.
impl Clone for Stage<'_> {
    fn clone(&self) -> Self {
        Self {
            world: self.world,
            accounts: self.accounts.clone(),
            token_scopes: self.token_scopes,
            routing: Arc::clone(&self.routing),
            check: self.check,
            router: OnceLock::new(),
        }
    }
}

impl Deref for Stage<'_> {
    type Target = Context;

    fn deref(&self) -> &Context {
        &self.accounts
    }
}

impl fmt::Debug for Stage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stage").finish_non_exhaustive()
    }
}

impl Person {
    /// Sends JSON as the API client.
    pub async fn call(&mut self, method: &str, path: &str, body: &Value) -> Page {
        call(&mut self.program, method, path, body).await
    }
}

pub async fn call(visitor: &mut Visitor, method: &str, path: &str, body: &Value) -> Page {
    let method = method.parse().expect("a method");
    visitor.call(method, path, body).await
}

/// Creates a token and returns its `Authorization` header. `scope` may limit the token to one
/// object.
pub async fn new_token(
    store: &Store,
    id: &AccountId,
    scopes: &[TokenScope],
    scope: Option<&Scope>,
) -> String {
    let (id, scopes, scope) = (id.clone(), scopes.to_vec(), scope.map(Scope::name));
    let create = move |tx: &mut Tx<'_>| {
        let new = NewToken {
            // An account cannot have two tokens with the same name.
            name: format!("program {}", tx.random().below(u32::MAX)),
            scopes: scopes.clone(),
            scope: scope.clone(),
            days: 300,
        };
        token::create(tx, &id, &new, None)
    };
    let made = store.write(create).await.expect("a token");
    format!("Bearer {}", made.secret.reveal())
}

fn serve(accounts: &Context, routes: Router<Site>) -> Router {
    web::serve(&accounts.site, accounts::web::around(accounts, routes))
}
