//! Cursor pagination. The request has `?cursor=&limit=`, and the response is `{items, next_cursor,
//! total}`. A cursor contains the sort key of a page's last item, so that items which are inserted
//! meanwhile cause no repetitions or gaps.

use axum::extract::FromRequestParts;
use axum::http::{StatusCode, request};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::problem::Problem;

const DEFAULT_LIMIT: u32 = 50;
const MOST: u32 = 200;

/// The part of a list that the caller requests.
#[derive(Clone, Debug, PartialEq, Eq, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// The maximum number of items on the page, 1–200.
    #[param(required = false)]
    pub limit: u32,
    /// The `next_cursor` of the previous page; absent for the first page.
    cursor: Option<String>,
    #[param(ignore)]
    direction: Direction,
    /// The suffix of this list's cursors. It is a hash of the list's filters, and empty for a list
    /// without filters.
    #[param(ignore)]
    mark: String,
}

/// The direction in which a list is read from a cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The items after the cursor.
    Forward,
    /// The items before the cursor, in reverse order.
    Backward,
}

/// A page of a list.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct List<T> {
    /// The items of this page.
    pub items: Vec<T>,
    /// The `cursor` of the next page; absent on the last page.
    pub next_cursor: Option<String>,
    /// The value of `?before=` that leads to the previous page; for HTML pages only.
    #[serde(skip)]
    #[schema(ignore)]
    pub previous_cursor: Option<String>,
    /// The number of items on all pages, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<i64>,
}

/// The beginning of a list that has no next page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirstItems<T> {
    pub items: Vec<T>,
    /// Whether the list has items that are not shown.
    pub has_more: bool,
}

impl<T> Default for FirstItems<T> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            has_more: false,
        }
    }
}

impl<T> FirstItems<T> {
    /// Keeps the first `most` items. `find` reads as many rows as it is told, one more than that.
    pub fn read<E>(most: i64, find: impl FnOnce(i64) -> Result<Vec<T>, E>) -> Result<Self, E> {
        let mut items = find(most + 1)?;
        let most = usize::try_from(most).unwrap_or(0);
        let has_more = items.len() > most;
        items.truncate(most);
        Ok(Self { items, has_more })
    }

    pub fn map<U>(self, change: impl FnMut(T) -> U) -> FirstItems<U> {
        FirstItems {
            items: self.items.into_iter().map(change).collect(),
            has_more: self.has_more,
        }
    }
}

impl Default for PageQuery {
    fn default() -> Self {
        Self {
            limit: DEFAULT_LIMIT,
            cursor: None,
            direction: Direction::Forward,
            mark: String::new(),
        }
    }
}

impl PageQuery {
    /// Parses `cursor` (or `before`) and `limit` from a query string.
    pub fn read(query: &str) -> Result<Self, Problem> {
        Self::of(form_urlencoded::parse(query.as_bytes()))
    }

    /// Like [`PageQuery::read`], but from decoded names and values.
    pub fn of<T: AsRef<str>>(query: impl IntoIterator<Item = (T, T)>) -> Result<Self, Problem> {
        let mut paging = Self::default();
        for (name, value) in query {
            let (name, value) = (name.as_ref(), value.as_ref());
            match name {
                "limit" => {
                    let limit = value
                        .parse()
                        .ok()
                        .filter(|limit| (1..=MOST).contains(limit));
                    let values = [("min", 1.into()), ("max", MOST.into())];
                    paging.limit = limit
                        .ok_or_else(|| Problem::fields().field("/limit", "out_of_range", values))?;
                }
                "cursor" | "before" if !value.is_empty() => {
                    paging.direction = if name == "before" {
                        Direction::Backward
                    } else {
                        Direction::Forward
                    };
                    paging.cursor = Some(value.to_owned());
                }
                _ => {}
            }
        }
        Ok(paging)
    }

    /// Binds the cursors to the list's filters. A cursor that was made under other filters is
    /// refused with 400 `cursor_invalid`, because it would skip items that the new filters match.
    #[must_use]
    pub fn under(mut self, filters: &impl Serialize) -> Self {
        let hash = Sha256::digest(serde_json::to_vec(filters).unwrap_or_default());
        self.mark = format!(".{}", URL_SAFE_NO_PAD.encode(&hash[..9]));
        self
    }

