//! Account tokens (contracts/seatable-tokens.md §3): one for each account, the same at every sign-in.

use std::collections::HashSet;

use auth_claims::revocations::RevocationReason;
use chrono::TimeDelta;
use futures_util::future::join_all;
use identity::account_tokens::{AccountTokenStanding, KEPT};
use identity::accounts::{Account, AccountId};
use identity::audit::Origin;
use identity::revocations::{self, Revocation};
use identity::{Identity, IdentityError};
use rstest::rstest;
use store::StoreError;
use test_kit::Backend;

use crate::fixture::{Fixture, PASSWORD, secret};

async fn token(identity: &Identity, account: &Account) -> String {
    identity.account_token(account, &Origin::default()).await.unwrap().expose().to_owned()
}

async fn standing(identity: &Identity, token: &str) -> AccountTokenStanding {
    identity.find_account_token(token).await.unwrap()
}

async fn usable(identity: &Identity, token: &str) -> Option<(AccountId, String)> {
    match standing(identity, token).await {
        AccountTokenStanding::Usable { account, sid, .. } => Some((account.id, sid)),
        _ => None,
    }
}

async fn revoke(fixture: &Fixture, revocation: Revocation) {
    let revoke = move |conn: &mut _| revocations::revoke(conn, &revocation);
    fixture.identity.write_revoking::<_, StoreError, _>(revoke).await.unwrap();
}

#[rstest]
#[tokio::test]
async fn an_account_has_one_token_which_every_sign_in_gives_again(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let (ada, bob, replica) =
        (fixture.find("ada").await, fixture.account("bob").await, fixture.replica().await);
    assert_eq!(fixture.identity.account_token_of(ada.id).await.unwrap(), None);
    let first = token(&fixture.identity, &ada).await;
    let made = fixture.clock.now();
    assert!(first.len() == 40 && first.bytes().all(|byte| b"0123456789abcdef".contains(&byte)), "{first}");
    fixture.pass(86_400_000);
    assert_eq!(token(&fixture.identity, &ada).await, first);
    assert_eq!(token(&replica, &ada).await, first);
    assert_ne!(token(&fixture.identity, &bob).await, first);

    let found = standing(&replica, &first).await;
    let AccountTokenStanding::Usable { account, sid, created_at } = found else { panic!("{found:?}") };
    assert_eq!((account, created_at), (ada.clone(), made));
    let known = fixture.identity.account_token_of(ada.id).await.unwrap().unwrap();
    assert_eq!((known.sid, known.created_at), (sid.clone(), made));
    let audited = fixture.audited("account_token.create").await;
    let created: Vec<_> = audited.iter().filter(|event| event.target.as_ref() == Some(&sid)).collect();
    assert_eq!(created.len(), 1);
    assert_eq!(created[0].origin.actor, Some(ada.id.to_string()));

    let revealed = fixture.identity.reveal_account_token(ada.id, &Origin::default()).await.unwrap().unwrap();
    assert_eq!(revealed.expose(), first);
    assert_eq!(fixture.audited("account_token.reveal").await.len(), 1);
    let carol = fixture.account("carol").await;
    assert_eq!(fixture.identity.reveal_account_token(carol.id, &Origin::default()).await.unwrap(), None);
}

