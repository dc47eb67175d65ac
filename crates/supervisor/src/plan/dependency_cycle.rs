//! Finds dependency cycles in the `after` settings of services.

use std::collections::{BTreeMap, BTreeSet};

/// Returns the names of the services along a dependency cycle, or `None` if there is no cycle.
pub(super) fn find_cycle<'a>(after: &BTreeMap<&'a str, Vec<&'a str>>) -> Option<Vec<&'a str>> {
    let mut done = BTreeSet::new();
    for start in after.keys() {
        // The path from the start to the current service. Each entry also contains the index of the
        // dependency to visit next.
        let mut way = vec![(*start, 0)];
        while let Some((name, next)) = way.last_mut() {
            let name = *name;
            let earlier = after.get(name).and_then(|earlier| earlier.get(*next));
            *next += 1;
            match earlier {
                None => {
                    done.insert(name);
                    way.pop();
                }
                Some(earlier) if done.contains(earlier) => {}
                Some(earlier) => {
                    if let Some(at) = way.iter().position(|(name, _)| name == earlier) {
                        return Some(way[at..].iter().map(|(name, _)| *name).collect());
                    }
                    way.push((earlier, 0));
                }
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(pairs: &[(&'static str, &[&'static str])]) -> Option<Vec<&'static str>> {
        find_cycle(&pairs.iter().map(|(a, b)| (*a, b.to_vec())).collect())
    }

    #[test]
    fn find_cycles_are_found() {
        assert_eq!(
            found(&[("a", &[]), ("b", &["a"]), ("c", &["a", "b"])]),
            None
        );
        assert_eq!(found(&[("a", &["a"])]), Some(vec!["a"]));
        let way = found(&[("a", &["b"]), ("b", &["c"]), ("c", &["d", "b"]), ("d", &[])]);
        assert_eq!(way, Some(vec!["b", "c"]));
    }
}
