//! Shows the table of services' instances on the operator's pages.

use supervisor::state::InstanceState;
use supervisor::{InstanceStatus, OWN_SERVICE};

use super::context::AdminContext;
use crate::server_status::service_address;

pub(super) struct Instance {
    pub(super) service: String,
    pub(super) href: String,
    pub(super) number: u32,
    pub(super) is_own: bool,
    pub(super) mark: Mark,
    pub(super) since: String,
    pub(super) restarts: u64,
    pub(super) cpu: String,
    pub(super) memory: String,
    /// Requests per second; `None` for a process that serves no requests.
    pub(super) rate: Option<String>,
    pub(super) pid: Option<i32>,
    pub(super) last_exit: Option<String>,
}

/// An instance's state. It consists of a word and of the CSS class that determines its shape and
/// colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) class: &'static str,
    pub(super) words: &'static str,
}

impl Instance {
    /// Formats an instance in the owner's language and time zone. `most` is the instance's memory
    /// limit.
    pub(super) fn of(admin: &AdminContext, row: &InstanceStatus, most: Option<u64>) -> Self {
        let used = megabytes(row.memory_bytes);
        Self {
            service: row.service.to_string(),
            href: service_address(&row.service),
            number: row.instance,
            is_own: &*row.service == OWN_SERVICE,
            mark: mark(row.state),
            since: admin.ago(row.since),
            restarts: row.restarts,
            cpu: format!("{:.1} %", row.cpu_percent),
            memory: match most {
                Some(most) => admin.text.with(
                    "server-of",
                    [("used", used.into()), ("most", megabytes(most).into())],
                ),
                None => used,
            },
            rate: row.requests_per_second.map(|rate| format!("{rate:.1}")),
            pid: row.pid,
            last_exit: row.last_exit.clone(),
        }
    }
}

fn mark(state: InstanceState) -> Mark {
    let (class, words) = match state {
        InstanceState::Ready => ("yes", "server-ready"),
        InstanceState::Spare => ("yes", "server-spare"),
        InstanceState::Starting => ("maybe", "server-starting"),
        InstanceState::Waiting => ("maybe", "server-waiting"),
        InstanceState::Former => ("wait", "server-former"),
        InstanceState::Draining => ("wait", "server-draining"),
        InstanceState::Stopping => ("wait", "server-stopping"),
        InstanceState::Failed => ("error", "server-failed"),
        InstanceState::Finished => ("no", "server-finished"),
        InstanceState::Stopped => ("no", "server-stopped"),
    };
    Mark { class, words }
}

/// In the same way as `kenduri ps`.
fn megabytes(bytes: u64) -> String {
    let tenths = bytes / 100_000;
    format!("{}.{} MB", tenths / 10, tenths % 10)
}
