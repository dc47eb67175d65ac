//! A [`Resource`] as JSON: endpoints to list, show, add, change and remove items, with their
//! OpenAPI description.

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

/// The parent of a list that is part of the API.
pub trait ApiParent: Parent {
    /// The type in which an endpoint declares its callers.
    type Access: Access + Send;
    /// The response to a saved change. It contains those fields of the changed item that the caller
    /// may read.
    type Saved<R: ApiResource<Parent = Self>>: Serialize + Send;

    fn saved<R: ApiResource<Parent = Self>>(
        &self,
        tx: &mut Tx<'_>,
        one: R,
    ) -> Result<Self::Saved<R>, Self::Refusal>;

    /// The OpenAPI schema of `Saved`.
    fn describe_saved<R: ApiResource<Parent = Self>>() -> Named;
}

/// Implements [`ApiParent`] for a parent whose callers may read all of what they save.
#[macro_export]
macro_rules! api_parent {
    ($parent:ty) => {
        impl $crate::resource::api::ApiParent for $parent {
            type Access = $crate::Callers;
            type Saved<R: $crate::resource::api::ApiResource<Parent = Self>> = R::View;

            fn saved<R: $crate::resource::api::ApiResource<Parent = Self>>(
                &self,
                tx: &mut ::platform::Tx<'_>,
                one: R,
            ) -> Result<R::View, <Self as $crate::proof::Proof>::Refusal> {
                one.view(tx, self)
            }

            fn describe_saved<R: $crate::resource::api::ApiResource<Parent = Self>>()
            -> ::web::described::Named {
                ::web::described::schema::<R::View>()
            }
        }
    };
}
pub use api_parent;

/// The type in which a list's endpoints declare their callers.
pub type AccessOf<R> = <<R as Resource>::Parent as ApiParent>::Access;

pub trait ApiResource: Resource<Parent: ApiParent> + ToSchema {
    /// The JSON representation of an item.
    type View: Serialize + ToSchema + Send;
    /// The JSON representation of an item within the list. It may have fewer fields than `View`.
    type Item: From<Self::View> + Serialize + ToSchema + Send;
    /// The texts for the OpenAPI description.
    const API: Description;
    /// The callers who may read items.
    const READS: AccessOf<Self>;
    /// The callers who may change an item.
    const WRITES: AccessOf<Self>;
    /// The callers who may add and remove items.
    const OWNS: AccessOf<Self> = Self::WRITES;
    /// Whether an item that is in use is deactivated when it is removed.
    const DEACTIVATES: bool = false;

    /// Converts the item to its JSON representation.
    fn view(self, tx: &mut Tx<'_>, parent: &Self::Parent) -> Result<Self::View, RefusalOf<Self>>;
}

/// The paths and texts of a resource in the OpenAPI description.
#[derive(Debug)]
pub struct Description {
    /// The path of the list.
    pub path: &'static str,
    /// The path of an item.
    pub one: &'static str,
    /// The OpenAPI tag of the operations.
    pub tag: &'static str,
    /// The summary of the operation that lists items.
    pub list: &'static str,
    /// The summary of the operation that shows an item.
    pub show: &'static str,
    /// The summary of the operation that adds an item.
    pub create: &'static str,
    /// The summary of the operation that changes an item.
    pub change: &'static str,
    /// The summary of the operation that removes an item.
    pub remove: &'static str,
    /// The possible HTTP statuses of the response to a removal.
    pub removal: &'static [u16],
    /// The description of the body of a request that adds or changes an item.
    pub body: &'static str,
}

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

/// The OpenAPI schema for the body of a request that adds or changes an item.
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
