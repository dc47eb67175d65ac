//! The preview picture (Open Graph) that other sites show beside a link to a countdown.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use tokio::sync::Semaphore;
use web::picture::{Colors, Font, Picture, WIDTH};
use web::{Form, Language, Problem, Site, Text, Wishes, conditional};

use super::badge;
use super::words;
use crate::clock::Clock;
use crate::countdown::Countdown;
use crate::public::Shown;

/// The number of pictures in the cache.
const KEPT: usize = 32;
/// How many requests may wait for a picture to be drawn.
const WAITING: usize = 16;
/// The colours of the theme Plain: background, text and ornament.
const COLORS: Colors = Colors {
    ground: [0xe2, 0xf0, 0xf1],
    inks: [[0x0a, 0x3f, 0x46], [0x0d, 0x5a, 0x63]],
};
/// The margin around the text, in pixels.
const MARGIN: f32 = 80.0;
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

/// The texts of a picture.
#[derive(Clone, Debug)]
struct Words {
    title: String,
    number: String,
    /// “days until 16 January 2027”.
    caption: String,
    site: String,
}

impl Words {
    fn of(site: &Site, text: &Text, countdown: &Countdown, clock: &Clock) -> Self {
        let caption = |text: &Text| {
            let at = clock.anchor.to_zoned(countdown.zone());
            let anchor = words::anchor(text, countdown, clock.state, &at);
            format!("{} {anchor}", words::unit(text, clock.days))
        };
        let font = Font::load().ok();
        let has = |text: &str| font.as_ref().is_some_and(|font| font.can_write(text));
        // A title or a site's name in a script that the font lacks is left out; for such a
        // language, Kenduri's own texts are in English.
        let written = |text: &str| {
            if has(text) {
                text.to_owned()
            } else {
                String::new()
            }
        };
        let mut said = (text.number(clock.days), caption(text));
        if !has(&said.0) || !has(&said.1) {
            let english = site.catalogue.speak(&Language::of("en"));
            said = (english.number(clock.days), caption(&english));
        }
        Self {
            title: written(&countdown.title),
            number: said.0,
            caption: said.1,
            site: written(&site.settings.name),
        }
    }

    /// The cache key: a hash of everything that the picture shows.
    fn tag(&self) -> String {
        let parts = [&self.title, &self.number, &self.caption, &self.site];
        conditional::tag(parts.map(String::as_str).join("\n").as_bytes())
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
        line(&self.title, &[72.0, 60.0, 48.0], 140.0, 0);
        line(&self.number, &[250.0, 190.0], 384.0, 0);
        line(&self.caption, &[48.0, 38.0, 30.0], 464.0, 1);
        line(&self.site, &[32.0], 556.0, 1);
        for left in (0..1_200).step_by(32) {
            for (x, y, width, height) in TILE {
                picture.fill((left + x, 598 + y), (width, height), 0.38, 1);
            }
        }
        picture.png(&COLORS).map_err(Problem::internal)
    }
}

/// The picture's address. It changes with the content, so that other sites fetch the new picture.
pub(super) fn address(site: &Site, text: &Text, shown: &Shown, clock: &Clock) -> String {
    let language = &text.language().tag;
    let (state, days, anchor) = (clock.state.word(), clock.days, clock.anchor.as_second());
    let version = format!("{}-{state}-{days}-{anchor}", shown.revision);
    let path = format!("{}/og.png?lang={language}&v={version}", shown.path());
    site.url().join(&path)
}

/// `GET /u/{account}/{countdown}/og.png`, with `lang`; `v` only makes the address unique.
pub(super) async fn show(
    State(site): State<Site>,
    Extension(pictures): Extension<Pictures>,
    Path(address): Path<(String, String)>,
    wishes: Wishes,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let query = Form::parse(uri.query().unwrap_or_default().as_bytes()).unwrap_or_default();
    let (shown, clock) = badge::find(&site, address, &query).await?;
    let words = Words::of(&site, &site.speak_public(&wishes), &shown.countdown, &clock);
    let tag = words.tag();
    let png = pictures.find_or_draw(&tag, words).await?;
    let response = ([(CONTENT_TYPE, "image/png")], png).into_response();
    let mut response = conditional::revalidated(&headers, &tag, response);
    let brief = HeaderValue::from_static("max-age=300");
    response.headers_mut().insert(CACHE_CONTROL, brief);
    Ok(response)
}

/// The cache of recently drawn pictures. Only one is drawn at a time. Clones share it.
#[derive(Clone, Debug)]
pub(super) struct Pictures {
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

    async fn find_or_draw(&self, tag: &str, words: Words) -> Result<Bytes, Problem> {
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
            let drawn = words.draw().map(Bytes::from);
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
