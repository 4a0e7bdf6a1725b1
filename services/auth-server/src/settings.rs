//! `auth.*`, the same keys in `auth-server` and `tessera`.

mod limits;
mod seatable;

use std::time::Duration;

use auth_claims::keys::Algorithm;
use identity::clients::LONGEST_ACCESS_TOKEN;
use identity::device_sessions::DeviceSettings;
use identity::otp::OtpSettings;
use identity::refresh::RefreshSettings;
use meet_dialect::cors::CorsSettings;
use schemars::JsonSchema;
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use service_kit::origin::PublicOrigin;
use service_kit::settings::ServerSettings;
use store::pruning::PruneSettings;
use token_signing::RotationPolicy;

pub use self::limits::LimitSettings;
pub use self::seatable::SeaTableSettings;
use crate::domain::issuer::{InvalidIssuer, IssuerId};

/// How tokens are issued.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AuthSettings {
    /// The `iss` of every token and the base of every published endpoint. Default: `server.public_url`, else the address
    /// of the listener.
    #[schemars(with = "Option<String>")]
    pub issuer: Option<IssuerId>,
    /// How long an access token lives unless its client says otherwise; never longer than a day. Default: `1h`.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub access_token_ttl: Duration,
    /// Signing keys.
    pub signing: SigningSettings,
    /// Refresh tokens.
    #[serde(serialize_with = "shown")]
    pub refresh: RefreshSettings,
    /// What nobody may do too often.
    pub limits: LimitSettings,
    /// Second factors.
    pub otp: OtpSettings,
    /// The Meet dialect.
    pub meet: MeetSettings,
    /// The RDV dialect.
    pub rdv: RdvSettings,
    /// The SeaTable dialect.
    pub seatable: SeaTableSettings,
    /// How long audit events are kept. Default: none, for ever.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "Option<String>")]
    pub audit_kept: Option<Duration>,
    /// How what is over is deleted from the directory.
    pub pruning: PruneSettings,
}

impl Default for AuthSettings {
    fn default() -> Self {
        Self {
            issuer: None,
            access_token_ttl: Duration::from_hours(1),
            signing: SigningSettings::default(),
            refresh: RefreshSettings::default(),
            limits: LimitSettings::default(),
            otp: OtpSettings::default(),
            meet: MeetSettings::default(),
            rdv: RdvSettings::default(),
            seatable: SeaTableSettings::default(),
            audit_kept: None,
            pruning: PruneSettings::default(),
        }
    }
}

/// The lifetimes of refresh tokens, for `config show`.
fn shown<S: Serializer>(refresh: &RefreshSettings, serializer: S) -> Result<S::Ok, S::Error> {
    let shown = |duration| humantime_serde::Serde::from(duration);
    let mut map = serializer.serialize_map(Some(3))?;
    map.serialize_entry("grace", &shown(refresh.grace))?;
    map.serialize_entry("absolute", &shown(refresh.absolute))?;
    map.serialize_entry("idle", &shown(refresh.idle))?;
    map.end()
}

impl AuthSettings {
    /// The issuer, filled in from the address under which clients reach the server where none is set.
    ///
    /// # Errors
    /// A public address that is no issuer.
    pub fn with_issuer_at(mut self, server: &ServerSettings) -> Result<(Self, IssuerId), InvalidIssuer> {
        let issuer = match self.issuer {
            Some(issuer) => issuer,
            None => PublicOrigin::of(server).parse()?,
        };
        self.issuer = Some(issuer.clone());
        Ok((self, issuer))
    }
}

/// `auth.signing.*`
///
/// Deserializing refuses contradictions, so that a value of this type is one that can be worked with.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(remote = "Self", default, deny_unknown_fields)]
pub struct SigningSettings {
    /// What tokens are signed by: `ES256`, `EdDSA` or `RS256`. Default: `ES256`.
    #[schemars(with = "String")]
    pub algorithm: Algorithm,
    /// How long a key signs. Default: `30d`.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub interval: Duration,
    /// How long the next key is published before it signs. Default: `15m`.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub publish_lead: Duration,
    /// How often the stored keys are looked at, for what other replicas and the command line did. Default: `2s`.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub reload: Duration,
}

