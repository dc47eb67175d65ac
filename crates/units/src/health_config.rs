//! `health = { path = "/healthz", … }` of a service or of an upstream.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::check::Check;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HealthConfig {
    /// The path to request with `GET`. Any 2xx status means healthy.
    pub path: String,
    /// The interval between checks.
    pub every: String,
    /// The timeout for the response to a check.
    pub within: String,
    /// The number of consecutive failed checks after which a service's instance is restarted, or an
    /// upstream server gets no more requests.
    pub fall: u32,
    /// The number of consecutive successful checks after which the instance or server is ready.
    pub rise: u32,
}

impl Default for HealthConfig {
    fn default() -> Self {
        Self {
            path: "/".to_owned(),
            every: "5s".to_owned(),
            within: "2s".to_owned(),
            fall: 3,
            rise: 1,
        }
    }
}

impl HealthConfig {
    /// Checks all values except the path. Returns the values of `every` and `within`.
    pub fn check(&self, check: &mut Check) -> Option<(Duration, Duration)> {
        let every = check.time("health.every", &self.every);
        let within = check.time("health.within", &self.within);
        check.between("health.fall", self.fall, 1, 100);
        check.between("health.rise", self.rise, 1, 100);
        every.zip(within)
    }
}
