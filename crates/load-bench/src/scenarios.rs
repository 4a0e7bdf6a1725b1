//! The scenarios there are. To add one: what it needs into the seed, its requests into [`requests`], itself into [`all`].
//!
//! Requests of a kind differ from each other wherever callers do, so that nothing is measured that only an endless
//! repetition of the same question gets.

pub(crate) mod requests;
pub(crate) mod scripts;

use crate::load::Script;
use crate::scenario::{Connection, Floor, Scenario, names};
use crate::seed::Seed;
use scripts::{Always, Mix, Refreshes, Turns};

const CONNECTIONS: usize = 32;

/// All of them, in the order of the table.
pub(crate) fn all() -> Vec<Scenario> {
    let mut scenarios = own_tokens();
    scenarios.extend(meet_tokens());
    scenarios.extend(handed_tokens());
    scenarios.extend(sessions());
    scenarios.extend(reads());
    scenarios.push(mix());
    scenarios.extend(again(&scenarios));
    scenarios
}

fn scenario(
    name: &'static str,
    about: &'static str,
    floor: Floor,
    target: Option<f64>,
    script: fn(&Seed, usize) -> Box<dyn Script>,
) -> Scenario {
    Scenario {
        name,
        about,
        floor,
        target,
        connections: CONNECTIONS,
        connection: Connection::KeepAlive,
        script,
    }
}

fn own_tokens() -> Vec<Scenario> {
    vec![
        scenario(
            names::CLIENT_CREDENTIALS,
            "POST /oauth/token: 100 clients in turn get tokens of their own, with Basic, ES256.",
            Floor::B,
            Some(0.75),
            |seed, connection| Box::new(Turns::new(&seed.requests.client_basic, connection)),
        ),
        scenario(
            "client_credentials-form",
            "The same with id and secret in the form.",
            Floor::B,
            Some(0.75),
            |seed, connection| Box::new(Turns::new(&seed.requests.client_form, connection)),
        ),
    ]
}

/// Beside B, as the target says, and beside the floor that reads a row as well, as the answer needs.
fn meet_tokens() -> [Scenario; 2] {
    let meet_token = scenario(
        "meet_token",
        "POST /external-api/v1.0/application/token: an application gets tokens for 1,000 people in turn.",
        Floor::B,
        Some(0.5),
        |seed, connection| Box::new(Turns::new(&seed.requests.meet_token, connection)),
    );
    let beside_read = Scenario {
        name: "meet_token-floor-with-read",
        about: "The same beside a floor that reads a row as well.",
        floor: Floor::DB,
        target: None,
        ..meet_token
    };
    [meet_token, beside_read]
}

fn handed_tokens() -> Vec<Scenario> {
    vec![
        scenario(
            "introspection",
            "POST /oauth/introspect: a service asks about 500 access tokens in turn, all of them active.",
            Floor::A,
            Some(0.6),
            |seed, connection| Box::new(Turns::new(&seed.requests.introspection, connection)),
        ),
        scenario(
            names::REFRESH,
            "POST /oauth/token, refresh_token: each connection goes through a family of its own; one durable write each.",
            Floor::B,
            None,
            |seed, connection| {
                let tokens = &seed.account_tokens;
                Box::new(Refreshes::new(&seed.http, &tokens[connection % tokens.len()]))
            },
        ),
        // B rather than B and C: the subject was seen before, and what was verified is remembered.
        scenario(
            "token_exchange",
            "POST /oauth/token, token-exchange: a service exchanges the access tokens of 100 people in turn.",
            Floor::B,
            None,
            |seed, connection| Box::new(Turns::new(&seed.requests.exchange, connection)),
        ),
    ]
}

fn sessions() -> Vec<Scenario> {
    vec![
        scenario(
            names::SIGN_IN,
            "POST /api/v1/auth/sign_in: an agent for each connection signs in by e-mail and password, which ends the \
             session before.",
            Floor::Argon2,
            Some(0.9),
            |seed, connection| Box::new(Always::new(&seed.requests.sign_in, connection)),
        ),
        scenario(
            "validate_token",
            "GET /api/v1/auth/validate_token: the same live session is asked about again and again.",
            Floor::D,
            None,
            |seed, connection| Box::new(Always::new(&seed.requests.validate_token, connection)),
        ),
    ]
}

