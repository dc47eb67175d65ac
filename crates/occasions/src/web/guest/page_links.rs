//! Links to the pages that hosts wrote for their guests.

use web::Text;

use super::view::PageLink;
use crate::invitation_snapshot::InvitationSnapshot;
use crate::occasion::Occasion;
use crate::occasion_page::PageHead;

/// Returns links to the pages that everybody may see.
pub(super) fn links(text: &Text, occasion: &Occasion, pages: &[PageHead]) -> Vec<PageLink> {
    let seen = pages.iter().filter(|head| head.audience.includes(false));
    let link = |head: &PageHead| PageLink {
        href: format!("/o/{}/pages/{}", occasion.slug, head.key),
        title: head.title(text, &occasion.default_language),
    };
    seen.map(link).collect()
}

/// Returns links to the pages that a household may see, without the page `here`.
pub(super) fn invited_links(
    text: &Text,
    snapshot: &InvitationSnapshot,
    here: &str,
) -> Vec<PageLink> {
    let seen = |head: &&PageHead| head.audience.includes(snapshot.is_invited());
    let others = snapshot
        .pages
        .iter()
        .filter(seen)
        .filter(|head| head.key != here);
    let link = |head: &PageHead| PageLink {
        href: snapshot.link(&format!("/pages/{}", head.key)),
        title: head.title(text, &snapshot.occasion.default_language),
    };
    others.map(link).collect()
}
