//! An accent colour that hosts choose for a theme, made darker or lighter if it would be illegible.

use std::fmt::Write as _;

use crate::look::{Accent, Color};
use crate::theme::{Palette, Preset, Theme, Way};

/// The percentage of the accent colour in the tint of the look Plain, in light and dark mode.
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
    fn of(wished: Color, preset: Preset, palette: &Palette, is_dark: bool) -> Self {
        // The look Plain has no ornament, so the chosen colour tints its backgrounds too.
        let tint = |color: Color| match preset {
            Preset::Plain => palette.page.towards(color, TINT[usize::from(is_dark)]),
            _ => palette.tint,
        };
        let inks = [palette.on_accent, palette.ink];
        let plain = [palette.page, palette.surface, palette.sunken];
        let accent = Accent::nearest(wished, is_dark, inks, |color| {
            let mut all = plain.into_iter().chain([tint(color)]);
            all.all(|ground| color.can_be_read_on(ground))
        });
        let (color, tint) = (accent.color, tint(accent.color));
        Self {
            accent,
            ground: (preset == Preset::Plain).then_some(tint),
            ground_ink: matches!(preset, Preset::Plain | Preset::Letterpress).then_some(color),
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
    let wished = theme.accent?;
    let [light, dark] = theme.palettes();
    Some([
        OwnColors::of(wished, theme.preset, &light, false),
        OwnColors::of(wished, theme.preset, &dark, true),
    ])
}

/// The path of the stylesheet for a theme's accent colour; `None` if the theme has no accent
/// colour.
pub(crate) fn address(theme: Theme) -> Option<String> {
    let digits = theme.accent?.hex();
    let digits = digits.trim_start_matches('#');
    let look = theme.preset.word();
    Some(match theme.other_way() {
        Some(way) => format!("/assets/accent/{look}-{}-{digits}.css", way.word()),
        None => format!("/assets/accent/{look}-{digits}.css"),
    })
}

/// Returns the accent stylesheet for a path without the prefix `/assets/`.
pub(crate) fn find_style(path: &str) -> Option<String> {
    let name = path.strip_prefix("accent/")?.strip_suffix(".css")?;
    let (dress, digits) = name.rsplit_once('-')?;
    let (preset, way) = match dress.split_once('-') {
        Some((preset, way)) => (preset, Some(Way::find(way)?)),
        None => (dress, None),
    };
    let [light, dark] = colors(Theme {
        preset: Preset::find(preset)?,
        way,
        accent: Some(Color::parse(&format!("#{digits}"))?),
    })?;
    let (light, dark) = (light.style(), dark.style());
    // More specific than the rules of a look and its colours.
    let root = ":root:root:root";
    Some(format!(
        "{root} {{ {light} }}\n@media (prefers-color-scheme: dark) {{ {root} {{ {dark} }} }}\n"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> impl Iterator<Item = (Theme, Color)> {
        let wished = [
            "#ffee00", "#000000", "#ffffff", "#777777", "#c0392b", "#2e86de", "#00ff00", "#ff00ff",
            "#0000ff", "#fff6e3",
        ];
        Preset::ALL.iter().flat_map(move |preset| {
            wished.into_iter().map(move |wished| {
                let wished = Color::parse(wished).unwrap();
                let theme = Theme {
                    way: preset.ways().last().copied(),
                    accent: Some(wished),
                    ..Theme::of(*preset)
                };
                (theme, wished)
            })
        })
    }

    #[test]
    fn every_colour_can_be_read_whatever_was_chosen() {
        for (theme, wished) in all() {
            let preset = theme.preset;
            let both = theme.palettes().into_iter().zip([false, true]);
            for (own, (look, is_dark)) in colors(theme).unwrap().into_iter().zip(both) {
                let tint = own.ground.unwrap_or(look.tint);
                for ground in [look.page, look.surface, look.sunken, tint] {
                    for ink in [own.accent.color, look.ink, look.ink2] {
                        let found = ink.contrast(ground);
                        assert!(found >= 4.5, "{preset:?} {wished:?} {is_dark}: {found:.2}");
                    }
                }
                assert!(own.accent.color.can_be_read_on(own.accent.on));
                if let Some(ink) = own.ground_ink {
                    let ground = own.ground.unwrap_or(look.ground);
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
            assert!(
                style.starts_with(":root:root:root { --accent: #"),
                "{style}"
            );
            assert_eq!(style.contains("--ground: "), theme.preset == Preset::Plain);
        }
        for path in [
            "accent/paper-0b5563.css",
            "accent/songket-mauve-0b5563.css",
            "accent/plain-0b556.css",
            "accent/plain.css",
        ] {
            assert_eq!(find_style(path), None, "{path}");
        }
    }
}
