//! QR codes as images.

use std::io;

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use qrcode::{Color, QrCode};
use serde::Deserialize;

use crate::drawn_picture;
use crate::problem::Problem;
use crate::state::Site;

/// The width of the light border around a QR code in a file, in modules. Scanners do not recognize
/// a code with a narrower border.
const QUIET: usize = 4;
/// The maximum length of a URL in a QR code, in bytes.
const LONGEST: usize = 500;

/// Encodes a text as a QR code. Returns the code's width in modules, and its dark modules as an SVG
/// path. Returns `None` if the text is too long.
pub fn path(text: &str) -> Option<(usize, String)> {
    let picture = QrCode::new(text).ok()?;
    let width = picture.width();
    let modules = picture.to_colors().into_iter().enumerate();
    let dark = modules.filter(|(_, color)| *color == Color::Dark);
    let squares = dark.map(|(at, _)| format!("M{} {}h1v1h-1z", at % width, at / width));
    Some((width, squares.collect()))
}

/// A QR code as an SVG file, with the light border that scanners need.
pub fn svg(text: &str) -> Option<String> {
    let (width, dark) = path(text)?;
    let side = width + 2 * QUIET;
    Some(format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="-{QUIET} -{QUIET} {side} {side}" shape-rendering="crispEdges"><path fill="#fff" d="M-{QUIET} -{QUIET}h{side}v{side}h-{side}z"/><path d="{dark}"/></svg>"##
    ))
}

/// A QR code as a PNG file that is at least `pixels` wide; each module is a whole number of pixels
/// wide. `None` if the text is too long.
pub fn png(text: &str, pixels: usize) -> Option<io::Result<Vec<u8>>> {
    let code = QrCode::new(text).ok()?;
    let (modules, colors) = (code.width(), code.to_colors());
    let side = modules + 2 * QUIET;
    let scale = pixels.div_ceil(side).max(1);
    let is_light = |x: usize, y: usize| {
        let inside = |at: usize| (at / scale).checked_sub(QUIET).filter(|at| *at < modules);
        match (inside(x), inside(y)) {
            (Some(x), Some(y)) => colors[y * modules + x] == Color::Light,
            _ => true,
        }
    };
    let width = side * scale;
    let rows = (0..width).flat_map(|y| {
        let bytes = (0..width).step_by(8).map(move |start| {
            (start..start + 8).fold(0, |byte, x| byte << 1 | u8::from(is_light(x, y)))
        });
        // The first byte of each row is the filter type 0, which means none.
        std::iter::once(0).chain(bytes.collect::<Vec<_>>())
    });
    let rows: Vec<u8> = rows.collect();
    // The picture is greyscale with one bit per pixel.
    Some(drawn_picture::file(width, width, [1, 0], &[], &rows))
}

/// The query parameters of `/qr.svg`.
#[derive(Deserialize)]
pub struct PageUrl {
    #[serde(default)]
    url: String,
}

/// Returns the QR code for a page of this site. For other sites' URLs the response is a 404, so
/// that strangers cannot make the site show QR codes for their own pages.
pub fn show(site: &Site, page: &PageUrl) -> Result<Response, Problem> {
    let is_own = page.url.len() <= LONGEST && page.url.starts_with(&site.url().join("/"));
    let picture = is_own.then(|| svg(&page.url)).flatten();
    let picture = picture.ok_or_else(Problem::not_found)?;
    let headers = [
        (CONTENT_TYPE, "image/svg+xml"),
        (CACHE_CONTROL, "max-age=86400"),
    ];
    Ok((headers, picture).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_have_a_border_and_whole_modules() {
        let text = "https://example.com/invite/RAHMA?k=ABCDEFGHJK";
        let (modules, _) = path(text).unwrap();
        let picture = image::load_from_memory(&png(text, 300).unwrap().unwrap()).unwrap();
        let picture = picture.to_luma8();
        let side = u32::try_from(modules + 8).unwrap();
        let scale = picture.width() / side;
        assert!(picture.width() >= 300 && picture.width() == side * scale);
        let at = |x: u32, y: u32| picture.get_pixel(x * scale, y * scale).0[0];
        assert_eq!([at(3, 3), at(4, 4), at(5, 5), at(6, 6)], [255, 0, 255, 0]);
        let svg = svg(text).unwrap();
        assert!(
            svg.contains(&format!("viewBox=\"-4 -4 {side} {side}\"")),
            "{svg}"
        );
    }

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
