//! Formats the dates on which an occasion is archived and deleted, for the owners' settings page.

use jiff::civil::Date;
use web::Text;

use crate::retention::Retention;

/// When an occasion is archived and deleted, as text.
pub(super) struct End {
    /// The names of the two steps, archiving and deletion, each with its day as text.
    pub(super) steps: Vec<(String, String)>,
    /// Why the deletion waits, and what owners can do about it.
    pub(super) waiting: Option<String>,
    /// Whether an owner may confirm the deletion now.
    pub(super) may_confirm: bool,
    /// Whether an owner has confirmed the deletion.
    pub(super) is_confirmed: bool,
}

impl End {
    pub(super) fn new(text: &Text, found: &Retention) -> Self {
        let say = |id: &str| text.say(id).into_owned();
        let day = |day: Option<Date>| day.map(|day| text.date(day));
        let unknown = || say("host-end-no-event");
        let archive = day(found.archives_on).unwrap_or_else(unknown);
        let delete = day(found.deletes_on).unwrap_or_else(unknown);
        let is_confirmed = found.confirmed_at.is_some();
        let waits = found.waits_for_mail && !is_confirmed;
        Self {
            steps: vec![
                (say("host-end-archive"), archive),
                (say("host-end-delete"), delete),
            ],
            waiting: waits.then(|| say("host-end-waits")),
            may_confirm: waits,
            is_confirmed,
        }
    }
}
