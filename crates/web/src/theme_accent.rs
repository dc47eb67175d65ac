//! An accent colour that hosts choose for a theme, made darker or lighter if it would be illegible.
//! The themes' colours are defined in `guest.css`. This module repeats the colours that it needs
//! for computing, and a test checks that both agree.

use std::fmt::Write as _;

use crate::look::{Accent, Color, rgb};
use crate::theme::{Preset, Theme};

/// The accent colour must be legible with all of them.
struct Grounds {
    /// The backgrounds of text and links: the page, cards and table heads.
    plain: [Color; 3],
    /// The background of chosen rows and banners.
    tint: Color,
    /// The colours of text on the accent colour, in the order of preference.
    inks: [Color; 2],
}

const fn grounds([page, surface, sunken, tint]: [u32; 4], inks: [u32; 2]) -> Grounds {
    Grounds {
        plain: [rgb(page), rgb(surface), rgb(sunken)],
        tint: rgb(tint),
        inks: [rgb(inks[0]), rgb(inks[1])],
    }
}

const SONGKET: [Grounds; 2] = [
    grounds(
        [0xfb_f5e9, 0xff_fdf8, 0xf4_ead7, 0xf8_e6e0],
        [0xff_f6e3, 0x2c_1712],
    ),
    grounds(
        [0x19_0d10, 0x26_161a, 0x12_0709, 0x3a_2222],
        [0x2a_1206, 0xf6_e9d6],
    ),
];
const LETTERPRESS: [Grounds; 2] = [
    grounds(
        [0xf6_f4ee, 0xff_fefb, 0xec_e8de, 0xe6_ebee],
        [0xfb_f8f0, 0x20_262c],
    ),
    grounds(
        [0x13_171b, 0x1b_2126, 0x0e_1114, 0x22_303c],
        [0x0f_1e2c, 0xeb_e7dd],
    ),
];
const PLAIN: [Grounds; 2] = [
    grounds(
        [0xff_ffff, 0xff_ffff, 0xf2_f4f4, 0xe2_f0f1],
        [0xff_ffff, 0x15_191c],
    ),
    grounds(
        [0x11_1516, 0x19_1e20, 0x0c_0f10, 0x16_343a],
        [0x06_292d, 0xe9_eced],
    ),
];

/// The percentage of the accent colour in the tint of the theme Plain, in light and dark mode.
const TINT: [u16; 2] = [12, 18];

/// The colours of a theme that are derived from the chosen accent colour, in light or dark mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnColors {
    /// The accent colour, made legible.
    pub accent: Accent,
    /// The background behind the names on the cover, if derived from the accent colour.
    pub ground: Option<Color>,
    /// The text colour of the names on the cover, if derived from the accent colour.
    pub ground_ink: Option<Color>,
}

impl OwnColors {
    fn of(wished: Color, preset: Preset, grounds: &Grounds, is_dark: bool) -> Self {
        let [page, ..] = grounds.plain;
        // The theme Plain has no ornament, so the chosen colour tints its backgrounds too.
        let tint = |color: Color| match preset {
            Preset::Plain => page.towards(color, TINT[usize::from(is_dark)]),
            Preset::Songket | Preset::Letterpress => grounds.tint,
        };
        let accent = Accent::nearest(wished, is_dark, grounds.inks, |color| {
            let mut all = grounds.plain.into_iter().chain([tint(color)]);
            all.all(|ground| color.can_be_read_on(ground))
        });
        let (color, tint) = (accent.color, tint(accent.color));
        Self {
            accent,
            ground: (preset == Preset::Plain).then_some(tint),
            ground_ink: (preset != Preset::Songket).then_some(color),
        }
    }

    fn style(self) -> String {
        let (color, on) = (self.accent.color.hex(), self.accent.on.hex());
        let mut style = format!("--accent: {color}; --on-accent: {on}; --link: {color}");
        if let Some(ink) = self.ground_ink.map(Color::hex) {
            let _ = write!(style, "; --ground-ink: {ink}");
        }
        if let Some(ground) = self.ground.map(Color::hex) {
            let _ = write!(
                style,
                "; --ground: {ground}; --tint: {ground}; --info: {ground}; --gold: {color}; --gold-deep: {color}"
            );
        }
        style
    }
}

/// Derives colours from a theme's accent colour, for light and dark mode. Returns `None` if the
/// theme has no accent colour.
pub fn colors(theme: Theme) -> Option<[OwnColors; 2]> {
    let [light, dark] = match theme.preset {
        Preset::Songket => &SONGKET,
        Preset::Letterpress => &LETTERPRESS,
        Preset::Plain => &PLAIN,
    };
    theme.accent.map(|wished| {
        [
            OwnColors::of(wished, theme.preset, light, false),
            OwnColors::of(wished, theme.preset, dark, true),
        ]
    })
}

/// The path of the stylesheet for a theme's accent colour; `None` if the theme has no accent
/// colour.
pub(crate) fn address(theme: Theme) -> Option<String> {
    let digits = theme.accent?.hex();
    let digits = digits.trim_start_matches('#');
    Some(format!(
        "/assets/accent/{}-{digits}.css",
        theme.preset.word()
    ))
}

