//! Formats validated settings in the notation of `kenduri.toml`, for the command `describe`.

use units::HealthConfig;

use super::settings::ServiceSettings;
use super::{masking, value_parsers};
use crate::cron::Schedule;
use crate::service_config::{LogConfig, MemoryConfig, RestartConfig, StopConfig};
use crate::status::SettingsSummary;

impl ServiceSettings {
    /// Returns the command and its arguments, with secrets masked.
    pub(crate) fn shown_command(&self) -> Vec<String> {
        masking::command(&self.command)
    }

    pub(crate) fn summary(&self) -> SettingsSummary {
        let policy = &self.policy;
        let health = self.health.as_ref().map(|health| HealthConfig {
            path: masking::query(&health.path),
            every: units::written_duration(health.every),
            within: units::written_duration(health.within),
            fall: policy.fall,
            rise: policy.rise,
        });
        let (least, most) = policy.backoff;
        let backoff = [least, most].map(units::written_duration).join("..");
        let give_up = policy.give_up.map_or_else(
            || "never".to_owned(),
            |limit| {
                let within = units::written_duration(limit.within);
                format!("{} in {within}", limit.failures)
            },
        );
        SettingsSummary {
            listen: value_parsers::name(&value_parsers::LISTENING, &self.listening),
            activate: self.activate,
            balance: self.balance.clone(),
            health,
            start_within: units::written_duration(policy.start_within),
            stop: StopConfig {
                signal: value_parsers::written_signal(self.stop_signal),
                within: units::written_duration(policy.stop_within),
            },
            restart: RestartConfig {
                when: value_parsers::name(&value_parsers::WHEN, &policy.when),
                backoff,
                give_up,
            },
            memory: self.memory.map(|max| MemoryConfig {
                max: units::written_size(max),
                action: value_parsers::name(&value_parsers::ACTIONS, &policy.memory),
            }),
            logs: (!self.own).then(|| LogConfig {
                max: units::written_size(self.logs.max),
                keep: self.logs.keep,
                journal: self.logs.journal,
                errors: self.logs.errors,
            }),
            drain_within: units::written_duration(policy.drain_within),
            keep_former: units::written_duration(policy.keep_former),
            roll: value_parsers::name(&value_parsers::ROLLS, &policy.roll),
            cron: written(self.cron.as_ref(), Schedule::cron),
            cron_restart: written(self.cron_restart.as_ref(), Schedule::cron),
            time_zone: written(
                self.cron.as_ref().or(self.cron_restart.as_ref()),
                Schedule::time_zone,
            ),
        }
    }
}

fn written(schedule: Option<&Schedule>, part: fn(&Schedule) -> &str) -> String {
    schedule.map(part).unwrap_or_default().to_owned()
}
