//! Declares who may call an operation. Each route declares its callers, and the extractors of
//! [`asking`](crate::asking) refuse everybody else.

use axum::Extension;
use axum::http::request;
use axum::routing::MethodRouter;
use utoipa::openapi::path::Operation;
use web::described::{self, problem_responses};
use web::{Access, Problem};

use identity::session::token::TokenScope;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Callers {
    /// Anybody, signed in or not.
    Anybody,
    /// Signed-in people, but no API tokens. This is for credentials, tokens, roles and exports.
    People,
    /// Signed-in people, and API clients whose token has all these scopes.
    Tokens(&'static [TokenScope]),
}

impl Callers {
    /// Returns the callers that the requested route declares.
    pub(crate) fn of(parts: &request::Parts) -> Result<Self, Problem> {
        let declared = parts.extensions.get().copied();
        declared
            .ok_or_else(|| Problem::internal("this address is in no list that says who may use it"))
    }
}

/// A page declares `()` if its handler itself checks more about the caller. Only signed-in people
/// may call such a page.
impl From<()> for Callers {
    fn from((): ()) -> Self {
        Self::People
    }
}

impl Access for Callers {
    fn declare<S>(self, methods: MethodRouter<S>) -> MethodRouter<S>
    where
        S: Clone + Send + Sync + 'static,
    {
        methods.route_layer(Extension(self))
    }

    fn describe(self, changes: bool, operation: &mut Operation) {
        match self {
            Self::Anybody => {}
            Self::People => {
                problem_responses::signed_in(changes, operation, &[]);
                described::add_access(operation, "in_person", true);
            }
            Self::Tokens(scopes) => {
                let words: Vec<_> = scopes.iter().map(|scope| scope.word()).collect();
                problem_responses::signed_in(changes, operation, &words);
            }
        }
    }
}
