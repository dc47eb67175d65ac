//! An occasion's cover picture. It is stored in two sizes: a small one for guests' pages, and a
//! larger one for link previews.

use platform::{StoreError, Tx, sql};
use web::picture_folder::{self, PictureFolder};
use web::uploaded_image::Cut;

use crate::occasion::Occasion;

/// The kind of the job that deletes the file of a cover picture.
pub const KIND: &str = "occasions.cover";

/// The folder in which the cover pictures of all occasions are stored.
pub(crate) const FOLDER: PictureFolder = PictureFolder {
    name: "covers",
    job_kind: KIND,
    is_used,
};

/// The size for guests' pages. It is small enough to load quickly on a phone.
pub const ON_PAGES: Cut = Cut {
    width: 720,
    height: 360,
    bytes: 18 * 1024,
};
/// The size that other sites show in the preview of a link.
pub const IN_PREVIEWS: Cut = Cut {
    width: 1_200,
    height: 630,
    bytes: 200 * 1024,
};
pub(crate) const CUTS: &[Cut] = &[ON_PAGES, IN_PREVIEWS];

/// Returns the path of the cover picture in this size, or `None` if the occasion has no cover
/// picture.
pub fn path(occasion: &Occasion, cut: Cut) -> Option<String> {
    let (slug, stem) = (&occasion.slug, &occasion.cover);
    let file = || picture_folder::cut_file(stem, cut);
    (!stem.is_empty()).then(|| format!("/o/{slug}/cover/{}", file()))
}

fn stem(file: &str) -> Option<&str> {
    let stem = file.rsplit_once('-')?.0;
    let mut cuts = CUTS.iter();
    cuts.any(|cut| picture_folder::cut_file(stem, *cut) == file)
        .then_some(stem)
}

/// Whether the file is this occasion's cover picture, in any size.
pub fn is_of(occasion: &Occasion, file: &str) -> bool {
    !occasion.cover.is_empty() && stem(file) == Some(&occasion.cover)
}

/// Schedules the deletion of a picture's files. When the job runs, it keeps the files if an
/// occasion uses the picture.
pub(crate) fn remove(tx: &mut Tx<'_>, stem: &str) -> Result<(), StoreError> {
    for cut in CUTS.iter().filter(|_| !stem.is_empty()) {
        FOLDER.remove(tx, &picture_folder::cut_file(stem, *cut))?;
    }
    Ok(())
}

fn is_used(tx: &mut Tx<'_>, file: &str) -> Result<bool, StoreError> {
    let Some(stem) = stem(file).filter(|stem| !stem.is_empty()) else {
        return Ok(false);
    };
    let found: Option<(i64,)> = sql!(
        "SELECT CAST(1 AS BIGINT) FROM occasion WHERE cover = :stem LIMIT 1",
        stem
    )
    .maybe(tx)?;
    Ok(found.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_a_cut_of_one_picture() {
        let mut occasion = crate::sample::occasion();
        assert_eq!(path(&occasion, ON_PAGES), None);
        assert!(!is_of(&occasion, "-720x360.jpg"));
        "a-b".clone_into(&mut occasion.cover);
        let paths = CUTS.iter().map(|cut| path(&occasion, *cut).unwrap());
        for path in paths {
            assert!(is_of(&occasion, path.rsplit_once('/').unwrap().1), "{path}");
        }
        for other in ["a-b.jpg", "a-b-720x361.jpg", "a-c-720x360.jpg", "", "-"] {
            assert!(!is_of(&occasion, other), "{other}");
        }
    }
}