fn reads() -> Vec<Scenario> {
    vec![
        scenario(
            names::ROOM,
            "GET /external-api/v1.0/rooms/{id}: 1,000 rooms of one person in turn, with the same access token.",
            Floor::D,
            Some(0.6),
            |seed, connection| Box::new(Turns::new(&seed.requests.room, connection)),
        ),
        scenario(
            "rooms",
            "GET /external-api/v1.0/rooms: 50 people in turn list their ten rooms.",
            Floor::D,
            None,
            |seed, connection| Box::new(Turns::new(&seed.requests.rooms, connection)),
        ),
        scenario(
            "new_room",
            "POST /external-api/v1.0/rooms: 64 people in turn make a room, which is a durable write of two rows.",
            Floor::D,
            None,
            |seed, connection| Box::new(Turns::new(&seed.requests.new_room, connection)),
        ),
        scenario(
            "app_access_token",
            "GET /api/v2.1/dtable/app-access-token/: the API-Tokens of 20 bases in turn become Base-Tokens.",
            Floor::DB,
            Some(0.6),
            |seed, connection| Box::new(Turns::new(&seed.requests.app_access_token, connection)),
        ),
        scenario(
            "application",
            "GET /api/applications/{id}: a back end reads 100 applications of its organisation in turn.",
            Floor::D,
            None,
            |seed, connection| Box::new(Turns::new(&seed.requests.application, connection)),
        ),
        scenario(
            "ocs_user",
            "GET /ocs/v2.php/cloud/users/{id} with Basic: an administrator reads 1,000 accounts in turn; the password \
             is checked once a minute.",
            Floor::D,
            None,
            |seed, connection| Box::new(Turns::new(&seed.requests.user, connection)),
        ),
    ]
}

fn mix() -> Scenario {
    scenario(
        "mix",
        "An integrator's day, of 40 requests: 3 application tokens, 1 token of its own, 18 rooms read, 6 lists of rooms, \
         1 new room, 6 introspections, 2 Base-Tokens, 3 applications read.",
        Floor::D,
        None,
        |seed, connection| {
            let requests = &seed.requests;
            let parts = [
                (&requests.meet_token, 3),
                (&requests.client_basic, 1),
                (&requests.room, 18),
                (&requests.rooms, 6),
                (&requests.new_room, 1),
                (&requests.introspection, 6),
                (&requests.app_access_token, 2),
                (&requests.application, 3),
            ];
            Box::new(Mix::new(&parts, connection))
        },
    )
}

/// Some of them with a connection for each request.
fn again(scenarios: &[Scenario]) -> Vec<Scenario> {
    let names = [
        (names::CLIENT_CREDENTIALS, "client_credentials-connection-per-request"),
        ("introspection", "introspection-connection-per-request"),
        (names::ROOM, "room-connection-per-request"),
    ];
    let again = |name, new| {
        let scenario = scenarios.iter().find(|scenario| scenario.name == name)?;
        let connection = Connection::PerRequest;
        Some(Scenario { name: new, target: None, connection, ..*scenario })
    };
    names.into_iter().filter_map(|(name, new)| again(name, new)).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_scenario_has_a_name_of_its_own_and_one_sentence() {
        let scenarios = all();
        let names: HashSet<&str> = scenarios.iter().map(|scenario| scenario.name).collect();
        assert_eq!(names.len(), scenarios.len());
        for Scenario { name, about, .. } in scenarios {
            assert!(about.ends_with('.') && !about.contains("  "), "{name}: {about}");
        }
    }

    #[test]
    fn the_meet_token_is_beside_both_floors_and_judged_by_the_one_that_asks_for_more() {
        let scenarios = all();
        let beside = |floor| {
            let mut meet = scenarios.iter().filter(|scenario| scenario.name.starts_with("meet_token"));
            meet.find(|scenario| scenario.floor == floor).map(|scenario| scenario.target)
        };
        assert_eq!((beside(Floor::B), beside(Floor::DB)), (Some(Some(0.5)), Some(None)));
    }

    #[test]
    fn some_scenarios_are_there_with_a_connection_for_each_request() {
        let apart = |scenario: &Scenario| scenario.name.ends_with("-connection-per-request");
        let scenarios = all();
        assert_eq!(scenarios.iter().filter(|scenario| apart(scenario)).count(), 3);
        for scenario in &scenarios {
            assert_eq!(scenario.connection == Connection::PerRequest, apart(scenario), "{}", scenario.name);
        }
    }
}
