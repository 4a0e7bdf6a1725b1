//! Codes are good once.

use std::sync::Arc;

use futures_util::future::join_all;
use identity::otp::{FactorShown, SecondFactor};
use rstest::rstest;
use test_kit::Backend;

use crate::fixture::{Fixture, STEP, why};

/// One step of drift on either side, and after the newest code no older one (contracts/seatable-tokens.md §5).
#[rstest]
#[tokio::test]
async fn a_code_is_good_for_three_steps_and_no_older_one_after_it(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let app = fixture.protect("ada").await;
    fixture.pass(10 * STEP);
    for steps in [-2, 2] {
        assert_eq!(why(&fixture.sign_in("ada", &app.factor(steps)).await), "otp_invalid", "{steps}");
    }
    for steps in [-1, 0, 1] {
        let factor = app.factor(steps);
        assert_eq!(fixture.sign_in("ada", &factor).await.unwrap().factor, FactorShown::Code, "{steps}");
        assert_eq!(why(&fixture.sign_in("ada", &factor).await), "otp_invalid", "{steps} again");
    }
    for steps in [-1, 0, 1] {
        assert_eq!(why(&fixture.sign_in("ada", &app.factor(steps)).await), "otp_invalid", "{steps} is old");
        fixture.pass(1);
    }
    fixture.pass(STEP);
    fixture.sign_in("ada", &app.factor(1)).await.unwrap();
}

/// Of many who come with one code at once, one is let in.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn one_of_many_with_one_code_wins(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Arc::new(Fixture::on(backend).await);
    let app = fixture.protect("ada").await;
    let code = app.code(0);
    let sign_ins = (0..16).map(|number| {
        let (fixture, factor) = (Arc::clone(&fixture), SecondFactor::code(code.clone()));
        // Each from elsewhere, so that it is not the limits that decide.
        let address = format!("192.0.2.{number}");
        tokio::spawn(async move { why(&fixture.sign_in_from(&address, "ada", &factor).await) })
    });
    let mut outcomes: Vec<&str> = join_all(sign_ins).await.into_iter().map(Result::unwrap).collect();
    outcomes.sort_unstable();
    assert_eq!(outcomes[..15], ["otp_invalid"; 15]);
    assert_eq!(outcomes[15], "success");
}
