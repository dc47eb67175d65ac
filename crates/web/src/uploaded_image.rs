//! Uploaded pictures. The server decodes a picture, scales it down to the size that pages show, and
//! encodes it again. Only the pixels are kept, so metadata such as the place where a photograph was
//! taken is removed.

mod focus;

use std::borrow::Cow;
use std::io::Cursor;
use std::path::PathBuf;

use axum::body::Bytes;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use image::codecs::jpeg::JpegEncoder;
use image::{
    DynamicImage, ImageDecoder as _, ImageFormat, ImageReader, Limits, Rgb, RgbImage, imageops,
};
use tokio::sync::Semaphore;

use crate::one_at_a_time::run_alone;

pub use focus::Focus;

/// The maximum length of a stored picture's longer side, in pixels.
pub const LONGEST: u32 = 1_600;
/// The maximum length of the longer side of a guest's photograph, in pixels. Printed on A4, such a
/// photograph has 300 dots per inch.
const LONGEST_OF_GUESTS: u32 = 4_096;
/// The maximum length of an uploaded picture's longer side, in pixels.
const LONGEST_READ: u32 = 12_000;
/// The maximum number of pixels in an uploaded picture. Decoding a progressive JPEG takes nine
/// bytes for each pixel.
const PIXELS: u64 = 50_000_000;
/// The maximum memory for the decoded pixels, in bytes.
const MEMORY: u64 = 256 * 1024 * 1024;
/// The JPEG quality, on a scale up to 100.
const QUALITY: u8 = 82;

/// Limits decoding to one picture at a time, to bound memory use.
static DECODING: Semaphore = Semaphore::const_new(1);

#[derive(Clone, Debug)]
pub struct Photo {
    /// The file extension: `jpg`, or `png` for a picture with transparent pixels.
    pub extension: &'static str,
    pub bytes: Bytes,
    /// The width in pixels.
    pub width: u32,
    /// The height in pixels.
    pub height: u32,
}

/// The size of a crop from an uploaded picture.
#[derive(Clone, Copy, Debug)]
pub struct Cut {
    /// The width in pixels.
    pub width: u32,
    /// The height in pixels.
    pub height: u32,
    /// The target file size in bytes. The JPEG quality is lowered until the file is this small.
    pub bytes: usize,
}

/// An uploaded picture, prepared for later crops.
#[derive(Clone, Debug)]
pub struct Source {
    /// The whole picture, from which further crops are made.
    pub whole: Photo,
    /// The whole picture in a small size.
    pub small: Photo,
    pub focus: Focus,
    /// The crops around the focus.
    pub cuts: Vec<Photo>,
}

/// The maximum length of the longer side of [`Source::small`], in pixels.
const LONGEST_SMALL: u32 = 640;

/// Prepares a JPEG, PNG, WebP or GIF file for crops of these sizes. Returns `None` if the file has
/// another format or is too large.
pub async fn read_source(file: Bytes, cuts: &'static [Cut]) -> Option<Source> {
    let work = move || {
        let picture = over_white(&decode(&file, LONGEST)?);
        let focus = Focus::usual(&picture);
        let all = cuts.iter().map(|cut| cut.around(&picture, focus));
        let all: Option<Vec<Photo>> = all.collect();
        let whole = DynamicImage::from(picture);
        Some(Source {
            small: encode(&whole.thumbnail(LONGEST_SMALL, LONGEST_SMALL))?,
            whole: encode(&whole)?,
            focus,
            cuts: all?,
        })
    };
    run_alone(&DECODING, work).await?
}

/// Crops a picture to each of these sizes around `focus`.
pub async fn cut_around(file: Bytes, focus: Focus, cuts: &'static [Cut]) -> Option<Vec<Photo>> {
    let work = move || {
        let picture = over_white(&decode(&file, LONGEST)?);
        cuts.iter().map(|cut| cut.around(&picture, focus)).collect()
    };
    run_alone(&DECODING, work).await?
}

/// A JPEG file as an address (RFC 2397), for a picture that has no address of its own.
pub fn as_address(photo: &Photo) -> String {
    format!("data:image/jpeg;base64,{}", STANDARD.encode(&photo.bytes))
}

/// The code that says why a file was not read as a picture.
pub fn refusal(file: &[u8]) -> &'static str {
    const HEIC: [&[u8]; 8] = [
        b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1",
    ];
    // A file of ISO/IEC 14496-12 begins with a box `ftyp`, which names its brand.
    let brand = file.get(4..8).filter(|kind| *kind == b"ftyp");
    let brand = brand.and_then(|_| file.get(8..12));
    if brand.is_some_and(|brand| HEIC.contains(&brand)) {
        "image_heic"
    } else if image::guess_format(file).is_err() {
        "not_an_image"
    } else {
        "image_invalid"
    }
}

