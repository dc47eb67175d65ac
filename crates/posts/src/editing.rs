//! Creates and changes posts. A change to a post can also affect its pictures, its author's public
//! page, and the mail about it.

use std::collections::BTreeSet;

use identity::account::AccountId;
use identity::person::slug;
use jiff::Timestamp;
use platform::{Rows, StoreError, Tx, sql};
use serde_json::Value;
use site::resource::{Edit, History, Removal, Resource, history_of};
use web::codes::SLUG_TAKEN;
use web::fields::{self, choice, key, line, lines, moment, number, tags};
use web::{Field, Findings, Input, List, PageQuery};

use crate::Refusal;
use crate::codes::PUBLISHED;
use crate::editor_role::Editor;
use crate::image;
use crate::mailing;
use crate::markdown;
use crate::post::{Kind, Post, PostId, State};
use crate::search::Words;
use crate::webhook;

/// The fields of a post that describe its uploaded picture.
pub(crate) const PICTURE: &[Field] = web::fields! { Post:
    image: line(100),
    image_width: number(0, 100_000),
    image_height: number(0, 100_000),
    image_bytes: number(0, i64::MAX),
};

impl Resource for Post {
    type Parent = Editor;
    const FIELDS: &'static [Field] = web::fields! { Post:
        kind: choice().label("post-kind").fixed(),
        title: line(200).label("post-title"),
        body: lines(200_000).label("post-body").hint("post-body-hint").secret(),
        excerpt: lines(300).label("post-excerpt").hint("post-excerpt-hint").secret(),
        tags: tags().label("post-tags").hint("post-tags-hint"),
        image_alt: line(300).label("post-image-alt").section("post-section-image")
            .hint("post-image-alt-hint"),
        state: choice().label("post-state").section("post-section-published"),
        published_at: moment().optional().label("post-published-at")
            .section("post-section-published").hint("post-published-at-hint"),
        slug: key(0, 50).label("post-slug").section("post-section-published")
            .hint("post-slug-hint"),
    };
    const HISTORY: History = history_of!("post", named_by: "title", removed: "deleted");
    const IS_LONG: bool = true;

    fn key(&self) -> &str {
        self.id.as_str()
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn list(tx: &mut Tx<'_>, editor: &Editor, paging: &PageQuery) -> Result<List<Self>, Refusal> {
        let found = list(tx, editor, paging.after()?.as_ref(), paging.rows())?;
        Ok(paging.list(found, |post| (post.updated_at, post.id.clone())))
    }

    fn find(tx: &mut Tx<'_>, _: &Editor, id: &str) -> Result<Self, Refusal> {
        let found: Option<Self> = sql!("SELECT {Post} FROM post WHERE id = :id", id).maybe(tx)?;
        let now = tx.roughly_now();
        Ok(found.ok_or(Refusal::NotFound)?.at(now))
    }

    fn find_locked(tx: &mut Tx<'_>, editor: &Editor, id: &str) -> Result<Self, Refusal> {
        let _: Option<(PostId,)> =
            sql!("SELECT id FROM post WHERE id = :id FOR NO KEY UPDATE", id).maybe(tx)?;
        let found = Self::find(tx, editor, id)?;
        let now = tx.now();
        Ok(found.at(now))
    }

    fn blank(tx: &mut Tx<'_>, editor: &Editor, input: &Input, _: &[Self]) -> Result<Self, Refusal> {
        let kind = Kind::find(input.text("kind")).unwrap_or_default();
        Ok(Self {
            author_id: Some(editor.who().account().id.clone()),
            ..Self::blank(tx.id(), kind)
        })
    }

    fn validate(
        &mut self,
        tx: &mut Tx<'_>,
        edit: &Edit<'_, Self>,
        findings: &mut Findings,
    ) -> Result<(), Refusal> {
        self.check(edit.old, tx.now(), findings);
        Ok(())
    }

    fn changes(old: &Self, new: &Self) -> Vec<Value> {
        let mut changes = fields::difference(Self::FIELDS, old, new);
        changes.extend(fields::difference(&PICTURE[..1], old, new));
        changes
    }

    fn insert(&mut self, tx: &mut Tx<'_>, edit: &Edit<'_, Self>) -> Result<(), Refusal> {
        self.updated_at = tx.now();
        let is_chosen = edit.input.has("slug");
        let base = self.slug.clone();
        let mut number = 1;
        while !insert(tx, self)? {
            if is_chosen || self.kind == Kind::Note {
                return Err(SLUG_TAKEN.into());
            }
            number += 1;
            self.slug = numbered(&base, number);
        }
        write_parts(tx, self)?;
        name_author(tx, self)?;
        schedule_mail(tx, self)?;
        webhook::tell(tx, State::Draft, self)?;
        Ok(())
    }

    fn update(&mut self, tx: &mut Tx<'_>, edit: &Edit<'_, Self>) -> Result<(), Refusal> {
        let now = tx.now();
        let was_public = edit.old.is_some_and(|old| old.was_public(now));
        if was_public && self.state == State::Draft {
            return Err(PUBLISHED.into());
        }
        self.version += 1;
        self.updated_at = now;
        let words = Words::of(self);
        let written = sql!(
            "UPDATE post SET {Post = :Post}, title_words = :title_words,
                 lead_words = :lead_words, all_words = :all_words
             WHERE id = :id",
            Post = self,
            title_words = words.title,
            lead_words = words.lead,
            all_words = words.all,
            id = self.id
        )
        .run(tx, Rows::Exactly(1));
        match written {
            Err(error) if error.constraint() == Some("post_slug") => return Err(SLUG_TAKEN.into()),
            other => other?,
        };
        delete_parts(tx, &self.id)?;
        write_parts(tx, self)?;
        name_author(tx, self)?;
        if !was_public {
            schedule_mail(tx, self)?;
        }
        if let Some(old) = edit.old {
            remove_pictures(tx, old, Some(self))?;
            webhook::tell(tx, old.clone().at(now).state, self)?;
        }
        Ok(())
    }

    fn removal(&self, tx: &mut Tx<'_>, _: &Editor, _: &[Self]) -> Result<Removal, Refusal> {
        if self.was_public(tx.now()) {
            return Err(PUBLISHED.into());
        }
        Ok(Removal::Delete)
    }

    fn delete(&self, tx: &mut Tx<'_>, _: &Editor) -> Result<(), Refusal> {
        let id = &self.id;
        delete_parts(tx, id)?;
        sql!("DELETE FROM post_mailing WHERE post_id = :id", id).run(tx, Rows::AtMostOne)?;
        sql!("DELETE FROM post WHERE id = :id", id).run(tx, Rows::Exactly(1))?;
        remove_pictures(tx, self, None)?;
        Ok(())
    }
}

