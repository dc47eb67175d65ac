//! Enums with values that are stored, sent and parsed as the same words.

pub use web::sheet::FileFormat;
use web::words;

words! {
    /// A role in an occasion. Each role may do more than the roles before it.
    Role {
        /// May see, but not change anything.
        Observer = "observer" => "host-role-observer",
        /// May change invitations and guests.
        Coordinator = "coordinator" => "host-role-coordinator",
        /// May do everything in the occasion.
        OccasionOwner = "occasion_owner" => "host-role-owner",
    }
}

words! {
    /// The kind of celebration.
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
        /// A memorial, which has no decoration and formal words.
        Memorial = "memorial" => "host-kind-memorial",
        /// Anything else.
        Other = "other" => "host-kind-other",
    }
}

words! {
    /// The state of an occasion.
    OccasionStatus {
        /// Only hosts see it.
        Draft = "draft" => "host-status-draft",
        /// Guests can open their codes and answer.
        Published = "published" => "host-status-published",
        /// Guests can look, but not answer.
        Closed = "closed" => "host-status-closed",
        /// Codes no longer work.
        Archived = "archived" => "host-status-archived",
    }
}

words! {
    /// A guest's answer for an event.
    ReplyStatus {
        /// Nobody answered (iCalendar NEEDS-ACTION).
        Pending = "pending",
        /// Coming.
        Yes = "yes",
        /// Not coming.
        No = "no",
        /// Not sure.
        Undecided = "undecided",
        /// Guests who accepted an event that is already full.
        Waitlisted = "waitlisted",
    }
}

words! {
    /// Whether a host named the guest or the household brought them.
    GuestKind {
        /// Named by a host.
        Named = "named" => "host-kind-named",
        /// Added by the household, within its allowance.
        PlusOne = "plus_one" => "host-kind-plus-one",
    }
}

words! {
    /// Whether the household itself acted, or a host on its behalf.
    ActedBy {
        /// The household.
        Household = "household",
        /// A host.
        Host = "host",
    }
}

words! {
    /// The channel that an answer came through.
    Source {
        /// A page on the site.
        Web = "web",
        /// The JSON API.
        Api = "api",
        /// A live connection, such as a socket.
        Socket = "socket",
        /// An imported file.
        Import = "import",
        /// A host, who was told the answer, for example on the telephone.
        Phone = "phone",
    }
}

words! {
    /// How hosts decide whether a household may answer, namely by the deadline or regardless of it.
    LockMode {
        /// The deadline decides.
        Auto = "auto" => "host-lock-auto",
        /// Closed, regardless of the deadline.
        Locked = "locked" => "host-access-locked",
        /// Open until `open_until`, regardless of the deadline.
        Open = "open" => "host-access-open",
    }
}

words! {
    /// A household's present access. It is computed and never stored.
    Access {
        /// The household may answer.
        Open = "open" => "host-access-open",
        /// The household may only look, because the deadline has passed or the occasion is closed.
        Closed = "closed" => "host-access-closed",
        /// The household may only look, because a host locked its answers.
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
        /// Every reply is pending, or there are no guests.
        Unanswered = "unanswered" => "host-response-unanswered",
        /// Some replies are given, and some are pending or undecided.
        Partial = "partial" => "host-response-partial",
        /// No reply is pending or undecided.
        Complete = "complete" => "host-response-complete",
    }
}

words! {
    /// The tone of the built-in wordings.
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
    /// Whether households or guests are asked a question.
    AskedOf {
        /// The household, once.
        Household = "household" => "host-asked-of-household",
        /// Each guest.
        Guest = "guest" => "host-asked-of-guest",
    }
}

words! {
    /// The kind of answer that a question takes.
    QuestionKind {
        /// One line.
        ShortText = "short_text" => "host-answer-short-text",
        /// Several lines.
        LongText = "long_text" => "host-answer-long-text",
        /// One of its choices.
        OneChoice = "one_choice" => "host-answer-one-choice",
        /// One of its choices, which the kitchen counts for one event.
        Meal = "meal" => "host-answer-meal",
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
    /// Returns whether hosts define the possible answers.
    pub fn takes_choices(self) -> bool {
        matches!(self, Self::OneChoice | Self::Meal | Self::SeveralChoices)
    }
}

words! {
    /// The state of a background job.
    Progress {
        /// Waiting in the queue.
        Queued = "queued",
        /// Running.
        Running = "running",
        /// Finished.
        Ready = "ready",
        /// Abandoned after an error.
        Failed = "failed",
        /// Finished, and its file has been deleted.
        Expired = "expired",
    }
}

words! {
    /// The contents of an export.
    ExportKind {
        /// One line per guest.
        Guests = "guests" => "host-export-guests",
        /// One line per household.
        Households = "households" => "host-export-households",
        /// One line per guest and event.
        Replies = "replies" => "host-export-replies",
        /// For the kitchen: dietary requirements, their numbers, and the guests who have them.
        Diets = "diets" => "host-export-diets",
        /// One line per answer to a question of the hosts.
        Questions = "questions" => "host-export-questions",
        /// The wish list: one line per reservation, and per gift that nobody has reserved.
        Gifts = "gifts" => "host-export-gifts",
        /// One line per gift that the hosts received.
        ReceivedGifts = "received_gifts" => "host-export-received",
        /// Households with everyone on them and all answers, in a form that an import can read
        /// again.
        Everything = "everything" => "host-export-everything",
    }
}

words! {
    /// What a page of the hosts for their guests is about.
    PageKind {
        /// The hosts' story.
        Story = "story" => "page-story",
        /// How to get there.
        Travel = "travel" => "page-travel",
        /// Where to stay.
        Stay = "stay" => "page-stay",
        /// Questions and answers.
        Questions = "questions" => "page-questions",
        /// Anything else. Such a page has a title of its own.
        Other = "other" => "page-other",
    }
}

words! {
    /// Who sees a page of the hosts for their guests.
    PageAudience {
        /// Anybody with the occasion's link.
        Everybody = "everybody" => "host-page-everybody",
        /// Guests who opened their invitation.
        Invited = "invited" => "host-page-invited",
        /// Only hosts.
        Nobody = "nobody" => "host-page-nobody",
    }
}

impl PageAudience {
    /// Returns whether a guest sees the page. `is_invited` is whether the guest came with a code.
    pub fn includes(self, is_invited: bool) -> bool {
        match self {
            Self::Everybody => true,
            Self::Invited => is_invited,
            Self::Nobody => false,
        }
    }
}
