//! What is to be sent: which households have no invitation yet, and which have not answered, each
//! with the one channel by which it is sent to. Also what was sent so far.

use std::collections::{HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};
use platform::Tx;
use platform::mail::suppression;
use serde::Serialize;
use utoipa::ToSchema;
use web::{Findings, Site};

use super::campaign::audience::{self, STREAM};
use super::campaign::{self, Report};
use super::handed::{self, Channel};
use super::listing::{self, InvitationFilter, InvitationRow};
use super::mail_text::{self, MailKind};
use super::moved::{self, Moved};
use super::obstacles::{self, ObstacleKind, Obstacles};
use super::permissions::{HostOf, Permission};
use super::reach::{Facts, facts, possible};
use super::{Refusal, channels, occasions, reached, thanks};
use crate::event;
use crate::id::InvitationId;
use crate::phase;
use crate::words::{Access, OccasionStatus, Response};

/// A household that was reminded within this time is not reminded again.
const REMINDED: SignedDuration = SignedDuration::from_hours(24);
/// Most people take some days to answer.
const INVITED: SignedDuration = SignedDuration::from_hours(72);

/// What thanks are about that go to all who come, not to those who gave a gift.
pub const EVERYBODY: &str = "everybody";

/// A household to which something is to be sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = HouseholdToSend)]
pub struct Household {
    /// The invitation's id.
    pub id: InvitationId,
    /// The household's name.
    pub household: String,
    /// The channels that the household can take, in the occasion's order.
    pub possible: Vec<Channel>,
    /// When a card was printed for the household; null if none was, or if hosts handed it over.
    pub printed_at: Option<Timestamp>,
    /// The household's position among all households of the list, sent or not.
    #[serde(skip)]
    pub place: usize,
    #[serde(skip)]
    pub email: Option<String>,
}

/// The households that are sent to through one channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ChannelToSend)]
pub struct Line {
    /// The channel.
    pub channel: Channel,
    /// The households, by name.
    pub households: Vec<Household>,
    /// What makes it impossible to send through this channel now.
    pub off: Option<ObstacleKind>,
    /// What hosts are asked about before they send through this channel.
    pub asks: Option<ObstacleKind>,
}

/// The households to which a kind of message is still to be sent. Each household is in one line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = MessagesToSend)]
pub struct ToSend {
    /// How many households there are in all lines.
    pub households: usize,
    /// A line for each channel that has households, in the occasion's order.
    pub lines: Vec<Line>,
}

/// An event that has moved, and the households to tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = MovedEvent)]
pub struct MovedToTell {
    /// The event.
    #[serde(flatten)]
    pub moved: Moved,
    /// Those households of it that match the filter.
    #[serde(flatten)]
    pub to_tell: ToSend,
}

/// How far the invitations are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct SentSoFar {
    /// Households whose invitation left: a mail server accepted it, or a host handed it over.
    pub sent: usize,
    /// Of these, households that have opened their page.
    pub opened: usize,
    /// Of these, households that have answered.
    pub answered: usize,
    /// Of these, households that have answered everything.
    #[serde(skip)]
    pub complete: usize,
    /// Mails with the invitation that wait to be sent.
    pub queued: usize,
    /// Mails with the invitation of which nobody knows whether they left.
    pub uncertain: usize,
    /// Households whose last mail with the invitation came back.
    pub came_back: usize,
}

