//! The report about an import or a dry run.

use std::collections::BTreeMap;
use std::fmt;

use platform::audit::{Actor, Entity, Entry};
use platform::{StoreError, Tx};
use serde_json::json;

/// Further refused rows, and further rows under one heading, are only counted.
const MAX_LISTED: usize = 100;

/// Counts what happened to the rows of an export.
#[derive(Debug, Default)]
pub struct Report {
    kinds: BTreeMap<&'static str, Counts>,
    left_out: BTreeMap<String, u64>,
    unknown_issuers: BTreeMap<String, u64>,
    remarks: BTreeMap<&'static str, u64>,
    listed: BTreeMap<&'static str, Vec<String>>,
    refusals: Vec<String>,
    refused: usize,
    is_written: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    new: u64,
    known: u64,
}

impl Report {
    /// Counts a record. It was either imported or already there.
    pub(crate) fn count(&mut self, kind: &'static str, is_new: bool) {
        let counts = self.kinds.entry(kind).or_default();
        if is_new {
            counts.new += 1;
        } else {
            counts.known += 1;
        }
    }

    /// Counts a skipped row of a table to which nothing in Kenduri corresponds.
    pub(crate) fn leave_out(&mut self, table: &str) {
        match self.left_out.get_mut(table) {
            Some(count) => *count += 1,
            None => drop(self.left_out.insert(table.to_owned(), 1)),
        }
    }

    /// Counts skipped rows or fields to which nothing in Kenduri corresponds.
    pub(crate) fn leave_out_all(&mut self, what: &str, count: u64) {
        *self.left_out.entry(what.to_owned()).or_default() += count;
    }

    /// Counts a skipped link to a sign-in provider that is not configured in Kenduri.
    pub(crate) fn leave_out_sign_in(&mut self, issuer: &str) {
        *self.unknown_issuers.entry(issuer.to_owned()).or_default() += 1;
    }

    /// Counts an imported row about which the report contains a remark.
    pub(crate) fn remark(&mut self, what: &'static str) {
        *self.remarks.entry(what).or_default() += 1;
    }

    /// Lists something that people should look at under a heading of the report.
    pub(crate) fn list(&mut self, heading: &'static str, what: String) {
        self.listed.entry(heading).or_default().push(what);
    }

    /// Counts a refused row. One refused row prevents the whole import.
    pub(crate) fn refuse(&mut self, place: &str, what: &str) {
        self.refused += 1;
        if self.refusals.len() < MAX_LISTED {
            self.refusals.push(format!("{place}: {what}"));
        }
    }

    pub fn refused(&self) -> usize {
        self.refused
    }

    /// Returns how many records of this kind were imported, and how many already existed.
    #[cfg(test)]
    pub(crate) fn counts(&self, kind: &str) -> (u64, u64) {
        let counts = self.kinds.get(kind).copied().unwrap_or_default();
        (counts.new, counts.known)
    }

    /// Records the import in the audit log, unless nothing was imported.
    pub(crate) fn record(&mut self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        self.is_written = true;
        let new = self.kinds.iter().filter(|(_, counts)| counts.new > 0);
        let changes: Vec<_> = new
            .map(|(kind, counts)| json!({"field": kind, "old": null, "new": counts.new}))
            .collect();
        if changes.is_empty() {
            return Ok(());
        }
        tx.record(Entry {
            actor: Actor::System,
            action: "site.imported",
            entity: Entity::new("installation", "1".to_owned()),
            scope: None,
            changes: changes.into(),
            request: None,
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (kind, Counts { new, known }) in &self.kinds {
            writeln!(f, "{kind:<14} {new:>8} new {known:>8} there already")?;
        }
        if !self.left_out.is_empty() || !self.unknown_issuers.is_empty() {
            writeln!(f, "\nNot taken over:")?;
        }
        for (table, count) in &self.left_out {
            writeln!(f, "  {table}: {count} rows")?;
        }
        for (issuer, count) in &self.unknown_issuers {
            let what = "linked sign-ins by a provider that is not set up here";
            writeln!(f, "  {what}, {issuer}: {count}")?;
        }
        if !self.remarks.is_empty() {
            writeln!(f, "\nGood to know:")?;
        }
        for (remark, count) in &self.remarks {
            writeln!(f, "  {remark}: {count}")?;
        }
        for (heading, all) in &self.listed {
            writeln!(f, "\n{heading} ({}):", all.len())?;
            for one in all.iter().take(MAX_LISTED) {
                writeln!(f, "  {one}")?;
            }
            if all.len() > MAX_LISTED {
                writeln!(f, "  and {} more", all.len() - MAX_LISTED)?;
            }
        }
        if self.refused > 0 {
            writeln!(f, "\nTo be decided first:")?;
        }
        for refusal in &self.refusals {
            writeln!(f, "  {refusal}")?;
        }
        let more = self.refused - self.refusals.len();
        if more > 0 {
            writeln!(f, "  and {more} more")?;
        }
        let is_anything_new = self.kinds.values().any(|counts| counts.new > 0);
        let end = match (self.is_written, is_anything_new, self.refused) {
            (_, _, 1..) => return Ok(()),
            (_, false, _) => "Everything is there already.",
            (true, true, _) => "All of this is in the store now.",
            (false, true, _) => "Nothing was written yet; --write does it.",
        };
        writeln!(f, "\n{end}")
    }
}
