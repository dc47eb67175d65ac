//! The pages of plans and credits: the offered plans, a person's own credits, and the
//! administrators' list of plans.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use identity::session::signed_in::Confirmed;
use platform::money::Money;
use platform::{StoreError, Tx};
use site::asking::Viewer;
use site::call::submission;
use site::proof::Requester;
use site::request::{FormPost, PageRequest};
use site::resource::pages::{EditForm, Messages, PageParent, PageResource};
use web::form_state::{FormState, TableForm};
use web::{List, PageQuery, Problem, Site, Text, Wishes};

use super::admin::{AdminContext, ListRow, list_page_with};
use super::frame::BookingPage as _;
use super::slots::table_form;
use super::{credit_kinds, own, receipt, slot_page, words};
use crate::Refusal;
use crate::credit::history;
use crate::credit_kind::{self, CreditKind, Labels};
use crate::order::{self, OwnOrder, PlanId};
use crate::plan::{self, Plan};
use crate::settings::{self, Administrator};
use crate::{credit, gateway, membership};

#[derive(Template)]
#[template(path = "plans.html")]
struct OfferedPage<'a> {
    text: &'a Text,
    plans: Vec<(Plan, String, String)>,
    is_signed_in: bool,
    has_tiers: bool,
    submission: String,
}

/// `GET /book/plans`.
pub(super) async fn offered(
    State(site): State<Site>,
    wishes: Wishes,
    viewer: Viewer,
) -> Result<Response, Problem> {
    let text = site.speak_public(&wishes);
    let look = |tx: &mut Tx<'_>| {
        let rules = settings::load(tx)?;
        Ok::<_, StoreError>((plan::offered(tx)?, Labels::load(tx)?, rules.add_on_days))
    };
    let (plans, labels, days) = site.store.read(look).await?;
    let has_tiers = plans.iter().any(|plan| plan.tier > 0);
    let body = OfferedPage {
        text: &text,
        plans: plans
            .into_iter()
            .map(|plan| {
                let grants = words::grants(&text, &plan.grant(), &labels, days);
                let price = text.money(plan.price());
                (plan, grants, price)
            })
            .collect(),
        is_signed_in: viewer.who.is_some(),
        submission: submission(&site.random),
        has_tiers,
    };
    let title = text.say("plan-offered");
    Ok(slot_page::plain_form(
        &site,
        &text,
        &title,
        body,
        &viewer.csrf,
    ))
}

/// `POST /book/plans/{id}`.
pub(super) async fn buy(posted: FormPost) -> Result<Response, Problem> {
    let (id, site): (PlanId, Site) = (posted.req.id("id")?, posted.req.site.clone());
    let change = move |tx: &mut Tx<'_>, member: &Confirmed| {
        let order = plan::buy(tx, &site, member, &id)?;
        Ok::<_, Refusal>(format!("/pay/{}", order.id))
    };
    Ok(posted.once(change).await?)
}

#[derive(Template)]
#[template(path = "own/credits.html")]
struct OwnPage<'a> {
    text: &'a Text,
    /// A message id.
    title: &'static str,
    done: Option<&'static str>,
    /// For each membership, the plan's name, and a text with the day on which the membership ends.
    /// If it begins in the future, the text also contains the day on which it begins.
    memberships: Vec<(String, String)>,
    lots: Vec<(String, String)>,
    /// The time, the reason and the number of credits of each change.
    entries: Vec<(String, String, String)>,
    older_entries: Option<String>,
    orders: Vec<OrderRow>,
    older_orders: Option<String>,
    /// The one list that the page shows; empty for memberships, credits and what became of them.
    part: &'a str,
}

struct OrderRow {
    title: String,
    /// The path of the receipt's page, or of the payment page if there is no receipt.
    href: String,
    /// Number and day, tax and refunded amount, as far as they exist.
    notes: Vec<String>,
    sum: String,
    class: &'static str,
    state: &'static str,
}

