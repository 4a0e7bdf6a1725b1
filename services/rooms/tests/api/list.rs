//! §8.2: the list of rooms.

use rstest::rstest;
use serde_json::{Value, json};
use service_kit::settings::ServerSettings;

use crate::support::{Answer, Backend, ROOMS, Service, room_path};

/// §8.2: the envelope and its key order, and §8.1 the representation.
#[rstest]
#[actix_web::test]
async fn a_list_shows_own_rooms_only(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    service
        .send("bob", "GET", ROOMS)
        .await
        .expect_body(200, r#"{"count":0,"next":null,"previous":null,"results":[]}"#);
    let room = service.room_of("ada").await;
    let body = format!(r#"{{"count":1,"next":null,"previous":null,"results":[{}]}}"#, room.body);
    service.send("ada", "GET", ROOMS).await.expect_body(200, &body);
    assert_eq!(service.send("bob", "GET", ROOMS).await.json()["count"], 0);
}

/// §8.2: a role of any kind makes a room visible, each room once; public rooms of others are not listed.
#[rstest]
#[actix_web::test]
async fn every_role_makes_a_room_visible(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::with(backend, json!({"allow_public_access": true})).await;
    let public = service.send_json("ada", "POST", ROOMS, json!({"access_level": "public"})).await.expect(201);
    let mut visible = vec![];
    for role in ["member", "administrator", "owner"] {
        let room = service.room_of("ada").await;
        service.invite("ada", &room, "bob", role).await;
        visible.push(room.id());
    }
    let page = service.send("bob", "GET", ROOMS).await.expect(200).json();
    let mut listed: Vec<_> = ids(&page);
    listed.sort();
    visible.sort();
    assert_eq!((page["count"].clone(), listed), (json!(3), visible));
    assert!(!ids(&page).contains(&public.id()));
}

fn ids(page: &Value) -> Vec<String> {
    page["results"].as_array().unwrap().iter().map(|room| room["id"].as_str().unwrap().to_owned()).collect()
}

fn names(page: &Value) -> Vec<String> {
    page["results"].as_array().unwrap().iter().map(|room| room["name"].as_str().unwrap().to_owned()).collect()
}

/// §8.2: two tenants, each with many rooms; every page shows one tenant's rooms by name, each exactly once.
#[rstest]
#[actix_web::test]
async fn pages_visit_each_room_of_one_tenant_once_by_name(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values(1, 4, 5, 100)] size: usize,
) {
    let service = Service::on(backend).await;
    for _ in 0..12 {
        service.room_of("ada").await;
        service.room_of("bob").await;
    }
    let mut path = format!("{ROOMS}?page_size={size}");
    let (mut seen, mut pages) = (vec![], 0);
    loop {
        let page = service.send("ada", "GET", &path).await.expect(200).json();
        assert_eq!(page["count"], 12);
        seen.extend(names(&page));
        pages += 1;
        let Some(next) = page["next"].as_str() else { break };
        path = next.strip_prefix(service.url()).unwrap().to_owned();
    }
    assert_eq!(pages, 12_usize.div_ceil(size));
    let mut sorted = seen.clone();
    sorted.sort();
    sorted.dedup();
    assert_eq!(seen, sorted);
    assert_eq!(seen.len(), 12);
}

/// §8.2: `page`.
#[rstest]
#[case::default("", 5)]
#[case::first("page=1", 5)]
#[case::empty("page=", 5)]
#[case::third("page=3", 2)]
#[case::last("page=last", 2)]
#[case::spaces("page=%203%20", 2)]
#[actix_web::test]
async fn a_page_that_exists_is_given(#[case] query: &str, #[case] length: usize) {
    let service = twelve_rooms(Backend::Sqlite).await;
    let page = service.send("ada", "GET", &format!("{ROOMS}?page_size=5&{query}")).await.expect(200).json();
    assert_eq!((page["count"].clone(), ids(&page).len()), (json!(12), length));
}

/// §8.2: pages that do not exist.
#[rstest]
#[case::zero("0")]
#[case::negative("-1")]
#[case::word("two")]
#[case::fraction("1.0")]
#[case::beyond("4")]
#[case::huge("99999999999999999999")]
#[case::list("1,2")]
#[actix_web::test]
async fn a_page_that_does_not_exist_is_not_found(#[case] page: &str) {
    let service = twelve_rooms(Backend::Sqlite).await;
    let answer = service.send("ada", "GET", &format!("{ROOMS}?page_size=5&page={page}")).await;
    answer.expect_detail(404, "Invalid page.");
}

/// §8.2: page 1 of an empty list exists, page 2 does not.
#[actix_web::test]
async fn an_empty_list_has_one_page() {
    let service = Service::on(Backend::Sqlite).await;
    service.send("ada", "GET", &format!("{ROOMS}?page=1")).await.expect(200);
    service.send("ada", "GET", &format!("{ROOMS}?page=last")).await.expect(200);
    service.send("ada", "GET", &format!("{ROOMS}?page=2")).await.expect_detail(404, "Invalid page.");
}

/// §8.2: `page_size`.
#[rstest]
#[case::given("2", 2)]
#[case::more_than_there_are("100", 12)]
#[case::zero("0", 12)]
#[case::negative("-5", 12)]
#[case::word("many", 12)]
#[case::empty("", 12)]
#[actix_web::test]
async fn a_page_size_is_never_an_error(#[case] size: &str, #[case] length: usize) {
    let service = twelve_rooms(Backend::Sqlite).await;
    let page = service.send("ada", "GET", &format!("{ROOMS}?page_size={size}")).await.expect(200).json();
    assert_eq!(ids(&page).len(), length);
}

/// §8.2: the defaults are 20 and at most 100.
#[actix_web::test]
async fn a_page_has_20_rooms_and_at_most_100() {
    let service = Service::on(Backend::Sqlite).await;
    for _ in 0..101 {
        service.room_of("ada").await;
    }
    for (query, length) in [("", 20), ("?page_size=100", 100), ("?page_size=101", 100), ("?page_size=0", 20)]
    {
        let page = service.send("ada", "GET", &format!("{ROOMS}{query}")).await.expect(200).json();
        assert_eq!((page["count"].clone(), ids(&page).len()), (json!(101), length), "{query}");
    }
}

async fn twelve_rooms(backend: Backend) -> Service {
    let service = Service::on(backend).await;
    for _ in 0..12 {
        service.room_of("ada").await;
    }
    service
}

/// §8.2: links keep all parameters, sort them, and leave `page` out for page 1.
#[rstest]
#[case::the_contracts_example("page_size=5&page=2", "?page=3&page_size=5", "?page_size=5")]
#[case::further_parameters(
    "z=1&page_size=5&a=b%20c&page=2&a=%C3%A9",
    "?a=b+c&a=%C3%A9&page=3&page_size=5&z=1",
    "?a=b+c&a=%C3%A9&page_size=5&z=1"
)]
#[case::last_page("page=last&page_size=5", "", "?page=2&page_size=5")]
#[case::first_page("page_size=5", "?page=2&page_size=5", "")]
#[actix_web::test]
async fn links_are_absolute_and_sorted(#[case] query: &str, #[case] next: &str, #[case] previous: &str) {
    let service = twelve_rooms(Backend::Sqlite).await;
    let page = service.send("ada", "GET", &format!("{ROOMS}?{query}")).await.expect(200).json();
    let link = |query: &str| match query {
        "" => Value::Null,
        query => format!("{}{ROOMS}{query}", service.url()).into(),
    };
    assert_eq!((page["next"].clone(), page["previous"].clone()), (link(next), link(previous)));
}

