//! The filter that selects invitations for lists, statistics, bulk actions and exports. Requests
//! contain it as query parameters or as JSON.

use platform::{Tx, sql};
use serde::{Deserialize, Serialize};
use web::fields::{as_typed, choice, either, filter, only};
use web::{Field, Findings, Form, words};

use super::json_text;
use crate::answer::Answer;
use crate::hosting::{HostOf, Refusal};
use crate::id::EventId;
use crate::question::Question;
use crate::words::Access;

/// A filter for invitations; omitted fields match everything.
///
/// Each field has the name of its query parameter.
#[derive(
    Clone,
    Debug,
    Default,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
    utoipa::IntoParams,
)]
#[serde(deny_unknown_fields, default)]
#[schema(as = Filter)]
#[into_params(parameter_in = Query)]
pub struct InvitationFilter {
    /// Words to find in names and tags. Hosts who may see codes and contact data also find codes,
    /// email addresses and telephone numbers.
    pub q: String,
    /// How much of the invitation is answered.
    pub response: Option<Answered>,
    /// Whether the household may answer now.
    pub access: Option<Access>,
    /// The tag of the household's language, or `none` for households whose language is unknown.
    pub language: Option<String>,
    /// One label, exactly as stored.
    pub tag: Option<String>,
    /// The key of an event to which the household is invited. Filters for answers then apply to
    /// this event only.
    pub event: Option<String>,
    /// Whether the household has an email address.
    pub email: Option<bool>,
    /// Whether the household has an email address, a telephone number or a postal address.
    pub contact: Option<bool>,
    /// Whether the household has opened the invitation.
    pub opened: Option<bool>,
    /// Whether the invitation is marked as sent.
    pub sent: Option<bool>,
    /// Whether the household needs no invitation any more: it is marked as sent, the household has
    /// opened its page, it answered without a code, or all that it was invited to is cancelled.
    pub invited: Option<bool>,
    /// Whether the household has its own deadline.
    pub r#override: Option<bool>,
    /// Whether the household brings more people than allowed.
    pub over: Option<bool>,
    /// Whether the household has written a note.
    pub note: Option<bool>,
    /// Whether the household gave something, and nobody has thanked the household for it.
    pub thanks: Option<bool>,
    /// Whether the invitation was created by an answer without a code, and whether hosts have
    /// approved it.
    pub open: Option<Open>,
    /// Whether the household has given at least one answer.
    pub answered: Option<bool>,
    /// The key of a question to households, such as `song`. Matches households that have answered
    /// the question and, according to their guests' replies, are still asked it. `song:…` matches
    /// only the answer after the colon.
    pub answer: Option<String>,
    /// True to find only archived invitations; false to find only those that are not archived.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub archived: bool,
}

/// The filter's fields, in the order in which the page shows them. Each field has the name of its
/// query parameter.
pub const FIELDS: &[Field] = web::fields! { InvitationFilter:
    q: as_typed(),
    tag: as_typed().optional(),
    response: choice().optional().label("host-filter-response"),
    access: choice().optional().label("host-filter-access"),
    event: as_typed().optional().label("host-filter-event"),
    answer: as_typed().optional().label("host-filter-answer"),
    language: as_typed().optional().label("host-filter-language"),
    open: choice().optional().label("host-filter-open"),
    answered: either("host-filter-answered-yes", "host-filter-answered-no")
        .label("host-filter-answered"),
    opened: either("host-filter-opened-yes", "host-filter-opened-no").label("host-filter-opened"),
    sent: either("host-filter-sent-yes", "host-filter-sent-no").label("host-filter-sent"),
    invited: either("host-filter-invited-yes", "host-filter-invited-no")
        .label("host-filter-invited"),
    email: either("host-filter-email-yes", "host-filter-email-no").label("host-filter-email"),
    contact: either("host-filter-contact-yes", "host-filter-contact-no")
        .label("host-filter-contact"),
    r#override: either("host-filter-override-yes", "host-filter-override-no")
        .label("host-filter-override"),
    over: either("host-filter-over-yes", "host-filter-over-no").label("host-filter-over"),
    note: either("host-filter-note-yes", "host-filter-note-no").label("host-filter-note"),
    thanks: either("host-filter-thanks-yes", "host-filter-thanks-no").label("host-filter-thanks"),
    archived: only("host-filter-archived-yes").label("host-filter-archived"),
};

