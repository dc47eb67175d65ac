use super::*;
use seeds::SEEDS;

mod seeds;

/// A colour of OKLCH (CSS Color 4, 9.3), with less chroma where sRGB has no such colour.
fn oklch(lightness: f64, chroma: f64, hue: f64) -> Color {
    let mut chroma = chroma;
    loop {
        let linear = linear(lightness, chroma, hue);
        let is_in = linear.iter().all(|part| (-1e-4..=1.000_1).contains(part));
        if !is_in && chroma > 0.0 {
            chroma -= 0.002;
            continue;
        }
        return Color(linear.map(|part| {
            let part = part.clamp(0.0, 1.0);
            let coded = if part <= 0.003_130_8 {
                12.92 * part
            } else {
                1.055 * part.powf(1.0 / 2.4) - 0.055
            };
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "between 0 and 255"
            )]
            let byte = (255.0 * coded.clamp(0.0, 1.0)).round() as u8;
            byte
        }));
    }
}

fn linear(lightness: f64, chroma: f64, hue: f64) -> [f64; 3] {
    let angle = hue.to_radians();
    let (green_red, blue_yellow) = (chroma * angle.cos(), chroma * angle.sin());
    let cone = |one: f64, two: f64| (lightness + one * green_red + two * blue_yellow).powi(3);
    let long = cone(0.396_337_777_4, 0.215_803_757_3);
    let medium = cone(-0.105_561_345_8, -0.063_854_172_8);
    let short = cone(-0.089_484_177_5, -1.291_485_548);
    [
        4.076_741_662_1 * long - 3.307_711_591_3 * medium + 0.230_969_929_2 * short,
        -1.268_438_004_6 * long + 2.609_757_401_1 * medium - 0.341_319_396_5 * short,
        -0.004_196_086_3 * long - 0.703_418_614_7 * medium + 1.707_614_701 * short,
    ]
}

/// The first colour, from `from` in steps of `step`, with enough contrast on all grounds.
fn legible([hue, chroma]: [f64; 2], grounds: &[Color], needed: f64, from: f64, step: f64) -> Color {
    let mut lightness = from;
    while (0.1..0.99).contains(&lightness) {
        let color = oklch(lightness, chroma, hue);
        if grounds
            .iter()
            .all(|ground| color.contrast(*ground) >= needed)
        {
            return color;
        }
        lightness += step;
    }
    panic!("no colour of hue {hue} can be read");
}

/// The colours of a look that are made: page, surface, sunken, tint, line, ink, ink2, edge, accent,
/// on-accent, gold-deep.
fn made([hue, grey]: [f64; 2], accent: [f64; 2], is_dark: bool) -> [Color; 11] {
    let [accent_hue, strong] = accent;
    let is_grey = strong <= 0.02;
    if is_dark {
        let page = oklch(0.185, grey * 0.9, hue);
        let surface = oklch(0.228, grey, hue);
        let sunken = oklch(0.15, grey * 0.8, hue);
        let tint = oklch(0.295, if is_grey { 0.008 } else { 0.035 }, accent_hue);
        let with_tint = [page, surface, tint];
        let accent = legible([accent_hue, strong.min(0.1)], &with_tint, 6.8, 0.7, 0.005);
        return [
            page,
            surface,
            sunken,
            tint,
            oklch(0.325, grey * 1.2, hue),
            oklch(0.935, grey, hue),
            legible([hue, grey * 1.4], &with_tint, 6.0, 0.5, 0.005),
            legible([hue, grey * 1.6], &[page, surface, sunken], 3.8, 0.5, 0.005),
            accent,
            oklch(0.22, if is_grey { 0.0 } else { 0.03 }, accent_hue),
            accent,
        ];
    }
    let page = oklch(0.972, grey, hue);
    let surface = oklch(0.994, grey * 0.3, hue);
    let sunken = oklch(0.942, grey * 1.3, hue);
    let tint = oklch(0.938, if is_grey { 0.006 } else { 0.028 }, accent_hue);
    let quiet = [hue, (grey * 1.6).min(0.03)];
    [
        page,
        surface,
        sunken,
        tint,
        oklch(0.885, grey * 1.6, hue),
        oklch(0.24, (grey * 1.5).min(0.03), hue),
        legible(quiet, &[page, sunken, tint], 5.6, 0.62, -0.005),
        legible(quiet, &[page, surface, sunken], 3.4, 0.62, -0.005),
        legible(accent, &[page, tint, sunken], 6.4, 0.62, -0.005),
        rgb(0xff_ffff),
        legible(
            [accent_hue, strong.min(0.09)],
            &[page, surface],
            5.2,
            0.62,
            -0.005,
        ),
    ]
}

