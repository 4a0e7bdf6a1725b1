//! §5.6–§5.8, §7.12.

use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{Backend, Service, answer};

const ALL: [Backend; 2] = [Backend::Sqlite, Backend::Postgres];

#[rstest]
#[actix_web::test]
async fn a_group_is_made_shown_renamed_and_removed(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    service
        .done("root", "POST", "/cloud/groups", &json!({"groupid": "España", "displayname": "Equipo"}))
        .await;
    service.done("root", "POST", "/cloud/groups", &json!({"groupid": "a/b c+d", "password": "stray"})).await;
    let listed = service.get("root", "/cloud/groups").await;
    assert_eq!(listed, json!({"groups": ["España", "a/b c+d", "admin", "atelier", "remote", "staff"]}));
    let details = service.get("root", "/cloud/groups/details?search=ESPA").await;
    let expected = json!({"id": "España", "displayname": "Equipo", "usercount": 0, "disabled": 0, "canAdd": true,
        "canRemove": true});
    assert_eq!(details, json!({ "groups": [expected] }));
    service
        .done("root", "PUT", "/cloud/groups/Espa%C3%B1a", &json!({"key": "displayname", "value": "Otro"}))
        .await;
    let details = service.get("root", "/cloud/groups/details?search=otro").await;
    assert_eq!(details["groups"][0]["displayname"], "Otro");
    // §2.3: raw, encoded once and encoded twice.
    for path in ["a/b%20c%252Bd", "a%2Fb%20c%252Bd", "a%252Fb+c%252Bd"] {
        let members = service.get("root", &format!("/cloud/groups/{path}")).await;
        assert_eq!(members, json!({"users": []}), "{path}");
    }
    service.done("root", "DELETE", "/cloud/groups/a%252Fb+c%252Bd", &json!({})).await;
    service.done("root", "DELETE", "/cloud/groups/Espa%C3%B1a", &json!({})).await;
    let listed = service.get("root", "/cloud/groups").await;
    assert_eq!(listed, json!({"groups": ["admin", "atelier", "remote", "staff"]}));
    let actions = ["group.create", "group.update", "group.delete"];
    for (action, count) in actions.into_iter().zip([5, 1, 2]) {
        let events = service.audited(action).await;
        assert_eq!(events.len(), count, "{action}");
        let root = service.account("root").await.unwrap().id.to_string();
        let last = events.last().unwrap();
        assert_eq!(
            (last.origin.actor.as_deref(), last.origin.dialect.as_deref()),
            (Some(root.as_str()), Some("ocs"))
        );
    }
}

/// §5.6: every refusal, and the bound of 255 characters.
#[actix_web::test]
async fn a_group_is_refused() {
    for backend in ALL {
        let service = Service::on(backend).await;
        let longest = "é".repeat(255);
        for (body, refusal) in [
            (json!({"groupid": ""}), (101, "Invalid group name")),
            (json!({"groupid": "0"}), (101, "Invalid group name")),
            (json!({"groupid": "a\u{1}b"}), (101, "Invalid group name")),
            (json!({"groupid": "a\u{0}b"}), (101, "Invalid group name")),
            (json!({"groupid": "x", "displayname": "y\u{1b}"}), (101, "Invalid group name")),
            (json!({"groupid": "x", "displayname": "y".repeat(256)}), (101, "Invalid group name")),
            (json!({"groupid": "staff"}), (102, "group exists")),
            (json!({"groupid": "admin"}), (102, "group exists")),
            (json!({}), (996, "Internal Server Error\n")),
            (json!({"groupid": null}), (996, "Internal Server Error\n")),
            (json!({"groupid": ["x"]}), (996, "Internal Server Error\n")),
            (json!({"groupid": "x", "displayname": ["y"]}), (996, "Internal Server Error\n")),
            (json!({"groupid": "é".repeat(256)}), (996, "Internal Server Error\n")),
        ] {
            service.refused("root", "POST", "/cloud/groups", &body, refusal).await;
        }
        assert_eq!(service.get("root", "/cloud/groups").await["groups"].as_array().unwrap().len(), 4);
        service.done("root", "POST", "/cloud/groups", &json!({ "groupid": longest })).await;
        service.done("root", "POST", "/cloud/groups", &json!({"groupid": "Staff"})).await;
        service
            .refused("root", "POST", "/cloud/groups", &json!({ "groupid": longest }), (102, "group exists"))
            .await;
    }
}

/// §5.7: the key is looked at first.
#[actix_web::test]
async fn a_change_is_refused() {
    for backend in ALL {
        let service = Service::on(backend).await;
        for (path, body, refusal) in [
            ("ghost", json!({"key": "name", "value": "x"}), (999, "")),
            ("staff", json!({"key": "Displayname", "value": "x"}), (999, "")),
            ("ghost", json!({"key": "displayname", "value": "x"}), (998, "Group does not exist")),
            ("STAFF", json!({"key": "displayname", "value": "x"}), (998, "Group does not exist")),
            ("staff", json!({"key": "displayname", "value": ""}), (101, "Not supported by backend")),
            ("staff", json!({"key": "displayname", "value": " \t"}), (101, "Not supported by backend")),
            ("staff", json!({"key": "displayname", "value": "a\u{0}"}), (101, "Not supported by backend")),
            (
                "staff",
                json!({"key": "displayname", "value": "x".repeat(256)}),
                (101, "Not supported by backend"),
            ),
            ("staff", json!({"key": "displayname"}), (996, "Internal Server Error\n")),
            ("staff", json!({"value": "x"}), (996, "Internal Server Error\n")),
            ("staff", json!({"key": "displayname", "value": ["x"]}), (996, "Internal Server Error\n")),
        ] {
            service.refused("root", "PUT", &format!("/cloud/groups/{path}"), &body, refusal).await;
        }
        let details = service.get("root", "/cloud/groups/details?search=staff").await;
        assert_eq!(details["groups"][0]["displayname"], "Group staff");
    }
}

