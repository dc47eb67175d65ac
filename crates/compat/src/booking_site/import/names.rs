//! The names of the fields in the older booking site's collections. Its program is not published,
//! so each field has several possible names. The first name with a value is used.

/// The fields of a collection.
pub(super) struct Names {
    /// The collection, and the name of its file without `.json`.
    pub(super) collection: &'static str,
    /// The fields with the ids of a row. Other rows refer to the row by these ids.
    pub(super) ids: &'static [&'static str],
    /// The name of each field in this import, and the other names that it may have in the export.
    pub(super) fields: &'static [(&'static str, &'static [&'static str])],
    /// Fields with passwords, which are not imported. The report counts them.
    pub(super) dropped: &'static [&'static str],
}

const IDS: &[&str] = &["_id", "id"];
const CREATED: (&str, &[&str]) = ("created_at", &["createdAt", "created", "timestamp"]);
const MEMBER: (&str, &[&str]) = ("mentee_id", &["user_id", "member_id", "student_id"]);
const MENTOR: (&str, &[&str]) = ("mentor_id", &["provider_id", "interviewer_id"]);
const DATE: (&str, &[&str]) = ("date", &["slot_date", "scheduled_date"]);
const START: (&str, &[&str]) = ("start_time", &["time", "from_time", "slot_time"]);
const END: (&str, &[&str]) = ("end_time", &["to_time"]);
const STARTS: (&str, &[&str]) = ("starts_at", &["start_datetime", "start_at", "scheduled_at"]);
const ENDS: (&str, &[&str]) = ("ends_at", &["end_datetime", "end_at"]);
const TYPE: (&str, &[&str]) = (
    "interview_type",
    &["session_type", "type", "interview_track"],
);
const LEVEL: (&str, &[&str]) = (
    "experience_level",
    &["level", "difficulty_level", "difficulty"],
);
const COMPANY: (&str, &[&str]) = ("company_id", &["company", "company_name", "target_company"]);
const LINK: (&str, &[&str]) = ("meeting_link", &["meet_link", "meeting_url", "meet_url"]);
const STATUS: (&str, &[&str]) = ("status", &["state"]);
const BOOKING: (&str, &[&str]) = ("booking_id", &["session_id", "interview_id"]);
const AMOUNT: (&str, &[&str]) = ("amount", &["total", "amount_paid", "payout_amount"]);
const ACTIVE: (&str, &[&str]) = ("is_active", &["active", "enabled"]);

pub(super) const USERS: Names = Names {
    collection: "users",
    ids: IDS,
    fields: &[
        ("email", &["email_address"]),
        ("name", &["full_name", "display_name", "username"]),
        ("password_hash", &["hashed_password", "password"]),
        ("role", &["user_type"]),
        (
            "email_verified",
            &[
                "is_email_verified",
                "emailVerified",
                "email_confirmed",
                "is_verified",
            ],
        ),
        ("bio", &["about"]),
        ACTIVE,
        (
            "sessions_left",
            &[
                "remaining_sessions",
                "sessions_remaining",
                "remaining_interviews",
                "interviews_remaining",
                "interview_quota_remaining",
                "remaining_quota",
                "quota_remaining",
                "quota",
            ],
        ),
        (
            "reviews_left",
            &[
                "remaining_resume_reviews",
                "resume_reviews_remaining",
                "resume_review_quota_remaining",
            ],
        ),
        (
            "plan_ends_at",
            &[
                "plan_end_date",
                "plan_expires_at",
                "plan_expiry",
                "plan_end",
                "subscription_end",
                "subscription_expires_at",
            ],
        ),
        CREATED,
        ("updated_at", &["updatedAt"]),
    ],
    dropped: &[],
};

pub(super) const COMPANIES: Names = Names {
    collection: "companies",
    ids: &["_id", "id", "company_id"],
    fields: &[
        ("name", &["company_name"]),
        ("slug", &[]),
        ("category", &["industry"]),
        ("description", &["about"]),
        ("interview_tracks", &["tracks"]),
        ("difficulty_levels", &["levels"]),
        ("logo_url", &["logo"]),
        ACTIVE,
    ],
    dropped: &[],
};

pub(super) const PLANS: Names = Names {
    collection: "pricing_plans",
    ids: &["_id", "id", "plan_id"],
    fields: &[
        ("name", &["title"]),
        ("price", &["amount", "price_minor"]),
        ("currency", &[]),
        ("duration_months", &["months", "duration"]),
        ("features", &["description"]),
        (
            "sessions",
            &[
                "interviews",
                "mock_interviews",
                "session_limit",
                "interview_quota",
            ],
        ),
        (
            "reviews",
            &["resume_reviews", "review_limit", "resume_review_quota"],
        ),
        ("limits", &["limit", "quotas"]),
        ("display_order", &["position", "order"]),
        ACTIVE,
    ],
    dropped: &[],
};

pub(super) const LINKS: Names = Names {
    collection: "meet_links",
    ids: IDS,
    fields: &[
        ("url", &["link", "meet_link", "meeting_link"]),
        ("name", &["label", "title"]),
        ACTIVE,
    ],
    dropped: &[],
};

pub(super) const SLOTS: Names = Names {
    collection: "mentor_slots",
    ids: &["_id", "id", "slot_id"],
    fields: &[
        MENTOR,
        DATE,
        START,
        END,
        STARTS,
        ENDS,
        ("interview_types", &["interview_type", "session_types"]),
        ("experience_levels", &["experience_level", "levels"]),
        (
            "company_specializations",
            &["companies", "company_ids", "company_id"],
        ),
        ("preparation_notes", &["notes", "description"]),
        LINK,
        STATUS,
        ("is_available", &["available"]),
        CREATED,
    ],
    dropped: &[],
};

