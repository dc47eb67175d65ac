//! The active settings of the supervisor process, and how they are read again.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use edge::Plan;
use supervisor::Folder;

use super::sockets::{Sockets, find_ports};
use crate::configuration::{self, Asked, Configuration};
use crate::messages::ServeMode;

/// The last valid settings that the supervisor process has applied.
pub(super) struct Settings {
    asked: Asked,
    plan: Plan,
    pub(super) sockets: Sockets,
    pub(super) start: ServeMode,
    /// The folder for sockets and records of the running Kenduri.
    pub(super) run: Arc<Folder>,
}

impl Settings {
    pub(super) fn new(
        asked: Asked,
        configuration: Configuration,
        sockets: Sockets,
        start: ServeMode,
        run: Arc<Folder>,
    ) -> Self {
        Self {
            asked: found(asked, &configuration),
            plan: configuration.plan,
            sockets,
            start,
            run,
        }
    }

    /// Returns the inputs of the active settings for a worker. They include the text that was read,
    /// because the file may have changed since.
    pub(super) fn asked(&self) -> Asked {
        self.asked.clone()
    }

    /// Reads and checks the settings without applying them.
    pub(super) fn read(&self) -> Result<(Asked, Configuration)> {
        // A restart will use the whole file, so even those settings must be valid that take effect
        // only after a restart.
        let written = configuration::load(&Asked {
            text: None,
            lasting: None,
            ..self.asked.clone()
        })?;
        let mut asked = Asked {
            lasting: self.asked.lasting.clone(),
            ..found(self.asked.clone(), &written)
        };
        let configuration = configuration::load(&asked).context(
            "what waits for a restart stays as it is until then, and the rest does not go with it",
        )?;
        let configuration = find_ports(&mut asked, configuration)?;
        Ok((asked, configuration))
    }

    /// Replaces the active settings.
    pub(super) fn take(&mut self, asked: Asked, plan: Plan) {
        self.asked = asked;
        self.plan = plan;
        self.close_others();
    }

    /// Closes the listening sockets that the active settings do not need.
    pub(super) fn close_others(&mut self) {
        self.sockets.close_others(&self.plan);
    }
}

/// Adds the text of the settings file to the inputs, so that they give the same configuration
/// later.
fn found(asked: Asked, configuration: &Configuration) -> Asked {
    Asked {
        text: Some(configuration.text.clone().unwrap_or_default()),
        lasting: Some(configuration.lasting()),
        ..asked
    }
}
