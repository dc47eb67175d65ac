//! The preview of an invitation in any language: the page of a household, or of one that is made
//! up. Opening a preview does not count as opening the invitation.

use askama::Template;
use axum::response::Response;
use platform::Tx;
use web::page::{Kind, Page};
use web::{Language, Problem, Text};

use super::frame::{Place, keep_private};
use super::groups::Group;
use super::request::{HostRequest, PageContext};
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
    title: &'a str,
    /// The household whose page it is, with the link to it.
    household: Option<(String, &'a str)>,
    /// The page that everybody else sees.
    public: String,
    frame: String,
    /// Each with the link to its preview, and whether the page shows this preview now.
    languages: Vec<(Language, String, bool)>,
}

/// Returns the languages of the occasion, each with the link to its preview.
fn languages(occasion: &Occasion, at: &str, chosen: &str) -> Vec<(Language, String, bool)> {
    let all = occasion.languages.iter().map(|tag| {
        let address = format!("{at}?language={tag}");
        (Language::of(tag), address, *tag == chosen)
    });
    all.collect()
}

/// Handles `GET /admin/o/{slug}/see`. Shows what a household sees that was invited.
pub(super) async fn see(req: HostRequest) -> Result<Response, Problem> {
    let (context, ()) = req.read(|_, _| Ok(())).await?;
    let wording = req.wording(&context);
    let at = wording.at("/see");
    let chosen = offered(&req, &context.occasion, None);
    let title = req.text.say("host-menu-see");
    let body = Preview {
        text: &req.text,
        title: &title,
        household: None,
        public: format!("/o/{}", context.occasion.slug),
        frame: format!("{at}/preview/page?language={chosen}"),
        languages: languages(&context.occasion, &at, &chosen),
    };
    Ok(req.page(&context, Place::Group(Group::Invitation), &title, body))
}

/// Handles `GET /admin/o/{slug}/see/preview/page`. This is the preview itself.
pub(super) async fn see_page(req: HostRequest) -> Result<Response, Problem> {
    let (context, ()) = req.read(|_, _| Ok(())).await?;
    let chosen = offered(&req, &context.occasion, None);
    made_up(&req, context.occasion, &chosen, None).await
}

/// Handles `GET /admin/o/{slug}/invites/{id}/preview`. This is the page around the preview.
pub(super) async fn show(req: HostRequest) -> Result<Response, Problem> {
    let (context, snapshot) = load(&req).await?;
    let wording = req.wording(&context);
    let invitation = &snapshot.household.invitation;
    let back = wording.at(&format!("/invites/{}", invitation.id));
    let own = invitation.details.language.as_deref();
    let chosen = offered(&req, &context.occasion, own);
    let title = req.text.say("host-preview");
    let body = Preview {
        text: &req.text,
        title: &title,
        public: String::new(),
        frame: format!("{back}/preview/page?language={chosen}"),
        languages: languages(&context.occasion, &format!("{back}/preview"), &chosen),
        household: Some((back, &invitation.details.household)),
    };
    Ok(req.page(&context, Place::Invitations, &title, body))
}

/// Handles `GET /admin/o/{slug}/invites/{id}/preview/page`. This is the preview itself. The page
/// around it shows it in a frame.
pub(super) async fn page(req: HostRequest) -> Result<Response, Problem> {
    let (context, snapshot) = load(&req).await?;
    let own = snapshot.household.invitation.details.language.as_deref();
    let tag = offered(&req, &context.occasion, own);
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

/// Returns the language that the query asks for, or else the household's own, if it is offered.
fn offered(req: &HostRequest, occasion: &Occasion, own: Option<&str>) -> String {
    let asked = req.query.text("language");
    [Some(asked), own]
        .into_iter()
        .flatten()
        .find(|tag| occasion.languages.iter().any(|offered| offered == tag))
        .unwrap_or(&occasion.default_language)
        .to_owned()
}
