//! Many presentations at once, by two directories on one database, as two processes would be.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use auth_claims::revocations::RevocationReason;
use futures_util::future::join_all;
use identity::Identity;
use identity::audit::Origin;
use identity::clients::ClientId;
use identity::refresh::{PlainRefreshToken, RefreshError, RefreshRefusal, Rotation};
use identity::revocations::Revocation;
use rstest::rstest;
use test_kit::Backend;

use crate::fixture::{Fixture, revoke};

const ROUNDS: usize = 12;
const PARALLEL: usize = 64;

type Answer = Result<Rotation, RefreshRefusal>;

struct Race {
    fixture: Fixture,
    directories: [Identity; 2],
}

impl Race {
    async fn on(backend: Backend) -> Self {
        let fixture = Fixture::on(backend).await;
        let directories = [fixture.identity.clone(), fixture.another().await];
        Self { fixture, directories }
    }

    /// Presents these tokens at once, each to the other directory than the one before.
    async fn present(&self, tokens: &[&PlainRefreshToken]) -> Vec<Answer> {
        let presentations = tokens.iter().zip(self.directories.iter().cycle()).map(|(token, directory)| {
            let (token, directory) = (token.expose().to_owned(), directory.clone());
            let client = self.fixture.client.clone();
            tokio::spawn(async move { directory.rotate(&client, &token, &Origin::default()).await })
        });
        let answers = join_all(presentations).await;
        answers
            .into_iter()
            .map(|answer| match answer.unwrap() {
                Ok(rotation) => Ok(rotation),
                Err(RefreshError::Refused(refusal)) => Err(refusal),
                Err(RefreshError::Identity(error)) => panic!("{error}"),
            })
            .collect()
    }
}

/// Threat 2: of any number of presentations of one token, all get the one successor.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn threat_02_parallel_refreshes_of_one_token_have_one_successor(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let race = Race::on(backend).await;
    let (mut token, _) = race.fixture.start().await;
    for round in 1..=ROUNDS {
        let answers = race.present(&vec![&token; PARALLEL]).await;
        let successors: HashSet<String> =
            answers.iter().map(|answer| answer.as_ref().unwrap().token.expose().to_owned()).collect();
        assert_eq!(successors.len(), 1, "round {round}");
        let family = race.fixture.identity.find_family(token.expose()).await.unwrap().unwrap().family;
        assert_eq!(family.generation as usize, round, "one write, one step");
        token = answers.into_iter().next().unwrap().unwrap().token;
    }
    assert_eq!(race.fixture.feed().await, []);
}

/// Threat 2: the used token and its successor at once. There is one lineage, or, once the replay is noticed, none.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn threat_02_a_token_and_its_successor_at_once_never_make_two_lineages(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let race = Race::on(backend).await;
    for round in 0..ROUNDS {
        let (first, _) = race.fixture.start().await;
        let second = race.present(&[&first]).await.remove(0).unwrap().token;
        let tokens: Vec<_> = [&first, &second].into_iter().cycle().take(PARALLEL).collect();
        let answers = race.present(&tokens).await;

        let successors: HashSet<String> = answers
            .iter()
            .flatten()
            .filter(|rotation| rotation.token != second)
            .map(|rotation| rotation.token.expose().to_owned())
            .collect();
        assert!(successors.len() <= 1, "round {round}: {} lineages", successors.len());
        if answers.iter().any(|answer| matches!(answer, Err(RefreshRefusal::Reused))) {
            for token in [first.expose(), second.expose()].into_iter().chain(successors.iter().map(|s| &**s))
            {
                let standing = race.fixture.identity.find_family(token).await.unwrap().unwrap().standing;
                assert_eq!(standing, Err(RefreshRefusal::Revoked), "round {round}");
            }
        }
    }
}

