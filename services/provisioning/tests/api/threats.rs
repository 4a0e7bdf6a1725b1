//! Rows of the threat list that this service touches; each test names its row. Row 18 is in `hostile.rs`, row 10 also in
//! `authentication.rs`.

mod power;

use identity::accounts::AccountProfile;
use identity::audit::Origin;
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{Backend, CONFIG, Service, answer, password};

/// Every operation that needs somebody, on `mira`, with a body that would do.
fn every_operation() -> Vec<(&'static str, String, Value)> {
    let user = "/cloud/users/mira";
    let of = |method, path: &str, body: Value| (method, path.to_owned(), body);
    vec![
        of("GET", "/cloud/user", json!({})),
        of("GET", "/cloud/user/fields", json!({})),
        of("GET", "/cloud/user/fields/mira", json!({})),
        of("GET", "/cloud/users", json!({})),
        of("GET", "/cloud/users/details", json!({})),
        of("GET", "/cloud/users/disabled", json!({})),
        of("GET", "/cloud/users/recent", json!({})),
        of("POST", "/cloud/users/search/by-phone", json!({"location": "XX", "search": {}})),
        of(
            "POST",
            "/cloud/users",
            json!({"userid": "new", "password": "a long password", "groups": ["staff"]}),
        ),
        of("GET", user, json!({})),
        of("PUT", user, json!({"key": "email", "value": "taken@over.example"})),
        of("PUT", user, json!({"key": "password", "value": "taken over"})),
        of("PUT", "/cloud/users/mira/additional_mail", json!({"key": "x@example.org", "value": ""})),
        of("PUT", "/cloud/users/mira/enable", json!({})),
        of("PUT", "/cloud/users/mira/disable", json!({})),
        of("POST", "/cloud/users/mira/wipe", json!({})),
        of("POST", "/cloud/users/mira/welcome", json!({})),
        of("GET", "/cloud/users/mira/groups", json!({})),
        of("POST", "/cloud/users/mira/groups", json!({"groupid": "admin"})),
        of("DELETE", "/cloud/users/mira/groups", json!({"groupid": "staff"})),
        of("GET", "/cloud/users/mira/subadmins", json!({})),
        of("POST", "/cloud/users/mira/subadmins", json!({"groupid": "staff"})),
        of("DELETE", "/cloud/users/mira/subadmins", json!({"groupid": "staff"})),
        of("DELETE", user, json!({})),
        of("GET", "/cloud/groups", json!({})),
        of("GET", "/cloud/groups/details", json!({})),
        of("POST", "/cloud/groups", json!({"groupid": "new"})),
        of("GET", "/cloud/groups/staff", json!({})),
        of("PUT", "/cloud/groups/staff", json!({"key": "displayname", "value": "x"})),
        of("DELETE", "/cloud/groups/staff", json!({})),
        of("GET", "/cloud/groups/staff/users", json!({})),
        of("GET", "/cloud/groups/staff/users/details", json!({})),
        of("GET", "/cloud/groups/staff/subadmins", json!({})),
        of("GET", "/cloud/apps", json!({})),
        of("GET", "/cloud/apps/rooms", json!({})),
        of("POST", "/cloud/apps/rooms", json!({})),
        of("DELETE", "/cloud/apps/rooms", json!({})),
        of("GET", &format!("{CONFIG}/apps"), json!({})),
        of("GET", &format!("{CONFIG}/apps/core"), json!({})),
        of("GET", &format!("{CONFIG}/apps/core/x"), json!({})),
        of("POST", &format!("{CONFIG}/apps/core/x"), json!({"value": "y"})),
        of("DELETE", &format!("{CONFIG}/apps/core/x"), json!({})),
        of("POST", &format!("{CONFIG}/users/core/x"), json!({"configValue": "y"})),
        of("DELETE", &format!("{CONFIG}/users/core/x"), json!({})),
    ]
}