fn color(text: &str) -> Color {
    Color::parse(text).unwrap()
}

/// The dark cover of a colour that is not the look's first.
fn dark_cover(light: [Color; 3], own: Color, usual: Color, hue: f64) -> [Color; 3] {
    let [ground, ink, gold] = light;
    // Dark text on a light ground becomes light text on a dark one.
    let is_light = ground.contrast(rgb(0)) > 9.0;
    let mut names = if is_light {
        oklch(0.92, 0.03, hue)
    } else {
        ink
    };
    if names.contrast(own) < 7.0 {
        names = oklch(0.93, 0.03, hue);
    }
    [own, names, if is_light { usual } else { gold }]
}

/// Hue and chroma of the grounds of a colour with this accent colour.
fn greys(seed: &seeds::Seed, way: Option<Way>, [hue, _]: [f64; 2]) -> [f64; 2] {
    let [own, grey] = seed.neutral;
    let between = ((hue - own + 180.0).rem_euclid(360.0) - 180.0).abs();
    if way.is_some() && seed.tints && between >= 60.0 {
        [hue, grey]
    } else {
        seed.neutral
    }
}

#[test]
fn the_colours_of_the_new_looks_are_made_from_a_few() {
    for seed in &SEEDS {
        let [light, dark] = seed.cover.map(|cover| cover.map(color));
        let first = (None, seed.accent, [light, dark]);
        let others = seed.ways.iter().map(|(way, cover, accent, ground)| {
            let cover = cover.map(color);
            let dark = dark_cover(cover, color(ground), dark[2], accent[0]);
            (Some(*way), *accent, [cover, dark])
        });
        for (way, way_accent, covers) in [first].into_iter().chain(others) {
            let theme = Theme {
                way,
                ..Theme::of(seed.preset)
            };
            for ((found, cover), is_dark) in
                theme.palettes().into_iter().zip(covers).zip([false, true])
            {
                // Text and edges have the look's greys.
                let [.., ink, ink2, edge, _, _, _] = made(seed.neutral, seed.accent, is_dark);
                let [_, _, _, tint, .., accent, on, deep] = made(seed.neutral, way_accent, is_dark);
                let [page, surface, sunken, _, line, ..] =
                    made(greys(seed, way, way_accent), seed.accent, is_dark);
                let expected = Palette {
                    page,
                    surface,
                    sunken,
                    tint,
                    line,
                    ink,
                    ink2,
                    link: accent,
                    edge,
                    accent,
                    on_accent: on,
                    ground: cover[0],
                    ground_ink: cover[1],
                    gold: cover[2],
                    gold_deep: deep,
                };
                assert_eq!(found, expected, "{} {is_dark}", theme.classes());
            }
        }
    }
}

/// Every look in every colour.
fn all() -> impl Iterator<Item = Theme> {
    Preset::ALL.iter().flat_map(|preset| {
        let ways = preset.ways().iter().map(|way| Some(*way));
        let only = preset.ways().is_empty().then_some(None);
        ways.chain(only).map(|way| Theme {
            way,
            ..Theme::of(*preset)
        })
    })
}

