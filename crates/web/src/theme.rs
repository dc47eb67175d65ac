//! The design of guests' pages: a look, a colour of that look, and an optional accent colour. Each
//! look has a stylesheet `assets/look-NAME.css`, which is also where the program reads its colours.

use serde::{Deserialize, Deserializer, Serialize};

use crate::embedded;
use crate::look::{Color, rgb};
use crate::words;

/// The theme of public pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Theme {
    /// The look. If a stored value is unknown, plain.
    #[serde(deserialize_with = "known_preset")]
    pub preset: Preset,
    /// The colour of the look; if omitted or a colour of another look, the look's first.
    #[serde(
        rename = "ground",
        default,
        deserialize_with = "known_way",
        skip_serializing_if = "Option::is_none"
    )]
    pub way: Option<Way>,
    /// The colour of buttons and links, as chosen; pages adapt it so that it can be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accent: Option<Color>,
}

fn known_preset<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Preset, D::Error> {
    let word = String::deserialize(deserializer)?;
    Ok(Preset::find(&word).unwrap_or_default())
}

fn known_way<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Way>, D::Error> {
    let word = Option::<String>::deserialize(deserializer)?;
    Ok(word.as_deref().and_then(Way::find))
}

impl Theme {
    pub const PLAIN: Self = Self {
        preset: Preset::Plain,
        way: None,
        accent: None,
    };

    /// The look with its first colour.
    pub const fn of(preset: Preset) -> Self {
        Self {
            preset,
            ..Self::PLAIN
        }
    }

    /// The colour, if it is one of the look's and not the first.
    pub fn other_way(self) -> Option<Way> {
        let others = self.preset.ways().get(1..).unwrap_or_default();
        self.way.filter(|way| others.contains(way))
    }

    /// The root element's classes, such as `theme-songket way-nila`.
    pub fn classes(self) -> String {
        let look = self.preset.word();
        match self.other_way() {
            Some(way) => format!("theme-{look} way-{}", way.word()),
            None => format!("theme-{look}"),
        }
    }

    /// The name of the look's stylesheet in `assets/`.
    pub fn style(self) -> String {
        format!("look-{}.css", self.preset.word())
    }

    /// The file in `assets/` with the display font for the names on the cover; `None` if the
    /// reader's own fonts are used.
    pub(crate) fn font(self, language: &str) -> Option<&'static str> {
        let face = self.preset.face()?;
        let script = language.split('-').next().unwrap_or_default();
        match script {
            "zh" | "ta" | "ja" | "ko" => None,
            "ar" => Some("fonts/naskh.woff2"),
            "ms" if language.ends_with("-Arab") => Some("fonts/naskh.woff2"),
            _ => Some(face.core()),
        }
    }

    /// The colours of the look in light and dark mode, without the accent colour.
    pub fn palettes(self) -> [Palette; 2] {
        let style = embedded::style(&self.style());
        let (light, dark) = style.split_once(DARK).unwrap_or((style, ""));
        [
            Palette::read(light, self, ""),
            Palette::read(dark, self, NOT_LIGHT),
        ]
    }
}

/// What separates a look's colours for light mode from those for dark mode.
const DARK: &str = "@media (prefers-color-scheme: dark) {";
/// In dark mode, parts that are shown as on paper keep the light colours.
const NOT_LIGHT: &str = ":not(.light)";

/// The colours of a look in light or dark mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Palette {
    /// The background of the page.
    pub page: Color,
    /// The background of cards.
    pub surface: Color,
    /// The background of table heads.
    pub sunken: Color,
    /// The background of chosen rows and banners.
    pub tint: Color,
    /// The colour of hairlines.
    pub line: Color,
    /// The text colour.
    pub ink: Color,
    /// The colour of secondary text.
    pub ink2: Color,
    /// The colour of links.
    pub link: Color,
    /// The border of controls.
    pub edge: Color,
    /// The background of buttons.
    pub accent: Color,
    /// The text colour of buttons.
    pub on_accent: Color,
    /// The background of the cover.
    pub ground: Color,
    /// The text colour of the cover.
    pub ground_ink: Color,
    /// The colour of ornaments on the cover.
    pub gold: Color,
    /// The colour of figures, such as the day of an event.
    pub gold_deep: Color,
}

