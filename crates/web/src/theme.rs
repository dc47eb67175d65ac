//! The design of public pages. It consists of a theme, a background colour if the theme is Songket,
//! and an optional accent colour.

use serde::{Deserialize, Serialize};

use crate::look::Color;
use crate::words;

/// The theme of public pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Theme {
    /// The preset.
    pub preset: Preset,
    /// The background colour, only for Songket; if omitted, maroon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ground: Option<Ground>,
    /// The colour of buttons and links, as chosen; pages adapt it so that it can be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accent: Option<Color>,
}

impl Theme {
    pub const PLAIN: Self = Self {
        preset: Preset::Plain,
        ground: None,
        accent: None,
    };

    /// The root element's classes, such as `theme-songket ground-nila`.
    pub fn classes(self) -> String {
        match self.ground {
            Some(ground) if self.preset == Preset::Songket => {
                format!("theme-{} ground-{}", self.preset.word(), ground.word())
            }
            _ => format!("theme-{}", self.preset.word()),
        }
    }

    /// The file in `assets/` with the display font for the names on the cover; `None` if the
    /// reader's own fonts are used.
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

words! {
    /// The three presets.
    #[derive(Default)]
    Preset {
        /// Gold thread on a deep background.
        Songket = "songket" => "host-look-songket",
        /// Paper, a double frame and a spray of jasmine.
        Letterpress = "letterpress" => "host-look-letterpress",
        /// A flat background and a band of plaiting.
        #[default]
        Plain = "plain" => "host-look-plain",
    }
}

words! {
    /// The background colours that Songket may have.
    Ground {
        /// Deep red.
        Maroon = "maroon" => "host-ground-maroon",
        /// Emerald.
        Zamrud = "zamrud" => "host-ground-zamrud",
        /// Indigo.
        Nila = "nila" => "host-ground-nila",
        /// Aubergine.
        Terung = "terung" => "host-ground-terung",
        /// Charcoal.
        Arang = "arang" => "host-ground-arang",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_classes() {
        for ground in Ground::ALL {
            let theme = Theme {
                preset: Preset::Songket,
                ground: Some(*ground),
                accent: None,
            };
            assert_eq!(
                theme.classes(),
                format!("theme-songket ground-{}", ground.word())
            );
        }
        let plain = Theme {
            ground: Some(Ground::Nila),
            ..Theme::PLAIN
        };
        assert_eq!(plain.classes(), "theme-plain");
    }

    #[test]
    fn one_display_font_and_none_where_the_script_has_its_own() {
        let theme = |preset| Theme {
            preset,
            ..Theme::PLAIN
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
