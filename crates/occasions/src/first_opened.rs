//! Records when households open their invitations. Page views are collected in memory and written
//! every ten seconds. So opening a page never waits for the writer. If the server crashes, only the
//! page views of the last few seconds are lost.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use platform::{Rows, Store, StoreError, sql};

use crate::form_event::FormEvents;
use crate::id::{InvitationId, OccasionId};
use crate::webhook;

/// Page views of further households are dropped.
const WAITING: usize = 10_000;
const PIECE: usize = 200;

/// The page views that have not been written yet.
#[derive(Debug, Default)]
pub struct Opens {
    pages: Mutex<HashMap<InvitationId, OpenCount>>,
    /// What happened to the households' forms.
    pub(crate) forms: FormEvents,
}

#[derive(Clone, Copy, Debug)]
struct OpenCount {
    first: Timestamp,
    last: Timestamp,
    count: i64,
}

impl Opens {
    pub fn note(&self, invitation: InvitationId, now: Timestamp) {
        let mut waiting = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() >= WAITING && !waiting.contains_key(&invitation) {
            return;
        }
        let seen = waiting.entry(invitation).or_insert(OpenCount {
            first: now,
            last: now,
            count: 0,
        });
        seen.last = now;
        seen.count += 1;
    }

    /// Writes the collected page views and events of forms, and leaves the invitations' versions as
    /// they are. What cannot be written is kept for the next call.
    pub async fn write(&self, store: &Store) -> Result<(), StoreError> {
        self.write_pages(store).await?;
        self.forms.write(store).await
    }

    async fn write_pages(&self, store: &Store) -> Result<(), StoreError> {
        let gathered: Vec<(InvitationId, OpenCount)> = {
            let mut waiting = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
            waiting.drain().collect()
        };
        // The batches are small, so that saves of answers do not wait long for the writer.
        for (start, piece) in (0..).step_by(PIECE).zip(gathered.chunks(PIECE)) {
            let piece = piece.to_vec();
            let written = store
                .write(move |tx| {
                    let mut piece = piece.clone();
                    piece.sort_by(|(left, _), (right, _)| left.cmp(right));
                    for (invitation, seen) in &piece {
                        let unopened: Option<(OccasionId,)> = sql!(
                            "SELECT occasion FROM invitation
                             WHERE id = :invitation AND first_opened_at IS NULL
                             FOR NO KEY UPDATE",
                            invitation
                        )
                        .maybe(tx)?;
                        sql!(
                            "UPDATE invitation SET
                                 first_opened_at = COALESCE(first_opened_at, :first),
                                 last_opened_at = :last,
                                 open_count = open_count + :count
                             WHERE id = :invitation",
                            invitation,
                            first = seen.first,
                            last = seen.last,
                            count = seen.count
                        )
                        .run(tx, Rows::AtMostOne)?;
                        if let Some((occasion,)) = unopened {
                            webhook::invitation_opened(tx, &occasion, invitation, seen.first)?;
                        }
                    }
                    Ok::<_, StoreError>(())
                })
                .await;
            if written.is_err() {
                self.put_back(&gathered[start..]);
                return written;
            }
        }
        Ok(())
    }

    fn put_back(&self, unwritten: &[(InvitationId, OpenCount)]) {
        let mut waiting = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        for (invitation, seen) in unwritten {
            waiting
                .entry(invitation.clone())
                .and_modify(|later| {
                    later.first = later.first.min(seen.first);
                    later.last = later.last.max(seen.last);
                    later.count += seen.count;
                })
                .or_insert(*seen);
        }
    }
}
