//! The certificates that are ordered while the edge runs.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::{Clock, Shared, lock};
use crate::acme::{self, Acme, AcmeError, Standing, World};
use crate::tls;

/// What is ordered, if anything is.
#[derive(Default)]
pub(super) struct Orders(Mutex<Option<Ordering>>);

/// The task that orders.
struct Ordering {
    settings: acme::Settings,
    acme: Acme,
    stop: CancellationToken,
}

impl Orders {
    /// Begins, changes or ends the ordering, as the plan in force says; for `names` too.
    pub(super) fn follow(
        &self,
        shared: &Shared,
        names: &BTreeSet<String>,
    ) -> Result<(), AcmeError> {
        let running = shared.running();
        let wanted = running.plan.authority();
        let mut present = lock(&self.0);
        match (&*present, wanted) {
            (Some(ordering), Some(wanted)) if ordering.settings == wanted.settings => {
                ordering.acme.set_names(wanted.names_and(names));
                return Ok(());
            }
            _ => {}
        }
        let Some(wanted) = wanted else {
            if let Some(before) = present.take() {
                before.stop.cancel();
            }
            shared.certificates.order(None);
            return Ok(());
        };
        let stop = shared.end.child_token();
        let acme = Acme::start(
            wanted.settings.clone(),
            wanted.names_and(names),
            World::new(timestamps(&shared.clock)),
            tls::provider(),
            stop.clone(),
        )?;
        shared.certificates.order(Some(&acme));
        let ordering = Ordering {
            settings: wanted.settings.clone(),
            acme,
            stop,
        };
        if let Some(before) = present.replace(ordering) {
            before.stop.cancel();
        }
        Ok(())
    }

    /// How it stands with them.
    pub(super) fn report(&self) -> Arc<[Standing]> {
        let present = lock(&self.0);
        let report = present.as_ref().map(|ordering| ordering.acme.report());
        report.unwrap_or_else(|| Arc::from([]))
    }
}

/// Certificates count their days on the same clock.
fn timestamps(clock: &Clock) -> acme::Clock {
    let clock = Arc::clone(clock);
    Arc::new(move || Timestamp::try_from(clock()).unwrap_or(Timestamp::UNIX_EPOCH))
}
