//! Imports households, guests and replies from the dump of an older wedding manager.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Result, anyhow, bail};
use occasions::code::CodeKey;
use occasions::words::ReplyStatus;
use occasions_lists::household_document::{ALL_EVENTS, GuestRecord, Record};
use occasions_lists::import::{self, Check, Finding, Import};
use web::{Language, Site};

use crate::dump::{Dump, Row};

/// Returns a report. Only checks the dump if `is_written` is false.
pub async fn take_over(site: &Site, dump: &Path, slug: &str, is_written: bool) -> Result<String> {
    let (records, remarks) = read(dump)?;
    if records.is_empty() {
        bail!(
            "the dump has no table invites, or nothing in it\n  dump the whole database of the older site: pg_dump --no-owner --file=site.sql DATABASE"
        );
    }
    let brought = import::bring(site, slug, records, is_written).await;
    let (check, import) = brought.map_err(|refusal| match refusal {
        occasions::hosting::Refusal::NotFound => anyhow!("there is no occasion {slug:?}\n  its slug is the end of its address: /o/SLUG"),
        occasions::hosting::Refusal::Forbidden => anyhow!("the occasion {slug:?} has no owner\n  make somebody its owner first, on its page of hosts"),
        other => anyhow!(other),
    })?;
    Ok(report(site, &check, import.as_ref(), &remarks)?)
}

fn report(
    site: &Site,
    check: &Check,
    import: Option<&Import>,
    remarks: &[String],
) -> Result<String, std::fmt::Error> {
    let text = site.catalogue.speak(&Language::ENGLISH);
    let mut all = String::new();
    match import {
        Some(import) => writeln!(
            all,
            "{} households made, {} changed, {} left out",
            import.made, import.changed, import.failed
        )?,
        None => writeln!(
            all,
            "{} households would be made, {} changed, {} stay as they are, {} left out\n\
             nothing was written",
            check.made, check.changed, check.same, check.faulty
        )?,
    }
    for remark in remarks {
        writeln!(all, "{remark}")?;
    }
    for finding in &check.findings {
        let words = match &finding.problem {
            Some(problem) => problem.detail(&text),
            None => finding.code.replace('_', " "),
        };
        let Finding { row, value, .. } = finding;
        writeln!(
            all,
            "household {row}, {}: {words} ({value})",
            finding.column
        )?;
    }
    Ok(all)
}

/// Also returns remarks about skipped data.
fn read(file: &Path) -> Result<(Vec<Record>, Vec<String>)> {
    let mut dump = Dump::open(file)?;
    let (mut invites, mut guests, mut rsvps) = (Vec::new(), Vec::new(), Vec::new());
    let mut others: BTreeMap<String, u64> = BTreeMap::new();
    while let Some(row) = dump.read()? {
        match row.table() {
            "invites" => invites.push(row),
            "guests" => guests.push(row),
            "rsvps" => rsvps.push(row),
            other => *others.entry(other.to_owned()).or_default() += 1,
        }
    }
    let mut remarks: Vec<String> = others
        .iter()
        .map(|(table, count)| format!("{count} rows of {table} were not imported"))
        .collect();
    // The replies are sorted by time, so that a guest's latest reply wins.
    rsvps.sort_by_key(|row| {
        first_nonempty(row, &["updated_at", "responded_at", "created_at", "time"])
    });
    let mut answers: BTreeMap<String, (Option<ReplyStatus>, String)> = BTreeMap::new();
    for row in &rsvps {
        let guest = need(row, &["guest_id", "guest"])?;
        let status = first_nonempty(row, &["status", "attending", "response"]);
        let note = first_nonempty(row, &["note", "notes", "message"]);
        let answer = answers.entry(guest).or_default();
        answer.0 = reply(&status).or(answer.0);
        if !note.is_empty() {
            answer.1 = note;
        }
    }
    let mut records = Vec::new();
    let mut places = BTreeMap::new();
    for row in &invites {
        let id = need(row, &["id"])?;
        places.insert(id.clone(), records.len());
        records.push(household(row, id, &mut remarks));
    }
    for row in &guests {
        let invite = need(row, &["invite_id", "invite", "invitation_id"])?;
        let Some(record) = places.get(&invite).and_then(|at| records.get_mut(*at)) else {
            remarks.push(format!(
                "line {}: a guest without an invite was left out",
                row.line()
            ));
            continue;
        };
        let (status, note) = answers
            .remove(&first_nonempty(row, &["id"]))
            .unwrap_or_default();
        add_guest(record, row, status, note);
    }
    Ok((records, remarks))
}

