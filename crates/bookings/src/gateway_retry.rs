//! The retries of jobs whose gateway did not answer.

use jiff::SignedDuration;
use platform::jobs::{Job, JobError};
use platform::{Rows, Tx, sql};
use web::Site;

use crate::administrator_alert::{self, AlertKind};
use crate::gateway::GatewayError;
use crate::order::GatewayName;

/// The longest time between two attempts.
pub(crate) const LONGEST: SignedDuration = SignedDuration::from_hours(24);

/// Makes a job try again. The pause before the next attempt is as long as the job's age, but at
/// least `least`. Once the job is a day old, administrators are alerted, unless they were already
/// alerted about this gateway since the job began.
pub(crate) fn later(
    site: &Site,
    job: &Job,
    gateway: GatewayName,
    least: SignedDuration,
    error: GatewayError,
) -> JobError {
    let now = site.clock.now();
    let age = job.age(now);
    let error = JobError::later(age.clamp(least, LONGEST), error);
    if age < LONGEST {
        return error;
    }
    let begun_at = now - age;
    error.with(move |tx: &mut Tx<'_>| {
        let told = sql!(
            "INSERT INTO gateway_silence (gateway, told_at) VALUES (:gateway, :now)
             ON CONFLICT (gateway) DO UPDATE SET told_at = excluded.told_at
             WHERE gateway_silence.told_at < :begun_at",
            gateway,
            now = tx.now(),
            begun_at
        )
        .run(tx, Rows::AtMostOne)?;
        if told == 0 {
            return Ok(());
        }
        let notice = "booking-notice-gateway-silent";
        administrator_alert::raise(tx, AlertKind::Job, notice, gateway.word())
    })
}