/// The JPEG qualities that are tried in this order until a crop is small enough.
const QUALITIES: [u8; 6] = [QUALITY, 74, 66, 58, 50, 42];

/// Crops a JPEG, PNG, WebP or GIF file to each of these sizes, and encodes the results as JPEG.
/// Returns `None` if the file has another format or is too large.
pub async fn cut(file: Bytes, cuts: &'static [Cut]) -> Option<Vec<Photo>> {
    let work = move || {
        let picture = over_white(&decode(&file, LONGEST)?);
        cuts.iter().map(|cut| cut.out_of(&picture)).collect()
    };
    run_alone(&DECODING, work).await?
}

impl Cut {
    fn out_of(self, picture: &RgbImage) -> Option<Photo> {
        self.crop(picture, None)
    }

    fn around(self, picture: &RgbImage, focus: Focus) -> Option<Photo> {
        self.crop(picture, Some(focus))
    }

    fn crop(self, picture: &RgbImage, focus: Option<Focus>) -> Option<Photo> {
        let (width, height) = picture.dimensions();
        let wide = u64::from(width) * u64::from(self.height);
        let high = u64::from(height) * u64::from(self.width);
        let (across, down) = if wide > high {
            (u32::try_from(high / u64::from(self.height)).ok()?, height)
        } else {
            (width, u32::try_from(wide / u64::from(self.width)).ok()?)
        };
        let (across, down) = (across.max(1), down.max(1));
        let (left, top) = match focus.map(Focus::halves) {
            Some((x, y)) => ((width - across) * x / 2, (height - down) * y / 2),
            // A third of the excess height is cut off above and two thirds below, because faces
            // are more often in the upper part.
            None => ((width - across) / 2, (height - down) / 3),
        };
        let part = imageops::crop_imm(picture, left, top, across, down).to_image();
        let filter = imageops::FilterType::CatmullRom;
        let part = imageops::resize(&part, self.width, self.height, filter);
        let mut bytes = Vec::new();
        for quality in QUALITIES {
            bytes.clear();
            let encoder = JpegEncoder::new_with_quality(&mut bytes, quality);
            part.write_with_encoder(encoder).ok()?;
            if bytes.len() <= self.bytes {
                break;
            }
        }
        Some(Photo {
            extension: "jpg",
            bytes: bytes.into(),
            width: self.width,
            height: self.height,
        })
    }
}

/// Processes a guest's photograph, which is kept larger than other pictures. Returns the photograph
/// and one crop, or `None` if the file has no known format or is too large.
pub async fn read_with_cut(file: PathBuf, cut: Cut) -> Option<(Photo, Photo)> {
    let work = move || {
        let picture = decode(&std::fs::read(file).ok()?, LONGEST_OF_GUESTS)?;
        let small = cut.out_of(&over_white(&picture))?;
        Some((encode(&picture)?, small))
    };
    run_alone(&DECODING, work).await?
}

fn over_white(picture: &DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.to_rgb8();
    }
    let picture = picture.to_rgba8();
    RgbImage::from_fn(picture.width(), picture.height(), |x, y| {
        let [red, green, blue, alpha] = picture.get_pixel(x, y).0.map(u16::from);
        let mix = |part: u16| (part * alpha + 255 * (255 - alpha)) / 255;
        Rgb([red, green, blue].map(|part| u8::try_from(mix(part)).unwrap_or(u8::MAX)))
    })
}

/// Processes a JPEG, PNG, WebP or GIF file. Returns `None` if the file has another format or is too
/// large.
pub async fn read(file: Bytes) -> Option<Photo> {
    run_alone(&DECODING, move || write_anew(&file)).await?
}

/// Like [`read`], but a file that [`read`] could have written is returned unchanged, so that
/// repeated copying does not reduce its quality.
pub async fn read_again(file: Bytes) -> Option<Photo> {
    if !holds_pixels_only(&file) {
        return read(file).await;
    }
    run_alone(&DECODING, move || {
        let kept = file.clone();
        let new = write_anew(&file)?;
        let size = ImageReader::new(Cursor::new(&kept)).with_guessed_format();
        let is_whole = size.ok()?.into_dimensions().ok()? == (new.width, new.height);
        Some(if is_whole {
            Photo { bytes: kept, ..new }
        } else {
            new
        })
    })
    .await?
}

