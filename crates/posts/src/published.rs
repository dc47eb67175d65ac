//! Published posts, which everybody can read.

use identity::account::AccountId;
use jiff::Timestamp;
use platform::{StoreError, Tx, sql};

use crate::Refusal;
use crate::codes::WITHDRAWN;
use crate::post::{Kind, Post, PostId, State};

const MOST_PAGES: i64 = 100;

/// The query for a list of posts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// The kind of posts in the list.
    pub kind: Kind,
    /// Only posts with this tag; empty for all posts.
    pub tag: String,
    /// Only posts that come after this post in the list. The post is given by its publication time
    /// and id.
    pub after: Option<(Timestamp, PostId)>,
    /// The maximum number of posts to return.
    pub rows: i64,
}

impl Listing {
    pub fn newest(kind: Kind, rows: i64) -> Self {
        Self {
            kind,
            tag: String::new(),
            after: None,
            rows,
        }
    }
}

pub fn list(tx: &mut Tx<'_>, listing: &Listing) -> Result<Vec<Post>, StoreError> {
    let now = tx.roughly_now();
    let (at, id) = match &listing.after {
        Some((at, id)) => (*at, id.as_str()),
        None => (Timestamp::MAX, ""),
    };
    let found: Vec<Post> = sql!(
        "SELECT {p: Post} FROM post p
         WHERE p.kind = :kind AND p.state IN ('scheduled', 'published') AND p.published_at <= :now
           AND (CAST(:tag AS TEXT) = ''
                OR EXISTS (SELECT 1 FROM post_tag t WHERE t.post_id = p.id AND t.tag = :tag))
           AND (p.published_at < :at OR p.published_at = :at AND p.id < :id)
         ORDER BY p.published_at DESC, p.id DESC LIMIT :rows",
        kind = listing.kind,
        now,
        tag = listing.tag,
        at,
        id,
        rows = listing.rows
    )
    .all(tx)?;
    Ok(found.into_iter().map(|post| post.at(now)).collect())
}

/// One page of the published articles, newest first, and the number of all published articles. If
/// `tag` is not empty, only articles with this tag are returned and counted.
pub fn page(
    tx: &mut Tx<'_>,
    tag: &str,
    offset: i64,
    rows: i64,
) -> Result<(Vec<Post>, i64), StoreError> {
    let now = tx.roughly_now();
    let (total,): (i64,) = sql!(
        "SELECT COUNT(*) FROM post p
         WHERE p.kind = 'article' AND p.state IN ('scheduled', 'published')
           AND p.published_at <= :now
           AND (CAST(:tag AS TEXT) = ''
                OR EXISTS (SELECT 1 FROM post_tag t WHERE t.post_id = p.id AND t.tag = :tag))",
        now,
        tag
    )
    .one(tx)?;
    let found: Vec<Post> = sql!(
        "SELECT {p: Post} FROM post p
         WHERE p.kind = 'article' AND p.state IN ('scheduled', 'published')
           AND p.published_at <= :now
           AND (CAST(:tag AS TEXT) = ''
                OR EXISTS (SELECT 1 FROM post_tag t WHERE t.post_id = p.id AND t.tag = :tag))
         ORDER BY p.published_at DESC, p.id DESC LIMIT :rows OFFSET :offset",
        now,
        tag,
        rows,
        offset
    )
    .all(tx)?;
    Ok((found.into_iter().map(|post| post.at(now)).collect(), total))
}

/// The tags of published articles, each with its number of articles. The most frequent tag comes
/// first.
pub fn tags(tx: &mut Tx<'_>) -> Result<Vec<(String, i64)>, StoreError> {
    let now = tx.roughly_now();
    sql!(
        "SELECT t.tag, COUNT(*) FROM post_tag t JOIN post p ON p.id = t.post_id
         WHERE p.kind = 'article' AND p.state IN ('scheduled', 'published')
           AND p.published_at <= :now
         GROUP BY t.tag ORDER BY COUNT(*) DESC, t.tag",
        now
    )
    .all(tx)
}

pub fn article(tx: &mut Tx<'_>, slug: &str) -> Result<Post, Refusal> {
    by_slug(tx, Kind::Article, slug)
}

pub fn page_at(tx: &mut Tx<'_>, slug: &str) -> Result<Post, Refusal> {
    by_slug(tx, Kind::Page, slug)
}

