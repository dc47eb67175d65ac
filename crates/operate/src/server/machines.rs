//! The operator's page of the machines that use one store.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::response::Response;
use jiff::SignedDuration;
use platform::machines::{self, CLOCK_DIFFERS, CLOCK_IS_WRONG, Listed};
use platform::{StoreError, Tx};
use web::{Problem, Text};

use super::AdminParts;
use super::context::AdminContext;
use super::instance_table::Mark;

#[derive(Template)]
#[template(path = "server/machines.html")]
struct Page<'a> {
    text: &'a Text,
    /// Whether there is one machine, because the store is SQLite.
    is_alone: bool,
    lacks_standby: bool,
    machines: Vec<MachineSection>,
}

/// A machine with its processes, of which a reload has two.
struct MachineSection {
    id: String,
    name: String,
    processes: Vec<ProcessLine>,
}

struct ProcessLine {
    version: String,
    mark: Mark,
    is_leader: bool,
    started: String,
    /// How long ago it renewed its lease.
    seen: String,
    /// `None` if it is not known now, or there is nothing to compare it with.
    clock: Option<Clock>,
    addresses: String,
    files: String,
}

struct Clock {
    mark: Mark,
    /// A difference that operators should know of.
    difference: Option<String>,
}

impl MachineSection {
    fn list(admin: &AdminContext, all: &[Listed], is_alone: bool) -> Vec<Self> {
        let mut machines: Vec<Self> = Vec::new();
        for listed in all {
            let (id, name) = (&listed.process.machine, &listed.process.name);
            let process = ProcessLine::of(admin, listed, is_alone);
            match machines.last_mut() {
                Some(last) if last.id == *id => last.processes.push(process),
                _ => machines.push(Self {
                    id: id.clone(),
                    name: name.clone(),
                    processes: vec![process],
                }),
            }
        }
        machines
    }
}

impl ProcessLine {
    fn of(admin: &AdminContext, listed: &Listed, is_alone: bool) -> Self {
        let process = &listed.process;
        let (class, words) = match (listed.is_alive, process.addresses.is_empty()) {
            (true, false) => ("yes", "server-machine-serves"),
            (true, true) => ("maybe", "server-starting"),
            (false, _) => ("error", "server-machine-silent"),
        };
        Self {
            version: process.version.clone(),
            mark: Mark { class, words },
            is_leader: listed.is_leader,
            started: admin.moment(process.started_at),
            seen: admin.ago(process.seen_at),
            clock: (listed.is_alive && !is_alone).then(|| Clock::of(admin, process.clock_ahead)),
            addresses: process.addresses.join(", "),
            files: process.files.clone(),
        }
    }
}

impl Clock {
    fn of(admin: &AdminContext, ahead: i64) -> Self {
        let ahead = SignedDuration::from_millis(ahead);
        let (class, words) = match ahead.abs() {
            by if by > CLOCK_IS_WRONG => ("error", "server-clock-wrong"),
            by if by > CLOCK_DIFFERS => ("maybe", "server-clock-differs"),
            _ => ("yes", "server-clock-right"),
        };
        let seconds = format!("{:+.1}", ahead.as_secs_f64());
        let seconds = [("seconds", seconds.as_str().into())];
        let difference = ahead.abs() > CLOCK_DIFFERS;
        Self {
            mark: Mark { class, words },
            difference: difference.then(|| admin.text.with("server-clock-by", seconds)),
        }
    }
}

pub(super) async fn show(
    admin: AdminContext,
    Extension(parts): Extension<Arc<AdminParts>>,
) -> Result<Response, Problem> {
    let membership = parts.membership.clone();
    let look = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
        let lacks_standby = machines::lacks_standby(&membership, tx)?;
        Ok((membership.list(tx)?, lacks_standby))
    };
    let (all, lacks_standby) = admin.site.store.read(look).await?;
    let is_alone = parts.membership.is_alone();
    let body = Page {
        text: &admin.text,
        is_alone,
        lacks_standby,
        machines: MachineSection::list(&admin, &all, is_alone),
    };
    Ok(admin.page(&admin.text.say("server-machines"), body))
}
