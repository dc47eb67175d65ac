//! Status words: closed sets that are stored, sent and read as the same word.

pub use web::sheet::FileFormat;
use web::words;

words! {
    /// What somebody is to an occasion; the later may more.
    Role {
        /// Sees, changes nothing.
        Observer = "observer" => "host-role-observer",
        /// Works on invitations and guests.
        Coordinator = "coordinator" => "host-role-coordinator",
        /// Everything there.
        OccasionOwner = "occasion_owner" => "host-role-owner",
    }
}

words! {
    /// What is celebrated.
    OccasionKind {
        /// A wedding.
        Wedding = "wedding" => "host-kind-wedding",
        /// An engagement.
        Engagement = "engagement" => "host-kind-engagement",
        /// A birthday.
        Birthday = "birthday" => "host-kind-birthday",
        /// A feast.
        Kenduri = "kenduri" => "host-kind-kenduri",
        /// A naming.
        Naming = "naming" => "host-kind-naming",
        /// A memorial: no decoration, formal words.
        Memorial = "memorial" => "host-kind-memorial",
        /// Anything else.
        Other = "other" => "host-kind-other",
    }
}

words! {
    /// Where an occasion is in its life.
    OccasionStatus {
        /// Only hosts see it.
        Draft = "draft" => "host-status-draft",
        /// Codes open, answers are taken.
        Published = "published" => "host-status-published",
        /// View-only for all.
        Closed = "closed" => "host-status-closed",
        /// Codes are dead.
        Archived = "archived" => "host-status-archived",
    }
}

words! {
    /// One guest's answer for one event.
    ReplyStatus {
        /// Nobody answered (iCalendar NEEDS-ACTION).
        Pending = "pending",
        /// Coming.
        Yes = "yes",
        /// Not coming.
        No = "no",
        /// Answered: not sure.
        Undecided = "undecided",
        /// Wanted yes; the event is full.
        Waitlisted = "waitlisted",
    }
}

words! {
    /// Whether a host named the guest or the household brought them.
    GuestKind {
        /// Put there by a host.
        Named = "named" => "host-kind-named",
        /// Added under the allowance.
        PlusOne = "plus_one" => "host-kind-plus-one",
    }
}

words! {
    /// Who acted: the household itself or a host for it.
    ActedBy {
        /// The household.
        Household = "household",
        /// A host.
        Host = "host",
    }
}

words! {
    /// How an answer arrived.
    Source {
        /// A page.
        Web = "web",
        /// The JSON interface.
        Api = "api",
        /// A live connection.
        Socket = "socket",
        /// A file.
        Import = "import",
        /// A host, on the telephone.
        Phone = "phone",
    }
}

words! {
    /// What decides whether a household may still answer.
    LockMode {
        /// The deadline.
        Auto = "auto" => "host-lock-auto",
        /// Closed, whatever the deadline.
        Locked = "locked" => "host-access-locked",
        /// Open, whatever the deadline, until `open_until`.
        Open = "open" => "host-access-open",
    }
}

words! {
    /// What a household may do now. Computed, never stored.
    Access {
        /// Answer.
        Open = "open" => "host-access-open",
        /// Only look: the deadline has passed or the occasion is closed.
        Closed = "closed" => "host-access-closed",
        /// Only look: a host said so.
        Locked = "locked" => "host-access-locked",
        /// The occasion is archived.
        Expired = "expired" => "host-access-expired",
        /// The code was replaced or the invitation archived.
        Revoked = "revoked" => "host-access-revoked",
    }
}

words! {
    /// How much of an invitation is answered. Derived, never stored.
    Response {
        /// Every reply pending, or nobody to answer for.
        Unanswered = "unanswered" => "host-response-unanswered",
        /// Some answered, and some pending or undecided.
        Partial = "partial" => "host-response-partial",
        /// None pending or undecided.
        Complete = "complete" => "host-response-complete",
    }
}

words! {
    /// How the default wordings speak.
    Tone {
        /// Full sentences, polite forms.
        Formal = "formal" => "host-tone-formal",
        /// Friendly.
        Casual = "casual" => "host-tone-casual",
        /// Warm and short.
        Fun = "fun" => "host-tone-fun",
    }
}

words! {
    /// Of whom a question is asked.
    AskedOf {
        /// Once of the whole household.
        Household = "household" => "host-asked-of-household",
        /// Of each person.
        Guest = "guest" => "host-asked-of-guest",
    }
}

words! {
    /// What kind of answer a question takes.
    QuestionKind {
        /// One line.
        ShortText = "short_text" => "host-answer-short-text",
        /// Several lines.
        LongText = "long_text" => "host-answer-long-text",
        /// One of its choices.
        OneChoice = "one_choice" => "host-answer-one-choice",
        /// Any of its choices.
        SeveralChoices = "several_choices" => "host-answer-several-choices",
        /// Yes or no.
        YesNo = "yes_no" => "host-answer-yes-no",
        /// A whole number.
        Number = "number" => "host-answer-number",
        /// A day.
        Date = "date" => "host-answer-date",
    }
}

impl QuestionKind {
    /// Whether hosts give the answers there are.
    pub fn takes_choices(self) -> bool {
        matches!(self, Self::OneChoice | Self::SeveralChoices)
    }
}

words! {
    /// How far something is that runs in the background for hosts.
    Progress {
        /// Waits for its turn.
        Queued = "queued",
        /// Under way.
        Running = "running",
        /// Done.
        Ready = "ready",
        /// Given up.
        Failed = "failed",
        /// Was done; its file is gone.
        Expired = "expired",
    }
}

words! {
    /// What an export lists.
    ExportKind {
        /// One line per guest.
        Guests = "guests" => "host-export-guests",
        /// One line per household.
        Households = "households" => "host-export-households",
        /// One line per guest and event.
        Replies = "replies" => "host-export-replies",
        /// For the kitchen: how many, and who.
        Diets = "diets" => "host-export-diets",
        /// One line per answer to a question of the hosts.
        Questions = "questions" => "host-export-questions",
    }
}
