//! Access to the hosts' paths, with the permission that each path requires and the callers whom it
//! admits.

use ::web::{Access, described};
use axum::Extension;
use axum::routing::MethodRouter;
use site::Callers;
use utoipa::openapi::path::Operation;

use crate::hosting::Permission;

/// A path's access rule. A path without a permission belongs to no occasion, so its handler cannot
/// open an occasion.
#[derive(Clone, Copy, Debug)]
pub struct HostAccess {
    /// The permission that a host must have. A handler may require more, depending on the request.
    pub permission: Option<Permission>,
    /// Whether only people may use the path, or also API tokens.
    pub callers: Callers,
}

/// Admits hosts with `permission`, in person and, if `callers` allows, with tokens.
pub(crate) const fn may(permission: Permission, callers: Callers) -> HostAccess {
    HostAccess {
        permission: Some(permission),
        callers,
    }
}

/// Makes the access rule for a page, which only people may open, not programs with tokens.
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
