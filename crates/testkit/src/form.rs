//! HTML forms as a browser without JavaScript sees them.

use crate::html::{Tag, Token};

/// A form of an HTML page, to be filled in and submitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    /// The `action` attribute. If empty, the form is sent to the page's own URL.
    pub action: String,
    pub method: String,
    pub fields: Vec<Field>,
    id: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The `type` of an `input`, such as `hidden` or `radio`, or the element's name, such as
    /// `select`.
    pub kind: String,
    pub name: String,
    /// The value that would be submitted.
    pub value: String,
    /// Whether submitting the form sends this field. Checkboxes, radio buttons and buttons are sent
    /// only if they are checked or pressed; disabled fields are not sent.
    pub sent: bool,
    /// The values of a `select`'s options.
    pub options: Vec<String>,
}

impl Form {
    pub(crate) fn all(tokens: &[Token]) -> Vec<Self> {
        let mut forms: Vec<Self> = Vec::new();
        let mut strays: Vec<(String, Field)> = Vec::new();
        let mut inside = false;
        for (at, token) in tokens.iter().enumerate() {
            match token {
                Token::Open(tag) if tag.name == "form" => {
                    forms.push(Self::of(tag));
                    inside = true;
                }
                Token::Close(name) if name == "form" => inside = false,
                Token::Open(tag) => {
                    let Some(field) = field(tag, &tokens[at + 1..]) else {
                        continue;
                    };
                    match (tag.attribute("form"), forms.last_mut()) {
                        (Some(owner), _) => strays.push((owner.to_owned(), field)),
                        (None, Some(form)) if inside => form.fields.push(field),
                        _ => {}
                    }
                }
                _ => {}
            }
        }
        for (owner, field) in strays {
            if let Some(form) = forms.iter_mut().find(|form| form.id == owner) {
                form.fields.push(field);
            }
        }
        forms
    }

    /// Sets a text field, picks a radio button or chooses an option. Panics when the page does not
    /// offer this field or value.
    pub fn fill(&mut self, name: &str, value: &str) -> &mut Self {
        let mut offered = false;
        for field in self.fields.iter_mut().filter(|field| field.name == name) {
            match field.kind.as_str() {
                "radio" => {
                    field.sent = field.value == value;
                    offered |= field.sent;
                }
                "select" => {
                    offered = field.options.iter().any(|option| option == value);
                    value.clone_into(&mut field.value);
                    field.sent = true;
                }
                "checkbox" | "submit" => {}
                _ if offered => {}
                _ => {
                    value.clone_into(&mut field.value);
                    offered = true;
                }
            }
        }
        assert!(offered, "no field {name} takes {value:?}: {self:#?}");
        self
    }

    /// Ticks the checkbox `name` with this `value`.
    pub fn tick(&mut self, name: &str, value: &str) -> &mut Self {
        self.set(name, value, true)
    }

    /// Unticks the checkbox `name` with this `value`.
    pub fn untick(&mut self, name: &str, value: &str) -> &mut Self {
        self.set(name, value, false)
    }

    /// Chooses the button `name` with this `value` as the button that submits the form.
    pub fn press(&mut self, name: &str, value: &str) -> &mut Self {
        let button = self
            .fields
            .iter_mut()
            .find(|field| field.kind == "submit" && field.name == name && field.value == value);
        match button {
            Some(field) => field.sent = true,
            None => panic!("no button {name}={value}: {self:#?}"),
        }
        self
    }

    /// The value of the first submitted field with this name.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.fields
            .iter()
            .find(|field| field.sent && field.name == name)
            .map(|field| field.value.as_str())
    }

    /// The names and values that are submitted, in order.
    pub fn entries(&self) -> Vec<(&str, &str)> {
        self.fields
            .iter()
            .filter(|field| field.sent && !field.name.is_empty())
            .map(|field| (field.name.as_str(), field.value.as_str()))
            .collect()
    }

    fn of(tag: &Tag) -> Self {
        let method = tag.text("method").to_ascii_lowercase();
        Self {
            action: tag.text("action"),
            method: if method == "post" {
                method
            } else {
                "get".to_owned()
            },
            fields: Vec::new(),
            id: tag.text("id"),
        }
    }

    fn set(&mut self, name: &str, value: &str, ticked: bool) -> &mut Self {
        let found = self
            .fields
            .iter_mut()
            .find(|field| field.kind == "checkbox" && field.name == name && field.value == value);
        match found {
            Some(field) => field.sent = ticked,
            None => panic!("no box {name}={value}: {self:#?}"),
        }
        self
    }
}

