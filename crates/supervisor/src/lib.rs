#![doc = include_str!("../README.md")]

mod log_tail;
mod supervisor;

mod control;
mod readiness;

mod process;
mod service_log;

// The validated settings.
pub mod plan;

mod address_check;
mod status;

mod channel;
mod log_query;
mod notifications;
mod ready_instances;

// Modules that do not depend on other modules of this crate.
mod cron;
mod folder;
mod handover;
mod own_memory;
mod serde_numbers;
mod service_config;
pub mod state;

pub use channel::Channel;
pub use control::{ChangeOutcome, Control, ControlError, ServiceChange};
pub use cron::Schedule;
pub use folder::Folder;
pub use handover::{
    HandoverState, ReceivedHandover, block_signals, read_handover_file, receive_handover,
};
pub use log_query::{LogLine, LogPosition, LogQuery, Stream};
pub use log_tail::{LogBatch, LogTail};
pub use notifications::{Notification, NotificationKind};
pub use plan::{
    ALL_SERVICES, CheckDepth, InnerListener, OWN_SERVICE, OwnService, Plan, PlanContext,
    ServiceSettings, User,
};
pub use process::shim;
pub use ready_instances::{Address, GivenUp, InstanceAddress, ReadyInstances, ServiceInstances};
pub use service_config::{
    CommandLine, LogConfig, MemoryConfig, RestartConfig, ServiceConfig, ServiceConfigs, StopConfig,
};
pub use service_log::{Clock, LineHook};
pub use status::{InstanceStatus, LastExit, ServiceStatus, SettingsSummary};
pub use supervisor::{
    FailedExec, PausedSupervisor, RandomSource, RunEnd, ShimProgram, StartError, Supervisor,
    SupervisorOptions,
};
pub use units::{HealthConfig, Problem};
