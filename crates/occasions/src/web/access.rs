//! The access rules of hosts' paths. A rule says which permission a path requires, and whether API
//! tokens may use the path.

use ::web::{Access, described};
use axum::Extension;
use axum::routing::MethodRouter;
use site::Callers;
use utoipa::openapi::path::Operation;

use crate::hosting::Permission;

/// The access rule of a path.
#[derive(Clone, Copy, Debug)]
pub struct HostAccess {
    /// The permission that the caller must have. A handler may require a further permission for
    /// some requests. `None` if the path belongs to no occasion. The path's handler then cannot
    /// open any occasion.
    pub permission: Option<Permission>,
    /// Says whether only signed-in people may use the path, or also API tokens with certain scopes.
    pub callers: Callers,
}

/// Returns the rule that admits hosts with the permission `permission`. `callers` says whether API
/// tokens are admitted too.
pub const fn may(permission: Permission, callers: Callers) -> HostAccess {
    HostAccess {
        permission: Some(permission),
        callers,
    }
}

/// Pages admit sessions, but no API tokens.
impl From<Permission> for HostAccess {
    fn from(permission: Permission) -> Self {
        may(permission, Callers::People)
    }
}

impl From<Callers> for HostAccess {
    fn from(callers: Callers) -> Self {
        Self {
            permission: None,
            callers,
        }
    }
}

impl Access for HostAccess {
    fn declare<S>(self, methods: MethodRouter<S>) -> MethodRouter<S>
    where
        S: Clone + Send + Sync + 'static,
    {
        let methods = self.callers.declare(methods);
        match self.permission {
            Some(permission) => methods.route_layer(Extension(permission)),
            None => methods,
        }
    }

    fn describe(self, changes: bool, operation: &mut Operation) {
        self.callers.describe(changes, operation);
        if let Some(permission) = self.permission {
            described::add_access(operation, "role", permission.least_role().word());
        }
    }
}
