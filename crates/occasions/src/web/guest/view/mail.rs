//! The mail after a save, as HTML and as plain text of the same content.

use askama::Template;
use web::theme::{Ground, Preset};
use web::{Text, Theme};

use super::{AnsweredQuestion, Contact, Counts, EventRow, Progress, Stored, Tone};

/// The colours of a theme, inlined in the mail because mail programs do not load our style sheets.
pub(super) struct MailColours {
    pub(super) page: &'static str,
    /// The background of the text.
    pub(super) surface: &'static str,
    pub(super) ink: &'static str,
    /// The colour of secondary text.
    pub(super) ink2: &'static str,
    pub(super) line: &'static str,
    /// The background of the hosts' names.
    pub(super) ground: &'static str,
    /// The colour of the hosts' names.
    pub(super) ground_ink: &'static str,
    /// The colour of the double rule.
    pub(super) gold: &'static str,
    /// The colour of the button and of links.
    pub(super) accent: &'static str,
    /// The colour of the button's text.
    pub(super) on_accent: &'static str,
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
    light
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
    dark
}

/// Returns the colours for a ground that hosts chose: ground and button.
fn cloth(ground: Ground) -> (&'static str, &'static str) {
    match ground {
        Ground::Maroon => ("#64102b", "#7a1733"),
        Ground::Zamrud => ("#123a2c", "#14523d"),
        Ground::Nila => ("#1b2a5c", "#263b80"),
        Ground::Terung => ("#3a1a45", "#57286b"),
        Ground::Arang => ("#1f1a17", "#3a2e28"),
    }
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
    ] = hex;
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

/// The mail as HTML.
#[derive(Template)]
#[template(path = "mail/confirmation.html")]
pub struct Confirmation<'a> {
    pub text: &'a Text,
    pub theme: Theme,
    pub hosts: &'a str,
    /// The first day in words.
    pub date: String,
    /// "Dear Rahman family,".
    pub salutation: String,
    /// The tone in which the mail speaks.
    pub tone: Tone,
    pub progress: Progress,
    pub counts: Counts,
    pub guests: Vec<Stored<'a>>,
    /// The events that at least one guest attends, with time and place.
    pub events: Vec<EventRow<'a>>,
    /// The full URL of the calendar file.
    pub calendar: Option<String>,
    /// The answers of the household as a whole to the hosts' questions.
    pub told: Vec<AnsweredQuestion<'a>>,
    /// The sentence that says until when answers can be changed.
    pub change: Option<String>,
    /// The full URL of the portal, with its key.
    pub link: String,
    /// The site without its scheme: "kenduri.example:8443".
    pub site: String,
    /// The code as the card shows it.
    pub code: &'a str,
    pub household: &'a str,
    /// The contact for a reader who got the mail by mistake.
    pub contact: Option<Contact>,
}

/// Renders the same mail as plain text.
#[derive(Template)]
#[template(path = "mail/confirmation.txt", whitespace = "preserve")]
pub struct ConfirmationText<'a>(pub &'a Confirmation<'a>);

impl Confirmation<'_> {
    pub fn subject(&self) -> String {
        let hosts = self.hosts.replace(['\r', '\n'], " ");
        self.text
            .with("mail-confirmation-subject", [("hosts", hosts.into())])
    }

    fn thanks(&self) -> String {
        let thanks = self.tone.thanks(self.text, self.counts, self.progress);
        let space = self.text.say("sentence-space");
        format!("{thanks}{space}{}", self.text.say("mail-confirmation-list"))
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
