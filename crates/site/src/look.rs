//! How the site presents itself: its first page, its introduction, its menu, and whose site it is.

use axum::http::StatusCode;
use platform::audit::{Entry, RequestFacts};
use platform::jobs::{Done, Handler};
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};
use serde_json::json;
use web::problem::FieldProblem;
use web::state::MenuItem;
use web::{Findings, Problem, Site};

use crate::addresses;
use crate::domain::{Domain, Domains};
use identity::account::{self, AccountId};
use identity::grant::administrator::Owner;
use identity::grant::{self, Scope};
use identity::notification::{self, NewNotification};

/// The first page that is made of what the domains have.
pub const SITE: &str = "site";
/// How many characters an introduction has at most.
const LONGEST_INTRODUCTION: usize = 2_000;
/// The one row.
const ID: i64 = 1;

/// A page of a domain that may stand at `/`.
#[derive(Clone, Copy, Debug)]
pub struct FirstPage {
    /// What it is set as: the word, or the word before a colon.
    pub word: &'static str,
    /// The message that names it.
    pub label: &'static str,
    /// What stands behind the colon, for people: `SLUG`; empty: there is no colon.
    pub argument: &'static str,
    /// Its address, by what stands behind the colon; `None`: it is not public.
    pub find: fn(&mut Tx<'_>, &str) -> Result<Option<String>, StoreError>,
}

impl FirstPage {
    /// How it is written: `countries:CODE`.
    pub fn form(&self) -> String {
        match self.argument {
            "" => self.word.to_owned(),
            argument => format!("{}:{argument}", self.word),
        }
    }
}

/// How the site presents itself.
#[derive(Clone, Debug, PartialEq, Eq, Row)]
pub struct Look {
    /// What stands at `/`: [`SITE`], or what a [`FirstPage`] is set as.
    pub home: String,
    /// A few sentences on the first page.
    pub introduction: String,
    /// Whose site it is; `None`: the first owner's.
    pub account_id: Option<AccountId>,
    /// The addresses in the menu, one a line; empty: all that the domains offer.
    pub menu: String,
    /// Counts its changes.
    pub version: i64,
}

impl Default for Look {
    fn default() -> Self {
        Self {
            home: SITE.to_owned(),
            introduction: String::new(),
            account_id: None,
            menu: String::new(),
            version: 0,
        }
    }
}

/// Why it was not changed.
#[derive(Debug, thiserror::Error)]
pub enum LookError {
    /// Somebody changed it meanwhile.
    #[error("changed meanwhile")]
    Conflict,
    /// What is wrong, by field.
    #[error("fields are wrong")]
    Fields(Vec<FieldProblem>),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<LookError> for Problem {
    fn from(error: LookError) -> Self {
        match error {
            LookError::Conflict => Self::new(StatusCode::CONFLICT, "version_conflict"),
            LookError::Fields(errors) => {
                let mut problem = Self::fields();
                problem.errors = errors;
                problem
            }
            LookError::Store(error) => error.into(),
        }
    }
}

/// Gives a new store its first page.
pub fn begin(tx: &mut Tx<'_>, home: &str) -> Result<(), StoreError> {
    sql!(
        "INSERT INTO site_look (id, home, introduction, menu, version)
         VALUES (:id, :home, '', '', 1)
         ON CONFLICT DO NOTHING",
        id = ID,
        home
    )
    .run(tx, Rows::AtMostOne)?;
    Ok(())
}

/// How the site presents itself now.
pub fn find(tx: &mut Tx<'_>) -> Result<Look, StoreError> {
    let found = sql!("SELECT {Look} FROM site_look WHERE id = :id", id = ID).maybe(tx)?;
    Ok(found.unwrap_or_default())
}

/// Changes it; `look` has the version that was seen.
pub fn change(
    tx: &mut Tx<'_>,
    owner: &Owner,
    domains: &[Domain],
    mut look: Look,
    request: &RequestFacts,
) -> Result<(), LookError> {
    begin(tx, SITE)?;
    let (version,): (i64,) = sql!(
        "SELECT version FROM site_look WHERE id = :id FOR NO KEY UPDATE",
        id = ID
    )
    .one(tx)?;
    if version != look.version.max(1) {
        return Err(LookError::Conflict);
    }
    let before = find(tx)?;
    let mut findings = Findings::default();
    findings.text("/introduction", &look.introduction, LONGEST_INTRODUCTION);
    if look.home != before.home && look.home != SITE && first_page(tx, domains, &look)?.is_none() {
        findings.add("/home", "unknown_option", []);
    }
    if let Some(account) = &look.account_id
        && grant::rank_of(tx, account, &Scope::site())?.is_none()
    {
        findings.add("/account", "unknown_option", []);
    }
    findings.finish().map_err(LookError::Fields)?;
    look.version = version + 1;
    let home = look.home.clone();
    sql!(
        "UPDATE site_look SET {Look = :Look} WHERE id = :id",
        Look = look,
        id = ID
    )
    .run(tx, Rows::Exactly(1))?;
    tx.record(Entry {
        actor: owner.who().actor(),
        action: "site.look_changed",
        entity: ("site", String::new()),
        scope: None,
        changes: json!([{"field": "home", "from": before.home, "to": home}]),
        request: Some(request.clone()),
    })?;
    Ok(())
}

/// The address of the page that stands at `/`; `None`: it is [`SITE`], or what it names is not
/// public.
pub fn first_page(
    tx: &mut Tx<'_>,
    domains: &[Domain],
    look: &Look,
) -> Result<Option<String>, StoreError> {
    let (word, argument) = look.home.split_once(':').unwrap_or((&look.home, ""));
    let mut all = domains.iter().flat_map(|domain| domain.first_pages);
    match all.find(|page| page.word == word) {
        Some(page) if page.argument.is_empty() == argument.is_empty() => (page.find)(tx, argument),
        _ => Ok(None),
    }
}

/// All that the domains offer to everybody, in their order.
pub fn offered(tx: &mut Tx<'_>, domains: &[Domain]) -> Result<Vec<MenuItem>, StoreError> {
    let mut all = Vec::new();
    for domain in domains {
        all.extend((domain.offers)(tx)?);
    }
    Ok(all)
}

/// The menu of public pages. What is not offered any more is left out.
pub fn menu(tx: &mut Tx<'_>, domains: &[Domain]) -> Result<Vec<MenuItem>, StoreError> {
    let all = offered(tx, domains)?;
    let chosen = find(tx)?.menu;
    if chosen.is_empty() {
        return Ok(all);
    }
    let item = |href: &str| all.iter().find(|item| item.href == href).cloned();
    Ok(chosen.lines().filter_map(item).collect())
}

/// Whose site it is.
pub fn account(tx: &mut Tx<'_>, look: &Look) -> Result<Option<AccountId>, StoreError> {
    if let Some(id) = &look.account_id
        && account::find(tx, id)?.is_some()
    {
        return Ok(Some(id.clone()));
    }
    let first: Option<(AccountId,)> = sql!(
        "SELECT g.account_id FROM role_grant g JOIN account a ON a.id = g.account_id
         WHERE g.scope_kind = 'site' AND g.role = :owner AND a.state = 'active'
         ORDER BY g.granted_at, g.account_id LIMIT 1",
        owner = grant::OWNER
    )
    .maybe(tx)?;
    Ok(first.map(|(id,)| id))
}

/// The job that looks whether the first page is still public.
pub(crate) fn job(domains: Domains, site: Site) -> Handler {
    Handler::each_minute("accounts.first_page", move |_| {
        let site = site.clone();
        async move { Ok(Done::with(move |tx| watch(tx, domains, &site))) }
    })
}

/// Tells owners when their first page is not public any more.
fn watch(tx: &mut Tx<'_>, domains: Domains, site: &Site) -> Result<(), StoreError> {
    let look = find(tx)?;
    if look.home == SITE || first_page(tx, domains, &look)?.is_some() {
        return Ok(());
    }
    let told = NewNotification {
        kind: "notification-first-page",
        about: &look.home,
        href: addresses::LOOK,
    };
    notification::tell_site(tx, site, grant::OWNER, told)
}

/// Lets go of an account that is erased.
pub fn erase(tx: &mut Tx<'_>, id: &AccountId) -> Result<(), StoreError> {
    sql!(
        "UPDATE site_look SET account_id = NULL WHERE account_id = :id",
        id
    )
    .run(tx, Rows::AtMostOne)?;
    Ok(())
}
