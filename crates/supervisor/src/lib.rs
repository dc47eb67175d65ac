#![doc = include_str!("../README.md")]

mod address_check;
mod channel;
mod control;
mod cron;
mod folder;
mod handover;
mod log_query;
mod log_tail;
mod notifications;
mod own_memory;
pub mod plan;
mod process;
mod readiness;
mod ready_instances;
mod serde_numbers;
mod service_config;
mod service_log;
pub mod state;
mod status;
mod supervisor;

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
pub use service_log::LineHook;
pub use status::{InstanceStatus, LastExit, ServiceStatus, SettingsSummary};
pub use supervisor::{
    Clock, FailedExec, PausedSupervisor, RandomSource, RunEnd, ShimProgram, StartError, Supervisor,
    SupervisorOptions,
};
pub use units::{HealthConfig, Problem};
