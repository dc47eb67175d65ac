//! Which invitations are meant: one filter for lists, numbers, bulk actions and
//! exports, in an address or in JSON.

use platform::store::{Bind, Column, Value};
use platform::{Tx, sql};
use serde::{Deserialize, Serialize};

use super::json_text;
use crate::event::EventId;
use crate::hosting::{HostOf, Refusal};
use crate::question::{Answer, Question};
use crate::words::Access;
use web::Findings;

/// Which invitations; what is left out does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = Filter)]
pub struct InvitationFilter {
    /// Words in names and tags, and for those who may see them in codes,
    /// addresses and telephones.
    #[serde(rename = "q", skip_serializing_if = "String::is_empty")]
    pub search: String,
    /// By what is answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response: Option<Answered>,
    /// By what the household may do now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access: Option<Access>,
    /// A tag, or `none`: unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// One label, as written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// Invited to this event, by its key; then answers are those for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// With or without an address.
    #[serde(rename = "email", skip_serializing_if = "Option::is_none")]
    pub has_email: Option<bool>,
    /// Looked at, or never.
    #[serde(rename = "opened", skip_serializing_if = "Option::is_none")]
    pub is_opened: Option<bool>,
    /// Marked as sent, or not.
    #[serde(rename = "sent", skip_serializing_if = "Option::is_none")]
    pub is_sent: Option<bool>,
    /// With or without a deadline of its own.
    #[serde(rename = "override", skip_serializing_if = "Option::is_none")]
    pub has_override: Option<bool>,
    /// Brings more than it may, or not.
    #[serde(rename = "over", skip_serializing_if = "Option::is_none")]
    pub is_over_allowance: Option<bool>,
    /// With or without a note.
    #[serde(rename = "note", skip_serializing_if = "Option::is_none")]
    pub has_note: Option<bool>,
    /// Came without a code, and how it stands with that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open: Option<Open>,
    /// Answered at least once, or never.
    #[serde(rename = "answered", skip_serializing_if = "Option::is_none")]
    pub is_answered: Option<bool>,
    /// Gave an answer that counts to this question of the whole household, by
    /// its key; `song:…` this very answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    /// The archived ones instead of all others.
    #[serde(rename = "archived", skip_serializing_if = "std::ops::Not::not")]
    pub is_archived: bool,
}

/// What is answered. The first three overlap on purpose, but for the last of
/// them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Answered {
    /// At least one answer is missing or "not sure".
    Pending,
    /// At least one yes.
    Attending,
    /// Has guests, and all say no.
    Declined,
    /// Nothing yet.
    Unanswered,
    /// Something, and something is missing or "not sure".
    Partial,
    /// Everything.
    Complete,
}

impl Answered {
    /// Every one of them.
    pub const ALL: [Self; 6] = [
        Self::Pending,
        Self::Attending,
        Self::Declined,
        Self::Unanswered,
        Self::Partial,
        Self::Complete,
    ];

    /// The word in addresses.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Attending => "attending",
            Self::Declined => "declined",
            Self::Unanswered => "unanswered",
            Self::Partial => "partial",
            Self::Complete => "complete",
        }
    }
}

/// Whether an invitation came without a code, and what hosts did about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Open {
    /// It did.
    Yes,
    /// A host wrote it.
    No,
    /// It did, and no host has approved it.
    Waiting,
    /// The same, and somebody of this name and contact had answered before.
    Duplicate,
    /// It did, and a host has approved it.
    Approved,
}

impl Open {
    /// Every one of them.
    pub const ALL: [Self; 5] = [
        Self::Waiting,
        Self::Duplicate,
        Self::Approved,
        Self::Yes,
        Self::No,
    ];

    /// The word in addresses.
    pub fn word(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Waiting => "waiting",
            Self::Duplicate => "duplicate",
            Self::Approved => "approved",
        }
    }
}

impl Column for Open {
    fn read(value: Value<'_>) -> Option<Self> {
        let word = String::read(value)?;
        Self::ALL.into_iter().find(|one| one.word() == word)
    }
}

impl Bind for Open {
    fn bind(&self) -> Value<'_> {
        Value::Text(self.word())
    }
}

