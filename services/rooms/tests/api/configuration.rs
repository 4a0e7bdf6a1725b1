//! §8.4: `configuration`.

use rstest::rstest;
use serde_json::json;

use crate::support::{Backend, ROOMS, Service, room_path};

/// §8.4: stored and given back as sent, keys in the order sent.
#[rstest]
#[case::empty("{}")]
#[case::no_sources(r#"{"can_publish_sources":[]}"#)]
#[case::all_sources(r#"{"can_publish_sources":null,"everyone_can_mute":null}"#)]
#[case::sources(
    r#"{"can_publish_sources":["screen_share_audio","camera","camera","microphone","screen_share"]}"#
)]
#[case::boolean(r#"{"everyone_can_mute":false}"#)]
#[case::lenient_word(r#"{"everyone_can_mute":"YES","can_publish_sources":[]}"#)]
#[case::lenient_integer(r#"{"everyone_can_mute":1}"#)]
#[case::lenient_float(r#"{"everyone_can_mute":0.0}"#)]
#[actix_web::test]
async fn a_valid_configuration_is_given_back_as_sent(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[case] configuration: &str,
) {
    let service = Service::on(backend).await;
    let body = format!(r#"{{"configuration":{configuration}}}"#);
    let room = service.send_body("ada", "application/json", body).await.expect(201);
    assert!(room.body.contains(&format!(r#""configuration":{configuration}"#)), "{}", room.body);
    assert_eq!(service.send("ada", "GET", &room_path(&room)).await.expect(200).body, room.body);
}

/// §8.4: one row for each kind of problem, byte by byte.
#[rstest]
#[case::null("null", r#"["This field may not be null."]"#)]
#[case::not_an_object(
    "[true,1]",
    r#"[{"type":"model_type","loc":[],"msg":"Input should be a valid dictionary or instance of RoomConfiguration","input":["True","1"],"ctx":{"class_name":"RoomConfiguration"},"url":"https://errors.pydantic.dev/2.13/v/model_type"}]"#
)]
#[case::the_contracts_example(
    r#"{"colour":"red"}"#,
    r#"[{"type":"extra_forbidden","loc":["colour"],"msg":"Extra inputs are not permitted","input":"red","url":"https://errors.pydantic.dev/2.13/v/extra_forbidden"}]"#
)]
#[case::bad_source(
    r#"{"can_publish_sources":["camera","Camera"]}"#,
    r#"[{"type":"literal_error","loc":["can_publish_sources","1"],"msg":"Input should be 'camera', 'microphone', 'screen_share' or 'screen_share_audio'","input":"Camera","ctx":{"expected":"'camera', 'microphone', 'screen_share' or 'screen_share_audio'"},"url":"https://errors.pydantic.dev/2.13/v/literal_error"}]"#
)]
#[case::sources_not_an_array(
    r#"{"can_publish_sources":"camera"}"#,
    r#"[{"type":"list_type","loc":["can_publish_sources"],"msg":"Input should be a valid list","input":"camera","url":"https://errors.pydantic.dev/2.13/v/list_type"}]"#
)]
#[case::unreadable_boolean(
    r#"{"everyone_can_mute":"maybe"}"#,
    r#"[{"type":"bool_parsing","loc":["everyone_can_mute"],"msg":"Input should be a valid boolean, unable to interpret input","input":"maybe","url":"https://errors.pydantic.dev/2.13/v/bool_parsing"}]"#
)]
#[case::integer_boolean(
    r#"{"everyone_can_mute":2}"#,
    r#"[{"type":"bool_parsing","loc":["everyone_can_mute"],"msg":"Input should be a valid boolean, unable to interpret input","input":"2","url":"https://errors.pydantic.dev/2.13/v/bool_parsing"}]"#
)]
#[case::boolean_of_another_type(
    r#"{"everyone_can_mute":[null]}"#,
    r#"[{"type":"bool_type","loc":["everyone_can_mute"],"msg":"Input should be a valid boolean","input":["None"],"url":"https://errors.pydantic.dev/2.13/v/bool_type"}]"#
)]
#[case::known_keys_first(
    r#"{"b":1,"everyone_can_mute":{},"a":1.5}"#,
    r#"[{"type":"bool_type","loc":["everyone_can_mute"],"msg":"Input should be a valid boolean","input":{},"url":"https://errors.pydantic.dev/2.13/v/bool_type"},{"type":"extra_forbidden","loc":["b"],"msg":"Extra inputs are not permitted","input":"1","url":"https://errors.pydantic.dev/2.13/v/extra_forbidden"},{"type":"extra_forbidden","loc":["a"],"msg":"Extra inputs are not permitted","input":"1.5","url":"https://errors.pydantic.dev/2.13/v/extra_forbidden"}]"#
)]
#[actix_web::test]
async fn every_problem_is_an_object_of_its_own(#[case] configuration: &str, #[case] expected: &str) {
    let service = Service::on(Backend::Sqlite).await;
    let body = format!(r#"{{"configuration":{configuration}}}"#);
    let answer = service.send_body("ada", "application/json", body).await;
    answer.expect_body(400, &format!(r#"{{"configuration":{expected}}}"#));
    assert_eq!(service.send("ada", "GET", ROOMS).await.json()["count"], 0);
}

/// §8.4: both fields wrong, both told, level first.
#[actix_web::test]
async fn both_fields_are_told_level_first() {
    let service = Service::on(Backend::Sqlite).await;
    let body = json!({"configuration": null, "access_level": "public"});
    let answer = service.send_json("ada", "POST", ROOMS, body).await;
    answer.expect_body(
        400,
        r#"{"access_level":["Public rooms are disabled for the external API."],"configuration":["This field may not be null."]}"#,
    );
}