/// Everything that hosts still have to send.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Sending {
    /// What stands in the way.
    #[schema(value_type = Vec<ObstacleKind>)]
    pub obstacles: Obstacles,
    /// The order in which channels are tried.
    pub order: Vec<Channel>,
    /// Households without an invitation, without those to which it is on its way.
    pub invitations: ToSend,
    /// How many households still need their invitation, also those to which it is on its way.
    #[serde(skip)]
    pub unsent: usize,
    /// How many households have their invitation and have not answered completely, also those that
    /// are not to be reminded now.
    #[serde(skip)]
    pub owing: usize,
    /// Households that have an invitation and have not answered completely.
    pub reminders: ToSend,
    /// Events that have moved since guests were last told.
    pub moved: Vec<MovedToTell>,
    /// After the last event, households that gave a gift for which they were not thanked.
    pub thanks: ToSend,
    /// Households that come, and have got no thanks or none for their gift.
    pub thanks_to_all: ToSend,
    /// Households that have not got the message of your own that you write now.
    pub news: ToSend,
    /// Events that have moved of which everybody knows, and of which people can be asked again.
    #[serde(skip)]
    pub told: Vec<Moved>,
    /// How many households come.
    #[serde(skip)]
    pub to_thank: usize,
    /// Whether the last event is over.
    #[serde(skip)]
    pub is_over: bool,
    /// How many households have got the message of the hosts' own.
    #[serde(skip)]
    pub have_news: usize,
    /// Households that would be among `reminders`, but were reminded in the last 24 hours.
    pub reminded: usize,
    /// Households among `reminders` that were invited within [`INVITED`].
    #[serde(skip)]
    pub invited_lately: usize,
    /// Households that have not answered completely and have no invitation yet.
    pub not_invited: usize,
    /// Households that have an invitation, have not answered completely, and can no longer answer.
    pub too_late: usize,
    /// When a household was last reminded.
    pub last_reminded_at: Option<Timestamp>,
    /// How far the invitations are.
    pub so_far: SentSoFar,
    /// The position of every household, sent or not.
    #[serde(skip)]
    pub places: HashMap<InvitationId, usize>,
}

/// Whether the invitation still has to be sent. A household that answered without a code needs no
/// invitation, and one that has opened its page has it, however it came.
pub fn waits(row: &InvitationRow) -> bool {
    row.sent_at.is_none() && row.open.is_none() && row.last_opened_at.is_none()
}