/// `behind` contains the tokens after the tag.
fn field(tag: &Tag, behind: &[Token]) -> Option<Field> {
    let (kind, value, options) = match tag.name.as_str() {
        "input" => {
            let kind = tag.attribute("type").unwrap_or("text").to_ascii_lowercase();
            let value = match (kind.as_str(), tag.attribute("value")) {
                ("checkbox" | "radio", None) => "on".to_owned(),
                (_, value) => value.unwrap_or_default().to_owned(),
            };
            (kind, value, Vec::new())
        }
        "button" => {
            let kind = tag.attribute("type").unwrap_or("submit");
            (kind.to_ascii_lowercase(), tag.text("value"), Vec::new())
        }
        "textarea" => {
            let value = inner_text(behind, "textarea");
            // HTML ignores a line feed directly after the opening tag.
            let value = value.strip_prefix('\n').unwrap_or(&value).to_owned();
            ("textarea".to_owned(), value, Vec::new())
        }
        "select" => {
            let (chosen, options) = options(behind);
            ("select".to_owned(), chosen, options)
        }
        _ => return None,
    };
    let sent = !tag.has("disabled")
        && match kind.as_str() {
            "checkbox" | "radio" => tag.has("checked"),
            "submit" | "button" | "reset" | "image" => false,
            "select" => !options.is_empty(),
            _ => true,
        };
    Some(Field {
        kind,
        name: tag.text("name"),
        value,
        sent,
        options,
    })
}

/// The chosen one, and the values of all.
fn options(behind: &[Token]) -> (String, Vec<String>) {
    let mut chosen = None;
    let mut options = Vec::new();
    for (at, token) in behind.iter().enumerate() {
        match token {
            Token::Close(name) if name == "select" => break,
            Token::Open(tag) if tag.name == "option" => {
                let value = tag.attribute("value").map_or_else(
                    || inner_text(&behind[at + 1..], "option").trim().to_owned(),
                    ToOwned::to_owned,
                );
                if tag.has("selected") {
                    chosen = Some(value.clone());
                }
                options.push(value);
            }
            _ => {}
        }
    }
    let first = options.first().cloned().unwrap_or_default();
    (chosen.unwrap_or(first), options)
}

fn inner_text(behind: &[Token], name: &str) -> String {
    behind
        .iter()
        .take_while(|token| !matches!(token, Token::Close(closed) if closed == name))
        .filter_map(|token| match token {
            Token::Text(text) => Some(text.as_str()),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::html::tokens;

    const PAGE: &str = r#"
        <form id=a method=POST action="/invite/RAHMA">
          <input type=hidden name=version value=3>
          <input name="name.1" value="Siti &amp; Co">
          <input type=radio name=r value=yes><input type=radio name=r value=no checked>
          <input type=checkbox name=d value=halal checked><input type=checkbox name=d value=vegan>
          <textarea name=note>
a &lt; b</textarea>
          <select name=lang><option value=en>English<option value=ms selected>Melayu</select>
          <input name=gone value=x disabled>
          <button name=do value=save>Save</button>
        </form>
        <form action=/search><input name=q></form>
        <input name=late value=1 form=a>"#;

    #[test]
    fn a_form_is_sent_as_a_browser_sends_it() {
        let mut forms = Form::all(&tokens(PAGE));
        assert_eq!(forms.len(), 2);
        assert_eq!(forms[1].entries(), [("q", "")]);
        assert_eq!(forms[1].method, "get");
        let form = &mut forms[0];
        assert_eq!(
            form.entries(),
            [
                ("version", "3"),
                ("name.1", "Siti & Co"),
                ("r", "no"),
                ("d", "halal"),
                ("note", "a < b"),
                ("lang", "ms"),
                ("late", "1"),
            ]
        );
        form.fill("r", "yes")
            .fill("lang", "en")
            .fill("note", "b")
            .untick("d", "halal")
            .tick("d", "vegan")
            .press("do", "save");
        assert_eq!(
            form.entries(),
            [
                ("version", "3"),
                ("name.1", "Siti & Co"),
                ("r", "yes"),
                ("d", "vegan"),
                ("note", "b"),
                ("lang", "en"),
                ("do", "save"),
                ("late", "1"),
            ]
        );
    }

    #[test]
    #[should_panic(expected = "no field r takes")]
    fn what_a_page_does_not_offer_cannot_be_chosen() {
        Form::all(&tokens(PAGE))[0].fill("r", "maybe");
    }
}
