//! One machine holds the lease, another one watches it. Either is paused at random, cut off from the
//! place, and has a clock that is wrong.

use platform::Random;

use super::super::contender::tests::{Dice, Machine, Place};
use super::super::contender::{Outcome, RENEWAL};
use super::*;

const SECOND: Duration = Duration::from_secs(1);
/// Of a machine that follows.
const LOOK: Duration = Duration::from_secs(5);

fn reading(place: &Place, watcher: &Machine, there: Duration, here: Duration) -> Reading {
    let found = place.object.as_ref().map(|(tag, record)| FoundLease {
        tag: tag.clone(),
        holder: record.as_ref().map(|record| FoundHolder {
            host: record.host.clone(),
            stops: record.stops,
            is_released: record.is_released,
            is_own: watcher.contender.is_own(record),
        }),
    });
    Reading {
        found,
        at: Some(Moment { there, here }),
    }
}

/// Both clocks are right.
fn look(watch: &mut Watch, place: &Place, watcher: &Machine, now: Duration) -> Verdict {
    watch.judge(reading(place, watcher, now, now))
}

fn take_over(watcher: &mut Machine, place: &mut Place, tag: String, now: Duration) -> bool {
    watcher.contender.insist_on(tag);
    watcher.settle(place, now);
    watcher.contender.may_write(now)
}

fn host(name: &str) -> String {
    name.to_owned()
}

#[test]
fn nobody_takes_over_from_a_machine_that_still_acknowledges() {
    let (mut taken, mut lost_races, mut acknowledging) = (0, 0, 0);
    for seed in 0..2_000 {
        let dice = Dice(Random::seeded(seed));
        let mut place = Place::default();
        let (mut leader, mut watcher) = (Machine::new("leader", 0), Machine::new("watcher", 0));
        let mut watch = Watch::default();
        // At most one of the two clocks by which the watcher measures is wrong, and runs ahead.
        let (there, here) = [(1, 1), (5, 1), (1, 5)][dice.below(3)];
        let mut now = SECOND * 1_000;
        leader.settle(&mut place, now);
        let (mut pending, mut holds) = (None, false);
        let (mut cut_leader, mut cut_watcher) = (now, now);
        for _ in 0..400 {
            match dice.below(16) {
                0..5 => now += SECOND,
                5 => now += SECOND * u32::try_from(dice.below(9)).unwrap(),
                // Both are paused, or the place is away from one of them.
                6 if dice.below(8) == 0 => now += SECOND * u32::try_from(dice.below(90)).unwrap(),
                7 if dice.below(2) == 0 => {
                    cut_leader = now + SECOND * u32::try_from(dice.below(120)).unwrap();
                }
                8 if dice.below(4) == 0 => {
                    cut_watcher = now + SECOND * u32::try_from(dice.below(30)).unwrap();
                }
                9..13 if now >= cut_leader => match pending.take() {
                    // What it began arrives late, or it never hears of it.
                    Some(call) => {
                        let outcome = place.carry_out(&call);
                        let is_heard = dice.below(4) > 0;
                        let outcome = if is_heard { outcome } else { Outcome::Failed };
                        leader.contender.finish(outcome, now);
                    }
                    None => pending = leader.next(now),
                },
                13..16 if now >= cut_watcher && !holds => {
                    let read = reading(&place, &watcher, now * there, now * here);
                    if let Verdict::TakeOver { tag } = watch.judge(read) {
                        // It takes time until it takes the lease, and the leader may come back.
                        now += SECOND * u32::try_from(dice.below(6)).unwrap();
                        if dice.below(3) == 0 {
                            leader.settle(&mut place, now);
                        }
                        holds = take_over(&mut watcher, &mut place, tag, now);
                        taken += u32::from(holds);
                        lost_races += u32::from(!holds);
                    }
                }
                _ => {}
            }
            let may_acknowledge = leader.contender.may_write(now);
            assert!(!(holds && may_acknowledge), "seed {seed} at {now:?}");
            acknowledging += u32::from(may_acknowledge);
        }
    }
    // The simulation is about something.
    assert!(taken > 50 && lost_races > 20, "{taken} {lost_races}");
    assert!(acknowledging > 50_000, "{acknowledging}");
}