impl Palette {
    fn read(style: &str, theme: Theme, more: &str) -> Self {
        let look = theme.preset.word();
        let of_look = rule(style, &format!(".theme-{look}{more} {{"));
        let of_way = theme.other_way().map_or("", |way| {
            rule(style, &format!(".theme-{look}.way-{}{more} {{", way.word()))
        });
        let color = |name: &str| {
            let found = value(of_way, name).or_else(|| value(of_look, name));
            found.unwrap_or_else(|| {
                tracing::error!(look, name, "a look has no such colour; please report this");
                rgb(0x80_8080)
            })
        };
        Self {
            page: color("page"),
            surface: color("surface"),
            sunken: color("sunken"),
            tint: color("tint"),
            line: color("line"),
            ink: color("ink"),
            ink2: color("ink2"),
            link: color("link"),
            edge: color("edge"),
            accent: color("accent"),
            on_accent: color("on-accent"),
            ground: color("ground"),
            ground_ink: color("ground-ink"),
            gold: color("gold"),
            gold_deep: color("gold-deep"),
        }
    }
}

/// The declarations of a rule; empty if there is no such rule.
fn rule<'a>(style: &'a str, begin: &str) -> &'a str {
    let found = style.split_once(begin).map(|(_, after)| after);
    let rule = found.and_then(|after| after.split_once('}'));
    rule.map_or("", |(rule, _)| rule)
}

fn value(rule: &str, name: &str) -> Option<Color> {
    let (_, after) = rule.split_once(&format!("--{name}: "))?;
    Color::parse(after.split([';', ' ']).next()?)
}

words! {
    /// The looks.
    #[derive(Default)]
    Preset {
        /// Gold thread on a deep background.
        Songket = "songket" => "host-look-songket",
        /// Red and gold, with waves.
        Vermilion = "vermilion" => "host-look-vermilion",
        /// Tiles of a courtyard.
        Tiles = "tiles" => "host-look-tiles",
        /// Leaves and blossom.
        Garden = "garden" => "host-look-garden",
        /// Strings of lamps at night.
        Lamplight = "lamplight" => "host-look-lamplight",
        /// Garlands, turmeric, a kolam.
        Marigold = "marigold" => "host-look-marigold",
        /// Paper, a double frame and a spray of jasmine.
        Letterpress = "letterpress" => "host-look-letterpress",
        /// Gold lines and a sunburst.
        Deco = "deco" => "host-look-deco",
        /// Sun and waves.
        Shore = "shore" => "host-look-shore",
        /// White space and one rule.
        Margin = "margin" => "host-look-margin",
        /// Woven palm leaves.
        Ketupat = "ketupat" => "host-look-ketupat",
        /// Pennants and balloons.
        Bunting = "bunting" => "host-look-bunting",
        /// Moon, stars and clouds.
        Cradle = "cradle" => "host-look-cradle",
        /// Flat and left aligned.
        Letterhead = "letterhead" => "host-look-letterhead",
        /// One drawn stem, for memorials.
        Still = "still" => "host-look-still",
        /// A flat background and a band of plaiting.
        #[default]
        Plain = "plain" => "host-look-plain",
    }
}

words! {
    /// The colours of the looks. Each look has its own.
    #[schema(as = Ground)]
    Way {
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
        Cinnabar = "cinnabar" => "host-ground-cinnabar",
        Peony = "peony" => "host-ground-peony",
        Jade = "jade" => "host-ground-jade",
        Ink = "ink" => "host-ground-ink",
        Turquoise = "turquoise" => "host-ground-turquoise",
        Cobalt = "cobalt" => "host-ground-cobalt",
        Rose = "rose" => "host-ground-rose",
        Sage = "sage" => "host-ground-sage",
        Lavender = "lavender" => "host-ground-lavender",
        Terracotta = "terracotta" => "host-ground-terracotta",
        Midnight = "midnight" => "host-ground-midnight",
        Plum = "plum" => "host-ground-plum",
        Forest = "forest" => "host-ground-forest",
        /// Turmeric.
        Haldi = "haldi" => "host-ground-haldi",
        /// Pink.
        Gulabi = "gulabi" => "host-ground-gulabi",
        /// Peacock.
        Mor = "mor" => "host-ground-mor",
        /// Red.
        Kumkum = "kumkum" => "host-ground-kumkum",
        Emerald = "emerald" => "host-ground-emerald",
        Onyx = "onyx" => "host-ground-onyx",
        Navy = "navy" => "host-ground-navy",
        Blush = "blush" => "host-ground-blush",
        Lagoon = "lagoon" => "host-ground-lagoon",
        Dusk = "dusk" => "host-ground-dusk",
        Sand = "sand" => "host-ground-sand",
        Red = "red" => "host-ground-red",
        Blue = "blue" => "host-ground-blue",
        Moss = "moss" => "host-ground-moss",
        Black = "black" => "host-ground-black",
        Leaf = "leaf" => "host-ground-leaf",
        Teal = "teal" => "host-ground-teal",
        Sky = "sky" => "host-ground-sky",
        Lemon = "lemon" => "host-ground-lemon",
        Mint = "mint" => "host-ground-mint",
        Blossom = "blossom" => "host-ground-blossom",
        Cloud = "cloud" => "host-ground-cloud",
        Vanilla = "vanilla" => "host-ground-vanilla",
        Graphite = "graphite" => "host-ground-graphite",
        Pine = "pine" => "host-ground-pine",
        Wine = "wine" => "host-ground-wine",
        Stone = "stone" => "host-ground-stone",
        Mist = "mist" => "host-ground-mist",
    }
}

