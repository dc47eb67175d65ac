//! The task that carries out scheduled steps, such as orders and renewals, for one name after
//! another.

mod compare;

use std::collections::{BTreeMap, BTreeSet};
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use instant_acme::{Account, CertificateIdentifier};
use jiff::{SignedDuration, Timestamp};
use tokio::select;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;

use crate::crypto;
use crate::metrics;

use super::book::OrderPermit;
use super::certificate::Certificate;
use super::order::OrderError;
use super::schedule::{
    Action, Failures, Jitter, LONGEST_UNASKED, Next, RenewalState, Window, later, next,
};
use super::settings::can_be_ordered;
use super::storage::{Attempt, StorageError, attempt_file};
use super::{CertificateStatus, OrderContext, account, order};

/// The maximum time that the task sleeps. Only after a sleep does the task notice that the clock
/// was changed or the machine was suspended.
const LONGEST_SLEEP: Duration = Duration::from_hours(1);
/// The minimum delay before the renewal window is requested again (RFC 9773, section 4.3.2).
const SHORTEST_UNASKED: SignedDuration = SignedDuration::from_mins(1);
/// The pause after another machine has had the permission to order.
const PERMIT_PAUSE: Duration = Duration::from_secs(5);
/// How often a step asks whether it still has the permission, if nothing else happens.
const PERMIT_LOOK: Duration = Duration::from_millis(250);
/// The pause after the other machines could not be told of a file.
const RETELL_PAUSE: Duration = Duration::from_mins(1);
/// The delay after the authority failed to respond (RFC 9773, section 4.3.3).
const UNANSWERED: SignedDuration = SignedDuration::from_hours(6);

pub(super) struct Task {
    shared: OrderContext,
    account: Option<Account>,
    names: BTreeMap<String, NameState>,
    refused: Vec<CertificateStatus>,
    report: watch::Sender<Arc<[CertificateStatus]>>,
    /// When this machine may ask again whether it may order.
    may_ask_at: Option<Instant>,
    /// The account as the other machines know it, once it was compared.
    seen_account: Option<Arc<str>>,
}

#[derive(Default)]
struct NameState {
    certificate: Option<Certificate>,
    attempt: Attempt,
    window: Option<Window>,
    ask: Option<Timestamp>,
    jitter: Jitter,
    /// The files as the other machines know them, once they were compared.
    seen_certificate: Option<Arc<str>>,
    seen_attempt: Option<Arc<str>>,
}

impl NameState {
    fn next(&self, now: Timestamp) -> Next {
        let known = RenewalState {
            life: self
                .certificate
                .as_ref()
                .map(|certificate| certificate.life),
            issued: self.attempt.issued,
            window: self.window,
            ask: self.ask,
            failures: self.attempt.failures.as_ref(),
            jitter: self.jitter,
        };
        next(&known, now)
    }
}

impl Task {
    pub(super) fn new(
        shared: OrderContext,
        report: watch::Sender<Arc<[CertificateStatus]>>,
    ) -> Self {
        Self {
            shared,
            account: None,
            names: BTreeMap::new(),
            refused: Vec::new(),
            report,
            may_ask_at: None,
            seen_account: None,
        }
    }

    /// Runs until `stop` is cancelled. The cancellation interrupts even an order.
    pub(super) async fn run(
        mut self,
        mut wanted: watch::Receiver<BTreeSet<String>>,
        stop: CancellationToken,
    ) {
        let mut changed = self.shared.world.book.as_ref().map(|book| book.changed());
        while !stop.is_cancelled() {
            if let Some(changed) = &mut changed {
                changed.borrow_and_update();
            }
            if wanted.has_changed().unwrap_or(false) {
                let names = wanted.borrow_and_update().clone();
                self.take_on(&names);
            }
            let is_told = select! {
                biased;
                () = stop.cancelled() => break,
                is_told = self.compare() => is_told,
            };
            let now = self.now();
            self.publish(now);
            let first = self
                .names
                .iter()
                .map(|(name, kept)| (kept.next(now), name))
                .min_by_key(|(next, _)| next.at)
                .map(|(next, name)| (next, name.clone()));
            match first {
                Some((Next { action, at }, name)) if at <= now && self.pause().is_none() => {
                    select! {
                        biased;
                        () = stop.cancelled() => {}
                        () = self.act(action, &name) => {}
                    }
                }
                first => {
                    let longest = if is_told { LONGEST_SLEEP } else { RETELL_PAUSE };
                    let pause = match first {
                        Some((next, _)) if next.at <= now => self.pause().unwrap_or_default(),
                        Some((next, _)) => next.at.duration_since(now).unsigned_abs(),
                        None => LONGEST_SLEEP,
                    };
                    select! {
                        () = stop.cancelled() => {}
                        changed = wanted.changed() => match changed {
                            Ok(()) => wanted.mark_changed(),
                            // The handle was dropped, so nobody needs certificates any more.
                            Err(_) => return,
                        },
                        () = change(&mut changed) => {}
                        () = sleep(pause.min(longest)) => {}
                    }
                }
            }
        }
    }

