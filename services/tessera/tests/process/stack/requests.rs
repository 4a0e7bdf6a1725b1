//! Requests as the dialects' clients send them.

use reqwest::{Method, RequestBuilder};

use super::{Answer, Credentials, Person, Stack};

/// What precedes every path of the Meet external API.
pub(crate) const MEET: &str = "/external-api/v1.0";
const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const BASIC: &str = "urn:tessera:token-type:basic";

impl Stack {
    /// An address at the auth server.
    pub(crate) fn auth_url(&self, path: &str) -> String {
        format!("{}{path}", self.origin_of(&self.auth))
    }

    /// An address at the rooms service, below the prefix of its API.
    pub(crate) fn rooms_url(&self, path: &str) -> String {
        format!("{}{MEET}{path}", self.origin_of(self.rooms.as_ref().unwrap_or(&self.auth)))
    }

    /// Sends a request and remembers the tokens of its answer.
    pub(crate) async fn send(&self, request: RequestBuilder) -> Answer {
        self.try_send(request).await.expect("an answer")
    }

    /// The same where the server may be gone.
    pub(crate) async fn try_send(&self, request: RequestBuilder) -> reqwest::Result<Answer> {
        let answer = Answer::read(request.send().await?).await?;
        self.watch.learn(&answer.text);
        self.learn_triple(&answer);
        Ok(answer)
    }

    /// Calls the rooms service with a token.
    pub(crate) async fn call(&self, token: &str, method: Method, path: &str) -> Answer {
        self.send(self.request(token, method, path)).await
    }

    /// A call of the rooms service, to be completed.
    pub(crate) fn request(&self, token: &str, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, self.rooms_url(path)).bearer_auth(token)
    }

    /// Posts a form to the auth server as this client.
    pub(crate) async fn oauth(&self, path: &str, client: &Credentials, form: &[(&str, &str)]) -> Answer {
        self.send(self.oauth_request(path, client, form)).await
    }

    /// The same, to be sent.
    pub(crate) fn oauth_request(
        &self,
        path: &str,
        client: &Credentials,
        form: &[(&str, &str)],
    ) -> RequestBuilder {
        self.http.post(self.auth_url(path)).basic_auth(&client.id, Some(&client.secret)).form(form)
    }

    /// Asks for an application's token on behalf of a person.
    pub(crate) async fn application(&self, client: &Credentials, email: &str) -> Answer {
        let form = [
            ("client_id", client.id.as_str()),
            ("client_secret", &client.secret),
            ("grant_type", "client_credentials"),
            ("scope", email),
        ];
        let url = self.auth_url(&format!("{MEET}/application/token"));
        self.send(self.http.post(url).form(&form)).await
    }

    /// An application's token on behalf of a person.
    pub(crate) async fn application_token(&self, client: &Credentials, person: &Person) -> String {
        self.application(client, &person.email).await.expect(200).access_token()
    }

    /// Exchanges a person's password for a token with these scopes.
    pub(crate) async fn sign_in(&self, person: &Person, scope: &str) -> Answer {
        self.sign_in_at(&self.declared.gateway, person, scope).await
    }

    /// The same by another back end.
    pub(super) async fn sign_in_at(&self, client: &Credentials, person: &Person, scope: &str) -> Answer {
        let form = [
            ("grant_type", EXCHANGE),
            ("subject_token_type", BASIC),
            ("subject_token", &basic(person)),
            ("scope", scope),
        ];
        self.oauth("/oauth/token", client, &form).await
    }

    /// Uses a refresh token.
    pub(crate) async fn refresh(&self, token: &str) -> Answer {
        let form = [("grant_type", "refresh_token"), ("refresh_token", token)];
        self.oauth("/oauth/token", &self.declared.gateway, &form).await
    }

    /// Whether the auth server calls a token active.
    pub(crate) async fn is_active(&self, token: &str) -> bool {
        let answer = self.oauth("/oauth/introspect", &self.declared.gateway, &[("token", token)]).await;
        answer.expect(200).json()["active"].as_bool().expect("active")
    }
}

/// A person's credential as the exchange takes it.
fn basic(person: &Person) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(format!("{}:{}", person.login, person.password))
}
