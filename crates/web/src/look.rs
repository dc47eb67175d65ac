//! The looks of a site's public pages, and its accent colour. The colours are defined in
//! `site.css`. This module repeats the colours that it needs for computing and drawing, and a test
//! checks that both agree.

use std::fmt::Write as _;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, schema::Type};
use utoipa::{PartialSchema, ToSchema};

use crate::words;

words! {
    /// The looks of the site's public pages. The visitor's device chooses between light and dark.
    #[derive(Default)]
    Look {
        /// Plain typography with hairlines.
        #[default]
        Paper = "paper" => "look-paper",
        /// A shutter-green page header, brick tones, and a band of carved fretwork.
        Veranda = "veranda" => "look-veranda",
        /// Lamps over a dark street.
        Market = "market" => "look-market",
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Color(pub [u8; 3]);

/// The colours of a look in light or dark mode.
#[derive(Clone, Copy, Debug)]
pub struct Palette {
    /// The backgrounds of text and links.
    pub grounds: [Color; 4],
    /// The colour of a progress bar's unfilled part.
    pub rest: Color,
    /// The colour of text on the page and on a pale accent colour.
    pub ink: Color,
    /// The colour of figures and bars.
    pub mark: Color,
    /// The page header's background and text colour.
    pub head: [Color; 2],
}

impl Serialize for Color {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.hex())
    }
}

impl<'de> Deserialize<'de> for Color {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| de::Error::custom("not a colour such as #1f4a47"))
    }
}

impl PartialSchema for Color {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some("^#[0-9a-fA-F]{6}$"))
            .into()
    }
}

impl ToSchema for Color {}

pub(crate) const fn rgb(value: u32) -> Color {
    let [_, red, green, blue] = value.to_be_bytes();
    Color([red, green, blue])
}

const fn palette(grounds: [u32; 4], [rest, ink, mark]: [u32; 3], head: [u32; 2]) -> Palette {
    let [page, surface, sunken, tint] = grounds;
    Palette {
        grounds: [rgb(page), rgb(surface), rgb(sunken), rgb(tint)],
        rest: rgb(rest),
        ink: rgb(ink),
        mark: rgb(mark),
        head: [rgb(head[0]), rgb(head[1])],
    }
}

const PAPER: [Palette; 2] = [
    palette(
        [0xfb_faf6, 0xff_ffff, 0xf1_efe8, 0xe8_edf5],
        [0xde_dad0, 0x1d_1c19, 0x27_4b7a],
        [0xfb_faf6, 0x1d_1c19],
    ),
    palette(
        [0x16_1614, 0x1f_1f1c, 0x10_100f, 0x22_2c39],
        [0x35_332f, 0xec_e9e1, 0xa9_c6ee],
        [0x16_1614, 0xec_e9e1],
    ),
];
const VERANDA: [Palette; 2] = [
    palette(
        [0xfa_f3e8, 0xff_fbf4, 0xf1_e5d3, 0xf6_e4d3],
        [0xe3_d2b9, 0x2c_1e17, 0xa8_4a1e],
        [0x1f_4a47, 0xf8_ebd0],
    ),
    palette(
        [0x1b_1411, 0x27_1d18, 0x13_0d0b, 0x38_271d],
        [0x46_362b, 0xf4_e8d8, 0xed_a878],
        [0x12_3130, 0xf8_ebd0],
    ),
];
const MARKET: [Palette; 2] = [
    palette(
        [0xf6_f4fa, 0xff_ffff, 0xea_e7f1, 0xf3_e6ef],
        [0xdc_d8e5, 0x1c_1930, 0x83_265f],
        [0x15_1326, 0xfc_e9b8],
    ),
    palette(
        [0x13_121f, 0x1d_1c2d, 0x0c_0b15, 0x2e_2440],
        [0x35_334a, 0xf0_ece2, 0xf5_c765],
        [0x0c_0b15, 0xfc_e9b8],
    ),
];

impl Look {
    /// The look's palettes for light and dark mode.
    pub const fn palettes(self) -> &'static [Palette; 2] {
        match self {
            Self::Paper => &PAPER,
            Self::Veranda => &VERANDA,
            Self::Market => &MARKET,
        }
    }

    /// The file in `assets/` with the display font for headings; `None` if the reader's own fonts
    /// are used.
    pub(crate) fn font(self, language: &str) -> Option<&'static str> {
        let script = language.split('-').next().unwrap_or_default();
        match (self, script) {
            (_, "ar") => Some("fonts/naskh.woff2"),
            (_, "ms") if language.ends_with("-Arab") => Some("fonts/naskh.woff2"),
            (_, "zh" | "ta" | "ja" | "ko") | (Self::Market, _) => None,
            (Self::Veranda, _) => Some("fonts/songket-core.woff2"),
            (Self::Paper, _) => Some("fonts/letterpress-core.woff2"),
        }
    }
}

