//! The mail that confirms a household's saved answers. The HTML and the plain text have the same
//! content.

use askama::Template;
use web::theme::Palette;
use web::theme_accent::{self, OwnColors};
use web::{Text, Theme};

use super::{AnsweredQuestion, Contact, Counts, EventRow, Progress, Stored, Tone};

/// The colours of a theme. The mail's HTML contains them, because mail programs load no
/// stylesheets.
pub(super) struct MailColours {
    /// The background around the mail.
    pub(super) page: String,
    /// The background colour behind text.
    pub(super) surface: String,
    /// The text colour.
    pub(super) ink: String,
    /// The colour for secondary text.
    pub(super) ink2: String,
    /// The colour of hairlines.
    pub(super) line: String,
    /// The background colour behind the hosts' names.
    pub(super) ground: String,
    /// The text colour of the hosts' names.
    pub(super) ground_ink: String,
    /// The colour of the double line below the hosts' names.
    pub(super) gold: String,
    /// The colour of links and of the button.
    pub(super) accent: String,
    /// The text colour of the button.
    pub(super) on_accent: String,
}

pub(super) fn light(theme: Theme) -> MailColours {
    let [light, _] = theme.palettes();
    colours(&light, theme_accent::colors(theme).map(|[light, _]| light))
}

pub(super) fn dark(theme: Theme) -> MailColours {
    let [_, dark] = theme.palettes();
    colours(&dark, theme_accent::colors(theme).map(|[_, dark]| dark))
}

fn colours(look: &Palette, own: Option<OwnColors>) -> MailColours {
    // Where cards have the page's colour, the mail stands on another one.
    let page = if look.page == look.surface {
        look.sunken
    } else {
        look.page
    };
    let accent = own.map_or(look.accent, |own| own.accent.color);
    let ground = own.and_then(|own| own.ground);
    // If the accent colour also determines the background of the hosts' names, the double line has
    // the accent colour.
    let gold = ground.map_or(look.gold, |_| accent);
    let ink = own.and_then(|own| own.ground_ink);
    MailColours {
        page: page.hex(),
        surface: look.surface.hex(),
        ink: look.ink.hex(),
        ink2: look.ink2.hex(),
        line: look.line.hex(),
        ground: ground.unwrap_or(look.ground).hex(),
        ground_ink: ink.unwrap_or(look.ground_ink).hex(),
        gold: gold.hex(),
        accent: accent.hex(),
        on_accent: own.map_or(look.on_accent, |own| own.accent.on).hex(),
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