    /// The sort key after which the page starts; `None` for the first page. Only for lists that
    /// cannot be read backwards, where `before` is refused with 400 `cursor_invalid`.
    pub fn after<K: DeserializeOwned>(&self) -> Result<Option<K>, Problem> {
        match self.direction {
            Direction::Forward => self.key(),
            Direction::Backward => Err(invalid()),
        }
    }

    pub fn direction(&self) -> Direction {
        self.direction
    }

    /// The sort key in the cursor. The page starts after this key, or ends before it.
    pub fn key<K: DeserializeOwned>(&self) -> Result<Option<K>, Problem> {
        let Some(cursor) = &self.cursor else {
            return Ok(None);
        };
        cursor
            .strip_suffix(&self.mark)
            .and_then(|key| URL_SAFE_NO_PAD.decode(key).ok())
            .and_then(|json| serde_json::from_slice(&json).ok())
            .map(Some)
            .ok_or_else(invalid)
    }

    /// How many rows to query: one more than the page shows, to find out whether more follow.
    pub fn rows(&self) -> i64 {
        i64::from(self.limit) + 1
    }

    /// The total number of items. `said` is the total that the queried rows report. Without any
    /// row, the total is 0 on the first page and unknown on later pages.
    pub fn total(&self, said: Option<i64>) -> Option<i64> {
        said.or_else(|| self.cursor.is_none().then_some(0))
    }

    /// Makes the page from the queried rows, whose number is at most [`PageQuery::rows`]. `key`
    /// returns an item's sort key.
    pub fn list<T, K: Serialize>(&self, mut rows: Vec<T>, key: impl Fn(&T) -> K) -> List<T> {
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let (has_previous, has_next) = match self.direction {
            Direction::Forward => (self.cursor.is_some(), more),
            Direction::Backward => {
                rows.reverse();
                (more, true)
            }
        };
        let (first, last) = (rows.first(), rows.last());
        let cursor = |item| format!("{}{}", cursor(&key(item)), self.mark);
        List {
            previous_cursor: first.filter(|_| has_previous).map(cursor),
            next_cursor: last.filter(|_| has_next).map(cursor),
            items: rows,
            total: None,
        }
    }
}

/// Encodes a sort key as a cursor.
pub fn cursor<K: Serialize>(key: &K) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(key).unwrap_or_default())
}

impl<T> List<T> {
    /// The whole list on one page.
    pub fn whole(items: Vec<T>) -> Self {
        Self {
            total: i64::try_from(items.len()).ok(),
            items,
            next_cursor: None,
            previous_cursor: None,
        }
    }

    /// Converts each item.
    pub fn map<U>(self, turn: impl FnMut(T) -> U) -> List<U> {
        List {
            items: self.items.into_iter().map(turn).collect(),
            next_cursor: self.next_cursor,
            previous_cursor: self.previous_cursor,
            total: self.total,
        }
    }
}

impl<S: Sync> FromRequestParts<S> for PageQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut request::Parts, _: &S) -> Result<Self, Problem> {
        Self::read(parts.uri.query().unwrap_or_default())
    }
}

