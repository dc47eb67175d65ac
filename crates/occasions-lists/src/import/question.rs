//! The questions about a list.

use serde::Serialize;
use utoipa::ToSchema;
use web::words;

words! {
    /// What a question about a list is about.
    #[schema(as = ImportChoiceKind)]
    ChoiceKind {
        /// An email address that was mended, or that is none. The answer is the address; an empty
        /// one leaves it out.
        Email = "email" => "host-import-ask-email",
        /// A telephone number without a country's code that fits another country than the home country.
        /// The answer is the number; an empty one leaves it out.
        Phone = "phone" => "host-import-ask-phone",
        /// A number of people that cannot be read, or two that disagree. The answer is the number of all
        /// people of the household; an empty one leaves what was read.
        Number = "number" => "host-import-ask-number",
        /// Nobody in the household is named. The answer is `keep` or `leave_out`.
        Group = "group" => "host-import-ask-group",
        /// A household like this one is here. The answer is `leave`, `change` or `add`.
        Here = "here" => "host-import-ask-here",
        /// A food need that a row says of several people. The answer is `one_of`, `all` or the name
        /// of one of them.
        Food = "food" => "host-import-ask-food",
        /// The list says that they do not come. The answer is `keep`, `decline` or `leave_out`. Without
        /// one, `absent` in `choices` counts; else they are left out, or decline if others of their
        /// household come.
        NotComing = "not_coming" => "host-import-ask-not-coming",
    }
}

words! {
    /// What becomes of a household in a list if one like it is here already.
    Here {
        /// The household that is here stays as it is.
        Leave = "leave" => "host-import-here-leave",
        /// The household that is here takes the list's values.
        Change = "change" => "host-import-here-change",
        /// The list's household is added as another one.
        Add = "add" => "host-import-here-add",
    }
}

/// A question about a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ImportChoice)]
pub struct Choice {
    /// The name of the answer in `choices`. The same row of the same file has the same name again.
    pub key: String,
    /// What the question is about.
    pub kind: ChoiceKind,
    /// The row number as a spreadsheet shows it.
    pub row: usize,
    /// The household's name.
    pub household: String,
    /// What the list says.
    pub value: String,
    /// The name of the household that is here, if it has the same people under another name.
    #[serde(skip)]
    pub here: Option<String>,
    /// The possible answers; empty if the answer is a text.
    pub options: Vec<String>,
    /// The answer, or what happens without one.
    pub chosen: String,
    /// Whether a host has answered.
    pub is_answered: bool,
}
