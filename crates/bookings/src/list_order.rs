//! The order of the entries of a list.

pub(crate) fn next_position(positions: impl Iterator<Item = i64>) -> i64 {
    positions.max().map_or(1, |last| (last + 1).min(1_000))
}
