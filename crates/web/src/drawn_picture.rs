//! Preview pictures with a few words of text. They use Latin fonts, which cannot join or reorder
//! characters, so text in other scripts cannot be drawn ([`Font::can_write`]).

use std::io::{self, Write as _};

use ab_glyph::{Font as _, FontRef, Glyph, InvalidFont, PxScale, ScaleFont as _, point};
use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};

use crate::theme::Face;

/// The width in pixels.
pub const WIDTH: usize = 1_200;
/// The height in pixels.
pub const HEIGHT: usize = 630;

/// The coverage value of a pixel that is fully covered with ink. It is the largest 7-bit number.
const FULL: f32 = 127.0;

pub struct Font(FontRef<'static>);

impl Font {
    pub fn load(face: Face) -> Result<Self, InvalidFont> {
        let file: &[u8] = match face {
            Face::Songket => include_bytes!("../assets/fonts/songket.ttf"),
            Face::Letterpress => include_bytes!("../assets/fonts/letterpress.ttf"),
            Face::Playfair => include_bytes!("../assets/fonts/playfair.ttf"),
            Face::Poiret => include_bytes!("../assets/fonts/poiret.ttf"),
            Face::Fredoka => include_bytes!("../assets/fonts/fredoka.ttf"),
        };
        FontRef::try_from_slice(file).map(Self)
    }

    /// Whether the font has a glyph for every character of `text`.
    pub fn can_write(&self, text: &str) -> bool {
        text.chars().all(|char| self.0.glyph_id(char).0 != 0)
    }

    /// The width of `text` in pixels, at `size` pixels per em.
    pub fn width(&self, text: &str, size: f32) -> f32 {
        let font = self.0.as_scaled(self.scale(size));
        let advance = |char| font.h_advance(font.glyph_id(char));
        text.chars().map(advance).sum()
    }

    /// The text shortened to this width, with an ellipsis if anything was cut.
    pub fn shorten(&self, text: &str, size: f32, width: f32) -> String {
        if self.width(text, size) <= width {
            return text.to_owned();
        }
        let mut kept = text.to_owned();
        while kept.pop().is_some() {
            let shorter = format!("{}…", kept.trim_end());
            if self.width(&shorter, size) <= width {
                return shorter;
            }
        }
        kept
    }

    /// Breaks the text into at most `most` lines of this width. Text that does not fit is cut from
    /// the last line.
    pub fn wrap(&self, text: &str, size: f32, width: f32, most: usize) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for word in text.split_whitespace() {
            let longer = lines.last().map(|last| format!("{last} {word}"));
            let is_last = lines.len() >= most;
            match (lines.last_mut(), longer) {
                (Some(last), Some(longer)) if is_last || self.width(&longer, size) <= width => {
                    *last = longer;
                }
                _ => lines.push(word.to_owned()),
            }
        }
        if let Some(last) = lines.last_mut() {
            *last = self.shorten(last, size, width);
        }
        lines
    }

    /// The font's scale for a size in pixels per em.
    fn scale(&self, size: f32) -> PxScale {
        let units = self.0.units_per_em().unwrap_or(1_000.0);
        PxScale::from(size * self.0.height_unscaled() / units)
    }
}

/// The colours of a picture, each as red, green and blue.
#[derive(Clone, Copy, Debug)]
pub struct Colors {
    pub ground: [u8; 3],
    pub inks: [[u8; 3]; 2],
}

/// A rectangle in pixels; `x` and `y` are its left and upper edge.
#[derive(Clone, Copy, Debug)]
pub struct Rectangle {
    pub x: u16,
    pub y: u16,
    pub width: u16,
    pub height: u16,
}

pub struct Picture {
    /// One byte for each pixel: the number of the ink in the highest bit, and the coverage in the
    /// other seven bits.
    pixels: Vec<u8>,
}

impl Default for Picture {
    fn default() -> Self {
        Self {
            pixels: vec![0; WIDTH * HEIGHT],
        }
    }
}