/// Finds what is still to be sent to the households that match the filter.
pub fn load(
    tx: &mut Tx<'_>,
    site: &Site,
    host: &HostOf,
    filter: &InvitationFilter,
) -> Result<Sending, Refusal> {
    host.needs(Permission::Invite)?;
    host.needs(Permission::SeeContacts)?;
    host.needs(Permission::SeeAnswers)?;
    let filter = InvitationFilter {
        sent: None,
        invited: None,
        archived: false,
        ..filter.clone()
    };
    let occasion = occasions::load(tx, host)?;
    let obstacles = Obstacles::find(tx, site, host)?;
    let order = channels::order(tx, &occasion)?;
    let key = site.keys.key(suppression::PURPOSE);
    let blocked = suppression::blocked(tx, STREAM, host.occasion().as_str())?;
    let rows = listing::all_invitations(tx, host, &filter)?;
    let mut facts = facts(tx, host)?;
    let home = occasion.home_country();
    let (lately, invited) = (tx.now() - REMINDED, tx.now() - INVITED);
    let events = event::list(tx, host.occasion())?;
    let is_over = phase::over_at(&events, &occasion.zone()).is_some_and(|at| at <= tx.now());
    let to_thank = if is_over {
        thanks::waiting(tx, host.occasion())?
    } else {
        HashSet::new()
    };
    let got = |tx: &mut Tx<'_>, kind| {
        let since = mail_text::begun_at(tx, &occasion.id, kind)?;
        reached::reached(tx, &occasion.id, kind.word(), "", since)
    };
    let (thanked, have_news) = (got(tx, MailKind::Thanks)?, got(tx, MailKind::News)?);
    let mut found = Sending {
        is_over,
        ..Sending::default()
    };
    let mut unsent: HashMap<Channel, Vec<Household>> = HashMap::new();
    let mut owing: HashMap<Channel, Vec<Household>> = HashMap::new();
    let (told, unknown): (Vec<_>, Vec<_>) = moved::list_all(tx, host.occasion())?
        .into_iter()
        .partition(|one| one.households.is_empty());
    let mut moved: Vec<_> = unknown
        .into_iter()
        .map(|one| (one, HashMap::<Channel, Vec<Household>>::new()))
        .collect();
    let mut unthanked: HashMap<Channel, Vec<Household>> = HashMap::new();
    let mut thanks_to_all: HashMap<Channel, Vec<Household>> = HashMap::new();
    let mut news: HashMap<Channel, Vec<Household>> = HashMap::new();
    for (place, row) in rows.into_iter().enumerate() {
        let Some(facts) = facts.remove(&row.id) else {
            continue;
        };
        found.places.insert(row.id.clone(), place);
        let is_on_the_way = facts.queued || facts.uncertain;
        let reminded_at = facts.reminded_at.max(facts.remind_mail_at);
        found.so_far.count(&row, &facts);
        found.last_reminded_at = found.last_reminded_at.max(reminded_at);
        let possible = possible(&order, &row, &facts, &blocked, &key, home);
        let own = Channel::find(&facts.own_channel);
        let channel = channels::first(&order, own, &possible);
        // There is no card with news or thanks, so paper does not come before other ways.
        let cardless = cardless(&order, own, &possible);
        let is_unsent = waits(&row) && !facts.is_off;
        let may_answer = row.access == Access::Open
            || (occasion.status == OccasionStatus::Closed && row.access == Access::Closed);
        let owes = row.unsettled > 0 && may_answer;
        let comes = row.people.yes > 0;
        let household = Household {
            id: row.id,
            household: row.household,
            possible,
            printed_at: facts.printed_at,
            place,
            email: row.email,
        };
        for (one, to_tell) in &mut moved {
            if one.households.contains(&household.id) {
                to_tell.entry(channel).or_default().push(household.clone());
            }
        }
        if to_thank.contains(&household.id) {
            let household = household.clone();
            unthanked.entry(cardless).or_default().push(household);
        }
        // Who gave a gift and does not come is thanked for the gift alone.
        let gave = to_thank.contains(&household.id);
        found.to_thank += usize::from(comes);
        if comes && (gave || !thanked.contains(&household.id)) {
            let household = household.clone();
            thanks_to_all.entry(cardless).or_default().push(household);
        }
        if have_news.contains(&household.id) {
            found.have_news += 1;
        } else {
            news.entry(cardless).or_default().push(household.clone());
        }
        found.unsent += usize::from(is_unsent);
        found.owing += usize::from(!is_unsent && row.unsettled > 0);
        if is_unsent {
            found.not_invited += usize::from(row.unsettled > 0);
            if !is_on_the_way {
                unsent.entry(channel).or_default().push(household);
            }
        } else if row.unsettled > 0 && !may_answer {
            found.too_late += 1;
        } else if owes {
            if reminded_at.is_some_and(|at| at > lately) {
                found.reminded += 1;
            } else {
                found.invited_lately += usize::from(row.sent_at.is_some_and(|at| at > invited));
                owing.entry(channel).or_default().push(household);
            }
        }
    }
    found.invitations = ToSend::of(unsent, &order, &obstacles, MailKind::Invitation);
    found.reminders = ToSend::of(owing, &order, &obstacles, MailKind::Reminder);
    found.moved = moved
        .into_iter()
        .map(|(moved, to_tell)| MovedToTell {
            moved,
            to_tell: ToSend::of(to_tell, &order, &obstacles, MailKind::Moved),
        })
        .collect();
    found.thanks = ToSend::of(unthanked, &order, &obstacles, MailKind::Thanks);
    found.thanks_to_all = ToSend::of(thanks_to_all, &order, &obstacles, MailKind::Thanks);
    found.news = ToSend::of(news, &order, &obstacles, MailKind::News);
    let text = mail_text::load(tx, host, MailKind::News)?;
    for line in &mut found.news.lines {
        if line.off.is_none() && !text.is_written(line.channel == Channel::Email) {
            line.off = Some(ObstacleKind::NoText);
        }
    }
    found.told = told.into_iter().filter(|one| one.askable > 0).collect();
    Ok(Sending {
        obstacles,
        order,
        ..found
    })
}

