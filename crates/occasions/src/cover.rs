//! An occasion's photo on the cover of its pages. The whole photo is kept, and cut around the part
//! that hosts chose: in each shape that a look has, in two sizes, and for link previews. So another
//! look needs no other cuts.

use platform::{StoreError, Tx, sql};
use web::Preset;
use web::picture_folder::{self, PictureFolder};
use web::uploaded_image::{Cut, Focus};

use crate::occasion::Occasion;

/// The kind of the job that deletes the file of a cover picture.
pub const KIND: &str = "occasions.cover";

/// The folder in which the cover pictures of all occasions are stored.
pub(crate) const FOLDER: PictureFolder = PictureFolder {
    name: "covers",
    job_kind: KIND,
    is_used,
};

const fn size(width: u32, height: u32, kib: usize) -> Cut {
    Cut {
        width,
        height,
        bytes: kib * 1024,
    }
}

/// The only size on pages of a picture that was uploaded when photos were not yet cut for looks.
/// Programs of that time also ask for it beside newer ones.
pub const WIDE_ONLY: Cut = size(720, 360, 18);
/// The size that other sites show in the preview of a link.
pub const IN_PREVIEWS: Cut = size(1_200, 630, 200);
/// For each shape, a small size and a large one.
const BAND: [Cut; 2] = [size(396, 220, 10), size(792, 440, 22)];
const FRAMED: [Cut; 2] = [size(400, 320, 10), size(800, 640, 24)];
const SQUARE: [Cut; 2] = [size(320, 320, 10), size(640, 640, 20)];
const UPRIGHT: [Cut; 2] = [size(240, 300, 8), size(480, 600, 18)];
/// All sizes of a photo.
pub const CUTS: &[Cut] = &[
    BAND[0],
    BAND[1],
    FRAMED[0],
    FRAMED[1],
    SQUARE[0],
    SQUARE[1],
    UPRIGHT[0],
    UPRIGHT[1],
    WIDE_ONLY,
    IN_PREVIEWS,
];
const OLD_CUTS: &[Cut] = &[WIDE_ONLY, IN_PREVIEWS];

/// The shape that a photo has on the cover of a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Band,
    Framed,
    Square,
    Upright,
}

impl Shape {
    fn of(look: Preset) -> Self {
        match look {
            Preset::Songket | Preset::Letterhead | Preset::Plain => Self::Band,
            Preset::Tiles | Preset::Letterpress | Preset::Margin => Self::Framed,
            Preset::Vermilion
            | Preset::Lamplight
            | Preset::Shore
            | Preset::Ketupat
            | Preset::Bunting
            | Preset::Cradle => Self::Square,
            Preset::Garden | Preset::Marigold | Preset::Deco | Preset::Still => Self::Upright,
        }
    }

    fn cuts(self) -> &'static [Cut; 2] {
        match self {
            Self::Band => &BAND,
            Self::Framed => &FRAMED,
            Self::Square => &SQUARE,
            Self::Upright => &UPRIGHT,
        }
    }
}

/// The larger size of a photo in this look.
pub fn in_look(look: Preset) -> &'static [Cut] {
    let [_, large] = Shape::of(look).cuts();
    std::slice::from_ref(large)
}

/// A photo in the shape of a look, for an `img` element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnPages {
    pub address: String,
    /// Both sizes with their widths; empty if there is only one.
    pub srcset: String,
    /// How wide the look shows the photo. The browser chooses a size by it.
    pub sizes: &'static str,
    pub width: u32,
    pub height: u32,
}

/// Returns the photo as the occasion's look shows it; `None` if there is none.
pub fn on_pages(occasion: &Occasion) -> Option<OnPages> {
    let look = occasion.theme.preset;
    if focus(occasion).is_none() {
        return Some(OnPages {
            address: path(occasion, WIDE_ONLY)?,
            srcset: String::new(),
            sizes: "",
            width: WIDE_ONLY.width,
            height: WIDE_ONLY.height,
        });
    }
    let [small, large] = Shape::of(look).cuts();
    let [one, two] = [path(occasion, *small)?, path(occasion, *large)?];
    Some(OnPages {
        srcset: format!("{one} {}w, {two} {}w", small.width, large.width),
        address: two,
        sizes: match look {
            Preset::Tiles => "24rem",
            Preset::Still => "10rem",
            _ => match Shape::of(look) {
                Shape::Upright => "15rem",
                Shape::Square if !matches!(look, Preset::Lamplight | Preset::Shore) => "16rem",
                _ => "(min-width: 45rem) 45rem, 100vw",
            },
        },
        width: large.width,
        height: large.height,
    })
}

/// The part of the photo around which it is cut; `None` if there is no photo, or if only old cuts
/// of it are there.
pub fn focus(occasion: &Occasion) -> Option<Focus> {
    let (_, focus) = picture_folder::focus_of(&occasion.cover)?;
    Some(focus)
}