fn household(row: &Row, id: String, remarks: &mut Vec<String>) -> Record {
    let some =
        |columns: &[&str]| Some(first_nonempty(row, columns)).filter(|text| !text.is_empty());
    let code = some(&["code", "invite_code"]);
    let usable = code.clone().filter(|code| CodeKey::parse(code).is_ok());
    if let Some(code) = code.filter(|_| usable.is_none()) {
        let line = row.line();
        remarks.push(format!(
            "line {line}: {code:?} is not a valid code here, so another is drawn"
        ));
    }
    let name = ["household", "household_name", "name", "family_name"];
    Record {
        code: usable,
        reference: Some(id),
        household: some(&name),
        email: some(&["email"]),
        language: some(&["language", "lang", "locale"]),
        plus_ones: first_nonempty(row, &["plus_ones", "max_plus_ones", "plus_one_allowance"])
            .parse()
            .ok(),
        deadline: some(&["deadline", "rsvp_deadline"]).map(with_offset),
        ..Record::default()
    }
}

fn add_guest(record: &mut Record, row: &Row, status: Option<ReplyStatus>, note: String) {
    let name = match first_nonempty(row, &["name", "full_name"]) {
        name if name.is_empty() => {
            let parts = [
                first_nonempty(row, &["first_name"]),
                first_nonempty(row, &["last_name"]),
            ];
            parts.join(" ").trim().to_owned()
        }
        name => name,
    };
    let diet = first_nonempty(row, &["diet", "dietary", "dietary_requirements"]);
    let mut guest = GuestRecord {
        name,
        diets: (!diet.is_empty()).then(|| diet.split([',', ';']).map(str::to_owned).collect()),
        ..GuestRecord::default()
    };
    if let Some(status) = status {
        guest.replies.insert(ALL_EVENTS.to_owned(), status);
    }
    if !note.is_empty() {
        let wish = record.wish.take().into_iter().chain([note]);
        record.wish = Some(wish.collect::<Vec<_>>().join("\n"));
    }
    record.guests.push(guest);
}

fn first_nonempty(row: &Row, columns: &[&str]) -> String {
    let mut values = columns.iter().filter_map(|column| row.get(column));
    values
        .find(|value| !value.is_empty())
        .unwrap_or_default()
        .to_owned()
}

fn need(row: &Row, columns: &[&str]) -> Result<String> {
    let found = first_nonempty(row, columns);
    if found.is_empty() {
        row.require(columns.first().copied().unwrap_or_default())?;
    }
    Ok(found)
}

fn reply(word: &str) -> Option<ReplyStatus> {
    Some(match word.to_lowercase().as_str() {
        "yes" | "attending" | "accepted" | "confirmed" | "t" | "true" => ReplyStatus::Yes,
        "no" | "declined" | "not_attending" | "f" | "false" => ReplyStatus::No,
        "maybe" | "undecided" | "tentative" => ReplyStatus::Undecided,
        _ => return None,
    })
}

/// PostgreSQL writes times in UTC without an offset.
fn with_offset(written: String) -> String {
    match written.get(10..) {
        Some(time) if !time.is_empty() && !time.contains(['+', '-', 'Z']) => {
            format!("{written}Z")
        }
        _ => written,
    }
}