fn by_slug(tx: &mut Tx<'_>, kind: Kind, slug: &str) -> Result<Post, Refusal> {
    let found = sql!(
        "SELECT {Post} FROM post WHERE kind = :kind AND slug = :slug AND slug <> ''",
        kind,
        slug
    )
    .maybe(tx)?;
    readable(tx, found)
}

/// All published posts of the kind `Page`, oldest first.
pub fn pages(tx: &mut Tx<'_>) -> Result<Vec<Post>, StoreError> {
    let mut pages = list(tx, &Listing::newest(Kind::Page, MOST_PAGES))?;
    pages.reverse();
    Ok(pages)
}

/// A person's newest articles.
pub fn by(tx: &mut Tx<'_>, author: &AccountId, rows: i64) -> Result<Vec<Post>, StoreError> {
    let now = tx.roughly_now();
    sql!(
        "SELECT {Post} FROM post
         WHERE author_id = :author AND kind = 'article' AND state IN ('scheduled', 'published')
           AND published_at <= :now
         ORDER BY published_at DESC, id DESC LIMIT :rows",
        author,
        now,
        rows
    )
    .all(tx)
}

/// Whether a person wrote a public article or note.
pub(crate) fn has_by(tx: &mut Tx<'_>, author: &AccountId) -> Result<bool, StoreError> {
    let now = tx.roughly_now();
    let found: Option<(PostId,)> = sql!(
        "SELECT id FROM post
         WHERE author_id = :author AND kind <> 'page' AND state IN ('scheduled', 'published')
           AND published_at <= :now LIMIT 1",
        author,
        now
    )
    .maybe(tx)?;
    Ok(found.is_some())
}

/// The posts of the same kind that were published directly before and after `post`.
pub fn neighbours(
    tx: &mut Tx<'_>,
    post: &Post,
) -> Result<(Option<Post>, Option<Post>), StoreError> {
    let Some(at) = post.published_at else {
        return Ok((None, None));
    };
    let earlier = Listing {
        after: Some((at, post.id.clone())),
        ..Listing::newest(post.kind, 1)
    };
    let (now, id) = (tx.roughly_now(), &post.id);
    let later: Option<Post> = sql!(
        "SELECT {Post} FROM post
         WHERE kind = :kind AND state IN ('scheduled', 'published') AND published_at <= :now
           AND (published_at > :at OR published_at = :at AND id > :id)
         ORDER BY published_at, id LIMIT 1",
        kind = post.kind,
        now,
        at,
        id
    )
    .maybe(tx)?;
    Ok((list(tx, &earlier)?.pop(), later))
}

pub fn note(tx: &mut Tx<'_>, id: &PostId) -> Result<Post, Refusal> {
    let found = sql!(
        "SELECT {Post} FROM post WHERE id = :id AND kind = 'note'",
        id
    )
    .maybe(tx)?;
    readable(tx, found)
}

/// Returns `Published` if a published post uses the picture `file`. Otherwise returns `Draft` for
/// editors, who may see every picture, and an error for other people.
pub fn picture_state(tx: &mut Tx<'_>, file: &str, is_editor: bool) -> Result<State, Refusal> {
    let found: Vec<Post> = sql!(
        "SELECT {Post} FROM post WHERE image <> '' AND image = :file
         OR id IN (SELECT post_id FROM post_picture WHERE file = :file)",
        file
    )
    .all(tx)?;
    let now = tx.roughly_now();
    let states: Vec<_> = found.into_iter().map(|post| post.at(now).state).collect();
    if states.contains(&State::Published) {
        Ok(State::Published)
    } else if is_editor {
        Ok(State::Draft)
    } else if states.contains(&State::Withdrawn) {
        Err(WITHDRAWN.into())
    } else {
        Err(Refusal::NotFound)
    }
}

fn readable(tx: &mut Tx<'_>, found: Option<Post>) -> Result<Post, Refusal> {
    let now = tx.roughly_now();
    let post = found.ok_or(Refusal::NotFound)?.at(now);
    match post.state {
        State::Published => Ok(post),
        State::Withdrawn => Err(WITHDRAWN.into()),
        State::Draft | State::Scheduled => Err(Refusal::NotFound),
    }
}
