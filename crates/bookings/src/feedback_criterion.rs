//! The criteria of feedback, which administrators keep as a list. Each side of a session answers
//! its own criteria, with a score or in words.

use platform::store::Row;
use platform::{StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use site::resource::{History, Removal, Resource, history_of, next_position, position};
use utoipa::ToSchema;
use web::fields::{choice, flag, line};
use web::{Field, Input, List, PageQuery};

use crate::Refusal;
use crate::settings::Administrator;

platform::id!(CriterionId, random, "One criterion of feedback.");

web::words! {
    /// The side of a session that gives feedback.
    #[schema(as = FeedbackAuthor)]
    Author {
        /// The member who booked.
        Member = "member" => "booking-party-member",
        /// The provider whose time was booked.
        Provider = "provider" => "booking-party-provider",
    }
}

web::words! {
    /// How a criterion is answered.
    #[schema(as = FeedbackCriterionKind)]
    Kind {
        /// With a score from 0 to 5.
        Score = "score" => "criterion-score",
        /// In words.
        Text = "text" => "criterion-text",
    }
}

/// A criterion by which one side of a session gives feedback.
#[derive(Clone, Debug, PartialEq, Eq, Row, Serialize, Deserialize, ToSchema)]
#[row(table = "criterion")]
#[schema(as = FeedbackCriterion)]
pub struct Criterion {
    /// The criterion's id.
    pub id: CriterionId,
    /// The side that answers it.
    pub author: Author,
    /// How it is answered.
    pub kind: Kind,
    /// The name, 1–80 characters.
    pub label: String,
    /// Whether new feedback contains the criterion.
    pub active: bool,
    /// The position in the list of criteria.
    pub position: i64,
    /// The version, which increases with every change.
    pub version: i64,
}

/// Lists all criteria, the active ones first.
pub fn list(tx: &mut Tx<'_>) -> Result<Vec<Criterion>, StoreError> {
    let all = sql!("SELECT {Criterion} FROM criterion ORDER BY active DESC, author, position, id");
    tx.all(all, &[])
}

impl Resource for Criterion {
    type Parent = Administrator;
    const FIELDS: &'static [Field] = web::fields! { Criterion:
        author: choice().label("criterion-author").required().fixed(),
        kind: choice().label("criterion-kind").fixed(),
        label: line(80).label("criterion-label").required(),
        active: flag().label("criterion-active"),
        position: position().label("plan-position"),
    };
    const HISTORY: History = history_of!("criterion", named_by: "label");
    const LIMIT: Option<usize> = Some(40);

    site::stored_in_table!();

    fn list(tx: &mut Tx<'_>, _: &Administrator, _: &PageQuery) -> Result<List<Self>, Refusal> {
        Ok(List::whole(list(tx)?))
    }

    fn blank(
        tx: &mut Tx<'_>,
        _: &Administrator,
        _: &Input,
        there: &[Self],
    ) -> Result<Self, Refusal> {
        Ok(Self {
            id: tx.id(),
            author: Author::Provider,
            kind: Kind::Score,
            label: String::new(),
            active: true,
            position: next_position(there.iter().map(|one| one.position)),
            version: 1,
        })
    }

    fn removal(&self, tx: &mut Tx<'_>, _: &Administrator, _: &[Self]) -> Result<Removal, Refusal> {
        let (written,): (i64,) = sql!(
            "SELECT COUNT(*) FROM feedback WHERE author = :author",
            author = self.author
        )
        .one(tx)?;
        Ok(Removal::of_uses(written))
    }
}
