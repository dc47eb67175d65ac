//! Returns the start times of events to other parts of Kenduri, such as countdowns.

use ::web::Language;
use ::web::calendar::Target;
use identity::account::AccountId;
use identity::grant;
use platform::id::Id as _;
use platform::{StoreError, Tx};
use site::dates::Date;

use crate::event;
use crate::id::OccasionId;
use crate::occasion;
use crate::role;

/// Returns the start times of all events in an account's occasions. The newest occasion comes
/// first.
pub(crate) fn dates(tx: &mut Tx<'_>, account: &AccountId) -> Result<Vec<Date>, StoreError> {
    let mut dates = Vec::new();
    for (id, _) in grant::ranks_of_account(tx, account, &role::OCCASION)? {
        let Some(occasion) = occasion::find(tx, &OccasionId::from_text(id))? else {
            continue;
        };
        let (zone, default) = (occasion.zone(), occasion.default_language.as_str());
        let language = Language::of(default);
        let title = occasion.title.pick(&language, default).text;
        // Also cancelled ones: they may be brought back, and only a removed one ends what follows it.
        let events = event::planned(tx, &occasion.id)?.into_iter();
        for event in events.filter_map(|event| event.dated(&zone)).rev() {
            let name = event.name.pick(&language, default).text;
            let at = Target::of(event.starts_at, &zone);
            dates.push(Date {
                id: event.id.to_string(),
                label: format!("{title}: {name}"),
                at: if event.hour_known {
                    at.to_string()
                } else {
                    Target::Day(at.date()).to_string()
                },
                time_zone: occasion.time_zone.clone(),
            });
        }
    }
    dates.reverse();
    Ok(dates)
}
