//! Applications as the Auvious dialect's clients work with them.

use reqwest::Method;
use serde_json::Value;

use super::{Answer, Credentials, Person, Stack};

/// What precedes every path of the dialect.
pub(crate) const APPLICATIONS: &str = "/api/applications";

/// The application in the bootstrap file.
pub(crate) const DESK_APPLICATION: &str = "/desk-app";

const SCOPE: &str = "global offline_access";

impl Stack {
    /// An address at the applications service, below the prefix of its API.
    pub(crate) fn applications_url(&self, path: &str) -> String {
        format!("{}{APPLICATIONS}{path}", self.origin_of(self.applications.as_ref().unwrap_or(&self.auth)))
    }

    /// A client's own token.
    pub(crate) async fn client_token(&self, client: &Credentials) -> String {
        self.own_token(client).await.expect(200).access_token()
    }

    /// Asks for a client's own token.
    pub(crate) async fn own_token(&self, client: &Credentials) -> Answer {
        self.oauth("/oauth/token", client, &[("grant_type", "client_credentials")]).await
    }

    /// Signs a person in at the front end that is bound to the application.
    pub(crate) async fn desk_sign_in(&self, person: &Person) -> Answer {
        self.sign_in_at(&self.declared.desk, person, SCOPE).await
    }

    /// Uses a refresh token that is bound to the application.
    pub(crate) async fn refresh_at_desk(&self, token: &str) -> Answer {
        let form = [("grant_type", "refresh_token"), ("refresh_token", token)];
        self.oauth("/oauth/token", &self.declared.desk, &form).await
    }

    /// Calls the applications service with a token.
    pub(crate) async fn call_application(&self, token: &str, method: Method, path: &str) -> Answer {
        self.send(self.http.request(method, self.applications_url(path)).bearer_auth(token)).await
    }

    /// Changes an application.
    pub(crate) async fn put_application(&self, token: &str, path: &str, body: &Value) -> Answer {
        self.send(self.http.put(self.applications_url(path)).bearer_auth(token).json(body)).await
    }
}