/// A colour as a page has it: of the look's colour, of the look, or of all looks.
fn token(theme: Theme, is_dark: bool, name: &str) -> Color {
    let style = embedded::style(&theme.style());
    let (light, dark) = style.split_once(DARK).unwrap();
    let (part, more) = if is_dark {
        (dark, NOT_LIGHT)
    } else {
        (light, "")
    };
    let look = theme.preset.word();
    let way = theme.other_way().map_or("", |way| {
        rule(part, &format!(".theme-{look}.way-{}{more} {{", way.word()))
    });
    let (all_light, all_dark) = embedded::style("guest.css").split_once(DARK).unwrap();
    let shared = rule(if is_dark { all_dark } else { all_light }, ":root {");
    let found = value(way, name)
        .or_else(|| value(rule(part, &format!(".theme-{look}{more} {{")), name))
        .or_else(|| value(shared, name));
    found.unwrap_or_else(|| panic!("{} has no --{name}", theme.classes()))
}

#[test]
fn every_pair_of_colours_can_be_read() {
    assert_eq!(all().count(), 54);
    for (theme, is_dark) in all().flat_map(|theme| [(theme, false), (theme, true)]) {
        let color = |name: &str| token(theme, is_dark, name);
        let mut pairs = vec![
            ("ground-ink", "ground", 4.5),
            ("on-accent", "accent", 4.5),
            ("gold-deep", "page", 4.5),
            ("gold-deep", "surface", 4.5),
        ];
        for ground in ["page", "surface", "sunken", "tint", "info"] {
            pairs.extend(["ink", "ink2", "link"].map(|ink| (ink, ground, 4.5)));
            pairs.push(("focus", ground, 3.0));
        }
        for ground in ["page", "surface", "sunken"] {
            pairs.push(("edge", ground, 3.0));
            pairs.push(("accent", ground, 3.0));
        }
        for (state, own) in [
            ("yes", "yes-bg"),
            ("no", "no-bg"),
            ("maybe", "maybe-bg"),
            ("wait", "wait-bg"),
            ("error", "error-bg"),
        ] {
            pairs.extend([own, "page", "surface"].map(|ground| (state, ground, 4.5)));
        }
        if theme.preset == Preset::Margin {
            // Its joining word is written in this colour.
            pairs.push(("gold", "ground", 4.5));
        }
        for (ink, ground, needed) in pairs {
            let found = color(ink).contrast(color(ground));
            assert!(
                found >= needed,
                "{} {is_dark}: {ink} on {ground} {found:.2}",
                theme.classes()
            );
        }
    }
}

#[test]
fn words_and_classes() {
    for preset in Preset::ALL {
        for (place, way) in preset.ways().iter().enumerate() {
            let theme = Theme {
                way: Some(*way),
                ..Theme::of(*preset)
            };
            let more = if place == 0 {
                String::new()
            } else {
                format!(" way-{}", way.word())
            };
            assert_eq!(theme.classes(), format!("theme-{}{more}", preset.word()));
        }
    }
    let elsewhere = Theme {
        way: Some(Way::Nila),
        ..Theme::PLAIN
    };
    assert_eq!(elsewhere.classes(), "theme-plain");
}

#[test]
fn a_stored_look_is_read_whatever_it_says() {
    let read = |text: &str| serde_json::from_str::<Theme>(text).unwrap();
    let nila = Theme {
        way: Some(Way::Nila),
        ..Theme::of(Preset::Songket)
    };
    assert_eq!(read(r#"{"preset":"songket","ground":"nila"}"#), nila);
    assert_eq!(
        serde_json::to_string(&nila).unwrap(),
        r#"{"preset":"songket","ground":"nila"}"#
    );
    assert_eq!(read(r#"{"preset":"veil","ground":"mauve"}"#), Theme::PLAIN);
    assert_eq!(
        read(r#"{"preset":"still","ground":null}"#),
        Theme::of(Preset::Still)
    );
}

#[test]
fn one_display_font_and_none_where_the_script_has_its_own() {
    for (preset, language, font) in [
        (Preset::Songket, "ms", Some("fonts/songket-core.woff2")),
        (Preset::Shore, "it", Some("fonts/letterpress-core.woff2")),
        (Preset::Deco, "ar", Some("fonts/naskh.woff2")),
        (Preset::Songket, "ms-Arab", Some("fonts/naskh.woff2")),
        (Preset::Garden, "zh-Hans", None),
        (Preset::Margin, "en", None),
    ] {
        assert_eq!(Theme::of(preset).font(language), font);
    }
}