/// Everything that an operation could have changed, as the directory has it; without the instants of changes.
async fn state(service: &Service) -> Vec<String> {
    let mut state = vec![];
    for path in [
        "/cloud/users/details",
        "/cloud/groups/details",
        "/cloud/groups/staff/users",
        "/cloud/groups/atelier/users",
        "/cloud/groups/admin/users",
        "/cloud/groups/atelier/subadmins",
        "/cloud/groups/staff/subadmins",
        "/cloud/groups/remote/subadmins",
        "/cloud/apps?filter=enabled",
    ] {
        let found = service.get("root", path).await.to_string();
        // Who signs in meanwhile is seen to have done so.
        let cut =
            found.split("\"lastLogin\":").map(|part| part.split_once(',').map_or(part, |(_, rest)| rest));
        state.push(cut.collect());
    }
    state.push(service.get("root", &format!("{CONFIG}/apps/core")).await.to_string());
    state
}

/// Threat 9: every way to lose access × every operation × every credential.
#[rstest]
#[actix_web::test]
async fn threat_09_no_operation_forgets_who_is_out(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values("disabled", "deleted", "password", "role")] way: &str,
) {
    let service = Service::on(backend).await;
    let account = service.account("boss").await.unwrap();
    let origin = Origin::default();
    let secret = service.identity.create_app_password(account.id, "script", &origin).await.unwrap().1;
    let by_password = |method: &str, path: &str| service.request("v2", "boss", method, path);
    let by_app_password = |method: &str, path: &str| {
        service.request("v2", "", method, path).basic_auth("boss", Some(secret.expose()))
    };
    let by_bearer =
        |method: &str, path: &str| service.request("v2", "", method, path).bearer_auth(secret.expose());
    for request in [
        by_password("GET", "/cloud/apps"),
        by_app_password("GET", "/cloud/apps"),
        by_bearer("GET", "/cloud/apps"),
    ] {
        answer(request).await.data();
    }
    let before = state(&service).await;
    match way {
        "disabled" => drop(service.identity.set_account_enabled(account.id, false, &origin).await.unwrap()),
        "deleted" => service.identity.delete_account(account.id, &origin).await.unwrap(),
        "password" => {
            service.identity.set_password(account.id, &"another".to_owned().into(), &origin).await.unwrap();
            service.until(async || answer(by_password("GET", "/cloud/apps")).await.status == 401).await;
        }
        _ => {
            let profile = AccountProfile { groups: vec![], ..AccountProfile::from(&account) };
            service.identity.update_account(account.id, profile, &origin).await.unwrap();
        }
    }
    let after = state(&service).await;
    let open = ["/cloud/user", "/cloud/user/fields"];
    for (method, path, body) in every_operation() {
        // So long that wrong secrets are not counted together.
        service.advance(3600);
        let mut found = vec![answer(by_password(method, &path).json(&body)).await];
        // An app password outlives a change of the password: that is what it is for.
        if way != "password" {
            found.push(answer(by_app_password(method, &path).json(&body)).await);
            found.push(answer(by_bearer(method, &path).json(&body)).await);
        }
        for found in found {
            if way == "role" {
                let is_own = open.contains(&path.as_str())
                    || path.ends_with("/by-phone")
                    || path.starts_with(&format!("{CONFIG}/users"));
                assert!(is_own || [403, 404].contains(&found.status), "{method} {path} {found:?}");
            } else {
                assert_eq!((found.status, found.code()), (401, 997), "{method} {path} {found:?}");
            }
        }
    }
    assert_eq!(state(&service).await, after);
    assert_eq!(before == after, way == "password", "{way}");
}

/// Threat 10: guesses of many requests at the same time are bounded, and the owner's own way in stays open.
#[actix_web::test]
async fn threat_10_guesses_are_bounded_and_the_owner_gets_in() {
    let service = Service::on(Backend::Sqlite).await;
    let guess = |number: usize| {
        let request = service.request("v2", "", "GET", "/cloud/user");
        answer(request.basic_auth("mira", Some(format!("guess {number}"))))
    };
    let answers = futures_util::future::join_all((0..120).map(guess)).await;
    let looked_at = answers.iter().filter(|answer| answer.status == 401).count();
    let refused = answers.iter().filter(|answer| answer.status == 429).count();
    assert!(looked_at <= 30 && looked_at + refused == 120, "{looked_at} {refused}");
    // Another account from the same address is not locked out by the guesses at this one.
    service.get("root", "/cloud/user").await;
}

