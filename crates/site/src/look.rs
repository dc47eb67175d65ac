//! The settings that the site's owner edits on a page: the look, the first page, the introduction,
//! the menu and the owner.

use axum::http::StatusCode;
use platform::audit::{Entity, Entry, RequestFacts};
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

/// The value of [`Look::home`] for a first page that consists of the content from all domains.
pub const SITE: &str = "site";
/// The maximum length of the introduction, in characters.
const LONGEST_INTRODUCTION: usize = 2_000;
/// The maximum length of the first page's headline, in characters.
const LONGEST_SENTENCE: usize = 80;
/// The maximum length of the portrait's description, in characters.
const LONGEST_ALT: usize = 200;
const LONGEST_MENU: usize = 7;
const ID: i64 = 1;

/// The folder for the site's icon and the owner's portrait.
pub const PICTURES: PictureFolder = PictureFolder {
    name: "site",
    job_kind: "site.image",
    is_used: |tx, file| {
        let look = find(tx)?;
        Ok(!file.is_empty() && [look.icon, look.portrait].contains(&file.to_owned()))
    },
};

#[derive(Clone, Debug, PartialEq, Eq, Row)]
pub struct Look {
    /// The setting for the page at `/`. It is either [`SITE`], or chooses a domain's page
    /// ([`FirstPage::form`]).
    pub home: String,
    /// The theme of public pages.
    pub look: Theme,
    /// A colour such as `#1f4a47` that replaces the look's accent colour; empty if there is none.
    pub accent: String,
    /// The icon's file name; empty for Kenduri's own icon.
    pub icon: String,
    /// The file name of the owner's portrait; empty if there is none.
    pub portrait: String,
    pub portrait_alt: String,
    pub portrait_width: i64,
    pub portrait_height: i64,
    /// The headline of the first page. If it is empty, the first page shows the site's name.
    pub sentence: String,
    /// A few sentences that introduce the site on its first page.
    pub introduction: String,
    /// The account of the site's owner; if it is `None`, the site belongs to the first owner of the
    /// installation.
    pub account_id: Option<AccountId>,
    /// The paths of the menu entries, one per line. If it is empty, the menu has all entries that
    /// the domains offer.
    pub menu: String,
    /// The version number, which increases with each change.
    pub version: i64,
}

impl Look {
    pub fn set_icon(&mut self, picture: Option<StoredPicture>) {
        self.icon = picture.map(|one| one.file).unwrap_or_default();
    }

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

#[derive(Debug, thiserror::Error)]
pub enum LookError {
    /// Another person changed the look after the form was opened.
    #[error("changed in the meantime")]
    Conflict,
    #[error("some fields are invalid")]
    Fields(Vec<FieldProblem>),
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

/// Stores the setting of the first page in a new store. Does nothing if a look is already stored.
pub fn begin(tx: &mut Tx<'_>, home: &str) -> Result<(), StoreError> {
    let look = Look {
        home: home.to_owned(),
        ..Look::default()
    };
    begin_with(tx, look)
}

/// Stores a look in a new store. Does nothing if a look is already stored.
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

/// Finds the look, or the default look if none is stored.
pub fn find(tx: &mut Tx<'_>) -> Result<Look, StoreError> {
    let found = sql!("SELECT {Look} FROM site_look WHERE id = :id", id = ID).maybe(tx)?;
    Ok(found.unwrap_or_default())
}

/// Stores the changed look. `look.version` is the version on which the change is based.
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
        entity: Entity::new("site", String::new()),
        scope: None,
        changes: json!([{"field": "home", "from": before.home, "to": home}]),
        request: Some(request.clone()),
    })?;
    Ok(())
}

/// The path of the page that visitors of `/` see. Returns `None` if the look chooses [`SITE`], or
/// if the chosen page is not public.
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

/// All menu entries that the domains offer to everybody, in the order of the domains.
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

/// The frame that all public pages share. Its menu omits entries that no domain offers any more.
pub fn frame(tx: &mut Tx<'_>, domains: &[Domain]) -> Result<PublicFrame, StoreError> {
    let look = find(tx)?;
    frame_of(tx, domains, &look)
}

/// The frame of public pages in a look that may not be saved yet.
pub fn frame_of(
    tx: &mut Tx<'_>,
    domains: &[Domain],
    look: &Look,
) -> Result<PublicFrame, StoreError> {
    let mut menu = offered(tx, domains)?;
    if !look.menu.is_empty() {
        let item = |href: &str| menu.iter().find(|item| item.href == href).cloned();
        menu = look.menu.lines().filter_map(item).collect();
    }
    menu.truncate(LONGEST_MENU);
    // A menu whose only entry is the first page would be useless.
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
        owner: match account(tx, look)? {
            Some(id) => owner(tx, domains, &id)?,
            None => None,
        },
        look: look.look,
        accent: Color::parse(&look.accent),
        icon: path(&look.icon),
    })
}

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

pub fn path(file: &str) -> String {
    match file {
        "" => String::new(),
        file => format!("/site/images/{file}"),
    }
}

/// The account of the site's owner.
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

/// The job that checks whether the first page is still public.
pub(crate) fn job(domains: Domains, site: Site) -> Handler {
    Handler::each_minute("accounts.first_page", move |_| {
        let site = site.clone();
        async move { Ok(Done::with(move |tx| watch(tx, domains, &site))) }
    })
}

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

/// Removes an account from the look, because the account is being erased.
pub fn erase(tx: &mut Tx<'_>, id: &AccountId) -> Result<(), StoreError> {
    sql!(
        "UPDATE site_look SET account_id = NULL WHERE account_id = :id",
        id
    )
    .run(tx, Rows::AtMostOne)?;
    Ok(())
}
