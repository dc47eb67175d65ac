//! Several machines contend for one place. Their calls arrive late, twice or never, and each
//! machine is paused and killed at random, at each step.

use platform::Random;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

#[derive(Default)]
pub(in crate::lease) struct Place {
    pub(in crate::lease) object: Option<(String, Option<Record>)>,
    writes: u64,
}

impl Place {
    pub(in crate::lease) fn carry_out(&mut self, call: &Call) -> Outcome {
        match call {
            Call::Read => Outcome::Read(
                self.object
                    .clone()
                    .map(|(tag, record)| Found { tag, record }),
            ),
            Call::Write { over, record } => {
                let tag = self.object.as_ref().map(|(tag, _)| tag.clone());
                if tag != *over {
                    return Outcome::Refused;
                }
                self.writes += 1;
                let tag = self.writes.to_string();
                self.object = Some((tag.clone(), Some(record.clone())));
                Outcome::Written(tag)
            }
        }
    }

    fn record(&self) -> &Record {
        self.object.as_ref().unwrap().1.as_ref().unwrap()
    }
}

pub(in crate::lease) struct Machine {
    pub(in crate::lease) contender: Contender,
    memory: Memory,
    host: String,
    /// The clocks of machines differ.
    offset: Duration,
    starts: u32,
    call: Option<Call>,
    outcome: Option<Outcome>,
}

impl Machine {
    pub(in crate::lease) fn new(host: &str, offset: u64) -> Self {
        Self {
            contender: contender(&Memory::default(), host, 0),
            memory: Memory::default(),
            host: host.to_owned(),
            offset: Duration::from_secs(offset),
            starts: 0,
            call: None,
            outcome: None,
        }
    }

    /// The memory is in the data folder, everything else is gone.
    pub(in crate::lease) fn restart(&mut self) -> Option<Call> {
        self.starts += 1;
        self.contender = contender(&self.memory, &self.host, self.starts);
        self.outcome = None;
        self.call.take()
    }

    /// Starts again with settings that let it acknowledge changes without the lease.
    pub(in crate::lease) fn restart_going_on(&mut self) {
        self.restart();
        self.contender.holding.stops = false;
    }

    /// What is not remembered on the disk would be forgotten when the process is killed.
    fn may_write(&self, now: Duration) -> bool {
        self.memory == *self.contender.memory() && self.contender.may_write(now + self.offset)
    }

    /// Whether a write that was begun earlier may still go on.
    fn may_be_writing(&self, now: Duration) -> bool {
        let standing = self.contender.standing();
        matches!(standing, Standing::Held { until } if now + self.offset < until + LAST_WRITE)
    }

    pub(in crate::lease) fn next(&mut self, now: Duration) -> Option<Call> {
        let call = self.contender.next(now + self.offset, 0);
        self.remember();
        call
    }

    fn remember(&mut self) {
        self.memory = self.contender.memory().clone();
    }

    /// Acts without any delay until there is nothing to do.
    pub(in crate::lease) fn settle(&mut self, place: &mut Place, now: Duration) {
        for _ in 0..8 {
            let Some(call) = self.next(now) else {
                break;
            };
            let outcome = place.carry_out(&call);
            self.contender.finish(outcome, now + self.offset);
        }
        self.remember();
    }
}

fn contender(memory: &Memory, host: &str, start: u32) -> Contender {
    let claim = format!("{host} {start} {}", memory.generation);
    let holding = Holding {
        database: None,
        stops: true,
    };
    Contender::new(memory.clone(), host.to_owned(), claim, holding)
}

pub(in crate::lease) struct Dice(pub(in crate::lease) Random);

impl Dice {
    pub(in crate::lease) fn below(&self, end: usize) -> usize {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        usize::try_from(u64::from_le_bytes(bytes) % end as u64).unwrap()
    }
}

