//! What is asked of a server with so many rows.

use std::iter;

use super::fill;
use crate::load::Script;
use crate::scenarios::requests::{self, Asked, List};
use crate::scenarios::scripts::{Refreshes, Turns};
use crate::seed::api::{Api, all};
use crate::seed::directory;
use crate::server::Server;
use crate::wire::Http;

/// The most requests of one question, which are spread over all rows: enough for each to be a row not asked for in a while.
const SAMPLE: u32 = 50_000;
/// The most requests of those that need an access token of their own.
const TOKENS: u32 = 500;

/// Something that is asked.
pub(super) struct Question {
    /// How it is called, as its scenario is where there is one.
    pub(super) name: &'static str,
    /// What there is so much of.
    pub(super) over: &'static str,
    /// What a connection does.
    pub(super) script: Box<dyn Fn(usize) -> Box<dyn Script>>,
}

impl Question {
    fn new(name: &'static str, over: &'static str, requests: List) -> Self {
        Self { name, over, script: Box::new(move |connection| Box::new(Turns::new(&requests, connection))) }
    }
}

/// All of them. Those that write come last.
pub(super) async fn all_of(server: &Server, rows: u32) -> anyhow::Result<Vec<Question>> {
    let (api, http) = (Api::of(server)?, Http::new(server.address()));
    let email = |number| directory::email(&fill::login(number));
    let asked = |request: &dyn Fn(u32) -> Asked| spread(rows, SAMPLE).map(request).collect::<List>();
    let member = api.meet_token(directory::MEET, &email(1)).await?;
    let owners: Vec<u32> = spread(rows / 10, TOKENS).map(|row| row - 1).collect();
    let owners = all(owners.iter().map(|owner| async {
        api.meet_token(directory::MEET, &directory::email(&fill::owner(*owner))).await
    }));
    let owners = owners.await?;
    let agents = (0..directory::AGENTS).map(directory::agent).collect::<Vec<_>>();
    let account_tokens = all(agents.iter().map(|login| api.account_token(login))).await?;
    Ok(vec![
        Question::new(
            "client_credentials",
            "clients",
            asked(&|row| requests::client_basic(&http, &fill::client(row))),
        ),
        Question::new("meet_token", "accounts", asked(&|row| requests::meet_token(&http, &email(row)))),
        Question::new("ocs_user", "accounts", asked(&|row| requests::user(&http, &fill::login(row)))),
        Question::new(
            "validate_token",
            "device sessions",
            asked(&|row| requests::validate_token(&http, &fill::session(row))),
        ),
        Question::new(
            "introspection",
            "revocations",
            requests::list(&owners, |token| requests::introspection(&http, token)),
        ),
        Question::new("room", "rooms", asked(&|row| requests::room(&http, &member, &fill::room(row)))),
        Question::new("rooms", "rooms", requests::list(&owners, |token| requests::rooms(&http, token))),
        Question {
            name: "refresh",
            over: "refresh families",
            script: Box::new({
                let http = http.clone();
                move |connection| {
                    Box::new(Refreshes::new(&http, &account_tokens[connection % account_tokens.len()]))
                }
            }),
        },
        Question::new("new_room", "rooms", requests::list(&owners, |token| requests::new_room(&http, token))),
    ])
}

/// So many of the rows from 1 to `rows`, none of them twice, in an order without one.
fn spread(rows: u32, most: u32) -> impl Iterator<Item = u32> {
    /// A prime that divides no number of rows but itself.
    const STEP: u64 = 2_147_483_647;
    let mut row = 0;
    iter::repeat_with(move || {
        row = (row + STEP) % u64::from(rows);
        u32::try_from(row).unwrap_or_default() + 1
    })
    .take(rows.min(most) as usize)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_row_comes_once_and_a_sample_is_spread_over_all() {
        for rows in [1, 100, 1000, 12_345] {
            let seen: BTreeSet<u32> = spread(rows, rows).collect();
            assert_eq!(seen, (1..=rows).collect());
        }
        let sample: BTreeSet<u32> = spread(1_000_000, SAMPLE).collect();
        assert_eq!(sample.len(), SAMPLE as usize);
        let widest = sample.iter().zip(sample.iter().skip(1)).map(|(a, b)| b - a).max().unwrap();
        assert!(widest < 200, "{widest}");
    }
}
