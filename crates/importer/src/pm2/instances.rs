//! Converts the number of an app's instances, and the ports on which they listen.

use std::collections::BTreeMap;

use serde_json::Value;

use super::command::Interpreter;
use super::service::{SHOWN, Service};
use super::values::{Instances, instances, text};
use crate::toml_text::short;

const MAX_INSTANCES: u32 = 64;

pub(super) struct InstanceCount {
    pub(super) number: u32,
    /// Whether PM2 made the instances share a port.
    pub(super) is_cluster: bool,
}

enum Mode {
    Fork,
    /// The app sets `exec_mode` to cluster.
    Cluster,
    /// The app does not set `exec_mode`. For node, PM2 then uses a cluster if `instances` is set.
    Implied,
}

impl Service<'_> {
    pub(super) fn instances(&mut self, interpreter: &Interpreter) -> InstanceCount {
        let written = self.take(&["instances"]);
        let mode = self.mode(interpreter, written);
        let number = match written.map(instances) {
            None => 1,
            Some(Instances::Number(number)) => number,
            Some(Instances::Cores(less)) => {
                let cores = self.asked.cores.saturating_sub(less).max(1);
                self.page.remark(&format!(
                    "instances {}: one for each core{}, which is {cores} on this machine",
                    written.and_then(text).unwrap_or_default(),
                    if less == 0 { "" } else { " but so many" },
                ));
                u32::try_from(cores).unwrap_or(MAX_INSTANCES)
            }
            Some(Instances::Unknown) => {
                self.page.remark("instances: not a number, so there is one; write `instances`, if it should be more");
                1
            }
        };
        if number > MAX_INSTANCES {
            self.page.remark(&format!(
                "instances {number}: {MAX_INSTANCES} is the most, and what is written here"
            ));
        }
        let number = number.clamp(1, MAX_INSTANCES);
        let said = match mode {
            Mode::Cluster => Some("exec_mode cluster"),
            // A single instance does not share its port, so it needs no cluster.
            Mode::Implied if number > 1 => {
                Some("instances of node without exec_mode are a cluster")
            }
            Mode::Fork | Mode::Implied => None,
        };
        if let Some(said) = said {
            self.page.remark(&format!(
                "{said}: PM2 has all instances share one port. Here each must listen at the PORT that it finds in its \
                 environment; `front` is the one address before them"
            ));
        }
        if number > 1 {
            self.page.key("instances", i64::from(number));
        }
        InstanceCount {
            number,
            is_cluster: said.is_some(),
        }
    }

    fn mode(&mut self, interpreter: &Interpreter, instances: Option<&Value>) -> Mode {
        let mode = self.take_text(&["exec_mode"]);
        match mode {
            _ if self.is_true("execute_command") => Mode::Fork,
            Some(mode) if mode.starts_with("cluster") => Mode::Cluster,
            None if interpreter.is_node() && instances.is_some_and(is_for_cluster) => Mode::Implied,
            _ => Mode::Fork,
        }
    }

    /// Writes how the instances listen. Returns whether each instance gets a port of its own.
    /// `fronts` contains the ports of other services.
    pub(super) fn listen(
        &mut self,
        env: &[(String, String)],
        crew: &InstanceCount,
        name: &str,
        fronts: &mut BTreeMap<u16, String>,
    ) -> bool {
        let port = env
            .iter()
            .find(|(name, _)| name == "PORT")
            .map(|(_, value)| value.as_str());
        let written = self.take_text(&["port"]);
        let port = port.map(str::to_owned).or(written);
        let number = port.as_ref().and_then(|port| port.parse::<u16>().ok());
        match (port, number.filter(|number| *number > 0)) {
            (Some(_), Some(port)) => {
                if let Some(other) = fronts.get(&port) {
                    self.page.remark(&format!(
                        "PORT {port}: {other} has it already, so nothing is held here; routes lead to service:{name}"
                    ));
                    self.page.key("listen", "tcp");
                    return true;
                }
                fronts.insert(port, name.to_owned());
                self.page.say(
                    "Each instance finds a PORT of its own in its environment. `front` is the address it had: whoever asks \
                     there still finds it; routes lead to service:NAME.",
                );
                self.page.key("listen", "tcp");
                self.page.key("front", format!("127.0.0.1:{port}"));
                true
            }
            (Some(port), None) => {
                self.page.remark(&format!(
                    "PORT {}: not a port; each instance gets one",
                    short(&port, SHOWN)
                ));
                self.page.key("listen", "tcp");
                true
            }
            (None, _) if crew.is_cluster => {
                self.page.remark(
                    "which port it had is not written here: add front = \"127.0.0.1:PORT\", or a route to service:NAME. \
                     If it listens nowhere, take `listen` out",
                );
                self.page.key("listen", "tcp");
                true
            }
            (None, _) => {
                self.page.remark(
                    "nothing says where it listens, so it gets no address. If it reads PORT or \
                     SOCKET from its environment, write listen = \"tcp\" or \"unix\", and lead \
                     routes to service:NAME",
                );
                false
            }
        }
    }
}

fn is_for_cluster(written: &Value) -> bool {
    match instances(written) {
        Instances::Number(number) => number > 0,
        // PM2 uses fork mode if more than one core is excluded.
        Instances::Cores(less) => less <= 1,
        Instances::Unknown => false,
    }
}
