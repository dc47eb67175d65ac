//! `kenduri check`: reads the configuration and says what is in force.

use anyhow::Result;
use clap::Args;
use edge::Plan;
use edge::route::{NormalPath, Target};

use super::{Where, show};
use crate::configuration;

/// Read the settings, check them, and print what is in force and where each value came from
///
/// Nothing is started or changed. A problem is told with file, line, key and
/// what to do, and the exit code is 1. Passwords are printed as `***`.
#[derive(Debug, Args)]
pub(super) struct Check {
    #[command(flatten)]
    place: Where,
    /// Accept `mail.url = "mailbox:"` together with a listener other machines can reach
    #[arg(long)]
    allow_public_mailbox: bool,
    /// Say which route a request for this URL meets, and why
    #[arg(long)]
    url: Option<String>,
}

impl Check {
    pub(super) fn run(self) -> Result<()> {
        let mut asked = self.place.asked();
        asked.allow_public_mailbox = self.allow_public_mailbox;
        let found = configuration::load(&asked)?;
        if let Some(url) = &self.url {
            let told = found.plan.explain(url).map_err(anyhow::Error::msg)?;
            return show(&told);
        }
        let mut text = match &found.file {
            Some(file) => format!("# {} is good.\n", file.display()),
            None => "# No file: built-in settings.\n".to_owned(),
        };
        for warning in &found.warnings {
            text.push_str("# warning: ");
            text.push_str(warning);
            text.push('\n');
        }
        text.push_str(&found.report());
        text.push_str("\n# Requests go where the first of these that fits says:\n");
        for line in found.plan.table().lines() {
            text.push_str("#   ");
            text.push_str(line);
            text.push('\n');
        }
        if found.settings.metrics.is_none() && !tells_figures(&found.plan) {
            text.push_str(
                "# Nobody is told figures: a route of yours takes /metrics, and metrics.listen, \
                 such as \"127.0.0.1:9100\", is empty.\n",
            );
        }
        show(&text)
    }
}

/// Whether whoever asks on this machine is told figures at the address of the site.
fn tells_figures(plan: &Plan) -> bool {
    let path = NormalPath::parse("/metrics").ok();
    let met = path.and_then(|path| plan.find("127.0.0.1", &path));
    met.is_some_and(|met| matches!(met.target, Target::App))
}