/// Whether a JPEG or PNG file contains only the parts needed for its pixels: no metadata, no colour
/// profile, and nothing after its end.
fn holds_pixels_only(file: &[u8]) -> bool {
    if let Some(mut rest) = file.strip_prefix(b"\x89PNG\r\n\x1a\n") {
        while let Some((length, _)) = rest.split_first_chunk::<4>() {
            let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
            let (Some(kind), Some(after)) = (rest.get(4..8), rest.get(length.saturating_add(12)..))
            else {
                return false;
            };
            if kind == b"IEND" {
                return after.is_empty();
            }
            if kind != b"IHDR" && kind != b"IDAT" {
                return false;
            }
            rest = after;
        }
        return false;
    }
    let Some(mut rest) = file.strip_prefix(b"\xff\xd8") else {
        return false;
    };
    // A segment consists of a marker (2 bytes), a length that includes these two bytes (2 bytes),
    // and data.
    while let [0xff, marker, high, low, ..] = *rest {
        let length = usize::from(u16::from_be_bytes([high, low]));
        match marker {
            // The rest of the file must be the pixels, with a single end-of-image marker at its
            // end.
            0xda => {
                let end = rest.windows(2).position(|pair| pair == [0xff, 0xd9]);
                return end.is_some_and(|end| end + 2 == rest.len());
            }
            0xc0 | 0xc4 | 0xdb | 0xe0 => {}
            _ => return false,
        }
        let Some(after) = rest.get(length + 2..) else {
            return false;
        };
        rest = after;
    }
    false
}

/// The media type of a picture, by its file extension.
pub fn media_type(file: &str) -> Option<&'static str> {
    match file.rsplit_once('.')?.1 {
        "jpg" => Some("image/jpeg"),
        "png" => Some("image/png"),
        _ => None,
    }
}

/// Returns a PNG file without its compressed colour profile. A profile of 300 KB can take 255 MB
/// when the decoder unpacks it, and is not kept anyway. Other files are returned unchanged.
fn without_profile(file: &[u8]) -> Cow<'_, [u8]> {
    const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
    let Some(mut rest) = file.strip_prefix(SIGNATURE) else {
        return Cow::Borrowed(file);
    };
    let mut kept = SIGNATURE.to_vec();
    // A chunk consists of the length of its data (4 bytes), its type (4 bytes), the data and a
    // checksum (4 bytes).
    while let Some((length, _)) = rest.split_first_chunk::<4>() {
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        let whole = length.saturating_add(12).min(rest.len());
        let (chunk, after) = rest.split_at(whole);
        if chunk.get(4..8) != Some(b"iCCP") {
            kept.extend_from_slice(chunk);
        }
        rest = after;
    }
    kept.extend_from_slice(rest);
    Cow::Owned(kept)
}

/// Decodes a picture, scales it down to at most `longest` pixels, and rotates it upright.
fn decode(file: &[u8], longest: u32) -> Option<DynamicImage> {
    let reader = ImageReader::new(Cursor::new(without_profile(file)));
    let mut reader = reader.with_guessed_format().ok()?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(LONGEST_READ);
    limits.max_image_height = Some(LONGEST_READ);
    limits.max_alloc = Some(MEMORY);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().ok()?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > PIXELS || decoder.total_bytes() > MEMORY {
        return None;
    }
    let orientation = decoder.orientation().ok()?;
    let mut picture = DynamicImage::from_decoder(decoder).ok()?;
    if width.max(height) > longest {
        picture = picture.thumbnail(longest, longest);
    }
    picture.apply_orientation(orientation);
    Some(picture)
}

fn write_anew(file: &[u8]) -> Option<Photo> {
    encode(&decode(file, LONGEST)?)
}

fn encode(picture: &DynamicImage) -> Option<Photo> {
    let mut bytes = Vec::new();
    let extension = if is_translucent(picture) {
        let picture = picture.to_rgba8();
        let mut out = Cursor::new(&mut bytes);
        picture.write_to(&mut out, ImageFormat::Png).ok()?;
        "png"
    } else {
        let encoder = JpegEncoder::new_with_quality(&mut bytes, QUALITY);
        picture.to_rgb8().write_with_encoder(encoder).ok()?;
        "jpg"
    };
    Some(Photo {
        extension,
        bytes: bytes.into(),
        width: picture.width(),
        height: picture.height(),
    })
}

fn is_translucent(picture: &DynamicImage) -> bool {
    picture.color().has_alpha() && picture.to_rgba8().pixels().any(|pixel| pixel.0[3] < 255)
}

#[cfg(test)]
mod tests {
    use image::{Rgba, RgbaImage};

    use super::*;