/// `GET /me/credits`: a person's memberships and credits. With `list` and a cursor, it
/// shows older entries or older orders.
pub(super) async fn own(req: PageRequest) -> Result<Response, Problem> {
    let part = match req.query.text("list") {
        "entries" => "entries",
        "orders" => "orders",
        _ => "",
    };
    show_own(&req, part).await
}

/// `GET /me/orders`: a person's orders.
pub(super) async fn own_orders(req: PageRequest) -> Result<Response, Problem> {
    show_own(&req, "orders").await
}

async fn show_own(req: &PageRequest, part: &'static str) -> Result<Response, Problem> {
    let paging = |list: &str| {
        let paging = if part == list {
            req.page_query()?
        } else {
            PageQuery::default()
        };
        Ok::<_, Problem>(paging.under(&list))
    };
    let (of_entries, of_orders) = (paging("entries")?, paging("orders")?);
    let (entry, order) = (of_entries.after()?, of_orders.after()?);
    let (entry_rows, order_rows) = (of_entries.rows(), of_orders.rows());
    let mode = gateway::mode(&req.site);
    let look = move |tx: &mut Tx<'_>, who: &Requester| {
        let account = &who.who.account().id;
        let entries = credit::entries(tx, account, entry.as_ref(), entry_rows)?;
        let uses = history::uses(tx, &entries)?;
        let found = (
            membership::of_account(tx, account, mode)?,
            credit::lots(tx, account, mode)?,
            entries,
            order::of_account(tx, account, order.as_ref(), order_rows)?,
            (settings::load(tx)?, Labels::load(tx)?, uses),
        );
        Ok::<_, Refusal>(found)
    };
    let (memberships, lots, entries, orders, (rules, labels, uses)) = req.read(look).await?;
    let entries = of_entries.list(entries, |one| (one.created_at, one.id.clone()));
    let orders = of_orders.list(orders, |own| (own.order.created_at, own.order.id.clone()));
    let older =
        |list: &str, cursor: Option<String>| cursor.map(|cursor| format!("{list}cursor={cursor}"));
    let (text, zone) = (&req.text, words::zone(&req.site, Some(&req.who)));
    let moment = |at: jiff::Timestamp| text.moment_short_in(&zone, at);
    let title = if part == "orders" {
        "order-mine"
    } else {
        "credit-mine"
    };
    let body = OwnPage {
        text,
        title,
        done: req.done(&[("paid", "credit-was-paid")]),
        memberships: memberships
            .into_iter()
            .map(|one| {
                let day = |at: jiff::Timestamp| text.date(at.to_zoned(zone.clone()));
                let end = day(one.ends_at);
                let until = if one.starts_at > req.site.clock.now() {
                    let values = [("from", day(one.starts_at).into()), ("until", end.into())];
                    text.with("membership-from", values)
                } else {
                    text.with("credit-until", [("date", end.into())])
                };
                (one.plan, until)
            })
            .collect(),
        lots: lots
            .into_iter()
            .map(|lot| {
                let count = lot.granted - lot.used;
                let end = text.date(lot.expires_at.to_zoned(zone.clone()));
                (
                    words::credits(text, count, labels.label(&lot.credit_kind)),
                    text.with("credit-until", [("date", end.into())]),
                )
            })
            .collect(),
        older_entries: older("/me/credits?list=entries&", entries.next_cursor),
        older_orders: older("/me/orders?", orders.next_cursor),
        part,
        entries: entries
            .items
            .into_iter()
            .map(|one| {
                (
                    moment(one.created_at),
                    words::credit_use(text, &zone, &labels, &one, uses.get(&one.id)),
                    words::change(one.delta),
                )
            })
            .collect(),
        orders: orders
            .items
            .into_iter()
            .map(|own| order_row(text, own, &rules.tax_label, &moment))
            .collect(),
    };
    req.show(own::HERE, &text.say(title), body).await
}

