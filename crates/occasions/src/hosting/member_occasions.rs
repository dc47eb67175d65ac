//! Occasions that ordinary members of the site create. This module decides who may create
//! occasions. It also decides what a member's occasion may do before and after an administrator has
//! approved it.

use identity::account::{self, AccountId};
use identity::grant::{self, SITE, Scope};
use identity::session::signed_in::SignedIn;
use jiff::SignedDuration;
use platform::audit::{Entity, Entry, RequestFacts};
use platform::id::Id as _;
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};
use serde_json::json;
use site::frame::HOME;
use web::setting::{SettingValues, Word};
use web::state::Start;
use web::{Language, Site};

use super::Refusal;
use crate::confirmation;
use crate::id::{InvitationId, OccasionId};
use crate::occasion::{self, MailPermission};
use crate::role::OCCASION;

/// The setting that decides who may create occasions.
pub const CREATE: Word = Word {
    key: "occasions.create",
    words: &["staff", "members"],
};
/// The maximum number of occasions on the site.
pub const LIMIT: i64 = 1_000;
/// The maximum number of occasions that one member may create.
pub const OWN_LIMIT: i64 = 5;
/// How many of the [`LIMIT`] occasions are reserved for administrators.
pub const RESERVED: i64 = 100;
/// The maximum number of mails that a member's occasion may send in 24 hours.
pub const MAILS_A_DAY: i64 = 300;

/// Who may create occasions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Makers {
    /// The staff: the owners and administrators of the site.
    Staff,
    /// The staff, and every account with a confirmed email address.
    Members,
}

impl Makers {
    pub fn of(values: &SettingValues) -> Self {
        match CREATE.of(values) {
            "members" => Self::Members,
            _ => Self::Staff,
        }
    }
}

/// The role in which an account creates an occasion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Maker {
    Staff,
    Member,
}

/// Returns the role in which `who` may create occasions; `None` if `who` may not create any.
pub(crate) fn maker(
    tx: &mut Tx<'_>,
    makers: Makers,
    who: &SignedIn,
) -> Result<Option<Maker>, StoreError> {
    if is_staff(tx, who)? {
        return Ok(Some(Maker::Staff));
    }
    let may =
        makers == Makers::Members && identity::session::signed_in::confirmed(tx, who)?.is_some();
    Ok(may.then_some(Maker::Member))
}

/// Whether the account with this id is a host of an occasion, or may create one.
pub(crate) fn may_be_host(tx: &mut Tx<'_>, site: &Site, account: &str) -> Result<bool, StoreError> {
    let account = AccountId::from_text(account.to_owned());
    let rank = grant::rank_of(tx, &account, &Scope::site())?;
    Ok(Makers::of(&site.declared.settings) == Makers::Members
        || rank.is_some_and(|rank| SITE.at_least(rank, grant::ADMIN))
        || !grant::ranks_of_account(tx, &account, &OCCASION)?.is_empty())
}

/// Hosts start with their occasion, or with the list of several.
pub(crate) fn start(tx: &mut Tx<'_>, _: &Site, account: &str) -> Result<Option<Start>, StoreError> {
    let account = AccountId::from_text(account.to_owned());
    let mut all = Vec::new();
    for (id, _) in grant::ranks_of_account(tx, &account, &OCCASION)? {
        all.extend(occasion::find(tx, &OccasionId::from_text(id))?);
        if all.len() > 1 {
            break;
        }
    }
    let start = |href, title| Start {
        href,
        title,
        is_work: true,
    };
    Ok(match &*all {
        [] => None,
        [only] => {
            let language = Language::of(&only.default_language);
            let name = only.hosts.pick(&language, &only.default_language);
            let title = Some(name.text).filter(|name| !name.is_empty());
            let href = format!("/admin/o/{}", only.slug);
            Some(start(href, title.map(str::to_owned)))
        }
        // The page with everything that the person has.
        _ => Some(start(HOME.to_owned(), None)),
    })
}

pub(crate) fn is_staff(tx: &mut Tx<'_>, who: &SignedIn) -> Result<bool, StoreError> {
    let rank = grant::rank_in(tx, who, &Scope::site())?;
    Ok(rank.is_some_and(|rank| SITE.at_least(rank, grant::ADMIN)))
}

/// Refuses a member who has already created [`OWN_LIMIT`] occasions. Also refuses if the site has
/// no room for more members' occasions.
pub(crate) fn check_room(tx: &mut Tx<'_>, account: &AccountId, there: i64) -> Result<(), Refusal> {
    account::lock(tx, account)?;
    let (own,): (i64,) = sql!(
        "SELECT COUNT(*) FROM occasion WHERE made_by = :account AND by_staff = 0",
        account
    )
    .one(tx)?;
    if own >= OWN_LIMIT {
        return Err(Refusal::LimitReached(OWN_LIMIT));
    }
    if there >= LIMIT - RESERVED {
        return Err(Refusal::LimitReached(LIMIT - RESERVED));
    }
    Ok(())
}

/// Records that a member created the occasion.
pub(crate) fn mark(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
    account: &AccountId,
) -> Result<(), StoreError> {
    sql!(
        "UPDATE occasion SET made_by = :account, by_staff = 0, sends_mail = 0,
             revision = revision + 1
         WHERE id = :occasion",
        account,
        occasion
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(())
}

/// Whether a mail may be sent now, and if not, why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailLeave {
    Granted,
    /// The staff has not allowed the occasion to send this mail.
    Denied,
    /// The occasion has reached the maximum number of mails in 24 hours.
    Later,
}

