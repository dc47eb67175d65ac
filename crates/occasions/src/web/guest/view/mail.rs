//! The mail that confirms a household's saved answers. The HTML and the plain text have the same
//! content.

use std::borrow::Cow;

use askama::Template;
use web::look::Color;
use web::theme::{Ground, Preset};
use web::theme_accent::{self, OwnColors};
use web::{Text, Theme};

use super::{AnsweredQuestion, Contact, Counts, EventRow, Progress, Stored, Tone};

/// The colours of a theme. The mail's HTML contains them, because mail programs load no
/// stylesheets.
pub(super) struct MailColours {
    /// The background around the mail.
    pub(super) page: Cow<'static, str>,
    /// The background colour behind text.
    pub(super) surface: Cow<'static, str>,
    /// The text colour.
    pub(super) ink: Cow<'static, str>,
    /// The colour for secondary text.
    pub(super) ink2: Cow<'static, str>,
    /// The colour of hairlines.
    pub(super) line: Cow<'static, str>,
    /// The background colour behind the hosts' names.
    pub(super) ground: Cow<'static, str>,
    /// The text colour of the hosts' names.
    pub(super) ground_ink: Cow<'static, str>,
    /// The colour of the double line below the hosts' names.
    pub(super) gold: Cow<'static, str>,
    /// The colour of links and of the button.
    pub(super) accent: Cow<'static, str>,
    /// The text colour of the button.
    pub(super) on_accent: Cow<'static, str>,
}

pub(super) fn light(theme: Theme) -> MailColours {
    let mut light = match theme.preset {
        Preset::Songket => colours([
            "#fbf5e9", "#fffdf8", "#2c1712", "#6a4c3e", "#e5d5b8", "#64102b", "#f7e3b0", "#d9a94a",
            "#7a1733", "#fff6e3",
        ]),
        Preset::Letterpress => colours([
            "#f6f4ee", "#fffefb", "#20262c", "#59605f", "#dad5c8", "#f6f4ee", "#1f3b57", "#566550",
            "#1f3b57", "#fbf8f0",
        ]),
        Preset::Plain => colours([
            "#f2f4f4", "#ffffff", "#15191c", "#555d63", "#dde2e3", "#e2f0f1", "#0a3f46", "#0d5a63",
            "#0d5a63", "#ffffff",
        ]),
    };
    if let (Preset::Songket, Some(ground)) = (theme.preset, theme.ground) {
        (light.ground, light.accent) = cloth(ground);
    }
    own(light, theme_accent::colors(theme).map(|[light, _]| light))
}

pub(super) fn dark(theme: Theme) -> MailColours {
    let mut dark = match theme.preset {
        Preset::Songket => colours([
            "#190d10", "#26161a", "#f6e9d6", "#c9ae98", "#43292d", "#3e0a1c", "#f7e3b0", "#d9a94a",
            "#e6bc66", "#2a1206",
        ]),
        Preset::Letterpress => colours([
            "#13171b", "#1b2126", "#ebe7dd", "#adb0ac", "#30373d", "#13171b", "#e9e2d0", "#a9bba2",
            "#b4cbdf", "#0f1e2c",
        ]),
        Preset::Plain => colours([
            "#111516", "#191e20", "#e9eced", "#a6aeb2", "#2b3234", "#12292d", "#d6eff1", "#8ccfd6",
            "#8ccfd6", "#06292d",
        ]),
    };
    match (theme.preset, theme.ground) {
        (_, None | Some(Ground::Maroon)) | (Preset::Letterpress | Preset::Plain, _) => {}
        (Preset::Songket, Some(ground)) => dark.ground = cloth(ground).0,
    }
    own(dark, theme_accent::colors(theme).map(|[_, dark]| dark))
}

fn own(theme: MailColours, own: Option<OwnColors>) -> MailColours {
    let Some(own) = own else {
        return theme;
    };
    let hex = |color: Color| Cow::from(color.hex());
    MailColours {
        accent: hex(own.accent.color),
        on_accent: hex(own.accent.on),
        // If the accent colour also determines the background of the hosts' names, the double line
        // has the accent colour.
        gold: own.ground.map_or(theme.gold, |_| hex(own.accent.color)),
        ground: own.ground.map_or(theme.ground, hex),
        ground_ink: own.ground_ink.map_or(theme.ground_ink, hex),
        ..theme
    }
}

