//! What most name cells of a list show, by which a single one is read.

use std::collections::BTreeSet;

use super::ages::trailing_number;
use super::parts::{Commas, commas_of};

/// What most name cells of a list show, by which a single one is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Habits {
    pub(crate) commas: CommaHabit,
    /// "Gerda Abel (8)" are eight people.
    pub(crate) has_counts: bool,
}

/// What the comma of "A, B" parts in most cells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum CommaHabit {
    #[default]
    Unknown,
    /// "Anna, Ben" are two people.
    Couples,
    /// "Müller, Klaus" is Klaus Müller. Whether the list shows that: by a number of people, by a given
    /// name, by "van der Berg, Jan", or by surnames that recur.
    SurnameFirst { is_shown: bool },
}

impl Habits {
    /// Looks at the name cells of a list, with the numbers of people that their rows say elsewhere.
    pub(crate) fn of<'c>(cells: impl Iterator<Item = (&'c str, Option<usize>)>) -> Self {
        let (mut all, mut counted) = (0, 0);
        let (mut with_comma, mut turned, mut paired, mut score) = (0, 0, 0, 0);
        let (mut shown, mut surnames) = (0, BTreeSet::new());
        for (cell, pax) in cells {
            all += 1;
            counted += usize::from(trailing_number(cell).is_some());
            let commas = commas_of(cell);
            with_comma += usize::from(!matches!(commas, Commas::None));
            match commas {
                Commas::Two => paired += 1,
                // Two people may be "Anna, Ben".
                Commas::Pair { .. } if pax == Some(2) => paired += 1,
                Commas::Pair { surname, is_sure } => {
                    turned += 1;
                    let is_shown = is_sure || pax == Some(1);
                    score += 1 + usize::from(is_shown);
                    shown += usize::from(is_shown || !surnames.insert(surname));
                }
                Commas::None | Commas::Others => {}
            }
        }
        let commas = if score >= 3 && turned > paired && turned * 2 > with_comma {
            CommaHabit::SurnameFirst {
                is_shown: shown * 4 >= turned,
            }
        } else if paired >= 3 && paired > turned {
            CommaHabit::Couples
        } else {
            CommaHabit::Unknown
        };
        Self {
            commas,
            has_counts: counted >= 3 && counted * 2 > all,
        }
    }
}
