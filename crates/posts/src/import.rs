//! Imports articles from another system. They keep their ids and slugs.

use jiff::Timestamp;
use platform::{StoreError, Tx, sql};
use web::Findings;

use crate::editing;
use crate::post::{Kind, Post, PostId, State};

/// An article from another system.
#[derive(Clone, Debug)]
pub struct Article {
    /// The id that the article had in the other system.
    pub id: PostId,
    pub title: String,
    /// The slug, which may be longer than the slugs that editors may choose.
    pub slug: String,
    pub body: String,
    /// An excerpt. If it is empty, lists show the beginning of the text.
    pub excerpt: String,
    pub tags: Vec<String>,
    /// The time of the article's publication, which may be in the future; `None` for a draft.
    pub published_at: Option<Timestamp>,
    pub updated_at: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Added,
    /// An article with this id already exists. The import left it unchanged.
    Known,
    /// Another post has the article's slug.
    SlugTaken,
}

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
    if !editing::insert(tx, &new)? {
        return Ok(Outcome::SlugTaken);
    }
    editing::write_parts(tx, &new)?;
    Ok(Outcome::Added)
}
