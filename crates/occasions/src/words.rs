//! Enums with keywords as values. The keywords are the same in the store, in JSON and in query
//! parameters.

pub use web::sheet::FileFormat;
use web::words;

words! {
    /// A role in an occasion. Each role permits more than the roles before it.
    Role {
        /// May see the occasion, the guests and their answers, but no codes or contact data. May
        /// change nothing.
        Observer = "observer" => "host-role-observer",
        /// May also see codes and contact data, and change invitations, guests and texts.
        Coordinator = "coordinator" => "host-role-coordinator",
        /// May do everything in the occasion.
        OccasionOwner = "occasion_owner" => "host-role-owner",
    }
}

words! {
    /// The kind of celebration.
    #[derive(Default)]
    OccasionKind {
        #[default]
        Wedding = "wedding" => "host-kind-wedding",
        Engagement = "engagement" => "host-kind-engagement",
        Birthday = "birthday" => "host-kind-birthday",
        /// A party for children.
        Children = "children" => "host-kind-children",
        /// The birth of a child.
        Naming = "naming" => "host-kind-naming",
        Anniversary = "anniversary" => "host-kind-anniversary",
        /// An open house, or a feast, which is called kenduri in Malay.
        Kenduri = "kenduri" => "host-kind-kenduri",
        Company = "company" => "host-kind-company",
        /// A memorial. Its pages have formal texts and no decoration.
        Memorial = "memorial" => "host-kind-memorial",
        Other = "other" => "host-kind-other",
    }
}

words! {
    /// The state of an occasion.
    #[derive(Default)]
    OccasionStatus {
        /// Only hosts can see the occasion.
        #[default]
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
    /// A guest's reply to an event.
    ReplyStatus {
        /// There is no reply yet (iCalendar: NEEDS-ACTION).
        Pending = "pending",
        Yes = "yes",
        No = "no",
        Undecided = "undecided",
        /// The guest has said yes, but the event is full.
        Waitlisted = "waitlisted",
    }
}

impl ReplyStatus {
    /// Whether an answer is still missing or undecided.
    pub(crate) fn is_open(self) -> bool {
        matches!(self, Self::Pending | Self::Undecided)
    }
}

words! {
    /// Whether a host listed the guest by name or the household brings the guest.
    #[derive(Default)]
    GuestKind {
        #[default]
        Named = "named" => "host-kind-named",
        /// The household brings the guest, within its allowance.
        PlusOne = "plus_one" => "host-kind-plus-one",
    }
}

words! {
    /// Whether the household itself acted, or a host acted for it.
    #[derive(Default)]
    ActedBy {
        #[default]
        Household = "household",
        Host = "host",
    }
}

words! {
    /// The channel through which an answer came.
    Source {
        /// The site's pages.
        Web = "web",
        /// The JSON API.
        Api = "api",
        /// A live connection, such as a WebSocket.
        Socket = "socket",
        Import = "import",
        /// A host recorded the answer. The household gave it in another way, for example by
        /// telephone.
        Phone = "phone",
        /// The household moved up from the waiting list, because seats became free.
        Waitlist = "waitlist",
    }
}

words! {
    /// What decides whether a household may answer: the deadline, or a host.
    #[derive(Default)]
    LockMode {
        /// The deadline decides.
        #[default]
        Auto = "auto" => "host-lock-auto",
        /// A host has closed answers, regardless of the deadline.
        Locked = "locked" => "host-access-locked",
        /// A host keeps answers open until `open_until`, regardless of the deadline.
        Open = "open" => "host-access-open",
    }
}

words! {
    /// What a household may do now. It is computed and never stored.
    Access {
        /// The household may answer.
        Open = "open" => "host-access-open",
        /// The household may only read, because the deadline has passed or the occasion is closed.
        Closed = "closed" => "host-access-closed",
        /// The household may only read, because a host has locked its answers.
        Locked = "locked" => "host-access-locked",
        /// The code no longer works, because the occasion is archived.
        Expired = "expired" => "host-access-expired",
        /// The code no longer works, because it was replaced or the invitation was archived.
        Revoked = "revoked" => "host-access-revoked",
    }
}

words! {
    /// How much of an invitation is answered. It is computed and never stored.
    Response {
        /// No reply has been given, or there are no guests.
        Unanswered = "unanswered" => "host-response-unanswered",
        /// Some replies are given. Others are pending or undecided.
        Partial = "partial" => "host-response-partial",
        /// No reply is pending or undecided.
        Complete = "complete" => "host-response-complete",
    }
}

words! {
    /// The tone of the built-in texts.
    #[derive(Default)]
    Tone {
        /// Full sentences, with polite forms of address.
        #[default]
        Formal = "formal" => "host-tone-formal",
        Casual = "casual" => "host-tone-casual",
        /// Short, warm sentences.
        Fun = "fun" => "host-tone-fun",
    }
}

words! {
    /// Whether households or guests are asked a question.
    #[derive(Default)]
    AskedOf {
        Household = "household" => "host-asked-of-household",
        #[default]
        Guest = "guest" => "host-asked-of-guest",
    }
}

words! {
    /// The kind of answer that a question takes.
    #[derive(Default)]
    QuestionKind {
        /// A text of one line.
        #[default]
        ShortText = "short_text" => "host-answer-short-text",
        /// A text of several lines.
        LongText = "long_text" => "host-answer-long-text",
        /// One of the question's choices.
        OneChoice = "one_choice" => "host-answer-one-choice",
        /// One of the question's choices. The kitchen counts the choices for one event.
        Meal = "meal" => "host-answer-meal",
        /// Any number of the question's choices.
        SeveralChoices = "several_choices" => "host-answer-several-choices",
        YesNo = "yes_no" => "host-answer-yes-no",
        Number = "number" => "host-answer-number",
        Date = "date" => "host-answer-date",
    }
}

impl QuestionKind {
    /// Whether the hosts define the possible answers.
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
        /// Finished, but its file has been deleted since.
        Expired = "expired",
    }
}