    fn written(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut file = Cursor::new(Vec::new());
        picture.write_to(&mut file, format).unwrap();
        file.into_inner()
    }

    /// A JPEG with a red half and a blue half, and with EXIF orientation "rotated".
    fn lying() -> Vec<u8> {
        let pixel = |_, y| Rgb(if y < 16 { [255, 0, 0] } else { [0, 0, 255] });
        let picture = RgbImage::from_fn(64, 32, pixel).into();
        let jpeg = written(&picture, ImageFormat::Jpeg);
        let mut exif =
            b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0".to_vec();
        exif.extend(b"3.1390,101.6869");
        let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
        [&jpeg[..2], &[0xff, 0xe1], &length, &exif, &jpeg[2..]].concat()
    }

    #[tokio::test]
    async fn a_photograph_stands_upright_and_says_nothing_of_its_place() {
        let photo = read(lying().into()).await.unwrap();
        assert_eq!((photo.width, photo.height), (32, 64));
        assert_eq!(
            media_type(&format!("a.{}", photo.extension)),
            Some("image/jpeg")
        );
        let holds = |part: &[u8]| photo.bytes.windows(part.len()).any(|place| place == part);
        assert!(!holds(b"Exif") && !holds(b"101.6869"));
        let picture = image::load_from_memory(&photo.bytes).unwrap().to_rgb8();
        let [red, _, blue] = picture.get_pixel(28, 32).0;
        assert!(red > 200 && blue < 60, "what was above is right");
    }

    #[tokio::test]
    async fn what_is_large_is_made_smaller_and_what_one_sees_through_stays_so() {
        let large = DynamicImage::new_rgb8(4_000, 2_000);
        for format in [ImageFormat::Png, ImageFormat::WebP] {
            let photo = read(written(&large, format).into()).await.unwrap();
            assert_eq!(
                (photo.width, photo.height, photo.extension),
                (1_600, 800, "jpg")
            );
        }
        let glass = RgbaImage::from_pixel(8, 8, Rgba([1, 2, 3, 100])).into();
        let photo = read(written(&glass, ImageFormat::Png).into())
            .await
            .unwrap();
        assert_eq!(photo.extension, "png");
        let opaque = RgbaImage::from_pixel(8, 8, Rgba([1, 2, 3, 255])).into();
        let photo = read(written(&opaque, ImageFormat::Png).into())
            .await
            .unwrap();
        assert_eq!(photo.extension, "jpg");
    }

    #[tokio::test]
    async fn a_cut_fills_its_size_and_stays_small() {
        const CUTS: &[Cut] = &[
            Cut {
                width: 720,
                height: 360,
                bytes: 18 * 1024,
            },
            Cut {
                width: 100,
                height: 300,
                bytes: usize::MAX,
            },
        ];
        // The picture is red above and blue below, with noise, so that it is hard to compress.
        let pixel = |x: u32, y: u32| {
            let noise = u8::try_from((x * 7 + y * 13) % 60).unwrap();
            Rgb(if y < 500 {
                [255, noise, noise]
            } else {
                [noise, noise, 255]
            })
        };
        let picture = RgbImage::from_fn(1_000, 1_000, pixel).into();
        let cuts = cut(written(&picture, ImageFormat::Png).into(), CUTS).await;
        let cuts = cuts.unwrap();
        for (photo, cut) in cuts.iter().zip(CUTS) {
            let found = image::load_from_memory(&photo.bytes).unwrap().to_rgb8();
            assert_eq!(found.dimensions(), (cut.width, cut.height));
            let [red, _, blue] = found.get_pixel(cut.width / 2, 10).0;
            assert!(red > 180 && blue < 120, "what was above is above");
        }
        // The crop removes 500 of 1,000 rows, a third of them (167) above, so two thirds of the
        // crop are red.
        let found = image::load_from_memory(&cuts[0].bytes).unwrap().to_rgb8();
        let [red, ..] = found.get_pixel(360, 200).0;
        let [.., blue] = found.get_pixel(360, 300).0;
        assert!(red > 180 && blue > 180);

        let glass = RgbaImage::from_pixel(9, 9, Rgba([0, 0, 0, 0])).into();
        let cuts = cut(written(&glass, ImageFormat::Png).into(), CUTS).await;
        let found = image::load_from_memory(&cuts.unwrap()[1].bytes).unwrap();
        assert!(found.to_rgb8().get_pixel(50, 50).0[0] > 250, "on white");
        assert!(cut(Bytes::from_static(b"no picture"), CUTS).await.is_none());
    }

