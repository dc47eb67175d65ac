//! The lists of the older booking site: companies, plans and links to meetings.

use anyhow::Result;
use bookings::catalogue::{self, CatalogueEntry};
use bookings::choice::{Choice, Choices};
use bookings::credit_kind::{DOCUMENT_REVIEW, SESSION};
use bookings::import::{self as bring, sessions};
use bookings::order::{CreditGrant, PlanId};
use bookings::plan::{self, Plan};
use bookings::room::Room;
use identity::person::slug;
use platform::Tx;
use platform::money::Money;
use web::Findings;

use super::rows::{Row, cut, flaw};
use super::take_over::TakeOver;

const NO_QUOTA: &str = "plans that grant nothing, and are not offered";
const PRICES: &str = "Prices of plans";
const NO_PLAN: &str = "plans that are only known by orders, and are not offered";
const NOT_ALLOWED: &str = "Links that do not lead to a meeting on an allowed host";
const UNKNOWN_ENTRIES: &str =
    "companies that are only known by slots or bookings, and are not offered";

/// At most `most` characters.
fn code(name: &str, most: usize) -> String {
    let mut code = slug::from_name(name);
    code.truncate(most);
    if code.is_empty() {
        let id: PlanId = bring::id("code", name);
        code = format!("code-{}", id.as_str().get(..8).unwrap_or_default());
    }
    code.trim_end_matches('-').to_owned()
}

/// Such as “System design” from `system_design`.
fn label(code: &str) -> String {
    let mut letters = code.trim().chars().map(|c| if c == '_' { ' ' } else { c });
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).take(80).collect()
}

/// In the export, such a word stands for all values of a list.
fn is_any(word: &str) -> bool {
    matches!(word.to_lowercase().as_str(), "any" | "all" | "general")
}

