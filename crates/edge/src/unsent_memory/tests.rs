use futures_util::FutureExt as _;
use tokio::time::{advance, timeout};

use super::*;

const SIZE: usize = MIN_MEMORY;
const SHARE: usize = SIZE / SLICE / 2;

fn stream(memory: &Arc<UnsentMemory>, last: u8) -> UnsentStream {
    memory.stream([127, 0, 0, last].into(), Arc::default())
}

/// Takes as many slices as the network gets at once.
fn greedy(memory: &Arc<UnsentMemory>, last: u8) -> Vec<(UnsentStream, Permit)> {
    let taken = std::iter::from_fn(|| {
        let mut stream = stream(memory, last);
        let permit = stream.permit().now_or_never()?;
        Some((stream, permit))
    });
    taken.collect()
}

#[tokio::test(start_paused = true)]
async fn one_network_leaves_half_to_others() {
    let memory = UnsentMemory::new(SIZE);
    let held = greedy(&memory, 1);
    assert_eq!(held.len(), SHARE);
    assert_eq!(greedy(&memory, 2).len(), SHARE);
    drop(held);
    assert_eq!(memory.used(), 0);
    assert!(lock(&memory.state).networks.is_empty());
}

#[tokio::test(start_paused = true)]
async fn whoever_holds_most_loses_the_oldest_stream_after_a_while() {
    let memory = UnsentMemory::new(SIZE);
    let mut held = greedy(&memory, 1);
    advance(RETRY_INTERVAL).await;
    held.pop();
    let mut other = greedy(&memory, 2);
    other.extend(greedy(&memory, 3));
    assert_eq!(memory.used(), SIZE);
    let mut newcomer = stream(&memory, 4);
    let mut permit = Box::pin(newcomer.permit());
    assert!(permit.as_mut().now_or_never().is_none());
    let is_given_up = |held: &[(UnsentStream, Permit)]| -> Vec<bool> {
        held.iter().map(|(it, _)| it.reader.is_given_up()).collect()
    };
    assert!(
        !is_given_up(&held).contains(&true),
        "it has not waited long"
    );
    let waited = timeout(MIN_UNREAD_TIME, permit.as_mut()).await;
    assert!(waited.is_err());
    let all = is_given_up(&other);
    assert!(all[0], "the network that holds the most");
    drop(other.remove(0));
    assert!(permit.now_or_never().is_some());
}

#[tokio::test(start_paused = true)]
async fn a_network_over_its_share_takes_nothing_from_others() {
    let memory = UnsentMemory::new(SIZE);
    let held = greedy(&memory, 1);
    let other = greedy(&memory, 2);
    let mut more = stream(&memory, 1);
    let waited = timeout(2 * MIN_UNREAD_TIME, more.permit()).await;
    assert!(waited.is_err());
    assert!(held[0].0.reader.is_given_up());
    let is_kept = |(stream, _): &(UnsentStream, Permit)| !stream.reader.is_given_up();
    assert!(other.iter().all(is_kept));
}

#[tokio::test(start_paused = true)]
async fn freed_memory_goes_to_whoever_holds_least() {
    let memory = UnsentMemory::new(SIZE);
    let mut held = greedy(&memory, 1);
    let _other = greedy(&memory, 2);
    let mut greedy = stream(&memory, 1);
    let mut greedy = Box::pin(greedy.permit());
    assert!(greedy.as_mut().now_or_never().is_none());
    let mut newcomer = stream(&memory, 3);
    let mut newcomer = Box::pin(newcomer.permit());
    assert!(newcomer.as_mut().now_or_never().is_none());
    held.pop();
    assert!(greedy.as_mut().now_or_never().is_none());
    let _permit = newcomer.now_or_never().unwrap();
    assert!(
        greedy.now_or_never().is_none(),
        "the newcomer's was the last"
    );
}

#[tokio::test(start_paused = true)]
async fn requests_wait_for_memory_and_not_too_many_of_them() {
    let memory = UnsentMemory::new(SIZE);
    let mut held = greedy(&memory, 1);
    let mut waiting: Vec<_> = (0..MAX_WAITING_PER_NETWORK)
        .map(|_| stream(&memory, 1))
        .collect();
    for request in &mut waiting {
        assert!(request.begin().now_or_never().is_none());
    }
    let mut last = stream(&memory, 1);
    assert_eq!(last.begin().await.map(drop), Err(TooManyWait));
    assert!(stream(&memory, 2).begin().now_or_never().is_some());
    held.pop();
    let began = waiting[0].begin().now_or_never();
    assert!(began.is_some_and(|began| began.is_ok()));
    drop((held, waiting));
    assert_eq!(memory.used(), 0);
    assert!(lock(&memory.state).networks.is_empty());
    assert_eq!(lock(&memory.state).waiting, 0);
}

#[tokio::test(start_paused = true)]
async fn requests_without_a_response_stop_no_other_network() {
    let memory = UnsentMemory::new(SIZE);
    let mut running = Vec::new();
    for last in 1..=5 {
        let begun = std::iter::from_fn(|| {
            let began = stream(&memory, last).begin().now_or_never()?;
            began.ok()
        });
        running.extend(begun);
    }
    let all = MAX_UNCOUNTED + MAX_RUNNING + FEW;
    assert_eq!(running.len(), all);
    let mut own = stream(&memory, 1);
    let mut own = Box::pin(own.begin());
    assert!(own.as_mut().now_or_never().is_none());
    let other = stream(&memory, 6).begin().now_or_never();
    assert!(other.is_some_and(|began| began.is_ok()));
    assert_eq!(greedy(&memory, 6).len(), SHARE);
    assert_eq!(greedy(&memory, 7).len(), SHARE);
    drop(running);
    assert!(own.now_or_never().is_some());
}
