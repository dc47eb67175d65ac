//! The target and the newest generation in it, as the store remembers them. With this memory, a
//! target that has lost the backup differs from a target that never had one.

use platform::store::Row;
use platform::{Random, Rows, StoreError, Tx, sql};

use crate::generation::Generation;
use crate::vault::Vault;
use crate::{BackupError, BackupKey, Target};

#[derive(Clone, Debug, PartialEq, Eq, Row)]
pub(crate) struct KnownTarget {
    /// The target's name.
    pub(crate) target: String,
    /// The name of the newest complete generation.
    pub(crate) generation: String,
}

impl KnownTarget {
    pub(crate) fn find(tx: &mut Tx<'_>) -> Result<Option<Self>, StoreError> {
        tx.maybe(
            sql!("SELECT {KnownTarget} FROM backup_place WHERE id = 1"),
            &[],
        )
    }

    pub(crate) fn save(&self, tx: &mut Tx<'_>) -> Result<(), StoreError> {
        let Self { target, generation } = self;
        sql!(
            "INSERT INTO backup_place (id, target, generation) VALUES (1, :target, :generation)
             ON CONFLICT (id) DO UPDATE
             SET target = excluded.target, generation = excluded.generation",
            target,
            generation
        )
        .run(tx, Rows::Exactly(1))?;
        Ok(())
    }

    /// Fails if the target has this name, and contains neither this generation nor a later one. A
    /// store that was restored to an earlier time remembers an earlier generation.
    pub(crate) fn check(
        &self,
        target: &Target,
        key: &BackupKey,
        random: &Random,
    ) -> Result<(), BackupError> {
        if self.target != target.name() {
            return Ok(());
        }
        let known = Generation::named(&self.generation);
        let newest = Generation::list(&Vault::of(target, key, random))?.pop();
        if newest.is_some_and(|newest| newest >= known) {
            return Ok(());
        }
        Err(BackupError::Lost {
            target: target.name(),
            object: known.manifest_name(),
        })
    }
}
