//! Rules about who may call an endpoint. Each rule is declared beside the endpoint's handler;
//! extractors find the rule in the request and enforce it.

use axum::Router;
use axum::handler::Handler;
use axum::http::Method;
use axum::routing::{MethodFilter, MethodRouter, on};
use utoipa::openapi::path::Operation;

use crate::shared::shared;

pub trait Access: Copy {
    /// Attaches the rule to every request that `methods` handles. Extractors read the rule from the
    /// request.
    fn declare<S>(self, methods: MethodRouter<S>) -> MethodRouter<S>
    where
        S: Clone + Send + Sync + 'static;

    /// Adds the rule to an operation's OpenAPI description. `changes` is true if the operation
    /// changes data.
    fn describe(self, changes: bool, operation: &mut Operation);
}

/// The rule for endpoints without authentication.
#[derive(Clone, Copy, Debug)]
pub struct Anybody;

impl Access for Anybody {
    fn declare<S>(self, methods: MethodRouter<S>) -> MethodRouter<S> {
        methods
    }

    fn describe(self, _: bool, _: &mut Operation) {}
}

#[derive(Debug)]
pub struct Pages<S, A>(Vec<ListedPage<S, A>>);

#[derive(Debug)]
pub struct ListedPage<S, A> {
    pub method: Method,
    pub path: String,
    pub access: A,
    /// Whether shared caches may keep the page.
    pub is_shared: bool,
    serve: MethodRouter<S>,
}

impl<S, A> Default for Pages<S, A> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<S, A> IntoIterator for Pages<S, A> {
    type Item = ListedPage<S, A>;
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<S: Clone + Send + Sync + 'static, A: Access> Pages<S, A> {
    /// Adds a `GET` route, which shows a page.
    #[must_use]
    pub fn get<H, T>(self, path: &str, access: impl Into<A>, handler: H) -> Self
    where
        H: Handler<T, S>,
        T: 'static,
    {
        let serve = on(MethodFilter::GET, handler);
        self.add(Method::GET, path, access.into(), serve)
    }

    /// Adds a `GET` route, which shows the same page to everybody, so that shared caches may keep it
    /// ([`shared`](mod@crate::shared)).
    #[must_use]
    pub fn get_shared<H, T>(self, path: &str, access: impl Into<A>, handler: H) -> Self
    where
        H: Handler<T, S>,
        T: 'static,
    {
        let mut pages = self.get(path, access, handler);
        if let Some(page) = pages.0.last_mut() {
            page.is_shared = true;
        }
        pages
    }

    /// Adds a `POST` route, the target of a form.
    #[must_use]
    pub fn post<H, T>(self, path: &str, access: impl Into<A>, handler: H) -> Self
    where
        H: Handler<T, S>,
        T: 'static,
    {
        let serve = on(MethodFilter::POST, handler);
        self.add(Method::POST, path, access.into(), serve)
    }

    fn add(mut self, method: Method, path: &str, access: A, serve: MethodRouter<S>) -> Self {
        self.0.push(ListedPage {
            method,
            path: path.to_owned(),
            access,
            is_shared: false,
            serve,
        });
        self
    }

    #[must_use]
    pub fn nest(mut self, prefix: &str, other: Self) -> Self {
        self.0.extend(other.0.into_iter().map(|page| ListedPage {
            path: format!("{prefix}{}", page.path),
            ..page
        }));
        self
    }

    pub fn into_router(self) -> Router<S> {
        self.into_iter().fold(Router::new(), |router, page| {
            let serve = page.access.declare(page.serve);
            let serve = if page.is_shared { shared(serve) } else { serve };
            router.route(&page.path, serve)
        })
    }
}
