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
    let member = tokens(&api, [fill::login(1)]).await?;
    let people = tokens(&api, spread(rows, TOKENS).map(fill::login)).await?;
    let owners = tokens(&api, spread(rows / 10, TOKENS).map(|number| fill::owner(number - 1))).await?;
    let agents: Vec<String> = (0..directory::AGENTS).map(directory::agent).collect();
    let account_tokens = all(agents.iter().map(|login| api.account_token(login))).await?;

    let asked = requests::list(&people, |token| requests::introspection(&http, token));
    let listed = requests::list(&owners, |token| requests::rooms(&http, token));
    let made = requests::list(&owners, |token| requests::new_room(&http, token));
    let mut questions = row_by_row(&http, &member[0], rows);
    questions.push(Question::new("introspection", "revocations", asked));
    questions.push(Question::new("rooms", "rooms", listed));
    questions.push(refreshes(http, account_tokens));
    questions.push(Question::new("new_room", "rooms", made));
    Ok(questions)
}

/// Access tokens for the people of these logins.
async fn tokens(api: &Api, logins: impl IntoIterator<Item = String>) -> anyhow::Result<Vec<String>> {
    let emails: Vec<String> = logins.into_iter().map(|login| directory::email(&login)).collect();
    all(emails.iter().map(|email| api.meet_token(directory::MEET, email))).await
}

/// Those that need nothing but the name of a row.
fn row_by_row(http: &Http, member: &str, rows: u32) -> Vec<Question> {
    let list = |request: &dyn Fn(u32) -> Asked| spread(rows, SAMPLE).map(request).collect::<List>();
    let email = |row| directory::email(&fill::login(row));
    let clients = list(&|row| requests::client_basic(http, &fill::client(row)));
    let people = list(&|row| requests::meet_token(http, &email(row)));
    let users = list(&|row| requests::user(http, &fill::login(row)));
    let sessions = list(&|row| requests::validate_token(http, &fill::session(row)));
    let rooms = list(&|row| requests::room(http, member, &fill::room(row)));
    vec![
        Question::new("client_credentials", "clients", clients),
        Question::new("meet_token", "accounts", people),
        Question::new("ocs_user", "accounts", users),
        Question::new("validate_token", "device sessions", sessions),
        Question::new("room", "rooms", rooms),
    ]
}

/// A family for each connection, among all the others.
fn refreshes(http: Http, account_tokens: Vec<String>) -> Question {
    let script = move |connection: usize| -> Box<dyn Script> {
        Box::new(Refreshes::new(&http, &account_tokens[connection % account_tokens.len()]))
    };
    Question { name: "refresh", over: "refresh families", script: Box::new(script) }
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
