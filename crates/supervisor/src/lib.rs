#![doc = include_str!("../README.md")]

mod answers;
mod channel;
mod control;
mod description;
mod fleet;
mod folder;
mod follow;
mod handed;
pub mod memory;
mod news;
mod numbers;
mod output;
mod place;
pub mod plan;
mod probe;
mod process;
pub mod shim;
pub mod state;
mod supervisor;

pub use answers::{Described, LastExit, Manner, Row};
pub use channel::Channel;
pub use control::{Change, Changed, Control, ControlError};
pub use description::{Description, Health, Logs, Memory, Restart, Run, Service, Stop};
pub use fleet::{Address, Crew, Fleet, GivenUp, Member};
pub use folder::Folder;
pub use follow::{Follow, Heard, Seen, Wish};
pub use handed::{Handed, Rest, handed_over, keep_signals_out, rehearsed};
pub use news::{News, What};
pub use output::{Echo, Line, Stream};
pub use plan::{ALL, Depth, Flaw, Ground, Inner, OWN, Own, Plan, Settings, User};
pub use supervisor::{
    Chance, Clock, Ended, HandOver, Launcher, Means, StartError, Stayed, Supervisor,
};
