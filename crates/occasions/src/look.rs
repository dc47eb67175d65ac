//! Which looks suit which occasion.

use web::Preset;
use web::words;

use crate::words::OccasionKind;

words! {
    /// A group of looks, by which hosts narrow the wall of looks.
    Mood {
        Malay = "malay" => "host-looks-malay",
        Chinese = "chinese" => "host-looks-chinese",
        Indian = "indian" => "host-looks-indian",
        Classic = "classic" => "host-looks-classic",
        /// Garden and sea.
        Outdoors = "outdoors" => "host-looks-outdoors",
        Evening = "evening" => "host-looks-evening",
        Modern = "modern" => "host-looks-modern",
        /// Looks that are not made for weddings.
        Other = "other" => "host-looks-other",
    }
}

impl Mood {
    pub const fn looks(self) -> &'static [Preset] {
        use Preset::{
            Bunting, Cradle, Deco, Garden, Ketupat, Lamplight, Letterhead, Letterpress, Margin,
            Marigold, Plain, Shore, Songket, Still, Tiles, Vermilion,
        };
        match self {
            Self::Malay => &[Songket, Ketupat],
            Self::Chinese => &[Vermilion, Tiles],
            Self::Indian => &[Marigold],
            Self::Classic => &[Tiles, Letterpress, Deco],
            Self::Outdoors => &[Garden, Shore],
            Self::Evening => &[Lamplight, Deco],
            Self::Modern => &[Margin, Letterhead, Plain],
            Self::Other => &[Ketupat, Bunting, Cradle, Letterhead, Still],
        }
    }
}

/// The look of a new occasion, by its kind and its first language.
pub fn usual(kind: OccasionKind, language: &str) -> Preset {
    let primary = language.split('-').next().unwrap_or_default();
    match (kind, primary) {
        (OccasionKind::Wedding, "ms") => Preset::Songket,
        (OccasionKind::Wedding, "zh") => Preset::Vermilion,
        (OccasionKind::Wedding, "ta" | "hi") => Preset::Marigold,
        (OccasionKind::Wedding, _) => Preset::Garden,
        (OccasionKind::Engagement, _) => Preset::Lamplight,
        (OccasionKind::Anniversary, _) => Preset::Deco,
        (OccasionKind::Kenduri, "ms") => Preset::Ketupat,
        (OccasionKind::Children, _) => Preset::Bunting,
        (OccasionKind::Naming, _) => Preset::Cradle,
        (OccasionKind::Company, _) => Preset::Letterhead,
        (OccasionKind::Memorial, _) => Preset::Still,
        (OccasionKind::Kenduri | OccasionKind::Birthday | OccasionKind::Other, _) => Preset::Plain,
    }
}

/// The looks that suit an occasion of this kind, and the others that it may have. A memorial has
/// only a few.
pub fn choices(kind: OccasionKind) -> (Vec<Preset>, Vec<Preset>) {
    use Preset::{
        Bunting, Cradle, Deco, Garden, Ketupat, Lamplight, Letterhead, Letterpress, Margin,
        Marigold, Plain, Shore, Songket, Still, Tiles, Vermilion,
    };
    let suited: &[Preset] = match kind {
        OccasionKind::Wedding | OccasionKind::Engagement | OccasionKind::Anniversary => &[
            Songket,
            Vermilion,
            Tiles,
            Garden,
            Lamplight,
            Marigold,
            Letterpress,
            Deco,
            Shore,
            Margin,
            Ketupat,
            Plain,
        ],
        OccasionKind::Birthday => &[
            Vermilion, Tiles, Garden, Lamplight, Marigold, Deco, Shore, Margin, Bunting, Plain,
        ],
        OccasionKind::Kenduri => &[
            Ketupat,
            Songket,
            Vermilion,
            Tiles,
            Garden,
            Lamplight,
            Marigold,
            Letterpress,
            Margin,
            Plain,
        ],
        OccasionKind::Children => &[Bunting, Garden, Shore, Plain],
        OccasionKind::Naming => &[
            Cradle,
            Ketupat,
            Songket,
            Garden,
            Letterpress,
            Shore,
            Margin,
            Plain,
        ],
        OccasionKind::Company => &[Letterhead, Margin, Deco, Lamplight, Plain],
        OccasionKind::Memorial => {
            return (vec![Still, Letterpress, Garden, Margin, Plain], Vec::new());
        }
        OccasionKind::Other => &[
            Songket,
            Vermilion,
            Tiles,
            Garden,
            Lamplight,
            Marigold,
            Letterpress,
            Deco,
            Shore,
            Margin,
            Ketupat,
            Bunting,
            Cradle,
            Letterhead,
            Plain,
        ],
    };
    let others = Preset::ALL.iter().filter(|look| !suited.contains(look));
    (suited.to_vec(), others.copied().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_look_can_be_chosen_and_a_memorial_has_five() {
        for kind in OccasionKind::ALL {
            let (suited, others) = choices(*kind);
            let mut all = [suited.clone(), others].concat();
            all.sort();
            all.dedup();
            let count = if *kind == OccasionKind::Memorial {
                5
            } else {
                16
            };
            assert_eq!(all.len(), count, "{kind:?}");
            for language in ["ms", "zh-Hans", "ta", "en"] {
                assert!(
                    suited.contains(&usual(*kind, language)),
                    "{kind:?} {language}"
                );
            }
        }
        for look in Preset::ALL {
            let mut moods = Mood::ALL.iter();
            assert!(moods.any(|mood| mood.looks().contains(look)), "{look:?}");
        }
    }

    #[test]
    fn the_usual_look_follows_kind_and_language() {
        for (kind, language, look) in [
            (OccasionKind::Wedding, "ms-Arab", Preset::Songket),
            (OccasionKind::Wedding, "zh-Hans", Preset::Vermilion),
            (OccasionKind::Wedding, "hi", Preset::Marigold),
            (OccasionKind::Wedding, "it", Preset::Garden),
            (OccasionKind::Kenduri, "ms", Preset::Ketupat),
            (OccasionKind::Kenduri, "en", Preset::Plain),
            (OccasionKind::Memorial, "ms", Preset::Still),
        ] {
            assert_eq!(usual(kind, language), look, "{kind:?} {language}");
        }
    }
}
