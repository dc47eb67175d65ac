//! Enums whose values are the same keywords in the store, in JSON and in query parameters.

pub use web::sheet::FileFormat;
use web::words;

words! {
    /// A role in an occasion. Each role may do more than the roles before it.
    Role {
        /// May see everything that the role permits, but change nothing.
        Observer = "observer" => "host-role-observer",
        /// May also change invitations and guests.
        Coordinator = "coordinator" => "host-role-coordinator",
        /// May do everything in the occasion.
        OccasionOwner = "occasion_owner" => "host-role-owner",
    }
}

words! {
    /// The kind of celebration.
    OccasionKind {
        Wedding = "wedding" => "host-kind-wedding",
        Engagement = "engagement" => "host-kind-engagement",
        Birthday = "birthday" => "host-kind-birthday",
        /// A feast (Malay: kenduri).
        Kenduri = "kenduri" => "host-kind-kenduri",
        Naming = "naming" => "host-kind-naming",
        /// A memorial. Its pages have formal texts and no decoration.
        Memorial = "memorial" => "host-kind-memorial",
        Other = "other" => "host-kind-other",
    }
}

words! {
    /// The state of an occasion.
    OccasionStatus {
        /// Only hosts can see the occasion.
        Draft = "draft" => "host-status-draft",
        /// Guests can open their codes and answer.
        Published = "published" => "host-status-published",
        /// Guests can open their codes, but not answer.
        Closed = "closed" => "host-status-closed",
        /// Guests' codes no longer work.
        Archived = "archived" => "host-status-archived",
    }
}

words! {
    /// A guest's answer for an event.
    ReplyStatus {
        /// The household has not answered (iCalendar: NEEDS-ACTION).
        Pending = "pending",
        Yes = "yes",
        No = "no",
        Undecided = "undecided",
        /// The guest has accepted, but the event is full.
        Waitlisted = "waitlisted",
    }
}

words! {
    /// Whether a host named the guest or the household brought them.
    GuestKind {
        Named = "named" => "host-kind-named",
        /// Added by the household, within its allowance.
        PlusOne = "plus_one" => "host-kind-plus-one",
    }
}

words! {
    /// Whether the household itself acted, or a host on its behalf.
    ActedBy {
        Household = "household",
        Host = "host",
    }
}

words! {
    /// The channel that an answer came through.
    Source {
        /// The site's pages.
        Web = "web",
        /// The JSON API.
        Api = "api",
        /// A live connection, such as a WebSocket.
        Socket = "socket",
        Import = "import",
        /// A host recorded an answer that the household gave in another way, for example by
        /// telephone.
        Phone = "phone",
        /// Seats became free, and the household moved up from the waiting list.
        Waitlist = "waitlist",
    }
}

words! {
    /// How hosts decide whether a household may answer, namely by the deadline or regardless of it.
    LockMode {
        /// The deadline decides.
        Auto = "auto" => "host-lock-auto",
        /// The household may not answer, regardless of the deadline.
        Locked = "locked" => "host-access-locked",
        /// The household may answer until `open_until`, regardless of the deadline.
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
        /// The code no longer works, because the occasion is archived.
        Expired = "expired" => "host-access-expired",
        /// The code no longer works, because it was replaced or the invitation was archived.
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
        /// Full sentences with polite forms of address.
        Formal = "formal" => "host-tone-formal",
        Casual = "casual" => "host-tone-casual",
        /// Short, warm sentences.
        Fun = "fun" => "host-tone-fun",
    }
}

words! {
    /// Whether households or guests are asked a question.
    AskedOf {
        Household = "household" => "host-asked-of-household",
        Guest = "guest" => "host-asked-of-guest",
    }
}

words! {
    /// The kind of answer that a question takes.
    QuestionKind {
        /// A text of one line.
        ShortText = "short_text" => "host-answer-short-text",
        /// A text of several lines.
        LongText = "long_text" => "host-answer-long-text",
        /// One of the question's choices.
        OneChoice = "one_choice" => "host-answer-one-choice",
        /// One of its choices, which the kitchen counts for one event.
        Meal = "meal" => "host-answer-meal",
        /// Any of its choices.
        SeveralChoices = "several_choices" => "host-answer-several-choices",
        YesNo = "yes_no" => "host-answer-yes-no",
        Number = "number" => "host-answer-number",
        Date = "date" => "host-answer-date",
    }
}

impl QuestionKind {
    /// Whether hosts define the possible answers to the question.
    pub fn takes_choices(self) -> bool {
        matches!(self, Self::OneChoice | Self::Meal | Self::SeveralChoices)
    }
}

words! {
    /// The state of a background job.
    Progress {
        /// Waiting in the queue.
        Queued = "queued",
        Running = "running",
        Ready = "ready",
        /// Failed permanently.
        Failed = "failed",
        /// Finished, but the resulting file has been deleted.
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
        /// One line per answer to the hosts' own questions.
        Questions = "questions" => "host-export-questions",
        /// The wish list: one line per reservation, and per gift that nobody has reserved.
        Gifts = "gifts" => "host-export-gifts",
        /// One line per gift that the hosts received.
        ReceivedGifts = "received_gifts" => "host-export-received",
        /// One line per uploaded picture or document.
        Uploads = "uploads" => "host-export-uploads",
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