#[test]
fn never_two_machines_write_at_once_nor_one_that_lacks_what_another_wrote() {
    let (mut changes_of_holder, mut steps_with_holder) = (0, 0);
    for seed in 0..300 {
        let dice = Dice(Random::seeded(seed));
        let mut place = Place::default();
        let mut machines = [
            Machine::new("one", 0),
            Machine::new("two", 1_000),
            Machine::new("three", 77),
        ];
        let (mut now, mut late, mut last) = (Duration::ZERO, Vec::new(), None);
        let (mut has_written, mut is_behind) = ([false; 3], [false; 3]);
        for _ in 0..2_000 {
            let count = machines.len();
            let machine = &mut machines[dice.below(count)];
            match dice.below(42) {
                0..4 => now += SECOND * u32::try_from(dice.below(9)).unwrap(),
                4 => now += SECOND * u32::try_from(dice.below(90)).unwrap(),
                // It begins something.
                5..20 if machine.call.is_none() => machine.call = machine.next(now),
                // What it began arrives.
                20..32 if machine.outcome.is_none() => {
                    let call = machine.call.as_ref();
                    machine.outcome = call.map(|call| place.carry_out(call));
                }
                // A proxy repeats a write, which is then refused.
                32 if matches!(machine.outcome, Some(Outcome::Written(_))) => {
                    machine.outcome = Some(Outcome::Refused);
                }
                // It hears of it,
                32..36 => {
                    if let Some(outcome) = machine.outcome.take() {
                        machine.call = None;
                        machine.contender.finish(outcome, now + machine.offset);
                    }
                }
                // or never does; what it began may still arrive.
                36 => {
                    if let Some(call) = machine.call.take() {
                        let is_written = machine.outcome.take().is_some();
                        late.extend((!is_written).then_some(call));
                        machine
                            .contender
                            .finish(Outcome::Failed, now + machine.offset);
                    }
                }
                37 => {
                    let is_written = machine.outcome.is_some();
                    let call = machine.restart();
                    late.extend(call.filter(|_| !is_written));
                }
                38 if machine.call.is_none() => {
                    machine.call = machine.contender.release(now + machine.offset, 0, true);
                }
                39..41 => machine.remember(),
                _ => {
                    let count = late.len();
                    if count > 0 {
                        let call = late.swap_remove(dice.below(count));
                        drop(place.carry_out(&call));
                    }
                }
            }
            let writing: Vec<_> = (0..count)
                .filter(|place| machines[*place].may_write(now))
                .collect();
            assert!(writing.len() < 2, "seed {seed}: {writing:?}");
            let holder = writing.first().copied();
            if let Some(holder) = holder {
                assert!(!is_behind[holder], "seed {seed}: {holder} lacks something");
                has_written[holder] = true;
                for other in (0..count).filter(|other| *other != holder) {
                    is_behind[other] = has_written[other];
                    let is_writing = machines[other].may_be_writing(now);
                    assert!(!is_writing, "seed {seed}: {other} still writes");
                }
            }
            steps_with_holder += u32::from(holder.is_some());
            if holder.is_some() && holder != last {
                changes_of_holder += 1;
                last = holder;
            }
        }
    }
    // The simulation is about something.
    assert!(changes_of_holder > 300, "{changes_of_holder}");
    assert!(steps_with_holder > 30_000, "{steps_with_holder}");
}

#[test]
fn a_pause_of_any_length_ends_in_one_writer() {
    for pause in 0..120 {
        let mut place = Place::default();
        let (mut one, mut other) = (Machine::new("one", 0), Machine::new("other", 9));
        for second in 0..200 {
            let now = SECOND * second;
            let is_paused = (15..15 + pause).contains(&second);
            if !is_paused {
                one.settle(&mut place, now);
            }
            other.settle(&mut place, now);
            assert!(
                !(one.may_write(now) && other.may_write(now)),
                "a pause of {pause} s, after {second} s"
            );
            // What was begun before the pause has ended.
            assert!(!(other.may_write(now) && one.may_be_writing(now)));
        }
        // Shorter pauses change nothing, longer ones let the other one write.
        let end = SECOND * 199;
        assert!(one.may_write(end) != other.may_write(end), "{pause}");
        assert!(pause > 49 || one.may_write(end), "{pause}");
        assert!(pause < 71 || other.may_write(end), "{pause}");
    }
}

#[test]
fn a_writer_that_wakes_up_is_refused_by_its_generation() {
    let (mut place, mut now) = (Place::default(), Duration::ZERO);
    let mut old = Machine::new("old", 0);
    old.settle(&mut place, now);
    assert!(old.may_write(now));
    // The other one never wrote here. It waits until the lease has not changed for long.
    let mut new = Machine::new("new", 500);
    new.settle(&mut place, now);
    assert!(!new.contender.refusal().unwrap().is_superseded);
    now += VALID;
    assert!(!old.may_write(now), "it was paused");
    new.settle(&mut place, now);
    assert!(!new.may_write(now));
    now += EXPIRY.saturating_sub(VALID);
    new.settle(&mut place, now);
    assert!(new.may_write(now) && place.record().generation == 2);

    for _ in 0..20 {
        old.settle(&mut place, now);
        new.settle(&mut place, now);
        assert!(!old.may_write(now) && new.may_write(now));
        now += RENEWAL;
    }
    let refusal = old.contender.refusal().unwrap();
    assert!(refusal.is_superseded && refusal.record.as_ref().unwrap().host == "new");
    // Neither a restart nor the other one's end makes it write again, but its operator does.
    old.restart();
    now += EXPIRY * 10;
    for _ in 0..20 {
        old.settle(&mut place, now);
        assert!(!old.may_write(now));
        now += EXPIRY;
    }
    old.contender.insist();
    old.settle(&mut place, now);
    assert!(old.may_write(now) && place.record().generation == 3);
    new.settle(&mut place, now);
    assert!(new.contender.refusal().unwrap().is_superseded);
}

