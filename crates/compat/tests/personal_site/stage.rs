//! What the tests stand on: a site with the older addresses in a world, and people in it.

use std::ops::Deref;

use accounts::account::{self, AccountId, NewAccount};
use accounts::client::Client;
use accounts::domain::{self, Domains};
use accounts::grant::{self, Role, Scope};
use accounts::password::{self, Password, PasswordHash};
use accounts::registration::{Policy as RegistrationPolicy, Registration};
use accounts::second_factor::{self, FactorError};
use accounts::session::{self, Begun, Method as SignInMethod, Stay};
use accounts::signed_in::{self, SignedIn};
use accounts::sudo::Sudo;
use accounts::token::{self, NewToken, TokenScope};
use accounts::{Accounts, Hasher};
use axum::Extension;
use axum::http::Method;
use compat::personal_site::{self, Policy};
use countdowns::entry_limit::EntryLimit;
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use platform::audit::RequestFacts;
use platform::jobs::Worker;
use platform::{Platform, Secret, StoreError, Tx};
use posts::editor::EDITOR;
use serde_json::{Value, json};
use testkit::{English, Page, Visitor, World};
use web::client_info::Proxies;
use web::{Settings, SiteUrl};

pub(crate) const DOMAINS: Domains = &[
    accounts::DOMAIN,
    countdowns::DOMAIN,
    posts::DOMAIN,
    personal_site::DOMAIN,
];

pub(crate) const PUBLIC: &str = "/backend/public/auth";
pub(crate) const OWN: &str = "/backend/protected/auth";
pub(crate) const USERS: &str = "/backend/protected/admin/users";

pub(crate) const EMAIL: &str = "farah@example.my";
pub(crate) const PASSWORD: &str = "sebuah pantun lama";
pub(crate) const OTHER_PASSWORD: &str = "seekor kancil di tepi sungai";

pub(crate) const ALONE: Policy = Policy {
    has_auth: false,
    register_tokens: false,
};
pub(crate) const WITH_AUTH: Policy = Policy {
    has_auth: true,
    register_tokens: false,
};
pub(crate) const WITH_TOKENS: Policy = Policy {
    has_auth: true,
    register_tokens: true,
};

#[expect(
    clippy::needless_pass_by_value,
    reason = "the test is a closure written in its place"
)]
pub(crate) fn each_engine(test: impl AsyncFn(&World)) {
    World::each_engine(&domain::migrations(DOMAINS), async |world| {
        for kind in ["countdown.reach", "suggestion.digest", posts::mailing::KIND] {
            world.expect_jobs(kind);
        }
        test(world).await;
    });
}

pub(crate) fn on_both(test: &impl AsyncFn(&Stage<'_>)) {
    each_engine(async |world| test(&Stage::new(world, None)).await);
}

/// A site where everybody may register, perhaps with the older addresses.
#[derive(Clone)]
pub(crate) struct Stage<'w> {
    pub(crate) world: &'w World,
    accounts: Accounts,
    policy: Option<Policy>,
    limit: EntryLimit,
}

impl Deref for Stage<'_> {
    type Target = Accounts;

    fn deref(&self) -> &Accounts {
        &self.accounts
    }
}

/// A site with the older addresses.
pub(crate) fn older(world: &World, policy: Policy) -> Stage<'_> {
    Stage::new(world, Some(policy))
}

impl<'w> Stage<'w> {
    pub(crate) fn new(world: &'w World, policy: Option<Policy>) -> Self {
        let settings = Settings {
            url: SiteUrl::parse("http://127.0.0.1:8080").unwrap(),
            name: "Kenduri Kami".to_owned(),
            languages: ["en", "ms", "ar"].map(str::to_owned).into(),
            time_zone: TimeZone::UTC,
            proxies: Proxies::default(),
        };
        let site = domain::site(DOMAINS, &[], world.platform.clone(), settings);
        Self {
            world,
            accounts: {
                let mut changed = Accounts::new(site, DOMAINS);
                changed.policy = RegistrationPolicy {
                    registration: Registration::Open,
                    has_mail: true,
                };
                changed
            },
            policy,
            limit: EntryLimit::default(),
        }
    }

    pub(crate) fn with_backend(&self, has_auth: bool) -> Self {
        Self {
            policy: Some(Policy {
                has_auth,
                register_tokens: false,
            }),
            ..self.clone()
        }
    }

    /// The same site in another process.
    pub(crate) fn beside(&self) -> Self {
        let platform = Platform {
            store: self.world.second_store(),
            ..self.site.platform.clone()
        };
        let settings = (*self.site.settings).clone();
        Self {
            accounts: {
                let mut changed = self.accounts.clone();
                changed.site = domain::site(DOMAINS, &[], platform, settings);
                changed
            },
            ..self.clone()
        }
    }

    pub(crate) fn visitor(&self) -> Visitor {
        let older = self
            .policy
            .map(|policy| personal_site::routes(self, policy));
        let router = domain::routes(self)
            .merge(older.unwrap_or_default())
            .layer(Extension(self.limit.clone()));
        let router = accounts::web::around(self, router);
        Visitor::new(web::serve(&self.site, router))
    }

