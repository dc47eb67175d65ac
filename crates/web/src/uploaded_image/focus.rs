//! Which part of a picture stays when it is cut.

use image::RgbImage;

/// The part of a picture that must stay in every crop: one of nine, in three rows of three.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Focus(u8);

impl Focus {
    pub const ALL: [Self; 9] = [
        Self(0),
        Self(1),
        Self(2),
        Self(3),
        Self(4),
        Self(5),
        Self(6),
        Self(7),
        Self(8),
    ];

    /// Finds a part by its number, from 1 at the top left to 9 at the bottom right.
    pub fn find(number: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|focus| focus.number().to_string() == number)
    }

    pub fn number(self) -> u8 {
        self.0 + 1
    }

    /// What is most often right: faces are in the upper part of an upright picture, and in the
    /// middle of a wide one.
    pub(super) fn usual(picture: &RgbImage) -> Self {
        Self(if picture.height() > picture.width() {
            1
        } else {
            4
        })
    }

    /// How much of the excess width is cut off on the left, and how much of the excess height
    /// above, in halves. So the same part stays as with `object-position` in CSS.
    pub(super) fn halves(self) -> (u32, u32) {
        (u32::from(self.0 % 3), u32::from(self.0 / 3))
    }
}
