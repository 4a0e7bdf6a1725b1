//! §8.5: telephony and PINs.

use std::collections::HashSet;

use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{Backend, ROOMS, Service, room_path};

/// §8.5: switched off, the key is absent.
#[actix_web::test]
async fn without_telephony_there_is_no_such_key() {
    let service = Service::on(Backend::Sqlite).await;
    assert!(!service.room_of("ada").await.body.contains("telephony"));
}

/// §8.5: the block, its key order, and a PIN that stays.
#[rstest]
#[case::all_set(
    json!({"enabled": true, "phone_number": "+33 1 84 00 00 00", "default_country": "FR", "pin_length": 6}),
    "\"+33 1 84 00 00 00\"", 6, "FR"
)]
#[case::defaults(json!({"enabled": true}), "null", 10, "US")]
#[actix_web::test]
async fn a_room_shows_how_to_dial_in(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[case] telephony: Value,
    #[case] number: &str,
    #[case] length: usize,
    #[case] country: &str,
) {
    let service = Service::with(backend, json!({"telephony": telephony})).await;
    let room = service.room_of("ada").await;
    let pin = room.json()["telephony"]["pin_code"].as_str().unwrap().to_owned();
    assert!(pin.len() == length && pin.bytes().all(|byte| byte.is_ascii_digit()), "{pin}");
    let block = format!(
        r#""telephony":{{"enabled":true,"phone_number":{number},"pin_code":"{pin}","default_country":"{country}"}}"#
    );
    assert!(room.body.contains(&block), "{}", room.body);
    let path = room_path(&room);
    let changed = service.send_json("ada", "PATCH", &path, json!({"access_level": "restricted"})).await;
    assert!(changed.expect(200).body.contains(&block));
    assert!(service.send("ada", "GET", ROOMS).await.body.contains(&block));
}

/// §8.5: unique, until too many draws collide; then the room goes without one.
#[rstest]
#[actix_web::test]
async fn pins_are_unique_and_a_room_without_a_free_one_has_none(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    // No draw at all is the quickest way to five collisions.
    let none = json!({"telephony": {"enabled": true, "pin_max_retries": 0}});
    let service = Service::with(backend, none).await;
    assert_eq!(service.room_of("ada").await.json()["telephony"]["pin_code"], Value::Null);

    let service = Service::with(backend, json!({"telephony": {"enabled": true, "pin_length": 4}})).await;
    let mut pins = HashSet::new();
    for _ in 0..60 {
        let pin = service.room_of("ada").await.json()["telephony"]["pin_code"].to_string();
        assert!(pins.insert(pin.clone()), "{pin} twice");
    }
}
