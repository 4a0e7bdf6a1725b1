//! Further addresses.

use identity::account_details::{DetailsChange, InvalidDetail, Scope};
use identity::accounts::AccountId;
use rstest::rstest;
use test_kit::Backend;

use crate::fixture::Fixture;

async fn addresses(fixture: &Fixture, id: AccountId) -> Vec<String> {
    fixture.details(id).await.mails.into_iter().map(|mail| mail.address).collect()
}

async fn replace(fixture: &Fixture, id: AccountId, address: &str, by: &str) -> Result<(), InvalidDetail> {
    fixture.apply(id, DetailsChange::read_mail(address, by, true)?).await
}

#[rstest]
#[tokio::test]
async fn they_keep_the_order_in_which_they_came(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let jonas = fixture.person("jonas", None).await;
    for address in ["Zoe@example.org", " amy@example.org ", "mid@example.org"] {
        fixture.change(jonas.id, "additional_mail", address).await.unwrap();
    }
    assert_eq!(
        addresses(&fixture, jonas.id).await,
        ["zoe@example.org", "amy@example.org", "mid@example.org"]
    );
    let scopes: Vec<Scope> = fixture.details(jonas.id).await.mails.iter().map(|mail| mail.scope).collect();
    assert_eq!(scopes, [Scope::Local; 3]);
    for again in ["ZOE@example.org", "JONAS@example.org", "nobody", ""] {
        let refused = fixture.change(jonas.id, "additional_mail", again).await;
        assert_eq!(refused, Err(InvalidDetail::AdditionalMail), "{again}");
    }
    replace(&fixture, jonas.id, "amy@example.org", "Ann@example.org").await.unwrap();
    replace(&fixture, jonas.id, "zoe@example.org", "").await.unwrap();
    fixture.change(jonas.id, "additional_mail", "zoe@example.org").await.unwrap();
    assert_eq!(
        addresses(&fixture, jonas.id).await,
        ["ann@example.org", "mid@example.org", "zoe@example.org"]
    );
}

#[rstest]
#[tokio::test]
async fn what_is_not_there_is_not_replaced(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::on(backend).await;
    let jonas = fixture.person("jonas", None).await;
    for address in ["amy@example.org", "ann@example.org"] {
        fixture.change(jonas.id, "additional_mail", address).await.unwrap();
    }
    for (address, by, fault) in [
        ("zoe@example.org", "", InvalidDetail::UnknownMail),
        ("nobody", "x@example.org", InvalidDetail::UnknownMail),
        ("amy@example.org", "ann@example.org", InvalidDetail::AdditionalMail),
        ("amy@example.org", "jonas@example.org", InvalidDetail::AdditionalMail),
        ("amy@example.org", "nobody", InvalidDetail::AdditionalMail),
    ] {
        assert_eq!(replace(&fixture, jonas.id, address, by).await, Err(fault), "{address} by {by}");
    }
    replace(&fixture, jonas.id, "amy@example.org", "AMY@example.org").await.unwrap();
    let scope = |address: &str, scope: &str| DetailsChange::read_mail_scope(address, scope);
    fixture.apply(jonas.id, scope("ann@example.org", "private").unwrap()).await.unwrap();
    let unknown = fixture.apply(jonas.id, scope("zoe@example.org", "v2-local").unwrap()).await;
    assert_eq!(unknown, Err(InvalidDetail::UnknownMail));
    assert_eq!(scope("ann@example.org", "everybody"), Err(InvalidDetail::Scope));
    assert_eq!(addresses(&fixture, jonas.id).await, ["amy@example.org", "ann@example.org"]);
}

#[rstest]
#[tokio::test]
async fn only_what_somebody_vouches_for_is_notified(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let fixture = Fixture::on(backend).await;
    let jonas = fixture.person("jonas", None).await;
    fixture.change(jonas.id, "additional_mail", "amy@example.org").await.unwrap();
    let own = DetailsChange::AddMail { address: "own@example.org".to_owned(), verified: false };
    fixture.apply(jonas.id, own).await.unwrap();
    let refused = fixture.change(jonas.id, "notify_email", "own@example.org").await;
    assert_eq!(refused, Err(InvalidDetail::NotifyEmail));
    fixture.change(jonas.id, "notify_email", "AMY@example.org").await.unwrap();
    assert_eq!(fixture.details(jonas.id).await.notified_at(&jonas), Some("amy@example.org"));

    replace(&fixture, jonas.id, "amy@example.org", "").await.unwrap();
    fixture.change(jonas.id, "additional_mail", "amy@example.org").await.unwrap();
    assert_eq!(fixture.details(jonas.id).await.notify_email, None, "it does not come back");

    fixture.change(jonas.id, "notify_email", "jonas@example.org").await.unwrap();
    fixture.change(jonas.id, "email", "other@example.org").await.unwrap();
    let account = fixture.identity.find_account(jonas.id).await.unwrap().unwrap();
    assert_eq!(fixture.details(jonas.id).await.notified_at(&account), None, "an address no more");
}

#[rstest]
#[tokio::test]
async fn threat_18_there_are_only_so_many(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let fixture = Fixture::on(backend).await;
    let jonas = fixture.person("jonas", None).await;
    for number in 0..100 {
        fixture.change(jonas.id, "additional_mail", &format!("m{number}@example.org")).await.unwrap();
    }
    let refused = fixture.change(jonas.id, "additional_mail", "more@example.org").await;
    assert_eq!(refused, Err(InvalidDetail::AdditionalMail));
    assert_eq!(addresses(&fixture, jonas.id).await.len(), 100);
}
