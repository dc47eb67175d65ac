//! What the colours of the new looks are made from.

use crate::theme::{Preset, Way};

/// What a new look's colours are made from.
pub(super) struct Seed {
    pub(super) preset: Preset,
    /// Whether the greys of a colour that is far from the look's have the hue of its accent colour.
    pub(super) tints: bool,
    /// Hue and chroma of the page's greys.
    pub(super) neutral: [f64; 2],
    /// Hue and chroma of the accent colour.
    pub(super) accent: [f64; 2],
    /// Ground, names and ornament of the cover, in light and dark mode.
    pub(super) cover: [[&'static str; 3]; 2],
    /// Each with its cover in light mode, hue and chroma of its accent colour, and its dark ground.
    pub(super) ways: &'static [(Way, [&'static str; 3], [f64; 2], &'static str)],
}

pub(super) const SEEDS: [Seed; 13] = [
    Seed {
        preset: Preset::Vermilion,
        tints: true,
        neutral: [55.0, 0.014],
        accent: [27.0, 0.15],
        cover: [
            ["#a01b1e", "#ffe9bd", "#e9b95c"],
            ["#5c0d12", "#ffe3ae", "#dba94c"],
        ],
        ways: &[
            (
                Way::Peony,
                ["#9a1750", "#ffe3d8", "#f0b690"],
                [355.0, 0.15],
                "#560c2c",
            ),
            (
                Way::Jade,
                ["#0f5a4a", "#fdf0c8", "#dcc06e"],
                [172.0, 0.075],
                "#0a332a",
            ),
            (
                Way::Ink,
                ["#1d2530", "#f6e6c0", "#d9b25e"],
                [250.0, 0.045],
                "#12171e",
            ),
        ],
    },
    Seed {
        preset: Preset::Tiles,
        tints: true,
        neutral: [200.0, 0.01],
        accent: [205.0, 0.08],
        cover: [
            ["#fdf8ee", "#0e5560", "#c9577a"],
            ["#0f2226", "#cdeeea", "#e58aa5"],
        ],
        ways: &[
            (
                Way::Cobalt,
                ["#fbf9f2", "#173a7a", "#c98a2d"],
                [262.0, 0.13],
                "#101a2e",
            ),
            (
                Way::Rose,
                ["#fff7f4", "#8a2546", "#3d9a94"],
                [5.0, 0.125],
                "#24131a",
            ),
        ],
    },
    Seed {
        preset: Preset::Garden,
        tints: true,
        neutral: [125.0, 0.012],
        accent: [150.0, 0.075],
        cover: [
            ["#f3f5ea", "#2f4a37", "#8fa585"],
            ["#141a15", "#dfe8d6", "#7f9a78"],
        ],
        ways: &[
            (
                Way::Rose,
                ["#fbf0ee", "#6b2f3d", "#d9a3a0"],
                [10.0, 0.085],
                "#1c1416",
            ),
            (
                Way::Lavender,
                ["#f3f1f8", "#463a6b", "#a59bc9"],
                [295.0, 0.08],
                "#17151f",
            ),
            (
                Way::Terracotta,
                ["#faf0e6", "#6b3a22", "#cf9c7d"],
                [45.0, 0.085],
                "#1c1511",
            ),
        ],
    },
    Seed {
        preset: Preset::Lamplight,
        tints: true,
        neutral: [275.0, 0.012],
        accent: [278.0, 0.11],
        cover: [
            ["#161b3d", "#fdf0d2", "#ffd27a"],
            ["#0e1128", "#fbeccb", "#f6c76b"],
        ],
        ways: &[
            (
                Way::Plum,
                ["#2b1638", "#fdeed2", "#ffcf7d"],
                [315.0, 0.11],
                "#1b0d24",
            ),
            (
                Way::Forest,
                ["#102a24", "#fbf0d0", "#ffd588"],
                [170.0, 0.065],
                "#0a1b17",
            ),
        ],
    },
    Seed {
        preset: Preset::Marigold,
        tints: false,
        neutral: [75.0, 0.022],
        accent: [350.0, 0.15],
        cover: [
            ["#f6b93b", "#66103f", "#8a1752"],
            ["#3b0d2b", "#ffcf70", "#f2a93a"],
        ],
        ways: &[
            (
                Way::Gulabi,
                ["#c2185b", "#fff2d8", "#ffd27a"],
                [355.0, 0.16],
                "#4d0a25",
            ),
            (
                Way::Mor,
                ["#0b5158", "#ffe2a0", "#f3b246"],
                [200.0, 0.08],
                "#08343a",
            ),
            (
                Way::Kumkum,
                ["#9d2418", "#ffe9c7", "#f6b94a"],
                [30.0, 0.15],
                "#430f0a",
            ),
        ],
    },
    Seed {
        preset: Preset::Deco,
        tints: true,
        neutral: [160.0, 0.008],
        accent: [170.0, 0.06],
        cover: [
            ["#0f2a25", "#f6e7c3", "#cfa75a"],
            ["#0a1b18", "#f3e3bb", "#c59d52"],
        ],
        ways: &[
            (
                Way::Onyx,
                ["#17171a", "#f5e8c8", "#cda85c"],
                [85.0, 0.03],
                "#0f0f11",
            ),
            (
                Way::Navy,
                ["#131f3f", "#f6e8c6", "#d2ab60"],
                [265.0, 0.09],
                "#0c142a",
            ),
            (
                Way::Blush,
                ["#f6e6e0", "#4a2a2f", "#b98a4e"],
                [15.0, 0.08],
                "#231619",
            ),
        ],
    },
    Seed {
        preset: Preset::Shore,
        tints: true,
        neutral: [215.0, 0.01],
        accent: [225.0, 0.08],
        cover: [
            ["#eaf4f5", "#17465a", "#f0a07c"],
            ["#0f1f29", "#d8ecf1", "#e6936e"],
        ],
        ways: &[
            (
                Way::Dusk,
                ["#f5ecef", "#4b2f55", "#e58a86"],
                [325.0, 0.09],
                "#1e1524",
            ),
            (
                Way::Sand,
                ["#f8f1e4", "#52402a", "#d9935f"],
                [65.0, 0.075],
                "#1d1812",
            ),
        ],
    },
    Seed {
        preset: Preset::Margin,
        tints: false,
        neutral: [90.0, 0.004],
        accent: [28.0, 0.17],
        cover: [
            ["#ffffff", "#161616", "#d0342c"],
            ["#121212", "#f2f0ec", "#ff8a7a"],
        ],
        ways: &[
            (
                Way::Blue,
                ["#ffffff", "#161616", "#2450c8"],
                [264.0, 0.19],
                "#121212",
            ),
            (
                Way::Moss,
                ["#ffffff", "#161616", "#4f6d2a"],
                [125.0, 0.11],
                "#121212",
            ),
            (
                Way::Black,
                ["#ffffff", "#161616", "#161616"],
                [90.0, 0.004],
                "#121212",
            ),
        ],
    },
    Seed {
        preset: Preset::Ketupat,
        tints: true,
        neutral: [140.0, 0.014],
        accent: [155.0, 0.09],
        cover: [
            ["#0f4a33", "#f3f0c9", "#c9cf6a"],
            ["#0a2c1f", "#eef0c4", "#bcc462"],
        ],
        ways: &[
            (
                Way::Dusk,
                ["#2b2350", "#f4eccb", "#d7c96a"],
                [285.0, 0.11],
                "#1a1533",
            ),
            (
                Way::Teal,
                ["#0b4650", "#f1efcd", "#d2cf6c"],
                [210.0, 0.075],
                "#072d34",
            ),
        ],
    },
    Seed {
        preset: Preset::Bunting,
        tints: true,
        neutral: [230.0, 0.01],
        accent: [262.0, 0.15],
        cover: [
            ["#dff1fb", "#22305e", "#ff7f6a"],
            ["#141d3a", "#f2f4ff", "#ff8d79"],
        ],
        ways: &[
            (
                Way::Lemon,
                ["#fff3c4", "#3a2c5e", "#ff7f6a"],
                [295.0, 0.15],
                "#231d38",
            ),
            (
                Way::Mint,
                ["#dcf5ea", "#1f3f46", "#ff8f5a"],
                [190.0, 0.085],
                "#10262a",
            ),
            (
                Way::Blossom,
                ["#ffe6ee", "#4a2350", "#f0a23a"],
                [330.0, 0.14],
                "#2b1530",
            ),
        ],
    },
    Seed {
        preset: Preset::Cradle,
        tints: true,
        neutral: [250.0, 0.01],
        accent: [280.0, 0.085],
        cover: [
            ["#e8eefa", "#33406b", "#f2c66d"],
            ["#171c33", "#e6ebfb", "#f0c878"],
        ],
        ways: &[
            (
                Way::Blush,
                ["#fbeaee", "#5e2f45", "#f0bf6a"],
                [355.0, 0.1],
                "#2a1822",
            ),
            (
                Way::Sage,
                ["#e9f2ea", "#2f4b3c", "#e9bd63"],
                [155.0, 0.065],
                "#16211b",
            ),
            (
                Way::Vanilla,
                ["#fdf3da", "#54401d", "#e9a94f"],
                [75.0, 0.075],
                "#251e12",
            ),
        ],
    },
    Seed {
        preset: Preset::Letterhead,
        tints: true,
        neutral: [260.0, 0.006],
        accent: [258.0, 0.11],
        cover: [
            ["#14264a", "#ffffff", "#7fa6ff"],
            ["#0e1a33", "#f3f6ff", "#86aaff"],
        ],
        ways: &[
            (
                Way::Graphite,
                ["#23262b", "#ffffff", "#ffb454"],
                [60.0, 0.09],
                "#17191c",
            ),
            (
                Way::Pine,
                ["#0f3b34", "#ffffff", "#7fe0bd"],
                [172.0, 0.08],
                "#0a2622",
            ),
            (
                Way::Wine,
                ["#4a1029", "#ffffff", "#ff9fb4"],
                [5.0, 0.12],
                "#2d0a19",
            ),
        ],
    },
    Seed {
        preset: Preset::Still,
        tints: true,
        neutral: [80.0, 0.006],
        accent: [240.0, 0.03],
        cover: [
            ["#ebe9e4", "#2e3236", "#6f7478"],
            ["#17181a", "#e6e4df", "#9a9da0"],
        ],
        ways: &[
            (
                Way::Mist,
                ["#e6ebee", "#26343d", "#6d7f8a"],
                [235.0, 0.045],
                "#14191d",
            ),
            (
                Way::Moss,
                ["#e8ebe3", "#2c3629", "#71806a"],
                [140.0, 0.045],
                "#151914",
            ),
        ],
    },
];
