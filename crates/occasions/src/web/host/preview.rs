//! The preview of an invitation in any language. It shows the pages that the household sees.
//! Opening a preview does not count as opening the invitation.

use askama::Template;
use axum::response::Response;
use platform::Tx;
use web::page::{Kind, Page};
use web::{Language, Problem, Text};

use super::frame::{Place, keep_private};
use super::request::{HostRequest, PageContext};
use super::wording::Wording;
use crate::cover::OnPages;
use crate::hosting::{Refusal, portals};
use crate::id::InvitationId;
use crate::invitation_snapshot::{self, InvitationSnapshot};
use crate::occasion::Occasion;
use crate::web::guest;

#[derive(Template)]
#[template(path = "host/preview.html")]
struct Preview<'a> {
    text: &'a Text,
    household: &'a str,
    back: String,
    frame: String,
    /// Each with the link to its preview, and whether the page shows this preview now.
    languages: Vec<(Language, String, bool)>,
}

/// Handles `GET /admin/o/{slug}/invites/{id}/preview`. This is the page around the preview.
pub(super) async fn show(req: HostRequest) -> Result<Response, Problem> {
    let (context, snapshot) = load(&req).await?;
    let wording = req.wording(&context);
    let invitation = &snapshot.household.invitation;
    let back = wording.at(&format!("/invites/{}", invitation.id));
    let chosen = chosen(&req, &wording, &snapshot);
    let languages = context.occasion.languages.iter();
    let body = Preview {
        text: &req.text,
        household: &invitation.details.household,
        frame: format!("{back}/preview/page?language={chosen}"),
        languages: languages
            .map(|tag| {
                let address = format!("{back}/preview?language={tag}");
                (Language::of(tag), address, *tag == chosen)
            })
            .collect(),
        back,
    };
    let title = req.text.say("host-preview");
    Ok(req.page(&context, Place::Invitations, &title, body))
}

/// Handles `GET /admin/o/{slug}/invites/{id}/preview/page`. This is the preview itself. The page
/// around it shows it in a frame.
pub(super) async fn page(req: HostRequest) -> Result<Response, Problem> {
    let (context, snapshot) = load(&req).await?;
    let tag = chosen(&req, &req.wording(&context), &snapshot);
    let text = req.site.catalogue.speak(&Language::of(&tag));
    let notice = req.text.say("host-preview-notice").into_owned();
    inert(&req, &text, &snapshot, None, notice)
}

/// Renders the invitation of a household that does not exist, in one of the occasion's languages.
pub(super) async fn made_up(
    req: &HostRequest,
    occasion: Occasion,
    language: &str,
    photo: Option<OnPages>,
) -> Result<Response, Problem> {
    let text = req.site.catalogue.speak(&Language::of(language));
    let name = text.say("preview-household").into_owned();
    let look = move |tx: &mut Tx<'_>, _: &PageContext| {
        Ok(invitation_snapshot::made_up(tx, occasion.clone(), &name)?)
    };
    let (_, snapshot) = req.read(look).await?;
    inert(req, &text, &snapshot, photo, String::new())
}

/// Renders an invitation on which nothing can be pressed. `notice` stands above it, unless it is
/// empty.
pub(super) fn inert(
    req: &HostRequest,
    text: &Text,
    snapshot: &InvitationSnapshot,
    photo: Option<OnPages>,
    notice: String,
) -> Result<Response, Problem> {
    let inside = guest::preview(text, snapshot, photo).map_err(Problem::internal)?;
    let mut response = web::page(Page {
        title: &req.text.say("host-preview"),
        body: Inert {
            notice,
            language: req.text.language().clone(),
            inside,
        },
        text,
        theme: snapshot.occasion.theme,
        kind: Kind::Public { languages: &[] },
    });
    keep_private(&mut response);
    Ok(response)
}

#[derive(Template)]
#[template(path = "host/preview_page.html")]
struct Inert {
    notice: String,
    language: Language,
    inside: String,
}

async fn load(req: &HostRequest) -> Result<(PageContext, InvitationSnapshot), Refusal> {
    let id: InvitationId = req.id();
    req.read(move |tx, context| {
        let mut snapshot = portals::load(tx, &context.host, &id)?;
        if !context.may(crate::hosting::Permission::SeeContacts) {
            "•••••".clone_into(&mut snapshot.household.invitation.code);
        }
        Ok(snapshot)
    })
    .await
}

fn chosen(req: &HostRequest, wording: &Wording<'_>, snapshot: &InvitationSnapshot) -> String {
    let occasion = &wording.occasion;
    let asked = req.query.text("language");
    let own = snapshot.household.invitation.details.language.as_deref();
    [Some(asked), own]
        .into_iter()
        .flatten()
        .find(|tag| occasion.languages.iter().any(|offered| offered == tag))
        .unwrap_or(&occasion.default_language)
        .to_owned()
}