#[test]
fn a_machine_that_watches_says_whether_the_other_one_lives() {
    let (mut place, mut now) = (Place::default(), Duration::ZERO);
    let (mut one, mut other) = (Machine::new("one", 0), Machine::new("other", 0));
    for _ in 0..30 {
        one.settle(&mut place, now);
        other.settle(&mut place, now);
        assert!(one.may_write(now) && !other.may_write(now));
        now += RENEWAL;
    }
    assert!(other.contender.refusal().unwrap().is_alive);
}

#[test]
fn a_restart_goes_on_at_once_and_a_copy_on_another_machine_waits() {
    let (mut place, mut now) = (Place::default(), Duration::ZERO);
    let mut one = Machine::new("one", 0);
    one.settle(&mut place, now);
    one.restart();
    one.settle(&mut place, now);
    assert!(one.may_write(now) && place.record().generation == 2);
    let mut copy = Machine::new("copy", 0);
    copy.memory = one.memory.clone();
    copy.restart();
    copy.settle(&mut place, now);
    assert!(!copy.may_write(now) && !copy.contender.refusal().unwrap().is_superseded);
    now += EXPIRY;
    copy.settle(&mut place, now);
    assert!(copy.may_write(now));
    one.settle(&mut place, now);
    assert!(one.contender.refusal().unwrap().is_superseded);
}

#[test]
fn a_released_lease_is_taken_at_once() {
    let (mut place, now) = (Place::default(), Duration::ZERO);
    let (mut one, mut other) = (Machine::new("one", 0), Machine::new("other", 0));
    one.settle(&mut place, now);
    let release = one.contender.release(now, 0, true).unwrap();
    assert!(!one.may_write(now), "before anybody hears of it");
    let outcome = place.carry_out(&release);
    one.contender.finish(outcome, now);
    other.settle(&mut place, now);
    assert!(other.may_write(now));
}

#[test]
fn a_claim_that_may_have_arrived_is_recognised() {
    let (mut place, now) = (Place::default(), Duration::ZERO);
    let mut one = Machine::new("one", 0);
    let read = one.next(now).unwrap();
    one.contender.finish(place.carry_out(&read), now);
    let write = one.next(now).unwrap();
    drop(place.carry_out(&write));
    // The process ends before it hears of it, and several starts fail.
    for _ in 0..3 {
        one.restart();
        let read = one.next(now).unwrap();
        one.contender.finish(place.carry_out(&read), now);
        one.next(now).unwrap();
        one.contender.finish(Outcome::Failed, now);
    }
    one.restart();
    one.settle(&mut place, now);
    assert!(one.may_write(now));
    assert_eq!(one.memory.claims.len(), 1);
}

#[test]
fn a_lease_that_cannot_be_read_is_taken_when_nobody_renews_it() {
    let (mut place, mut now) = (Place::default(), Duration::ZERO);
    let mut one = Machine::new("one", 0);
    one.settle(&mut place, now);
    place.object = Some(("damaged".to_owned(), None));
    now += RENEWAL;
    one.settle(&mut place, now);
    assert!(!one.may_write(now));
    now += EXPIRY;
    one.settle(&mut place, now);
    assert!(one.may_write(now));
}

#[test]
fn a_write_that_was_carried_out_and_then_refused_is_recognised() {
    let (mut place, mut now) = (Place::default(), Duration::ZERO);
    let mut one = Machine::new("one", 0);
    one.settle(&mut place, now);
    // A restart takes the lease again, and a proxy repeats its write.
    one.restart();
    let read = one.next(now).unwrap();
    one.contender.finish(place.carry_out(&read), now);
    let write = one.next(now).unwrap();
    assert!(matches!(place.carry_out(&write), Outcome::Written(_)));
    one.contender.finish(place.carry_out(&write), now);
    one.settle(&mut place, now);
    assert!(one.may_write(now));
    now += RENEWAL;
    one.settle(&mut place, now);
    assert!(one.may_write(now));
    assert_eq!(one.memory.held, place.record().generation);
}

#[test]
fn a_claim_that_was_never_written_is_superseded_by_nobody() {
    let (mut place, mut now) = (Place::default(), Duration::ZERO);
    let (mut one, mut other) = (Machine::new("one", 0), Machine::new("other", 0));
    one.settle(&mut place, now);
    other.settle(&mut place, now);
    now += EXPIRY;
    // It would take the lease, and is killed before the write.
    let read = other.next(now).unwrap();
    other.contender.finish(place.carry_out(&read), now);
    assert!(matches!(other.next(now), Some(Call::Write { .. })));
    other.restart();
    // The first one takes generations that the other one may have tried.
    for _ in 0..3 {
        one.restart();
        one.settle(&mut place, now);
    }
    other.settle(&mut place, now);
    assert!(!other.contender.refusal().unwrap().is_superseded);
    // The first one ends, and this one lacks nothing.
    now += EXPIRY;
    other.settle(&mut place, now);
    assert!(other.may_write(now));
    one.settle(&mut place, now);
    assert!(one.contender.refusal().unwrap().is_superseded);
}

