//! Draws the preview pictures that other sites show beside a link. A picture contains a few words,
//! in the site's look. A page needs no route for its preview picture, because the picture's URL
//! contains the words and a signature.

use std::collections::VecDeque;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use axum::body::Bytes;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use platform::key::Key;
use serde::Deserialize;
use tokio::sync::Semaphore;

use crate::conditional;
use crate::drawn_picture::{Colors, Font, Picture, Rectangle, WIDTH};
use crate::look::{Accent, Color, Look};
use crate::problem::Problem;
use crate::public_frame::PublicFrame;
use crate::state::Site;
use crate::theme::{Face, Preset, Theme, Way};
use crate::theme_accent;

const KEPT: usize = 32;
const WAITING: usize = 16;
/// The margin around the text, in pixels.
const MARGIN: f32 = 80.0;
/// The maximum lengths of the title and of the caption, in characters.
const LONGEST: [usize; 2] = [100, 120];
const PATH: &str = "/card.png";
/// One tile of the kelarai band, a woven pattern of bars. The numbers of each bar are its distance
/// from the left, its distance from the top, its width and its height.
const TILE: [(u16, u16, u16, u16); 14] = [
    (0, 2, 17, 4),
    (31, 2, 1, 4),
    (7, 10, 18, 4),
    (15, 18, 17, 4),
    (0, 18, 1, 4),
    (23, 26, 9, 4),
    (0, 26, 9, 4),
    (2, 7, 4, 18),
    (10, 15, 4, 17),
    (10, 0, 4, 1),
    (18, 23, 4, 9),
    (18, 0, 4, 9),
    (26, 0, 4, 17),
    (26, 31, 4, 1),
];

static PICTURES: LazyLock<Pictures> = LazyLock::new(Pictures::default);

#[derive(Clone, Debug, Default)]
pub struct CardPicture {
    pub title: String,
    /// A large number in place of the title; may be empty.
    pub number: String,
    /// The line below the title or number.
    pub caption: String,
}

