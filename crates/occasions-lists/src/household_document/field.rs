//! The meanings of the columns of a table.

use platform::text_cleaning;
use web::words;

words! {
    /// The meaning of a column. Every occasion's guest list can have these columns.
    Field {
        /// The household's code, as printed on the card.
        Code = "code" => "host-export-code",
        /// The household's identifier in the list that it was imported from.
        Reference = "reference" => "host-import-reference",
        Household = "household" => "host-export-household",
        /// The opening line of the household's page and mails.
        Salutation = "salutation" => "host-field-salutation",
        Language = "language" => "host-export-language",
        /// The household's tags, which only hosts see.
        Tags = "tags" => "host-export-tags",
        /// How many additional guests the household may bring.
        PlusOnes = "plus_ones" => "host-field-plus-ones",
        /// How many additional children the household may bring.
        Children = "children" => "host-field-children",
        /// The household's email address.
        Email = "email" => "host-export-email",
        Phone = "phone" => "host-export-phone",
        /// The household's postal address. If several columns have this meaning, their cells are
        /// joined.
        Address = "address" => "host-export-address",
        Deadline = "deadline" => "host-export-deadline",
        /// The hosts' message to the household.
        Message = "message" => "host-export-host-message",
        /// The hosts' note, which only hosts see.
        Note = "note" => "host-export-host-note",
        /// The events to which the household is invited.
        Events = "events" => "host-import-events",
        /// The household's note to the hosts.
        Wish = "wish" => "host-export-note",
        /// All guests of a household in a single cell.
        Names = "names" => "host-import-names",
        /// The guest's whole name.
        Guest = "guest" => "host-export-guest",
        FirstName = "first_name" => "host-import-first-name",
        LastName = "last_name" => "host-import-last-name",
        /// The whole name of a second guest in the same row.
        Partner = "partner" => "host-import-partner",
        PartnerFirst = "partner_first" => "host-import-partner-first",
        PartnerLast = "partner_last" => "host-import-partner-last",
        /// Whether the hosts named the guest or the household brings the guest.
        Kind = "kind" => "host-export-kind",
        /// Whether the guest is a child.
        Child = "child" => "host-export-child",
        /// The age of a child.
        Age = "age" => "host-export-age",
        /// The guest's own email address.
        GuestEmail = "guest_email" => "host-import-guest-email",
        /// The guest's own telephone number.
        GuestPhone = "guest_phone" => "host-import-guest-phone",
        Diets = "diets" => "host-export-diets",
        /// The guest's dietary requirements as free text.
        DietNote = "diet_note" => "host-export-diet-note",
        GuestEvents = "guest_events" => "host-import-guest-events",
        /// How many people the household has, named or not.
        People = "people" => "host-import-people",
        /// How many adults the household has, named or not.
        Adults = "adults" => "host-import-adults",
        Title = "title" => "host-import-title",
        MiddleName = "middle_name" => "host-import-middle-name",
        Suffix = "suffix" => "host-import-suffix",
        PartnerTitle = "partner_title" => "host-import-partner-title",
        PartnerSuffix = "partner_suffix" => "host-import-partner-suffix",
        /// A telephone number or an email address.
        Contact = "contact" => "host-import-contact",
        /// A number or word that the rows of one household share.
        Group = "group" => "host-import-group",
        /// A reply to the occasion's only event.
        Reply = "reply" => "host-import-any-reply",
        /// What the household's note shows below the column's heading.
        Other = "other" => "host-import-other",
    }
}

/// The meaning of a column in an imported or exported table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Column {
    /// The column is ignored.
    Skip,
    Field(Field),
    /// Guests' replies to the event with this key.
    Reply(String),
    /// Whether the household is invited to the event with this key.
    Invited(String),
    /// Answers to the question with this key.
    Answer(String),
    /// A part of the person with this number, such as "Guest 2 First Name".
    Person(Numbered),
}

/// Which of several people of a row a column describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Numbered {
    pub(crate) is_child: bool,
    pub(crate) number: u8,
    pub(crate) part: Field,
}

impl Numbered {
    /// The parts of a person that a numbered column can hold.
    pub(crate) const PARTS: [Field; 6] = [
        Field::Guest,
        Field::Title,
        Field::FirstName,
        Field::LastName,
        Field::Email,
        Field::Phone,
    ];
}

impl From<Field> for Column {
    fn from(field: Field) -> Self {
        Self::Field(field)
    }
}

/// A heading or word without case, accents and punctuation.
pub(crate) fn folded(text: &str) -> String {
    if text.is_ascii() {
        let words = text.split(|sign: char| !sign.is_ascii_alphanumeric());
        let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
        return words.join(" ").to_ascii_lowercase();
    }
    let folded = text_cleaning::fold(text);
    let parts = folded.split(|sign: char| !sign.is_alphanumeric());
    let parts: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
    parts.join(" ")
}
