//! Bodies with the type they claim to have.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::Text;

type Body = (Option<Text>, Text);

const FORM: &str = "application/x-www-form-urlencoded";

pub(super) fn any(tokens: Vec<String>, forms: &'static [&'static str]) -> impl Strategy<Value = Body> {
    prop_oneof![
        1 => Just((None, Text(Vec::new()))),
        8 => select(forms).prop_map(|body| (Some(FORM.into()), body.into())),
        6 => form(tokens).prop_map(|body| (Some(FORM.into()), body)),
        5 => json().prop_map(|body| (Some("application/json".into()), body)),
        2 => multipart(),
        2 => (kind(), prop_oneof![json(), noise()]).prop_map(|(kind, body)| (Some(kind), body)),
    ]
}

fn kind() -> impl Strategy<Value = Text> {
    let kinds: &[&[u8]] = &[
        b"",
        b"text/plain",
        b"application/json; charset=utf-16",
        b"application/json; charset=\"",
        b"\xff",
        b"a/b/c",
        b";",
        b"application/vnd.api+json",
        b"multipart/form-data",
        b"multipart/form-data; boundary=",
        b"application/JSON",
        b"application/x-www-form-urlencoded; charset=latin1",
        b"*/*",
    ];
    select(kinds.to_vec()).prop_map(Text::from)
}

/// Parameters that some endpoint knows, with values of every kind, repeated or not.
fn form(tokens: Vec<String>) -> impl Strategy<Value = Text> {
    const NAMES: [&str; 48] = [
        "username",
        "platform",
        "name",
        "new_name",
        "owner",
        "color",
        "app_name",
        "app_name",
        "permission",
        "expire_days",
        "group_id",
        "dst_workspace_id",
        "src_dtable_id",
        "workspace_id",
        "userid",
        "userid",
        "groupid",
        "groups[]",
        "subadmin[]",
        "displayName",
        "quota",
        "key",
        "value",
        "filter",
        "email",
        "password",
        "title",
        "agent_id",
        "access-token",
        "uid",
        "grant_type",
        "grant_type",
        "client_id",
        "client_secret",
        "scope",
        "resource",
        "audience",
        "refresh_token",
        "token",
        "token_type_hint",
        "subject_token",
        "subject_token_type",
        "actor_token",
        "actor_token_type",
        "requested_token_type",
        "application_id",
        "applicationId",
        "code",
    ];
    let pair = (select(NAMES.to_vec()), value(tokens)).prop_map(|(name, value)| format!("{name}={value}"));
    prop_oneof![
        12 => vec(pair, 0..8).prop_map(|pairs| Text::from(pairs.join("&"))),
        1 => Just(Text::from(format!("grant_type=client_credentials&scope={}", "rooms:list+".repeat(10_000)))),
        1 => Just(Text::from("a=b&".repeat(5_000))),
        1 => noise(),
    ]
}

fn value(tokens: Vec<String>) -> impl Strategy<Value = String> {
    let values = [
        "client_credentials",
        "refresh_token",
        "authorization_code",
        "password",
        "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange",
        "urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Ajwt",
        "urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aaccess_token",
        "urn%3Atessera%3Atoken-type%3Abasic",
        "urn%3Atessera%3Atoken-type%3Adevice-session",
        "booking",
        "gateway",
        "rooms",
        "rw",
        "r",
        "1",
        "-1",
        "99999999999999999999",
        "Stock%2FRoom",
        "1%40seafile_group",
        "carla",
        "crew",
        "a+b%2Fc",
        "displayname",
        "additional_mail",
        "12+MB",
        "none",
        "ada%40agency.example",
        "ada%00%40agency.example",
        "lasuite_visio+offline_access",
        "trt_",
        "trt_AAAA",
        "trt_%ff",
        "%",
        "%zz",
        "%00",
        "%ff%fe",
        "+",
        "",
        "a b",
        "\u{e9}\u{202e}",
        "YWRhOg%3D%3D",
        "OjoK",
        "\0",
        "&",
        "=",
        "[]",
    ];
    prop_oneof![
        6 => select(values.to_vec()).prop_map(str::to_owned),
        2 => select(tokens),
        1 => (1..40_000_usize).prop_map(|n| "x".repeat(n)),
        1 => "(?s).{0,30}",
    ]
}

/// Members of objects that some endpoint knows.
const MEMBERS: [&str; 52] = [
    "username",
    "owner",
    "app_name",
    "app_name",
    "permission",
    "expire_days",
    "group_id",
    "new_name",
    "workspace_id",
    "dst_workspace_id",
    "userid",
    "userid",
    "groupid",
    "groups",
    "subadmin",
    "displayName",
    "quota",
    "language",
    "key",
    "value",
    "password",
    "password_confirmation",
    "access-token",
    "client",
    "uid",
    "title",
    "agent_id",
    "agent_email",
    "first_day",
    "start_time",
    "end_day",
    "end_time",
    "phone_number",
    "verticale",
    "access_level",
    "configuration",
    "email",
    "role",
    "client_id",
    "client_secret",
    "grant_type",
    "scope",
    "name",
    "id",
    "type",
    "type",
    "config",
    "config",
    "version",
    "organizationId",
    "organization_id",
    "disabled",
];

