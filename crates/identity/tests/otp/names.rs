//! The names of the SeaTable dialect: internal id, login, e-mail (contracts/seatable-tokens.md §5).

use identity::accounts::{Account, AccountId, Name, SignInRefusal};
use identity::audit::Origin;
use identity::otp::SecondFactor;
use rstest::rstest;
use test_kit::Backend;

use crate::fixture::{Fixture, PASSWORD, secret, why};

fn internal(account: &Account) -> String {
    format!("{}@auth.local", account.id.as_uuid().simple())
}

async fn signs_in(fixture: &Fixture, name: Name) -> Result<AccountId, SignInRefusal> {
    let (nothing, origin) = (SecondFactor::default(), Origin::default());
    let signed_in = fixture.identity.verify_credentials(name, &secret(PASSWORD), &nothing, &origin).await;
    signed_in.map(|signed_in| signed_in.account.id)
}

#[rstest]
#[tokio::test]
async fn an_account_has_three_names(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::on(backend).await;
    let ada = fixture.find("ada").await;
    let id = internal(&ada);
    for name in [&id, &id.to_uppercase(), &format!(" {id}\t"), "ada", "ADA", "Ada@Example.org"] {
        assert_eq!(
            signs_in(&fixture, Name::login_email_or_internal_id(name)).await.unwrap(),
            ada.id,
            "{name}"
        );
    }
    let unknown = format!("{}@auth.local", AccountId::new(fixture.clock.now()).as_uuid().simple());
    let hyphened = format!("{}@auth.local", ada.id);
    for name in [&unknown, &hyphened, "@auth.local", "ada@auth.local", "", &ada.id.to_string()] {
        let refused = signs_in(&fixture, Name::login_email_or_internal_id(name)).await;
        assert!(matches!(refused, Err(SignInRefusal::BadCredentials)), "{name}: {refused:?}");
    }
}

/// Other dialects know no internal ids.
#[rstest]
#[tokio::test]
async fn an_internal_id_is_a_name_in_its_own_dialect_alone(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let id = internal(&fixture.find("ada").await);
    for name in [Name::login_or_email(&id), Name::email(&id)] {
        let refused = signs_in(&fixture, name).await;
        assert!(matches!(refused, Err(SignInRefusal::BadCredentials)), "{refused:?}");
    }
}

/// Whoever calls themselves by another's internal id signs in to nothing but that other's account, whose password they do
/// not have; by their own names they are who they are.
#[rstest]
#[tokio::test]
async fn nobody_takes_anothers_internal_id(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::on(backend).await;
    let ada = fixture.find("ada").await;
    let by_login = fixture.account_with(&internal(&ada), "mallory@example.org").await;
    let by_email = fixture.account_with("trudy", &internal(&ada)).await;
    let found = signs_in(&fixture, Name::login_email_or_internal_id(&internal(&ada))).await;
    assert_eq!(found.unwrap(), ada.id);
    for (name, account) in [("mallory@example.org", &by_login), ("trudy", &by_email)] {
        assert_eq!(signs_in(&fixture, Name::login_email_or_internal_id(name)).await.unwrap(), account.id);
        let own = Name::login_email_or_internal_id(&internal(account));
        assert_eq!(signs_in(&fixture, own).await.unwrap(), account.id);
    }
    let nothing = SecondFactor::default();
    let other = secret("Glycine-Blanche-26");
    fixture.identity.set_password(ada.id, &other, &Origin::default()).await.unwrap();
    let name = Name::login_email_or_internal_id(&internal(&ada));
    let refused =
        fixture.identity.verify_credentials(name, &secret(PASSWORD), &nothing, &Origin::default()).await;
    assert_eq!(why(&refused), "bad_credentials");
}