/// §5.8: members stay, and so does the group of the administrators.
#[actix_web::test]
async fn a_removal_is_refused_or_leaves_the_members() {
    for backend in ALL {
        let service = Service::on(backend).await;
        service.refused("root", "DELETE", "/cloud/groups/ghost", &json!({}), (101, "")).await;
        service.refused("root", "DELETE", "/cloud/groups/admin", &json!({}), (102, "")).await;
        service.done("root", "DELETE", "/cloud/groups/atelier", &json!({})).await;
        assert_eq!(service.get("root", "/cloud/users/mira").await["groups"], json!(["staff"]));
        assert_eq!(service.get("root", "/cloud/users/sub/subadmins").await, json!(["staff"]));
        service.refused("root", "DELETE", "/cloud/groups/atelier", &json!({}), (101, "")).await;
    }
}

/// §7.12: search, pages, and who is asked for them.
#[rstest]
#[actix_web::test]
async fn groups_are_listed_by_text_and_page(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let listed = async |who: &str, query: &str| {
        service.get(who, &format!("/cloud/groups?{query}")).await["groups"].clone()
    };
    assert_eq!(listed("sub", "").await, json!(["admin", "atelier", "remote", "staff"]));
    assert_eq!(listed("root", "search=TE").await, json!(["atelier", "remote"]));
    assert_eq!(listed("root", "search=group%20st").await, json!(["staff"]));
    assert_eq!(listed("root", "limit=2&offset=1").await, json!(["atelier", "remote"]));
    assert_eq!(listed("root", "limit=0").await, json!([]));
    assert_eq!(listed("root", "limit=-1&offset=-5").await, json!(["admin", "atelier", "remote", "staff"]));
    assert_eq!(listed("root", "offset=9223372036854775807").await, json!([]));
    assert_eq!(listed("root", "search=%25").await, json!([]));
    assert_eq!(listed("root", "search=a%00b").await, json!([]));
    let details = service.get("sub", "/cloud/groups/details?search=atelier").await;
    assert_eq!(details["groups"][0]["usercount"], 3);
    service.done("root", "PUT", "/cloud/users/mira/disable", &json!({})).await;
    let details = service.get("sub", "/cloud/groups/details?search=atelier").await;
    let counts = &details["groups"][0];
    assert_eq!((&counts["usercount"], &counts["disabled"]), (&json!(3), &json!(1)));
    for path in ["/cloud/groups", "/cloud/groups/details"] {
        let refusal = (403, "Logged in account must be at least a sub admin");
        service.refused("jonas", "GET", path, &json!({}), refusal).await;
        service
            .refused("root", "GET", path, &json!({"search": ["x"]}), (996, "Internal Server Error\n"))
            .await;
    }
}

/// Whatever the page size is, every group is there once.
#[actix_web::test]
async fn pages_visit_each_group_once() {
    let service = Service::on(Backend::Sqlite).await;
    for number in 0..7 {
        service.done("root", "POST", "/cloud/groups", &json!({"groupid": format!("g {number}")})).await;
    }
    let all = service.get("root", "/cloud/groups").await["groups"].clone();
    for size in 1..6 {
        let mut visited = vec![];
        for page in 0..11 {
            let path = format!("/cloud/groups?limit={size}&offset={}", page * size);
            visited.extend(service.get("root", &path).await["groups"].as_array().unwrap().clone());
        }
        assert_eq!(Value::Array(visited), all, "{size}");
    }
}

/// §5.6: of several at the same time one makes it.
#[rstest]
#[actix_web::test]
async fn one_of_many_makes_a_group(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let service = Service::on(backend).await;
    let make =
        || answer(service.request("v2", "root", "POST", "/cloud/groups").json(&json!({"groupid": "race"})));
    let answers = futures_util::future::join_all((0..6).map(|_| make())).await;
    let mut codes: Vec<i64> = answers.iter().map(crate::support::Answer::code).collect();
    codes.sort_unstable();
    assert_eq!(codes, [102, 102, 102, 102, 102, 200]);
}

/// A text that is longer than any name is in none, and no failure of the database.
#[rstest]
#[actix_web::test]
async fn a_text_of_any_length_is_searched_for(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = Service::on(backend).await;
    for path in ["/cloud/groups", "/cloud/groups/details", "/cloud/users", "/cloud/users/details"] {
        let body = json!({ "search": "x".repeat(60_000) });
        let found = service.send_json("root", "GET", path, &body).await.data();
        assert!(found == json!({"groups": []}) || found == json!({"users": []}), "{path} {found}");
    }
}
