//! The administrators' pages and JSON list of the kinds of credits, and the form fields for how
//! many credits of each kind a plan grants.

use axum::response::Response;
use site::request::PageRequest;
use site::resource::api::{ApiResource, Description};
use site::resource::pages::{Messages, PageResource};
use web::form_state::{Control, Field, FormState};
use web::{List, Problem};

use super::admin::{AdminContext, ListRow, list_page_with};
use super::api::administered;
use super::choice_lists::DONE;
use crate::credit_kind::CreditKind;
use crate::plan::Plan;

/// A number field for each kind of credits that is active or that the plan already grants.
pub(super) fn quantities(form_state: &FormState, kinds: &[CreditKind]) -> Vec<Field> {
    let form = &form_state.form;
    let code_of = |row: usize| form.text(&format!("grants.{row}.credit_kind"));
    let granted = (0..kinds.len()).take_while(|row| !code_of(*row).is_empty());
    let mut added = granted.clone().count();
    let mut fields = Vec::new();
    for kind in kinds {
        let row = granted.clone().find(|row| code_of(*row) == kind.code);
        if row.is_none() && !kind.active {
            continue;
        }
        let at = row.unwrap_or_else(|| {
            added += 1;
            added - 1
        });
        let name = format!("grants.{at}.credit_kind");
        let mut code = form_state.field(&name, &kind.label, Control::Hidden);
        code.value.clone_from(&kind.code);
        let name = format!("grants.{at}.quantity");
        let mut quantity = form_state.number(&name, &kind.label);
        if row.is_none() {
            "0".clone_into(&mut quantity.value);
        }
        quantity.error = quantity.error.or_else(|| code.error.take());
        fields.extend([code, quantity]);
    }
    fields
}

impl PageResource for CreditKind {
    const PAGES: &'static str = "/admin/plans/credit-kinds";
    const MESSAGES: Messages = Messages {
        list: "credit-kind-all",
        new: "credit-kind-new",
        settings: "credit-kind-settings",
        remove_title: "choice-remove",
        remove: "choice-remove",
        remove_effect: "choice-remove-effect",
    };
    const DONE: &'static [(&'static str, &'static str)] = DONE;
    const CHOSEN: &'static [&'static str] = &["position"];

    fn title(&self, _: &PageRequest, _: &AdminContext) -> String {
        self.label.clone()
    }

    async fn list_page(
        req: &PageRequest,
        _: &AdminContext,
        list: List<Self>,
    ) -> Result<Response, Problem> {
        let row = |one: Self| ListRow {
            id: one.id.to_string(),
            name: one.label,
            note: one.code,
            side: match one.min_tier {
                0 => String::new(),
                tier => req.text.with("credit-kind-from", [("tier", tier.into())]),
            },
            is_active: one.active,
        };
        let more = Some((Plan::PAGES, Plan::MESSAGES.list));
        list_page_with(req, ("credit-kind-first", "choice-away"), more, list, row).await
    }
}

impl ApiResource for CreditKind {
    administered!();

    const API: Description = Description {
        path: "/api/v1/admin/credit-kinds",
        one: "/api/v1/admin/credit-kinds/{id}",
        tag: "credit-kinds",
        list: "All kinds of credits: the active ones first, in their order.",
        show: "One kind of credits.",
        create: "Adds a kind of credits.",
        change: "Changes a kind of credits. Its code stays.",
        remove: "Removes a kind of credits: 204. One that was ever used is deactivated: 200 with\n\
                 what is left.",
        removal: &[204],
        body: "What may be set of a kind of credits; what is left out stays.",
    };
}
