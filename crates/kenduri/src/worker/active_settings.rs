//! Applies settings in a worker: replaces the edge's plan, and lists the changes that need a
//! restart.

use std::fmt::Write as _;
use std::os::fd::OwnedFd;

use anyhow::{Result, bail};
use configuration::{Asked, Configuration};
use edge::{Edge, Inherited};
use toml::Table;

use crate::domains::DOMAINS;

/// The worker's active settings.
pub(super) struct ActiveSettings {
    said: Table,
    started: Started,
}

/// What is fixed when the worker starts. Settings that are loaded later must agree with it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Started {
    /// Whether the worker runs the app.
    pub(super) app: bool,
    /// Whether Kenduri can be reached only from this machine.
    pub(super) is_private: bool,
}

/// Names the settings that are not active yet, and the commands that make them so.
fn waiting(keys: &[String]) -> String {
    let keys = keys.iter().map(String::as_str);
    let (of_all, of_worker): (Vec<_>, Vec<_>) = keys.partition(|key| configuration::is_of_all(key));
    let mut told = String::new();
    if !of_worker.is_empty() {
        let _ = writeln!(
            told,
            "Waiting for a restart: {}.\n  kenduri reload kenduri   (services keep running, and no request is lost)",
            of_worker.join(", ")
        );
    }
    if !of_all.is_empty() {
        let _ = writeln!(
            told,
            "Waiting for a restart of everything: {}.\n  \
             sudo systemctl restart kenduri   (or stop and start `kenduri serve`)",
            of_all.join(", ")
        );
    }
    told
}

impl ActiveSettings {
    pub(super) fn new(configuration: &Configuration, started: Started) -> Self {
        Self {
            said: configuration.merged().clone(),
            started,
        }
    }

    /// Applies settings to the edge. `sockets` are additional listening sockets. Either all
    /// settings take effect or none. Returns a description of the changes, and the services' plan.
    pub(super) fn apply(
        &mut self,
        edge: &Edge,
        asked: &Asked,
        sockets: Vec<OwnedFd>,
    ) -> Result<(String, supervisor::Plan)> {
        let found = configuration::load_for_worker(DOMAINS, asked)?;
        if self.started.is_private && !found.settings.is_private() {
            bail!(
                "listen.http or listen.https can be reached from other machines, but this Kenduri \
                 was started for this machine only: with mail.url = \"mailbox:\", or as a demo\n  \
                 restart Kenduri to change that"
            );
        }
        if !self.started.app && found.plan.needs_app() {
            bail!(
                "a route leads to the app now, but Kenduri was started without it\n  restart Kenduri to change that"
            );
        }
        let changed = configuration::differences(&self.said, found.merged());
        let mut told = if changed.is_empty() {
            "No setting changed; certificates and other files were read again.\n".to_owned()
        } else {
            format!("Changed: {}.\n", changed.join(", "))
        };
        told.push_str(&waiting(&found.waiting));
        for warning in &found.warnings {
            let _ = writeln!(told, "Warning: {warning}");
        }
        let said = found.merged().clone();
        edge.hand_in(Inherited::new(sockets)?);
        edge.apply(found.plan)?;
        self.said = said;
        Ok((told, found.services))
    }
}