/// The first channel that is not paper, if the household can take one.
fn cardless(order: &[Channel], own: Option<Channel>, possible: &[Channel]) -> Channel {
    let possible = possible.iter().copied();
    let others: Vec<Channel> = possible.filter(|one| *one != Channel::Paper).collect();
    channels::first(order, own, &others)
}

impl ToSend {
    fn of(
        mut by_channel: HashMap<Channel, Vec<Household>>,
        order: &[Channel],
        obstacles: &Obstacles,
        kind: MailKind,
    ) -> Self {
        let mut found = Self::default();
        for channel in order {
            let Some(households) = by_channel.remove(channel) else {
                continue;
            };
            found.households += households.len();
            found.lines.push(Line {
                channel: *channel,
                households,
                off: obstacles.blocking(*channel, kind),
                asks: obstacles.asking(*channel, kind),
            });
        }
        found
    }

    /// The line of a channel; `None` if no household is sent to through it.
    pub fn line(&self, channel: Channel) -> Option<&Line> {
        self.lines.iter().find(|line| line.channel == channel)
    }
}

impl Sending {
    /// What is to be sent of this kind, about the event with the id `about` if it has moved; nothing
    /// for kinds that nobody waits for. Thanks about [`EVERYBODY`] go to all who come, others to
    /// those who gave a gift.
    pub fn of(&self, kind: MailKind, about: &str) -> Option<&ToSend> {
        match kind {
            MailKind::Invitation => Some(&self.invitations),
            MailKind::Reminder => Some(&self.reminders),
            MailKind::Moved => Some(&self.moved(about)?.to_tell),
            MailKind::Thanks if about == EVERYBODY => Some(&self.thanks_to_all),
            MailKind::Thanks => Some(&self.thanks),
            MailKind::News => Some(&self.news),
            MailKind::SaveTheDate => None,
        }
    }

    /// The event with this id, if it has moved.
    pub fn moved(&self, event: &str) -> Option<&MovedToTell> {
        let mut all = self.moved.iter();
        all.find(|one| one.moved.event.as_str() == event)
    }
}

impl SentSoFar {
    fn count(&mut self, row: &InvitationRow, facts: &Facts) {
        self.queued += usize::from(facts.queued);
        self.uncertain += usize::from(facts.uncertain);
        self.came_back += usize::from(facts.came_back);
        if row.sent_at.is_some() {
            self.sent += 1;
            self.opened += usize::from(row.last_opened_at.is_some());
            self.answered += usize::from(row.replied_at.is_some());
            self.complete += usize::from(row.response == Response::Complete);
        }
    }
}

/// What a host hands over.
#[derive(Clone, Debug)]
pub struct Handing {
    pub kind: MailKind,
    /// The id of the event that has moved; empty for other kinds.
    pub about: String,
    pub channel: Channel,
    /// Whether the host was asked about what does not stop the message, such as a draft.
    pub was_asked: bool,
}

/// Records that a host handed a message to another app or to the post, unless something makes that
/// useless. What a household has by another way is recorded in any case.
pub fn hand(
    tx: &mut Tx<'_>,
    site: &Site,
    host: &HostOf,
    invitation: &InvitationId,
    handing: &Handing,
) -> Result<(), Refusal> {
    let Handing {
        kind,
        about,
        channel,
        was_asked,
    } = handing;
    let (kind, channel) = (*kind, *channel);
    if kind == MailKind::Moved {
        find_moved(tx, host, about)?;
    } else if !about.is_empty() {
        let mut findings = Findings::default();
        findings.add("/about", "unknown_option", []);
        findings.finish()?;
    }
    if channel != Channel::Other {
        obstacles::check(tx, site, host, channel, kind, *was_asked)?;
    }
    if kind == MailKind::Thanks {
        thanks::hand(tx, host, invitation)?;
    }
    handed::record(tx, host, invitation, kind, about, channel)
}

