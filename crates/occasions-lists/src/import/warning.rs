//! What a host should look at in a list that is imported all the same.

use web::words;

words! {
    /// A problem in a list. The import still runs, but a host should look at the problem.
    Warning {
        /// The household has no email address.
        NoEmail = "no_email" => "host-import-no-email",
        /// A household that is here has the same name or people, but a different email address.
        DoubtfulDuplicate = "doubtful_duplicate" => "host-import-doubtful-duplicate",
        /// The occasion does not offer this language. The default language is used instead.
        UnknownLanguage = "unknown_language" => "host-import-unknown-language",
        /// The occasion does not offer this dietary option. The requirement is stored as text.
        UnknownDiet = "unknown_diet" => "host-import-unknown-diet",
        /// The reply or answer was not recognized. It is skipped.
        UnknownAnswer = "unknown_answer" => "host-import-unknown-answer",
        /// The household has no place for this value: another row or column says something else, or
        /// the row names no guest to whom the value could belong. It is skipped.
        LeftOut = "left_out" => "host-import-left-out",
        /// The row names several guests. The value is stored with the first of them.
        FirstGuest = "first_guest" => "host-import-first-guest",
        /// The guest is not invited to this event. The reply is skipped.
        NotInvited = "not_invited" => "host-import-not-invited",
        /// The line names nobody: a title, a sum or a dividing line. It is skipped.
        LineLeftOut = "line_left_out" => "host-import-line-left-out",
        /// The host left the household out. It is skipped.
        LeftOutByHost = "left_out_by_host" => "host-import-left-out-by-host",
        /// The host has not chosen these contacts. The value holds their number and first names.
        NotChosen = "not_chosen" => "host-import-not-chosen",
        /// The contacts have more than is read. The value holds the name of the vCard property, and
        /// how often it occurs.
        NotRead = "not_read" => "host-import-not-read",
        /// The line is a label of the lines below it.
        Section = "section" => "host-import-section",
        /// The column is left alone. The value holds its first cells.
        ColumnLeftAlone = "column_left_alone" => "host-import-column-left-alone",
        /// There is no field for the value. It is in the household's note.
        InNote = "in_note" => "host-import-in-note",
        /// The list does not say how many people come. One place is allowed besides the usual.
        NumberUnknown = "number_unknown" => "host-import-number-unknown",
        /// The number of people was read in one of several possible ways.
        NumberDoubtful = "number_doubtful" => "host-import-number-doubtful",
        /// Whether the cell names one person or several is not certain.
        NameDoubtful = "name_doubtful" => "host-import-name-doubtful",
        /// The first of two people has no family name. None is invented.
        NoSurname = "no_surname" => "host-import-no-surname",
        /// The email address had a comma where a dot belongs.
        EmailMended = "email_mended" => "host-import-email-mended",
        /// The address looks mistyped. It is kept as it is written.
        EmailDoubtful = "email_doubtful" => "host-import-email-doubtful",
        /// One more person comes, of whom no name is known. The household has a place for them.
        PlusOne = "plus_one" => "host-import-plus-one",
        /// This is no email address. It is in the household's note.
        EmailInNote = "email_in_note" => "host-import-email-in-note",
        /// The spreadsheet has rounded the telephone number. It is skipped.
        DigitsLost = "digits_lost" => "host-import-digits-lost",
        /// The telephone number is none of the home country, and has no other country's code. It is
        /// kept as it is written.
        PhoneUnread = "phone_unread" => "host-import-phone-unread",
        /// The telephone number has no country's code, and was read as one of the country in its row.
        PhoneOfCountry = "phone_of_country" => "host-import-phone-of-country",
        /// The telephone number has no country's code, and fits another country of the list better than
        /// the home country. It is kept as it is written.
        PhoneAbroad = "phone_abroad" => "host-import-phone-abroad",
        /// The row names several people, and each adult's note on food says "one of".
        WhoseDiet = "whose_diet" => "host-import-whose-diet",
        /// Somebody has replied otherwise here, so that stays. The value says the reply of the list.
        ReplyStays = "reply_stays" => "host-import-reply-stays",
        /// The reply counts for those who are named, and the row counts more people.
        OnlyNamed = "only_named" => "host-import-only-named",
        /// Somebody has said other food needs here, so they stay. The value says those of the list.
        FoodStays = "food_stays" => "host-import-food-stays",
        /// The note speaks of an allergy. It stands in the note on food too.
        AllergyNote = "allergy_note" => "host-import-allergy-note",
        /// The list says that they do not come, so they are left out.
        LeftOutAbsent = "left_out_absent" => "host-import-left-out-absent",
        /// The list says that they do not come, but not to which event. It is in the note.
        NotComing = "not_coming" => "host-import-not-coming",
        /// An earlier row has the same name and another telephone number or email address, or none.
        SameName = "same_name" => "host-import-same-name",
        /// An earlier row has the same name and the same telephone number or email address: they
        /// are one household.
        Joined = "joined" => "host-import-joined",
        /// An earlier row has the same telephone number or email address, but another name.
        SameContact = "same_contact" => "host-import-same-contact",
        /// All people of an earlier household of the list have these names. The value says them, and
        /// the earlier household.
        SamePeople = "same_people" => "host-import-same-people",
        /// A household that is here under another name has the same telephone number or email address.
        /// The value says it, and that household.
        ContactHere = "contact_here" => "host-import-contact-here",
        /// The list does not say who is invited to what. The value names the events to which new
        /// households are invited.
        InvitedTo = "invited_to" => "host-import-invited-to",
        /// The list says who answers, but names nobody who comes.
        NobodyNamed = "nobody_named" => "host-import-nobody-named",
    }
}