fn invalid() -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "cursor_invalid")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn limits_are_held() {
        for (query, limit) in [
            ("", Some(50)),
            ("limit=1", Some(1)),
            ("limit=200&x=y", Some(200)),
            ("limit=0", None),
            ("limit=201", None),
            ("limit=-1", None),
            ("limit=many", None),
        ] {
            assert_eq!(
                PageQuery::read(query).ok().map(|paging| paging.limit),
                limit,
                "{query}"
            );
        }
    }

    #[test]
    fn the_beginning_of_a_list_says_whether_it_has_more() {
        for (there, shown, has_more) in [(0, 0, false), (2, 2, false), (3, 2, true)] {
            let begin = FirstItems::read(2, |rows| Ok::<_, ()>((0..there.min(rows)).collect()));
            let begin = begin.unwrap();
            assert_eq!((begin.items.len(), begin.has_more), (shown, has_more));
        }
    }

    #[test]
    fn a_list_that_goes_forwards_only_is_not_begun_anew_for_who_goes_backwards() {
        let paging = PageQuery::read("before=MQ").unwrap();
        let refused = paging.after::<i64>().unwrap_err();
        assert_eq!(refused.status, StatusCode::BAD_REQUEST);
        assert_eq!(paging.key::<i64>().unwrap(), Some(1));
    }

    #[test]
    fn a_list_is_walked_to_its_end() {
        let all: Vec<(i64, String)> = (0..7).map(|n| (n / 2, format!("id{n}"))).collect();
        let mut seen = Vec::new();
        let mut query = "limit=3".to_owned();
        loop {
            let paging = PageQuery::read(&query).unwrap();
            let after: Option<(i64, String)> = paging.after().unwrap();
            let rest = all
                .iter()
                .filter(|item| Some(*item) > after.as_ref())
                .cloned();
            let rows = rest.take(usize::try_from(paging.rows()).unwrap()).collect();
            let list = paging.list(rows, Clone::clone);
            seen.extend(list.items);
            match list.next_cursor {
                Some(next) => query = format!("limit=3&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(seen, all);
    }

    #[test]
    fn a_list_is_walked_back_to_its_beginning() {
        let all: Vec<i64> = (0..8).collect();
        let read = |query: &str| {
            let paging = PageQuery::read(query).unwrap();
            let key: Option<i64> = paging.key().unwrap();
            let rows = usize::try_from(paging.rows()).unwrap();
            let onward = all.iter().filter(|item| Some(**item) > key).copied();
            let back = all.iter().rev().filter(|item| Some(**item) < key).copied();
            let rows = match paging.direction() {
                Direction::Forward => onward.take(rows).collect(),
                Direction::Backward => back.take(rows).collect(),
            };
            paging.list(rows, Clone::clone)
        };
        let first = read("limit=3");
        assert_eq!(first.previous_cursor, None);
        let end = read(&format!("limit=3&cursor={}", cursor(&5)));
        assert_eq!((end.items, end.next_cursor), (vec![6, 7], None));
        let before = end.previous_cursor.unwrap();
        let middle = read(&format!("limit=3&before={before}"));
        assert_eq!(middle.items, [3, 4, 5]);
        assert_eq!(middle.next_cursor, Some(cursor(&5)));
        let before = middle.previous_cursor.unwrap();
        let again = read(&format!("limit=3&before={before}"));
        assert_eq!(again.items, first.items);
        assert_eq!(again.previous_cursor, None);
        assert_eq!(again.next_cursor, first.next_cursor);
    }

    #[test]
    fn a_cursor_holds_only_under_the_filters_of_its_list() {
        let read = |query: &str, filters: &[&str]| PageQuery::read(query).unwrap().under(&filters);
        let list = read("limit=1", &["a"]).list(vec![1, 2], |item| *item);
        let query = format!("cursor={}", list.next_cursor.unwrap());
        assert_eq!(read(&query, &["a"]).after::<i64>().unwrap(), Some(1));
        let without = PageQuery::read(&query).unwrap();
        for paging in [read(&query, &["b"]), read(&query, &[]), without] {
            assert_eq!(paging.after::<i64>().unwrap_err().code, "cursor_invalid");
        }
        let free = format!("cursor={}", cursor(&1));
        let bound = read(&free, &["a"]).after::<i64>();
        assert_eq!(bound.unwrap_err().code, "cursor_invalid");
    }

    proptest! {
        #[test]
        fn a_cursor_gives_back_its_key(key in (any::<i64>(), ".{0,20}")) {
            let paging = PageQuery::read(&format!("cursor={}", cursor(&key))).unwrap();
            prop_assert_eq!(paging.after::<(i64, String)>().unwrap(), Some(key));
        }

        #[test]
        fn any_other_cursor_is_refused_or_harmless(query in "cursor=[ -~]{0,30}") {
            if let Ok(paging) = PageQuery::read(&query)
                && let Err(problem) = paging.after::<(i64, String)>() {
                    prop_assert_eq!(problem.code, "cursor_invalid");
                }
        }
    }
}
