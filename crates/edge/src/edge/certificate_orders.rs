//! Starts, changes and stops the ordering of certificates.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use crate::acme::{self, Acme, AcmeError, CertificateBook, CertificateStatus, Prepared, World};
use crate::config::Plan;
use crate::context::{Clock, EdgeState};
use crate::lock::lock;

#[derive(Default)]
pub(super) struct CertificateOrders {
    ordering: Mutex<Option<Ordering>>,
    /// Names for which certificates are ordered in addition to the plan's names.
    more: Mutex<BTreeSet<String>>,
    book: Option<Arc<dyn CertificateBook>>,
}

struct Ordering {
    settings: acme::Settings,
    acme: Acme,
    stop: CancellationToken,
}

impl CertificateOrders {
    pub(super) fn new(book: Option<Arc<dyn CertificateBook>>) -> Self {
        Self {
            book,
            ..Self::default()
        }
    }

    /// Prepares a new task if the plan's authority differs from that of the running task. Does all
    /// steps that can fail, before anything changes.
    pub(super) fn prepare(
        &self,
        plan: &Plan,
        clock: &Clock,
    ) -> Result<Option<Prepared>, AcmeError> {
        let present = lock(&self.ordering);
        let ordering = present.as_ref();
        plan.authority()
            .filter(|wanted| ordering.is_none_or(|ordering| ordering.settings != wanted.settings))
            .map(|wanted| {
                let world = World {
                    book: self.book.clone(),
                    ..World::new(timestamps(clock))
                };
                Prepared::new(wanted.settings.clone(), world)
            })
            .transpose()
    }

    /// Starts, changes or ends the task for the current plan. `prepared` is the result of
    /// [`Self::prepare`] for that plan.
    pub(super) fn follow(&self, shared: &EdgeState, prepared: Option<Prepared>) {
        let running = shared.running();
        let mut present = lock(&self.ordering);
        let before = match (running.plan.authority(), prepared) {
            (Some(wanted), Some(prepared)) => {
                let stop = shared.end.child_token();
                let acme = prepared.start(wanted.names_with(&lock(&self.more)), stop.clone());
                shared.certificates.order(Some(&acme));
                present.replace(Ordering {
                    settings: wanted.settings.clone(),
                    acme,
                    stop,
                })
            }
            (Some(wanted), None) => {
                if let Some(ordering) = &*present {
                    let names = wanted.names_with(&lock(&self.more));
                    ordering.acme.set_names(names);
                }
                None
            }
            (None, _) => {
                shared.certificates.order(None);
                present.take()
            }
        };
        if let Some(before) = before {
            before.stop.cancel();
        }
    }

    /// Orders certificates for these names in addition to the plan's names. The next call replaces
    /// the additional names.
    pub(super) fn order_also(&self, shared: &EdgeState, more: BTreeSet<String>) {
        *lock(&self.more) = more;
        self.follow(shared, None);
    }

    pub(super) fn report(&self) -> Arc<[CertificateStatus]> {
        let present = lock(&self.ordering);
        let report = present.as_ref().map(|ordering| ordering.acme.report());
        report.unwrap_or_else(|| Arc::from([]))
    }
}

fn timestamps(clock: &Clock) -> acme::Clock {
    let clock = Arc::clone(clock);
    Arc::new(move || Timestamp::try_from(clock()).unwrap_or(Timestamp::UNIX_EPOCH))
}
