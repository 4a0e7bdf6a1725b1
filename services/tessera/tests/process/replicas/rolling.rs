//! Every process is replaced, one half after the other, while clients are at work.

use super::calls;
use super::load::Load;
use super::rounds::Rounds;
use crate::stack::{Facing, Plan};

/// SIGTERM: the fronts are told, connections are let go of, what is open is finished. No request fails.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rolling_restart_under_load_fails_no_request() {
    let mut stack = Plan::in_two().await.start().await;
    let mut rounds = Rounds::begin();
    while rounds.more() {
        let load = Load::through_fronts(calls::everything(&stack).await);
        load.goes_on(3).await;
        for side in [Facing::Second, Facing::First] {
            for unit in stack.half(side) {
                unit.running().request_stop();
            }
            for unit in stack.half(side) {
                assert_eq!(unit.ended().await.code(), Some(0), "{}", unit.name());
                unit.begin();
            }
            for unit in stack.half(side) {
                unit.ready().await;
            }
            load.goes_on(3).await;
        }
        let record = load.end().await;
        record.expect_flawless();
        calls::nothing_is_lost(&mut stack, &record).await;
    }
}
