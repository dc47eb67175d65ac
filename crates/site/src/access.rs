//! Who may call an operation. The list of addresses declares it; the extractors of
//! [`asking`](crate::asking) let nobody else in.

use axum::Extension;
use axum::http::request;
use axum::routing::MethodRouter;
use utoipa::openapi::path::Operation;
use web::described::{self, problem_responses};
use web::{Access, Problem};

use identity::session::token::TokenScope;

/// Who may call an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Callers {
    /// Anybody, signed in or not.
    Anybody,
    /// People who are signed in, and no token: credentials, tokens, roles, exports.
    People,
    /// People who are signed in, and programs whose token has all these scopes.
    Tokens(&'static [TokenScope]),
}

impl Callers {
    /// The declaration for the requested address.
    pub(crate) fn of(parts: &request::Parts) -> Result<Self, Problem> {
        let declared = parts.extensions.get().copied();
        declared.ok_or_else(|| Problem::internal("no list says who may use this address"))
    }
}

/// A page that asks for a proof is for people who are signed in.
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
