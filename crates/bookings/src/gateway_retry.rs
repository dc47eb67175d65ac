//! When a job whose gateway did not answer tries again.

use identity::grant::ADMIN;
use identity::notification::{self, NewNotification};
use jiff::SignedDuration;
use platform::Tx;
use platform::jobs::{Job, JobError};
use web::Site;

use crate::gateway::GatewayError;
use crate::order::GatewayName;

/// The longest time between two attempts.
pub(crate) const LONGEST: SignedDuration = SignedDuration::from_hours(24);

/// Lets a job try again after `least`, and then ever more seldom: the pause is as long as the job
/// has tried. When it has tried for a day, administrators are told once.
pub(crate) fn later(
    site: &Site,
    job: &Job,
    (gateway, least): (GatewayName, SignedDuration),
    error: GatewayError,
) -> JobError {
    let age = job.age(site.clock.now());
    let pause = age.clamp(least, LONGEST);
    let error = JobError::later(pause, error);
    // From an attempt on the first day to the next it is at most as long as the first day was, so
    // exactly one is on the second day.
    if age < LONGEST || age >= LONGEST * 2 {
        return error;
    }
    let site = site.clone();
    error.with(move |tx: &mut Tx<'_>| {
        let told = NewNotification {
            kind: "booking-notice-gateway-silent",
            about: gateway.word(),
            href: "/admin/orders",
        };
        notification::tell_site(tx, &site, ADMIN, told)
    })
}
