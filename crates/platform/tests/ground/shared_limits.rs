//! Tests of limits that hold for all machines together.

use jiff::SignedDuration;
use platform::limits::{Limit, Limits, PURPOSE, Rule, USED};
use platform::machine_news::{Heard, Listener};
use platform::{Keyring, Random};
use testkit::World;

use super::MIGRATIONS;

const RULE: Rule = Rule {
    count: 40,
    per: SignedDuration::from_mins(10),
};

struct Machine {
    limits: Limits,
    limit: Limit,
    listener: Listener,
}

impl Machine {
    async fn start(world: &World, seed: u64) -> Self {
        let key = Keyring::new([1; 32], &[]).key(PURPOSE);
        let limits = Limits::shared(key, &Random::seeded(seed));
        let mut listener = Listener::new(world.store().clone());
        assert_eq!(listener.next().await, Heard::Anything);
        Self {
            limit: limits.limit("answers", &[RULE], 10),
            limits,
            listener,
        }
    }

    async fn hear(&mut self) {
        let news = loop {
            match self.listener.next().await {
                Heard::News(news) => break news,
                Heard::Look => {}
                Heard::Anything => panic!("nothing was missed"),
            }
        };
        for one in &news {
            assert_eq!(one.name, USED);
            assert!(!one.payload.contains("203.0.113.7"), "{}", one.payload);
            self.limits.hear(one);
        }
    }
}

#[test]
fn what_one_machine_lets_through_counts_at_the_other() {
    World::each_engine(&MIGRATIONS, async |world| {
        let [mut one, mut other] = [
            Machine::start(world, 1).await,
            Machine::start(world, 2).await,
        ];
        let now = world.platform.clock.now();
        let from = "203.0.113.7";
        for _ in 0..20 {
            assert!(one.limit.take(from, now).is_ok());
        }
        one.limits.tell_now(world.store()).await.unwrap();
        other.hear().await;
        let passed = (0..40).filter(|_| other.limit.take(from, now).is_ok());
        assert_eq!(passed.count(), 20);
        assert!(other.limit.take("203.0.113.8", now).is_ok());
        other.limits.tell_now(world.store()).await.unwrap();
        // Its own news comes back to it, and the other's then.
        one.hear().await;
        while one.limit.check(from, now).is_ok() {
            one.hear().await;
        }
        let later = now + SignedDuration::from_mins(12);
        assert!(one.limit.take(from, later).is_ok());
    });
}

#[test]
fn an_eighth_of_a_limit_is_told_at_once_and_less_costs_nothing() {
    World::each_engine(&MIGRATIONS, async |world| {
        let machine = Machine::start(world, 1).await;
        let now = world.platform.clock.now();
        let changes = async || {
            let before = world.store().counts().changes;
            machine.limits.tell_now(world.store()).await.unwrap();
            world.store().counts().changes - before
        };
        for number in 0..100 {
            let from = format!("network {number}");
            for _ in 0..RULE.count / 8 - 1 {
                assert!(machine.limit.take(&from, now).is_ok());
            }
        }
        assert_eq!(changes().await, 0);
        for number in 90..100 {
            let from = format!("network {number}");
            assert!(machine.limit.take(&from, now).is_ok());
        }
        assert_eq!(changes().await, 1, "all keys together");
        assert_eq!(changes().await, 0);
    });
}

#[test]
fn a_machine_alone_tells_nobody() {
    World::each_engine(&MIGRATIONS, async |world| {
        let limits = Limits::default();
        let limit = limits.limit("answers", &[RULE], 10);
        let now = world.platform.clock.now();
        let passed = (0..50).filter(|_| limit.take("a", now).is_ok());
        assert_eq!(passed.count(), 40);
        let again = limits.limit("answers", &[RULE], 10);
        assert!(again.take("a", now).is_err(), "it is the same limit");
        let before = world.store().counts();
        limits.tell_now(world.store()).await.unwrap();
        assert_eq!(world.store().counts(), before);
    });
}
