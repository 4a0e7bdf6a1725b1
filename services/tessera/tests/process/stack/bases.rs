//! Bases as the SeaTable dialect's clients work with them.

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::BigInt;
use reqwest::{Method, RequestBuilder};
use serde_json::Value;

use super::{Answer, Person, Stack};

/// What precedes every path of the service.
pub(crate) const BASES: &str = "/api/v2.1";

/// A base that is there.
#[derive(Clone, Debug)]
pub(crate) struct Base {
    pub(crate) workspace: i64,
    pub(crate) name: String,
    pub(crate) uuid: String,
}

impl Base {
    /// A path below it.
    pub(crate) fn path(&self, rest: &str) -> String {
        format!("/workspace/{}/dtable/{}/{rest}", self.workspace, self.name)
    }
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

impl Stack {
    /// An address at the service of bases, below the prefix of its API.
    pub(crate) fn bases_url(&self, path: &str) -> String {
        format!("{}{BASES}{path}", self.origin_of(self.bases.as_ref().unwrap_or(&self.auth)))
    }

    /// Tries to sign in.
    pub(crate) async fn try_seatable_sign_in(&self, person: &Person) -> Answer {
        let form = [("username", person.email.as_str()), ("password", &person.password)];
        self.send(self.http.post(self.auth_url("/api2/auth-token/")).form(&form)).await
    }

    /// A person's Account-Token.
    pub(crate) async fn account_token(&self, person: &Person) -> String {
        let token = self.try_seatable_sign_in(person).await.expect(200).text_of("token");
        self.watch.note(&token);
        token
    }

    /// What the auth server says of whoever has this Account-Token.
    pub(crate) async fn account_info(&self, token: &str) -> Answer {
        self.send(with(self.http.get(self.auth_url("/api2/account/info/")), token)).await
    }

    /// A request with this token, to be completed.
    pub(crate) fn bases_request(&self, token: &str, method: Method, path: &str) -> RequestBuilder {
        with(self.http.request(method, self.bases_url(path)), token)
    }

    /// GET with this token.
    pub(crate) async fn bases_get(&self, token: &str, path: &str) -> Answer {
        self.send(self.bases_request(token, Method::GET, path)).await
    }

    /// POST of a form with this token.
    pub(crate) async fn bases_post(&self, token: &str, path: &str, form: &[(&str, &str)]) -> Answer {
        self.send(self.bases_request(token, Method::POST, path).form(form)).await
    }

    /// A new base of whoever has this Account-Token.
    pub(crate) async fn make_base(&self, token: &str, name: &str) -> Base {
        self.make_base_with(token, &[("name", name)]).await
    }

    /// A new base of a group.
    pub(crate) async fn make_group_base(&self, token: &str, group: i64, name: &str) -> Base {
        let owner = format!("{group}@seafile_group");
        self.make_base_with(token, &[("name", name), ("owner", &owner)]).await
    }

    async fn make_base_with(&self, token: &str, form: &[(&str, &str)]) -> Base {
        let made = self.bases_post(token, "/dtables/", form).await.expect(201).json();
        let text = |member: &str| made["table"][member].as_str().expect(member).to_owned();
        let workspace = made["table"]["workspace_id"].as_i64().expect("a workspace");
        Base { workspace, name: text("name"), uuid: text("uuid") }
    }

    /// A new API-Token of a base.
    pub(crate) async fn api_token(&self, token: &str, base: &Base, app: &str, permission: &str) -> String {
        let form = [("app_name", app), ("permission", permission)];
        self.bases_post(token, &base.path("api-tokens/"), &form).await.expect(201).text_of("api_token")
    }

    /// A new external link of a base; its token.
    pub(crate) async fn external_link(&self, token: &str, base: &Base) -> String {
        let made = self.bases_post(token, &base.path("external-links/"), &[]).await.expect(200);
        let link = made.text_of("token");
        self.watch.note(&link);
        link
    }

    /// Exchanges an API-Token.
    pub(crate) async fn exchange_api_token(&self, token: &str) -> Answer {
        self.bases_get(token, "/dtable/app-access-token/").await
    }

    /// Exchanges an external link.
    pub(crate) async fn exchange_link(&self, link: &str) -> Answer {
        let url = self.bases_url(&format!("/external-link-tokens/{link}/access-token/"));
        self.send(self.http.get(url)).await
    }

    /// The API-Tokens of a base, as its administrator lists them.
    pub(crate) async fn api_tokens(&self, token: &str, base: &Base) -> Vec<Value> {
        let list = self.bases_get(token, &base.path("api-tokens/")).await.expect(200).json();
        list["api_tokens"].as_array().expect("a list").clone()
    }

    /// The number of the group `crew`, as one of its members finds it.
    pub(crate) async fn crew(&self, token: &str) -> i64 {
        let groups = self.bases_get(token, "/groups/").await.expect(200).json();
        let crew = groups.as_array().expect("a list").iter().find(|group| group["name"] == "Crew");
        crew.expect("the crew")["id"].as_i64().expect("a number")
    }

    /// How many API-Tokens were used since they were made, as the database says.
    pub(crate) fn used_api_tokens(&self) -> i64 {
        let query = sql_query("SELECT count(*) AS count FROM api_tokens WHERE last_access > generated_at");
        let count: Count = if let Some(database) = self.databases.get(3) {
            let mut conn = PgConnection::establish(&database.url()).expect("the database of bases");
            query.get_result(&mut conn).expect("a count")
        } else {
            let path = self.home.path().join("data/bases.db").display().to_string();
            let mut conn = SqliteConnection::establish(&path).expect("the database of bases");
            query.get_result(&mut conn).expect("a count")
        };
        count.count
    }
}

/// The dialect's own spelling of a bearer.
fn with(request: RequestBuilder, token: &str) -> RequestBuilder {
    request.header("Authorization", format!("Token {token}"))
}