/// The order of a list of invitations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// By name.
    #[default]
    Household,
    /// Who answered last on top.
    Replied,
    /// The newest on top.
    Created,
    /// Who looked last on top.
    Opened,
    /// The largest on top.
    Size,
}

impl Sort {
    /// Every one of them.
    pub const ALL: [Self; 5] = [
        Self::Household,
        Self::Replied,
        Self::Created,
        Self::Opened,
        Self::Size,
    ];

    /// The word in addresses.
    pub fn word(self) -> &'static str {
        match self {
            Self::Household => "household",
            Self::Replied => "replied",
            Self::Created => "created",
            Self::Opened => "opened",
            Self::Size => "size",
        }
    }
}

impl InvitationFilter {
    /// Reads the filter and the order out of the query of an address. What is
    /// not part of it is left alone; an unknown word is refused.
    pub fn read<'q>(
        query: impl Iterator<Item = (&'q str, &'q str)>,
    ) -> Result<(Self, Sort), Refusal> {
        let mut filter = Self::default();
        let mut sort = Sort::default();
        let mut fields = Findings::default();
        for (name, value) in query.filter(|(_, value)| !value.is_empty()) {
            let text = || Some(value.to_owned());
            match name {
                "q" => value.clone_into(&mut filter.search),
                "response" => {
                    filter.response = Answered::ALL.into_iter().find(|one| one.word() == value);
                    known(filter.response.is_some(), name, &mut fields);
                }
                "access" => {
                    filter.access = Access::find(value);
                    known(filter.access.is_some(), name, &mut fields);
                }
                "language" => filter.language = text(),
                "tag" => filter.tag = text(),
                "event" => filter.event = text(),
                "answer" => filter.answer = text(),
                "email" => filter.has_email = flag(value, name, &mut fields),
                "opened" => filter.is_opened = flag(value, name, &mut fields),
                "sent" => filter.is_sent = flag(value, name, &mut fields),
                "override" => filter.has_override = flag(value, name, &mut fields),
                "over" => filter.is_over_allowance = flag(value, name, &mut fields),
                "note" => filter.has_note = flag(value, name, &mut fields),
                "open" => {
                    filter.open = Open::ALL.into_iter().find(|one| one.word() == value);
                    known(filter.open.is_some(), name, &mut fields);
                }
                "answered" => filter.is_answered = flag(value, name, &mut fields),
                "archived" => {
                    filter.is_archived = flag(value, name, &mut fields).unwrap_or_default();
                }
                "sort" => {
                    let found = Sort::ALL.into_iter().find(|one| one.word() == value);
                    known(found.is_some(), name, &mut fields);
                    sort = found.unwrap_or_default();
                }
                _ => {}
            }
        }
        fields.finish()?;
        Ok((filter, sort))
    }

    /// The filter as pairs of an address, in a fixed order; what does not
    /// matter is left out.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let yes_no = |flag: bool| if flag { "yes" } else { "no" }.to_owned();
        let texts = [
            (
                "q",
                Some(self.search.clone()).filter(|text| !text.is_empty()),
            ),
            ("response", self.response.map(|one| one.word().to_owned())),
            ("access", self.access.map(|one| one.word().to_owned())),
            ("language", self.language.clone()),
            ("tag", self.tag.clone()),
            ("event", self.event.clone()),
            ("answer", self.answer.clone()),
            ("email", self.has_email.map(yes_no)),
            ("opened", self.is_opened.map(yes_no)),
            ("sent", self.is_sent.map(yes_no)),
            ("override", self.has_override.map(yes_no)),
            ("over", self.is_over_allowance.map(yes_no)),
            ("note", self.has_note.map(yes_no)),
            ("open", self.open.map(|one| one.word().to_owned())),
            ("answered", self.is_answered.map(yes_no)),
            ("archived", self.is_archived.then(|| yes_no(true))),
        ];
        texts
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .collect()
    }

    /// Whether it finds invitations by what their people answered.
    pub(super) fn asks_for_answers(&self) -> bool {
        self.response.is_some()
            || self.answer.is_some()
            || self.is_answered.is_some()
            || self.has_note.is_some()
    }

    /// Refuses what [`super::invitations`] would refuse, without looking for any.
    pub(in crate::hosting) fn check(&self, tx: &mut Tx<'_>, host: &HostOf) -> Result<(), Refusal> {
        self.event_id(tx, host).map(drop)
    }

    /// The id of the event it names; empty: none.
    pub(super) fn event_id(&self, tx: &mut Tx<'_>, host: &HostOf) -> Result<String, Refusal> {
        let Some(key) = self.event.as_deref().filter(|key| !key.is_empty()) else {
            return Ok(String::new());
        };
        let found: Option<(EventId,)> = tx.maybe(
            sql!("SELECT id FROM event WHERE occasion = $1 AND key = $2"),
            &[host.occasion(), &key],
        )?;
        let Some((id,)) = found else {
            let mut fields = Findings::default();
            fields.add("/event", "unknown_option", []);
            fields.finish()?;
            return Ok(String::new());
        };
        Ok(id.to_string())
    }
}

