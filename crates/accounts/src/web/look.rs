//! The page on which owners set the site's look.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use platform::{StoreError, Tx, text_cleaning};
use serde::Deserialize;
use web::form_state::{self, Control, Field, FormState, Group};
use web::look::{Accent, Color};
use web::state::{MenuItem, Visit};
use web::{Form, Look as Theme, Problem, Text, Wishes};

use super::public_pages;

use identity::grant::{self, Scope, administrator};
use site::addresses::LOOK as HERE;
use site::asking::{FileSender, PageUser, Reader, Sender};
use site::call::{id as parse, see_other};
use site::domain::Domains;
use site::look::{self, Look, PICTURES, SITE};
use site::{Context, frame};

#[derive(Deserialize)]
pub(super) struct Done {
    done: Option<String>,
}

#[derive(Template)]
#[template(path = "look.html")]
struct LookPage<'a> {
    text: &'a Text,
    done: bool,
    look: &'a Look,
    looks: Vec<Choice>,
    accent: [Field; 2],
    changed: Vec<String>,
    first: Group,
    /// One field for each menu entry. The field's value is the entry's position in the menu.
    menu: Vec<Field>,
    alt: Field,
    file: Field,
    icon: Field,
    form_state: &'a FormState,
}

struct Choice {
    look: Theme,
    is_chosen: bool,
}

impl Choice {
    const fn about(&self) -> &'static str {
        match self.look {
            Theme::Paper => "look-paper-about",
            Theme::Veranda => "look-veranda-about",
            Theme::Market => "look-market-about",
        }
    }
}

pub(super) async fn show(
    State(accounts): State<Context>,
    Query(done): Query<Done>,
    wishes: Wishes,
    reader: Reader,
) -> Result<Response, Problem> {
    let text = accounts.site.speak(&wishes);
    page(&accounts, &text, reader.user(), done.done.is_some(), None).await
}

async fn page(
    accounts: &Context,
    text: &Text,
    user: PageUser<'_>,
    done: bool,
    refused: Option<FormState>,
) -> Result<Response, Problem> {
    let (site, domains, asking) = (&accounts.site, accounts.domains, user.who.clone());
    let find = move |tx: &mut Tx<'_>| -> Result<_, Problem> {
        administrator::owner(tx, asking.clone())?.ok_or_else(Problem::not_found)?;
        Ok((
            look::find(tx)?,
            look::offered(tx, domains)?,
            grant::list(tx, &Scope::site())?,
        ))
    };
    let (look, offered, members) = site.store.read(find).await?;
    let form_state = refused.unwrap_or_else(|| FormState::of(form(&look, &offered)));
    let pages = domains.iter().flat_map(|domain| domain.first_pages);
    let pages = pages.map(|page| (page.word, page.label, page.argument));
    let homes = [(SITE, "look-home-site", "")].into_iter().chain(pages);
    let homes = homes.map(|(word, label, argument)| {
        let label = text.say(label);
        let words = match argument {
            "" => label.into_owned(),
            argument => format!("{label} ({argument})"),
        };
        (word.to_owned(), words)
    });
    let nobody = (String::new(), text.say("look-account-first").into_owned());
    let people = members
        .into_iter()
        .map(|member| (member.account.to_string(), member.display_name));
    let chosen = Theme::find(form_state.form.text("look")).unwrap_or_default();
    let looks = Theme::ALL.iter().map(|look| Choice {
        look: *look,
        is_chosen: *look == chosen,
    });
    let first = vec![
        form_state.select("home", text.say("look-home"), homes),
        form_state
            .line("home_which", text.say("look-home-which"))
            .hint(text.say("look-home-which-hint")),
        form_state
            .line("sentence", text.say("look-sentence"))
            .hint(text.say("look-sentence-hint")),
        form_state
            .lines("introduction", text.say("look-introduction"))
            .hint(text.say("look-introduction-hint")),
        form_state.select(
            "account",
            text.say("look-account"),
            [nobody].into_iter().chain(people),
        ),
    ];
    let menu = offered.iter().map(|item| {
        let name = format!("menu{}", item.href);
        form_state.number(&name, item.words(text))
    });
    let menu: Vec<Field> = menu.collect();
    let first = Group {
        legend: text.say("look-first").into_owned(),
        fields: first,
    };
    let body = LookPage {
        text,
        done,
        looks: looks.collect(),
        accent: [
            form_state.tick("accent_own", text.say("look-accent-own")),
            form_state
                .field(
                    "accent",
                    text.say("look-accent"),
                    Control::Line("color", "off"),
                )
                .hint(text.say("look-accent-hint")),
        ],
        changed: changed(text, &look),
        first,
        menu,
        alt: form_state
            .line("portrait_alt", text.say("look-portrait-alt"))
            .hint(text.say("look-portrait-alt-hint")),
        file: form_state.field("file", text.say("look-file"), Control::Line("file", "off")),
        icon: form_state.field("icon", text.say("look-file"), Control::Line("file", "off")),
        look: &look,
        form_state: &form_state,
    };
    let title = text.say("look-title");
    frame::show(site, text, user, HERE, &title, body).await
}

