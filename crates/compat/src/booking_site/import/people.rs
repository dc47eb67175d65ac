//! Imports people with their passwords and credits, and decides who becomes an owner or a provider.

use anyhow::Result;
use bookings::credit_kind::{DOCUMENT_REVIEW, SESSION};
use bookings::import as bring;
use bookings::import::money;
use bookings::provider::{PROVIDER, ProviderId, ProviderProfile};
use identity::grant::{self, OWNER, Scope};
use identity::people::import::{self as accounts, Outcome};
use identity::person::slug;
use platform::Tx;
use platform::mail::Address;
use serde_json::Value;

use super::names;
use super::rows::{Row, flaw, whole};
use super::take_over::{MENTORS, Person, TakeOver};

const ADMINISTRATORS: &str = "Administrators there, who get no rank here";
const NO_PASSWORD: &str =
    "people without a password that works here, who set one by “forgot password”";
const UNCONFIRMED: &str =
    "people whose address was not confirmed there, who get a link to confirm it when they sign in";
const OTHERS_SLOTS: &str =
    "People with slots or bookings as mentors who are none, and do not become providers";
const UNLIMITED: &str = "quotas without a limit, which become 999 credits";
const UNKNOWN_MENTOR: &str = "past sessions of mentors who are not known any more";
/// Credits for a quota without a limit.
const MOST: i64 = 999;