/// Threat 14: what creating refuses, changing refuses, too.
#[actix_web::test]
async fn threat_14_a_change_is_checked_like_a_creation() {
    let service = Service::on(Backend::Sqlite).await;
    let long = "x".repeat(65);
    for (member, key, value, is_right) in [
        ("displayName", "displayname", "Léa", true),
        ("displayName", "displayname", long.as_str(), false),
        ("displayName", "displayname", "a\u{7}b", false),
        ("email", "email", "lea@example.org", true),
        ("email", "email", "nobody", false),
        ("email", "email", "a@b@c", false),
        ("email", "email", "root@example.org", false),
        ("quota", "quota", "5 GB", true),
        ("quota", "quota", "5 GX", false),
        ("language", "language", "fr", true),
        ("language", "language", "xx", false),
        ("manager", "manager", "root", true),
        ("manager", "manager", "ghost", false),
        ("password", "password", "a long password", true),
        ("password", "password", &"x".repeat(470), false),
    ] {
        let mut body = json!({"userid": "made", "password": "a long password"});
        body[member] = json!(value);
        let made = service.send_json("root", "POST", "/cloud/users", &body).await;
        assert_eq!(made.code() == 200, is_right, "{member}={value} {made:?}");
        service.send("root", "DELETE", "/cloud/users/made").await;
        let change = json!({"key": key, "value": value});
        let changed = service.send_json("root", "PUT", "/cloud/users/jonas", &change).await;
        assert_eq!(changed.code() == 200, is_right, "{key}={value} {changed:?}");
        service.send_json("root", "PUT", "/cloud/users/jonas", &json!({"key": "email", "value": ""})).await;
    }
    for (name, is_right) in [
        ("Name", true),
        ("a\u{0}", false),
        ("x\u{1b}", false),
        (&"é".repeat(255), true),
        (&"é".repeat(256), false),
    ] {
        let made = service
            .send_json("root", "POST", "/cloud/groups", &json!({"groupid": "made", "displayname": name}))
            .await;
        assert_eq!(made.code() == 200, is_right, "{name:?}");
        service.send("root", "DELETE", "/cloud/groups/made").await;
        let change = json!({"key": "displayname", "value": name});
        let changed = service.send_json("root", "PUT", "/cloud/groups/staff", &change).await;
        assert_eq!(changed.code() == 200, is_right, "{name:?}");
    }
}

/// Threat 15: caller × operation. Who may not, may not, and nothing has changed.
#[rstest]
#[actix_web::test]
async fn threat_15_a_role_permits_what_the_contract_says_and_no_more(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    let before = state(&service).await;
    for (method, path, body) in every_operation() {
        for who in ["", "solo", "Ola", "jonas"] {
            let found = answer(service.request("v2", who, method, &path).json(&body)).await;
            let is_open = path.starts_with("/cloud/user/fields") && path != "/cloud/user/fields/mira"
                || path == "/cloud/user";
            let is_open = is_open && !who.is_empty();
            let expected: &[u16] = match who {
                "" => &[401],
                _ if is_open => &[200],
                _ if path.ends_with("/by-phone") => &[400],
                _ if path.starts_with(&format!("{CONFIG}/users")) => &[400],
                _ => &[403, 404],
            };
            assert!(expected.contains(&found.status), "{who} {method} {path} {found:?}");
        }
    }
    assert_eq!(state(&service).await, before);
}

