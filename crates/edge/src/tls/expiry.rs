//! Metrics and log messages about expiring certificates.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::acme::{Life, later};
use crate::metrics::{self, LabelledGauges};

const LOG_INTERVAL: SignedDuration = SignedDuration::from_hours(24);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ServedCertificate {
    pub(crate) names: Vec<String>,
    pub(crate) life: Life,
    /// Why the certificate was not replaced, if known.
    pub(crate) why: Option<String>,
}

#[derive(Debug)]
pub(crate) struct Expiry {
    days: LabelledGauges<String>,
    /// When a certificate was last logged. The key is the certificate's names.
    spoken: BTreeMap<Vec<String>, Timestamp>,
}

impl Default for Expiry {
    fn default() -> Self {
        Self {
            days: metrics::certificate_days(),
            spoken: BTreeMap::new(),
        }
    }
}

impl Expiry {
    pub(crate) fn look(&mut self, all: &[ServedCertificate], now: Timestamp) {
        #[expect(clippy::cast_precision_loss, reason = "days, a few hundred at most")]
        self.days.set_all(all.iter().flat_map(|one| {
            let days = one.life.days_left(now) as f64;
            one.names.iter().map(move |name| (name.clone(), days))
        }));
        for ServedCertificate { names, life, why } in self.due(all, now) {
            let (name, until, days) = (names.join(", "), life.until, life.days_left(now));
            tracing::error!(name, days, %until, why, "a certificate expires soon and was not renewed; correct what `why` says, or put a new one into its file");
        }
    }

    /// Each overdue certificate is due once a day; of several with the same names, only one.
    fn due<'a>(
        &mut self,
        all: &'a [ServedCertificate],
        now: Timestamp,
    ) -> Vec<&'a ServedCertificate> {
        let loud = all.iter().filter(|one| one.life.is_loud(now));
        let mut before = std::mem::take(&mut self.spoken);
        let mut due = Vec::new();
        for one in loud {
            if self.spoken.contains_key(&one.names) {
                continue;
            }
            let spoken = before
                .remove(&one.names)
                .filter(|spoken| *spoken <= now && now < later(*spoken, LOG_INTERVAL));
            if spoken.is_none() {
                due.push(one);
            }
            self.spoken.insert(one.names.clone(), spoken.unwrap_or(now));
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn ninety_days(name: &str) -> ServedCertificate {
        ServedCertificate {
            names: vec![name.to_owned()],
            life: Life {
                from: at("2026-01-01T00:00:00Z"),
                until: at("2026-04-01T00:00:00Z"),
            },
            why: None,
        }
    }

    #[test]
    fn a_certificate_is_spoken_of_fourteen_days_before_its_end_and_every_day() {
        let all = [ninety_days("a.example")];
        let mut expiry = Expiry::default();
        for (now, is_due) in [
            ("2026-03-17T23:59:59Z", false),
            ("2026-03-18T00:00:00Z", true),
            ("2026-03-18T00:00:01Z", false),
            ("2026-03-18T23:59:59Z", false),
            ("2026-03-19T00:00:00Z", true),
            // The clock was set back. This must not suppress the log message.
            ("2026-03-18T12:00:00Z", true),
            ("2026-05-01T00:00:00Z", true),
        ] {
            assert_eq!(
                expiry.due(&all, at(now)).len(),
                usize::from(is_due),
                "{now}"
            );
        }
    }

    /// A host may have a second certificate for older clients.
    #[test]
    fn two_of_the_same_names_are_spoken_of_as_one() {
        let all = [ninety_days("a.example"), ninety_days("a.example")];
        let mut expiry = Expiry::default();
        assert_eq!(expiry.due(&all, at("2026-03-18T00:00:00Z")).len(), 1);
        assert!(expiry.due(&all, at("2026-03-18T00:00:01Z")).is_empty());
        assert_eq!(expiry.due(&all, at("2026-03-19T00:00:00Z")).len(), 1);
    }

    #[test]
    fn one_that_has_expired_is_spoken_of_at_once_and_a_newer_one_is_not() {
        let old = ninety_days("a.example");
        let now = at("2026-05-01T00:00:00Z");
        let mut expiry = Expiry::default();
        assert_eq!(expiry.due(std::slice::from_ref(&old), now), [&old]);
        let newer = ServedCertificate {
            life: Life {
                from: now,
                until: at("2026-08-01T00:00:00Z"),
            },
            ..old.clone()
        };
        assert!(expiry.due(&[newer], now).is_empty());
        assert_eq!(expiry.due(&[old], now).len(), 1);
    }
}