/// Neither the token nor a plain hash of it is in the table, and a sealed one opens in no other row.
#[rstest]
#[tokio::test]
async fn what_is_stored_says_nothing_without_the_master_key(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let (ada, bob) = (fixture.find("ada").await, fixture.account("bob").await);
    let tokens = [token(&fixture.identity, &ada).await, token(&fixture.identity, &bob).await];
    let columns = match backend {
        Backend::Sqlite => "SELECT hex(token_mac) || ' ' || hex(sealed) AS value FROM account_tokens",
        Backend::Postgres => {
            "SELECT encode(token_mac, 'hex') || ' ' || encode(sealed, 'hex') AS value FROM account_tokens"
        }
    };
    let stored = fixture.texts(columns).await.join(" ").to_lowercase();
    for token in &tokens {
        let digits = token.bytes().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
        assert!(!stored.contains(token) && !stored.contains(&digits));
    }
    let sealed_of = |id: AccountId| format!("(SELECT sealed FROM account_tokens WHERE account_id = '{id}')");
    let (into, of) = (ada.id, sealed_of(bob.id));
    fixture.run(format!("UPDATE account_tokens SET sealed = {of} WHERE account_id = '{into}'")).await;
    let refused = fixture.identity.account_token(&ada, &Origin::default()).await;
    assert!(matches!(refused, Err(IdentityError::Store(StoreError::Corrupt { .. }))), "{refused:?}");
    assert_eq!(token(&fixture.identity, &bob).await, tokens[1]);
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn first_sign_ins_at_once_agree(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::on(backend).await;
    let directories = [fixture.identity.clone(), fixture.replica().await];
    for round in 0..5 {
        let account = fixture.account(&format!("new-{round}")).await;
        let sign_ins = directories.iter().cycle().take(12).map(|directory| {
            let (directory, account) = (directory.clone(), account.clone());
            tokio::spawn(async move { token(&directory, &account).await })
        });
        let tokens: HashSet<String> =
            join_all(sign_ins).await.into_iter().map(|token| token.unwrap()).collect();
        assert_eq!(tokens.len(), 1, "round {round}");
        let found = usable(&fixture.identity, tokens.iter().next().unwrap()).await.unwrap();
        assert_eq!(found.0, account.id);
    }
    assert_eq!(fixture.audited("account_token.create").await.len(), 5);
}

/// What can befall an account, and what its token is afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Disabled,
    Deleted,
    AnotherPassword,
    AllRevoked,
    TokenRevoked,
    SessionRevoked,
}

impl Fate {
    async fn befall(self, fixture: &Fixture, account: AccountId, sid: &str) {
        let (identity, origin, now) = (&fixture.identity, Origin::default(), fixture.clock.now());
        match self {
            Self::Disabled => drop(identity.set_account_enabled(account, false, &origin).await.unwrap()),
            Self::Deleted => identity.delete_account(account, &origin).await.unwrap(),
            Self::AnotherPassword => {
                identity.set_password(account, &secret("Nouveau-Mot-De-Passe-7"), &origin).await.unwrap();
            }
            Self::AllRevoked => {
                revoke(fixture, Revocation::of_account(account, RevocationReason::Revoked, now)).await;
            }
            Self::TokenRevoked => assert!(identity.revoke_account_token(account, &origin).await.unwrap()),
            Self::SessionRevoked => {
                revoke(fixture, Revocation::of_session(sid, RevocationReason::ReuseDetected, now)).await;
            }
        }
    }
}

/// Threat 9: at once, on every replica, and for nobody else.
#[rstest]
#[tokio::test]
async fn threat_09_a_token_stands_as_its_account_does(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values(
        Fate::Disabled,
        Fate::Deleted,
        Fate::AnotherPassword,
        Fate::AllRevoked,
        Fate::TokenRevoked,
        Fate::SessionRevoked
    )]
    fate: Fate,
) {
    let fixture = Fixture::on(backend).await;
    let (ada, bob, replica) =
        (fixture.find("ada").await, fixture.account("bob").await, fixture.replica().await);
    let (own, other) = (token(&fixture.identity, &ada).await, token(&fixture.identity, &bob).await);
    let (_, sid) = usable(&fixture.identity, &own).await.unwrap();
    fixture.pass(1000);
    fate.befall(&fixture, ada.id, &sid).await;

    let ended = matches!(fate, Fate::AllRevoked | Fate::TokenRevoked);
    for directory in [&fixture.identity, &replica] {
        let found = standing(directory, &own).await;
        match fate {
            Fate::Disabled => {
                assert!(matches!(&found, AccountTokenStanding::Disabled(account) if account.id == ada.id));
            }
            Fate::Deleted => assert_eq!(found, AccountTokenStanding::Deleted),
            // contracts/seatable-tokens.md §3: until an administrator or the end of the account.
            Fate::AnotherPassword | Fate::SessionRevoked => {
                assert!(matches!(found, AccountTokenStanding::Usable { .. }));
            }
            _ => assert_eq!(found, AccountTokenStanding::Unknown),
        }
        assert_eq!(usable(directory, &other).await.unwrap().0, bob.id);
    }
    assert_eq!(fixture.is_revoked(&sid).await, ended || fate == Fate::SessionRevoked);
    if fate == Fate::Disabled {
        fixture.identity.set_account_enabled(ada.id, true, &Origin::default()).await.unwrap();
        assert_eq!(usable(&replica, &own).await, Some((ada.id, sid)));
    } else if fate == Fate::SessionRevoked {
        let (_, new_sid) = usable(&replica, &own).await.unwrap();
        assert!(!fixture.is_revoked(&new_sid).await, "it goes on in another session");
    } else if ended {
        let again = token(&fixture.identity, &ada).await;
        assert_ne!(again, own);
        let (_, new_sid) = usable(&fixture.identity, &again).await.unwrap();
        assert_ne!(new_sid, sid, "the old session stays revoked");
    }
}