    #[tokio::test]
    async fn a_crop_keeps_the_part_that_was_chosen() {
        const CUTS: &[Cut] = &[
            Cut {
                width: 90,
                height: 30,
                bytes: usize::MAX,
            },
            Cut {
                width: 30,
                height: 90,
                bytes: usize::MAX,
            },
        ];
        // Each of nine parts has a shade of its own.
        let pixel = |x: u32, y: u32| Rgb([u8::try_from(y / 100 * 3 + x / 100).unwrap() * 28; 3]);
        let file = written(&RgbImage::from_fn(300, 300, pixel).into(), ImageFormat::Png);
        for focus in Focus::ALL {
            assert_eq!(Focus::find(&focus.number().to_string()), Some(focus));
            let cuts = cut_around(file.clone().into(), focus, CUTS).await.unwrap();
            let (x, y) = focus.halves();
            for (photo, place) in cuts.iter().zip([(15 + 30 * x, 15), (15, 15 + 30 * y)]) {
                let found = image::load_from_memory(&photo.bytes).unwrap().to_rgb8();
                let shade = i32::from(found.get_pixel(place.0, place.1).0[0]);
                let expected = i32::from(focus.number() - 1) * 28;
                assert!((shade - expected).abs() < 9, "{focus:?}: {shade}");
            }
        }
        assert_eq!(Focus::find("0"), None);
        let source = read_source(file.into(), CUTS).await.unwrap();
        assert_eq!(
            source.focus.number(),
            5,
            "the middle of what is not upright"
        );
        let large = DynamicImage::new_rgb8(2_000, 4_000);
        let source = read_source(written(&large, ImageFormat::Png).into(), CUTS).await;
        let source = source.unwrap();
        assert_eq!((source.whole.height, source.small.height), (1_600, 640));
        assert_eq!(source.focus.number(), 2);
    }

    #[test]
    fn a_refusal_says_what_the_file_is() {
        for (file, code) in [
            (b"\0\0\0\x18ftypheic\0\0\0\0".as_slice(), "image_heic"),
            (b"\0\0\0\x18ftypmif1\0\0\0\0", "image_heic"),
            (b"%PDF-1.7", "not_an_image"),
            (b"", "not_an_image"),
            (b"\xff\xd8\xff\xe0 and no more", "image_invalid"),
        ] {
            assert_eq!(refusal(file), code);
        }
    }

    #[tokio::test]
    async fn what_was_written_here_is_not_written_anew() {
        let glass = RgbaImage::from_pixel(8, 8, Rgba([1, 2, 3, 100])).into();
        for sent in [lying(), written(&glass, ImageFormat::Png)] {
            let first = read(sent.into()).await.unwrap();
            let again = read_again(first.bytes.clone()).await.unwrap();
            assert_eq!(first.bytes, again.bytes);
            let behind = [&first.bytes[..], b"101.6869"].concat();
            let cleaned = read_again(behind.into()).await.unwrap();
            assert!(!cleaned.bytes.ends_with(b"101.6869"));
        }
        let photo = read_again(lying().into()).await.unwrap();
        assert_eq!((photo.width, photo.height), (32, 64));
        assert!(!photo.bytes.windows(4).any(|part| part == b"Exif"));
        let pretends = b"\xff\xd8\xff\xda\0\x02not a picture\xff\xd9".as_slice();
        assert!(read_again(pretends.into()).await.is_none());
    }

    #[tokio::test]
    async fn a_colour_profile_is_dropped_before_it_is_unpacked() {
        let png = written(&DynamicImage::new_rgb8(8, 8), ImageFormat::Png);
        // The signature has 8 bytes and the first chunk 25.
        let (before, after) = png.split_at(33);
        let profile = b"\0\0\0\x09iCCPp\0\0packed\0\0\0\0".as_slice();
        let with_profile = [before, profile, after].concat();
        assert_eq!(without_profile(&with_profile), png);
        assert!(read(with_profile.into()).await.is_some());
        // A chunk whose declared length is too long extends to the end of the file.
        let cut = [before, b"\xff\xff\xff\xffiCCP", after].concat();
        assert_eq!(without_profile(&cut), before);
        assert_eq!(without_profile(&lying()), lying());
    }

    #[tokio::test]
    async fn what_is_no_picture_or_pretends_to_be_huge_is_refused() {
        let mut huge = written(&DynamicImage::new_rgb8(1, 1), ImageFormat::Png);
        huge[16..24].copy_from_slice(&[0, 1, 0, 0, 0, 1, 0, 0]);
        let broken = lying()[..200].to_vec();
        let vector = b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>".to_vec();
        for file in [huge, broken, vector, Vec::new()] {
            assert!(read(file.into()).await.is_none());
        }
    }
}