impl TakeOver<'_> {
    pub(super) fn company(&mut self, tx: &mut Tx<'_>, row: &Row) -> Result<()> {
        let name = row.line("name", 120);
        if name.is_empty() {
            return flaw("it has no name");
        }
        let slug = match row.text("slug") {
            slug if slug.is_empty() => name.clone(),
            slug => slug,
        };
        let entry = CatalogueEntry {
            id: bring::id("company", row.key()),
            slug: code(&slug, 50),
            name: name.clone(),
            category: row.line("category", 80),
            tracks: tags(row, "interview_tracks"),
            levels: tags(row, "difficulty_levels"),
            logo_url: logo(row),
            description: row.lines("description", 2_000),
            active: row.flag("is_active", true),
            version: 1,
        };
        let (slug, is_new) = bring::add_entry(tx, &entry)?;
        self.report.count("companies", is_new);
        let names = row
            .keys
            .iter()
            .cloned()
            .chain([name.to_lowercase(), slug.clone()]);
        for name in names.collect::<Vec<_>>() {
            self.entries.entry(name).or_insert_with(|| slug.clone());
        }
        Ok(())
    }

    pub(super) fn plan(&mut self, tx: &mut Tx<'_>, row: &Row) -> Result<()> {
        let currency = self.currency_of(row)?;
        let Some(minor) = row.number("price")?.filter(|price| *price >= 0) else {
            return flaw("it has no price in minor units");
        };
        let mut grants = Vec::new();
        for (kind, field) in [(SESSION, "sessions"), (DOCUMENT_REVIEW, "reviews")] {
            let mut quantity = 0;
            for field in [field, "limits"] {
                let Some(value) = row.value(field).filter(|_| quantity == 0) else {
                    continue;
                };
                // A single number limits only the sessions, not the reviews.
                if field == "limits" && kind == DOCUMENT_REVIEW && !value.is_object() {
                    continue;
                }
                quantity = self.quota(value, kind)?.unwrap_or(0);
            }
            if quantity > 0 {
                grants.push(CreditGrant {
                    credit_kind: kind.to_owned(),
                    quantity,
                });
            }
        }
        let grants_nothing = grants.is_empty();
        if grants_nothing {
            self.report.remark(NO_QUOTA);
        }
        let plan = Plan {
            id: bring::id("plan", row.key()),
            name: match row.line("name", 80) {
                name if name.is_empty() => label(row.key()),
                name => name,
            },
            description: cut(&row.words("features").join("\n"), 500),
            code: String::new(),
            grants,
            months: row.number("duration_months")?.unwrap_or(1).clamp(1, 36),
            tier: 0,
            review_calls: false,
            sale_limit: 0,
            sold: 0,
            price_minor: minor,
            currency,
            active: !grants_nothing && minor > 0 && row.flag("is_active", true),
            position: row.number("display_order")?.unwrap_or(0).clamp(0, 1_000),
            version: 1,
        };
        let is_new = bring::add_plan(tx, &plan)?;
        self.report.count("plans", is_new);
        if is_new {
            let what = format!("{}: {} {currency}", plan.name, plan.price().decimal());
            self.list(PRICES, row, &what);
        }
        self.prices.insert(Money::new(minor, currency));
        let keys = row.keys.iter().cloned().chain([plan.name.to_lowercase()]);
        for key in keys.collect::<Vec<_>>() {
            self.plans.entry(key).or_insert_with(|| plan.id.clone());
        }
        Ok(())
    }

    /// Returns the plan of an order. If the plan is missing in the export, creates a plan without
    /// credits.
    pub(super) fn plan_of(&mut self, tx: &mut Tx<'_>, row: &Row) -> Result<Plan> {
        let name = match (row.text("plan_id"), row.text("plan_name")) {
            (id, _) if !id.is_empty() => id,
            (_, name) => name,
        };
        let found = self
            .plans
            .get(&name)
            .or_else(|| self.plans.get(&name.to_lowercase()));
        let id = found.cloned().unwrap_or_else(|| bring::id("plan", &name));
        if let Some(plan) = plan::find(tx, &id)? {
            return Ok(plan);
        }
        let plan = Plan {
            id: id.clone(),
            name: match row.line("plan_name", 80) {
                shown if shown.is_empty() => label(&name),
                shown => shown,
            },
            description: String::new(),
            code: String::new(),
            grants: Vec::new(),
            months: 1,
            tier: 0,
            review_calls: false,
            sale_limit: 0,
            sold: 0,
            price_minor: 0,
            currency: self.currency,
            active: false,
            position: 1_000,
            version: 1,
        };
        bring::add_plan(tx, &plan)?;
        self.report.remark(NO_PLAN);
        self.plans.insert(name, id);
        Ok(plan)
    }

    pub(super) fn link(&mut self, tx: &mut Tx<'_>, row: &Row) -> Result<()> {
        let url = row.require("url")?;
        let room = Room {
            id: bring::id("link", row.key()),
            name: match row.line("name", 80) {
                name if name.is_empty() => cut(url.rsplit('/').next().unwrap_or_default(), 80),
                name => name,
            },
            url: url.clone(),
            active: row.flag("is_active", true),
            version: 1,
        };
        if url.chars().count() > 500 || !sessions::is_meeting(tx, &url)? {
            self.list(NOT_ALLOWED, row, &url);
            return Ok(());
        }
        let is_new = bring::add_room(tx, &room)?.unwrap_or_default();
        self.report.count("rooms", is_new);
        Ok(())
    }

    /// Returns the session types, levels and companies of a slot. Adds those that this site does
    /// not have yet.
    pub(super) fn choices(&mut self, tx: &mut Tx<'_>, row: &Row) -> Result<Choices> {
        let mut choices = Choices::default();
        for word in words(row, "interview_types") {
            choices.session_types.push(self.session_type(tx, &word)?);
        }
        for word in words(row, "experience_levels") {
            choices.levels.push(self.level(tx, &word)?);
        }
        for word in words(row, "company_specializations") {
            choices.entries.push(self.entry(tx, &word)?);
        }
        for set in [
            &mut choices.session_types,
            &mut choices.levels,
            &mut choices.entries,
        ] {
            set.sort();
            set.dedup();
        }
        Ok(choices)
    }

    /// Returns the session type, level and company that a member chose for a session.
    pub(super) fn choice(&mut self, tx: &mut Tx<'_>, row: &Row) -> Result<Choice> {
        let one = |name| words(row, name).into_iter().next();
        let mut choice = Choice::default();
        if let Some(word) = one("interview_type") {
            choice.session_type = Some(self.session_type(tx, &word)?);
        }
        if let Some(word) = one("experience_level") {
            choice.level = Some(self.level(tx, &word)?);
        }
        if let Some(word) = one("company_id") {
            choice.entry = Some(self.entry(tx, &word)?);
        }
        Ok(choice)
    }

    fn session_type(&mut self, tx: &mut Tx<'_>, word: &str) -> Result<String> {
        let code = code(word, 40);
        if bring::add_session_type(tx, &code, &label(word))? {
            self.report.count("session types", true);
        }
        Ok(code)
    }

    fn level(&mut self, tx: &mut Tx<'_>, word: &str) -> Result<String> {
        let code = code(word, 40);
        if bring::add_level(tx, &code, &label(word))? {
            self.report.count("levels", true);
        }
        Ok(code)
    }

    fn entry(&mut self, tx: &mut Tx<'_>, word: &str) -> Result<String> {
        let found = self
            .entries
            .get(word)
            .or_else(|| self.entries.get(&word.to_lowercase()));
        if let Some(slug) = found {
            return Ok(slug.clone());
        }
        let entry = CatalogueEntry {
            id: bring::id("company", word),
            slug: code(word, 50),
            name: cut(word, 120),
            category: String::new(),
            tracks: Vec::new(),
            levels: Vec::new(),
            description: String::new(),
            logo_url: String::new(),
            active: false,
            version: 1,
        };
        let (slug, _) = bring::add_entry(tx, &entry)?;
        self.report.remark(UNKNOWN_ENTRIES);
        self.entries.insert(word.to_owned(), slug.clone());
        Ok(slug)
    }
}

/// At most 20 labels of at most 40 characters, the limits of a catalogue entry.
fn tags(row: &Row, name: &str) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for word in row.words(name) {
        let tag = cut(&word.replace(',', " "), 40);
        if !tag.is_empty() && !all.contains(&tag) && all.len() < 20 {
            all.push(tag);
        }
    }
    all
}

/// Empty unless it is an https URL or a path.
fn logo(row: &Row) -> String {
    let url = row.line("logo_url", 500);
    let mut findings = Findings::default();
    catalogue::check_logo(&url, &mut findings);
    if findings.is_empty() {
        url
    } else {
        String::new()
    }
}

fn words(row: &Row, name: &str) -> Vec<String> {
    let mut all = row.words(name);
    if all.iter().any(|word| is_any(word)) {
        all.clear();
    }
    all
}