#[test]
fn a_machine_that_is_lost_is_replaced_after_a_minute() {
    let mut place = Place::default();
    let (mut leader, mut watcher) = (Machine::new("leader", 0), Machine::new("watcher", 0));
    let (mut watch, mut now) = (Watch::default(), SECOND);
    while now < SECOND * 300 {
        leader.settle(&mut place, now);
        assert_eq!(look(&mut watch, &place, &watcher, now), Verdict::Wait);
        now += LOOK;
    }
    let lost = now;
    let tag = loop {
        match look(&mut watch, &place, &watcher, now) {
            Verdict::Wait => now += LOOK,
            Verdict::TakeOver { tag } => break tag,
            other @ Verdict::ByOrder(_) => panic!("{other:?}"),
        }
    };
    let waited = now.saturating_sub(lost);
    assert!(
        (EXPIRY.saturating_sub(RENEWAL)..=EXPIRY + LOOK).contains(&waited),
        "{waited:?}"
    );
    assert!(take_over(&mut watcher, &mut place, tag, now));
}

#[test]
fn neither_clock_alone_shortens_the_wait() {
    let mut place = Place::default();
    let (mut leader, watcher) = (Machine::new("leader", 0), Machine::new("watcher", 0));
    leader.settle(&mut place, SECOND);
    let stands = SECOND * 7;
    let mut watches = [(); 3].map(|()| Watch::default());
    for second in 0..500 {
        let now = SECOND * second;
        // In the last case, servers of one place disagree by a minute, and answer in turn.
        let disagreeing = SECOND * 1_000 + SECOND * 60 * (second % 2);
        let moments = [(now, stands), (stands, now), (disagreeing, now)];
        for (watch, (there, here)) in watches.iter_mut().zip(moments) {
            let verdict = watch.judge(reading(&place, &watcher, there, here));
            assert_eq!(verdict, Verdict::Wait, "{there:?} {here:?}");
        }
    }
}

#[test]
fn a_place_that_was_away_lets_its_holder_go_on_first() {
    let mut place = Place::default();
    let (mut leader, watcher) = (Machine::new("leader", 0), Machine::new("watcher", 0));
    let (mut watch, mut now) = (Watch::default(), SECOND);
    leader.settle(&mut place, now);
    for _ in 0..3 {
        assert_eq!(look(&mut watch, &place, &watcher, now), Verdict::Wait);
        now += LOOK;
    }
    // For both. The watcher is the first to be back.
    now += SECOND * 600;
    assert!(!leader.contender.may_write(now));
    assert_eq!(look(&mut watch, &place, &watcher, now), Verdict::Wait);
    leader.settle(&mut place, now + SECOND);
    assert!(leader.contender.may_write(now + SECOND));
}

#[test]
fn a_renewal_that_comes_after_the_verdict_is_not_taken_over() {
    let mut place = Place::default();
    let (mut leader, mut watcher) = (Machine::new("leader", 0), Machine::new("watcher", 0));
    let (mut watch, mut now) = (Watch::default(), SECOND);
    leader.settle(&mut place, now);
    let tag = loop {
        if let Verdict::TakeOver { tag } = look(&mut watch, &place, &watcher, now) {
            break tag;
        }
        now += LOOK;
    };
    leader.settle(&mut place, now);
    assert!(!take_over(&mut watcher, &mut place, tag.clone(), now));
    assert!(leader.contender.may_write(now) && !watcher.contender.may_write(now));
    assert_eq!(look(&mut watch, &place, &watcher, now), Verdict::Wait);
    // Nor is a lease that somebody removes meanwhile, or that was given back.
    let object = place.object.take();
    assert!(!take_over(&mut watcher, &mut place, tag.clone(), now));
    place.object = object;
    let release = leader.contender.release(now, 0, true).unwrap();
    drop(place.carry_out(&release));
    assert!(!take_over(&mut watcher, &mut place, tag, now));
    // An order still takes it.
    watcher.contender.insist();
    watcher.settle(&mut place, now);
    assert!(watcher.contender.may_write(now));
}

