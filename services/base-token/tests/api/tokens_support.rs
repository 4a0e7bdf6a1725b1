//! What the tests of tokens and links share.

use auth_claims::roles::Role;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use identity::accounts::AccountProfile;
use identity::audit::Origin;
use serde_json::{Value, json};

use crate::support::{Answer, Service, base_path};

/// The keys of §3.3.
pub(crate) const BASE_KEY: &str = "contract-demo-base-key-000000000000000000";
pub(crate) const TEMPORARY_KEY: &str = "contract-demo-temp-key-000000000000000000";

/// When every test begins.
pub(crate) const START: i64 = 1_800_000_000;
pub(crate) const START_TEXT: &str = "2027-01-15T08:00:00+00:00";

pub(crate) const APP_ACCESS_TOKEN: &str = "/api/v2.1/dtable/app-access-token/";

/// Settings with the contract's keys.
pub(crate) fn with_keys() -> Value {
    json!({"tokens": {"base_key": BASE_KEY, "temporary_key": TEMPORARY_KEY}})
}

/// A path below a base.
pub(crate) fn of(base: &Value, rest: &str) -> String {
    base_path(base["workspace_id"].as_i64().unwrap(), base["name"].as_str().unwrap(), rest)
}

/// A text as one segment of a path.
pub(crate) fn encode(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// The path of an API-Token.
pub(crate) fn of_token(base: &Value, app_name: &str) -> String {
    of(base, &format!("api-tokens/{}/", encode(app_name)))
}

/// The claims of a token, as text: their order counts.
pub(crate) fn claims(token: &Value) -> String {
    let payload = token.as_str().unwrap().split('.').nth(1).unwrap();
    String::from_utf8(URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

impl Service {
    /// A new API-Token of a base.
    pub(crate) async fn api_token(
        &self,
        who: &str,
        base: &Value,
        app_name: &str,
        permission: &str,
    ) -> String {
        let form = [("app_name", app_name), ("permission", permission)];
        let made = self.form(who, "POST", &of(base, "api-tokens/"), &form).await.expect(201);
        made.json()["api_token"].as_str().unwrap().to_owned()
    }

    /// A new external link; its token.
    pub(crate) async fn link(&self, who: &str, base: &Value, form: &[(&str, &str)]) -> String {
        let made = self.form(who, "POST", &of(base, "external-links/"), form).await.expect(200);
        made.json()["token"].as_str().unwrap().to_owned()
    }

    /// A temporary API-Token.
    pub(crate) async fn temporary_token(&self, who: &str, base: &Value) -> String {
        let made = self.get(who, &of(base, "temp-api-token/")).await.expect(200);
        made.json()["api_token"].as_str().unwrap().to_owned()
    }

    /// Exchanges what is an API-Token, or claims to be one.
    pub(crate) async fn exchange(&self, token: &str) -> Answer {
        self.get_with(&format!("Token {token}"), APP_ACCESS_TOKEN).await
    }

    /// Exchanges an external link.
    pub(crate) async fn exchange_link(&self, token: &str) -> Answer {
        self.get("", &format!("/api/v2.1/external-link-tokens/{}/access-token/", encode(token))).await
    }

    /// GET with this `Authorization`.
    pub(crate) async fn get_with(&self, authorization: &str, path: &str) -> Answer {
        Answer::of(self.request("GET", path).header("authorization", authorization)).await
    }

    /// The API-Tokens of a base.
    pub(crate) async fn api_tokens(&self, who: &str, base: &Value) -> Vec<Value> {
        let list = self.get(who, &of(base, "api-tokens/")).await.expect(200).json();
        list["api_tokens"].as_array().unwrap().clone()
    }

    /// Makes somebody an administrator of the whole platform.
    pub(crate) async fn make_global_admin(&self, who: &str) {
        let account = self.person(who).await.account;
        let profile = AccountProfile {
            email: Some(format!("{who}@example.org")),
            roles: vec![Role::GlobalAdmin],
            ..AccountProfile::new(who)
        };
        self.identity.update_account(account.id, profile, &Origin::default()).await.unwrap();
    }

    /// Puts a base into the trash.
    pub(crate) async fn trash(&self, who: &str, base: &Value) {
        let path = crate::support::workspace_path(base["workspace_id"].as_i64().unwrap());
        let form = [("name", base["name"].as_str().unwrap())];
        self.form(who, "DELETE", &path, &form).await.expect_success(200);
    }
}