impl Default for SigningSettings {
    fn default() -> Self {
        Self {
            algorithm: Algorithm::Es256,
            interval: Duration::from_hours(30 * 24),
            publish_lead: Duration::from_mins(15),
            reload: Duration::from_secs(2),
        }
    }
}

impl<'de> Deserialize<'de> for SigningSettings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let settings = Self::deserialize(deserializer)?;
        if settings.interval <= settings.publish_lead {
            return Err(de::Error::custom("interval must be longer than publish_lead"));
        }
        if settings.reload.is_zero() {
            return Err(de::Error::custom("reload must be longer than nothing"));
        }
        Ok(settings)
    }
}

impl Serialize for SigningSettings {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}

impl SigningSettings {
    /// When keys follow one another. A key stays published until the longest token that it may have signed is over.
    #[must_use]
    pub fn rotation_policy(&self) -> RotationPolicy {
        RotationPolicy {
            algorithm: self.algorithm,
            interval: self.interval,
            publish_lead: self.publish_lead,
            longest_token: LONGEST_ACCESS_TOKEN.to_std().unwrap_or(Duration::MAX),
        }
    }
}

/// `auth.meet.*`, after `contracts/meet.md` §10.2.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MeetSettings {
    /// Whether the token route is there at all (`EXTERNAL_API_ENABLED`). Default: true.
    pub routed: bool,
    /// Whether it gives tokens (`APPLICATION_ENABLED`); it answers 404 otherwise. Default: true.
    pub enabled: bool,
    /// Whether an unknown e-mail gets an account (`APPLICATION_ALLOW_USER_CREATION` and the two settings that have to
    /// agree with it). Default: false.
    pub allow_user_creation: bool,
    /// How long its tokens live (`APPLICATION_JWT_EXPIRATION_SECONDS`); 0 is legal. Default: `1h`.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub token_ttl: Duration,
    /// Whom its tokens are meant for (`APPLICATION_JWT_AUDIENCE`). Default: `rooms`.
    pub audience: String,
    /// Browsers of other sites.
    pub cors: CorsSettings,
}

impl Default for MeetSettings {
    fn default() -> Self {
        Self {
            routed: true,
            enabled: true,
            allow_user_creation: false,
            token_ttl: Duration::from_hours(1),
            audience: "rooms".to_owned(),
            cors: CorsSettings::default(),
        }
    }
}

/// `auth.rdv.*`, after `contracts/rdv-sign-in.md` §1.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RdvSettings {
    /// Whether the routes below `/api/v1/auth` are there at all. Default: true.
    pub enabled: bool,
    /// How long a session lives, and how many an agent has. Default: one, for 24 h.
    pub sessions: DeviceSettings,
    /// Whether clients that prefer English (`Accept-Language`) are answered in English. Default: false.
    pub english: bool,
}

impl Default for RdvSettings {
    fn default() -> Self {
        Self { enabled: true, sessions: DeviceSettings::default(), english: false }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_config_show_prints_is_what_is_read() {
        let shown = serde_json::to_value(AuthSettings::default()).expect("JSON");
        assert_eq!(shown["refresh"], json!({ "grace": "1m", "absolute": "30days", "idle": "14days" }));
        assert_eq!(serde_json::from_value::<AuthSettings>(shown).expect("settings"), AuthSettings::default());
    }

    #[test]
    fn contradictions_are_refused() {
        for (wrong, sentence) in [
            (json!({ "interval": "1m", "publish_lead": "1m" }), "interval must be longer than publish_lead"),
            (json!({ "reload": "0s" }), "reload must be longer than nothing"),
        ] {
            let refused = serde_json::from_value::<AuthSettings>(json!({ "signing": wrong }));
            assert!(refused.is_err_and(|error| error.to_string().contains(sentence)));
        }
    }
}
