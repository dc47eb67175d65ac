//! How the site presents itself: its look, its first page, its introduction, its menu, and whose
//! site it is.

use axum::http::StatusCode;
use platform::audit::{Entry, RequestFacts};
use platform::jobs::{Done, Handler};
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};
use serde_json::json;
use web::look::Color;
use web::picture_folder::{PictureFolder, StoredPicture};
use web::problem::FieldProblem;
use web::state::{Label, MenuItem, PublicFrame};
use web::{Findings, Look as Theme, Problem, Site};

use crate::addresses;
use crate::domain::{self, Domain, Domains};

pub use crate::first_page::FirstPage;

use identity::account::{self, AccountId};
use identity::grant::administrator::Owner;
use identity::grant::{self, Scope};
use identity::notification::{self, NewNotification};
use identity::person::{profile, slug};

/// The first page that is made of what the domains have.
pub const SITE: &str = "site";
/// How many characters an introduction has at most.
const LONGEST_INTRODUCTION: usize = 2_000;
/// How many characters the first sentence has at most.
const LONGEST_SENTENCE: usize = 80;
/// How many characters the description of the portrait has at most.
const LONGEST_ALT: usize = 200;
/// How many places the menu of public pages has at most.
const LONGEST_MENU: usize = 7;
/// The one row.
const ID: i64 = 1;

/// The icon and the portrait.
pub const PICTURES: PictureFolder = PictureFolder {
    name: "site",
    job_kind: "site.image",
    is_used: |tx, file| {
        let look = find(tx)?;
        Ok(!file.is_empty() && [look.icon, look.portrait].contains(&file.to_owned()))
    },
};

/// How the site presents itself.
#[derive(Clone, Debug, PartialEq, Eq, Row)]
pub struct Look {
    /// What stands at `/`: [`SITE`], or what a [`FirstPage`] is set as.
    pub home: String,
    /// What public pages wear.
    pub look: Theme,
    /// A colour over the look's own, as `#1f4a47`; empty: none.
    pub accent: String,
    /// The file of the icon; empty: Kenduri's own.
    pub icon: String,
    /// The file of the portrait; empty: there is none.
    pub portrait: String,
    /// What the portrait shows.
    pub portrait_alt: String,
    /// In pixels.
    pub portrait_width: i64,
    /// In pixels.
    pub portrait_height: i64,
    /// What stands above all else on the first page; empty: the site's name.
    pub sentence: String,
    /// A few sentences on the first page.
    pub introduction: String,
    /// Whose site it is; `None`: the first owner's.
    pub account_id: Option<AccountId>,
    /// The addresses in the menu, one a line; empty: all that the domains offer.
    pub menu: String,
    /// Counts its changes.
    pub version: i64,
}

impl Look {
    /// Puts another picture in the place of the icon.
    pub fn set_icon(&mut self, picture: Option<StoredPicture>) {
        self.icon = picture.map(|one| one.file).unwrap_or_default();
    }

    /// Puts another picture in the place of the portrait.
    pub fn set_portrait(&mut self, picture: Option<StoredPicture>, alt: String) {
        (self.portrait_width, self.portrait_height) = picture
            .as_ref()
            .map_or((0, 0), |one| (one.width.into(), one.height.into()));
        self.portrait_alt = alt;
        self.portrait = picture.map(|one| one.file).unwrap_or_default();
    }
}

impl Default for Look {
    fn default() -> Self {
        Self {
            home: SITE.to_owned(),
            look: Theme::default(),
            accent: String::new(),
            icon: String::new(),
            portrait: String::new(),
            portrait_alt: String::new(),
            portrait_width: 0,
            portrait_height: 0,
            sentence: String::new(),
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
    let look = Look {
        home: home.to_owned(),
        ..Look::default()
    };
    begin_with(tx, look)
}

/// Gives a new store a look.
pub fn begin_with(tx: &mut Tx<'_>, look: Look) -> Result<(), StoreError> {
    let look = Look { version: 1, ..look };
    sql!(
        "INSERT INTO site_look (id, {Look}) VALUES (:id, {:Look}) ON CONFLICT DO NOTHING",
        id = ID,
        Look = look
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
    findings.line("/sentence", &look.sentence, 0, LONGEST_SENTENCE);
    findings.text("/introduction", &look.introduction, LONGEST_INTRODUCTION);
    findings.line("/portrait_alt", &look.portrait_alt, 0, LONGEST_ALT);
    if !look.portrait.is_empty() && look.portrait_alt.is_empty() {
        findings.add("/portrait_alt", "required", []);
    }
    if !look.accent.is_empty() && Color::parse(&look.accent).is_none() {
        findings.add("/accent", "invalid", []);
    }
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
    for (old, new) in [
        (&before.icon, &look.icon),
        (&before.portrait, &look.portrait),
    ] {
        if old != new && !old.is_empty() {
            PICTURES.remove(tx, old)?;
        }
    }
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
    let mut all = vec![MenuItem {
        href: "/".to_owned(),
        label: Label::Message("shell-first"),
    }];
    for domain in domains {
        all.extend((domain.offers)(tx)?);
    }
    Ok(all)
}

/// What all public pages show. What is not offered any more is left out of the menu.
pub fn frame(tx: &mut Tx<'_>, domains: &[Domain]) -> Result<PublicFrame, StoreError> {
    let look = find(tx)?;
    let mut menu = offered(tx, domains)?;
    if !look.menu.is_empty() {
        let item = |href: &str| menu.iter().find(|item| item.href == href).cloned();
        menu = look.menu.lines().filter_map(item).collect();
    }
    menu.truncate(LONGEST_MENU);
    // Where there is nothing else, nobody needs to be told where they are.
    if let [MenuItem { href, .. }] = &*menu
        && href == "/"
    {
        menu.clear();
    }
    let mut foot = Vec::new();
    for domain in domains {
        foot.extend((domain.foot)(tx)?);
    }
    Ok(PublicFrame {
        menu,
        foot,
        owner: match account(tx, &look)? {
            Some(id) => owner(tx, domains, &id)?,
            None => None,
        },
        look: look.look,
        accent: Color::parse(&look.accent),
        icon: path(&look.icon),
    })
}

/// The name of whose site it is, which leads to their page.
fn owner(
    tx: &mut Tx<'_>,
    domains: &[Domain],
    id: &AccountId,
) -> Result<Option<MenuItem>, StoreError> {
    let Some(profile) = profile::find_public(tx, id)? else {
        return Ok(None);
    };
    let has_page = domain::has_public_page(tx, domains, id)?;
    let slug = if has_page { slug::find(tx, id)? } else { None };
    Ok(Some(MenuItem {
        href: slug.map(|slug| format!("/u/{slug}")).unwrap_or_default(),
        label: Label::Words(profile.display_name),
    }))
}

/// The address of the icon or the portrait; empty: there is none.
pub fn path(file: &str) -> String {
    match file {
        "" => String::new(),
        file => format!("/site/images/{file}"),
    }
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