impl Picture {
    /// Writes a horizontally centred line of text with ink 0 or 1.
    pub fn write(&mut self, font: &Font, text: &str, size: f32, baseline: f32, ink: u8) {
        let scale = font.scale(size);
        let scaled = font.0.as_scaled(scale);
        #[expect(clippy::cast_precision_loss, reason = "a small number")]
        let mut left = (WIDTH as f32 - font.width(text, size)) / 2.0;
        for char in text.chars() {
            let id = scaled.glyph_id(char);
            let place = point(left, baseline);
            left += scaled.h_advance(id);
            let glyph: Glyph = id.with_scale_and_position(scale, place);
            let Some(outline) = font.0.outline_glyph(glyph) else {
                continue;
            };
            let bounds = outline.px_bounds();
            outline.draw(|x, y, coverage| {
                #[expect(clippy::cast_precision_loss, reason = "pixels of a letter")]
                let (x, y) = (x as f32 + bounds.min.x, y as f32 + bounds.min.y);
                self.put(x, y, coverage, ink);
            });
        }
    }

    /// Fills a rectangle with ink 0 or 1; `coverage` is from 0 (transparent) to 1.
    pub fn fill(&mut self, area: Rectangle, coverage: f32, ink: u8) {
        for y in area.y..area.y.saturating_add(area.height) {
            for x in area.x..area.x.saturating_add(area.width) {
                self.put(x.into(), y.into(), coverage, ink);
            }
        }
    }

    /// Fills a circle around a point with ink 0 or 1.
    pub fn dot(&mut self, x: u16, y: u16, radius: u16, ink: u8) {
        let square = u32::from(radius).pow(2);
        for row in 0..=radius {
            let half = (0..=radius)
                .rev()
                .find(|half| u32::from(*half).pow(2) + u32::from(row).pow(2) <= square);
            let half = half.unwrap_or_default();
            for y in [y.saturating_sub(row), y.saturating_add(row)] {
                let line = Rectangle {
                    x: x.saturating_sub(half),
                    y,
                    width: 2 * half + 1,
                    height: 1,
                };
                self.fill(line, 1.0, ink);
            }
        }
    }

    fn put(&mut self, x: f32, y: f32, coverage: f32, ink: u8) {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "floats become the nearest number there is"
        )]
        let (x, y, much) = (x as usize, y as usize, (coverage * FULL) as u8);
        let pixel = self.pixels.get_mut(y * WIDTH + x).filter(|_| x < WIDTH);
        if let Some(pixel) = pixel
            && much.min(127) > *pixel & 127
        {
            *pixel = (ink & 1) << 7 | much.min(127);
        }
    }

    /// Encodes the picture as PNG (RFC 2083) with a palette of 256 colours.
    pub fn png(&self, colors: &Colors) -> io::Result<Vec<u8>> {
        let mut palette = Vec::new();
        for ink in colors.inks {
            for much in 0..=127_u16 {
                let mixed = colors.ground.iter().zip(ink).map(|(ground, ink)| {
                    let sum = u16::from(*ground) * (127 - much) + u16::from(ink) * much;
                    u8::try_from(sum / 127).unwrap_or(u8::MAX)
                });
                palette.extend(mixed);
            }
        }
        let mut rows = Vec::with_capacity((WIDTH + 1) * HEIGHT);
        for row in self.pixels.chunks(WIDTH) {
            rows.push(0);
            rows.extend(row);
        }
        // Each pixel has eight bits, an index into the palette.
        file(WIDTH, HEIGHT, [8, 3], &palette, &rows)
    }
}

