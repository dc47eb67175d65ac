//! Builds both the endpoints and their OpenAPI descriptions from one list of handlers.
//!
//! The server turns the list into a [`Router`]. The test that writes `docs/openapi.json` turns the
//! list into a [`Description`]. The server itself only serves that file.

pub mod problem_responses;

use axum::Router;
use axum::handler::Handler;
use axum::routing::MethodRouter;
use utoipa::openapi::path::{
    self, HttpMethod, OperationBuilder, ParameterBuilder, ParameterIn, PathItem, Paths,
    PathsBuilder,
};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::{ContentBuilder, OpenApi, Ref, RefOr, Required, ResponseBuilder, Schema};
use utoipa::{IntoParams as _, PartialSchema, ToSchema};
use utoipa_axum::PathItemExt;
use utoipa_axum::router::UtoipaMethodRouter;

use crate::access::Access;
use crate::cursor::PageQuery;

#[doc(hidden)]
pub use pastey::paste;
#[doc(hidden)]
pub use utoipa_axum;

/// An OpenAPI description that is built from a list of handlers. The handlers are never called.
pub type Description<S> = utoipa_axum::router::OpenApiRouter<S>;

/// The handlers of one path, as listed by [`routes`](crate::routes!).
#[derive(Debug)]
pub struct Listed<V, D> {
    /// Builds the router for the path.
    pub serve: V,
    /// Builds the OpenAPI description of the path.
    pub describe: D,
}

/// Something that can be built from a list of handlers: a router or an OpenAPI description.
pub trait Routes<S>: Default {
    #[must_use]
    fn routes<V, D>(self, listed: Listed<V, D>) -> Self
    where
        V: FnOnce() -> (String, MethodRouter<S>),
        D: FnOnce() -> UtoipaMethodRouter<S>;

    #[must_use]
    fn merge(self, other: Self) -> Self;

    /// Modifies the description built so far; a router ignores the call.
    #[must_use]
    fn describing(self, change: impl FnOnce(&mut OpenApi)) -> Self;
}

impl<S> Routes<S> for Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    fn routes<V, D>(self, listed: Listed<V, D>) -> Self
    where
        V: FnOnce() -> (String, MethodRouter<S>),
    {
        let (path, methods) = (listed.serve)();
        self.route(&path, methods)
    }

    fn merge(self, other: Self) -> Self {
        self.merge(other)
    }

    fn describing(self, _: impl FnOnce(&mut OpenApi)) -> Self {
        self
    }
}

impl<S> Routes<S> for Description<S>
where
    S: Clone + Send + Sync + 'static,
{
    fn routes<V, D>(self, listed: Listed<V, D>) -> Self
    where
        D: FnOnce() -> UtoipaMethodRouter<S>,
    {
        self.routes((listed.describe)())
    }

    fn merge(self, other: Self) -> Self {
        self.merge(other)
    }

    fn describing(mut self, change: impl FnOnce(&mut OpenApi)) -> Self {
        change(self.get_openapi_mut());
        self
    }
}

/// The OpenAPI description of an operation, built without the attribute `utoipa::path`. It is used
/// for handlers that serve several kinds of records.
pub struct Operation {
    method: HttpMethod,
    described: OperationBuilder,
    schemas: Schemas,
}

pub type Schemas = Vec<(String, RefOr<Schema>)>;

/// A named OpenAPI schema, with the schemas that it references.
pub struct Named {
    name: String,
    schemas: Schemas,
}

pub fn schema<T: ToSchema>() -> Named {
    let name = T::name().into_owned();
    let mut schemas = vec![(name.clone(), T::schema())];
    T::schemas(&mut schemas);
    Named { name, schemas }
}

/// The schema of `T`, which is a list or another wrapper of `Item`.
pub fn schema_of<T: ToSchema, Item: ToSchema>() -> Named {
    let item = schema::<Item>();
    let name = format!("{}_{}", T::name(), item.name);
    let mut schemas = item.schemas;
    schemas.push((name.clone(), T::schema()));
    T::schemas(&mut schemas);
    Named { name, schemas }
}

impl Operation {
    pub fn new(method: HttpMethod, id: &str, summary: &str, tag: &str) -> Self {
        Self {
            method,
            described: OperationBuilder::new()
                .operation_id(Some(id))
                .summary(Some(summary))
                .tag(tag),
            schemas: Vec::new(),
        }
    }

    #[must_use]
    pub fn access(mut self, access: impl Access) -> Self {
        let mut described = self.described.build();
        access.describe(self.method != HttpMethod::Get, &mut described);
        self.described = described.into();
        self
    }

    #[must_use]
    pub fn takes(mut self, body: Named) -> Self {
        let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(&body.name)));
        let request = RequestBodyBuilder::new()
            .content("application/json", content.build())
            .required(Some(Required::True));
        self.described = self.described.request_body(Some(request.build()));
        self.schemas.extend(body.schemas);
        self
    }

    #[must_use]
    pub fn asks(mut self, name: &str) -> Self {
        let asked = parameter(name, ParameterIn::Query);
        self.described = self.described.parameter(asked);
        self
    }

    /// Adds the query parameters of a paginated list.
    #[must_use]
    pub fn pages(mut self) -> Self {
        let asked = PageQuery::into_params(|| Some(ParameterIn::Query));
        self.described = self.described.parameters(Some(asked));
        self
    }

    #[must_use]
    pub fn responds(mut self, status: u16, body: Named) -> Self {
        let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(&body.name)));
        let response = ResponseBuilder::new().content("application/json", content.build());
        self.described = self.described.response(status.to_string(), response);
        self.schemas.extend(body.schemas);
        self
    }

    /// Adds response statuses. Statuses that several operations share get their descriptions from
    /// `problem_responses`.
    #[must_use]
    pub fn also(mut self, statuses: &[u16]) -> Self {
        for status in statuses {
            let response = ResponseBuilder::new();
            self.described = self.described.response(status.to_string(), response);
        }
        self
    }
}

