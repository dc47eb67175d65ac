//! Which objects of a backup are old.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::generation::Generation;
use crate::vault::Vault;
use crate::{BackupError, files, wal_copy};

/// Returns the objects that can be removed, in the order of removal. They are older than `oldest`
/// and not needed to restore any state since `oldest`.
pub(crate) fn old_objects(vault: &Vault, oldest: Timestamp) -> Result<Vec<String>, BackupError> {
    let mut kept = Generation::list(vault)?;
    while kept.get(1).is_some_and(|next| next.at() < oldest) {
        kept.remove(0);
    }
    let mut old = Vec::new();
    let newest = kept.last().cloned();
    for generation in Generation::list_all(vault)? {
        // A later one may be arriving.
        let is_later = newest.as_ref().is_none_or(|newest| generation > *newest);
        if !is_later && !kept.contains(&generation) {
            old.extend(generation.objects(vault)?);
        }
    }
    let mut named = BTreeSet::new();
    if let Some(first) = kept.first()
        && let Some(base) = first.manifest(vault)?.base
    {
        old.extend(wal_copy::before(vault, &base.first)?);
    }
    for generation in &kept {
        named.extend(generation.manifest(vault)?.files.into_values());
    }
    let first = kept.first().map_or(oldest, Generation::at);
    old.extend(files::unnamed(vault, first, &named)?);
    Ok(old)
}
