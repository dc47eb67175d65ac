//! Households that are perhaps one, with the button that puts two together.

use web::Text;

use super::request::PageContext;
use super::wording::Wording;
use crate::hosting::Permission;
use crate::hosting::duplicates::{Pair, Same, Twin};

/// Two households that are perhaps one. `host/twins.html` shows it.
pub struct TwinCard {
    pub words: String,
    pub effect: String,
    /// The path and the name of each.
    pub households: Vec<(String, String)>,
    /// The path of the form that puts the one into the other, which it names by its code.
    pub action: String,
    pub into: String,
    /// The path of the form that says that they are two, and the id of the other one.
    pub apart: String,
    pub from: String,
}

/// Whoever may not put households together, or see their codes, is told nothing.
pub fn cards(context: &PageContext, wording: &Wording<'_>, pairs: &[Pair]) -> Vec<TwinCard> {
    let may_merge = context.may(Permission::Invite) && context.may(Permission::SeeContacts);
    let pairs = pairs.iter().filter(|_| may_merge);
    pairs.map(|pair| card(wording, pair)).collect()
}

fn card(wording: &Wording<'_>, pair: &Pair) -> TwinCard {
    let text = wording.text;
    let Pair {
        leaving,
        staying,
        same,
    } = pair;
    let mut values = vec![
        ("one", staying.household.clone().into()),
        ("other", leaving.household.clone().into()),
    ];
    let effect = text.with("host-twins-effect", values.clone());
    let words = match same {
        Same::People(names) => {
            values.push(("names", list(text, names).into()));
            "host-twins-people"
        }
        Same::Phone => "host-twins-phone",
    };
    let at = |twin: &Twin| wording.at(&format!("/invites/{}", twin.id));
    TwinCard {
        words: text.with(words, values),
        effect,
        households: [staying, leaving]
            .map(|twin| (at(twin), twin.household.clone()))
            .into(),
        action: format!("{}/merge", at(leaving)),
        into: staying.code.clone(),
        apart: format!("{}/apart", at(leaving)),
        from: staying.id.to_string(),
    }
}

fn list(text: &Text, names: &[String]) -> String {
    names.join(&text.say("list-comma"))
}