/// Decides whether a confirmation mail for an invitation may be sent.
pub fn may_mail(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
    invitation: &InvitationId,
) -> Result<MailLeave, StoreError> {
    let (is_granted, otherwise) = match occasion::mail_permission(tx, occasion)? {
        MailPermission::Unlimited => return Ok(MailLeave::Granted),
        MailPermission::Limited => (
            confirmation::count_mails(tx, occasion)? < MAILS_A_DAY,
            MailLeave::Later,
        ),
        MailPermission::Restricted => (
            confirmation::may_send(tx, occasion, invitation)?,
            MailLeave::Denied,
        ),
    };
    Ok(if is_granted {
        MailLeave::Granted
    } else {
        otherwise
    })
}

/// Whether the staff allows the occasion's hosts to send mail.
pub(crate) fn sends_mail(tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<bool, StoreError> {
    let (sends_mail,): (bool,) = sql!(
        "SELECT sends_mail FROM occasion WHERE id = :occasion",
        occasion
    )
    .one(tx)?;
    Ok(sends_mail)
}

/// Returns how many more mails the occasion may send now; `None` if there is no limit.
pub(crate) fn mails_left(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
) -> Result<Option<i64>, StoreError> {
    Ok(match occasion::mail_permission(tx, occasion)? {
        MailPermission::Unlimited => None,
        MailPermission::Restricted => Some(0),
        MailPermission::Limited => {
            Some((MAILS_A_DAY - confirmation::count_mails(tx, occasion)?).max(0))
        }
    })
}

/// An occasion that a member created, as administrators see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MembersOccasion {
    pub id: OccasionId,
    pub slug: String,
    /// The name of the member who created the occasion; empty if the account was deleted.
    pub maker: String,
    /// Whether the staff has allowed the occasion to send mail.
    pub sends_mail: bool,
    /// The number of mails that the occasion has sent in the last 24 hours.
    pub mails: i64,
}

#[derive(Row)]
struct Made {
    id: OccasionId,
    slug: String,
    maker: Option<String>,
    sends_mail: bool,
}

/// Returns the occasions that members created and the staff has not taken over, newest first. The
/// list is empty unless `who` is staff.
pub fn list(tx: &mut Tx<'_>, who: &SignedIn) -> Result<Vec<MembersOccasion>, StoreError> {
    if !is_staff(tx, who)? {
        return Ok(Vec::new());
    }
    let select = sql!(
        "SELECT o.id, o.slug, a.display_name AS maker, o.sends_mail
         FROM occasion o LEFT JOIN account a ON a.id = o.made_by
         WHERE o.by_staff = 0 ORDER BY o.created_at DESC, o.id"
    );
    let all: Vec<Made> = tx.all(select, &[])?;
    all.into_iter()
        .map(|one| {
            Ok(MembersOccasion {
                mails: confirmation::count_mails(tx, &one.id)?,
                id: one.id,
                slug: one.slug,
                maker: one.maker.unwrap_or_default(),
                sends_mail: one.sends_mail,
            })
        })
        .collect()
}

/// A decision by the staff about a member's occasion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    LetSend,
    /// Withdraws the permission that [`Decision::LetSend`] gave.
    StopSending,
    /// From now on, the occasion is treated as if the staff had created it.
    TakeOn,
}

pub fn decide(
    tx: &mut Tx<'_>,
    who: &SignedIn,
    id: &OccasionId,
    decision: Decision,
    request: &RequestFacts,
) -> Result<(), Refusal> {
    if !is_staff(tx, who)? || !who.is_in_browser() {
        return Err(Refusal::NotFound);
    }
    let (by_staff, sends_mail) = (
        decision == Decision::TakeOn,
        decision != Decision::StopSending,
    );
    let count = sql!(
        "UPDATE occasion SET sends_mail = :sends_mail, by_staff = :by_staff,
             revision = revision + 1
         WHERE id = :id AND by_staff = 0",
        sends_mail,
        by_staff,
        id
    )
    .run(tx, Rows::AtMostOne)?;
    if count == 0 {
        return Err(Refusal::NotFound);
    }
    let field = if by_staff { "by_staff" } else { "sends_mail" };
    tx.record(Entry {
        actor: who.actor(),
        action: "occasion.let_send",
        entity: Entity::new("occasion", id.to_string()),
        scope: Some(id.to_string()),
        changes: json!([{"field": field, "old": !sends_mail, "new": sends_mail}]),
        request: Some(request.clone()),
    })?;
    Ok(())
}

/// Whether a role in this occasion makes a person a host of the site. This is false for a member's
/// occasion. Otherwise members could make themselves hosts of the site.
pub(crate) fn makes_host(tx: &mut Tx<'_>, scope: &Scope) -> Result<bool, StoreError> {
    let found: Option<(bool,)> = sql!(
        "SELECT by_staff FROM occasion WHERE id = :id",
        id = scope.id()
    )
    .maybe(tx)?;
    Ok(found.is_some_and(|(by_staff,)| by_staff))
}

/// Removes an erased account as the creator of its occasions. The occasions themselves stay.
pub(crate) fn forget_maker(tx: &mut Tx<'_>, account: &AccountId) -> Result<(), StoreError> {
    sql!(
        "UPDATE occasion SET made_by = NULL WHERE made_by = :account",
        account
    )
    .run(tx, Rows::Any)?;
    Ok(())
}

/// How long a mail waits before the daily limit is checked again.
pub(crate) const AGAIN: SignedDuration = SignedDuration::from_hours(1);
