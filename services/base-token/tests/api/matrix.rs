//! Threat 15: every standing, every operation, every base; against the table of §9 as the contract prints it, and what of
//! it is to be seen afterwards.

use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{Answer, Backend, Service, base_path, workspace_path};

/// What somebody is to a base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Admin,
    Member,
    Writer,
    Reader,
    Stranger,
}

use Standing::{Admin, Member, Reader, Stranger, Writer};

/// Everybody, and what they are to the two bases: one of a group, one of a person.
const PEOPLE: [(&str, Standing, Standing); 8] = [
    ("owner", Admin, Stranger),
    ("admin", Admin, Stranger),
    ("member", Member, Stranger),
    ("writer", Writer, Writer),
    ("reader", Reader, Reader),
    // Through a group that both bases are shared with.
    ("guest", Reader, Reader),
    ("mira", Stranger, Admin),
    ("stranger", Stranger, Stranger),
];

/// An operation on a base: how it is called, and who may.
struct Operation {
    name: &'static str,
    method: &'static str,
    path: fn(&Place) -> String,
    body: fn(&Place) -> Value,
    may: fn(Standing) -> bool,
}

/// Where it is done, and with whom.
struct Place {
    workspace: i64,
    name: String,
    /// Somebody nothing is shared with.
    other: String,
    /// A group that nothing is shared with.
    group: i64,
}

impl Place {
    fn at(&self, rest: &str) -> String {
        base_path(self.workspace, &self.name, rest)
    }
}

fn nothing(_: &Place) -> Value {
    json!({})
}

fn admin(standing: Standing) -> bool {
    standing == Admin
}

fn member(standing: Standing) -> bool {
    matches!(standing, Admin | Member)
}

fn row(
    name: &'static str,
    method: &'static str,
    path: fn(&Place) -> String,
    body: fn(&Place) -> Value,
    may: fn(Standing) -> bool,
) -> Operation {
    Operation { name, method, path, body, may }
}

/// The table, each row with the method and the path that it is about; bases last, since they go.
fn operations() -> impl Iterator<Item = Operation> {
    on_tokens().into_iter().chain(on_shares()).chain(on_bases())
}

fn on_tokens() -> Vec<Operation> {
    let create = |_: &Place| json!({ "app_name": "new", "permission": "r" });
    let write = |standing| matches!(standing, Admin | Member | Writer);
    vec![
        row("list api-tokens", "GET", |at| at.at("api-tokens/"), nothing, admin),
        row("create api-token", "POST", |at| at.at("api-tokens/"), create, admin),
        row(
            "change api-token",
            "PUT",
            |at| at.at("api-tokens/app/"),
            |_| json!({ "permission": "rw" }),
            admin,
        ),
        row("delete api-token", "DELETE", |at| at.at("api-tokens/app/"), nothing, admin),
        row("temp-api-token", "GET", |at| at.at("temp-api-token/"), nothing, write),
        row("access-token", "GET", |at| at.at("access-token/"), nothing, |standing| standing != Stranger),
        row("list links", "GET", |at| at.at("external-links/"), nothing, admin),
        row("create link", "POST", |at| at.at("external-links/"), nothing, admin),
        row("delete link", "DELETE", |at| at.at("external-links/open-day/"), nothing, admin),
    ]
}

fn on_shares() -> Vec<Operation> {
    let read = |at: &Place| json!({ "email": at.other, "permission": "r" });
    let write = |at: &Place| json!({ "email": at.other, "permission": "rw" });
    let with_group = |at: &Place| json!({ "group_id": at.group, "permission": "r" });
    let group: fn(&Place) -> String = |at| at.at(&format!("group-shares/{}/", at.group));
    vec![
        row("list shares", "GET", |at| at.at("share/"), nothing, admin),
        row("share", "POST", |at| at.at("share/"), read, admin),
        row("end a share", "DELETE", |at| at.at("share/"), read, admin),
        row("change a share", "PUT", |at| at.at("share/"), write, admin),
        row("list group shares", "GET", |at| at.at("group-shares/"), nothing, admin),
        row("share with a group", "POST", |at| at.at("group-shares/"), with_group, admin),
        row("change a group share", "PUT", group, |_| json!({ "permission": "rw" }), admin),
        row("end a group share", "DELETE", group, nothing, admin),
    ]
}

fn on_bases() -> Vec<Operation> {
    let workspace: fn(&Place) -> String = |at| workspace_path(at.workspace);
    let rename = |at: &Place| json!({ "name": at.name, "new_name": format!("{} 2", at.name) });
    let create = |at: &Place| json!({ "name": "New", "workspace_id": at.workspace });
    let copy = |at: &Place| json!({ "src_workspace_id": at.workspace, "name": at.name, "dst_workspace_id": at.workspace });
    vec![
        row("rename", "PUT", workspace, rename, member),
        row("create", "POST", |_| "/api/v2.1/dtables/".to_owned(), create, member),
        row("copy into", "POST", |_| "/api/v2.1/dtable-copy/".to_owned(), copy, member),
        row("delete", "DELETE", workspace, |at| json!({ "name": at.name }), member),
    ]
}

/// A base of a group and one of a person, both with a token, a link and shares.
struct Scene {
    service: Service,
    places: [Place; 2],
}