/// The minimum contrast of text (WCAG 2.2, 1.4.3).
const TEXT: f64 = 4.5;
/// The minimum contrast of graphics with adjacent colours (WCAG 2.2, 1.4.11).
const DRAWN: f64 = 3.0;

impl Color {
    /// Parses `#1f4a47`.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#').filter(|rest| rest.len() == 6)?;
        let value = u32::from_str_radix(digits, 16).ok()?;
        digits
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit())
            .then(|| rgb(value))
    }

    /// The colour in CSS notation, such as `#1f4a47`.
    pub fn hex(self) -> String {
        let [red, green, blue] = self.0;
        format!("#{red:02x}{green:02x}{blue:02x}")
    }

    /// The contrast with another colour, from 1 to 21 (WCAG 2.2).
    pub fn contrast(self, other: Self) -> f64 {
        let (one, two) = (self.luminance(), other.luminance());
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }

    /// Whether text in this colour is legible on the background `ground`.
    pub(crate) fn can_be_read_on(self, ground: Self) -> bool {
        self.contrast(ground) >= TEXT
    }

    fn luminance(self) -> f64 {
        let [red, green, blue] = self.0.map(|channel| {
            let part = f64::from(channel) / 255.0;
            if part <= 0.040_45 {
                part / 12.92
            } else {
                ((part + 0.055) / 1.055).powf(2.4)
            }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    /// Mixes this colour with `percent` of the other colour.
    pub(crate) fn towards(self, other: Self, percent: u16) -> Self {
        let mix = |at: usize| {
            let sum = u16::from(self.0[at]) * (100 - percent) + u16::from(other.0[at]) * percent;
            u8::try_from(sum / 100).unwrap_or(u8::MAX)
        };
        Self([mix(0), mix(1), mix(2)])
    }
}

/// An accent colour, adapted to a look in light or dark mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accent {
    /// The colour of buttons, links and figures.
    pub color: Color,
    /// The colour of text on the accent colour.
    pub on: Color,
    /// Whether the colour had to be made darker or lighter to be legible.
    pub is_changed: bool,
}

impl Accent {
    /// The nearest to `wished` with enough contrast for links on every background of the palette.
    fn fit(wished: Color, palette: &Palette, is_dark: bool) -> Self {
        let can_be_read = |color: Color| {
            let mut grounds = palette.grounds.iter();
            grounds.all(|ground| color.can_be_read_on(*ground))
                && color.contrast(palette.rest) >= DRAWN
        };
        let [page, ..] = palette.grounds;
        Self::nearest(wished, is_dark, [page, palette.ink], can_be_read)
    }

    /// Darkens the colour `wished` (in dark mode, lightens it) until the colour meets the given
    /// condition. Returns the result, and the first legible text colour among `inks`, white and
    /// black.
    pub(crate) fn nearest(
        wished: Color,
        is_dark: bool,
        inks: [Color; 2],
        meets: impl Fn(Color) -> bool,
    ) -> Self {
        let end = if is_dark { rgb(0xff_ffff) } else { rgb(0) };
        let mut steps = (0..=100).map(|percent| wished.towards(end, percent));
        let color = steps.find(|color| meets(*color)).unwrap_or(end);
        let mut choices = inks.into_iter().chain([rgb(0xff_ffff), rgb(0)]);
        let on = choices.find(|on| color.can_be_read_on(*on));
        Self {
            color,
            on: on.unwrap_or(rgb(if is_dark { 0 } else { 0xff_ffff })),
            is_changed: color != wished,
        }
    }

    /// The legible variants of `wished` for light and dark mode.
    pub fn of(wished: Color, look: Look) -> [Self; 2] {
        let [light, dark] = look.palettes();
        [
            Self::fit(wished, light, false),
            Self::fit(wished, dark, true),
        ]
    }

    /// The path of the stylesheet for an accent colour and a look. The path contains both, so that
    /// the server can generate the stylesheet.
    pub(crate) fn address(wished: Color, look: Look) -> String {
        let digits = wished.hex();
        let digits = digits.trim_start_matches('#');
        format!("/assets/accent/{}-{digits}.css", look.word())
    }

    /// Returns the accent stylesheet for a path without the prefix `/assets/`.
    pub(crate) fn find_style(path: &str) -> Option<String> {
        let name = path.strip_prefix("accent/")?.strip_suffix(".css")?;
        let (look, digits) = name.split_once('-')?;
        let wished = Color::parse(&format!("#{digits}"))?;
        Some(Self::style(wished, Look::find(look)?))
    }

    fn style(wished: Color, look: Look) -> String {
        let [light, dark] = Self::of(wished, look);
        let mut style = String::new();
        for (before, accent, after) in [
            ("", light, "\n"),
            ("@media (prefers-color-scheme: dark) { ", dark, " }\n"),
        ] {
            let (color, on) = (accent.color.hex(), accent.on.hex());
            let _ = write!(
                style,
                "{before}.site {{ --accent: {color}; --on-accent: {on}; --link: {color}; --mark: {color} }}{after}"
            );
        }
        style
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    /// Reads the custom properties of a look from `site.css`, for light and dark mode.
    fn tokens(look: Look) -> [HashMap<String, Color>; 2] {
        let style = include_str!("../assets/site.css");
        let (light, dark) = style
            .split_once("@media (prefers-color-scheme: dark)")
            .unwrap();
        [light, dark].map(|part| {
            let read = |class: &str| {
                let rule = part.split_once(&format!("{class} {{")).unwrap().1;
                let rule = rule.split_once('}').unwrap().0.to_owned();
                let all = rule.split(';').filter_map(|one| {
                    let (name, value) = one.split_once(": ")?;
                    let value = match value.trim() {
                        "#fff" => "#ffffff",
                        other => other,
                    };
                    Some((name.trim().to_owned(), Color::parse(value)?))
                });
                all.collect::<HashMap<_, _>>()
            };
            let mut all = read(":root");
            all.extend(read(&format!(".{}", look.word())));
            all
        })
    }

    #[test]
    fn every_colour_can_be_read_where_it_stands() {
        let grounds = ["--page", "--surface", "--sunken", "--tint"];
        for look in Look::ALL {
            for tokens in tokens(*look) {
                let contrast = |one: &str, two: &str| tokens[one].contrast(tokens[two]);
                let at_least = |one: &str, two: &str, least: f64| {
                    let found = contrast(one, two);
                    assert!(found >= least, "{look:?}: {one} on {two} is {found:.2}");
                };
                for ground in grounds {
                    for ink in ["--ink", "--ink2", "--link"] {
                        at_least(ink, ground, TEXT);
                    }
                    at_least("--mark", ground, DRAWN);
                }
                for ground in &grounds[..3] {
                    at_least("--edge", ground, DRAWN);
                    at_least("--error", ground, TEXT);
                }
                at_least("--accent", "--page", TEXT);
                at_least("--on-accent", "--accent", TEXT);
                at_least("--mark", "--rest", DRAWN);
                at_least("--ground-ink", "--ground", TEXT);
                at_least("--focus", "--page", TEXT);
                for state in ["--yes", "--no", "--maybe", "--wait", "--error"] {
                    at_least(state, &format!("{state}-bg"), TEXT);
                    at_least("--ink", &format!("{state}-bg"), TEXT);
                }
            }
        }
    }

    #[test]
    fn what_is_drawn_and_computed_has_the_colours_of_the_style() {
        for look in Look::ALL {
            for (tokens, palette) in tokens(*look).iter().zip(look.palettes()) {
                let [page, surface, sunken, tint] = palette.grounds;
                for (name, color) in [
                    ("--page", page),
                    ("--surface", surface),
                    ("--sunken", sunken),
                    ("--tint", tint),
                    ("--rest", palette.rest),
                    ("--ink", palette.ink),
                    ("--mark", palette.mark),
                    ("--ground", palette.head[0]),
                    ("--ground-ink", palette.head[1]),
                ] {
                    assert_eq!(tokens[name], color, "{look:?} {name}");
                }
            }
        }
    }

    #[test]
    fn an_accent_colour_is_made_readable_where_it_is_not() {
        for look in Look::ALL {
            for wished in [
                "#ffee00", "#000000", "#ffffff", "#777777", "#c0392b", "#2e86de",
            ] {
                let all = Accent::of(Color::parse(wished).unwrap(), *look);
                for (accent, palette) in all.iter().zip(look.palettes()) {
                    for ground in palette.grounds {
                        let contrast = accent.color.contrast(ground);
                        assert!(contrast >= TEXT, "{look:?} {wished} {contrast:.2}");
                    }
                    assert!(
                        accent.color.contrast(accent.on) >= TEXT,
                        "{look:?} {wished}"
                    );
                    assert!(accent.color.contrast(palette.rest) >= DRAWN);
                }
            }
        }
        let [light, dark] = Accent::of(Color::parse("#0b5563").unwrap(), Look::Paper);
        assert!(!light.is_changed && dark.is_changed);
        let style = Accent::style(Color::parse("#0b5563").unwrap(), Look::Paper);
        assert!(style.starts_with(".site { --accent: #0b5563; --on-accent: #fbfaf6;"));
    }

    #[test]
    fn a_colour_is_six_digits() {
        assert_eq!(Color::parse("#1F4a47").unwrap().hex(), "#1f4a47");
        for text in ["", "1f4a47", "#1f4a4", "#1f4a4g", "#+f4a47", "red"] {
            assert_eq!(Color::parse(text), None, "{text}");
        }
    }

    #[test]
    fn one_display_font_and_none_where_the_script_has_its_own() {
        for (look, language, font) in [
            (Look::Paper, "en", Some("fonts/letterpress-core.woff2")),
            (Look::Veranda, "ms", Some("fonts/songket-core.woff2")),
            (Look::Market, "en", None),
            (Look::Market, "ar", Some("fonts/naskh.woff2")),
            (Look::Paper, "zh-Hans", None),
        ] {
            assert_eq!(look.font(language), font);
        }
    }
}
