//! §5, §7.4, §7.7: lists, their pages and their order.

use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{APPLICATIONS, Backend, Service};

/// Applications of two organisations, `h1` to `h4` and `s1` to `s3` in the order of their creation; the second of
/// each is hidden.
async fn filled(backend: Backend) -> Service {
    let service = Service::on(backend).await;
    let kinds = ["TEST", "SETUP_TEST", "TALKDESK_OPENID", "TEST"];
    for (number, kind) in (1..).zip(kinds) {
        for (letter, organization) in [("h", "helios"), ("s", "selene")] {
            if letter == "h" || number < 4 {
                service.application(&format!("{letter}{number}"), organization, kind, &json!({})).await;
                service.advance(1);
            }
        }
    }
    for id in ["h2", "s2"] {
        service.operate(id, |application| application.visible = false).await;
    }
    service
}

const OF_HELIOS: &str = "/api/applications/organizations/org-helios";

const LISTED: [(&str, &str); 12] = [
    ("GLOBAL_ADMIN", "h4 s3 h3 s2 h2 s1 h1"),
    ("GLOBAL_ADMIN@helios", "h4 s3 h3 s2 h2 s1 h1"),
    ("SERVICE", "h4 s3 h3 s1 h1"),
    ("SERVICE,ADMIN@helios", "h4 s3 h3 h2 s1 h1"),
    ("ADMIN@helios", "h4 h3 h2 h1"),
    ("CLIENT_SERVICE@helios", "h4 h3 h1"),
    ("SUPERVISOR@helios", "h4 h3 h1"),
    ("AGENT@selene", "s3 s1"),
    ("CUSTOMER@helios", "h4 h3 h1"),
    ("@helios+view+edit+add+delete", "h4 h3 h1"),
    ("ADMIN,AGENT,CLIENT_SERVICE+view", ""),
    ("ADMIN@nowhere", ""),
];

/// Table A, column 4: who lists what; and the total is that of what is listed.
#[rstest]
#[actix_web::test]
async fn everybody_lists_what_they_may(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = filled(backend).await;
    for (who, expected) in LISTED {
        let expected: Vec<_> = expected.split_whitespace().collect();
        let page = service.get(who, APPLICATIONS).await.expect(200);
        assert_eq!(page.ids(), expected, "{who}");
        assert_eq!(page.json()["totalElements"], expected.len());
        // Page by page, with true totals all along.
        let mut seen = vec![];
        for number in 0..4 {
            let page = service.get(who, &format!("{APPLICATIONS}?size=2&page={number}")).await.expect(200);
            assert_eq!(page.json()["totalElements"], expected.len());
            assert_eq!(page.json()["totalPages"], expected.len().div_ceil(2));
            seen.extend(page.ids());
        }
        assert_eq!(seen, expected, "{who}");
    }
}

/// §7.7: for internal callers only, with everything of that organisation.
#[rstest]
#[actix_web::test]
async fn a_list_of_an_organisation_is_for_internal_callers(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = filled(backend).await;
    for who in ["SERVICE", "GLOBAL_ADMIN", "SERVICE@selene"] {
        let page = service.get(who, OF_HELIOS).await.expect(200);
        assert_eq!(page.ids(), ["h4", "h3", "h2", "h1"]);
        assert_eq!(page.json()["totalElements"], 4);
    }
    for who in ["ADMIN@helios+view", "AGENT@helios", "CLIENT_SERVICE@helios", "@helios", ""] {
        service.get(who, OF_HELIOS).await.expect_forbidden();
        // §8: rights come before the query.
        service.get(who, &format!("{OF_HELIOS}?sort=config")).await.expect_forbidden();
    }
    for nobody in ["org-empty", "availability", "%00", "%ff", "%20", "a%2Fb", "'%20OR%201=1"] {
        let page = service.get("SERVICE", &format!("{APPLICATIONS}/organizations/{nobody}?size=5")).await;
        assert_eq!((page.status, page.json()["totalElements"].clone()), (200, json!(0)), "{nobody}");
    }
    let encoded = service.get("SERVICE", &format!("{APPLICATIONS}/organizations/org%2Dhelio%73")).await;
    assert_eq!(encoded.ids().len(), 4);
}

/// §7.4: the page of the contract, key by key.
#[rstest]
#[actix_web::test]
async fn a_page_is_that_of_the_contract(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = filled(backend).await;
    let page =
        service.get("CUSTOMER@selene", &format!("{APPLICATIONS}?page=0&size=1&sort=createdAt,desc")).await;
    let sort = json!([{"direction": "DESC", "nullHandling": "NATIVE", "ascending": false,
        "property": "createdAt", "ignoreCase": false}]);
    let expected = json!({
        "totalElements": 2, "totalPages": 2, "first": true, "last": false, "size": 1, "number": 0, "sort": sort,
        "numberOfElements": 1, "empty": false,
        "pageable": {"offset": 0, "sort": sort, "pageSize": 1, "unpaged": false, "pageNumber": 0, "paged": true},
        "content": [{
            "version": 0, "id": "s3", "organizationId": "org-selene", "type": "TALKDESK_OPENID", "config": {},
            "createdAt": "2027-01-15T08:00:05Z", "modifiedAt": "2027-01-15T08:00:05Z", "visible": true,
            "disabled": false, "expiresAt": null, "anonymousRegistrationEnabled": false,
        }],
    });
    assert_eq!(page.expect(200).json(), expected);
}