fn order_row(
    text: &Text,
    own: OwnOrder,
    tax: &str,
    moment: &impl Fn(jiff::Timestamp) -> String,
) -> OrderRow {
    let order = &own.order;
    let number = order.receipt();
    let number = number.map(|number| text.with("order-receipt", [("number", number.into())]));
    let back = (own.refunded_minor > 0).then(|| {
        let sum = text.money(Money::new(own.refunded_minor, order.currency));
        text.with("order-back", [("sum", sum.into())])
    });
    let notes = [
        Some(moment(order.paid_at.unwrap_or(order.created_at))),
        number,
        Some(receipt::tax(text, order, tax)),
        back,
    ];
    let notes = notes.into_iter().flatten();
    OrderRow {
        href: match order.paid_at {
            Some(_) => format!("/me/orders/{}/receipt", order.id),
            None => format!("/pay/{}", order.id),
        },
        notes: notes.filter(|note| !note.is_empty()).collect(),
        sum: text.money(order.amount()),
        class: words::order_tag(order.state),
        state: order.state.label(),
        title: own.title,
    }
}

impl PageParent for Administrator {
    type Request = PageRequest;
    type Context = AdminContext;
    const SAVE: &'static str = "slot-save";
    const CANCEL: &'static str = "booking-cancel-form";

    fn context(&self, tx: &mut Tx<'_>) -> Result<AdminContext, Refusal> {
        Ok(AdminContext {
            by: self.clone(),
            kinds: credit_kind::all(tx)?,
            add_on_days: settings::load(tx)?.add_on_days,
        })
    }

    fn at(_: &PageRequest, rest: &str) -> String {
        rest.to_owned()
    }

    fn table<'a>(
        req: &'a PageRequest,
        _: &'a AdminContext,
        form_state: &'a FormState,
    ) -> TableForm<'a> {
        table_form(req, form_state)
    }

    async fn page<B: Template + Send>(
        req: &PageRequest,
        _: &AdminContext,
        here: &str,
        title: &str,
        body: B,
    ) -> Result<Response, Problem> {
        req.show(here, title, body).await
    }
}

impl AsRef<Administrator> for AdminContext {
    fn as_ref(&self) -> &Administrator {
        &self.by
    }
}

impl PageResource for Plan {
    const PAGES: &'static str = "/admin/plans";
    const MESSAGES: Messages = Messages {
        list: "plan-all",
        new: "plan-new",
        settings: "plan-settings",
        remove_title: "plan-remove",
        remove: "plan-remove",
        remove_effect: "plan-remove-effect",
    };
    const DONE: &'static [(&'static str, &'static str)] =
        &[("saved", "slot-saved"), ("removed", "plan-removed")];
    const CHOSEN: &'static [&'static str] = &["position"];

    fn title(&self, _: &PageRequest, _: &AdminContext) -> String {
        self.name.clone()
    }

    fn arrange(_: &PageRequest, context: &AdminContext, _: Option<&Self>, form: &mut EditForm<'_>) {
        let fields = credit_kinds::quantities(form.form_state, &context.kinds);
        if let Some(group) = form.groups.first_mut() {
            let place = group.fields.iter().position(|field| field.name == "months");
            let place = place.unwrap_or(group.fields.len());
            group.fields.splice(place..place, fields);
        }
    }

    async fn list_page(
        req: &PageRequest,
        context: &AdminContext,
        list: List<Self>,
    ) -> Result<Response, Problem> {
        let text = &req.text;
        let (labels, days) = (Labels::of(&context.kinds), context.add_on_days);
        let row = |plan: Self| ListRow {
            id: plan.id.to_string(),
            note: words::grants(text, &plan.grant(), &labels, days),
            side: text.money(plan.price()),
            is_active: plan.active,
            name: plan.name,
        };
        let more = Some((CreditKind::PAGES, CreditKind::MESSAGES.list));
        list_page_with(req, ("plan-first", "plan-away"), more, list, row).await
    }
}
