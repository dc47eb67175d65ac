//! Full-text search in published posts.
//!
//! Each post stores its normalized words, separated by spaces, in three columns. The first contains
//! the words of the title. The second also contains the words of the excerpt and of the tags. The
//! third contains all words. This way, SQLite and PostgreSQL can search with the same statement,
//! which has one `LIKE` for each word. A search reads every published post, which suits a personal
//! site but not a large one.

use jiff::Timestamp;
use platform::store::Row;
use platform::text_cleaning::fold;
use platform::{StoreError, Tx, sql};

use crate::markdown;
use crate::post::Post;

/// The minimum and maximum length of a search query, in characters.
pub const LENGTH: (usize, usize) = (2, 100);
/// The maximum number of posts on a page of search results.
pub const PAGE: i64 = 50;
/// The maximum number of words that a search uses; it ignores further words.
const WORDS: usize = 6;

/// A post's searchable words. Each field also contains the words of the field before it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Words {
    pub(crate) title: String,
    pub(crate) lead: String,
    pub(crate) all: String,
}

impl Words {
    pub(crate) fn of(post: &Post) -> Self {
        let spaced = |parts: &[&str]| {
            let words = words(&parts.join(" ")).join(" ");
            format!(" {words} ")
        };
        let (title, tags) = (post.title.as_str(), post.tags.join(" "));
        let excerpt = post.excerpt();
        let body = markdown::plain(&post.body);
        Self {
            title: spaced(&[title]),
            lead: spaced(&[title, &excerpt, &tags]),
            all: spaced(&[title, &excerpt, &tags, &body]),
        }
    }
}

/// Returns up to `rows` posts, after skipping `offset`, that contain every word of `query`. The
/// last word of `query` may be the beginning of a word. Posts with all words in the title come
/// first, then posts with all words in title, excerpt and tags, then the rest. Each group is sorted
/// newest first.
pub fn search(
    tx: &mut Tx<'_>,
    query: &str,
    offset: i64,
    rows: i64,
) -> Result<Vec<Post>, StoreError> {
    #[derive(Row)]
    struct Found {
        #[row(flatten)]
        post: Post,
        place: i64,
    }
    let Some(like) = patterns(query) else {
        return Ok(Vec::new());
    };
    let now: Timestamp = tx.roughly_now();
    let found: Vec<Found> = sql!(
        "SELECT {p: Post}, CAST(CASE
             WHEN p.title_words LIKE :first AND p.title_words LIKE :second AND p.title_words LIKE :third
                 AND p.title_words LIKE :fourth AND p.title_words LIKE :fifth AND p.title_words LIKE :sixth
                 THEN 1
             WHEN p.lead_words LIKE :first AND p.lead_words LIKE :second AND p.lead_words LIKE :third
                 AND p.lead_words LIKE :fourth AND p.lead_words LIKE :fifth AND p.lead_words LIKE :sixth
                 THEN 2
             ELSE 3 END AS BIGINT) AS place
         FROM post p
         WHERE p.state IN ('scheduled', 'published') AND p.published_at <= :now
           AND p.all_words LIKE :first AND p.all_words LIKE :second AND p.all_words LIKE :third
           AND p.all_words LIKE :fourth AND p.all_words LIKE :fifth AND p.all_words LIKE :sixth
         ORDER BY place, p.published_at DESC, p.id DESC LIMIT :rows OFFSET :offset",
        first = like[0],
        second = like[1],
        third = like[2],
        fourth = like[3],
        fifth = like[4],
        sixth = like[5],
        now,
        rows,
        offset
    )
    .all(tx)?;
    Ok(found.into_iter().map(|found| found.post.at(now)).collect())
}

/// The `LIKE` patterns that a post must match, or `None` if the query contains no word. Words
/// contain neither `%` nor `_`, so nothing needs escaping.
fn patterns(query: &str) -> Option<[String; WORDS]> {
    let words = words(query);
    let last = words.len().checked_sub(1)?;
    let mut patterns = words.iter().enumerate().map(|(index, word)| {
        // Scripts without spaces between words are matched anywhere in the text.
        let start = if word.chars().any(markdown::is_unspaced) {
            "%"
        } else {
            "% "
        };
        let end = if index == last || word.chars().any(markdown::is_unspaced) {
            "%"
        } else {
            " %"
        };
        format!("{start}{word}{end}")
    });
    Some(std::array::from_fn(|_| {
        patterns.next().unwrap_or_else(|| "%".to_owned())
    }))
}

fn words(text: &str) -> Vec<String> {
    let is_between = |c: char| {
        c.is_whitespace()
            || c.is_control()
            || c.is_ascii_punctuation()
            || matches!(c, '\u{2000}'..='\u{206f}' | '\u{3000}'..='\u{303f}' | '\u{ff00}'..='\u{ff0f}')
    };
    let folded = fold(text);
    let words = folded.split(is_between).filter(|word| !word.is_empty());
    words.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_words_of_which_the_last_may_be_begun() {
        let some = |query: &str| {
            let patterns = patterns(query).unwrap_or_default();
            let used = patterns
                .into_iter()
                .filter(|one| one != "%" && !one.is_empty());
            used.collect::<Vec<_>>()
        };
        assert_eq!(
            some("René’s 100%_nasi Lem"),
            ["% rene %", "% s %", "% 100 %", "% nasi %", "% lem%"]
        );
        assert_eq!(some("我们的 day"), ["%我们的%", "% day%"]);
        assert_eq!(some("%% __ \\"), [""; 0]);
        assert_eq!(some("a b c d e f g h").len(), WORDS);
    }
}