/// Objects that some endpoint knows, other JSON, and almost JSON.
fn json() -> impl Strategy<Value = Text> {
    let values = [
        "null",
        "true",
        "-0",
        "1e999",
        "-1e-999",
        "99999999999999999999999",
        "\"\"",
        "\"\\u0000\"",
        "\"\\ud800\"",
        "\"owner\"",
        "\"public\"",
        "\"restricted\"",
        "\"bob@agency.example\"",
        "\"ada@agency.example\"",
        "\"client_credentials\"",
        "\"booking\"",
        "1",
        "\"2027-02-09\"",
        "\"9999-12-31\"",
        "\"08:30\"",
        "\"25:00\"",
        "[]",
        "{}",
        "[[]]",
        "{\"a\":{\"a\":{}}}",
        "\"\u{1f4a3}\"",
        "{\"can_publish_sources\":[\"camera\"]}",
        "\"rw\"",
        "\"r\"",
        "\"sync\"",
        "\"1@seafile_group\"",
        "\"carla\"",
        "[\"crew\"]",
        "[[\"crew\"]]",
        "\"displayname\"",
        "\"12 MB\"",
        "\"a longer Password 9\"",
        "\"TEST\"",
        "\"GENESYS\"",
        "\"agency\"",
        "{\"organizationId\":\"x\",\"pcEnvironment\":\"y\",\"serviceParameters\":null}",
        "9223372036854775807",
    ];
    let member = (select(MEMBERS.to_vec()), select(values.to_vec()))
        .prop_map(|(name, value)| format!("\"{name}\":{value}"));
    prop_oneof![
        10 => vec(member, 0..6).prop_map(|members| Text::from(format!("{{{}}}", members.join(",")))),
        10 => strange_json(),
        1 => noise(),
    ]
}

/// What is no JSON, and JSON that is deep or wide.
fn strange_json() -> impl Strategy<Value = Text> {
    let broken = [
        "",
        "{",
        "[",
        "nul",
        "{\"a\":}",
        "{\"a\" 1}",
        "{,}",
        "\u{feff}{}",
        "{}{}",
        "{} x",
        "\"",
        "'x'",
        "NaN",
        "\u{0}",
        "//",
    ];
    prop_oneof![
        4 => select(broken.to_vec()).prop_map(Text::from),
        2 => (1..6_000_usize).prop_map(|depth| Text::from("[".repeat(depth))),
        1 => (1..6_000_usize).prop_map(|depth| Text::from("{\"a\":".repeat(depth))),
        1 => (1..3_000_usize)
            .prop_map(|depth| Text::from(format!("{{\"configuration\":{}{}}}", "[".repeat(depth), "]".repeat(depth)))),
        1 => (1..3_000_usize)
            .prop_map(|depth| Text::from(format!("{{\"type\":\"TEST\",\"config\":{{\"a\":{}{}}}}}", "[".repeat(depth), "]".repeat(depth)))),
        1 => (1..5_000_usize).prop_map(|n| {
            let members: Vec<_> = (0..n).map(|index| format!("\"{index}\":0")).collect();
            Text::from(format!("{{{}}}", members.join(",")))
        }),
    ]
}

fn multipart() -> impl Strategy<Value = Body> {
    let pieces = [
        "--b\r\n",
        "--b--\r\n",
        "--b",
        "\r\n",
        "Content-Disposition: form-data; name=\"scope\"\r\n\r\n",
        "Content-Disposition: form-data; name=\"client_id\"\r\n\r\nbooking\r\n",
        "Content-Disposition: form-data\r\n\r\n",
        "Content-Disposition: form-data; name=\"x\"; filename=\"/etc/passwd\"\r\n\r\n",
        "Content-Type: \u{e9}\r\n\r\n",
        "x",
        "Content-Transfer-Encoding: base64\r\n\r\n====\r\n",
        "\0",
    ];
    let kinds = [
        "multipart/form-data; boundary=b",
        "multipart/form-data; boundary=\"b\"",
        "multipart/form-data; boundary=b b",
    ];
    (select(kinds.to_vec()), vec(select(pieces.to_vec()), 0..12))
        .prop_map(|(kind, pieces)| (Some(kind.into()), Text::from(pieces.concat())))
}

fn noise() -> impl Strategy<Value = Text> {
    prop_oneof![
        vec(any_byte(), 0..300).prop_map(Text),
        (1..100_000_usize).prop_map(|n| Text::from("\u{1f4a3}".repeat(n / 4))),
    ]
}

fn any_byte() -> impl Strategy<Value = u8> {
    proptest::num::u8::ANY
}
