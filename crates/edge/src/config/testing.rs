//! Makes plans for tests from the text of a settings file.

use std::path::Path;

use units::Problem;

use super::{Plan, PlanContext, Service};
use crate::description::Description;

pub(crate) fn check(text: &str) -> Result<Plan, Vec<Problem>> {
    check_in(text, Path::new("/"))
}

pub(crate) fn check_in(text: &str, folder: &Path) -> Result<Plan, Vec<Problem>> {
    check_with(text, folder, &[])
}

/// Validates settings together with services. Each service is given as its name, its `balance` and
/// its fronts.
pub(crate) fn check_running(
    text: &str,
    services: &[(&str, &str, &[&str])],
) -> Result<Plan, Vec<Problem>> {
    let services = services.iter().map(|(name, balance, fronts)| Service {
        name: (*name).to_owned(),
        balance: (*balance).to_owned(),
        fronts: fronts.iter().map(|front| (*front).to_owned()).collect(),
        ..Service::default()
    });
    check_with(text, Path::new("/"), &services.collect::<Vec<_>>())
}

fn check_with(text: &str, folder: &Path, services: &[Service]) -> Result<Plan, Vec<Problem>> {
    let description: Description = toml::from_str(text).expect(text);
    let ground = PlanContext {
        folder,
        data: Path::new("/data"),
        services,
    };
    Plan::check(&description, &ground)
}

pub(crate) fn plan_of(text: &str) -> Plan {
    check(text).unwrap_or_else(|flaws| panic!("{text}\n{flaws:?}"))
}
