//! Requests, of somebody or of nobody.

use reqwest::{Method, RequestBuilder};
use serde_json::Value;

use super::{Answer, Service};

impl Service {
    /// A request of nobody.
    pub(crate) fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let method: Method = method.parse().unwrap();
        self.http.request(method, format!("{}{path}", self.url))
    }

    /// A request of somebody with their Account-Token; an empty name is nobody.
    pub(crate) async fn request_as(&self, who: &str, method: &str, path: &str) -> RequestBuilder {
        let request = self.request(method, path);
        if who.is_empty() {
            return request;
        }
        let token = self.person(who).await.account_token;
        request.header("authorization", format!("Token {token}"))
    }

    /// Sends a request of somebody without a body.
    pub(crate) async fn send(&self, who: &str, method: &str, path: &str) -> Answer {
        Answer::of(self.request_as(who, method, path).await).await
    }

    pub(crate) async fn get(&self, who: &str, path: &str) -> Answer {
        self.send(who, "GET", path).await
    }

    /// Sends a form.
    pub(crate) async fn form(&self, who: &str, method: &str, path: &str, form: &[(&str, &str)]) -> Answer {
        Answer::of(self.request_as(who, method, path).await.form(form)).await
    }

    /// Sends JSON.
    pub(crate) async fn json(&self, who: &str, method: &str, path: &str, body: &Value) -> Answer {
        Answer::of(self.request_as(who, method, path).await.json(body)).await
    }

    /// A base of somebody's own, just made.
    pub(crate) async fn base(&self, who: &str, name: &str) -> Value {
        let made = self.form(who, "POST", "/api/v2.1/dtables/", &[("name", name)]).await.expect(201);
        made.json()["table"].clone()
    }

    /// A base of a group, made by somebody in it.
    pub(crate) async fn group_base(&self, who: &str, group: i64, name: &str) -> Value {
        let owner = format!("{group}@seafile_group");
        let form = [("name", name), ("owner", owner.as_str())];
        self.form(who, "POST", "/api/v2.1/dtables/", &form).await.expect(201).json()["table"].clone()
    }

    /// The entry of a type in somebody's workspaces.
    pub(crate) async fn workspace(&self, who: &str, matches: impl Fn(&Value) -> bool) -> Option<Value> {
        let list = self.get(who, "/api/v2.1/workspaces/").await.expect(200).json();
        list["workspace_list"].as_array().unwrap().iter().find(|entry| matches(entry)).cloned()
    }

    /// The number of somebody's own workspace.
    pub(crate) async fn workspace_of(&self, who: &str) -> i64 {
        let own = self.workspace(who, |entry| entry["type"] == "personal").await.unwrap();
        own["id"].as_i64().unwrap()
    }

    /// The number of a group's workspace, as one of its members finds it.
    pub(crate) async fn workspace_of_group(&self, who: &str, group: i64) -> i64 {
        let found = self.workspace(who, |entry| entry["group_id"] == group).await.unwrap();
        found["id"].as_i64().unwrap()
    }

    /// Shares a base with somebody.
    pub(crate) async fn share(&self, who: &str, base: &Value, with: &str, permission: &str) {
        let path = super::base_path(
            base["workspace_id"].as_i64().unwrap(),
            base["name"].as_str().unwrap(),
            "share/",
        );
        let email = self.person(with).await.internal_id;
        let form = [("email", email.as_str()), ("permission", permission)];
        self.form(who, "POST", &path, &form).await.expect_success(201);
    }

    /// Shares a base with a group.
    pub(crate) async fn share_with_group(&self, who: &str, base: &Value, group: i64, permission: &str) {
        let path = super::base_path(
            base["workspace_id"].as_i64().unwrap(),
            base["name"].as_str().unwrap(),
            "group-shares/",
        );
        let group = group.to_string();
        self.form(who, "POST", &path, &[("group_id", &group), ("permission", permission)]).await.expect(200);
    }
}