impl Preset {
    /// The look's colours, the usual one first; empty if the look has only one.
    pub const fn ways(self) -> &'static [Way] {
        use Way::{
            Arang, Black, Blossom, Blue, Blush, Cinnabar, Cloud, Cobalt, Dusk, Emerald, Forest,
            Graphite, Gulabi, Haldi, Ink, Jade, Kumkum, Lagoon, Lavender, Leaf, Lemon, Maroon,
            Midnight, Mint, Mist, Mor, Moss, Navy, Nila, Onyx, Peony, Pine, Plum, Red, Rose, Sage,
            Sand, Sky, Stone, Teal, Terracotta, Terung, Turquoise, Vanilla, Wine, Zamrud,
        };
        match self {
            Self::Songket => &[Maroon, Zamrud, Nila, Terung, Arang],
            Self::Vermilion => &[Cinnabar, Peony, Jade, Ink],
            Self::Tiles => &[Turquoise, Cobalt, Rose],
            Self::Garden => &[Sage, Rose, Lavender, Terracotta],
            Self::Lamplight => &[Midnight, Plum, Forest],
            Self::Marigold => &[Haldi, Gulabi, Mor, Kumkum],
            Self::Deco => &[Emerald, Onyx, Navy, Blush],
            Self::Shore => &[Lagoon, Dusk, Sand],
            Self::Margin => &[Red, Blue, Moss, Black],
            Self::Ketupat => &[Leaf, Dusk, Teal],
            Self::Bunting => &[Sky, Lemon, Mint, Blossom],
            Self::Cradle => &[Cloud, Blush, Sage, Vanilla],
            Self::Letterhead => &[Navy, Graphite, Pine, Wine],
            Self::Still => &[Stone, Mist, Moss],
            Self::Letterpress | Self::Plain => &[],
        }
    }

    /// The face of names and headings; `None` if the reader's own fonts are used.
    pub const fn face(self) -> Option<Face> {
        match self {
            Self::Songket | Self::Vermilion | Self::Marigold | Self::Ketupat => Some(Face::Songket),
            Self::Letterpress | Self::Shore | Self::Still => Some(Face::Letterpress),
            Self::Tiles | Self::Garden | Self::Cradle => Some(Face::Playfair),
            Self::Lamplight | Self::Deco => Some(Face::Poiret),
            Self::Bunting => Some(Face::Fredoka),
            Self::Margin | Self::Letterhead | Self::Plain => None,
        }
    }
}

/// A display face of the looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Face {
    /// Marcellus 400.
    #[default]
    Songket,
    /// Cormorant Garamond 600.
    Letterpress,
    /// Playfair Display 500 italic.
    Playfair,
    /// Poiret One 400.
    Poiret,
    /// Fredoka 600.
    Fredoka,
}

impl Face {
    /// The file in `assets/` with the letters of most names.
    const fn core(self) -> &'static str {
        match self {
            Self::Songket => "fonts/songket-core.woff2",
            Self::Letterpress => "fonts/letterpress-core.woff2",
            Self::Playfair => "fonts/playfair-core.woff2",
            Self::Poiret => "fonts/poiret-core.woff2",
            Self::Fredoka => "fonts/fredoka-core.woff2",
        }
    }
}

#[cfg(test)]
mod tests;
