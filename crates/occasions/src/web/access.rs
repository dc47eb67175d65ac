//! Who may use an address of hosts: which permission it takes, and which callers.

use ::web::{Access, described};
use accounts::Callers;
use axum::Extension;
use axum::routing::MethodRouter;
use utoipa::openapi::path::Operation;

use crate::hosting::Permission;

/// Who may use an address. One without a permission belongs to no occasion: a handler that opens
/// one there is refused.
#[derive(Clone, Copy, Debug)]
pub struct HostAccess {
    /// What the role of a host must have at least. More may depend on what is sent.
    pub permission: Option<Permission>,
    /// People alone, or programs too.
    pub callers: Callers,
}

/// Hosts with `permission`, as people or by a program.
pub(crate) const fn may(permission: Permission, callers: Callers) -> HostAccess {
    HostAccess {
        permission: Some(permission),
        callers,
    }
}

/// A page is for people.
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