impl TakeOver<'_> {
    pub(super) fn person(&mut self, tx: &mut Tx<'_>, row: &Row) -> Result<()> {
        let email = row.require("email")?;
        let Ok(email) = email.parse::<Address>() else {
            return flaw(format!("{email:?} is not a mail address"));
        };
        let name = match row.line("name", 50) {
            name if name.is_empty() => email
                .as_str()
                .split('@')
                .next()
                .unwrap_or_default()
                .to_owned(),
            name => name,
        };
        let created_at = row.instant("created_at")?.unwrap_or(self.now);
        let id: identity::account::AccountId = bring::id("user", row.key());
        let mut slug = slug::propose(tx, &name)?;
        if slug.is_empty() {
            slug = format!("user-{}", id.as_str().replace('-', ""));
        }
        let is_active = row.flag("is_active", true);
        let person = accounts::Person {
            id: id.clone(),
            email: email.clone(),
            name: name.clone(),
            slug,
            is_active,
            locale: self.options.locale.clone(),
            time_zone: self.options.zone.iana_name().unwrap_or("UTC").to_owned(),
            created_at,
            updated_at: row.instant("updated_at")?.unwrap_or(created_at),
        };
        let is_new = match accounts::add(tx, &person)? {
            Outcome::Added => true,
            Outcome::Known => false,
            Outcome::EmailTaken(other) => {
                return flaw(format!(
                    "{} is the address of account {other} too",
                    email.as_str()
                ));
            }
            Outcome::SlugTaken | Outcome::SlugInvalid => {
                return flaw(format!(
                    "no name in addresses was found for {}",
                    email.as_str()
                ));
            }
        };
        self.report.count("people", is_new);
        if is_new && row.flag("email_verified", false) {
            accounts::verify_email(tx, &id)?;
        } else if is_new {
            self.report.remark(UNCONFIRMED);
        }
        let hash = row.text("password_hash");
        if is_new && !accounts::set_password(tx, &id, &hash, person.updated_at)? {
            self.report.remark(NO_PASSWORD);
        }
        let role = row.text("role").to_lowercase();
        if role.contains("admin") {
            self.list(ADMINISTRATORS, row, email.as_str());
        }
        for (field, kind) in [
            ("sessions_left", SESSION),
            ("reviews_left", DOCUMENT_REVIEW),
        ] {
            let left = row
                .value(field)
                .map_or(Ok(None), |value| self.quota(value, kind))?;
            if let Some(left) = left.filter(|left| is_new && *left > 0) {
                money::bring(tx, &id, kind, left, self.credits_end(Some(row))?)?;
                self.report.count("credit lots", true);
            }
        }
        let place = self.people.len();
        self.by_address.insert(email.canonical().to_owned(), place);
        let keys = row.keys.iter().map(|key| (key.clone(), place));
        self.by_key.extend(keys);
        self.people.push(Person {
            id,
            is_new,
            is_active,
            is_mentor: matches!(role.as_str(), "mentor" | "interviewer" | "provider"),
            email: email.as_str().to_owned(),
            name,
            bio: row.lines("bio", 2_000),
        });
        Ok(())
    }

    /// Reads a quota. It is a number, or an object with one number for sessions and one for
    /// reviews. A negative number means that there is no limit.
    pub(super) fn quota(&mut self, value: &Value, kind: &str) -> Result<Option<i64>> {
        let ours = match kind {
            DOCUMENT_REVIEW => "reviews",
            _ => "sessions",
        };
        let value = match value {
            Value::Object(all) => {
                let known = names::PLANS.fields.iter().find(|(name, _)| *name == ours);
                let known = known
                    .into_iter()
                    .flat_map(|(name, others)| [*name].into_iter().chain(others.iter().copied()));
                known
                    .filter_map(|name| all.get(name))
                    .find(|value| !value.is_null())
            }
            value => Some(value),
        };
        match value.map(whole) {
            None => Ok(None),
            Some(Some(number)) if number < 0 => {
                self.report.remark(UNLIMITED);
                Ok(Some(MOST))
            }
            Some(Some(number)) => Ok(Some(number.min(MOST))),
            Some(None) => flaw(format!("a quota of {ours} is not a whole number")),
        }
    }

    /// Makes the person whom `--owner` names the owner of the site. Administrators of the older
    /// site get no role, because anybody could register there as an administrator.
    pub(super) fn appoint(&mut self, tx: &mut Tx<'_>) -> Result<()> {
        let owner = &self.options.owner;
        let person = self.by_address.get(owner.canonical());
        let person = person.and_then(|place| self.people.get(*place));
        if let Some(id) = person
            .filter(|person| person.is_active)
            .map(|person| person.id.clone())
        {
            let is_new = accounts::give(tx, &id, OWNER)?;
            self.report.count("owners", is_new);
            return Ok(());
        }
        if let Some(account) = accounts::find_by_address(tx, owner)?
            && grant::rank_of(tx, &account, &Scope::site())? == Some(OWNER)
        {
            return Ok(());
        }
        let what = format!(
            "{} is neither an active person of the older site nor an owner of this one; name another",
            owner.as_str()
        );
        self.report.refuse("--owner", &what);
        Ok(())
    }

    /// Finds the provider to whom the field `mentor_id` refers. If the mentor is not a provider
    /// yet, makes the mentor one. An unknown mentor is accepted only if `is_over` is true, that is,
    /// for a past session.
    pub(super) fn provider_of(
        &mut self,
        tx: &mut Tx<'_>,
        row: &Row,
        is_over: bool,
    ) -> Result<ProviderId> {
        let key = row.require("mentor_id")?;
        let person = self.person_of(row, "mentor_id").cloned();
        let name = person.as_ref().map(|person| person.id.to_string());
        let name = name.unwrap_or_else(|| key.clone());
        if let Some(id) = self.providers.get(&name) {
            return Ok(id.clone());
        }
        if person.is_none() && !is_over {
            return flaw(format!("there is no user {key}"));
        }
        let id = match &person {
            // The id must not be derivable from the account's id.
            Some(_) => tx.id(),
            None => bring::id("provider", &name),
        };
        let (display_name, bio) = match &person {
            Some(person) => (person.name.as_str(), person.bio.clone()),
            None => ("", String::new()),
        };
        let rules = bookings::settings::load(tx)?;
        let profile = ProviderProfile {
            bio,
            is_paused: person.is_none(),
            ..ProviderProfile::new(id, display_name, &rules)
        };
        let account = person.as_ref().map(|person| &person.id);
        let (id, is_new) = bring::sessions::provider(tx, account, &profile)?;
        match &person {
            Some(person) if person.is_mentor && person.is_active => {
                if is_new {
                    accounts::give_duty(tx, &person.id, PROVIDER)?;
                }
                self.report.count("providers", is_new);
            }
            Some(person) => self.list(OTHERS_SLOTS, row, &person.email),
            None => self.report.remark(UNKNOWN_MENTOR),
        }
        self.providers.insert(name, id.clone());
        Ok(id)
    }

    /// Returns the provider to whom the field `mentor_id` refers, or `None` if that person is not a
    /// provider yet. A review does not make anybody a provider.
    pub(super) fn known_provider(&self, row: &Row) -> Option<ProviderId> {
        let person = self.person_of(row, "mentor_id")?;
        self.providers.get(person.id.as_str()).cloned()
    }

    pub(super) fn list_mentors(&mut self) {
        for person in &self.people {
            if person.is_mentor && !self.providers.contains_key(person.id.as_str()) {
                self.report.list(MENTORS, person.email.clone());
            }
        }
    }
}