words! {
    /// How much of an invitation is answered. An invitation can match several of these values.
    Answered {
        /// At least one answer is missing or says "not sure".
        Pending = "pending" => "host-response-pending",
        /// At least one guest says yes.
        Attending = "attending" => "host-response-attending",
        /// There are guests, and all of them decline.
        Declined = "declined" => "host-response-declined",
        Unanswered = "unanswered" => "host-response-unanswered",
        /// Some answers are given. Others are missing or say "not sure".
        Partial = "partial" => "host-response-partial",
        Complete = "complete" => "host-response-complete",
        /// Somebody waits for a seat.
        Waitlisted = "waitlisted" => "host-response-waitlisted",
    }
}

words! {
    /// Whether a guest created the invitation by answering without a code, and how hosts handled
    /// it.
    Open {
        /// The invitation was created without a code.
        Yes = "yes" => "host-filter-open-yes",
        /// A host created the invitation.
        No = "no" => "host-filter-open-no",
        /// Created without a code, and not yet approved by a host.
        Waiting = "waiting" => "host-filter-open-waiting",
        /// Waiting for approval. Somebody with the same name and contact data had answered before.
        Duplicate = "duplicate" => "host-filter-open-duplicate",
        /// Created without a code, and approved by a host.
        Approved = "approved" => "host-filter-open-approved",
    }
}

/// The query parameter that sets the order of a list. It is used together with the filter.
#[derive(Clone, Debug, Default, Serialize, Deserialize, utoipa::IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct Order {
    /// The order of the list.
    #[param(inline)]
    pub sort: Sort,
}

const ORDER: &[Field] = web::fields! { Order: sort: choice().label("host-order") };

words! {
    /// The order of an invitation list.
    #[derive(Default)]
    Sort {
        /// By household name.
        #[default]
        Household = "household" => "host-sort-household",
        /// Latest answer first.
        Replied = "replied" => "host-sort-replied",
        /// Newest first.
        Created = "created" => "host-sort-created",
        /// Most recently opened first.
        Opened = "opened" => "host-sort-opened",
        /// The household with the most guests first.
        Size = "size" => "host-sort-size",
    }
}

impl InvitationFilter {
    /// Parses the filter and the order from a query. An unknown parameter is ignored. An unknown
    /// value is refused.
    pub fn read(query: &Form) -> Result<(Self, Sort), Refusal> {
        let mut findings = Findings::default();
        let filter = filter::read(FIELDS, query, &mut findings);
        let Order { sort } = filter::read(ORDER, query, &mut findings);
        findings.finish()?;
        Ok((filter, sort))
    }

    pub fn query(&self) -> Form {
        filter::query(FIELDS, self)
    }

    /// Whether the filter's results reveal guests' answers, which not every caller may see.
    pub(super) fn asks_for_answers(&self) -> bool {
        self.response.is_some()
            || self.answer.is_some()
            || self.answered.is_some()
            || self.note.is_some()
    }

    /// Returns two conditions for the query. The first is whether the invitation has an answer. The
    /// second is whether one of its answers is missing or says "not sure". Each is `yes`, `no`, or
    /// empty for no condition.
    pub(super) fn answers_sought(&self) -> [&'static str; 2] {
        let (answered, unsettled) = match self.response {
            None | Some(Answered::Attending | Answered::Waitlisted | Answered::Declined) => {
                (None, None)
            }
            Some(Answered::Pending) => (None, Some(true)),
            Some(Answered::Unanswered) => (Some(false), None),
            Some(Answered::Partial) => (Some(true), Some(true)),
            Some(Answered::Complete) => (Some(true), Some(false)),
        };
        let answered = match (answered, self.answered) {
            // The two conditions contradict each other. This word matches no invitation.
            (Some(one), Some(other)) if one != other => "never",
            (one, other) => filter::flag_word(one.or(other)),
        };
        [answered, filter::flag_word(unsettled)]
    }
}

