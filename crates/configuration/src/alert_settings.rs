//! The settings of alerts, from `[alerts]` in `kenduri.toml`.

use jiff::SignedDuration;
use platform::mail::Address;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AlertSettings {
    /// Whether alerts are mailed to the owners of the installation.
    pub owners: bool,
    /// The other addresses to which alerts are mailed.
    pub addresses: Vec<Address>,
    pub webhook: Option<String>,
    pub limits: Limits,
}

/// The thresholds at which alerts begin. A threshold of `None` or 0 disables the alert.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    pub disk: Option<Floor>,
    pub memory: Option<Floor>,
    pub backup_lag: Option<SignedDuration>,
    /// The number of failed jobs in a day at which an alert begins.
    pub failed_jobs: u32,
    /// The number of failed mails in a day at which an alert begins.
    pub failed_mails: u32,
}

/// The minimum free disk space or memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Floor {
    Percent(u64),
    Bytes(u64),
}

impl Floor {
    /// Parses `10%`, or a size such as `500M`. Returns `None` for `0`, because `0` switches the
    /// alert off.
    pub fn parse(written: &str) -> Result<Option<Self>, String> {
        if let Some(percent) = written.strip_suffix('%') {
            let percent = percent.parse().ok();
            let percent = percent.filter(|percent| (1..=90).contains(percent));
            let percent = percent
                .ok_or_else(|| format!("{written:?} is not between 1% and 90%; write it like 10%"));
            return Ok(Some(Self::Percent(percent?)));
        }
        let bytes = units::size_or_none(written)?;
        Ok((bytes > 0).then_some(Self::Bytes(bytes)))
    }

    pub fn bytes(self, total: u64) -> u64 {
        match self {
            Self::Percent(percent) => total / 100 * percent,
            Self::Bytes(bytes) => bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Floor;

    #[test]
    fn a_floor_is_a_share_or_a_size() {
        assert_eq!(Floor::parse("10%"), Ok(Some(Floor::Percent(10))));
        assert_eq!(Floor::parse("2G"), Ok(Some(Floor::Bytes(2 << 30))));
        assert_eq!(Floor::parse("0"), Ok(None));
        for wrong in ["0%", "91%", "%", "ten", "", "-1"] {
            assert!(Floor::parse(wrong).is_err(), "{wrong}");
        }
        assert_eq!(Floor::Percent(10).bytes(5_000), 500);
    }
}