/// Threat 2: parties that go on with whatever token is newest. The family's number never goes back, so that no token
/// that was used is taken for the newest again.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn threat_02_chains_of_refreshes_never_fall_back(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let race = Race::on(backend).await;
    for round in 0..ROUNDS {
        let (token, _) = race.fixture.start().await;
        let newest = Arc::new(Mutex::new((0, token)));
        let parties = (0..12).map(|party| {
            let (directory, client) = (race.directories[party % 2].clone(), race.fixture.client.clone());
            tokio::spawn(follow(directory, client, Arc::clone(&newest)))
        });
        let refused: Vec<RefreshRefusal> =
            join_all(parties).await.into_iter().filter_map(Result::unwrap).collect();
        let (generation, token) = newest.lock().unwrap().clone();
        let found = race.fixture.identity.find_family(token.expose()).await.unwrap().unwrap();
        assert_eq!(found.family.generation, generation, "round {round}");
        let expected = if refused.is_empty() { Ok(()) } else { Err(RefreshRefusal::Revoked) };
        assert_eq!(found.standing, expected, "round {round}: {refused:?}");
    }
}

/// Presents the newest token there is, again and again, until it is refused.
async fn follow(
    directory: Identity,
    client: ClientId,
    newest: Arc<Mutex<(u32, PlainRefreshToken)>>,
) -> Option<RefreshRefusal> {
    for _ in 0..8 {
        let token = newest.lock().unwrap().1.clone();
        match directory.rotate(&client, token.expose(), &Origin::default()).await {
            Ok(rotation) => {
                let mut newest = newest.lock().unwrap();
                if rotation.family.generation > newest.0 {
                    *newest = (rotation.family.generation, rotation.token);
                }
            }
            Err(RefreshError::Refused(refusal)) => return Some(refusal),
            Err(RefreshError::Identity(error)) => panic!("{error}"),
        }
    }
    None
}

/// Threat 2: a revocation that races rotations leaves no token alive, neither the refresh tokens nor what was issued
/// for them.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn threat_02_a_revocation_that_races_rotations_wins(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values(RevocationReason::SignedOut, RevocationReason::PasswordChanged)] reason: RevocationReason,
) {
    let race = Race::on(backend).await;
    for round in 0..ROUNDS {
        race.fixture.wait(2);
        let (token, family) = race.fixture.start().await;
        let (directory, account, sid) =
            (&race.directories[round % 2], race.fixture.account, family.sid.clone());
        let now = directory.clock().now();
        let revocation = match reason {
            RevocationReason::SignedOut => Revocation::of_session(sid, reason, now),
            _ => Revocation::of_account(account, reason, now),
        };
        let presented = vec![&token; PARALLEL / 4];
        let (answers, _) = tokio::join!(race.present(&presented), revoke(directory, revocation));
        for answer in answers {
            let Ok(rotation) = answer else { continue };
            for token in [&token, &rotation.token] {
                let standing =
                    race.fixture.identity.find_family(token.expose()).await.unwrap().unwrap().standing;
                assert_eq!(standing, Err(RefreshRefusal::Revoked), "round {round}");
            }
            let mut issued = race.fixture.claims(&rotation.family);
            issued.iat = rotation.issued_at.timestamp();
            assert_eq!(race.fixture.identity.find_revocation(&issued).await.unwrap(), Some(reason));
        }
    }
}

/// Threat 2: a sign-in that races a revocation is refused, or ends with it.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn threat_02_a_family_that_starts_during_a_revocation_does_not_outlive_it(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let race = Race::on(backend).await;
    for round in 0..ROUNDS {
        race.fixture.wait(2);
        let now = race.fixture.identity.clock().now();
        let reason = RevocationReason::PasswordChanged;
        let revocation = Revocation::of_account(race.fixture.account, reason, now);
        let starts = (0..PARALLEL / 4).map(|place| {
            let (directory, family) = (race.directories[place % 2].clone(), race.fixture.family());
            tokio::spawn(async move { directory.start_family(family).await })
        });
        let (started, _) = tokio::join!(join_all(starts), revoke(&race.directories[round % 2], revocation));
        for started in started {
            match started.unwrap() {
                Ok((token, _)) => {
                    let found = race.fixture.identity.find_family(token.expose()).await.unwrap().unwrap();
                    assert_eq!(found.standing, Err(RefreshRefusal::Revoked), "round {round}");
                }
                Err(refused) => {
                    assert!(matches!(refused, RefreshError::Refused(RefreshRefusal::Revoked)), "{refused}");
                }
            }
        }
    }
}
