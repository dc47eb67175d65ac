//! How public pages are dressed: a preset, and for cloth its ground.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What public pages wear.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Theme {
    /// The preset.
    pub preset: Preset,
    /// The cloth's colour, for Songket; its own maroon where none is chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ground: Option<Ground>,
}

impl Theme {
    /// No ornament: pages that belong to the whole site.
    pub const PLAIN: Self = Self {
        preset: Preset::Plain,
        ground: None,
    };

    /// The classes of the root element: `theme-songket ground-nila`.
    pub fn classes(self) -> String {
        match self.ground {
            Some(ground) if self.preset == Preset::Songket => {
                format!("theme-{} ground-{ground}", self.preset)
            }
            _ => format!("theme-{}", self.preset),
        }
    }

    /// The display font of the names on the cover, as a file of `assets/`;
    /// `None` where the reader's own fonts serve.
    pub(crate) fn font(self, language: &str) -> Option<&'static str> {
        let script = language.split('-').next().unwrap_or_default();
        match (self.preset, script) {
            (_, "zh" | "ta" | "ja" | "ko") | (Preset::Plain, _) => None,
            (_, "ar") => Some("fonts/naskh.woff2"),
            (_, "ms") if language.ends_with("-Arab") => Some("fonts/naskh.woff2"),
            (Preset::Songket, _) => Some("fonts/songket.woff2"),
            (Preset::Letterpress, _) => Some("fonts/letterpress.woff2"),
        }
    }
}

/// The three presets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Preset {
    /// Gold thread on a deep ground.
    Songket,
    /// Paper, a double frame and a spray of jasmine.
    Letterpress,
    /// A flat ground and a band of plaiting.
    #[default]
    Plain,
}

/// The grounds that Songket may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Ground {
    /// Deep red.
    Maroon,
    /// Emerald.
    Zamrud,
    /// Indigo.
    Nila,
    /// Aubergine.
    Terung,
    /// Charcoal.
    Arang,
}

impl Preset {
    /// All of them, as a host chooses among them.
    pub const ALL: [Self; 3] = [Self::Songket, Self::Letterpress, Self::Plain];
}

impl Ground {
    /// All of them, as a host chooses among them.
    pub const ALL: [Self; 5] = [
        Self::Maroon,
        Self::Zamrud,
        Self::Nila,
        Self::Terung,
        Self::Arang,
    ];
}

/// A word that names no preset and no ground.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such theme")]
pub struct UnknownTheme;

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Songket => "songket",
            Self::Letterpress => "letterpress",
            Self::Plain => "plain",
        })
    }
}

impl FromStr for Preset {
    type Err = UnknownTheme;

    fn from_str(word: &str) -> Result<Self, UnknownTheme> {
        let mut all = Self::ALL.into_iter();
        all.find(|preset| preset.to_string() == word)
            .ok_or(UnknownTheme)
    }
}

impl fmt::Display for Ground {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Maroon => "maroon",
            Self::Zamrud => "zamrud",
            Self::Nila => "nila",
            Self::Terung => "terung",
            Self::Arang => "arang",
        })
    }
}

impl FromStr for Ground {
    type Err = UnknownTheme;

    fn from_str(word: &str) -> Result<Self, UnknownTheme> {
        let mut all = Self::ALL.into_iter();
        all.find(|ground| ground.to_string() == word)
            .ok_or(UnknownTheme)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_classes() {
        for preset in Preset::ALL {
            assert_eq!(preset.to_string().parse(), Ok(preset));
        }
        for ground in Ground::ALL {
            assert_eq!(ground.to_string().parse(), Ok(ground));
            let theme = Theme {
                preset: Preset::Songket,
                ground: Some(ground),
            };
            assert_eq!(theme.classes(), format!("theme-songket ground-{ground}"));
        }
        let plain = Theme {
            ground: Some(Ground::Nila),
            ..Theme::PLAIN
        };
        assert_eq!(plain.classes(), "theme-plain");
        assert_eq!("gaudy".parse::<Preset>(), Err(UnknownTheme));
    }

    #[test]
    fn one_display_font_and_none_where_the_script_has_its_own() {
        let theme = |preset| Theme {
            preset,
            ground: None,
        };
        for (preset, language, font) in [
            (Preset::Songket, "ms", Some("fonts/songket.woff2")),
            (Preset::Letterpress, "it", Some("fonts/letterpress.woff2")),
            (Preset::Letterpress, "ar", Some("fonts/naskh.woff2")),
            (Preset::Songket, "ms-Arab", Some("fonts/naskh.woff2")),
            (Preset::Songket, "zh-Hans", None),
            (Preset::Plain, "en", None),
        ] {
            assert_eq!(theme(preset).font(language), font);
        }
    }
}
