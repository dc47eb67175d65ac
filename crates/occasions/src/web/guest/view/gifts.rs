//! The page with the wish list and the ways to give money.

use askama::Template;
use web::form_state::FormError;
use web::{Spoken, Text};

use super::Frame;
use super::answer::titled;
use crate::cash_link::CashKind;

/// The page `/invite/{code}/gifts`.
#[derive(Template)]
#[template(path = "guest/gifts.html")]
pub struct Gifts<'a> {
    pub text: &'a Text,
    pub frame: Frame<'a>,
    /// A message about the last action, if it succeeded.
    pub done: Option<String>,
    pub trouble: Option<String>,
    /// Errors at single fields.
    pub errors: Vec<FormError>,
    /// The wish list; `None` while it is switched off.
    pub gifts: Option<Vec<GiftRow<'a>>>,
    /// The ways to give money; empty while they are switched off.
    pub cash: Vec<CashRow<'a>>,
    /// Whether gifts can be reserved now.
    pub open: bool,
}

/// A gift as one household sees it.
pub struct GiftRow<'a> {
    pub id: String,
    pub name: Spoken<'a>,
    pub description: Spoken<'a>,
    pub picture: Option<String>,
    /// The formatted price.
    pub price: Option<String>,
    /// The URL of the shop, and its host name.
    pub shop: Option<(&'a str, &'a str)>,
    pub state: GiftState,
    /// The sentence that says how many pieces there are and how many are left. Empty if there is a
    /// single piece.
    pub left: String,
    /// The path to which the form is sent.
    pub action: String,
    /// How many pieces this household may reserve at most.
    pub most: i64,
    /// The value of the form's field for the number of pieces.
    pub quantity: i64,
    /// The household's note to the hosts.
    pub note: String,
    /// Whether the form for this gift was refused.
    pub is_wrong: bool,
}

/// The state of a gift, as one household sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GiftState {
    /// Pieces are left.
    Free,
    /// Other households have reserved all pieces.
    Taken,
    /// This household has reserved the gift. The value is a sentence about the reservation.
    Own(String),
    /// The hosts have received this household's gift.
    Given,
}

/// A way to give money.
pub struct CashRow<'a> {
    pub kind: CashKind,
    pub label: &'a str,
    pub note: Spoken<'a>,
    /// The URL of a link, and its host name.
    pub link: Option<(&'a str, &'a str)>,
    /// The lines about a bank account. Each comes with the message id of its label.
    pub lines: Vec<(&'static str, String)>,
    /// The QR code for banking apps. It consists of the width in squares, and the SVG path of the
    /// dark squares.
    pub qr: Option<(usize, String)>,
}

impl Gifts<'_> {
    pub fn title(&self) -> String {
        titled(
            self.text,
            "gift-title",
            &self.frame,
            self.trouble.is_some() || !self.errors.is_empty(),
        )
    }
}

impl GiftRow<'_> {
    fn is_own(&self) -> bool {
        matches!(self.state, GiftState::Own(_))
    }

    fn is_counted(&self) -> bool {
        self.most > 1
    }
}