/// Returns the id of the event whose key the filter contains, or an empty id if the filter contains
/// no key.
pub fn event_id(tx: &mut Tx<'_>, host: &HostOf, key: Option<&str>) -> Result<String, Refusal> {
    let Some(key) = key.filter(|key| !key.is_empty()) else {
        return Ok(String::new());
    };
    let found: Option<(EventId,)> = tx.maybe(
        sql!("SELECT id FROM event WHERE occasion = $1 AND key = $2"),
        &[host.occasion(), &key],
    )?;
    let mut findings = Findings::default();
    if found.is_none() {
        findings.add("/event", "unknown_option", []);
    }
    findings.finish()?;
    Ok(found.map(|(id,)| id.to_string()).unwrap_or_default())
}

/// Returns the filter value for this answer to a question. If `answer` is `None`, the value matches
/// any answer.
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

/// Returns the filter value for guests who are asked and have not answered. It begins with a mark
/// that no key can contain.
pub fn unanswered_word(question: &Question) -> String {
    format!("{UNANSWERED}{}", question.key)
}

/// The mark before the question's key in an [`unanswered_word`].
pub(super) const UNANSWERED: char = '!';

/// Splits an [`answer_word`] for the query. Returns the question's key, the stored answer, and the
/// answer as a JSON list contains it.
pub(super) fn answer_sought(word: Option<&str>) -> [String; 3] {
    let word = word.unwrap_or_default();
    match word.split_once(':') {
        Some((key, value)) => [key.to_owned(), value.to_owned(), json_text(value)],
        None => [word.to_owned(), String::new(), String::new()],
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn typed(query: &[(&str, &str)]) -> Form {
        let pairs = query.iter();
        pairs
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn a_filter_survives_the_address() {
        let query = [
            ("q", "ali rahman"),
            ("response", "attending"),
            ("access", "locked"),
            ("tag", "family"),
            ("answer", "bus:late"),
            ("email", "no"),
            ("invited", "yes"),
            ("override", "no"),
            ("over", "yes"),
            ("open", "duplicate"),
            ("archived", "yes"),
            ("sort", "replied"),
            ("limit", "50"),
            ("language", ""),
        ];
        let (filter, sort) = InvitationFilter::read(&typed(&query)).unwrap();
        assert_eq!(sort, Sort::Replied);
        assert_eq!(filter.email, Some(false));
        assert_eq!(filter.language, None);
        let again = InvitationFilter::read(&filter.query()).unwrap();
        assert_eq!(again.0, filter);
        let said = filter.query();
        let said = said.iter().filter(|(_, value)| !value.is_empty());
        let sent = query
            .iter()
            .filter(|(name, value)| !["sort", "limit"].contains(name) && !value.is_empty());
        assert_eq!(
            said.collect::<BTreeMap<_, _>>(),
            sent.copied().collect::<BTreeMap<_, _>>()
        );
        let json = serde_json::to_string(&filter).unwrap();
        assert_eq!(
            serde_json::from_str::<InvitationFilter>(&json).unwrap(),
            filter
        );
    }

    #[test]
    fn unknown_words_are_refused_where_they_stand() {
        for (name, value) in [
            ("response", "maybe"),
            ("access", " "),
            ("sort", "age"),
            ("opened", "often"),
            ("archived", "2"),
        ] {
            let Err(Refusal::Fields(found)) = InvitationFilter::read(&typed(&[(name, value)]))
            else {
                panic!("{name} {value}");
            };
            assert_eq!(found[0].pointer, format!("/{name}"));
        }
    }
}