/// Returns the path of the photo in this size, or `None` if the occasion has no photo.
pub fn path(occasion: &Occasion, cut: Cut) -> Option<String> {
    let (slug, stem) = (&occasion.slug, &occasion.cover);
    let file = || picture_folder::cut_file(stem, cut);
    (!stem.is_empty()).then(|| format!("/o/{slug}/cover/{}", file()))
}

fn cuts(stem: &str) -> &'static [Cut] {
    match picture_folder::focus_of(stem) {
        Some(_) => CUTS,
        None => OLD_CUTS,
    }
}

fn stem(file: &str) -> Option<&str> {
    let stem = file.rsplit_once('-')?.0;
    let mut cuts = cuts(stem).iter();
    cuts.any(|cut| picture_folder::cut_file(stem, *cut) == file)
        .then_some(stem)
}

/// Whether the file is this occasion's photo, in any size that guests may load.
pub fn is_of(occasion: &Occasion, file: &str) -> bool {
    !occasion.cover.is_empty() && stem(file) == Some(&occasion.cover)
}

/// Schedules the deletion of a picture's files. When the job runs, it keeps the files that an
/// occasion uses.
pub(crate) fn remove(tx: &mut Tx<'_>, stem: &str) -> Result<(), StoreError> {
    if stem.is_empty() {
        return Ok(());
    }
    for cut in cuts(stem) {
        FOLDER.remove(tx, &picture_folder::cut_file(stem, *cut))?;
    }
    if let Some((name, _)) = picture_folder::focus_of(stem) {
        FOLDER.remove(tx, &picture_folder::source_file(name))?;
        FOLDER.remove(tx, &picture_folder::small_file(name))?;
    }
    Ok(())
}

fn is_used(tx: &mut Tx<'_>, file: &str) -> Result<bool, StoreError> {
    let found: Option<(i64,)> = if let Some(stem) = stem(file).filter(|stem| !stem.is_empty()) {
        sql!(
            "SELECT CAST(1 AS BIGINT) FROM occasion WHERE cover = :stem LIMIT 1",
            stem
        )
        .maybe(tx)?
    } else if let Some(name) = whole(file) {
        let first = format!("{name}-f");
        let after = format!("{name}-g");
        sql!(
            "SELECT CAST(1 AS BIGINT) FROM occasion WHERE cover > :first AND cover < :after LIMIT 1",
            first,
            after
        )
        .maybe(tx)?
    } else {
        None
    };
    Ok(found.is_some())
}

/// The name of the picture that a file holds whole.
fn whole(file: &str) -> Option<&str> {
    let name = file.rsplit_once('-')?.0;
    let files = [
        picture_folder::source_file(name),
        picture_folder::small_file(name),
    ];
    files.contains(&file.to_owned()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_a_cut_of_one_picture() {
        let mut occasion = crate::sample::occasion();
        assert_eq!(path(&occasion, WIDE_ONLY), None);
        assert_eq!(on_pages(&occasion), None);
        assert!(!is_of(&occasion, "-720x360.jpg"));
        "a-b".clone_into(&mut occasion.cover);
        let paths = OLD_CUTS.iter().map(|cut| path(&occasion, *cut).unwrap());
        for path in paths {
            assert!(is_of(&occasion, path.rsplit_once('/').unwrap().1), "{path}");
        }
        let others = "a-b.jpg a-b-720x361.jpg a-b-480x600.jpg a-c-720x360.jpg a-b-source.jpg -";
        for other in others.split(' ').chain([""]) {
            assert!(!is_of(&occasion, other), "{other}");
        }
        assert_eq!(on_pages(&occasion).unwrap().srcset, "");
        "a-b-f5".clone_into(&mut occasion.cover);
        for cut in CUTS {
            let path = path(&occasion, *cut).unwrap();
            assert!(is_of(&occasion, path.rsplit_once('/').unwrap().1), "{path}");
        }
        for whole in ["a-b-source.jpg", "a-b-small.jpg", "a-b-f5-source.jpg"] {
            assert!(!is_of(&occasion, whole), "{whole}");
        }
    }

    #[test]
    fn a_photo_has_the_shape_of_the_look() {
        let mut occasion = crate::sample::occasion();
        "a-f2".clone_into(&mut occasion.cover);
        for look in Preset::ALL {
            occasion.theme.preset = *look;
            let photo = on_pages(&occasion).unwrap();
            let [small, large] = Shape::of(*look).cuts();
            // One shape in two sizes.
            assert_eq!(small.width * large.height, large.width * small.height);
            assert_eq!((photo.width, photo.height), (large.width, large.height));
            let is_upright = photo.height > photo.width;
            let upright = [
                Preset::Garden,
                Preset::Marigold,
                Preset::Deco,
                Preset::Still,
            ];
            assert_eq!(is_upright, upright.contains(look), "{look:?}");
        }
        occasion.theme.preset = Preset::Garden;
        assert_eq!(
            on_pages(&occasion).unwrap().srcset,
            "/o/sample/cover/a-f2-240x300.jpg 240w, /o/sample/cover/a-f2-480x600.jpg 480w"
        );
    }
}
