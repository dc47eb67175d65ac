//! Where the worker hears what the keeper wants, and answers.

use std::future::Future;
use std::os::fd::OwnedFd;

use anyhow::{Result, bail};
use edge::Edge;
use supervisor::Plan;
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};

use crate::channel::Parcel;
use crate::control::Reply;
use crate::orders::{Hands, Outcome, Purge};
use crate::reload::Reload;
use crate::words::{Line, ToKeeper, ToWorker};

use super::crews::{Crews, LOOK};

/// So many may wait for the cache to be looked through.
const PURGES: usize = 4;

/// The worker's end of the channel.
pub(super) struct Desk<'a> {
    edge: &'a Edge,
    reload: Reload,
    line: Line<ToKeeper>,
    hands: Hands,
    purges: mpsc::Receiver<Purge>,
    crews: Crews,
}

impl<'a> Desk<'a> {
    /// A desk for what runs.
    pub(super) fn new(
        edge: &'a Edge,
        reload: Reload,
        line: Line<ToKeeper>,
        mut hands: Hands,
        services: &Plan,
    ) -> Self {
        let mut crews = Crews::default();
        crews.take(services, edge);
        let (ask, purges) = mpsc::channel(PURGES);
        hands.purges = Some(ask);
        Self {
            edge,
            reload,
            line,
            hands,
            purges,
            crews,
        }
    }

    /// Says that requests are answered, and does what the keeper wants until `end`.
    pub(super) async fn serve(
        mut self,
        mut inbox: mpsc::Receiver<Parcel<ToWorker>>,
        end: impl Future,
    ) -> Result<()> {
        let mut end = std::pin::pin!(end);
        self.line.say(ToKeeper::Serving).await;
        let mut look = interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = &mut end => return Ok(()),
                Some((tags, answer)) = self.purges.recv() => {
                    let mut count = 0;
                    for tag in tags {
                        count += self.edge.purge(&tag).await;
                    }
                    // Who does not wait any longer need not know.
                    let _ = answer.send(count);
                }
                _ = look.tick() => {
                    let rates = self.crews.rates(self.edge);
                    if !rates.is_empty() {
                        self.line.say(ToKeeper::Rates(rates)).await;
                    }
                }
                parcel = inbox.recv() => match parcel {
                    Some((message, sockets)) => self.hear(message, sockets).await,
                    None => bail!("the keeper has gone"),
                },
            }
        }
    }

    async fn hear(&mut self, message: ToWorker, sockets: Vec<OwnedFd>) {
        match message {
            ToWorker::Begin { .. } => tracing::error!("the keeper asks for what has begun"),
            ToWorker::Fleet(fleet) => self.crews.lead(fleet, self.edge, &self.line),
            ToWorker::Order { id, order } => {
                let (hands, line) = (self.hands.clone(), self.line.clone());
                tokio::spawn(async move {
                    let reply = order.reply(&hands).await;
                    line.say(ToKeeper::Reply { id, reply }).await;
                });
            }
            ToWorker::Apply { id, asked } => {
                let reply = match self.reload.apply(self.edge, &asked, sockets) {
                    Ok((said, services)) => {
                        self.crews.take(&services, self.edge);
                        Reply::Ok(Outcome::Applied { said })
                    }
                    Err(error) => Reply::Error(format!("{error:#}")),
                };
                self.line.say(ToKeeper::Reply { id, reply }).await;
            }
            ToWorker::Reply { id, reply } => self.line.answered(id, reply),
        }
    }
}
