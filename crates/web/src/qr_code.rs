//! QR codes as pictures.

use qrcode::{Color, QrCode};

/// A text as a QR code: how many modules wide, and the dark ones as the path of an SVG. `None` for
/// a text that is too long for one.
pub fn path(text: &str) -> Option<(usize, String)> {
    let picture = QrCode::new(text).ok()?;
    let width = picture.width();
    let modules = picture.to_colors().into_iter().enumerate();
    let dark = modules.filter(|(_, color)| *color == Color::Dark);
    let squares = dark.map(|(at, _)| format!("M{} {}h1v1h-1z", at % width, at / width));
    Some((width, squares.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_qr_code_has_its_three_corners() {
        let (width, dark) = path("otpauth://totp/a").unwrap();
        assert!(width >= 21, "{width}");
        for (column, row) in [(0, 0), (width - 1, 0), (0, width - 1)] {
            assert!(dark.contains(&format!("M{column} {row}h1v1h-1z")));
        }
        assert!(
            !dark.contains(&format!("M{} {}h", 7, 7)),
            "between two corners"
        );
    }
}
