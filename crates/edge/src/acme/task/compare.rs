//! Compares this machine's files with those that the other machines share.

use std::sync::Arc;

use super::super::book::CertificateBook;
use super::super::certificate::Certificate;
use super::super::storage::{ACCOUNT, Attempt, StoredAccount, attempt_file, certificate_file};
use super::{NameState, Task, told};

/// What the other machines have of a name, compared with this one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Compared {
    Newer,
    Same,
    Older,
}

impl Task {
    /// Takes from the other machines what is newer there, and gives them what is newer here. Returns
    /// `false` if they could not be told of all of it.
    pub(super) async fn compare(&mut self) -> bool {
        let Some(book) = self.shared.world.book.clone() else {
            return true;
        };
        if !self.compare_account(&*book).await {
            return false;
        }
        let names: Vec<String> = self.names.keys().cloned().collect();
        let (mut is_new, mut is_told) = (false, true);
        for name in &names {
            let Some(mut kept) = self.names.remove(name) else {
                continue;
            };
            let compared = self.take_certificate(&*book, name, &mut kept);
            is_new |= compared == Compared::Newer;
            let has_attempt = self.take_attempt(&*book, name, &mut kept);
            self.names.insert(name.clone(), kept);
            is_told = (compared != Compared::Older
                || self.shared.share(&certificate_file(name)).await)
                && (has_attempt || self.shared.share(&attempt_file(name)).await);
            // The others cannot be told now, and each try may take long.
            if !is_told {
                break;
            }
        }
        if is_new {
            self.publish_certificates();
        }
        is_told
    }

    /// Returns whether the other machines have the account, if there is one.
    async fn compare_account(&mut self, book: &dyn CertificateBook) -> bool {
        let storage = &self.shared.storage;
        let Some(shared) = book.get(&storage.name(), ACCOUNT) else {
            return self.shared.share(ACCOUNT).await;
        };
        if self.seen_account.as_ref() == Some(&shared) {
            return true;
        }
        let is_known = storage.read(ACCOUNT).ok().flatten().as_deref() == Some(&*shared);
        if !is_known && serde_json::from_str::<StoredAccount>(&shared).is_ok() {
            let stored = storage.write(ACCOUNT, shared.as_bytes());
            told(
                ACCOUNT,
                "cannot store the account of the other machines; the data folder needs room, and must belong to the user that runs Kenduri",
                stored,
            );
            self.account = None;
        }
        self.seen_account = Some(shared);
        true
    }

    /// Takes a certificate that is newer than this machine's.
    fn take_certificate(
        &self,
        book: &dyn CertificateBook,
        name: &str,
        kept: &mut NameState,
    ) -> Compared {
        let (storage, file) = (&self.shared.storage, certificate_file(name));
        let Some(shared) = book.get(&storage.name(), &file) else {
            return Compared::Older;
        };
        if kept.seen_certificate.as_ref() == Some(&shared) {
            return Compared::Same;
        }
        let own = kept.certificate.as_ref().map(|own| own.life.from);
        let found = match Certificate::read(name, &shared) {
            Ok(found) => found,
            Err(_) if own.is_some() => return Compared::Older,
            Err(error) => {
                tracing::error!(name, %error, "cannot read another machine's certificate, so this one orders its own; install the same Kenduri on all machines");
                kept.seen_certificate = Some(shared);
                return Compared::Same;
            }
        };
        if own.is_some_and(|own| own > found.life.from) {
            return Compared::Older;
        }
        kept.seen_certificate = Some(Arc::clone(&shared));
        let chain = kept.certificate.as_ref().map(|own| &own.key.cert);
        if chain == Some(&found.key.cert) {
            return Compared::Same;
        }
        let stored = storage.write(&file, shared.as_bytes());
        told(
            name,
            "cannot store another machine's certificate, so it is missing after a restart; the data folder needs room, and must belong to the user that runs Kenduri",
            stored,
        );
        tracing::info!(name, until = %found.life.until, "another machine got a new certificate");
        kept.certificate = Some(found);
        self.reset_for_new_certificate(kept);
        Compared::Newer
    }

    /// Takes the state of an order. Returns whether the other machines have one.
    fn take_attempt(&self, book: &dyn CertificateBook, name: &str, kept: &mut NameState) -> bool {
        let (storage, file) = (&self.shared.storage, attempt_file(name));
        let Some(shared) = book.get(&storage.name(), &file) else {
            return false;
        };
        if kept.seen_attempt.as_ref() == Some(&shared) {
            return true;
        }
        let is_known = storage.read(&file).ok().flatten().as_deref() == Some(&*shared);
        if !is_known && serde_json::from_str::<Attempt>(&shared).is_ok() {
            let stored = storage.write(&file, shared.as_bytes());
            told(
                name,
                "cannot store the state of another machine's order; the data folder needs room, and must belong to the user that runs Kenduri",
                stored,
            );
            let attempt = told(
                name,
                "cannot read the state of another machine's order; it begins anew, and nothing needs to be done",
                storage.load_attempt(name),
            );
            kept.attempt = attempt.unwrap_or_default();
        }
        kept.seen_attempt = Some(shared);
        true
    }
}
