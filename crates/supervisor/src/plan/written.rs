//! Settings in the words of a description, for whoever asks what holds.

use super::settings::Settings;
use super::{masked, values};
use crate::answers::Manner;
use crate::description::{Health, Logs, Memory, Restart, Stop};

impl Settings {
    /// The program and its arguments, without what looks like a secret.
    pub(crate) fn shown_command(&self) -> Vec<String> {
        masked::command(&self.command)
    }

    /// How it is kept running.
    pub(crate) fn manner(&self) -> Manner {
        let policy = &self.policy;
        let health = self.health.as_ref().map(|health| Health {
            path: masked::query(&health.path),
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
        Manner {
            listen: values::name(&values::LISTENING, &self.listening),
            activate: self.activate,
            balance: self.balance.clone(),
            health,
            start_within: units::written_duration(policy.start_within),
            stop: Stop {
                signal: values::written_signal(self.stop_signal),
                within: units::written_duration(policy.stop_within),
            },
            restart: Restart {
                when: values::name(&values::WHEN, &policy.when),
                backoff,
                give_up,
            },
            memory: self.memory.map(|max| Memory {
                max: units::written_size(max),
                action: values::name(&values::ACTIONS, &policy.memory),
            }),
            logs: (!self.own).then(|| Logs {
                max: units::written_size(self.logs.max),
                keep: self.logs.keep,
                journal: self.logs.journal,
            }),
            drain_within: units::written_duration(policy.drain_within),
            roll: values::name(&values::ROLLS, &policy.roll),
        }
    }
}