    /// Does what is due in the background.
    pub(crate) async fn work(&self) {
        let (store, clock) = (self.world.store().clone(), self.site.clock.clone());
        let handlers = domain::jobs(DOMAINS, &self.site);
        let worker = Worker::new(store, clock, self.site.random.clone(), handlers);
        while worker.run_due().await.unwrap() > 0 {}
    }

    /// Somebody of this name, signed in.
    pub(crate) async fn person(&self, name: &str) -> Person {
        let new = NewAccount {
            name: name.parse().unwrap(),
            ..new_account(&format!("{}@example.my", name.replace(' ', ".")))
        };
        let id = write(self.world, move |tx| Ok(account::create(tx, &new).unwrap())).await;
        let begun = begin(self.world, &id, Stay::Remembered, client(1)).await;
        let secret = begun.session.clone();
        let visit = write(self.world, move |tx| signed_in::by_session(tx, &secret)).await;
        let mut browser = self.visitor();
        browser.set_cookie("kd_session", begun.session.reveal());
        browser.header("sec-fetch-site", "same-origin");
        Person {
            who: visit.unwrap().who,
            browser,
            program: self.visitor(),
            token: String::new(),
        }
    }

    /// Somebody whose front end shows their access token.
    pub(crate) async fn front_end(&self, name: &str) -> Person {
        let mut person = self.person(name).await;
        let jwt = person.browser.get("/api/auth/jwt").await.with(200);
        person.token = format!("Bearer {}", jwt.json()["token"].as_str().unwrap());
        person.program.header("authorization", &person.token);
        person
    }

    /// An editor, with a token for posts.
    pub(crate) async fn editor(&self) -> Person {
        let mut person = self.person("Farah Ali").await;
        let id = person.who.account().id.clone();
        give(self.world, &id, EDITOR, &Scope::site()).await;
        person.program = program(self, &id, &[posts::READ, posts::WRITE]).await;
        person
    }
}

/// Somebody with a browser and a program.
pub(crate) struct Person {
    pub(crate) who: SignedIn,
    pub(crate) browser: Visitor,
    pub(crate) program: Visitor,
    /// What the program says in `Authorization`.
    pub(crate) token: String,
}

impl Person {
    pub(crate) async fn call(&mut self, method: &str, path: &str, body: &Value) -> Page {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        self.program.call(method, path, body).await
    }
}

pub(crate) fn visitor(stage: &Stage<'_>) -> Visitor {
    stage.visitor()
}

pub(crate) async fn post(visitor: &mut Visitor, path: &str, body: Value) -> Page {
    visitor.call(Method::POST, path, &body).await
}

pub(crate) async fn put(visitor: &mut Visitor, path: &str, body: Value) -> Page {
    visitor.call(Method::PUT, path, &body).await
}

pub(crate) async fn login(stage: &Stage<'_>, email: &str, password: &str) -> Page {
    let body = json!({"email": email, "password": password});
    post(&mut stage.visitor(), &format!("{PUBLIC}/login"), body).await
}

/// The front end of somebody who was given these tokens.
pub(crate) fn front_end(stage: &Stage<'_>, tokens: &Value) -> Visitor {
    let mut visitor = stage.visitor();
    let token = tokens["token"].as_str().unwrap();
    visitor.header("authorization", &format!("Bearer {token}"));
    visitor
}

/// A browser that keeps the cookie of somebody's new session, on a page of the site's own origin.
pub(crate) async fn browser(world: &World, stage: &Stage<'_>, id: &AccountId) -> Visitor {
    let begun = begin(world, id, Stay::Remembered, client(1)).await;
    let mut browser = stage.visitor();
    browser.set_cookie("kd_session", begun.session.reveal());
    browser.header("sec-fetch-site", "same-origin");
    browser
}

/// Somebody with a password, signed in: their front end, and what it was given.
pub(crate) async fn signed_in(world: &World, stage: &Stage<'_>, email: &str) -> (Visitor, Value) {
    let hash = usual_hash(world).await;
    person(world, email, Some(&hash)).await;
    sign_in(world, stage, email).await
}

pub(crate) async fn sign_in(world: &World, stage: &Stage<'_>, email: &str) -> (Visitor, Value) {
    expect_sign_in_mails(world, email, 1);
    let tokens = login(stage, email, PASSWORD).await.with(200).json();
    (front_end(stage, &tokens), tokens)
}

pub(crate) fn registration(email: &str) -> Value {
    json!({"email": email, "password": PASSWORD, "display_name": "Farah Ali", "honeypot": ""})
}

/// A program with a token that was made for some uses.
pub(crate) async fn program(stage: &Stage<'_>, id: &AccountId, scopes: &[TokenScope]) -> Visitor {
    let (id, scopes) = (id.clone(), scopes.to_vec());
    let create = move |tx: &mut Tx<'_>| {
        let new = NewToken {
            name: format!("{scopes:?}"),
            scopes: scopes.clone(),
            scope: None,
            days: 1,
        };
        token::create(tx, &id, &new, None)
    };
    let created = stage.site.store.write(create).await.unwrap();
    let mut visitor = stage.visitor();
    let token = format!("Bearer {}", created.secret.reveal());
    visitor.header("authorization", &token);
    visitor
}