    /// Adds the new names in `wanted`, and drops the state of names that `wanted` no longer
    /// contains. Their files are kept.
    pub(super) fn take_on(&mut self, wanted: &BTreeSet<String>) {
        self.names.retain(|name, _| wanted.contains(name));
        self.refused.clear();
        for name in wanted {
            if let Err(why) = can_be_ordered(name) {
                self.refused.push(CertificateStatus {
                    name: name.clone(),
                    valid_from: None,
                    valid_until: None,
                    next: None,
                    failures: None,
                    refused: Some(why),
                });
            } else if !self.names.contains_key(name) {
                let kept = self.load(name);
                self.names.insert(name.clone(), kept);
            }
        }
        self.publish_certificates();
        self.publish(self.now());
    }

    fn pause(&self) -> Option<Duration> {
        let pause = self.may_ask_at?.saturating_duration_since(Instant::now());
        (!pause.is_zero()).then_some(pause)
    }

    fn load(&self, name: &str) -> NameState {
        let storage = &self.shared.storage;
        let certificate = storage.load_certificate(name);
        let attempt = storage.load_attempt(name);
        let mut kept = NameState {
            certificate: told(
                name,
                "cannot read a stored certificate; a new one is ordered, and nothing needs to be done",
                certificate,
            )
            .flatten(),
            attempt: told(
                name,
                "cannot read the state of a certificate's order; it begins anew, and nothing needs to be done",
                attempt,
            )
            .unwrap_or_default(),
            ..NameState::default()
        };
        self.reset_for_new_certificate(&mut kept);
        kept
    }

    fn reset_for_new_certificate(&self, kept: &mut NameState) {
        kept.window = None;
        kept.ask = kept.certificate.as_ref().map(|_| self.now());
        let jitter = crypto::random().map(u16::from_be_bytes);
        kept.jitter = jitter.map(Jitter).unwrap_or_default();
    }

    fn publish_certificates(&self) {
        let by_name = self.names.iter().filter_map(|(name, kept)| {
            let certificate = kept.certificate.as_ref()?;
            Some((name.clone(), Arc::clone(&certificate.key)))
        });
        self.shared.issued.replace(by_name.collect());
    }

    async fn act(&mut self, action: Action, name: &str) {
        let book = self.shared.world.book.clone();
        let permit = match &book {
            Some(book) => {
                let permit = book.may_order(&self.shared.storage.name()).await;
                if permit.is_none() {
                    self.may_ask_at = Some(Instant::now() + PERMIT_PAUSE);
                    return;
                }
                // Another machine may have done the step meanwhile.
                self.compare().await;
                permit
            }
            None => None,
        };
        let now = self.now();
        let is_due = |kept: &NameState| {
            let next = kept.next(now);
            next.at <= now && next.action == action
        };
        if !self.names.get(name).is_some_and(is_due) {
            return;
        }
        let Some(mut kept) = self.names.remove(name) else {
            return;
        };
        // If the task is stopped during the step, `kept` is lost, but nothing needs it any more.
        let step = async {
            match action {
                Action::Order => self.order(name, &mut kept).await,
                Action::Ask => self.ask(name, &mut kept).await,
            }
        };
        select! {
            biased;
            () = end_of(permit.as_ref()) => {
                tracing::warn!(name, "another machine may order certificates now, so this one does not go on; nothing needs to be done");
            }
            () = step => {}
        }
        self.names.insert(name.to_owned(), kept);
        self.publish_certificates();
    }

    async fn order(&mut self, name: &str, kept: &mut NameState) {
        self.shared.client.take_asked_to_wait();
        let mut result = self.try_order(name, kept).await;
        if result.as_ref().is_err_and(OrderError::is_about_account) {
            tracing::warn!(
                "the certificate authority does not know the account; a new one is made, and nothing needs to be done"
            );
            self.account = None;
            result = match self.shared.storage.forget_account() {
                Ok(()) => self.try_order(name, kept).await,
                Err(error) => Err(error.into()),
            };
        }
        let now = self.now();
        match result {
            Ok(certificate) => {
                let until = certificate.life.until;
                kept.certificate = Some(certificate);
                kept.attempt = Attempt {
                    issued: Some(now),
                    ..Attempt::default()
                };
                self.reset_for_new_certificate(kept);
                tracing::info!(name, %until, "a new certificate was issued");
            }
            Err(error) => {
                let asked = self.shared.client.take_asked_to_wait();
                let failures = Failures {
                    count: kept
                        .attempt
                        .failures
                        .as_ref()
                        .map_or(1, |failures| failures.count.saturating_add(1)),
                    last: now,
                    why: error.reason(),
                    asked_to_wait: asked.max(error.asked_to_wait()).as_secs(),
                };
                let (count, why) = (failures.count, failures.why.clone());
                kept.attempt.failures = Some(failures);
                let again = kept.next(now).at;
                tracing::warn!(name, count, why, %again, "a certificate could not be ordered; correct what `why` says; it is tried again");
                metrics::certificate_failed(name);
                // The authority received no order, so the failure is not stored.
                if matches!(error, OrderError::NoAddress(_)) {
                    return;
                }
            }
        }
        let stored = self.shared.storage.store_attempt(name, &kept.attempt);
        told(
            name,
            "cannot store the state of a certificate's order; the data folder needs room, and must belong to the user that runs Kenduri",
            stored,
        );
        self.shared.share(&attempt_file(name)).await;
    }

