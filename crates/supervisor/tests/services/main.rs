//! Tests with real processes. They are started, killed, replaced and stopped, and must leave
//! nothing behind.

#[cfg(test)]
mod broken_deploys;
#[cfg(test)]
mod exec_upgrade;
#[cfg(test)]
mod life;
#[cfg(test)]
mod logs;
#[cfg(test)]
mod other_users;
#[cfg(test)]
mod output;
#[cfg(test)]
mod own_process;
#[cfg(test)]
mod own_service;
#[cfg(test)]
mod program;
#[cfg(test)]
mod rolling_update;
mod schedules;
#[cfg(test)]
mod starting;
#[cfg(test)]
mod support;