words! {
    /// What an export contains.
    ExportKind {
        /// One line per guest.
        Guests = "guests" => "host-export-guests",
        /// One line per household.
        Households = "households" => "host-export-households",
        /// One line per guest and event.
        Replies = "replies" => "host-export-replies",
        /// The list for the kitchen: dietary requirements, how often each occurs, and which guests
        /// have them.
        Diets = "diets" => "host-export-diets",
        /// One line per answer to the hosts' own questions.
        Questions = "questions" => "host-export-questions",
        /// The wish list: one line per reservation, and one line per gift that nobody has reserved.
        Gifts = "gifts" => "host-export-gifts",
        /// One line per gift that the hosts received.
        ReceivedGifts = "received_gifts" => "host-export-received",
        /// One line per uploaded picture or document.
        Uploads = "uploads" => "host-export-uploads",
        /// Households with their guests and all answers. An import can read this list again.
        Everything = "everything" => "host-export-everything",
    }
}

words! {
    /// The topic of a page that hosts write for their guests.
    PageKind {
        /// The hosts' story.
        Story = "story" => "page-story",
        /// How to get to the venue.
        Travel = "travel" => "page-travel",
        /// Where to stay.
        Stay = "stay" => "page-stay",
        /// Questions and answers.
        Questions = "questions" => "page-questions",
        /// Anything else. The page has no built-in title, so the hosts must write one.
        Other = "other" => "page-other",
    }
}

words! {
    /// Who sees a page that hosts write for their guests.
    PageAudience {
        /// Anybody who has the occasion's link.
        Everybody = "everybody" => "host-page-everybody",
        /// Guests who have opened their invitation.
        Invited = "invited" => "host-page-invited",
        /// Only hosts.
        Nobody = "nobody" => "host-page-nobody",
    }
}

impl PageAudience {
    /// Returns whether a guest sees the page. `is_invited` says whether the guest has opened an
    /// invitation.
    pub fn includes(self, is_invited: bool) -> bool {
        match self {
            Self::Everybody => true,
            Self::Invited => is_invited,
            Self::Nobody => false,
        }
    }
}
