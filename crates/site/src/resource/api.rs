//! A [`Resource`] as JSON: list, show, add, change and remove, with their description.

use std::borrow::Cow;
use std::marker::PhantomData;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, patch, post};
use platform::Tx;
use serde::Serialize;
use utoipa::openapi::path::HttpMethod;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};
use web::described::{self, Named, Operation, Routes};
use web::fields;
use web::json::{Members, Received};
use web::{Access, Input, Json, List, PageQuery, Problem, Site};

use super::{Parent, RefusalOf, Resource, TypedRemoval};

use crate::call::{Call, answer};

/// The parent of a list that programs use.
pub trait ApiParent: Parent {
    /// How the addresses say who may use them.
    type Access: Access + Send;
    /// What the caller sees of what they changed.
    type Saved<R: ApiResource<Parent = Self>>: Serialize + Send;

    /// What the caller sees of what they changed.
    fn saved<R: ApiResource<Parent = Self>>(
        &self,
        tx: &mut Tx<'_>,
        one: R,
    ) -> Result<Self::Saved<R>, Self::Refusal>;

    /// How that is described.
    fn describe_saved<R: ApiResource<Parent = Self>>() -> Named;
}

/// How the addresses of a list say who may use them.
pub type AccessOf<R> = <<R as Resource>::Parent as ApiParent>::Access;

/// A resource that programs use.
pub trait ApiResource: Resource<Parent: ApiParent> + ToSchema {
    /// One as it is shown.
    type View: Serialize + ToSchema + Send;
    /// The same in the list, which may show less of it.
    type Item: From<Self::View> + Serialize + ToSchema + Send;
    /// What the API's description says.
    const API: Description;
    /// Who may read it.
    const READS: AccessOf<Self>;
    /// Who may change one.
    const WRITES: AccessOf<Self>;
    /// Who may add and remove.
    const OWNS: AccessOf<Self> = Self::WRITES;
    /// Whether removing one may deactivate it.
    const DEACTIVATES: bool = false;

    /// One as it is shown.
    fn view(self, tx: &mut Tx<'_>, parent: &Self::Parent) -> Result<Self::View, RefusalOf<Self>>;
}

/// Sentences of the API's description.
#[derive(Debug)]
pub struct Description {
    /// The path of the list.
    pub path: &'static str,
    /// The path of one of them.
    pub one: &'static str,
    /// The tag of its operations.
    pub tag: &'static str,
    /// What listing returns.
    pub list: &'static str,
    /// What showing one returns.
    pub show: &'static str,
    /// What adding one does.
    pub create: &'static str,
    /// What changing one does.
    pub change: &'static str,
    /// What removing one does.
    pub remove: &'static str,
    /// The statuses of that.
    pub removal: &'static [u16],
    /// What the body of a change holds.
    pub body: &'static str,
}

/// The addresses for programs.
pub fn routes<R: ApiResource, A: Routes<Site>>() -> A {
    let saved = R::Parent::describe_saved::<R>;
    let body = || described::schema::<ChangeOf<R>>();
    let operation = |method, id, summary| Operation::new(method, id, summary, R::API.tag);
    let (reads, writes, owns) = (R::READS, R::WRITES, R::OWNS);
    A::default()
        .routes(described::listed(
            R::API.path.to_owned(),
            reads
                .declare(get(list::<R>))
                .merge(owns.declare(post(create::<R>))),
            move || {
                let list = operation(HttpMethod::Get, "list", R::API.list)
                    .responds(200, described::schema_of::<List<R::Item>, R::Item>())
                    .access(reads);
                vec![
                    if R::IS_LONG { list.pages() } else { list },
                    operation(HttpMethod::Post, "create", R::API.create)
                        .takes(body())
                        .responds(201, saved())
                        .also(&[409])
                        .access(owns),
                ]
            },
        ))
        .routes(described::listed(
            R::API.one.to_owned(),
            reads
                .declare(get(show::<R>))
                .merge(writes.declare(patch(change::<R>)))
                .merge(owns.declare(delete(remove::<R>))),
            move || {
                let mut removal = operation(HttpMethod::Delete, "remove", R::API.remove);
                if R::TYPED_REMOVAL == TypedRemoval::Everybody {
                    removal = removal.asks("confirm");
                }
                if R::DEACTIVATES {
                    removal = removal.responds(200, saved());
                }
                vec![
                    operation(HttpMethod::Get, "show", R::API.show)
                        .responds(200, described::schema::<R::View>())
                        .access(reads),
                    operation(HttpMethod::Patch, "change", R::API.change)
                        .takes(body())
                        .responds(200, saved())
                        .also(&[409, 428])
                        .access(writes),
                    removal.also(R::API.removal).access(owns),
                ]
            },
        ))
}

async fn list<R: ApiResource>(call: Call) -> Result<Json<List<R::Item>>, Problem> {
    let paging = if R::IS_LONG {
        call.page_query()?
    } else {
        PageQuery::default()
    };
    let look = move |tx: &mut Tx<'_>, parent: &R::Parent| {
        let List {
            items,
            next_cursor,
            previous_cursor,
            total,
        } = R::list(tx, parent, &paging)?;
        let items = items.into_iter().map(|one| one.view(tx, parent));
        Ok(List {
            items: items.collect::<Result<_, _>>()?,
            next_cursor,
            previous_cursor,
            total,
        })
    };
    let found: List<R::View> = call.read(look).await?;
    Ok(Json(found.map(R::Item::from)))
}

