//! Articles of another program, with the ids and addresses that they had.

use jiff::Timestamp;
use platform::{StoreError, Tx, sql};
use web::Findings;

use crate::post::{self, Kind, Post, PostId, State};

/// An article of another program.
#[derive(Clone, Debug)]
pub struct Article {
    /// The id it had.
    pub id: PostId,
    /// Its title.
    pub title: String,
    /// Its part of the address; one that is longer than editors may choose stays.
    pub slug: String,
    /// Markdown.
    pub body: String,
    /// Empty: readers see the first words of the text.
    pub excerpt: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// From when on it is public; `None`: it is a draft.
    pub published_at: Option<Timestamp>,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

/// What became of an article.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is there now.
    Added,
    /// It was there already, and stays as it is.
    Known,
    /// Another post has its slug.
    SlugTaken,
}

/// Adds an article.
pub fn add(tx: &mut Tx<'_>, article: &Article) -> Result<Outcome, StoreError> {
    let known: Option<(PostId,)> =
        sql!("SELECT id FROM post WHERE id = :id", id = article.id).maybe(tx)?;
    if known.is_some() {
        return Ok(Outcome::Known);
    }
    let tags = article.tags.iter().flat_map(|tag| web::tags::split(tag));
    let tags: Vec<String> = tags.map(str::to_owned).collect();
    let new = Post {
        title: article.title.clone(),
        slug: article.slug.clone(),
        body: article.body.clone(),
        excerpt: article.excerpt.clone(),
        tags: Findings::default().tags("/tags", &tags),
        state: match article.published_at {
            None => State::Draft,
            Some(at) if at > tx.now() => State::Scheduled,
            Some(_) => State::Published,
        },
        published_at: article.published_at,
        first_published_at: article.published_at,
        updated_at: article.updated_at,
        ..Post::blank(article.id.clone(), Kind::Article)
    };
    if !post::insert(tx, &new)? {
        return Ok(Outcome::SlugTaken);
    }
    post::write_tags(tx, &new)?;
    Ok(Outcome::Added)
}
