//! The ids of computed times.

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::slot::OfferId;

/// The number of bits of an id that its offer determines.
const MARK_BITS: u32 = 79;
const LENGTH_BITS: u32 = 11;

/// What the id of a computed time contains: the minute and the length, and a mark by which its offer
/// is found. The mark tells nobody which times have the same offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TimeId {
    /// Since 1970.
    minute: u32,
    length: u16,
    mark: u128,
}

impl TimeId {
    pub(super) fn of(offer: &OfferId, at: Timestamp, minutes: i64) -> Option<Self> {
        let minute = u32::try_from(at.as_second().div_euclid(60)).ok()?;
        let length = u16::try_from(minutes).ok()?;
        let mut hash = Sha256::new();
        hash.update(offer.as_str());
        hash.update(minute.to_be_bytes());
        hash.update(length.to_be_bytes());
        let hash: [u8; 32] = hash.finalize().into();
        let mark = hash
            .iter()
            .take(10)
            .fold(0, |all, byte| all << 8 | u128::from(*byte));
        Some(Self {
            minute,
            length,
            mark: mark >> 1,
        })
    }

    /// A UUID of version 8 (RFC 9562, section 5.8).
    pub(super) fn text(self) -> String {
        let bits = u128::from(self.minute) << LENGTH_BITS | u128::from(self.length);
        let bits = bits << MARK_BITS | self.mark;
        let (high, middle, low) = (bits >> 74, bits >> 62 & 0xfff, bits & ((1 << 62) - 1));
        platform::id::of_bytes((high << 80 | middle << 64 | low).to_be_bytes())
    }

    pub(super) fn read(text: &str) -> Option<Self> {
        let digits: String = text.chars().filter(|digit| *digit != '-').collect();
        let value = u128::from_str_radix(&digits, 16).ok()?;
        if digits.len() != 32 || value >> 76 & 0xf != 8 {
            return None;
        }
        let (high, middle, low) = (value >> 80, value >> 64 & 0xfff, value & ((1 << 62) - 1));
        let bits = high << 74 | middle << 62 | low;
        let length = bits >> MARK_BITS & ((1 << LENGTH_BITS) - 1);
        Some(Self {
            minute: u32::try_from(bits >> (MARK_BITS + LENGTH_BITS)).ok()?,
            length: u16::try_from(length).ok()?,
            mark: bits & ((1 << MARK_BITS) - 1),
        })
    }

    /// `None` if the minute is none of the calendar.
    pub(super) fn starts_at(self) -> Option<Timestamp> {
        Timestamp::from_second(i64::from(self.minute) * 60).ok()
    }

    pub(super) fn minutes(self) -> i64 {
        i64::from(self.length)
    }
}

#[cfg(test)]
mod tests {
    use platform::id::Id as _;

    use super::*;

    #[test]
    fn an_id_names_its_time_and_is_found_by_its_offer_alone() {
        let offers = ["01970000-0000-4000-8000-000000000001", "other"];
        let offers = offers.map(|text| OfferId::from_text(text.to_owned()));
        for (at, minutes) in [
            ("2027-01-16T02:30:00Z", 60),
            ("1970-01-01T00:00:00Z", 5),
            ("9999-12-30T21:59:00Z", 1_440),
        ] {
            let at: Timestamp = at.parse().unwrap();
            let [own, other] = offers
                .each_ref()
                .map(|one| TimeId::of(one, at, minutes).unwrap());
            let text = own.text();
            assert_eq!(platform::id::parse(&text), Some(text.clone()), "{text}");
            let read = TimeId::read(&text).unwrap();
            assert_eq!(read, own);
            assert_eq!((read.starts_at(), read.minutes()), (Some(at), minutes));
            assert_ne!(read, other);
        }
        for text in ["01970000-0000-7000-8000-000000000001", "", "x"] {
            assert_eq!(TimeId::read(text), None, "{text}");
        }
        let beyond = TimeId::read("ffffffff-ffff-8fff-bfff-ffffffffffff").unwrap();
        assert_eq!(beyond.starts_at(), None);
    }
}