async fn show<R: ApiResource>(call: Call) -> Result<Response, Problem> {
    let address = call.address().to_owned();
    let look = move |tx: &mut Tx<'_>, parent: &R::Parent| {
        let one = R::find(tx, parent, &address)?;
        one.view(tx, parent)
    };
    Ok(answer(StatusCode::OK, &call.read(look).await?))
}

async fn create<R: ApiResource>(call: Call, body: Received<Members>) -> Result<Response, Problem> {
    let (input, _) = Input::of_json(body.value)?;
    let change = move |tx: &mut Tx<'_>, parent: &R::Parent| {
        let one = super::create::<R>(tx, parent, &input)?;
        parent.saved(tx, one)
    };
    call.post(&body.bytes, StatusCode::CREATED, change).await
}

async fn change<R: ApiResource>(
    call: Call,
    Json(body): Json<Members>,
) -> Result<Response, Problem> {
    let (input, version) = Input::of_json(body)?;
    let (address, version) = (call.address().to_owned(), call.version(version)?);
    let change = move |tx: &mut Tx<'_>, parent: &R::Parent| {
        let one = super::change::<R>(tx, parent, &address, version, &input)?;
        parent.saved(tx, one)
    };
    Ok(answer(StatusCode::OK, &call.write(change).await?))
}

async fn remove<R: ApiResource>(call: Call) -> Result<Response, Problem> {
    let confirmed = if R::TYPED_REMOVAL == TypedRemoval::Everybody {
        let version = call.version(None)?;
        Some((version, call.query().text("confirm").to_owned()))
    } else {
        None
    };
    let address = call.address().to_owned();
    let change = move |tx: &mut Tx<'_>, parent: &R::Parent| {
        let confirmed = confirmed.as_ref().map(|(seen, typed)| (*seen, &**typed));
        match super::remove::<R>(tx, parent, &address, confirmed)? {
            Some(left) => Ok(Some(parent.saved(tx, left)?)),
            None => Ok(None),
        }
    };
    Ok(match call.write(change).await? {
        Some(left) => answer(StatusCode::OK, &left),
        None => StatusCode::NO_CONTENT.into_response(),
    })
}

/// The body of a change, in the API's description.
struct ChangeOf<R>(PhantomData<R>);

impl<R: ApiResource> PartialSchema for ChangeOf<R> {
    fn schema() -> RefOr<Schema> {
        fields::schema::<R>(R::FIELDS, R::OPTIONS, R::API.body)
    }
}

impl<R: ApiResource> ToSchema for ChangeOf<R> {
    fn name() -> Cow<'static, str> {
        format!("{}Change", R::name()).into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push(("I18n".to_owned(), web::I18n::schema()));
        schemas.push(("When".to_owned(), web::When::schema()));
        R::schemas(schemas);
    }
}