/// §8.2 and threat 11: links begin with the public address that the operator set.
#[actix_web::test]
async fn links_begin_with_the_public_address() {
    let server = ServerSettings {
        public_url: Some("https://visio.agency.example".parse().unwrap()),
        ..ServerSettings::default()
    };
    let service = Service::behind(Backend::Sqlite, server).await;
    service.room_of("ada").await;
    service.room_of("ada").await;
    let page = service.send("ada", "GET", &format!("{ROOMS}/?page_size=1")).await.expect(200).json();
    let next = "https://visio.agency.example/external-api/v1.0/rooms/?page=2&page_size=1";
    assert_eq!(page["next"], next);
}

/// §8.6: HEAD is GET without a body.
#[rstest]
#[actix_web::test]
async fn head_has_the_headers_of_get_and_no_body(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    let room = service.room_of("ada").await;
    for path in [ROOMS.to_owned(), room_path(&room), format!("{}/attendees/", room_path(&room))] {
        let get = service.send("ada", "GET", &path).await.expect(200);
        let head: Answer = service.send("ada", "HEAD", &path).await.expect(200);
        assert_eq!(head.body, "");
        for name in ["content-type", "content-length", "allow", "vary"] {
            assert_eq!(head.header(name), get.header(name), "{name}");
        }
    }
}
