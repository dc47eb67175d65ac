//! Imports the tables of the older personal site, row by row.
//!
//! `pg_dump` orders tables by name, so the dump is read three times. The first pass reads people,
//! the second each person's records, and the third the records that refer to both a person and
//! another record. Only the people stay in memory, with some hundred bytes each.

mod choices;

use std::collections::HashMap;
use std::path::PathBuf;

use anyhow::Result;
use countdowns::import::{self as timers, ImportedPhrase, ImportedSuggestion, Reset};
use countdowns::suggestion::State;
use identity::account::AccountId;
use identity::grant::{ADMIN, OWNER, TRUSTED_CONTACT};
use identity::people::import as people;
use identity::people::import::Person;
use identity::person::profile::Profile;
use jiff::Timestamp;
use platform::Tx;
use platform::key::Key;
use platform::mail::Address;
use platform::mail::suppression::Cause;
use posts::import::{self as articles, Article};

use crate::dump::{self, Dump, Row};
use crate::report::Report;
use crate::row_error::RowError;

/// The older site's built-in account.
const OWN_ACCOUNT: &str = "system";

const NO_PASSWORD: &str = "people without a password or a linked sign-in that works here, who set one by “forgot password”";
const ALIKE: &str = "timers that were merged with one of the same millisecond";
const IMAGE: &str = "articles whose title image has no place here";
const PICTURE: &str = "people whose picture has no place here";
const WEBSITE: &str = "people whose website is left out, because it is not an https address";
const OTHER_ROLE: &str = "roles of people that there are not here";
const SOFT_BOUNCE: &str = "addresses with bounces that did not last, or that are not addresses";

#[derive(Clone, Debug)]
pub struct Options {
    pub dump: PathBuf,
    pub is_to_be_written: bool,
    pub owner: Option<Address>,
    pub merges_timers: bool,
    /// The issuer URLs of the sign-in providers that are configured in Kenduri.
    pub issuers: Vec<String>,
}

pub(super) struct Import<'a> {
    options: &'a Options,
    key: &'a Key,
    locale: &'a str,
    time_zone: &'a str,
    people: HashMap<AccountId, KnownPerson>,
    role_names: HashMap<String, String>,
    owner: Option<AccountId>,
    is_owner_found: bool,
    report: Report,
}

#[expect(clippy::struct_excessive_bools, reason = "each is of another row")]
struct KnownPerson {
    is_new: bool,
    is_active: bool,
    can_sign_in: bool,
    is_confirmed: bool,
    is_public: bool,
    is_listed: bool,
    created_at: Timestamp,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Pass {
    People,
    Theirs,
    Shared,
}

impl<'a> Import<'a> {
    pub(super) fn new(
        options: &'a Options,
        key: &'a Key,
        locale: &'a str,
        time_zone: &'a str,
    ) -> Self {
        Self {
            options,
            key,
            locale,
            time_zone,
            people: HashMap::new(),
            role_names: HashMap::new(),
            owner: None,
            is_owner_found: false,
            report: Report::default(),
        }
    }

    /// Imports the whole dump in the transaction. Fails if the dump cannot be imported, for example
    /// because it contains no people.
    pub(super) fn run(mut self, tx: &mut Tx<'_>) -> Result<Report> {
        for pass in [Pass::People, Pass::Theirs, Pass::Shared] {
            let mut dump = Dump::open(&self.options.dump)?;
            while let Some(row) = dump.read()? {
                self.read(tx, pass, &row)?;
            }
            if self.people.is_empty() && self.report.refused() == 0 {
                return Err(RowError::Nothing {
                    file: self.options.dump.display().to_string(),
                    what: "there are no people of a personal site in it",
                    mend: "dump its whole database: pg_dump --no-owner --file=site.sql DATABASE",
                }
                .into());
            }
        }
        if let Some(owner) = &self.options.owner
            && !self.is_owner_found
        {
            let what = format!(
                "{} is not an active administrator of the older site; --owner names one",
                owner.as_str()
            );
            self.report.refuse("--owner", &what);
        }
        for known in self.people.values() {
            if known.is_new && !known.can_sign_in {
                self.report.remark(NO_PASSWORD);
            }
        }
        Ok(self.report)
    }

