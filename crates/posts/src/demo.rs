//! The demo's posts: a small blog about a wedding that is being prepared.

use jiff::SignedDuration;
use platform::{StoreError, Tx};

use crate::post::{self, Kind, Post, State};

/// An article: how many days ago it came out, its title, slug and tags, and its text.
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
        "forty-kilos-of-rice",
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

/// A note: how many days ago it came out, and its text.
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

/// Publishes them, where there is no post yet.
pub fn seed(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    for (days, title, slug, tags, body) in ARTICLES {
        let new = Post {
            title: (*title).to_owned(),
            slug: (*slug).to_owned(),
            tags: tags.iter().map(|&tag| tag.to_owned()).collect(),
            ..published(tx, Kind::Article, *days, body)
        };
        post::insert(tx, &new)?;
        post::write_tags(tx, &new)?;
    }
    for (days, body) in NOTES {
        let new = published(tx, Kind::Note, *days, body);
        post::insert(tx, &new)?;
    }
    Ok(())
}

fn published(tx: &mut Tx<'_>, kind: Kind, days: i64, body: &str) -> Post {
    let at = tx.now() - SignedDuration::from_hours(24 * days);
    Post {
        body: body.to_owned(),
        state: State::Published,
        published_at: Some(at),
        first_published_at: Some(at),
        updated_at: at,
        ..Post::blank(tx.id(), kind)
    }
}
