//! Where the authorization server is, and who this service is to it.

use std::time::Duration;

use schemars::JsonSchema;
use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

use crate::transport::AuthorityError;

/// The section `authority` of a service's settings.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuthoritySettings {
    /// The authorization server's address as this service reaches it. Proxies of the environment (`HTTPS_PROXY` and
    /// the like) are ignored: credentials go to this host and nowhere else. For `https` the certificates of the system
    /// count, or those `SSL_CERT_FILE` and `SSL_CERT_DIR` name.
    pub url: Url,
    /// This service's client id.
    pub client_id: String,
    /// Its secret; or `client_secret_file`.
    #[schemars(with = "String")]
    pub client_secret: SecretString,
    /// How long one request may take; a long poll its waiting time more. Default 5 s.
    #[serde(default = "five_seconds", with = "humantime_serde")]
    #[schemars(with = "String")]
    pub timeout: Duration,
    /// The audience exchanged tokens are asked for. Default: the service's own.
    #[serde(default)]
    pub audience: Option<String>,
}

const fn five_seconds() -> Duration {
    Duration::from_secs(5)
}

/// The addresses behind the one that was set.
pub(crate) struct Endpoints {
    pub(crate) token: Url,
    pub(crate) keys: Url,
    pub(crate) revocations: Url,
    pub(crate) applications: Url,
    pub(crate) directory: Url,
}

impl AuthoritySettings {
    /// The defaults for one client.
    #[must_use]
    pub fn new(url: Url, client_id: impl Into<String>, client_secret: SecretString) -> Self {
        let (client_id, timeout) = (client_id.into(), five_seconds());
        Self { url, client_id, client_secret, timeout, audience: None }
    }

    /// Asks for exchanged tokens of this audience alone, whatever else the client is registered for, unless the settings
    /// name another.
    #[must_use]
    pub fn for_audience(self, audience: &str) -> Self {
        Self { audience: self.audience.or_else(|| Some(audience.to_owned())), ..self }
    }

    pub(crate) fn endpoints(&self) -> Result<Endpoints, AuthorityError> {
        let wrong = |what| AuthorityError::Settings(format!("authority.url {what}"));
        if !matches!(self.url.scheme(), "http" | "https") || !self.url.has_host() {
            return Err(wrong("is no http or https address"));
        }
        if !self.url.username().is_empty() || self.url.password().is_some() {
            return Err(wrong("must not carry credentials; they have settings of their own"));
        }
        if self.url.query().is_some() || self.url.fragment().is_some() {
            return Err(wrong("must have neither a query nor a fragment"));
        }
        let mut base = self.url.clone();
        base.set_path(&format!("{}/", self.url.path().trim_end_matches('/')));
        let join = |path| base.join(path).map_err(|_| wrong("is no base address"));
        Ok(Endpoints {
            token: join("oauth/token")?,
            keys: join(".well-known/jwks.json")?,
            revocations: join("internal/revocations")?,
            applications: join("internal/applications/")?,
            directory: join("internal/directory/")?,
        })
    }
}