    fn read(&mut self, tx: &mut Tx<'_>, pass: Pass, row: &Row) -> Result<()> {
        match (row.table(), pass) {
            ("roles", Pass::People) => {
                let (id, name) = (row.require("id")?, row.require("name")?);
                self.role_names.insert(id.to_owned(), name.to_owned());
            }
            ("users", Pass::People) => self.person(tx, row)?,
            ("user_credentials", Pass::Theirs) => self.password(tx, row, "password_updated_at")?,
            ("user_roles", Pass::Theirs) => self.role(tx, row)?,
            ("user_preferences", Pass::Theirs) => self.preference(row)?,
            ("user_profiles", Pass::Theirs) => self.profile(tx, row)?,
            ("phrases", Pass::Theirs) => self.phrase(tx, row)?,
            ("email_suppressions", Pass::Theirs) => self.suppression(tx, row)?,
            ("blog_posts", Pass::Theirs) => self.article(tx, row)?,
            ("incident_timers", Pass::Shared) => self.timer(tx, row)?,
            ("user_excluded_phrases", Pass::Shared) => self.exclusion(tx, row)?,
            ("phrase_suggestions", Pass::Shared) => self.suggestion(tx, row)?,
            ("user_preferences", Pass::Shared) => self.subscription(tx, row)?,
            ("user_external_logins", Pass::Shared) => self.linked_sign_in(tx, row)?,
            // In older dumps, this table has columns for the linked Google account.
            ("users", Pass::Shared) => self.google_sign_in(tx, row)?,
            (
                "roles"
                | "users"
                | "user_credentials"
                | "user_roles"
                | "user_external_logins"
                | "user_preferences"
                | "user_profiles"
                | "phrases"
                | "email_suppressions"
                | "blog_posts"
                | "incident_timers"
                | "user_excluded_phrases"
                | "phrase_suggestions"
                | "_sqlx_migrations",
                _,
            ) => {}
            (other, Pass::People) => self.report.leave_out(other),
            _ => {}
        }
        Ok(())
    }

    fn person(&mut self, tx: &mut Tx<'_>, row: &Row) -> Result<()> {
        let slug = row.require("slug")?;
        if slug == OWN_ACCOUNT {
            return Ok(());
        }
        let id: AccountId = id(row, "id")?;
        let email = row.require("email")?;
        let Ok(email) = email.parse::<Address>() else {
            let what = format!("{email:?} is not a mail address");
            self.report.refuse(&place(row), &what);
            return Ok(());
        };
        let is_active = flag(row, "active", true)?;
        let created_at = instant(row, "created_at")?;
        let person = Person {
            id: id.clone(),
            email: email.clone(),
            name: row.require("display_name")?.to_owned(),
            slug: slug.to_owned(),
            is_active,
            locale: self.locale.to_owned(),
            time_zone: self.time_zone.to_owned(),
            created_at,
            updated_at: instant(row, "updated_at")?,
        };
        let outcome = people::add(tx, &person)?;
        let shown = email.as_str();
        let what = match &outcome {
            people::Outcome::Added | people::Outcome::Known => None,
            people::Outcome::EmailTaken(other) => {
                Some(format!("{shown} is the address of account {other} too"))
            }
            people::Outcome::SlugTaken => Some(format!("the slug {slug} of {shown} is taken here")),
            people::Outcome::SlugInvalid => Some(format!(
                "the slug {slug:?} of {shown} cannot stand in addresses"
            )),
        };
        if let Some(what) = what {
            self.report.refuse(&place(row), &what);
            return Ok(());
        }
        let is_new = outcome == people::Outcome::Added;
        self.report.count("people", is_new);
        let is_owner = self
            .options
            .owner
            .as_ref()
            .is_some_and(|owner| owner.canonical() == email.canonical());
        if is_owner {
            self.owner = Some(id.clone());
        }
        let known = KnownPerson {
            is_new,
            is_active,
            can_sign_in: false,
            is_confirmed: false,
            // The older site's defaults.
            is_public: true,
            is_listed: true,
            created_at,
        };
        self.people.insert(id.clone(), known);
        // In older dumps, this table contains the password hash.
        if row.get("password_hash").is_some() {
            self.set_password(tx, &id, row, "updated_at")?;
        }
        Ok(())
    }

    fn password(&mut self, tx: &mut Tx<'_>, row: &Row, changed: &str) -> Result<()> {
        self.set_password(tx, &id(row, "user_id")?, row, changed)
    }

    fn set_password(
        &mut self,
        tx: &mut Tx<'_>,
        account: &AccountId,
        row: &Row,
        changed: &str,
    ) -> Result<()> {
        let Some(known) = self.people.get_mut(account).filter(|known| known.is_new) else {
            return Ok(());
        };
        let (hash, changed_at) = (row.require("password_hash")?, instant(row, changed)?);
        known.can_sign_in = people::set_password(tx, account, hash, changed_at)?;
        Ok(())
    }

