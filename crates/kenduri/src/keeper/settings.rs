//! What is in force, and where to look for what comes next.

use std::path::PathBuf;

use anyhow::{Result, bail};
use edge::Plan;

use super::sockets::{Sockets, find_ports};
use crate::configuration::{self, Asked, Configuration};
use crate::words::Start;

/// What the keeper was asked for, as it was last found good.
pub(super) struct Settings {
    asked: Asked,
    plan: Plan,
    data: PathBuf,
    pub(super) sockets: Sockets,
    pub(super) start: Start,
}

impl Settings {
    pub(super) fn new(
        asked: Asked,
        configuration: Configuration,
        sockets: Sockets,
        start: Start,
    ) -> Self {
        let Configuration {
            text,
            plan,
            settings,
            ..
        } = configuration;
        Self {
            plan,
            data: settings.data,
            asked: Asked { text, ..asked },
            sockets,
            start,
        }
    }

    /// What a worker is told to serve: what was found good, whatever the file says now.
    pub(super) fn asked(&self) -> Asked {
        self.asked.clone()
    }

    /// Reads the settings anew, and checks them. Nothing is in force yet.
    pub(super) fn read(&self) -> Result<(Asked, Configuration)> {
        let mut asked = Asked {
            text: None,
            ..self.asked.clone()
        };
        let configuration = configuration::load(&asked)?;
        let configuration = find_ports(&mut asked, configuration)?;
        if configuration.settings.data != self.data {
            bail!(
                "data cannot become another folder while Kenduri runs\n  stop it, move {} there, and start it again",
                self.data.display()
            );
        }
        asked.text.clone_from(&configuration.text);
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
