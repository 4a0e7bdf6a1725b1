//! Threat 15: every caller, every operation, every object; against tables A and B as the contract prints them.

use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{APPLICATIONS, Answer, Backend, Service, full_config, path};

/// Roles as the claim spells them; combinations whose rights are a union.
const ROLES: [&str; 12] = [
    "",
    "GLOBAL_ADMIN",
    "SERVICE",
    "CLIENT_SERVICE",
    "ADMIN",
    "SUPERVISOR",
    "AGENT",
    "CUSTOMER",
    "AGENT,CUSTOMER",
    "ADMIN,CUSTOMER",
    "CLIENT_SERVICE,AGENT",
    "SERVICE,ADMIN",
];
const PERMISSIONS: [&str; 4] = ["", "+view", "+add+edit+delete", "+view+add+edit+delete"];
const KINDS: [&str; 2] = ["GENESYS", "TEST"];

struct Who {
    name: String,
    roles: &'static str,
    permissions: &'static str,
    member: bool,
}

impl Who {
    fn all() -> Vec<Self> {
        let mut all = vec![];
        for roles in ROLES {
            for permissions in PERMISSIONS {
                for (organization, member) in [("@helios", true), ("", false)] {
                    let name = format!("{roles}{organization}{permissions}");
                    all.push(Self { name, roles, permissions, member });
                }
            }
        }
        all
    }

    fn is(&self, role: &str) -> bool {
        self.roles.split(',').any(|held| held == role)
    }

    fn is_internal(&self) -> bool {
        self.is("SERVICE") || self.is("GLOBAL_ADMIN")
    }

    fn reaches(&self, own: bool) -> bool {
        self.is_internal() || (self.member && own)
    }

    /// Table A, columns 2, 3, 5.
    fn writes(&self, kind: &str, own: bool) -> bool {
        let permitted = self.permissions.contains("+add");
        let by_role = |role: &str| match role {
            "CUSTOMER" => false,
            "ADMIN" => kind != "GENESYS" || permitted,
            _ => kind == "GENESYS" && permitted,
        };
        self.is_internal() || (self.member && own && self.roles.split(',').any(by_role))
    }

    /// Table B: the sections of an application within reach.
    fn sees(&self, kind: &str, own: bool) -> Vec<&'static str> {
        let own = own && self.member;
        let all = self.is("GLOBAL_ADMIN")
            || (own && self.permissions.contains("+view"))
            || (own && self.is("ADMIN") && kind != "GENESYS");
        let service = self.is("SERVICE") || (own && self.is("CLIENT_SERVICE"));
        let agent = own && ["ADMIN", "SUPERVISOR", "AGENT"].into_iter().any(|role| self.is(role));
        let customer = own && self.is("CUSTOMER");
        [(agent, "agentParameters"), (customer, "customerParameters"), (service, "serviceParameters")]
            .into_iter()
            .filter_map(|(seen, key)| (seen || all).then_some(key))
            .collect()
    }

    /// Table A, column 4.
    fn lists(&self, own: bool, visible: bool) -> bool {
        let own = own && self.member;
        self.is("GLOBAL_ADMIN") || (visible && self.reaches(own)) || (own && self.is("ADMIN"))
    }
}

fn id_of(kind: &str, own: bool, visible: bool) -> String {
    format!("{kind}-{}-{visible}", if own { "own" } else { "foreign" })
}

/// Every kind of application there is, in both organisations.
fn objects() -> impl Iterator<Item = (&'static str, bool, bool)> {
    KINDS.into_iter().flat_map(|kind| {
        [(true, true), (true, false), (false, true), (false, false)]
            .map(|(own, visible)| (kind, own, visible))
    })
}

async fn make(service: &Service, kind: &str, own: bool, visible: bool) {
    let id = id_of(kind, own, visible);
    service.application(&id, if own { "helios" } else { "selene" }, kind, &full_config()).await;
    if !visible {
        service.operate(&id, |application| application.visible = false).await;
    }
}

async fn filled(backend: Backend) -> Service {
    let service = Service::on(backend).await;
    for (kind, own, visible) in objects() {
        make(&service, kind, own, visible).await;
    }
    service
}

#[track_caller]
fn expect_sections(who: &Who, shown: &Value, kind: &str, own: bool) {
    let sections: Vec<_> =
        shown["config"].as_object().unwrap().keys().filter(|key| key.ends_with("Parameters")).collect();
    assert_eq!(sections, who.sees(kind, own), "{} {shown}", who.name);
    assert_eq!(shown["config"]["integrationId"], full_config()["integrationId"]);
}

/// The answer to whoever may not know of an application is the one to an id that nobody has.
#[track_caller]
fn expect_same(who: &Who, foreign: &Answer, id: &str, unknown: &Answer, none: &str) {
    foreign.expect_unknown(&path(id));
    assert_eq!(foreign.body.replace(id, none), unknown.body, "{}", who.name);
    let without_length = |answer: &Answer| {
        let mut headers = answer.headers.clone();
        headers.remove("date");
        headers
    };
    assert_eq!(without_length(foreign), without_length(unknown), "{}", who.name);
}

