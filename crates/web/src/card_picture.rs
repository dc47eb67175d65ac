//! The pictures that other sites show beside a link: a few words in the site's look. Any page has
//! one without an address of its own, because what it says stands, signed, in the picture's address.

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
use crate::look::{Accent, Look};
use crate::picture::{Colors, Font, Picture, WIDTH};
use crate::problem::Problem;
use crate::state::Site;

/// The number of pictures in the cache.
const KEPT: usize = 32;
/// How many requests may wait for a picture to be drawn.
const WAITING: usize = 16;
/// The margin around the text, in pixels.
const MARGIN: f32 = 80.0;
/// How many characters of a title and of the line below it a picture may say.
const LONGEST: [usize; 2] = [100, 120];
/// Where pictures are drawn that say what stands in their address.
const PATH: &str = "/card.png";
/// One tile of the theme's kelarai band: the bars as distance from the left, from the top, width
/// and height.
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

/// The words of a picture.
#[derive(Clone, Debug, Default)]
pub struct CardPicture {
    /// What it is about.
    pub title: String,
    /// A large figure; may be empty.
    pub number: String,
    /// What is said of it.
    pub caption: String,
}

/// The text, if the font of pictures can write it, else nothing.
pub fn written(text: &str) -> String {
    let can_write = Font::load().is_ok_and(|font| font.can_write(text));
    can_write.then(|| text.to_owned()).unwrap_or_default()
}

/// A picture as it is drawn.
struct Drawing {
    words: CardPicture,
    site: String,
    look: Look,
    colors: Colors,
}

impl Drawing {
    fn of(words: CardPicture, site: &Site) -> Self {
        let frame = site.menu.frame();
        let [light, dark] = frame.look.palettes();
        let [ground, ink] = light.head;
        // A head that is dark in the light too shows what is drawn as in the dark.
        let is_dark = frame.look != Look::Paper;
        let mark = if is_dark { dark.mark } else { light.mark };
        let accent = frame.accent.map(|accent| {
            let [light, dark] = Accent::of(accent, frame.look);
            if is_dark { dark.color } else { light.color }
        });
        Self {
            site: written(&site.settings.name),
            look: frame.look,
            colors: Colors {
                ground: ground.0,
                inks: [ink.0, accent.unwrap_or(mark).0],
            },
            words,
        }
    }

    /// The cache key: a hash of everything that the picture shows.
    fn tag(&self) -> String {
        let CardPicture {
            title,
            number,
            caption,
        } = &self.words;
        let (look, colors) = (self.look.word(), &self.colors);
        let all = format!(
            "{title}\n{number}\n{caption}\n{}\n{look} {colors:?}",
            self.site
        );
        conditional::tag(all.as_bytes())
    }

    fn draw(&self) -> Result<Vec<u8>, Problem> {
        let font = Font::load().map_err(Problem::internal)?;
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
            line(&words.caption, &[44.0, 36.0, 30.0], baseline, 1);
        } else {
            line(&words.title, &[72.0, 60.0, 48.0], 140.0, 0);
            line(&words.number, &[250.0, 190.0], 384.0, 1);
            line(&words.caption, &[48.0, 38.0, 30.0], 464.0, 0);
        }
        line(&self.site, &[32.0], 556.0, 0);
        self.ornament(&mut picture);
        picture.png(&self.colors).map_err(Problem::internal)
    }

    fn ornament(&self, picture: &mut Picture) {
        match self.look {
            Look::Paper => {
                picture.fill((80, 600), (1_040, 2), 0.5, 1);
            }
            Look::Veranda => {
                for left in (0..1_200).step_by(32) {
                    for (x, y, width, height) in TILE {
                        picture.fill((left + x, 598 + y), (width, height), 0.5, 0);
                    }
                }
            }
            Look::Market => {
                picture.fill((0, 18), (1_200, 2), 0.4, 0);
                for left in (30..1_200).step_by(60) {
                    picture.dot((left, 34), 10, 1);
                }
            }
        }
    }
}

/// Answers with a picture of these words.
pub async fn answer(
    site: &Site,
    headers: &HeaderMap,
    words: CardPicture,
) -> Result<Response, Problem> {
    let drawing = Drawing::of(words, site);
    let tag = drawing.tag();
    let png = PICTURES.find_or_draw(&tag, drawing).await?;
    let response = ([(CONTENT_TYPE, "image/png")], png).into_response();
    let mut response = conditional::revalidated(headers, &tag, response);
    let brief = HeaderValue::from_static("max-age=300");
    response.headers_mut().insert(CACHE_CONTROL, brief);
    Ok(response)
}

/// The address of a picture that says this. It changes with the site's look, so that other sites
/// fetch the new one.
pub fn address(site: &Site, title: &str, caption: &str) -> String {
    let shorten = |text: &str, longest: usize| written(text).chars().take(longest).collect();
    let [title, caption]: [String; 2] = [shorten(title, LONGEST[0]), shorten(caption, LONGEST[1])];
    let frame = site.menu.frame();
    let accent = frame.accent.map(crate::look::Color::hex);
    let look = format!("{}{}", frame.look.word(), accent.unwrap_or_default());
    let signature = key(site).sign(&[&title, &caption]);
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("title", &title)
        .append_pair("text", &caption)
        .append_pair("look", &look)
        .append_pair("key", &signature)
        .finish();
    site.url().join(&format!("{PATH}?{query}"))
}

fn key(site: &Site) -> Key {
    site.keys.key("words of a preview picture")
}

/// What a picture says, as its address has it.
#[derive(Deserialize)]
pub struct Asked {
    #[serde(default)]
    title: String,
    #[serde(default)]
    text: String,
    #[serde(default)]
    key: String,
}

/// Draws what we wrote into an address, and nothing that others would have us say.
pub async fn show(site: &Site, asked: &Asked, headers: &HeaderMap) -> Result<Response, Problem> {
    if !key(site).verify(&[&asked.title, &asked.text], &asked.key) {
        return Err(Problem::not_found());
    }
    let words = CardPicture {
        title: asked.title.clone(),
        number: String::new(),
        caption: asked.text.clone(),
    };
    answer(site, headers, words).await
}

/// The cache of recently drawn pictures. Only one is drawn at a time. Clones share it.
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
    /// A cached picture never goes stale, because its tag covers everything it shows.
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
        // Another request may have drawn the same picture meanwhile.
        if let Some(found) = self.find(tag) {
            return Ok(found);
        }
        // The permit belongs to the drawing task: the request may be cancelled meanwhile.
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
