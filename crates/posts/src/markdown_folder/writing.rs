//! Exports all posts as a folder of Markdown files that [`super::read`] can read.

use std::fmt::Write as _;
use std::io;
use std::path::Path;

use platform::{StoreError, Tx, sql};
use web::Site;

use super::front_matter::write_text;
use super::pictures::stored;
use super::{Counts, FolderError, put};
use crate::image;
use crate::markdown;
use crate::post::{Kind, Post, State};

const PICTURES: &str = "../pictures/";

/// Writes all posts into a new or empty folder.
pub async fn write(site: &Site, root: &Path) -> Result<Counts, FolderError> {
    std::fs::create_dir_all(root)?;
    if std::fs::read_dir(root)?.next().is_some() {
        let words = format!("{} is not empty", root.display());
        return Err(io::Error::other(words).into());
    }
    let look = |tx: &mut Tx<'_>| -> Result<Vec<Post>, StoreError> {
        let now = tx.roughly_now();
        let all: Vec<Post> = tx.all(sql!("SELECT {Post} FROM post ORDER BY id"), &[])?;
        Ok(all.into_iter().map(|post| post.at(now)).collect())
    };
    let posts = site.store.read_at_length(look).await?;
    let mut pictures = std::collections::BTreeSet::new();
    for post in &posts {
        put(&root.join(path(post)), file(post).as_bytes())?;
        pictures.extend(
            markdown::pictures(&post.body)
                .into_iter()
                .map(|one| one.file),
        );
        pictures.extend(Some(post.image.clone()).filter(|file| !file.is_empty()));
    }
    let mut counts = Counts {
        new: posts.len(),
        ..Counts::default()
    };
    for file in pictures {
        // A text may refer to a picture that no longer exists.
        if let Some(bytes) = stored(site, &file).await? {
            put(&root.join("pictures").join(file), &bytes)?;
            counts.pictures += 1;
        }
    }
    Ok(counts)
}

fn path(post: &Post) -> String {
    match post.kind {
        Kind::Article => format!("blog/{}.md", post.slug),
        Kind::Note => format!("notes/{}.md", post.id),
        Kind::Page => format!("pages/{}.md", post.slug),
    }
}

fn file(post: &Post) -> String {
    let mut file = format!("---\nid: {}\nkind: {}\n", post.id, post.kind.word());
    let mut add = |key: &str, value: String| {
        // Writing to a string cannot fail.
        let _ = writeln!(file, "{key}: {value}");
    };
    for (key, value) in [
        ("title", &post.title),
        ("slug", &post.slug),
        ("summary", &post.excerpt),
    ] {
        if !value.is_empty() {
            add(key, write_text(value));
        }
    }
    if let Some(at) = post.published_at {
        add("date", at.to_string());
    }
    add("lastmod", post.updated_at.to_string());
    match post.state {
        State::Draft => add("draft", "true".to_owned()),
        State::Withdrawn => add("withdrawn", "true".to_owned()),
        State::Scheduled | State::Published => {}
    }
    if !post.tags.is_empty() {
        let tags: Vec<_> = post.tags.iter().map(|tag| write_text(tag)).collect();
        add("tags", format!("[{}]", tags.join(", ")));
    }
    if !post.image.is_empty() {
        add("image", write_text(&format!("{PICTURES}{}", post.image)));
        add("image_alt", write_text(&post.image_alt));
    }
    let body = markdown::relocate(&post.body, |address, _| {
        Some(format!("{PICTURES}{}", image::file(address)?))
    });
    let _ = write!(file, "---\n\n{body}\n");
    file
}