/// Returns the text if the font of the pictures has all its characters, otherwise an empty string.
pub fn written(text: &str) -> String {
    let can_write = Font::load(Face::default()).is_ok_and(|font| font.can_write(text));
    if can_write {
        text.to_owned()
    } else {
        String::new()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ornament {
    Line,
    Band,
    Lamps,
}

struct Drawing {
    words: CardPicture,
    site: String,
    face: Face,
    /// The number of the caption's ink. The second ink of a theme is for ornament alone.
    caption: u8,
    ornament: Ornament,
    colors: Colors,
}

impl Drawing {
    fn of(words: CardPicture, site: &Site, theme: Option<Theme>) -> Self {
        let (colors, ornament) = match theme {
            Some(theme) => (of_theme(theme), Ornament::Line),
            None => of_look(&site.menu.frame()),
        };
        let face = theme.and_then(|theme| theme.preset.face());
        let name = written(&site.settings.name);
        Self {
            // The site's name is omitted if it is already the title.
            site: if name == words.title {
                String::new()
            } else {
                name
            },
            face: face.unwrap_or_default(),
            caption: u8::from(theme.is_none()),
            colors,
            ornament,
            words,
        }
    }

    /// A hash of everything that the picture shows, which serves as cache key and ETag.
    fn tag(&self) -> String {
        let CardPicture {
            title,
            number,
            caption,
        } = &self.words;
        let (ornament, colors, face) = (self.ornament, &self.colors, self.face);
        let all = format!(
            "{title}\n{number}\n{caption}\n{}\n{ornament:?} {colors:?} {face:?}",
            self.site
        );
        conditional::tag(all.as_bytes())
    }

    fn draw(&self) -> Result<Vec<u8>, Problem> {
        let mut font = Font::load(self.face).map_err(Problem::internal)?;
        let mut all = [&*self.words.title, &self.words.caption, &self.site].into_iter();
        if !all.all(|text| font.can_write(text)) {
            font = Font::load(Face::default()).map_err(Problem::internal)?;
        }
        let mut picture = Picture::default();
        #[expect(clippy::cast_precision_loss, reason = "a small number")]
        let width = WIDTH as f32 - 2.0 * MARGIN;
        let mut line = |text: &str, sizes: &[f32], baseline, ink| {
            let fits = |size: &&f32| font.width(text, **size) <= width;
            let smallest = sizes.last().copied().unwrap_or_default();
            let size = sizes.iter().find(fits).copied().unwrap_or(smallest);
            let shown = font.shorten(text, size, width);
            picture.write(&font, &shown, size, baseline, ink);
        };
        let words = &self.words;
        if words.number.is_empty() {
            let lines = font.wrap(&words.title, 84.0, width, 3);
            let mut baseline = match lines.len() {
                0 | 1 => 300.0,
                2 => 240.0,
                _ => 190.0,
            };
            for part in &lines {
                line(part, &[84.0], baseline, 0);
                baseline += 100.0;
            }
            line(&words.caption, &[44.0, 36.0, 30.0], baseline, self.caption);
        } else {
            line(&words.title, &[72.0, 60.0, 48.0], 140.0, 0);
            line(&words.number, &[250.0, 190.0], 384.0, 1);
            line(&words.caption, &[48.0, 38.0, 30.0], 464.0, 0);
        }
        line(&self.site, &[32.0], 556.0, 0);
        self.draw_ornament(&mut picture);
        picture.png(&self.colors).map_err(Problem::internal)
    }

    fn draw_ornament(&self, picture: &mut Picture) {
        match self.ornament {
            Ornament::Line => {
                let line = Rectangle {
                    x: 80,
                    y: 600,
                    width: 1_040,
                    height: 2,
                };
                picture.fill(line, 0.5, 1);
            }
            Ornament::Band => {
                for left in (0..1_200).step_by(32) {
                    for (x, y, width, height) in TILE {
                        let tile = Rectangle {
                            x: left + x,
                            y: 598 + y,
                            width,
                            height,
                        };
                        picture.fill(tile, 0.5, 0);
                    }
                }
            }
            Ornament::Lamps => {
                let line = Rectangle {
                    x: 0,
                    y: 18,
                    width: 1_200,
                    height: 2,
                };
                picture.fill(line, 0.4, 0);
                for left in (30..1_200).step_by(60) {
                    picture.dot(left, 34, 10, 1);
                }
            }
        }
    }
}

fn of_look(frame: &PublicFrame) -> (Colors, Ornament) {
    let [light, dark] = frame.look.palettes();
    let [ground, ink] = light.head;
    // A look with a dark page header uses its dark colours even in light mode.
    let is_dark = frame.look != Look::Paper;
    let mark = if is_dark { dark.mark } else { light.mark };
    let accent = frame.accent.map(|accent| {
        let [light, dark] = Accent::of(accent, frame.look);
        if is_dark { dark.color } else { light.color }
    });
    let colors = Colors {
        ground: ground.0,
        inks: [ink.0, accent.unwrap_or(mark).0],
    };
    let ornament = match frame.look {
        Look::Paper => Ornament::Line,
        Look::Veranda => Ornament::Band,
        Look::Market => Ornament::Lamps,
    };
    (colors, ornament)
}

fn of_theme(theme: Theme) -> Colors {
    let [look, _] = theme.palettes();
    let own = theme_accent::colors(theme).map(|[light, _]| light);
    let ground = own.and_then(|own| own.ground).unwrap_or(look.ground);
    let ink = own.and_then(|own| own.ground_ink);
    let gold = own.and_then(|own| own.ground.and(ink));
    Colors {
        ground: ground.0,
        inks: [
            ink.unwrap_or(look.ground_ink).0,
            gold.unwrap_or(look.gold).0,
        ],
    }
}

pub async fn answer(
    site: &Site,
    headers: &HeaderMap,
    words: CardPicture,
) -> Result<Response, Problem> {
    draw(site, headers, words, None).await
}

async fn draw(
    site: &Site,
    headers: &HeaderMap,
    words: CardPicture,
    theme: Option<Theme>,
) -> Result<Response, Problem> {
    let drawing = Drawing::of(words, site, theme);
    let tag = drawing.tag();
    let png = PICTURES.find_or_draw(&tag, drawing).await?;
    let response = ([(CONTENT_TYPE, "image/png")], png).into_response();
    let mut response = conditional::revalidated(headers, &tag, response);
    let brief = HeaderValue::from_static("private, max-age=300");
    response.headers_mut().insert(CACHE_CONTROL, brief);
    Ok(response)
}

/// The URL of a picture with this title and caption in the site's look. The URL changes with the
/// look, so that other sites fetch the new picture.
pub fn address(site: &Site, title: &str, caption: &str) -> String {
    let frame = site.menu.frame();
    let accent = frame.accent.map(Color::hex).unwrap_or_default();
    let look = format!("{}{accent}", frame.look.word());
    address_of(site, [title, caption], "look", &look)
}

/// The URL of a picture with this title and caption in a theme.
pub fn address_in(site: &Site, theme: Theme, title: &str, caption: &str) -> String {
    let way = theme.other_way().map_or("", Way::word);
    let accent = theme.accent.map(Color::hex).unwrap_or_default();
    let dress = format!("{} {way} {accent}", theme.preset.word());
    address_of(site, [title, caption], "theme", &dress)
}

fn address_of(site: &Site, words: [&str; 2], kind: &str, dress: &str) -> String {
    let [title, caption] = words;
    let shorten = |text: &str, longest: usize| written(text).chars().take(longest).collect();
    let [title, caption]: [String; 2] = [shorten(title, LONGEST[0]), shorten(caption, LONGEST[1])];
    let theme = if kind == "theme" { dress } else { "" };
    let signature = key(site).sign(&[&title, &caption, theme]);
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("title", &title)
        .append_pair("text", &caption)
        .append_pair(kind, dress)
        .append_pair("key", &signature)
        .finish();
    site.url().join(&format!("{PATH}?{query}"))
}

fn key(site: &Site) -> Key {
    site.keys.key("words of a preview picture")
}

/// The query parameters in a picture's URL.
#[derive(Deserialize)]
pub struct Asked {
    #[serde(default)]
    title: String,
    #[serde(default)]
    text: String,
    #[serde(default)]
    theme: String,
    #[serde(default)]
    key: String,
}

/// Draws a picture if the signature in its URL is valid. Without the signature, strangers could
/// make the site show their own words.
pub async fn show(site: &Site, asked: &Asked, headers: &HeaderMap) -> Result<Response, Problem> {
    let signed = [&*asked.title, &asked.text, &asked.theme];
    if !key(site).verify(&signed, &asked.key) {
        return Err(Problem::not_found());
    }
    let mut dress = asked.theme.split(' ').fuse();
    let mut next = || dress.next().unwrap_or_default();
    let (preset, way, accent) = (Preset::find(next()), Way::find(next()), next());
    let theme = preset.map(|preset| Theme {
        preset,
        way,
        accent: Color::parse(accent),
    });
    let words = CardPicture {
        title: asked.title.clone(),
        number: String::new(),
        caption: asked.text.clone(),
    };
    draw(site, headers, words, theme).await
}

/// A cache of recently drawn pictures. Only one picture is drawn at a time. Clones share the cache.
#[derive(Clone, Debug)]
struct Pictures {
    kept: Arc<Mutex<VecDeque<(String, Bytes)>>>,
    drawing: Arc<tokio::sync::Mutex<()>>,
    places: Arc<Semaphore>,
}

impl Default for Pictures {
    fn default() -> Self {
        Self {
            kept: Arc::default(),
            drawing: Arc::default(),
            places: Arc::new(Semaphore::new(WAITING)),
        }
    }
}

impl Pictures {
    /// Never outdated, because the tag is a hash of everything that the picture shows.
    fn find(&self, tag: &str) -> Option<Bytes> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.iter().find(|(other, _)| other == tag);
        found.map(|(_, png)| png.clone())
    }

    async fn find_or_draw(&self, tag: &str, drawing: Drawing) -> Result<Bytes, Problem> {
        if let Some(found) = self.find(tag) {
            return Ok(found);
        }
        let busy = |_| Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy");
        let place = Arc::clone(&self.places).try_acquire_owned();
        let place = place.map_err(busy)?;
        let turn = Arc::clone(&self.drawing).lock_owned().await;
        // Another request may have drawn the same picture while this request waited.
        if let Some(found) = self.find(tag) {
            return Ok(found);
        }
        // The drawing task owns the permit, because the request may be cancelled while the task
        // runs.
        let (pictures, tag) = (self.clone(), tag.to_owned());
        let work = move || {
            let drawn = drawing.draw().map(Bytes::from);
            if let Ok(png) = &drawn {
                pictures.keep(tag, png.clone());
            }
            drop((turn, place));
            drawn
        };
        let drawn = tokio::task::spawn_blocking(work).await;
        drawn.map_err(Problem::internal)?
    }

    fn keep(&self, tag: String, png: Bytes) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.truncate(KEPT - 1);
        kept.push_front((tag, png));
    }
}
