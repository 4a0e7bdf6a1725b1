//! Accounts, groups and apps as the OCS dialect's clients manage them.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::{Answer, Person, Stack, new_secret};

/// What precedes every path of the dialect.
pub(crate) const OCS: &str = "/ocs/v2.php";

impl Stack {
    /// An address at the provisioning service, below the prefix of its API.
    pub(crate) fn ocs_url(&self, path: &str) -> String {
        format!("{}{OCS}{path}", self.origin_of(self.provisioning.as_ref().unwrap_or(&self.auth)))
    }

    /// A request of nobody, to be completed.
    pub(crate) fn bare_ocs_request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, self.ocs_url(path));
        request.header("OCS-APIRequest", "true").header("Accept", "application/json")
    }

    /// A request of this person, to be completed.
    pub(crate) fn ocs_request(&self, person: &Person, method: Method, path: &str) -> RequestBuilder {
        self.bare_ocs_request(method, path).basic_auth(person.login, Some(&person.password))
    }

    /// What this person is told of themselves.
    pub(crate) async fn ocs_self(&self, person: &Person) -> Answer {
        self.send(self.ocs_request(person, Method::GET, "/cloud/user")).await
    }

    /// What the administrator does, which must succeed; the data of the answer.
    pub(crate) async fn as_root(&self, method: Method, path: &str, body: &Value) -> Value {
        let request = self.ocs_request(&self.declared.root, method, path).json(body);
        let answer = self.send(request).await.expect(200);
        assert_eq!(answer.json()["ocs"]["meta"]["statuscode"], 200, "{answer:?}");
        answer.json()["ocs"]["data"].clone()
    }

    /// Somebody whom nobody has seen before.
    pub(crate) fn newcomer(&self, login: &'static str) -> Person {
        let person = Person { login, email: format!("{login}@agency.example"), password: new_secret() };
        for name in [person.login, &person.email] {
            self.watch.note_pair(name, &person.password);
        }
        person
    }

    /// Makes an account for somebody, of the group `crew`.
    pub(crate) async fn hire(&self, person: &Person) {
        let data = self.as_root(Method::POST, "/cloud/users", &application_of(person)).await;
        assert_eq!(data, json!({ "id": person.login }));
    }

    /// Makes an app password for somebody declared: its id, and that person as a program knows them.
    pub(crate) fn app_password(&self, login: &str, name: &str) -> (String, Person) {
        let made = self.tessera(&["user", "app-password", "create", login, "--name", name, "--json"]);
        let made = made.expect(0).json();
        let text = |field: &str| made[field].as_str().expect(field).to_owned();
        let people = [&self.declared.ada, &self.declared.bob, &self.declared.root];
        let person = people.into_iter().find(|person| person.login == login).expect("somebody declared");
        let program = Person { password: text("app_password"), ..person.clone() };
        self.watch.note_pair(program.login, &program.password);
        (text("id"), program)
    }
}

/// What is said of somebody for whom an account is made.
fn application_of(person: &Person) -> Value {
    json!({
        "userid": person.login, "password": person.password, "email": person.email,
        "displayName": format!("{} of the crew", person.login), "groups": ["crew"], "quota": "12 MB",
    })
}