#[test]
fn a_machine_that_is_killed_before_it_remembers_has_written_nothing() {
    let (mut place, now) = (Place::default(), Duration::ZERO);
    let mut one = Machine::new("one", 0);
    let read = one.next(now).unwrap();
    one.contender.finish(place.carry_out(&read), now);
    let write = one.next(now).unwrap();
    one.contender.finish(place.carry_out(&write), now);
    assert!(!one.may_write(now));
    one.remember();
    assert!(one.may_write(now));
    // From here on it may have written, so a restart knows that it lacks what another one wrote.
    one.restart();
    let mut other = Machine::new("other", 0);
    other.contender.insist();
    other.settle(&mut place, now);
    one.settle(&mut place, now);
    assert!(one.contender.refusal().unwrap().is_superseded);
}

#[test]
fn machines_lack_nothing_only_if_they_share_the_same_database() {
    for (database, is_superseded) in [("1/16384", false), ("2/16384", true)] {
        let (mut place, now) = (Place::default(), Duration::ZERO);
        let mut machines = [Machine::new("one", 0), Machine::new("other", 0)];
        for (machine, database) in machines.iter_mut().zip(["1/16384", database]) {
            machine.contender.holding.database = Some(database.to_owned());
        }
        let [one, other] = &mut machines;
        one.settle(&mut place, now);
        other.contender.insist();
        other.settle(&mut place, now);
        let later = now + RENEWAL;
        one.settle(&mut place, later);
        let refusal = one.contender.refusal().unwrap();
        assert_eq!(refusal.is_superseded, is_superseded, "{database}");
    }
}

#[test]
fn a_place_that_answers_slowly_or_loses_answers_keeps_one_writer() {
    // Each call takes this long, and each third renewal is carried out and not heard of.
    for seconds in 0..8 {
        let (mut place, mut now) = (Place::default(), Duration::ZERO);
        let (mut one, mut other) = (Machine::new("one", 0), Machine::new("other", 70));
        let mut calls = 0;
        while now < SECOND * 600 {
            for machine in [&mut one, &mut other] {
                let Some(call) = machine.next(now) else {
                    continue;
                };
                now += SECOND * seconds;
                let outcome = place.carry_out(&call);
                calls += 1;
                let is_lost = calls % 3 == 0 && matches!(call, Call::Write { .. });
                let outcome = if is_lost { Outcome::Failed } else { outcome };
                machine.contender.finish(outcome, now + machine.offset);
                machine.remember();
            }
            assert!(!(one.may_write(now) && other.may_write(now)), "{seconds}");
            now += SECOND;
        }
        assert!(one.may_write(now), "calls of {seconds} s");
    }
}

#[test]
fn a_machine_that_wrote_is_superseded_although_it_claimed_again() {
    let (mut place, mut now) = (Place::default(), Duration::ZERO);
    let (mut one, mut other) = (Machine::new("one", 0), Machine::new("other", 0));
    one.settle(&mut place, now);
    other.settle(&mut place, now);
    // It is killed before its next claim is written, and the other one takes the same generation.
    one.restart();
    let read = one.next(now).unwrap();
    one.contender.finish(place.carry_out(&read), now);
    one.next(now).unwrap();
    now += EXPIRY;
    other.settle(&mut place, now);
    assert!(other.may_write(now));
    assert_eq!(place.record().generation, one.memory.generation);
    one.restart();
    one.settle(&mut place, now);
    assert!(one.contender.refusal().unwrap().is_superseded);
}

#[test]
fn a_renewal_that_arrives_late_counts_from_its_own_beginning() {
    let mut place = Place::default();
    let mut one = Machine::new("one", 0);
    one.settle(&mut place, Duration::ZERO);
    let late = one.next(RENEWAL).unwrap();
    one.contender.finish(Outcome::Failed, RENEWAL);
    let look = one.next(RENEWAL).unwrap();
    one.contender.finish(place.carry_out(&look), RENEWAL);
    // It arrives after the look. The process is paused, and tries again.
    assert!(matches!(place.carry_out(&late), Outcome::Written(_)));
    let now = VALID + RENEWAL;
    for _ in 0..2 {
        let call = one.next(now).unwrap();
        one.contender.finish(place.carry_out(&call), now);
        assert!(!one.may_write(now));
    }
    one.settle(&mut place, now);
    assert!(one.may_write(now));
}
