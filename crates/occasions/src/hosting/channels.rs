//! Through which channel a message reaches a household: the first of the occasion's order that the
//! household can take, unless hosts chose another one for it.

use platform::audit::Entity;
use platform::{Rows, Tx, sql};
use serde_json::json;
use web::{Findings, Region};

use super::handed::Channel;
use super::permissions::{HostOf, Permission};
use super::{Refusal, history, occasions, portals};
use crate::id::InvitationId;
use crate::occasion::Occasion;

/// The countries in which most people with a mobile telephone use WhatsApp (ISO 3166-1). It is a
/// judgement of November 2026, not a measurement, and only decides what is tried first.
const WITH_WHATSAPP: &str = "AE AR AT BE BH BN BO BR CH CL CO CR CY DE DO EC EG ES GB GH GR GT HK \
    HN ID IE IL IN IT JO KE KW LB LK LU MA MT MX MY MZ NG NI NL OM PA PE PK PR PT PY QA RO SA SG \
    SV TN TR TZ UG UY VE ZA ZM ZW";

/// Every channel that an order lists. Paper is the last of all built-in orders, because every
/// household can take it.
pub const LISTED: [Channel; 4] = [
    Channel::WhatsApp,
    Channel::Sms,
    Channel::Email,
    Channel::Paper,
];

/// The usual order in a country.
pub fn usual(home: Option<Region>) -> [Channel; 4] {
    let has_whatsapp = home.is_some_and(|home| {
        let mut all = WITH_WHATSAPP.split_whitespace();
        all.any(|code| code == home.code)
    });
    if has_whatsapp {
        LISTED
    } else {
        [
            Channel::Sms,
            Channel::Email,
            Channel::WhatsApp,
            Channel::Paper,
        ]
    }
}

/// The order of an occasion.
pub fn order(tx: &mut Tx<'_>, occasion: &Occasion) -> Result<Vec<Channel>, Refusal> {
    let (stored,): (String,) = sql!(
        "SELECT channels FROM occasion WHERE id = :id",
        id = occasion.id
    )
    .one(tx)?;
    let mut order: Vec<Channel> = stored.split(',').filter_map(Channel::find).collect();
    let usual = usual(occasion.home_country());
    let missing = usual.into_iter().filter(|one| !order.contains(one));
    let missing: Vec<Channel> = missing.collect();
    order.extend(missing);
    Ok(order)
}

/// Changes the order for all households. An empty list is the usual order of the home country; what
/// is not listed follows in the usual order.
pub fn set_order(
    tx: &mut Tx<'_>,
    host: &HostOf,
    channels: &[Channel],
) -> Result<Vec<Channel>, Refusal> {
    host.needs(Permission::Invite)?;
    let occasion = occasions::lock(tx, host)?;
    let mut findings = Findings::default();
    for (place, channel) in channels.iter().enumerate() {
        let pointer = format!("/channels/{place}");
        if !LISTED.contains(channel) {
            findings.add(&pointer, "unknown_option", []);
        } else if channels.iter().take(place).any(|one| one == channel) {
            findings.add(&pointer, "not_unique", []);
        }
    }
    findings.finish()?;
    let old = order(tx, &occasion)?;
    let words: Vec<&str> = channels.iter().map(|one| one.word()).collect();
    sql!(
        "UPDATE occasion SET channels = :channels WHERE id = :id",
        channels = words.join(","),
        id = occasion.id
    )
    .run(tx, Rows::Exactly(1))?;
    let new = order(tx, &occasion)?;
    if old != new {
        let entity = Entity::new("occasion", occasion.id.to_string());
        let changes = json!([{"field": "channels", "old": old, "new": new}]);
        history::record(tx, host, "occasion.changed", entity, changes)?;
    }
    Ok(new)
}

/// Chooses the channel of one household. `None` leaves it to the occasion's order again.
pub fn choose(
    tx: &mut Tx<'_>,
    host: &HostOf,
    invitation: &InvitationId,
    channel: Option<Channel>,
) -> Result<(), Refusal> {
    host.needs(Permission::Invite)?;
    let snapshot = portals::lock(tx, host, invitation, None)?;
    let mut findings = Findings::default();
    if channel.is_some_and(|one| !LISTED.contains(&one)) {
        findings.add("/channel", "unknown_option", []);
    }
    findings.finish()?;
    sql!(
        "UPDATE invitation SET channel = :channel WHERE id = :invitation",
        channel = channel.map(Channel::word).unwrap_or_default(),
        invitation
    )
    .run(tx, Rows::Exactly(1))?;
    history::tell_of_invitation(tx, host, &snapshot.household, "edited")?;
    Ok(())
}

/// The first channel of the order among those that a household can take. The household's own comes
/// first.
pub fn first(order: &[Channel], own: Option<Channel>, possible: &[Channel]) -> Channel {
    let mut all = own.iter().chain(order);
    all.find(|one| possible.contains(one))
        .copied()
        .unwrap_or(Channel::Paper)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_possible_channel_is_taken_and_the_household_s_own_before_it() {
        use Channel::{Email, Paper, Sms, WhatsApp};
        let malaysia = usual(Region::find("MY"));
        assert_eq!(malaysia, [WhatsApp, Sms, Email, Paper]);
        let america = usual(Region::find("US"));
        assert_eq!(america[0], Sms);
        assert_eq!(usual(None), america);
        assert_eq!(first(&malaysia, None, &[Sms, Email, Paper]), Sms);
        assert_eq!(first(&malaysia, Some(Email), &[Sms, Email, Paper]), Email);
        assert_eq!(first(&malaysia, Some(WhatsApp), &[Paper]), Paper);
        assert_eq!(first(&[], None, &[]), Paper);
    }

    #[test]
    fn every_country_of_the_table_exists() {
        for code in WITH_WHATSAPP.split_whitespace() {
            assert!(Region::find(code).is_some(), "{code}");
        }
    }
}