fn form(look: &Look, offered: &[MenuItem]) -> Form {
    let (word, which) = look.home.split_once(':').unwrap_or((&look.home, ""));
    let account = look.account_id.as_ref().map(ToString::to_string);
    // A colour input cannot be empty. Without an accent colour, it shows the look's own colour.
    let [light, _] = look.look.palettes();
    let (own, accent) = match look.accent.as_str() {
        "" => ("", light.mark.hex()),
        accent => ("1", accent.to_owned()),
    };
    let fields = [
        ("home".to_owned(), word.to_owned()),
        ("home_which".to_owned(), which.to_owned()),
        ("look".to_owned(), look.look.word().to_owned()),
        ("accent_own".to_owned(), own.to_owned()),
        ("accent".to_owned(), accent),
        ("portrait_alt".to_owned(), look.portrait_alt.clone()),
        ("sentence".to_owned(), look.sentence.clone()),
        ("introduction".to_owned(), look.introduction.clone()),
        ("account".to_owned(), account.unwrap_or_default()),
    ];
    let all: Vec<&str> = match look.menu.as_str() {
        "" => offered.iter().map(|item| item.href.as_str()).collect(),
        chosen => chosen.lines().collect(),
    };
    let places = (1..).zip(all);
    let menu = places.map(|(place, href): (i32, _)| (format!("menu{href}"), place.to_string()));
    form_state::form(fields.into_iter().chain(menu))
}

pub(super) async fn change(
    State(accounts): State<Context>,
    wishes: Wishes,
    sender: Sender,
) -> Result<Response, Problem> {
    let done = try_change(&accounts, &sender).await;
    let done = done.map(|()| see_other(&format!("{HERE}?done=1")));
    form_state::answer(done, async |problem| {
        let text = accounts.site.speak(&wishes);
        let form_state = FormState::refused(sender.form.clone(), &problem, &text);
        page(&accounts, &text, sender.user(), false, Some(form_state)).await
    })
    .await
}

async fn try_change(accounts: &Context, sender: &Sender) -> Result<(), Problem> {
    let (who, request, domains) = (sender.who.clone(), sender.request.clone(), accounts.domains);
    let form = sender.form.clone();
    let change = move |tx: &mut Tx<'_>| -> Result<(), Problem> {
        let owner = administrator::owner(tx, who.clone())?.ok_or_else(Problem::not_found)?;
        let look = typed(tx, domains, &form)?;
        Ok(look::change(tx, &owner, domains, look, &request)?)
    };
    accounts.site.store.write(change).await?;
    accounts.site.menu.forget();
    Ok(())
}

fn typed(tx: &mut Tx<'_>, domains: Domains, form: &Form) -> Result<Look, Problem> {
    let home = match (form.text("home"), form.text("home_which").trim()) {
        (word, "") => word.to_owned(),
        (SITE, _) => SITE.to_owned(),
        (word, which) => format!("{word}:{which}"),
    };
    let (theme, accent) = worn(form);
    let account = match form.text("account") {
        "" => None,
        id => Some(parse(id)?),
    };
    let mut places = BTreeMap::new();
    let offered = look::offered(tx, domains)?;
    let usual: Vec<_> = offered.iter().map(|item| item.href.clone()).collect();
    for item in offered {
        let place = form_state::number(form, &format!("menu{}", item.href));
        if let Some(place) = place.filter(|place| *place > 0) {
            places.insert((place, places.len()), item.href);
        }
    }
    let chosen: Vec<_> = places.into_values().collect();
    Ok(Look {
        home,
        look: theme,
        accent,
        sentence: text_cleaning::clean_line(form.text("sentence")),
        introduction: text_cleaning::clean(form.text("introduction")),
        account_id: account,
        // An empty value stands for the usual menu, which contains all entries that the domains
        // offer. Entries that a domain adds later then appear automatically.
        menu: if chosen == usual {
            String::new()
        } else {
            chosen.join("\n")
        },
        version: form.text("version").parse().unwrap_or(0),
        ..look::find(tx)?
    })
}

fn worn(form: &Form) -> (Theme, String) {
    let accent = if form.is_ticked("accent_own") {
        form.text("accent").to_owned()
    } else {
        String::new()
    };
    let look = Theme::find(form.text("look")).unwrap_or_default();
    (look, accent)
}

