//! Challenge responses on all machines, because the authority may ask any of them.
//!
//! The machine that orders puts its responses into one file, before it tells the authority that
//! they are there. The next order replaces them.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::OrderContext;
use super::book::{BookError, CertificateBook};
use super::challenges::{Challenges, Published};
use super::proof::{self, ProofError};

const FILE: &str = "challenges.json";
const NONE: &str = "[]";

#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum SharedChallenge {
    Http01 { token: String, text: String },
    TlsAlpn01 { name: String, digest: [u8; 32] },
}

impl SharedChallenge {
    /// Serves the response from this machine.
    pub(super) fn publish(&self, challenges: &Arc<Challenges>) -> Result<Published, ProofError> {
        Ok(match self {
            Self::Http01 { token, text } => challenges.publish_text(token, text),
            Self::TlsAlpn01 { name, digest } => {
                challenges.publish_certificate(name, &proof::certificate(name, digest)?)
            }
        })
    }
}

/// Waits, for a bounded time, until the other machines serve these responses instead of the earlier
/// ones.
pub(super) async fn announce(
    shared: &OrderContext,
    responses: &[SharedChallenge],
) -> Result<(), BookError> {
    let Some(book) = &shared.world.book else {
        return Ok(());
    };
    let text = serde_json::to_string(responses)?;
    book.announce(&shared.storage.name(), FILE, &text).await
}

/// Has all machines end the responses that were announced.
pub(super) async fn withdraw(shared: &OrderContext) {
    let Some(book) = &shared.world.book else {
        return;
    };
    let folder = shared.storage.name();
    if book.get(&folder, FILE).is_none_or(|text| &*text == NONE) {
        return;
    }
    if let Err(error) = book.put(&folder, FILE, NONE).await {
        tracing::debug!(%error, "challenge responses stay until the next order");
    }
}

/// Serves the responses that other machines announce. Never returns.
pub(super) async fn follow(
    book: Arc<dyn CertificateBook>,
    folder: String,
    challenges: Arc<Challenges>,
) {
    let mut changed = book.changed();
    let mut known = None;
    let mut served = Vec::new();
    loop {
        changed.borrow_and_update();
        let text = book.get(&folder, FILE);
        if text != known {
            let text_now = text.as_deref().unwrap_or(NONE);
            match serde_json::from_str::<Vec<SharedChallenge>>(text_now) {
                Ok(responses) => served = serve(&responses, &challenges),
                Err(error) => {
                    tracing::warn!(%error, "cannot read the challenge responses of another machine, so its certificate may come later; install the same Kenduri on all machines");
                }
            }
            tracing::debug!(
                responses = served.len(),
                "challenge responses for all machines"
            );
            known = text;
        }
        if changed.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

fn serve(responses: &[SharedChallenge], challenges: &Arc<Challenges>) -> Vec<Published> {
    let served = responses.iter().filter_map(|one| {
        let published = one.publish(challenges);
        published
            .map_err(
                |error| tracing::error!(%error, "cannot answer a challenge of another machine, so its certificate may come later; set tls.acme.challenge = \"http-01\" on all machines"),
            )
            .ok()
    });
    served.collect()
}
