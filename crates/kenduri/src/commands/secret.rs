//! `kenduri secret new`: replaces the key file.

use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use identity::credential::second_factor;
use identity::session;
use platform::audit::{Actor, Entity, Entry};
use platform::mail::suppression;
use platform::{Keyring, Random, StoreError, Tx, key, shared_file};
use serde_json::json;

use super::{Where, alone, refuse_while_served, say};
use crate::domains::DOMAINS;
use crate::{app_setup, control};

/// Replace the file with the signing keys
#[derive(Debug, Subcommand)]
pub(super) enum Secret {
    New(New),
}

/// Make another key file, when this store's key file is lost or somebody has read it
///
/// Everybody is signed out, and browsers forget which invitations they opened. Second factors and
/// the list of addresses that get no mail are removed, because they can be read only with the old
/// keys. Links and codes on cards stay as they are, and so do passwords, API tokens, and the
/// certificates that machines share. Stop Kenduri first, on all machines.
#[derive(Debug, Args)]
pub(super) struct New {
    #[command(flatten)]
    place: Where,
}

/// How many records became invalid together with the old keys.
struct Ended {
    sessions: u64,
    factors: u64,
    suppressed: u64,
}

impl Secret {
    pub(super) fn run(self) -> Result<()> {
        let Self::New(new) = self;
        let settings = configuration::load(DOMAINS, &new.place.asked())?.settings;
        if control::is_running(&settings.data)? {
            bail!(
                "Kenduri is running with the data in {}, and with the old keys\n  stop it first (sudo systemctl stop kenduri)",
                settings.data.display()
            );
        }
        // The PostgreSQL client must not be used inside an async runtime.
        let store = app_setup::open_store(&settings)?;
        // The new key file is written before the store records the new key. After that, only the
        // renaming of the file can still fail.
        let fresh = settings.secret_file.prepare(&Random::system())?;
        let (before, keys) = (settings.secret_file.present(), fresh.keys.clone());
        let Ended {
            sessions,
            factors,
            suppressed,
        } = alone(store.write(move |tx: &mut Tx<'_>| -> Result<Ended> {
            refuse_while_served(tx, &settings)?;
            Ok(replace(tx, before.as_ref(), &keys)?)
        }))?;
        let path = fresh.put()?;
        say(&format!(
            "{} holds a new key. {sessions} sessions were ended, {factors} people no longer have \
             a second factor, and {suppressed} addresses left the list of those that get no \
             mail.\nCopy the file to a place apart from the store. Where several machines share \
             the store, each needs this file before it starts again.\n",
            path.display()
        ))
    }
}

fn replace(tx: &mut Tx<'_>, before: Option<&Keyring>, keys: &Keyring) -> Result<Ended, StoreError> {
    key::replace(tx, keys)?;
    let before = before.map(|keys| keys.key(shared_file::PURPOSE));
    shared_file::reseal(tx, before.as_ref(), &keys.key(shared_file::PURPOSE))?;
    let ended = Ended {
        sessions: session::end_all(tx)?,
        factors: second_factor::erase_all(tx)?,
        suppressed: suppression::forget_all(tx)?,
    };
    tx.record(Entry {
        actor: Actor::System,
        action: "secret.replaced",
        entity: Entity::new("installation", "1".to_owned()),
        scope: None,
        changes: json!([{ "field": "sessions", "old": ended.sessions, "new": 0 }]),
        request: None,
    })?;
    Ok(ended)
}