    fn role(&mut self, tx: &mut Tx<'_>, row: &Row) -> Result<()> {
        let account: AccountId = id(row, "user_id")?;
        let role = row.require("role_id")?;
        let Some(role) = self.role_names.get(role).map(String::as_str) else {
            return Err(row.refuse(format!("there is no role {role}")).into());
        };
        let Some(known) = self.people.get_mut(&account) else {
            return Ok(());
        };
        let is_owner = self.owner.as_ref() == Some(&account);
        known.is_confirmed |= role == "email-verified";
        match role {
            "email-verified" if known.is_new => people::verify_email(tx, &account)?,
            // The owner's role is given even to a person from an earlier import. Other roles are
            // given only to new people.
            "admin" if is_owner && known.is_active => {
                self.is_owner_found = true;
                let is_new = people::give(tx, &account, OWNER)?;
                self.report.count("owners", is_new);
            }
            "admin" if known.is_new && known.is_active => {
                let is_new = people::give(tx, &account, ADMIN)?;
                self.report.count("administrators", is_new);
            }
            "trusted-contact" if known.is_new && known.is_active => {
                let is_new = people::give(tx, &account, TRUSTED_CONTACT)?;
                self.report.count("trusted contacts of the site", is_new);
            }
            "user" | "email-verified" | "admin" | "trusted-contact" => {}
            _ => self.report.remark(OTHER_ROLE),
        }
        Ok(())
    }

    fn preference(&mut self, row: &Row) -> Result<()> {
        let account: AccountId = id(row, "user_id")?;
        if let Some(known) = self.people.get_mut(&account) {
            known.is_public = flag(row, "timer_is_public", true)?;
            known.is_listed = flag(row, "timer_show_in_list", true)?;
        }
        Ok(())
    }

    fn profile(&mut self, tx: &mut Tx<'_>, row: &Row) -> Result<()> {
        let account: AccountId = id(row, "user_id")?;
        let Some(known) = self.people.get(&account) else {
            return Ok(());
        };
        self.report.count("profiles", known.is_new);
        if !known.is_new {
            return Ok(());
        }
        let text = |name| row.get(name).unwrap_or_default().to_owned();
        let profile = Profile {
            real_name: text("real_name"),
            bio: text("bio"),
            location: text("location"),
            website: text("website"),
            ..Profile::default()
        };
        if !people::set_profile(tx, &account, profile)? {
            self.report.remark(WEBSITE);
        }
        if !text("avatar_url").is_empty() {
            self.report.remark(PICTURE);
        }
        Ok(())
    }

    fn phrase(&mut self, tx: &mut Tx<'_>, row: &Row) -> Result<()> {
        let author: AccountId = id(row, "created_by")?;
        let phrase = ImportedPhrase {
            id: id(row, "id")?,
            text: row.require("phrase_text")?.to_owned(),
            is_active: flag(row, "active", true)?,
            author: Some(author).filter(|author| self.people.contains_key(author)),
            created_at: instant(row, "created_at")?,
        };
        let is_new = timers::add_phrase(tx, &phrase)?;
        self.report.count("phrases", is_new);
        Ok(())
    }

    fn suppression(&mut self, tx: &mut Tx<'_>, row: &Row) -> Result<()> {
        let is_everything = flag(row, "suppress_transactional", false)?;
        let cause = match (row.require("suppression_type")?, is_everything) {
            ("complaint", _) => Some(Cause::Complaint),
            ("bounce", true) => Some(Cause::HardBounce),
            ("manual", true) => Some(Cause::Manual),
            ("unsubscribe" | "manual", _) => Some(Cause::Unsubscribe),
            _ => None,
        };
        let address = row.require("email")?.parse::<Address>();
        let (Some(cause), Ok(address)) = (cause, address) else {
            self.report.remark(SOFT_BOUNCE);
            return Ok(());
        };
        let is_new = people::suppress(tx, self.key, &address, cause)?;
        self.report.count("suppressions", is_new);
        Ok(())
    }

    fn article(&mut self, tx: &mut Tx<'_>, row: &Row) -> Result<()> {
        let is_published = row.require("status")? == "published";
        let published_at = match row.get("published_at") {
            _ if !is_published => None,
            Some(_) => Some(instant(row, "published_at")?),
            None => Some(instant(row, "created_at")?),
        };
        let tags = row.get("tags").unwrap_or("{}");
        let tags =
            dump::array(tags).ok_or_else(|| row.refuse("tags are not an array".to_owned()))?;
        let slug = row.require("slug")?;
        let article = Article {
            id: id(row, "id")?,
            title: row.require("title")?.to_owned(),
            slug: slug.to_owned(),
            body: row.require("content")?.to_owned(),
            excerpt: row.get("excerpt").unwrap_or_default().to_owned(),
            tags,
            published_at,
            updated_at: instant(row, "updated_at")?,
        };
        match articles::add(tx, &article)? {
            articles::Outcome::Added => {
                self.report.count("articles", true);
                if row
                    .get("featured_image_url")
                    .is_some_and(|url| !url.is_empty())
                {
                    self.report.remark(IMAGE);
                }
            }
            articles::Outcome::Known => self.report.count("articles", false),
            articles::Outcome::SlugTaken => {
                let what = format!("the slug {slug} of an article is taken here");
                self.report.refuse(&place(row), &what);
            }
        }
        Ok(())
    }