pub(super) const BOOKINGS: Names = Names {
    collection: "bookings",
    ids: &["_id", "id", "booking_id"],
    fields: &[
        ("slot_id", &["mentor_slot_id"]),
        MEMBER,
        MENTOR,
        DATE,
        START,
        END,
        STARTS,
        ENDS,
        TYPE,
        LEVEL,
        COMPANY,
        ("topics", &["focus_areas", "specific_topics"]),
        ("notes", &["note", "additional_notes", "message"]),
        LINK,
        STATUS,
        ("cancelled_at", &["canceled_at"]),
        ("cancelled_by", &["canceled_by"]),
        ("cancel_reason", &["cancellation_reason", "reason"]),
        CREATED,
        ("updated_at", &["updatedAt"]),
    ],
    dropped: &[],
};

pub(super) const REQUESTS: Names = Names {
    collection: "booking_requests",
    ids: &["_id", "id", "request_id"],
    fields: &[
        MEMBER,
        (
            "preferred_slots",
            &["slot_ids", "preferred_slot_ids", "slots", "slot_id"],
        ),
        TYPE,
        LEVEL,
        COMPANY,
        ("topics", &["focus_areas", "specific_topics"]),
        ("notes", &["note", "additional_notes", "message"]),
        STATUS,
        BOOKING,
        CREATED,
    ],
    dropped: &[],
};

/// The scores in a feedback, each with the name of the criterion in Kenduri.
pub(super) const SCORES: &[(&str, &str)] = &[
    ("problem_solving", "Problem solving"),
    ("communication", "Communication"),
    ("technical", "Technical depth"),
    ("quality", "Quality"),
];

/// The text answers in a feedback, each with the name of the criterion in Kenduri.
pub(super) const ANSWERS: &[(&str, &str)] = &[
    ("strengths", "Strengths"),
    ("improvements", "Improvements"),
    ("actions", "Next steps"),
];

pub(super) const FEEDBACKS: Names = Names {
    collection: "feedbacks",
    ids: IDS,
    fields: &[
        BOOKING,
        (
            "author_role",
            &["author", "given_by", "from_role", "submitted_by"],
        ),
        ("rating", &["overall_rating", "overall", "overall_score"]),
        (
            "problem_solving",
            &["problem_solving_rating", "problem_solving_score"],
        ),
        (
            "communication",
            &["communication_rating", "communication_score"],
        ),
        (
            "technical",
            &["technical_depth", "technical_skills", "technical_knowledge"],
        ),
        ("quality", &["code_quality", "quality_rating"]),
        ("strengths", &[]),
        ("improvements", &["areas_for_improvement", "weaknesses"]),
        (
            "comments",
            &["comment", "feedback", "text", "detailed_feedback"],
        ),
        ("actions", &["action_items", "next_steps"]),
        ("private_note", &["private_notes", "internal_notes"]),
        ("verdict", &["recommendation", "hire_recommendation"]),
        CREATED,
    ],
    dropped: &[],
};

pub(super) const ORDERS: Names = Names {
    collection: "orders",
    ids: &["_id", "id", "order_id"],
    fields: &[
        ("user_id", &["mentee_id", "member_id"]),
        ("email", &["user_email", "customer_email"]),
        ("plan_id", &["pricing_plan_id", "plan"]),
        ("plan_name", &[]),
        AMOUNT,
        ("currency", &[]),
        ("status", &["state", "payment_status"]),
        ("razorpay_order_id", &[]),
        ("razorpay_payment_id", &["payment_id"]),
        CREATED,
        ("paid_at", &["completed_at", "verified_at"]),
    ],
    dropped: &["password_hash", "hashed_password", "password"],
};

pub(super) const PAYOUTS: Names = Names {
    collection: "payouts",
    ids: &["_id", "id", "payout_id"],
    fields: &[
        MENTOR,
        BOOKING,
        AMOUNT,
        ("currency", &[]),
        STATUS,
        (
            "reference",
            &["transaction_id", "transaction_reference", "utr"],
        ),
        ("reason", &["notes", "rejection_reason"]),
        CREATED,
        ("paid_at", &["processed_at"]),
    ],
    dropped: &[],
};

pub(super) const REVIEWS: Names = Names {
    collection: "resume_requests",
    ids: &["_id", "id", "request_id"],
    fields: &[
        MEMBER,
        MENTOR,
        (
            "file_name",
            &[
                "filename",
                "resume_filename",
                "original_filename",
                "resume_name",
            ],
        ),
        (
            "file_data",
            &[
                "file_content",
                "resume_data",
                "resume_content",
                "resume_base64",
                "file",
            ],
        ),
        ("file_path", &["resume_path", "path"]),
        ("goal", &["target_role", "purpose", "target_position"]),
        ("focus", &["focus_areas", "specific_areas"]),
        ("notes", &["note", "additional_notes", "message"]),
        STATUS,
        ("score_overall", &["overall_score", "score"]),
        ("strengths", &[]),
        ("improvements", &["areas_for_improvement"]),
        ("recommendations", &["feedback", "review", "comments"]),
        CREATED,
        ("completed_at", &["reviewed_at"]),
    ],
    dropped: &[],
};

/// All collections that are imported.
pub(super) const ALL: [&Names; 11] = [
    &USERS, &COMPANIES, &PLANS, &LINKS, &SLOTS, &BOOKINGS, &REQUESTS, &FEEDBACKS, &ORDERS,
    &PAYOUTS, &REVIEWS,
];
