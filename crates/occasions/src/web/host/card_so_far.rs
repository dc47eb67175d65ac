//! The card beside the form of a new occasion. Without script it shows what was sent; a script
//! shows what is typed.

use askama::Template;
use web::{Language, Preset, Spoken, Text, Theme, assets};

use crate::look;
use crate::web::guest::view::{Cover, Hosts};
use crate::words::OccasionKind;

#[derive(Template)]
#[template(path = "host/card_so_far.html")]
pub(super) struct CardSoFar<'a> {
    pub text: &'a Text,
    /// The cover is in the occasion's first language.
    pub own: &'a Text,
    pub hosts: Hosts<'a>,
    pub style: &'static str,
    pub looks: Vec<Look<'a>>,
}

pub(super) struct Look<'a> {
    theme: Theme,
    cover: Cover<'a>,
    is_shown: bool,
}

/// What a form says so far.
#[derive(Clone, Debug)]
pub(super) struct SoFar {
    pub kind: OccasionKind,
    /// As on the cover.
    pub names: String,
    /// The line above the names.
    pub kicker: String,
    /// In words and in ISO format; the latter is empty if the day is not known.
    pub date: [String; 2],
}

/// The look of each kind, once.
fn looks(language: &Language) -> Vec<Preset> {
    let mut looks = Vec::new();
    for kind in OccasionKind::ALL {
        let look = look::usual(*kind, &language.tag);
        if !looks.contains(&look) {
            looks.push(look);
        }
    }
    looks
}

impl<'a> CardSoFar<'a> {
    pub(super) fn of(text: &'a Text, own: &'a Text, so_far: &'a SoFar) -> Self {
        let chosen = look::usual(so_far.kind, &own.language().tag);
        let [date, date_machine] = &so_far.date;
        let kicker = Spoken::plain(&so_far.kicker);
        let shown = |preset: Preset| Look {
            theme: Theme::of(preset),
            cover: Cover {
                id: format!("c-{}", preset.word()),
                heading: "p",
                is_wedding: true,
                kicker: (!kicker.is_empty()).then(|| Spoken::plain(&so_far.kicker)),
                date: date.clone(),
                date_machine: date_machine.clone(),
                picture: None,
            },
            is_shown: preset == chosen,
        };
        Self {
            text,
            own,
            hosts: Hosts(Spoken::plain(&so_far.names)),
            style: assets::asset("looks.css"),
            looks: looks(own.language()).into_iter().map(shown).collect(),
        }
    }
}