/// The background of the hosts' names, and the accent colour.
fn cloth(ground: Ground) -> (Cow<'static, str>, Cow<'static, str>) {
    let (ground, accent) = match ground {
        Ground::Maroon => ("#64102b", "#7a1733"),
        Ground::Zamrud => ("#123a2c", "#14523d"),
        Ground::Nila => ("#1b2a5c", "#263b80"),
        Ground::Terung => ("#3a1a45", "#57286b"),
        Ground::Arang => ("#1f1a17", "#3a2e28"),
    };
    (ground.into(), accent.into())
}

fn colours(hex: [&'static str; 10]) -> MailColours {
    let [
        page,
        surface,
        ink,
        ink2,
        line,
        ground,
        ground_ink,
        gold,
        accent,
        on_accent,
    ] = hex.map(Cow::from);
    MailColours {
        page,
        surface,
        ink,
        ink2,
        line,
        ground,
        ground_ink,
        gold,
        accent,
        on_accent,
    }
}

#[derive(Template)]
#[template(path = "mail/confirmation.html")]
pub struct Confirmation<'a> {
    pub text: &'a Text,
    pub theme: Theme,
    pub hosts: &'a str,
    /// The date of the first day as text.
    pub date: String,
    /// The opening line, such as "Dear Rahman family,".
    pub salutation: String,
    pub tone: Tone,
    pub progress: Progress,
    pub counts: Counts,
    /// The sentence that says how the household hears of a free seat; `None` if none of its guests
    /// waits for a seat.
    pub waiting: Option<String>,
    /// Whether the mail tells the household that it moved up from the waiting list.
    pub has_moved_up: bool,
    pub guests: Vec<Stored<'a>>,
    /// The events that at least one guest attends. Each has its time and venue.
    pub events: Vec<EventRow<'a>>,
    /// The full URL of the calendar file.
    pub calendar: Option<String>,
    /// The household's answers to the hosts' own questions.
    pub told: Vec<AnsweredQuestion<'a>>,
    /// The sentence that says how long answers can be changed.
    pub change: Option<String>,
    /// The full URL of the household's page, with the parameter `k`.
    pub link: String,
    /// The site's URL without its scheme, such as "kenduri.example:8443".
    pub site: String,
    /// The household's code, as printed on the invitation card.
    pub code: &'a str,
    pub household: &'a str,
    /// The hosts' contact. It is for somebody who got the mail by mistake.
    pub contact: Option<Contact>,
}

/// Renders a [`Confirmation`] as plain text.
#[derive(Template)]
#[template(path = "mail/confirmation.txt", whitespace = "preserve")]
pub struct ConfirmationText<'a>(pub &'a Confirmation<'a>);

impl Confirmation<'_> {
    pub fn subject(&self) -> String {
        let hosts = self.hosts.replace(['\r', '\n'], " ");
        let id = if self.has_moved_up {
            "mail-moved-up-subject"
        } else {
            "mail-confirmation-subject"
        };
        self.text.with(id, [("hosts", hosts.into())])
    }

    fn thanks(&self) -> String {
        let thanks = if self.has_moved_up {
            self.text.say("mail-moved-up").into_owned()
        } else {
            self.tone.thanks(self.text, self.counts, self.progress)
        };
        let list = self.text.say("mail-confirmation-list").into_owned();
        let sentences = [Some(thanks), self.waiting.clone(), Some(list)];
        let sentences: Vec<String> = sentences.into_iter().flatten().collect();
        sentences.join(&self.text.say("sentence-space"))
    }

    fn or(&self) -> String {
        let values = [
            ("address", self.site.as_str().into()),
            ("code", self.code.into()),
        ];
        self.text.with("mail-confirmation-or", values)
    }

    fn why(&self) -> String {
        let household = ("household", self.household.into());
        match &self.contact {
            Some(contact) => {
                let reach = contact.phone.as_ref().or(contact.email.as_ref());
                let name = match reach {
                    Some(reach) => {
                        let reach = in_order(self.text, reach);
                        format!("{}{}{reach}", contact.name, self.text.say("list-comma"))
                    }
                    None => contact.name.clone(),
                };
                self.text.with(
                    "mail-confirmation-why",
                    [household, ("contact", name.into())],
                )
            }
            None => self.text.with("mail-confirmation-why-plain", [household]),
        }
    }
}

/// Formats a telephone number or email address for a sentence. In a right-to-left sentence,
/// invisible marks keep the groups of digits in order (UAX #9).
pub(crate) fn in_order(text: &Text, reach: &str) -> String {
    if text.language().dir == "rtl" {
        format!("\u{2066}{reach}\u{2069}")
    } else {
        reach.to_owned()
    }
}
