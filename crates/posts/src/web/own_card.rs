//! The card on an editor's start page. It lists the site's posts.

use identity::session::signed_in::SignedIn;
use platform::{StoreError, Tx, sql};
use site::own_card::{Begin, OwnCard, OwnLine, Side};
use web::{Site, Text};

use super::own::HERE;
use super::public::name;
use crate::editor_role;
use crate::post::{Post, State};

/// Makes the card with at most two posts. Drafts come first, and then the posts that were changed
/// last.
pub(crate) fn find(
    tx: &mut Tx<'_>,
    _: &Site,
    who: &SignedIn,
    text: &Text,
) -> Result<Vec<OwnCard>, StoreError> {
    if !editor_role::is_editor(tx, who)? {
        return Ok(Vec::new());
    }
    let (count,): (i64,) = tx.one(sql!("SELECT COUNT(*) FROM post"), &[])?;
    let posts: Vec<Post> = sql!(
        "SELECT {Post} FROM post
         ORDER BY CASE WHEN state = :draft THEN 0 ELSE 1 END, updated_at DESC, id DESC LIMIT 2",
        draft = State::Draft
    )
    .all(tx)?;
    let zone = editor_role::zone(who);
    let lines = posts.into_iter().map(|post| {
        let post = post.at(tx.roughly_now());
        let class = match post.state {
            State::Draft => "maybe",
            State::Scheduled => "wait",
            State::Published => "yes",
            State::Withdrawn => "",
        };
        OwnLine {
            label: name(&post),
            href: format!("{HERE}/{}", post.id),
            note: text.moment_short_in(&zone, post.updated_at),
            side: Side::Tag(class, text.say(post.state.label()).into_owned()),
        }
    });
    Ok(vec![OwnCard {
        title: "post-all",
        lines: lines.collect(),
        all: (usize::try_from(count).unwrap_or_default(), HERE),
        begins: vec![Begin {
            title: "post-begin",
            text: "post-begin-text",
            href: "/me/posts/new?kind=article",
            icon: "M3 13l.7-3L11 2.7l2.3 2.3L6 12.3zM9.5 4.2l2.3 2.3",
        }],
    }])
}
