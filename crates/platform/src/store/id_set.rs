//! Sets of ids in a statement, so that a list is loaded with one statement and not one for each
//! item.

use super::Row;

const SIZE: usize = 64;

/// Up to 64 ids as the arguments of `IN ({:IdSet})`. The text of a statement is fixed, so the places
/// that are left in a smaller set hold the empty text, which is no id.
#[derive(Clone, Debug, Row)]
pub struct IdSet {
    #[row(flatten)]
    a: Eight,
    #[row(flatten)]
    b: Eight,
    #[row(flatten)]
    c: Eight,
    #[row(flatten)]
    d: Eight,
    #[row(flatten)]
    e: Eight,
    #[row(flatten)]
    f: Eight,
    #[row(flatten)]
    g: Eight,
    #[row(flatten)]
    h: Eight,
}

#[derive(Clone, Debug, Row)]
struct Eight {
    a: String,
    b: String,
    c: String,
    d: String,
    e: String,
    f: String,
    g: String,
    h: String,
}

impl IdSet {
    /// Divides the ids into sets, in their order. No ids are no set.
    pub fn of<'a>(ids: impl IntoIterator<Item = &'a str>) -> Vec<Self> {
        let ids: Vec<&str> = ids.into_iter().collect();
        ids.chunks(SIZE).map(Self::of_chunk).collect()
    }

    fn of_chunk(ids: &[&str]) -> Self {
        let mut ids = ids.iter().copied();
        let mut next = || ids.next().unwrap_or_default().to_owned();
        let mut eight = || Eight {
            a: next(),
            b: next(),
            c: next(),
            d: next(),
            e: next(),
            f: next(),
            g: next(),
            h: next(),
        };
        Self {
            a: eight(),
            b: eight(),
            c: eight(),
            d: eight(),
            e: eight(),
            f: eight(),
            g: eight(),
            h: eight(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{FromRow as _, ToRow as _, Value};
    use super::*;

    #[test]
    fn every_id_is_in_one_set() {
        for count in [0, 1, SIZE - 1, SIZE, SIZE + 1, 3 * SIZE] {
            let ids: Vec<String> = (0..count).map(|id| format!("id{id}")).collect();
            let sets = IdSet::of(ids.iter().map(String::as_str));
            assert_eq!(sets.len(), count.div_ceil(SIZE));
            let mut found = Vec::new();
            for set in &sets {
                let mut values = Vec::new();
                set.bind_all(&mut values);
                assert_eq!((values.len(), IdSet::COLUMNS.len()), (SIZE, SIZE));
                found.extend(values.into_iter().map(|value| match value {
                    Value::Text(id) => id.to_owned(),
                    other => panic!("{other:?}"),
                }));
            }
            found.retain(|id| !id.is_empty());
            assert_eq!(found, ids);
        }
    }
}