    fn timer(&mut self, tx: &mut Tx<'_>, row: &Row) -> Result<()> {
        let account: AccountId = id(row, "user_id")?;
        let Some(known) = self.people.get(&account) else {
            return Ok(());
        };
        let exact = instant(row, "reset_timestamp")?;
        if exact > tx.now() {
            let what = format!("the timer of {account} begins in the future, at {exact}");
            self.report.refuse(&place(row), &what);
            return Ok(());
        }
        let owner = timers::Owner {
            account,
            is_public: known.is_public,
            is_listed: known.is_listed,
            time_zone: self.time_zone.to_owned(),
            created_at: known.created_at,
        };
        let reset = Reset {
            id: id(row, "id")?,
            reset_at: Timestamp::from_millisecond(exact.as_millisecond())?,
            note: row.get("notes").unwrap_or_default().to_owned(),
            created_at: instant(row, "created_at")?,
        };
        let (countdown, is_new) = timers::countdown_of(tx, &owner)?;
        if is_new {
            self.report.count("countdowns", true);
        }
        match timers::add_reset(tx, &owner.account, &countdown, &reset)? {
            timers::Outcome::Added => self.report.count("timers", true),
            timers::Outcome::Known => self.report.count("timers", false),
            timers::Outcome::SharesInstant(other) if self.options.merges_timers => {
                timers::merge_note(tx, &other, &reset.note)?;
                self.report.remark(ALIKE);
            }
            timers::Outcome::SharesInstant(other) => {
                let what = format!(
                    "timer {} has the millisecond of timer {other}, {}; --merge-timers makes one of both",
                    reset.id, reset.reset_at
                );
                self.report.refuse(&place(row), &what);
            }
        }
        Ok(())
    }

    fn exclusion(&mut self, tx: &mut Tx<'_>, row: &Row) -> Result<()> {
        let account: AccountId = id(row, "user_id")?;
        if self.people.contains_key(&account)
            && let Some(is_new) = timers::add_exclusion(tx, &account, &id(row, "phrase_id")?)?
        {
            self.report.count("exclusions", is_new);
        }
        Ok(())
    }

    fn suggestion(&mut self, tx: &mut Tx<'_>, row: &Row) -> Result<()> {
        let account: AccountId = id(row, "user_id")?;
        if !self.people.contains_key(&account) {
            return Ok(());
        }
        let word = row.require("status")?;
        let state = State::find(word);
        let state = state.ok_or_else(|| row.refuse(format!("{word:?} is not a state")))?;
        let decided_by = match row.get("admin_id") {
            Some(_) => Some(id(row, "admin_id")?),
            None => None,
        };
        let decided_at = match state {
            State::Pending => None,
            State::Approved | State::Rejected => Some(instant(row, "updated_at")?),
        };
        let suggestion = ImportedSuggestion {
            id: id(row, "id")?,
            account,
            text: row.require("phrase_text")?.to_owned(),
            state,
            reason: row.get("admin_reason").unwrap_or_default().to_owned(),
            decided_by: decided_by.filter(|by| self.people.contains_key(by)),
            decided_at,
            created_at: instant(row, "created_at")?,
        };
        let is_new = timers::add_suggestion(tx, &suggestion)?;
        self.report.count("suggestions", is_new);
        Ok(())
    }
}

fn place(row: &Row) -> String {
    format!("line {}", row.line())
}

fn id<I: std::str::FromStr>(row: &Row, column: &str) -> Result<I> {
    let text = row.require(column)?;
    let id = text.parse();
    Ok(id.map_err(|_| row.refuse(format!("{column} is not a UUID: {text:?}")))?)
}

fn instant(row: &Row, column: &str) -> Result<Timestamp> {
    let text = row.require(column)?;
    let instant = text.parse();
    Ok(instant.map_err(|_| row.refuse(format!("{column} is not a time: {text:?}")))?)
}

fn flag(row: &Row, column: &str, default: bool) -> Result<bool> {
    match row.get(column) {
        None => Ok(default),
        Some("t") => Ok(true),
        Some("f") => Ok(false),
        Some(other) => Err(row
            .refuse(format!("{column} is neither t nor f: {other:?}"))
            .into()),
    }
}