fn list(
    tx: &mut Tx<'_>,
    _: &Editor,
    from: Option<&(Timestamp, PostId)>,
    rows: i64,
) -> Result<Vec<Post>, StoreError> {
    let (at, id) = match from {
        Some((at, id)) => (*at, id.as_str()),
        None => (Timestamp::MAX, ""),
    };
    let found: Vec<Post> = sql!(
        "SELECT {Post} FROM post
         WHERE updated_at < :at OR updated_at = :at AND id < :id
         ORDER BY updated_at DESC, id DESC LIMIT :rows",
        at,
        id,
        rows
    )
    .all(tx)?;
    let now = tx.roughly_now();
    Ok(found.into_iter().map(|post| post.at(now)).collect())
}

fn files(post: &Post) -> BTreeSet<String> {
    let in_text = markdown::pictures(&post.body).into_iter();
    let all = in_text.map(|one| one.file).chain([post.image.clone()]);
    all.filter(|file| !file.is_empty()).collect()
}

fn remove_pictures(tx: &mut Tx<'_>, old: &Post, new: Option<&Post>) -> Result<(), StoreError> {
    let kept = new.map(files).unwrap_or_default();
    for file in files(old).difference(&kept) {
        image::FOLDER.remove(tx, file)?;
    }
    Ok(())
}

/// Gives the author of a published post a slug, so that the author has a public page.
fn name_author(tx: &mut Tx<'_>, post: &Post) -> Result<(), StoreError> {
    if let (Some(author), Some(_)) = (&post.author_id, post.first_published_at) {
        slug::of(tx, author)?;
    }
    Ok(())
}

/// Schedules the mail about an article to all subscribers. The article must not have been public
/// before.
pub(crate) fn schedule_mail(tx: &mut Tx<'_>, post: &Post) -> Result<(), StoreError> {
    match (post.kind, post.first_published_at) {
        (Kind::Article, Some(at)) => mailing::schedule(tx, &post.id, at),
        _ => Ok(()),
    }
}

/// Inserts a post. Returns `false` if its slug is taken.
pub(crate) fn insert(tx: &mut Tx<'_>, post: &Post) -> Result<bool, StoreError> {
    let words = Words::of(post);
    let inserted = sql!(
        "INSERT INTO post ({Post}, title_words, lead_words, all_words)
         VALUES ({:Post}, :title_words, :lead_words, :all_words)
         ON CONFLICT DO NOTHING",
        Post = post,
        title_words = words.title,
        lead_words = words.lead,
        all_words = words.all
    )
    .run(tx, Rows::AtMostOne)?;
    Ok(inserted == 1)
}

/// Copies a post's tags, and the file names of the pictures in its text, to separate tables for
/// queries.
pub(crate) fn write_parts(tx: &mut Tx<'_>, post: &Post) -> Result<(), StoreError> {
    let id = &post.id;
    for tag in &post.tags {
        sql!(
            "INSERT INTO post_tag (post_id, tag) VALUES (:id, :tag)",
            id,
            tag
        )
        .run(tx, Rows::Exactly(1))?;
    }
    for picture in markdown::pictures(&post.body) {
        sql!(
            "INSERT INTO post_picture (post_id, file) VALUES (:id, :file) ON CONFLICT DO NOTHING",
            id,
            file = picture.file
        )
        .run(tx, Rows::AtMostOne)?;
    }
    Ok(())
}

fn delete_parts(tx: &mut Tx<'_>, id: &PostId) -> Result<(), StoreError> {
    sql!("DELETE FROM post_tag WHERE post_id = :id", id).run(tx, Rows::Any)?;
    sql!("DELETE FROM post_picture WHERE post_id = :id", id).run(tx, Rows::Any)?;
    Ok(())
}

/// Clears the author of all posts of an account that is being erased. The posts are kept.
pub(crate) fn erase(tx: &mut Tx<'_>, account: &AccountId) -> Result<(), StoreError> {
    sql!(
        "UPDATE post SET author_id = NULL WHERE author_id = :account",
        account
    )
    .run(tx, Rows::Any)?;
    Ok(())
}

pub(crate) fn numbered(base: &str, number: u32) -> String {
    let ending = format!("-{number}");
    let kept = base.len().min(50 - ending.len());
    format!("{}{ending}", base[..kept].trim_end_matches('-'))
}