/// Threat 15: reading. Nothing hidden is shown, nothing foreign is told from nothing, and totals count what is listed.
#[rstest]
#[actix_web::test]
async fn threat_15_everybody_reads_what_the_tables_say(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = filled(backend).await;
    for who in Who::all() {
        let token = service.token(&who.name);
        for (kind, own, visible) in objects() {
            let id = id_of(kind, own, visible);
            let answer = service.send_with(&token, "GET", &path(&id)).await;
            if who.reaches(own) {
                expect_sections(&who, &answer.expect(200).json(), kind, own);
            } else {
                let none = "x".repeat(id.len());
                let unknown = service.send_with(&token, "GET", &path(&none)).await;
                expect_same(&who, &answer, &id, &unknown, &none);
            }
        }
        let page = service.send_with(&token, "GET", APPLICATIONS).await.expect(200).json();
        let mut listed: Vec<_> = objects()
            .filter(|(_, own, visible)| who.lists(*own, *visible))
            .map(|(kind, own, visible)| id_of(kind, own, visible))
            .collect();
        listed.sort();
        let items = page["content"].as_array().unwrap();
        let mut found: Vec<_> = items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect();
        found.sort();
        assert_eq!(found, listed, "{}", who.name);
        assert_eq!(page["totalElements"], listed.len(), "{}", who.name);
        for item in items {
            expect_sections(
                &who,
                item,
                item["type"].as_str().unwrap(),
                item["organizationId"] == "org-helios",
            );
        }
        for (organization, own) in [("org-helios", true), ("org-selene", false)] {
            let path = format!("{APPLICATIONS}/organizations/{organization}");
            let answer = service.send_with(&token, "GET", &path).await;
            if !who.is_internal() {
                answer.expect_forbidden();
                continue;
            }
            let page = answer.expect(200).json();
            assert_eq!(page["totalElements"], 4);
            for item in page["content"].as_array().unwrap() {
                expect_sections(&who, item, item["type"].as_str().unwrap(), own);
            }
        }
        for (id, own) in [(id_of("TEST", true, false), true), (id_of("TEST", false, true), false)] {
            let answer = service.send_with(&token, "GET", &format!("{}/availability", path(&id))).await;
            if who.is_internal() {
                assert_eq!(answer.expect(200).json(), json!({"available": false}));
            } else if who.is("CLIENT_SERVICE") && who.member {
                assert_eq!(answer.expect(200).json(), json!({"available": !own}));
            } else {
                answer.expect_forbidden();
            }
        }
    }
}

/// Threat 15: writing. Whoever may not, changes nothing; a refusal for something foreign is that for nothing.
#[rstest]
#[actix_web::test]
async fn threat_15_everybody_writes_what_the_tables_say(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let service = filled(backend).await;
    for who in Who::all() {
        let token = service.token(&who.name);
        let call = async |method: &str, path: &str, body: &Value| {
            let request = service.request(method, path).bearer_auth(&token).json(body);
            Answer::read(request.send().await.unwrap()).await
        };
        for (kind, own, visible) in objects() {
            let id = id_of(kind, own, visible);
            let none = "x".repeat(id.len());
            let before = service.stored(&id).await.unwrap();
            let body =
                json!({"type": kind, "config": full_config(), "organizationId": before.organization_id});
            for method in ["PUT", "DELETE"] {
                let answer = call(method, &path(&id), &body).await;
                if !who.reaches(own) {
                    let unknown = call(method, &path(&none), &body).await;
                    expect_same(&who, &answer, &id, &unknown, &none);
                } else if who.writes(kind, own) {
                    answer.expect_nothing(204);
                    let after = service.stored(&id).await;
                    assert_eq!(after.is_some(), method == "PUT");
                    if let Some(after) = after {
                        assert_eq!(
                            (after.version, after.config),
                            (before.version + 1, before.config.clone())
                        );
                    }
                    continue;
                } else {
                    answer.expect_forbidden();
                }
                assert_eq!(service.stored(&id).await, Some(before.clone()), "{} {method}", who.name);
            }
            if service.stored(&id).await.is_none() {
                make(&service, kind, own, visible).await;
            }
        }
        for kind in KINDS {
            let body = json!({"type": kind, "config": full_config(), "organizationId": "org-selene"});
            let answer = call("POST", APPLICATIONS, &body).await;
            if !who.writes(kind, true) {
                answer.expect_forbidden();
                continue;
            }
            let made = service.stored(&answer.expect(200).id()).await.unwrap();
            let expected = if who.is_internal() { "org-selene" } else { "org-helios" };
            assert_eq!(made.organization_id.as_str(), expected, "{}", who.name);
            service.send("GLOBAL_ADMIN", "DELETE", &path(made.id.as_str())).await.expect_nothing(204);
        }
    }
}