    async fn try_order(
        &mut self,
        name: &str,
        kept: &mut NameState,
    ) -> Result<Certificate, OrderError> {
        let account = self.open_account().await?;
        // Only authorities that suggest renewal windows support the field `replaces`.
        let replaced = kept.window.and(identify(kept.certificate.as_ref()));
        order::obtain(&self.shared, &account, name, &mut kept.attempt, replaced).await
    }

    async fn ask(&mut self, name: &str, kept: &mut NameState) {
        let answer = match (
            identify(kept.certificate.as_ref()),
            self.open_account().await,
        ) {
            (Some(certificate), Ok(account)) => account.renewal_info(&certificate).await,
            (None, _) => Err(instant_acme::Error::Unsupported("this certificate")),
            (_, Err(error)) => {
                tracing::debug!(name, %error, "the certificate authority did not say when to renew");
                Err(instant_acme::Error::Str("an account"))
            }
        };
        let wait = match answer {
            Ok((info, wait)) => {
                let window = (
                    Timestamp::try_from(std::time::SystemTime::from(info.suggested_window.start)),
                    Timestamp::try_from(std::time::SystemTime::from(info.suggested_window.end)),
                );
                if let (Ok(start), Ok(end)) = window {
                    kept.window = Some(Window { start, end });
                }
                if let Some(page) = info.explanation_url {
                    tracing::info!(
                        name,
                        page,
                        "the certificate authority explains the renewal date"
                    );
                }
                let wait = SignedDuration::try_from(wait).unwrap_or(LONGEST_UNASKED);
                wait.clamp(SHORTEST_UNASKED, LONGEST_UNASKED)
            }
            Err(instant_acme::Error::Unsupported(_)) => LONGEST_UNASKED,
            Err(_) => UNANSWERED,
        };
        kept.ask = Some(later(self.now(), wait));
    }

    async fn open_account(&mut self) -> Result<Account, OrderError> {
        if let Some(account) = &self.account {
            return Ok(account.clone());
        }
        let account = account::open(&self.shared).await?;
        self.account = Some(account.clone());
        Ok(account)
    }

    fn publish(&self, now: Timestamp) {
        let standings = self.names.iter().map(|(name, kept)| CertificateStatus {
            name: name.clone(),
            valid_from: kept.certificate.as_ref().map(|it| it.life.from),
            valid_until: kept.certificate.as_ref().map(|it| it.life.until),
            next: Some(kept.next(now)),
            failures: kept.attempt.failures.clone(),
            refused: None,
        });
        self.report
            .send_replace(standings.chain(self.refused.iter().cloned()).collect());
    }

    fn now(&self) -> Timestamp {
        (self.shared.world.clock)()
    }
}

/// Waits until the permission is over. It is asked each time that the step beside this future goes
/// on, so that a machine that froze does not go on without it.
async fn end_of(permit: Option<&OrderPermit>) {
    let Some(permit) = permit else {
        return std::future::pending().await;
    };
    let mut look = interval(PERMIT_LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    poll_fn(|context| {
        if !permit.is_held() {
            return Poll::Ready(());
        }
        while look.poll_tick(context).is_ready() {}
        Poll::Pending
    })
    .await;
}

/// Waits until other machines have changed something.
async fn change(changed: &mut Option<watch::Receiver<u64>>) {
    let ended = match changed {
        Some(changed) => changed.changed().await.is_err(),
        None => true,
    };
    if ended {
        std::future::pending::<()>().await;
    }
}

/// The identifier for requesting a renewal window (RFC 9773, section 4.1).
fn identify(certificate: Option<&Certificate>) -> Option<CertificateIdentifier<'_>> {
    CertificateIdentifier::try_from(certificate?.leaf()?).ok()
}

fn told<T>(name: &str, what: &'static str, result: Result<T, StorageError>) -> Option<T> {
    result
        .map_err(|error| tracing::error!(name, %error, "{what}"))
        .ok()
}