const ORDERS: [(&str, &str, &str); 13] = [
    ("", "h4 h3 h2 h1", "createdAt DESC"),
    ("sort=createdAt", "h1 h2 h3 h4", "createdAt ASC"),
    ("sort=id,desc", "h4 h3 h2 h1", "id DESC"),
    ("sort=type", "h2 h3 h4 h1", "type ASC"),
    ("sort=type,desc&sort=id", "h1 h4 h3 h2", "type DESC, id ASC"),
    ("sort=visible", "h2 h4 h3 h1", "visible ASC"),
    ("sort=expiresAt", "h3 h1 h4 h2", "expiresAt ASC"),
    ("sort=expiresAt,desc", "h1 h3 h4 h2", "expiresAt DESC"),
    ("sort=id,ignorecase", "h1 h2 h3 h4", "id ASC ignoring case"),
    (
        "sort=organizationId,version,disabled,anonymousRegistrationEnabled,modifiedAt,desc",
        "h4 h3 h2 h1",
        "organizationId DESC, version DESC, disabled DESC, anonymousRegistrationEnabled DESC, modifiedAt DESC",
    ),
    ("pageable=page,0,size,9,sort,id", "h1 h2 h3 h4", "id ASC"),
    ("pageable=page,0,size,1,sort,string", "h4", "createdAt DESC"),
    ("pageable=page,1,size,3&sort=id", "h4", "id ASC"),
];

/// §5: the order, and what is shown of it.
#[rstest]
#[actix_web::test]
async fn lists_are_in_order(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = filled(backend).await;
    service.operate("h1", |application| application.expires_at = Some(application.created_at)).await;
    service
        .operate("h3", |application| {
            application.expires_at = Some(application.created_at - chrono::TimeDelta::days(1));
        })
        .await;
    for (query, expected, shown) in ORDERS {
        for base in [(APPLICATIONS, "ADMIN@helios"), (OF_HELIOS, "SERVICE")] {
            let page = service.get(base.1, &format!("{}?{query}", base.0)).await.expect(200);
            assert_eq!(page.ids().join(" "), expected, "{query}");
            let page = page.json();
            assert_eq!(page["sort"], page["pageable"]["sort"]);
            let orders = page["sort"].as_array().unwrap().iter().map(|order| {
                let ignoring = if order["ignoreCase"] == true { " ignoring case" } else { "" };
                let (property, direction) =
                    (order["property"].as_str().unwrap(), order["direction"].as_str().unwrap());
                assert_eq!(order["ascending"], direction == "ASC");
                format!("{property} {direction}{ignoring}")
            });
            assert_eq!(orders.collect::<Vec<_>>().join(", "), shown);
        }
    }
}

/// §5: sorting by anything else is the caller's mistake.
#[rstest]
#[case("sideways")]
#[case("config")]
#[case("config.serviceParameters.clientSecret")]
#[case("created_at")]
#[actix_web::test]
async fn an_unknown_property_is_refused(
    #[values("ADMIN@helios", "SERVICE", "")] who: &str,
    #[case] name: &str,
) {
    let service = Service::on(Backend::Sqlite).await;
    let answer = service.get(who, &format!("{APPLICATIONS}?sort=createdAt,{name}")).await;
    let message = format!("No property '{name}' found for type 'Application'");
    answer.expect_boot(400, "Bad Request", &message, APPLICATIONS);
}

const PAST_THE_END: [(&str, i32, i32); 3] = [
    ("page=5&size=2", 5, 2),
    ("page=2147483647", i32::MAX, 20),
    ("page=2147483647&size=2147483647", i32::MAX, 2000),
];

/// §5: page and size never produce an error.
#[rstest]
#[actix_web::test]
async fn a_page_past_the_end_is_empty(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = filled(backend).await;
    for (query, number, size) in PAST_THE_END {
        let page = service.get("ADMIN@helios", &format!("{APPLICATIONS}?{query}")).await.expect(200).json();
        let expected = [
            ("content", json!([])),
            ("numberOfElements", json!(0)),
            ("empty", json!(true)),
            ("last", json!(true)),
            ("first", json!(false)),
            ("totalElements", json!(4)),
            ("number", json!(number)),
            ("size", json!(size)),
        ];
        for (key, value) in expected {
            assert_eq!(page[key], value, "{key}");
        }
        assert_eq!(page["pageable"]["offset"], Value::from(i64::from(number) * i64::from(size)));
    }
}