/// A browser at an address of its own.
pub(crate) fn client(last: u8) -> Client {
    Client {
        request: RequestFacts {
            request_id: "test".to_owned(),
            network: Some([203, 0, 113, last].into()),
        },
        user_agent: "test".to_owned(),
        session: None,
        device: None,
        identity: None,
    }
}

fn new_account(email: &str) -> NewAccount {
    NewAccount {
        name: "Farah binti Ali".parse().unwrap(),
        email: email.parse().unwrap(),
        locale: "en".to_owned(),
        time_zone: "Asia/Kuala_Lumpur".to_owned(),
    }
}

/// The hash of [`PASSWORD`].
pub(crate) async fn usual_hash(world: &World) -> PasswordHash {
    let hasher = Hasher::new(2, world.platform.random.clone());
    let password = Password::choose(&Secret::new(PASSWORD), &[]).unwrap();
    hasher.hash(&password).await.unwrap()
}

/// Somebody who signs in with this address and, if there is a hash, a password.
pub(crate) async fn person(world: &World, email: &str, hash: Option<&PasswordHash>) -> AccountId {
    let (new, hash) = (new_account(email), hash.cloned());
    write(world, move |tx| {
        let id = account::create(tx, &new).unwrap();
        if let Some(hash) = &hash {
            password::set(tx, &id, hash)?;
        }
        Ok(id)
    })
    .await
}

/// A session of somebody's, begun by a link.
async fn begin(world: &World, id: &AccountId, stay: Stay, client: Client) -> Begun {
    let id = id.clone();
    let change = move |tx: &mut Tx<'_>| session::begin(tx, &id, SignInMethod::Link, stay, &client);
    write(world, change).await.unwrap()
}

pub(crate) async fn give(world: &World, id: &AccountId, role: Role, scope: &Scope) {
    let (id, scope) = (id.clone(), scope.clone());
    write(world, move |tx| {
        grant::give(tx, &id, role, &scope, None).unwrap();
        Ok(())
    })
    .await;
}

pub(crate) async fn role(world: &World, id: &AccountId, scope: &Scope) -> Option<Role> {
    let (id, scope) = (id.clone(), scope.clone());
    write(world, move |tx| grant::rank_of(tx, &id, &scope)).await
}

/// Gives somebody a second factor.
pub(crate) async fn enrol(stage: &Stage<'_>, id: &AccountId) {
    let (world, site) = (stage.world, stage.site.clone());
    let begun = begin(world, id, Stay::Visit, client(1)).await;
    let change = move |tx: &mut Tx<'_>| -> Result<(), FactorError> {
        let visit = signed_in::by_session(tx, &begun.session)?.unwrap();
        let sudo = Sudo::check(visit.who, tx.now()).unwrap();
        second_factor::begin(tx, &site, &sudo)?;
        let app = second_factor::pending(tx, &site, &sudo)?.unwrap();
        let code = app.code(tx.now());
        second_factor::confirm(tx, &site, &sudo, &code, &client(1)).map(drop)
    };
    world.store().write(change).await.unwrap();
    world.clock.advance(SignedDuration::from_mins(2));
}

/// One more mail must be there at the end.
pub(crate) fn expect(world: &World, accounts: &Accounts, email: &str, subject: &str) {
    let values = [("site", accounts.site.settings.name.as_str().into())];
    let subject = English::new(&accounts.site.catalogue).fill(subject, values);
    world.expect_mail(email, &subject);
}

/// Somebody signs in with so many new browsers in this test, and gets a mail about each.
pub(crate) fn expect_sign_in_mails(world: &World, email: &str, count: usize) {
    for _ in 0..count {
        expect(
            world,
            &Stage::new(world, None),
            email,
            "mail-sign-in-subject",
        );
    }
}

/// The newest link of this kind that was mailed.
pub(crate) async fn link(world: &World, prefix: &str) -> String {
    let mails = world.mails().await;
    let of_mail = |text: &str| {
        let at = text.find(&format!("http://127.0.0.1:8080{prefix}"))?;
        let link = text[at..].split_whitespace().next()?;
        Some(link["http://127.0.0.1:8080".len()..].to_owned())
    };
    let mut found = mails.iter().rev().filter_map(|mail| of_mail(&mail.text));
    found.next().unwrap()
}

pub(crate) async fn write<T, F>(world: &World, change: F) -> T
where
    F: Fn(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    T: Send + 'static,
{
    world.store().write(change).await.unwrap()
}

/// Where and why a body was refused.
pub(crate) fn errors(page: &Page) -> Vec<(String, String)> {
    let json = page.json();
    let all = json["errors"].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    all.iter()
        .map(|one| (text(&one["pointer"]), text(&one["code"])))
        .collect()
}

/// A page that must have come with some status, to be read on.
pub(crate) trait Checked {
    fn with(self, status: u16) -> Self;
}

impl Checked for Page {
    #[track_caller]
    fn with(self, status: u16) -> Self {
        self.expect(status);
        self
    }
}
