//! The settings of alerts, as `[alerts]` of `kenduri.toml` says.

use jiff::SignedDuration;
use platform::mail::Address;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct AlertSettings {
    /// Whether the owners of the installation get mails.
    pub(crate) owners: bool,
    /// Further addresses that get mails.
    pub(crate) addresses: Vec<Address>,
    /// The URL of the declared webhook that gets messages.
    pub(crate) webhook: Option<String>,
    pub(crate) limits: Limits,
}

/// `None`, or 0, stands for a condition that is not watched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Limits {
    pub(crate) disk: Option<Floor>,
    pub(crate) memory: Option<Floor>,
    pub(crate) backup_lag: Option<SignedDuration>,
    /// The number of failed jobs in a day.
    pub(crate) failed_jobs: u32,
    /// The number of failed mails in a day.
    pub(crate) failed_mails: u32,
}

/// The least that should be free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Floor {
    Percent(u64),
    Bytes(u64),
}

impl Floor {
    /// Parses `10%`, or a size such as `500M`. `0` means that nothing is watched.
    pub(crate) fn parse(written: &str) -> Result<Option<Self>, String> {
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

    pub(crate) fn bytes(self, total: u64) -> u64 {
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
