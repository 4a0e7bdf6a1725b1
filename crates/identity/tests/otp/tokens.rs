//! What befalls an account between its sign-in and the token that the sign-in gives, which never ends.

use identity::accounts::{SignInRefusal, SignedIn};
use identity::audit::Origin;
use identity::otp::SecondFactor;
use rstest::rstest;
use test_kit::Backend;

use crate::fixture::{Fixture, PASSWORD, secret};

async fn token(fixture: &Fixture, signed_in: &SignedIn) -> Result<String, &'static str> {
    let given =
        fixture.identity.account_token_of_sign_in(signed_in, &secret(PASSWORD), &Origin::default()).await;
    given.map(|token| token.expose().to_owned()).map_err(|refusal: SignInRefusal| refusal.as_str())
}

/// Threats 9 and 26: an administrator who changes a password that leaked, and revokes the token, is not overtaken by a sign-in
/// that was under way; nor is whoever switches a second factor on, or disables the account.
#[rstest]
#[case::password("password", Err("bad_credentials"))]
#[case::factor("factor", Err("otp_required"))]
#[case::disabled("disabled", Err("disabled"))]
#[case::deleted("deleted", Err("bad_credentials"))]
#[case::same_password("same password", Ok(()))]
#[case::enrolled("enrolled", Ok(()))]
#[case::nothing("nothing", Ok(()))]
#[tokio::test]
async fn threat_26_a_sign_in_under_way_gets_no_token_any_more(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values(false, true)] has_one: bool,
    #[case] meanwhile: &str,
    #[case] expected: Result<(), &'static str>,
) {
    let fixture = Fixture::on(backend).await;
    let (identity, origin, ada) = (&fixture.identity, Origin::default(), fixture.find("ada").await);
    if has_one {
        identity.account_token(&ada, &origin).await.unwrap();
    }
    let signed_in = fixture.sign_in("ada", &SecondFactor::default()).await.unwrap();
    match meanwhile {
        "password" => {
            identity.set_password(ada.id, &secret("Nouveau-Mot-De-Passe-7"), &origin).await.unwrap();
            assert_eq!(identity.revoke_account_token(ada.id, &origin).await.unwrap(), has_one);
        }
        "factor" => drop(fixture.protect("ada").await),
        "disabled" => drop(identity.set_account_enabled(ada.id, false, &origin).await.unwrap()),
        "deleted" => identity.delete_account(ada.id, &origin).await.unwrap(),
        "same password" => identity.set_password(ada.id, &secret(PASSWORD), &origin).await.unwrap(),
        "enrolled" => drop(identity.enrol_otp(&ada, &origin).await.unwrap()),
        _ => {}
    }
    assert_eq!(token(&fixture, &signed_in).await.map(drop), expected, "{meanwhile}");
    if meanwhile == "password" {
        assert_eq!(identity.account_token_of(ada.id).await.unwrap(), None, "none was made");
    }
}

/// With a code the same, and it is the token of everybody who signs in.
#[rstest]
#[tokio::test]
async fn threat_09_a_token_rests_on_the_factor_that_was_shown(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let (identity, origin) = (&fixture.identity, Origin::default());
    let app = fixture.protect("ada").await;
    let signed_in = fixture.sign_in("ada", &app.factor(0)).await.unwrap();
    let given = token(&fixture, &signed_in).await.unwrap();
    assert_eq!(identity.account_token(&app.account, &origin).await.unwrap().expose(), given);
    identity.disable_otp(app.account.id, &origin).await.unwrap();
    assert_eq!(token(&fixture, &signed_in).await, Ok(given), "less is asked for now");
    fixture.protect("ada").await;
    assert_eq!(token(&fixture, &signed_in).await, Err("otp_required"), "another factor");
}