/// How lists are asked for those who gave `answer` to a question, or any.
pub fn answer_word(question: &Question, answer: Option<&Answer>) -> String {
    let key = &question.key;
    match answer {
        None => key.clone(),
        Some(Answer::YesNo(yes)) => format!("{key}:{yes}"),
        Some(Answer::Number(number)) => format!("{key}:{number}"),
        Some(Answer::Text(text)) => format!("{key}:{text}"),
        Some(Answer::Choices(keys)) => format!("{key}:{}", keys.join(",")),
    }
}

/// What [`answer_word`] says, as statements take it: the question's key, the
/// answer as it is stored, and as it stands in a list that is kept as JSON.
pub(super) fn answer_sought(word: Option<&str>) -> [String; 3] {
    let word = word.unwrap_or_default();
    match word.split_once(':') {
        Some((key, value)) => [key.to_owned(), value.to_owned(), json_text(value)],
        None => [word.to_owned(), String::new(), String::new()],
    }
}

/// A flag as statements take it: empty where it does not matter.
pub(super) fn word(flag: Option<bool>) -> &'static str {
    match flag {
        None => "",
        Some(true) => "yes",
        Some(false) => "no",
    }
}

pub(super) fn known(is_known: bool, name: &str, fields: &mut Findings) {
    if !is_known {
        fields.add(&format!("/{name}"), "unknown_option", []);
    }
}

pub(super) fn flag(value: &str, name: &str, fields: &mut Findings) -> Option<bool> {
    match value {
        "yes" | "true" | "1" => Some(true),
        "no" | "false" | "0" => Some(false),
        _ => {
            known(false, name, fields);
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_survives_the_address() {
        let query = [
            ("q", "ali rahman"),
            ("response", "attending"),
            ("access", "locked"),
            ("tag", "family"),
            ("answer", "bus:late"),
            ("email", "no"),
            ("over", "yes"),
            ("open", "duplicate"),
            ("archived", "yes"),
            ("sort", "replied"),
            ("limit", "50"),
            ("language", ""),
        ];
        let (filter, sort) = InvitationFilter::read(query.into_iter()).unwrap();
        assert_eq!(sort, Sort::Replied);
        assert_eq!(filter.has_email, Some(false));
        assert_eq!(filter.language, None);
        let pairs = filter.pairs();
        let again = pairs.iter().map(|(name, value)| (*name, value.as_str()));
        assert_eq!(InvitationFilter::read(again).unwrap().0, filter);
        let json = serde_json::to_string(&filter).unwrap();
        assert_eq!(
            serde_json::from_str::<InvitationFilter>(&json).unwrap(),
            filter
        );
    }

    #[test]
    fn unknown_words_are_refused_where_they_stand() {
        for (name, value) in [("response", "maybe"), ("sort", "age"), ("opened", "often")] {
            let Err(Refusal::Fields(found)) = InvitationFilter::read([(name, value)].into_iter())
            else {
                panic!("{name} {value}");
            };
            assert_eq!(found[0].pointer, format!("/{name}"));
        }
    }
}