/// The handlers of one path with their descriptions.
pub fn listed<S: Clone + Send + Sync + 'static>(
    path: String,
    methods: MethodRouter<S>,
    operations: impl FnOnce() -> Vec<Operation>,
) -> Listed<impl FnOnce() -> (String, MethodRouter<S>), impl FnOnce() -> UtoipaMethodRouter<S>> {
    let described = path.clone();
    Listed {
        serve: move || (path, methods),
        describe: move || {
            let (mut paths, mut schemas) = (PathsBuilder::new(), Schemas::new());
            for operation in operations() {
                let item = PathItem::new(operation.method, operation.described);
                paths = paths.path(&described, item);
                schemas.extend(operation.schemas);
            }
            (schemas, paths.build(), MethodRouter::new())
        },
    }
}

/// The description of a required parameter, which is a text.
pub fn parameter(name: &str, place: ParameterIn) -> ParameterBuilder {
    let named = ParameterBuilder::new().name(name).parameter_in(place);
    named
        .required(Required::True)
        .schema(Some(String::schema()))
}

/// Routes requests to `handler` if they have the HTTP method that `P` names. The attribute
/// `utoipa::path` has generated the type `P` for the handler.
#[doc(hidden)]
pub fn answered_by<P, H, T, S>(handler: &H, access: impl Access) -> MethodRouter<S>
where
    P: utoipa::Path,
    H: Handler<T, S>,
    T: 'static,
    S: Clone + Send + Sync + 'static,
{
    let said = P::methods();
    let said = said.iter().map(PathItemExt::to_method_filter);
    access.declare(said.fold(MethodRouter::new(), |methods, method| {
        methods.on(method, handler.clone())
    }))
}

/// Adds the access rule to the OpenAPI description of each operation in `P`.
#[doc(hidden)]
pub fn describe_access<P: utoipa::Path>(paths: &mut Paths, access: impl Access) {
    let Some(item) = paths.paths.get_mut(&P::path()) else {
        return;
    };
    for method in P::methods() {
        let (changes, operation) = match method {
            HttpMethod::Get => (false, &mut item.get),
            HttpMethod::Put => (true, &mut item.put),
            HttpMethod::Post => (true, &mut item.post),
            HttpMethod::Delete => (true, &mut item.delete),
            HttpMethod::Patch => (true, &mut item.patch),
            _ => continue,
        };
        if let Some(operation) = operation {
            access.describe(changes, operation);
        }
    }
}

/// Adds an access rule to the extension `x-access` of an operation.
pub fn add_access(
    operation: &mut path::Operation,
    name: &str,
    value: impl Into<serde_json::Value>,
) {
    let said = operation.extensions.get_or_insert_default();
    let said = said.entry("x-access".to_owned());
    said.or_insert_with(|| serde_json::json!({}))[name] = value.into();
}

/// Lists the handlers of one path, each with its [`Access`](crate::access::Access), for
/// [`Routes::routes`](crate::described::Routes::routes). Each handler must have the attribute
/// `utoipa::path`.
#[macro_export]
macro_rules! routes {
    ($first:ident: $access:expr $(, $more:ident: $other:expr)* $(,)?) => {
        $crate::described::Listed {
            serve: || $crate::described::paste! {{
                use $crate::described::answered_by;
                let methods = answered_by::<[<__path_ $first>], _, _, _>(&$first, $access);
                $(
                    let more = answered_by::<[<__path_ $more>], _, _, _>(&$more, $other);
                    let methods = ::axum::routing::MethodRouter::merge(methods, more);
                )*
                (<[<__path_ $first>] as ::utoipa::Path>::path(), methods)
            }},
            describe: || $crate::described::paste! {{
                use $crate::described::describe_access;
                let mut described = $crate::described::utoipa_axum::routes!($first $(, $more)*);
                describe_access::<[<__path_ $first>]>(&mut described.1, $access);
                $(describe_access::<[<__path_ $more>]>(&mut described.1, $other);)*
                described
            }},
        }
    };
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::{Request, StatusCode};
    use tower::ServiceExt as _;

    use super::*;
    use crate::access::Anybody;

    #[utoipa::path(get, path = "/dishes/{id}")]
    async fn show() -> &'static str {
        "rendang"
    }

    #[utoipa::path(delete, path = "/dishes/{id}")]
    async fn remove() -> StatusCode {
        StatusCode::NO_CONTENT
    }

    fn list<R: Routes<()>>() -> R {
        R::default().routes(crate::routes!(show: Anybody, remove: Anybody))
    }

    #[tokio::test]
    async fn what_is_described_is_what_is_served() {
        let described = list::<Description<()>>().into_openapi();
        let item = &described.paths.paths["/dishes/{id}"];
        assert!(item.get.is_some() && item.delete.is_some() && item.post.is_none());
        for (method, status) in [("GET", 200), ("DELETE", 204), ("POST", 405)] {
            let request = Request::builder().method(method).uri("/dishes/1");
            let request = request.body(Body::empty()).unwrap();
            let answer = list::<Router<()>>().oneshot(request).await.unwrap();
            assert_eq!(answer.status(), status);
        }
    }
}
