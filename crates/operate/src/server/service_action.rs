//! The actions that the operator's pages offer for services.

use crate::control_requests::services::ServiceRequest;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ServiceAction {
    Start,
    Reload,
    Restart,
    Scale,
    Stop,
}

impl ServiceAction {
    pub(super) const ALL: [Self; 5] = [
        Self::Start,
        Self::Reload,
        Self::Restart,
        Self::Scale,
        Self::Stop,
    ];

    /// The action's keyword in forms and in the audit log.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Reload => "reload",
            Self::Restart => "restart",
            Self::Scale => "scale",
            Self::Stop => "stop",
        }
    }

    pub(super) fn find(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.word() == word)
    }

    /// The message id of the button.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Start => "server-start",
            Self::Reload => "server-reload",
            Self::Restart => "server-restart",
            Self::Scale => "server-scale",
            Self::Stop => "server-stop",
        }
    }

    /// The message id of the text that explains the action in advance.
    pub(super) fn effect(self) -> &'static str {
        match self {
            Self::Start => "server-start-effect",
            Self::Reload => "server-reload-effect",
            Self::Restart => "server-restart-effect",
            Self::Scale => "server-scale-effect",
            Self::Stop => "server-stop-effect",
        }
    }

    /// The message id of the text that confirms the action afterwards.
    pub(super) fn done(self) -> &'static str {
        match self {
            Self::Start => "server-done-start",
            Self::Reload => "server-done-reload",
            Self::Restart => "server-done-restart",
            Self::Scale => "server-done-scale",
            Self::Stop => "server-done-stop",
        }
    }

    /// Whether the action may cause failed requests.
    pub(super) fn is_grave(self) -> bool {
        matches!(self, Self::Restart | Self::Stop)
    }

    /// Whether the action is refused while an event is near, unless it is forced.
    pub(super) fn is_planned(self) -> bool {
        matches!(self, Self::Reload | Self::Restart)
    }

    /// Returns the request that makes the supervisor process carry out the action.
    pub(super) fn order(self, service: String, instances: u32, force: bool) -> ServiceRequest {
        match self {
            Self::Start => ServiceRequest::Start { service },
            Self::Reload => ServiceRequest::Reload { service, force },
            Self::Restart => ServiceRequest::Restart { service, force },
            Self::Scale => ServiceRequest::Scale { service, instances },
            Self::Stop => ServiceRequest::Stop { service },
        }
    }
}