/// A PNG file (RFC 2083). Each row begins with its filter type. `kind` holds the bit depth and the
/// colour type.
pub(crate) fn file(
    width: usize,
    height: usize,
    kind: [u8; 2],
    palette: &[u8],
    rows: &[u8],
) -> io::Result<Vec<u8>> {
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut header = Vec::new();
    for length in [width, height] {
        header.extend(u32::try_from(length).unwrap_or_default().to_be_bytes());
    }
    header.extend(kind);
    // Compression method 0 and filter method 0 are the only defined ones. Interlace method 0 means
    // that the picture is not interlaced.
    header.extend([0, 0, 0]);
    chunk(&mut png, *b"IHDR", &header);
    if !palette.is_empty() {
        chunk(&mut png, *b"PLTE", palette);
    }
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::default());
    packed.write_all(rows)?;
    chunk(&mut png, *b"IDAT", &packed.finish()?);
    chunk(&mut png, *b"IEND", b"");
    Ok(png)
}

fn chunk(png: &mut Vec<u8>, name: [u8; 4], content: &[u8]) {
    let length = u32::try_from(content.len()).unwrap_or_default();
    let mut sum = Crc::new();
    sum.update(&name);
    sum.update(content);
    png.extend(length.to_be_bytes());
    png.extend(name);
    png.extend(content);
    png.extend(sum.sum().to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latin_letters_can_be_written_and_others_cannot() {
        let font = Font::load(Face::default()).unwrap();
        for text in ["Aisyah & Daniel", "Çağla, Łukasz – “Ž”…", "1,234 days"] {
            assert!(font.can_write(text), "{text}");
        }
        for text in ["عائشة", "家", "நிலா", "Tiểu", "a\u{301}", "🎉"] {
            assert!(!font.can_write(text), "{text}");
        }
    }

    #[test]
    fn every_face_has_the_letters_of_european_names() {
        for face in [
            Face::Songket,
            Face::Letterpress,
            Face::Playfair,
            Face::Poiret,
            Face::Fredoka,
        ] {
            let font = Font::load(face).unwrap();
            for text in ["Aisyah & Daniel", "Zoë, Łukasz – “Ž”…", "16 January 2027"] {
                assert!(font.can_write(text), "{face:?} {text}");
            }
        }
    }

    #[test]
    fn what_is_too_long_ends_in_an_ellipsis() {
        let font = Font::load(Face::default()).unwrap();
        assert_eq!(font.shorten("Our day", 40.0, 1_000.0), "Our day");
        let shorter = font.shorten(&"Our day ".repeat(10), 40.0, 400.0);
        let kept = shorter.strip_suffix('…').unwrap();
        assert!(
            "Our day ".repeat(10).starts_with(kept) && kept.len() > 10,
            "{shorter}"
        );
        assert!(!kept.ends_with(' '), "{shorter}");
        assert!(font.width(&shorter, 40.0) <= 400.0);
        assert_eq!(font.shorten("Our day", 40.0, 1.0), "");
    }

    #[test]
    fn a_long_title_has_lines_and_the_last_is_shortened() {
        let font = Font::load(Face::default()).unwrap();
        let lines = font.wrap("A house that breathes", 40.0, 300.0, 3);
        assert_eq!(lines.join(" "), "A house that breathes");
        assert!(lines.len() > 1 && lines.iter().all(|line| font.width(line, 40.0) <= 300.0));
        let lines = font.wrap(&"word ".repeat(80), 40.0, 300.0, 3);
        assert!(lines.len() == 3 && lines[2].ends_with('…'));
    }

    #[test]
    fn nothing_is_drawn_beyond_the_edges() {
        let font = Font::load(Face::default()).unwrap();
        let mut picture = Picture::default();
        picture.write(&font, &"wide ".repeat(80), 200.0, 700.0, 1);
        let corner = Rectangle {
            x: 1_190,
            y: 620,
            width: 100,
            height: 100,
        };
        picture.fill(corner, 1.0, 0);
        let png = picture.png(&Colors {
            ground: [255; 3],
            inks: [[0; 3], [200, 0, 0]],
        });
        let png = png.unwrap();
        assert!(png.starts_with(b"\x89PNG"));
        assert_eq!(png[16..24], [0, 0, 4, 176, 0, 0, 2, 118]);
    }
}