fn changed(text: &Text, look: &Look) -> Vec<String> {
    let Some(wished) = Color::parse(&look.accent) else {
        return Vec::new();
    };
    let all = ["look-accent-light", "look-accent-dark"]
        .into_iter()
        .zip(Accent::of(wished, look.look));
    let all = all.filter(|(_, accent)| accent.is_changed);
    all.map(|(message, accent)| text.with(message, [("color", accent.color.hex().into())]))
        .collect()
}

/// `POST /admin/look/preview`: shows the site's first page as it would be with what was typed.
pub(super) async fn preview(
    State(accounts): State<Context>,
    wishes: Wishes,
    sender: Sender,
) -> Result<Response, Problem> {
    let (domains, who) = (accounts.domains, sender.who.clone());
    let form = sender.form.clone();
    let find = move |tx: &mut Tx<'_>| -> Result<_, Problem> {
        administrator::owner(tx, who.clone())?.ok_or_else(Problem::not_found)?;
        let look = typed(tx, domains, &form)?;
        Ok((look::frame_of(tx, domains, &look)?, look))
    };
    let (frame, look) = accounts.site.store.read(find).await?;
    let visit = Visit {
        name: Some(sender.who.account().display_name.clone()),
        path: "/".to_owned(),
        preview: Some(frame.into()),
    };
    let page = public_pages::site_page(&accounts, &wishes, Some(look));
    visit.answer(page).await
}

pub(super) async fn set_icon(
    State(accounts): State<Context>,
    wishes: Wishes,
    sent: FileSender,
) -> Result<Response, Problem> {
    set_picture(&accounts, &wishes, sent, false).await
}

pub(super) async fn set_portrait(
    State(accounts): State<Context>,
    wishes: Wishes,
    sent: FileSender,
) -> Result<Response, Problem> {
    set_picture(&accounts, &wishes, sent, true).await
}

async fn set_picture(
    accounts: &Context,
    wishes: &Wishes,
    sent: FileSender,
    is_portrait: bool,
) -> Result<Response, Problem> {
    let done = try_set_picture(accounts, &sent, is_portrait).await;
    let done = done.map(|()| see_other(&format!("{HERE}?done=1")));
    let sender = sent.sender;
    form_state::answer(done, async |problem| {
        let text = accounts.site.speak(wishes);
        let site = &accounts.site;
        let domains = accounts.domains;
        let find = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
            Ok((look::find(tx)?, look::offered(tx, domains)?))
        };
        let (look, offered) = site.store.read(find).await?;
        let typed = sender
            .form
            .iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let kept = form(&look, &offered);
        let kept = kept
            .iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        // If a field name occurs twice, the last value counts. The typed values come last.
        let kept = form_state::form(kept.chain(typed));
        let form_state = FormState::refused(kept, &problem, &text);
        page(accounts, &text, sender.user(), false, Some(form_state)).await
    })
    .await
}

async fn try_set_picture(
    accounts: &Context,
    sent: &FileSender,
    is_portrait: bool,
) -> Result<(), Problem> {
    let (site, form) = (&accounts.site, &sent.sender.form);
    let (who, domains) = (sent.sender.who.clone(), accounts.domains);
    let asking = who.clone();
    let check = move |tx: &mut Tx<'_>| -> Result<_, Problem> {
        administrator::owner(tx, asking.clone())?.ok_or_else(Problem::not_found)?;
        Ok(look::find(tx)?)
    };
    let mut look = site.store.read(check).await?;
    let alt = text_cleaning::clean_line(form.text("portrait_alt"));
    let field = if is_portrait { "/file" } else { "/icon" };
    if form.find("remove").is_some() {
        if is_portrait {
            look.set_portrait(None, String::new());
        } else {
            look.set_icon(None);
        }
    } else if let Some(file) = sent.files.first() {
        let picture = PICTURES
            .upload(site, who.account().id.as_str(), file.bytes.clone(), field)
            .await?;
        if is_portrait {
            look.set_portrait(Some(picture), alt);
        } else {
            look.set_icon(Some(picture));
        }
    } else if is_portrait && !look.portrait.is_empty() {
        look.portrait_alt = alt;
    } else {
        return Err(Problem::fields().field(field, "required", []));
    }
    let request = sent.sender.request.clone();
    let change = move |tx: &mut Tx<'_>| -> Result<(), Problem> {
        let owner = administrator::owner(tx, who.clone())?.ok_or_else(Problem::not_found)?;
        Ok(look::change(tx, &owner, domains, look.clone(), &request)?)
    };
    site.store.write(change).await?;
    site.menu.forget();
    Ok(())
}