impl Scene {
    async fn on(backend: Backend) -> Self {
        let service = Service::on(backend).await;
        let group = service.group("Logistics", "owner", &["admin", "member"]).await;
        service.promote(group, "admin").await;
        let guests = service.group("Guests", "guest", &["owner", "mira"]).await;
        let nobody_in = service.group("Elsewhere", "nobody", &[]).await;
        let other = service.person("other").await.internal_id;
        let of_group = service.group_base("member", group, "Stock").await;
        let own = service.base("mira", "Sales").await;
        let mut places = vec![];
        for (base, by) in [(&of_group, "owner"), (&own, "mira")] {
            for (with, permission) in [("writer", "rw"), ("reader", "r")] {
                service.share(by, base, with, permission).await;
            }
            service.share_with_group(by, base, guests, "r").await;
            let place = Place {
                workspace: base["workspace_id"].as_i64().unwrap(),
                name: base["name"].as_str().unwrap().to_owned(),
                other: other.clone(),
                group: nobody_in,
            };
            // `owner` and `mira` see the other's base as guests: they leave before anything is tried.
            let token = json!({ "app_name": "app", "permission": "r" });
            service.json(by, "POST", &place.at("api-tokens/"), &token).await.expect(201);
            let link = if base["name"] == "Stock" { "open-day" } else { "open-day-2" };
            service.form(by, "POST", &place.at("external-links/"), &[("token", link)]).await.expect(200);
            places.push(place);
        }
        service.leave(guests, "owner").await;
        service.leave(guests, "mira").await;
        Self { service, places: places.try_into().unwrap_or_else(|_| panic!("two places")) }
    }

    async fn call(&self, who: &str, operation: &Operation, place: &Place) -> Answer {
        let path = (operation.path)(place);
        self.service.json(who, operation.method, &path, &(operation.body)(place)).await
    }

    /// All that an administrator sees of a base.
    async fn state(&self, by: &str, place: &Place) -> Value {
        let mut state = vec![];
        for rest in ["api-tokens/", "external-links/", "share/", "group-shares/"] {
            state.push(self.service.get(by, &place.at(rest)).await.expect(200).json());
        }
        let found = self.service.workspace(by, |entry| entry["id"] == place.workspace).await.unwrap();
        state.push(found["table_list"].clone());
        Value::Array(state)
    }
}

/// Threat 15: whoever may not is told so in the same words, and nothing has changed; whoever may is not refused.
#[rstest]
#[actix_web::test]
async fn threat_15_everybody_does_what_the_table_says(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let scene = Scene::on(backend).await;
    for (index, administrator) in [(0, "owner"), (1, "mira")] {
        let place = &scene.places[index];
        let before = scene.state(administrator, place).await;
        for (who, of_group, own) in PEOPLE {
            let standing = [of_group, own][index];
            for operation in operations() {
                if (operation.may)(standing) {
                    continue;
                }
                let answer = scene.call(who, &operation, place).await;
                assert_eq!(answer.status, 403, "{who} {} {answer:?}", operation.name);
                answer.expect_forbidden();
            }
        }
        assert_eq!(scene.state(administrator, place).await, before);
    }
}

/// Threat 15: whoever may, may: each operation by each of those, on a base that is as it was.
#[rstest]
#[actix_web::test]
async fn threat_15_nobody_is_refused_what_the_table_grants(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    for (index, link) in [(0, "open-day"), (1, "open-day-2")] {
        for (who, of_group, own) in PEOPLE {
            let standing = [of_group, own][index];
            if standing == Stranger {
                continue;
            }
            let scene = Scene::on(backend).await;
            let place = &scene.places[index];
            for operation in operations() {
                if !(operation.may)(standing) || operation.name == "delete" {
                    continue;
                }
                let answer = if operation.name == "delete link" {
                    let path = place.at(&format!("external-links/{link}/"));
                    scene.service.send(who, "DELETE", &path).await
                } else {
                    scene.call(who, &operation, place).await
                };
                // What is not there to be ended, or is there already, was looked for: permission is checked before.
                let expected: &[u16] = match operation.name {
                    "copy into" | "share with a group" => &[400],
                    "change a group share" | "end a group share" | "change a share" => &[404],
                    _ => &[200, 201],
                };
                assert!(expected.contains(&answer.status), "{who} {} {answer:?}", operation.name);
                if operation.name == "rename" {
                    let back = json!({ "name": format!("{} 2", place.name), "new_name": place.name });
                    let path = workspace_path(place.workspace);
                    scene.service.json(who, "PUT", &path, &back).await.expect(200);
                }
            }
            if member(standing) {
                let name = json!({ "name": place.name });
                let path = workspace_path(place.workspace);
                scene.service.json(who, "DELETE", &path, &name).await.expect_success(200);
            }
        }
    }
}

/// Threat 15: of a base that is somebody else's a stranger learns that it is there, as the contract has it, and no more: the
/// answer to every operation on it is the same, whatever the base, its tokens and its links are called.
#[rstest]
#[actix_web::test]
async fn threat_15_a_stranger_learns_nothing_of_what_is_in_a_base(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let scene = Scene::on(backend).await;
    for place in &scene.places {
        for (known, unknown) in [
            ("api-tokens/app/", "api-tokens/none/"),
            ("external-links/open-day/", "external-links/no-such-link/"),
            ("group-shares/1/", "group-shares/99999/"),
        ] {
            for rest in [known, unknown] {
                let answer = scene.service.send("stranger", "DELETE", &place.at(rest)).await;
                answer.expect_forbidden();
            }
        }
    }
}
