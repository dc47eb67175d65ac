//! Chooses the language of guests' pages.

use web::{Language, Site, Text, Wishes};

use crate::invitation_snapshot::InvitationSnapshot;
use crate::occasion::Occasion;

/// Chooses the language of an occasion's pages for this visitor. `household` is the language that
/// the hosts have recorded for the household.
pub fn speak(site: &Site, wishes: &Wishes, occasion: &Occasion, household: Option<&str>) -> Text {
    let tag = wishes.choose(&occasion.languages, household, &occasion.default_language);
    site.catalogue.speak(&Language::of(tag))
}

/// Chooses the language of a household's pages. A `Speaker` can be moved into a transaction. A
/// request cannot.
#[derive(Clone)]
pub(crate) struct Speaker {
    pub(super) site: Site,
    pub(super) wishes: Wishes,
}

impl Speaker {
    pub(crate) fn speak(&self, snapshot: &InvitationSnapshot) -> Text {
        let household = snapshot.household.invitation.details.language.as_deref();
        self.speak_of(&snapshot.occasion, household)
    }

    pub(super) fn speak_of(&self, occasion: &Occasion, household: Option<&str>) -> Text {
        speak(&self.site, &self.wishes, occasion, household)
    }
}
