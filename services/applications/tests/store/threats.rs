//! Threats of the catalogue that concern the database.

use applications::domain::access::Listing;
use applications::domain::sort::{Property, Sort};
use rstest::rstest;

use crate::support::{Backend, Service, application};

/// Texts that end a statement, or change one, where they are not bound.
const CORPUS: [&str; 12] = [
    "'",
    "\"",
    "' OR '1'='1",
    "' OR 1=1 --",
    "'; DROP TABLE applications; --",
    "'); DELETE FROM applications; --",
    "' UNION SELECT config FROM applications --",
    "\\'; SELECT pg_sleep(10); --",
    "$1",
    "%",
    "_",
    "o/**/OR/**/1=1",
];

/// Threat 25: organisations of any name filter exactly theirs, and no word but those of the contract sorts.
#[rstest]
#[actix_web::test]
async fn threat_25_no_text_becomes_a_part_of_a_query(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    for (number, organization) in CORPUS.into_iter().enumerate() {
        service.create(application(&format!("a-{number}"), organization)).await;
    }
    for (number, organization) in CORPUS.into_iter().enumerate() {
        let own = organization.parse().unwrap();
        for listing in [Listing::AllOf(own), Listing::VisibleOf(organization.parse().unwrap())] {
            let page = service.app().page(listing.clone(), Sort::default(), 0, 20).await.unwrap();
            let ids: Vec<_> = page.items.iter().map(|item| item.id.to_string()).collect();
            assert_eq!((ids, page.total), (vec![format!("a-{number}")], 1), "{listing:?}");
        }
        let id = format!("a-{number}").parse::<applications::domain::id::ApplicationId>().unwrap();
        assert!(service.app().is_taken(id.clone(), organization.parse().ok()).await.unwrap());
        assert!(!service.app().is_taken(id, "o".parse().ok()).await.unwrap());
        assert!(organization.parse::<Property>().is_err(), "{organization}");
        let suffixed = format!("createdAt{organization}");
        assert!(suffixed.parse::<Property>().is_err(), "{suffixed}");
    }
    let all = service.app().page(Listing::Everything, Sort::default(), 0, 100).await.unwrap();
    assert_eq!(all.total, 12);
}
