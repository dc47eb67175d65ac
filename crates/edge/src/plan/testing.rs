//! Plans for tests, written as operators write them.

use std::path::Path;

use super::{Flaw, Ground, Plan};
use crate::description::Description;

pub(crate) fn check(text: &str) -> Result<Plan, Vec<Flaw>> {
    check_in(text, Path::new("/"))
}

pub(crate) fn check_in(text: &str, folder: &Path) -> Result<Plan, Vec<Flaw>> {
    let description: Description = toml::from_str(text).expect(text);
    let ground = Ground {
        folder,
        data: Path::new("/data"),
    };
    Plan::check(&description, &ground)
}

pub(crate) fn plan_of(text: &str) -> Plan {
    check(text).unwrap_or_else(|flaws| panic!("{text}\n{flaws:?}"))
}
