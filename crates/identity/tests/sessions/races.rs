//! Sign-ins at the same time as other sign-ins, and as what ends them (contracts/rdv-sign-in.md §8.4), by two directories
//! on one database.

use futures_util::future::join_all;
use identity::Identity;
use identity::accounts::SignInRefusal;
use identity::audit::Origin;
use identity::device_sessions::{DeviceSettings, OpenedSession};
use rstest::rstest;
use test_kit::Backend;
use tokio::task::JoinHandle;

use crate::fixture::{Fixture, PASSWORD, email, secret, several, values};

type Answer = Result<OpenedSession, SignInRefusal>;

fn sign_ins(directories: &[Identity; 2], count: usize, settings: DeviceSettings) -> Vec<JoinHandle<Answer>> {
    let sign_in = |directory: &Identity| {
        let directory = directory.clone();
        tokio::spawn(async move {
            directory.sign_in_by_email(&email("ada"), &secret(PASSWORD), &settings, &Origin::default()).await
        })
    };
    directories.iter().cycle().take(count).map(sign_in).collect()
}

async fn race(backend: Backend) -> (Fixture, [Identity; 2]) {
    let fixture = Fixture::on(backend).await;
    let directories = [fixture.identity.clone(), fixture.replica().await];
    (fixture, directories)
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn sign_ins_at_once_all_succeed_and_as_many_as_allowed_survive(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values((2, 1), (16, 1), (16, 3))] case: (usize, u32),
) {
    let ((fixture, directories), (parallel, most)) = (race(backend).await, case);
    for round in 0..6 {
        fixture.pass(1000);
        let mut live = 0;
        for answer in join_all(sign_ins(&directories, parallel, several(most))).await {
            let opened = answer.unwrap().unwrap();
            let found = fixture.present(&values(&opened)).await.is_some();
            assert_eq!(fixture.is_revoked(&opened.session.sid).await, !found, "round {round}");
            live += u32::from(found);
        }
        assert_eq!(live, most, "round {round}");
        assert_eq!(fixture.count("device_sessions").await, most as usize, "round {round}");
    }
}

/// Threat 26: a sign-in that races a change of the password or of the account's standing is refused, or ends with it.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn threat_26_no_session_outlives_what_it_rests_on(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values(true, false)] disabling: bool,
) {
    let (fixture, directories) = race(backend).await;
    let id = fixture.find("ada").await.id;
    for round in 0..8 {
        fixture.pass(1000);
        let starting = sign_ins(&directories, 8, several(8));
        let other = directories[round % 2].clone();
        let ending = async {
            if disabling {
                other.set_account_enabled(id, false, &Origin::default()).await.map(drop)
            } else {
                other.set_password(id, &secret("Coquelicot-Bleu-27"), &Origin::default()).await
            }
        };
        let (answers, ended) = tokio::join!(join_all(starting), ending);
        ended.unwrap();
        for answer in answers {
            match answer.unwrap() {
                Ok(opened) => {
                    assert!(fixture.present(&values(&opened)).await.is_none(), "round {round}");
                    assert!(fixture.is_revoked(&opened.session.sid).await, "round {round}");
                }
                Err(SignInRefusal::Disabled) => assert!(disabling),
                Err(SignInRefusal::BadCredentials) => assert!(!disabling),
                Err(other) => panic!("{other:?}"),
            }
        }
        assert_eq!(fixture.count("device_sessions").await, 0, "round {round}");
        if disabling {
            fixture.identity.set_account_enabled(id, true, &Origin::default()).await.unwrap();
        } else {
            fixture.identity.set_password(id, &secret(PASSWORD), &Origin::default()).await.unwrap();
        }
        // A wrong password was counted for every sign-in that came too late.
        fixture.pass(3_600_000);
    }
}

/// Threat 26: a change of the password from one session, while others are being opened with the old one.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn threat_26_a_change_from_a_session_ends_what_is_being_opened(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (fixture, directories) = race(backend).await;
    let id = fixture.find("ada").await.id;
    for round in 0..6 {
        let own = fixture.sign_in_with("ada", &several(20)).await;
        let starting = sign_ins(&directories, 8, several(20));
        let (credential, new) = (values(&own), secret("Coquelicot-Bleu-27"));
        let origin = Origin::default();
        let changing = directories[round % 2].change_password_on_device(&credential, &new, &origin);
        let (answers, changed) = tokio::join!(join_all(starting), changing);
        assert_eq!(changed.unwrap().unwrap().sid, own.session.sid);
        for opened in answers.into_iter().filter_map(|answer| answer.unwrap().ok()) {
            assert!(fixture.present(&values(&opened)).await.is_none(), "round {round}");
        }
        assert!(fixture.present(&credential).await.is_some(), "round {round}");
        fixture.identity.set_password(id, &secret(PASSWORD), &Origin::default()).await.unwrap();
        fixture.pass(3_600_000);
    }
}

/// Of many sign-outs at once one ends the session, and a sign-in at the same time does not bring it back.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn one_of_many_sign_outs_ends_the_session(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (fixture, directories) = race(backend).await;
    for round in 0..6 {
        let own = fixture.sign_in_with("ada", &several(4)).await;
        let outs = directories.iter().cycle().take(8).map(|directory| {
            let (directory, credential) = (directory.clone(), values(&own));
            tokio::spawn(async move { directory.sign_out_device(&credential, &Origin::default()).await })
        });
        let (outs, ins) = tokio::join!(join_all(outs), join_all(sign_ins(&directories, 2, several(4))));
        let ended = outs.into_iter().filter(|out| *out.as_ref().unwrap().as_ref().unwrap()).count();
        assert!(ended <= 1, "round {round}: {ended}");
        assert!(ins.into_iter().all(|answer| answer.unwrap().is_ok()));
        assert!(fixture.present(&values(&own)).await.is_none());
        assert!(fixture.is_revoked(&own.session.sid).await);
    }
}
