//! The settings in force, and how to read them anew.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use edge::Plan;
use supervisor::Folder;

use super::sockets::{Sockets, find_ports};
use crate::configuration::{self, Asked, Configuration};
use crate::messages::ServeMode;

/// What the supervisor process was asked for, as it was last found good.
pub(super) struct Settings {
    asked: Asked,
    plan: Plan,
    pub(super) sockets: Sockets,
    pub(super) start: ServeMode,
    /// The folder of sockets and records.
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

    /// What a worker serves: what was found good, whatever the file says now.
    pub(super) fn asked(&self) -> Asked {
        self.asked.clone()
    }

    /// Reads the settings anew, and checks them. Nothing is in force yet.
    pub(super) fn read(&self) -> Result<(Asked, Configuration)> {
        // A restart takes all that is written, so it must be good as a whole.
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

    /// These hold from now on.
    pub(super) fn take(&mut self, asked: Asked, plan: Plan) {
        self.asked = asked;
        self.plan = plan;
        self.close_others();
    }

    /// Closes sockets that are not needed for what is in force.
    pub(super) fn close_others(&mut self) {
        self.sockets.close_others(&self.plan);
    }
}

/// The same, as it was found: it comes to that again, whatever is written by then.
fn found(asked: Asked, configuration: &Configuration) -> Asked {
    Asked {
        text: Some(configuration.text.clone().unwrap_or_default()),
        lasting: Some(configuration.lasting()),
        ..asked
    }
}