/// Refuses a message that hosts have not written.
pub fn check_text(
    tx: &mut Tx<'_>,
    host: &HostOf,
    kind: MailKind,
    channel: Channel,
) -> Result<(), Refusal> {
    let is_written = mail_text::load(tx, host, kind)?.is_written(channel == Channel::Email);
    if channel != Channel::Other && !is_written {
        return Err(ObstacleKind::NoText.refusal());
    }
    Ok(())
}

/// Takes back what hosts recorded last about messages of this kind, because it was not sent after
/// all.
pub fn withdraw(
    tx: &mut Tx<'_>,
    host: &HostOf,
    invitation: &InvitationId,
    kind: MailKind,
    about: &str,
) -> Result<(), Refusal> {
    if kind == MailKind::Thanks {
        thanks::withdraw(tx, host, invitation)?;
    }
    handed::withdraw(tx, host, invitation, kind, about)
}

/// Mails the households whose channel is email, all at once.
pub fn mail(
    tx: &mut Tx<'_>,
    site: &Site,
    host: &HostOf,
    kind: MailKind,
    about: &str,
    filter: &InvitationFilter,
) -> Result<Report, Refusal> {
    host.needs(Permission::Invite)?;
    let occasion = occasions::lock(tx, host)?;
    obstacles::check(tx, site, host, Channel::Email, kind, true)?;
    let found = load(tx, site, host, filter)?;
    if kind == MailKind::SaveTheDate {
        return Err(Refusal::WrongState);
    }
    let line = found
        .of(kind, about)
        .and_then(|all| all.line(Channel::Email));
    let line = line.ok_or(Refusal::WrongState)?;
    if let Some(off) = line.off {
        return Err(off.refusal());
    }
    let households = line.households.iter().map(|one| audience::Household {
        id: one.id.clone(),
        email: one.email.clone(),
    });
    let key = site.keys.key(suppression::PURPOSE);
    let own = mail_text::load(tx, host, kind)?;
    let (text, about) = match kind {
        MailKind::Moved => {
            let moved = find_moved(tx, host, about)?;
            (moved.message(site, &occasion, &own), about)
        }
        _ => (own, ""),
    };
    campaign::order_for(tx, &key, host, text, about, &households.collect::<Vec<_>>())
}

fn find_moved(tx: &mut Tx<'_>, host: &HostOf, about: &str) -> Result<Moved, Refusal> {
    let all = moved::list(tx, host.occasion())?;
    let mut all = all.into_iter();
    let found = all.find(|one| one.event.as_str() == about);
    found.ok_or(Refusal::WrongState)
}

/// Records that cards are printed for the households whose channel is paper, or that hosts handed
/// the printed ones over. Returns for how many households.
pub fn print(
    tx: &mut Tx<'_>,
    site: &Site,
    host: &HostOf,
    filter: &InvitationFilter,
    was_asked: bool,
    is_over: bool,
) -> Result<usize, Refusal> {
    let kind = MailKind::Invitation;
    occasions::lock(tx, host)?;
    obstacles::check(tx, site, host, Channel::Paper, kind, was_asked)?;
    let found = load(tx, site, host, filter)?;
    let line = found.invitations.line(Channel::Paper);
    let mut count = 0;
    for one in line.map(|line| &*line.households).unwrap_or_default() {
        if !is_over {
            handed::print(tx, host, &one.id, kind)?;
        } else if one.printed_at.is_some() {
            handed::record(tx, host, &one.id, kind, "", Channel::Paper)?;
        } else {
            continue;
        }
        count += 1;
    }
    if count == 0 {
        return Err(Refusal::NobodyToReach);
    }
    Ok(count)
}