/// Returns the accent stylesheet for a path without the prefix `/assets/`.
pub(crate) fn find_style(path: &str) -> Option<String> {
    let name = path.strip_prefix("accent/")?.strip_suffix(".css")?;
    let (preset, digits) = name.split_once('-')?;
    let [light, dark] = colors(Theme {
        preset: Preset::find(preset)?,
        ground: None,
        accent: Some(Color::parse(&format!("#{digits}"))?),
    })?;
    let (light, dark) = (light.style(), dark.style());
    Some(format!(
        ":root {{ {light} }}\n@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}\n"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a theme's custom property from `guest.css`, for light or dark mode.
    fn token(preset: Preset, is_dark: bool, name: &str) -> Color {
        let style = include_str!("../assets/guest.css");
        let (light, dark) = style
            .split_once("@media (prefers-color-scheme: dark)")
            .unwrap();
        let part = if is_dark { dark } else { light };
        let rule = match preset {
            Preset::Plain => ":root {",
            Preset::Songket => ".theme-songket {",
            Preset::Letterpress => ".theme-letterpress {",
        };
        let rule = part.split_once(rule).unwrap().1.split_once('}').unwrap().0;
        let value = rule.split_once(&format!("{name}: ")).unwrap().1;
        let value = value.split(';').next().unwrap().trim();
        Color::parse(if value == "#fff" { "#ffffff" } else { value }).unwrap()
    }

    fn all() -> impl Iterator<Item = (Theme, Color)> {
        let wished = [
            "#ffee00", "#000000", "#ffffff", "#777777", "#c0392b", "#2e86de", "#00ff00", "#ff00ff",
            "#0000ff", "#fff6e3",
        ];
        Preset::ALL.iter().flat_map(move |preset| {
            wished.into_iter().map(move |wished| {
                let wished = Color::parse(wished).unwrap();
                let theme = Theme {
                    preset: *preset,
                    ground: None,
                    accent: Some(wished),
                };
                (theme, wished)
            })
        })
    }

    #[test]
    fn what_is_computed_has_the_colours_of_the_style() {
        for (preset, both) in [
            (Preset::Songket, SONGKET),
            (Preset::Letterpress, LETTERPRESS),
            (Preset::Plain, PLAIN),
        ] {
            for (grounds, is_dark) in both.iter().zip([false, true]) {
                let [page, surface, sunken] = grounds.plain;
                let [on, ink] = grounds.inks;
                for (name, color) in [
                    ("--page", page),
                    ("--surface", surface),
                    ("--sunken", sunken),
                    ("--tint", grounds.tint),
                    ("--on-accent", on),
                    ("--ink", ink),
                ] {
                    assert_eq!(token(preset, is_dark, name), color, "{preset:?} {name}");
                }
            }
        }
    }

    #[test]
    fn every_colour_can_be_read_whatever_was_chosen() {
        for (theme, wished) in all() {
            let preset = theme.preset;
            for (own, is_dark) in colors(theme).unwrap().into_iter().zip([false, true]) {
                let token = |name: &str| token(preset, is_dark, name);
                let tint = own.ground.unwrap_or_else(|| token("--tint"));
                let grounds = ["--page", "--surface", "--sunken"].map(token);
                for ground in grounds.into_iter().chain([tint]) {
                    for ink in [own.accent.color, token("--ink"), token("--ink2")] {
                        let found = ink.contrast(ground);
                        assert!(found >= 4.5, "{preset:?} {wished:?} {is_dark}: {found:.2}");
                    }
                }
                assert!(own.accent.color.can_be_read_on(own.accent.on));
                if let Some(ink) = own.ground_ink {
                    let ground = own.ground.unwrap_or_else(|| token("--ground"));
                    assert!(ink.can_be_read_on(ground), "{preset:?} {wished:?}");
                }
            }
        }
    }

    #[test]
    fn a_legible_colour_stays_and_another_is_changed() {
        let theme = |accent: &str| Theme {
            accent: Color::parse(accent),
            ..Theme::PLAIN
        };
        let [light, dark] = colors(theme("#0b5563")).unwrap();
        assert!(!light.accent.is_changed && dark.accent.is_changed);
        let [light, dark] = colors(theme("#ffee00")).unwrap();
        assert!(light.accent.is_changed && !dark.accent.is_changed);
        assert_eq!(colors(Theme::PLAIN), None);
    }

    #[test]
    fn a_style_is_found_by_its_path() {
        for (theme, _) in all() {
            let path = address(theme).unwrap();
            let style = find_style(path.strip_prefix("/assets/").unwrap()).unwrap();
            assert!(style.starts_with(":root { --accent: #"), "{style}");
            assert_eq!(style.contains("--ground: "), theme.preset == Preset::Plain);
        }
        for path in [
            "accent/paper-0b5563.css",
            "accent/plain-0b556.css",
            "accent/plain.css",
        ] {
            assert_eq!(find_style(path), None, "{path}");
        }
    }
}
