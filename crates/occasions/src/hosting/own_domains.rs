//! How hosts give an occasion a host name of its own.

use platform::Tx;
use serde_json::json;
use web::Findings;

use super::permissions::{HostOf, Permission};
use super::{Refusal, history, occasions};
use crate::own_domain;

/// The field in forms, in JSON and in the log.
pub const FIELD: &str = "own_domain";

/// Sets the host name of an occasion, or removes it if nothing was typed. `is_reserved` returns
/// whether a name leads elsewhere on this server.
pub fn set(
    tx: &mut Tx<'_>,
    host: &HostOf,
    typed: &str,
    is_reserved: impl Fn(&str) -> bool,
) -> Result<(), Refusal> {
    host.needs(Permission::Own)?;
    occasions::lock(tx, host)?;
    let refused = |code| {
        let mut findings = Findings::default();
        findings.add(&format!("/{FIELD}"), code, []);
        findings.finish()
    };
    let wanted = match typed.trim() {
        "" => None,
        typed => match own_domain::parse(typed) {
            Ok(name) if is_reserved(&name) => return Ok(refused("not_unique")?),
            Ok(name) => Some(name),
            Err(code) => return Ok(refused(code)?),
        },
    };
    let before = own_domain::find(tx, host.occasion())?.map(|one| one.host);
    if before == wanted {
        return Ok(());
    }
    if !own_domain::set(tx, host.occasion(), wanted.as_deref())? {
        return Ok(refused("not_unique")?);
    }
    let changes = json!([{"field": FIELD, "old": before, "new": wanted}]);
    let entity = ("occasion", host.occasion().to_string());
    history::record(tx, host, "occasion.changed", entity, changes)?;
    history::tell_of_occasion(tx, host, "edited")?;
    Ok(())
}
