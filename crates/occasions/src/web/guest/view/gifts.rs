//! The page with the wish list and the ways to give money.

use askama::Template;
use web::form_state::FormError;
use web::{Spoken, Text};

use super::Frame;
use super::answer::titled;
use crate::cash_link::CashKind;

/// `/invite/{code}/gifts`.
#[derive(Template)]
#[template(path = "guest/gifts.html")]
pub struct Gifts<'a> {
    pub text: &'a Text,
    pub frame: Frame<'a>,
    /// The message of the last action, or why it was refused.
    pub done: Option<String>,
    pub trouble: Option<String>,
    /// Errors of individual fields.
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
    /// The price in words.
    pub price: Option<String>,
    /// The shop's URL, with its host name.
    pub shop: Option<(&'a str, &'a str)>,
    pub state: GiftState,
    /// How many pieces there are, and how many are left, in words; empty for a single piece.
    pub left: String,
    /// The path to which the form is sent.
    pub action: String,
    /// The most pieces that this household may hold.
    pub most: i64,
    /// The number in the form.
    pub quantity: i64,
    /// The household's note to the hosts.
    pub note: String,
    /// Whether this form was refused.
    pub is_wrong: bool,
}

/// What has become of a gift.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GiftState {
    /// Pieces are left.
    Free,
    /// Other households bring it.
    Taken,
    /// This household brings it; in words.
    Own(String),
    /// The hosts have this household's gift.
    Given,
}

/// A way to give money.
pub struct CashRow<'a> {
    pub kind: CashKind,
    pub label: &'a str,
    pub note: Spoken<'a>,
    /// The URL of a link, and its host name.
    pub link: Option<(&'a str, &'a str)>,
    /// The lines about an account, with the message ids of their labels.
    pub lines: Vec<(&'static str, String)>,
    /// The QR code that banking apps read: its width, and the dark modules as an SVG path.
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
    /// Returns whether the household brings the gift and may change that.
    fn is_own(&self) -> bool {
        matches!(self.state, GiftState::Own(_))
    }

    /// Returns whether the household can choose a number of pieces.
    fn is_counted(&self) -> bool {
        self.most > 1
    }
}
