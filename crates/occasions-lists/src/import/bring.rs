//! Imports household documents into an occasion from the server's command line.

use occasions::hosting::Refusal;
use occasions::hosting::permissions::{self, HostOf};
use occasions::occasion;
use occasions::role::{self, Role};
use platform::{StoreError, Tx};
use web::{Catalogue, Site};

use super::{Change, Check, Import, ImportId, Options, Upload, apply, change, check, job, start};
use crate::household_document::Record;
use identity::grant;

enum Nothing {
    Preview(Box<Check>),
    Refused(Refusal),
}

impl From<StoreError> for Nothing {
    fn from(error: StoreError) -> Self {
        Self::Refused(error.into())
    }
}

impl From<Refusal> for Nothing {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Imports documents into the occasion with this slug, as the occasion's first owner. If
/// `is_written` is not set, only returns what the import would do. Codes that are easy to guess are
/// accepted, because they may already be printed on cards.
pub async fn bring(
    site: &Site,
    slug: &str,
    records: Vec<Record>,
    is_written: bool,
) -> Result<(Check, Option<Import>), Refusal> {
    let (slug, catalogue) = (slug.to_owned(), site.catalogue.clone());
    let upload = Upload::Records(records);
    let begin = move |tx: &mut Tx<'_>| -> Result<(Check, ImportId), Nothing> {
        let host = owner(tx, &slug)?;
        let (id, check) = begin(tx, &host, &catalogue, &upload)?;
        if !is_written {
            return Err(Nothing::Preview(Box::new(check)));
        }
        apply(tx, &host, &id)?;
        Ok((check, id))
    };
    let (check, id) = match site.store.write(begin).await {
        Ok(begun) => begun,
        Err(Nothing::Preview(check)) => return Ok((*check, None)),
        Err(Nothing::Refused(refusal)) => return Err(refusal),
    };
    // The import runs at once in this process. The queued job will then find nothing to do.
    let worked = job::work(site.store.clone(), site.catalogue.clone(), id.clone()).await;
    if let Err(error) = worked {
        tracing::warn!(
            ?error,
            "an import was interrupted; it continues after the next start of Kenduri; restart it, if that must be soon"
        );
    }
    let look = move |tx: &mut Tx<'_>| {
        platform::sql!("SELECT {Import} FROM import WHERE id = :id", id).one(tx)
    };
    let import: Import = site.store.read::<_, StoreError, _>(look).await?;
    Ok((check, Some(import)))
}

fn owner(tx: &mut Tx<'_>, slug: &str) -> Result<HostOf, Refusal> {
    let occasion = occasion::find_by_slug(tx, slug)?.ok_or(Refusal::NotFound)?;
    for member in grant::list(tx, &role::scope(&occasion))? {
        let host = permissions::resume(tx, &member.account, &occasion)?;
        if let Some(host) = host.filter(|host| host.role() == Role::OccasionOwner) {
            return Ok(host);
        }
    }
    Err(Refusal::Forbidden)
}

fn begin(
    tx: &mut Tx<'_>,
    host: &HostOf,
    catalogue: &Catalogue,
    upload: &Upload,
) -> Result<(ImportId, Check), Refusal> {
    let import = start(tx, host, catalogue, upload, "")?;
    let options = Options {
        keep_codes: true,
        ..Options::default()
    };
    let decided = Change {
        options: Some(options),
        ..Change::default()
    };
    change(tx, host, catalogue, &import.id, &decided)?;
    let check = check(tx, host, catalogue, &import.id)?;
    Ok((import.id, check))
}
