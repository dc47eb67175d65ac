//! Keeps the supervisor process's active settings, and reads them again on request.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use configuration::{Asked, Configuration, Sources};
use edge::Plan;
use operate::messages::ServeMode;
use supervisor::{CheckDepth, Folder};

use super::sockets::{Sockets, find_ports};
use crate::domains::DOMAINS;

/// The settings that the supervisor process has applied last.
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

    /// Returns the inputs from which a worker computes the active configuration. They include the
    /// text of the settings file, because the file may have changed in the meantime.
    pub(super) fn asked(&self) -> Asked {
        self.asked.clone()
    }

    /// How long new connections are still taken after a stop has begun.
    pub(super) fn unready_time(&self) -> Duration {
        self.plan.listen().unready_time
    }

    /// Reads and checks the settings, without applying them.
    pub(super) fn read(&self) -> Result<(Asked, Configuration)> {
        // A restart would use the whole file. So it must be valid as a whole, including the
        // settings that change only at a restart.
        let whole = Asked {
            text: None,
            lasting: None,
            ..self.asked.clone()
        };
        let sources = Sources::read(DOMAINS, &whole)?;
        let written = sources.check(&whole, CheckDepth::Whole)?;
        let mut asked = Asked {
            lasting: self.asked.lasting.clone(),
            ..found(whole, &written)
        };
        find_ports(&mut asked, &written.wanting_ports)?;
        let configuration = sources.check(&asked, CheckDepth::Whole).context(
            "some changes take effect at a restart only, and the others are not valid without \
             them; restart Kenduri to apply all",
        )?;
        Ok((asked, configuration))
    }

    /// Changes the inputs so that the next worker takes the settings that wait for it. Returns the
    /// former inputs.
    pub(super) fn renew(&mut self) -> Result<Asked> {
        let whole = Asked {
            lasting: None,
            ..self.asked.clone()
        };
        let sources = Sources::read(DOMAINS, &whole)?;
        let next = sources.check(&whole, CheckDepth::Whole)?.lasting();
        let stored = self.asked.lasting.clone().unwrap_or_default();
        let renewed = Asked {
            lasting: Some(stored.for_new_worker(next)),
            ..whole
        };
        sources.check(&renewed, CheckDepth::Whole)?;
        Ok(std::mem::replace(&mut self.asked, renewed))
    }

    /// Restores the inputs from before [`Self::renew`].
    pub(super) fn put_back(&mut self, asked: Asked) {
        self.asked = asked;
    }

    pub(super) fn replace(&mut self, asked: Asked, plan: Plan) {
        self.asked = asked;
        self.plan = plan;
        self.close_others();
    }

    /// Closes the listening sockets that are not in the active settings.
    pub(super) fn close_others(&mut self) {
        self.sockets.close_others(&self.plan);
    }
}

/// With the text of the settings file, the inputs always yield the same configuration.
fn found(asked: Asked, configuration: &Configuration) -> Asked {
    Asked {
        text: Some(configuration.text.clone().unwrap_or_default()),
        lasting: Some(configuration.lasting()),
        ..asked
    }
}