/// Threat 17: whether a name is somebody's is not told by an answer to wrong credentials, nor by how it looks.
#[actix_web::test]
async fn threat_17_wrong_credentials_tell_nothing() {
    let service = Service::on(Backend::Sqlite).await;
    service.done("root", "PUT", "/cloud/users/solo/disable", &json!({})).await;
    let mut seen = vec![];
    for (name, secret) in [
        ("mira", "wrong"),
        ("ghost", "wrong"),
        ("mira@example.org", "wrong"),
        ("solo", "wrong"),
        ("solo", &password("solo")),
        ("a\u{0}", "wrong"),
        ("mira", "aaaaa-bbbbb-ccccc-ddddd-eeeee"),
    ] {
        let found =
            answer(service.request("v2", "", "GET", "/cloud/user").basic_auth(name, Some(secret))).await;
        let names: Vec<String> = found.headers.keys().map(ToString::to_string).collect();
        seen.push((found.status, found.body, names));
    }
    assert!(seen.iter().all(|one| *one == seen[0]), "{seen:?}");
    assert_eq!(seen[0].0, 401);
}

/// Threat 25: text that would be SQL, in every place a client can put text.
#[rstest]
#[actix_web::test]
async fn threat_25_sql_is_only_text(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    for sql in [
        "' OR '1'='1",
        "'; DROP TABLE accounts; --",
        "\" OR \"\"=\"",
        "1; DELETE FROM groups",
        "') UNION SELECT id FROM accounts --",
        "\\'; SELECT pg_sleep(10); --",
        "%' OR login LIKE '%",
        "$1",
        "?",
        "%",
        "_",
    ] {
        let encoded = form_urlencoded::byte_serialize(sql.as_bytes()).collect::<String>().replace('+', "%20");
        let twice = form_urlencoded::byte_serialize(encoded.as_bytes()).collect::<String>();
        for path in [
            "/cloud/users",
            "/cloud/users/details",
            "/cloud/users/disabled",
            "/cloud/users/recent",
            "/cloud/groups/staff/users/details",
        ] {
            let found = service.get("root", &format!("{path}?search={encoded}")).await;
            assert_eq!(found, json!({"users": []}), "{path} {sql}");
        }
        for parameter in ["limit", "offset", "order", "sort"] {
            service.send("root", "GET", &format!("/cloud/users?{parameter}={encoded}")).await.data();
        }
        service
            .refused(
                "root",
                "GET",
                &format!("/cloud/users/{encoded}"),
                &json!({}),
                (404, "User does not exist"),
            )
            .await;
        service.refused("root", "DELETE", &format!("/cloud/groups/{twice}"), &json!({}), (101, "")).await;
        service.done("root", "POST", "/cloud/groups", &json!({"groupid": sql, "displayname": sql})).await;
        let found = service.get("root", &format!("/cloud/groups?search={encoded}")).await;
        assert_eq!(found, json!({ "groups": [sql] }), "{sql}");
        service.done("root", "POST", "/cloud/users/mira/groups", &json!({ "groupid": sql })).await;
        assert_eq!(
            service.get("root", &format!("/cloud/groups/{twice}/users")).await,
            json!({"users": ["mira"]})
        );
        service.done("root", "DELETE", &format!("/cloud/groups/{twice}"), &json!({})).await;
        for key in ["displayname", "biography", "organisation"] {
            service.done("root", "PUT", "/cloud/users/mira", &json!({"key": key, "value": sql})).await;
            assert_eq!(service.get("root", "/cloud/users/mira").await[key], sql);
        }
        service
            .done("root", "PUT", "/cloud/users/mira", &json!({"key": "displayname", "value": "mira"}))
            .await;
        let key = format!("{CONFIG}/apps/rooms/{encoded}");
        service.done("root", "POST", &key, &json!({ "value": sql })).await;
        assert_eq!(service.get("root", &key).await, json!({ "data": sql }));
        service.done("root", "DELETE", &key, &json!({})).await;
        let wrong = service.request("v2", "", "GET", "/cloud/user").basic_auth(sql, Some(sql));
        assert_eq!(answer(wrong).await.status, 401);
    }
    assert_eq!(service.get("root", "/cloud/users").await["users"].as_array().unwrap().len(), 8);
    assert_eq!(service.get("root", "/cloud/groups").await["groups"].as_array().unwrap().len(), 4);
}
