//! The power of one replica of every service goes while clients are at work.

use std::collections::BTreeSet;
use std::time::Instant;

use super::calls;
use super::load::{Load, Record};
use super::rounds::Rounds;
use crate::stack::{Facing, Plan};

/// What was acknowledged is there; whose connection broke was told so by that, once; nobody else has noticed anything.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_replica_costs_its_connections_and_nothing_else() {
    let mut stack = Plan::in_two().await.start().await;
    let mut rounds = Rounds::begin();
    while rounds.more() {
        for side in [Facing::Second, Facing::First] {
            let load = Load::through_fronts(calls::everything(&stack).await);
            load.goes_on(3).await;
            for unit in stack.half(side) {
                unit.kill();
            }
            let gone_at = Instant::now();
            load.goes_on(3).await;
            for unit in stack.half(side) {
                unit.begin();
            }
            for unit in stack.half(side) {
                unit.ready().await;
            }
            load.goes_on(3).await;
            let record = load.end().await;
            only_connections_broke(&record, gone_at);
            calls::nothing_is_lost(&mut stack, &record).await;
        }
    }
}

#[track_caller]
fn only_connections_broke(record: &Record, gone_at: Instant) {
    let mut clients = BTreeSet::new();
    for failure in &record.failures {
        assert!(failure.answer.is_err(), "somebody else's end was told to a client: {failure:?}");
        // Whoever comes while a process dies may still be let in, and lose that connection, too.
        let first = failure.begun < gone_at || clients.insert(failure.client);
        assert!(first, "a client lost two connections to processes that were gone: {:?}", record.failures);
    }
    println!("{} requests broke off, all others were answered: {:?}", record.failures.len(), record.answered);
}
