//! The demo's posts: a small blog about the preparations for a wedding.

use axum::body::Bytes;
use identity::account::AccountId;
use jiff::SignedDuration;
use platform::{StoreError, Tx};
use web::{Problem, Site};

use crate::editing;
use crate::image::FOLDER;
use crate::post::{Kind, Post, State};

/// The picture of the demo's post about rice: file name, description, width and height, and
/// content.
const PICTURE: (&str, &str, (i64, i64), &[u8]) = (
    "forty-kilos-1200x630.jpg",
    "A pot of rice as high as a child, between two sacks of twenty kilos",
    (1200, 630),
    include_bytes!("../pictures/rice.jpg"),
);
const WITH_PICTURE: &str = "forty-kilos-of-rice";

/// The demo's articles: days since the publication, title, slug, tags and text.
const ARTICLES: &[(i64, &str, &str, &[&str], &str)] = &[
    (
        31,
        "Two families, one guest list",
        "two-families-one-guest-list",
        &["wedding", "guests"],
        include_str!("demo/guest_list.md"),
    ),
    (
        17,
        "What forty kilos of rice taught us",
        WITH_PICTURE,
        &["wedding", "kitchen"],
        include_str!("demo/rice.md"),
    ),
    (
        4,
        "How to get here without a car",
        "without-a-car",
        &["wedding", "travel"],
        include_str!("demo/travel.md"),
    ),
];

/// The demo's page: title, slug and text.
const ABOUT: (&str, &str, &str) = ("About us", "about", include_str!("demo/about.md"));

/// The demo's notes: days since the publication, and text.
const NOTES: &[(i64, &str)] = &[
    (
        9,
        "The songket is back from the tailor. It fits. **Nobody** is to eat anything until January.",
    ),
    (
        1,
        "Half of the households have answered. The other half have telephones.",
    ),
];

/// Publishes the demo's posts. Their author is `author`. The picture in one of them must be stored
/// with [`put_picture`].
pub fn seed(tx: &mut Tx<'_>, author: &AccountId) -> Result<(), StoreError> {
    for (days, title, slug, tags, body) in ARTICLES {
        let mut new = Post {
            title: (*title).to_owned(),
            slug: (*slug).to_owned(),
            tags: tags.iter().map(|&tag| tag.to_owned()).collect(),
            ..published(tx, author, Kind::Article, *days, body)
        };
        if *slug == WITH_PICTURE {
            let (file, alt, (width, height), bytes) = PICTURE;
            file.clone_into(&mut new.image);
            alt.clone_into(&mut new.image_alt);
            (new.image_width, new.image_height) = (width, height);
            new.image_bytes = i64::try_from(bytes.len()).unwrap_or_default();
        }
        editing::insert(tx, &new)?;
        editing::write_parts(tx, &new)?;
    }
    for (days, body) in NOTES {
        let new = published(tx, author, Kind::Note, *days, body);
        editing::insert(tx, &new)?;
    }
    let (title, slug, body) = ABOUT;
    let new = Post {
        title: title.to_owned(),
        slug: slug.to_owned(),
        ..published(tx, author, Kind::Page, 31, body)
    };
    editing::insert(tx, &new)?;
    Ok(())
}

/// Stores the file of the picture in the demo's post about rice.
pub async fn put_picture(site: &Site) -> Result<(), Problem> {
    let (file, _, _, content) = PICTURE;
    FOLDER.put(site, file, Bytes::from_static(content)).await
}

fn published(tx: &mut Tx<'_>, author: &AccountId, kind: Kind, days: i64, body: &str) -> Post {
    let at = tx.now() - SignedDuration::from_hours(24 * days);
    Post {
        author_id: Some(author.clone()),
        body: body.to_owned(),
        state: State::Published,
        published_at: Some(at),
        first_published_at: Some(at),
        updated_at: at,
        ..Post::blank(tx.id(), kind)
    }
}