#[rstest]
#[tokio::test]
async fn a_deleted_account_is_remembered_for_thirty_days(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let (ada, bob) = (fixture.find("ada").await, fixture.account("bob").await);
    let (gone, kept) = (token(&fixture.identity, &ada).await, token(&fixture.identity, &bob).await);
    fixture.identity.delete_account(ada.id, &Origin::default()).await.unwrap();
    let refused = fixture.identity.account_token(&ada, &Origin::default()).await;
    assert!(matches!(refused, Err(IdentityError::Unknown("account"))), "{refused:?}");
    assert!(!fixture.identity.revoke_account_token(ada.id, &Origin::default()).await.unwrap());
    // Somebody else of the same name is somebody else.
    let again = fixture.account("ada").await;
    assert_ne!(token(&fixture.identity, &again).await, gone);
    fixture.clock.advance(KEPT - TimeDelta::seconds(1));
    fixture.identity.prune(None).await.unwrap();
    assert_eq!(standing(&fixture.identity, &gone).await, AccountTokenStanding::Deleted);
    fixture.clock.advance(TimeDelta::seconds(1));
    fixture.identity.prune(None).await.unwrap();
    assert_eq!(standing(&fixture.identity, &gone).await, AccountTokenStanding::Unknown);
    assert!(usable(&fixture.identity, &kept).await.is_some());
    assert_eq!(fixture.count("account_tokens").await, 2);
}

/// Threat 26: a token is not given to an account that goes at the same time, or goes with it.
#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn threat_26_no_token_is_left_without_its_account(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let replica = fixture.replica().await;
    for round in 0..12 {
        let account = fixture.account(&format!("brief-{round}")).await;
        let (directory, signing_in) = (replica.clone(), account.clone());
        let given =
            tokio::spawn(async move { directory.account_token(&signing_in, &Origin::default()).await });
        fixture.identity.delete_account(account.id, &Origin::default()).await.unwrap();
        match given.await.unwrap() {
            Ok(token) => {
                assert_eq!(standing(&fixture.identity, token.expose()).await, AccountTokenStanding::Deleted);
            }
            Err(refused) => assert!(matches!(refused, IdentityError::Unknown("account")), "{refused:?}"),
        }
    }
    let left = "SELECT sid AS value FROM account_tokens WHERE deleted_at IS NULL";
    assert_eq!(fixture.texts(left).await, Vec::<String>::new());
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_revoke_a_token_one_does(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::on(backend).await;
    let ada = fixture.find("ada").await;
    token(&fixture.identity, &ada).await;
    let revoking = (0..8).map(|_| {
        let identity = fixture.identity.clone();
        tokio::spawn(async move { identity.revoke_account_token(ada.id, &Origin::default()).await.unwrap() })
    });
    let revoked = join_all(revoking).await.into_iter().filter(|done| *done.as_ref().unwrap()).count();
    assert_eq!(revoked, 1);
    assert_eq!(fixture.audited("account_token.revoke").await.len(), 1);
}

/// Threats 4 and 18: what another credential is, or nothing at all, is nobody's account token.
#[rstest]
#[tokio::test]
async fn threat_04_nothing_else_is_an_account_token(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let ada = fixture.find("ada").await;
    let own = token(&fixture.identity, &ada).await;
    let device = fixture.sign_in("ada").await;
    let (app, app_secret) =
        fixture.identity.create_app_password(ada.id, "sync", &Origin::default()).await.unwrap();
    let (_, sid) = usable(&fixture.identity, &own).await.unwrap();
    for other in [
        "",
        "\0",
        PASSWORD,
        device.token.expose(),
        app_secret.expose(),
        &app.sid,
        &sid,
        &own.to_uppercase(),
        &own[1..],
        &format!("{own}0"),
        &format!(" {own}"),
        &"0".repeat(40),
        &"é".repeat(20),
        &"a".repeat(100_000),
    ] {
        assert_eq!(standing(&fixture.identity, other).await, AccountTokenStanding::Unknown, "{other:?}");
    }
    // And an account token is nothing else.
    assert!(fixture.identity.verify_app_password(&secret(&own)).await.is_err());
    assert!(fixture.identity.verify_basic("ada", &secret(&own), &Origin::default()).await.is_err());
}