#[test]
fn a_take_over_that_broke_off_goes_on_at_once() {
    let mut place = Place::default();
    let (mut leader, mut watcher) = (Machine::new("leader", 0), Machine::new("watcher", 0));
    leader.settle(&mut place, SECOND);
    let tag = place.object.as_ref().unwrap().0.clone();
    let now = SECOND + EXPIRY;
    // It is killed before it hears that its write arrived.
    watcher.contender.insist_on(tag);
    let read = watcher.next(now).unwrap();
    watcher.contender.finish(place.carry_out(&read), now);
    let write = watcher.next(now).unwrap();
    drop(place.carry_out(&write));
    watcher.restart();
    let verdict = look(&mut Watch::default(), &place, &watcher, now);
    let Verdict::TakeOver { tag } = verdict else {
        panic!("{verdict:?}");
    };
    assert!(take_over(&mut watcher, &mut place, tag, now));
    assert!(!leader.contender.may_write(now));
}

#[test]
fn without_a_promise_or_after_an_end_in_order_only_an_order_counts() {
    let mut place = Place::default();
    let (mut leader, watcher) = (Machine::new("leader", 0), Machine::new("watcher", 0));
    let judge_for_long = |place: &Place| {
        let mut watch = Watch::default();
        for turn in 0..100 {
            look(&mut watch, place, &watcher, LOOK * turn);
        }
        look(&mut watch, place, &watcher, LOOK * 100)
    };
    let nothing = Verdict::ByOrder(Obstacle::NoLease);
    assert_eq!(judge_for_long(&place), nothing);
    leader.settle(&mut place, SECOND);
    let (tag, record) = place.object.clone().unwrap();
    let mut goes_on = record.clone();
    goes_on.as_mut().unwrap().stops = false;
    place.object = Some((tag.clone(), goes_on));
    let expected = Verdict::ByOrder(Obstacle::GoesOn(host("leader")));
    assert_eq!(judge_for_long(&place), expected);
    place.object = Some((tag.clone(), None));
    assert_eq!(judge_for_long(&place), nothing);
    place.object = Some((tag, record));
    let verdict = judge_for_long(&place);
    assert!(matches!(verdict, Verdict::TakeOver { .. }), "{verdict:?}");
    let mut timeless = reading(&place, &watcher, SECOND, SECOND);
    timeless.at = None;
    let expected = Verdict::ByOrder(Obstacle::NoClock);
    assert_eq!(Watch::default().judge(timeless), expected);
    let release = leader.contender.release(SECOND + RENEWAL, 0, true).unwrap();
    drop(place.carry_out(&release));
    let expected = Verdict::ByOrder(Obstacle::Ended(host("leader")));
    assert_eq!(judge_for_long(&place), expected);
}

/// The settings of a machine change while the lease still says what they were.
#[test]
fn a_promise_holds_until_the_lease_says_otherwise() {
    let mut place = Place::default();
    let mut leader = Machine::new("leader", 0);
    leader.settle(&mut place, SECOND);
    assert!(place.object.as_ref().unwrap().1.as_ref().unwrap().stops);
    // The place is away at the next start.
    leader.restart_going_on();
    assert!(leader.contender.stops());
    let read = leader.next(SECOND * 2).unwrap();
    leader.contender.finish(place.carry_out(&read), SECOND * 2);
    leader.next(SECOND * 2).unwrap();
    assert!(
        leader.contender.stops(),
        "it is not known whether it arrives"
    );
    leader.settle(&mut place, SECOND * 3);
    assert!(!leader.contender.stops() && leader.contender.may_write(SECOND * 3));
    assert!(!place.object.as_ref().unwrap().1.as_ref().unwrap().stops);
}
