//! What publishing an occasion does. Pages say it before each button that publishes.

use web::Site;

use super::request::PageContext;
use super::wording::Wording;

/// Who can see the occasion then and at which address, and what it still lacks.
pub(super) fn effect(site: &Site, wording: &Wording<'_>, context: &PageContext) -> String {
    let text = wording.text;
    let address = site.url().join(&format!("/o/{}", wording.occasion.slug));
    let effect = text.with("host-publish-effect", [("address", address.into())]);
    let lacks = match (&*context.events, &*context.undated) {
        ([], []) => "host-publish-no-event",
        ([], _) => "host-publish-no-day",
        _ => return effect,
    };
    format!("{effect} {}", text.say(lacks))
}
