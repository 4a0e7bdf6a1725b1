//! What an access token says (`contracts/oauth2.md` §7, RFC 9068 §2.2).
//!
//! [`Terms`] are what every grant decides; the three methods say about whom. Adding a claim means adding it here.

use auth_claims::claims::{AccessClaims, Actor, Audience, SubjectKind};
use auth_claims::scopes::Scopes;
use chrono::{DateTime, TimeDelta, Utc};
use identity::accounts::Account;
use identity::clients::Client;
use uuid::Uuid;

use super::applications::Binding;

/// What a grant decides about a token, whoever it is about.
#[derive(Debug, Clone)]
pub struct Terms {
    /// Who issues it.
    pub issuer: String,
    /// The client it is issued to.
    pub client_id: String,
    /// Whom it is meant for.
    pub audience: Audience,
    /// What it permits.
    pub scope: Scopes,
    /// When it is issued: taken before anything about subject and client was read, so that every later revocation
    /// hits it.
    pub issued_at: DateTime<Utc>,
    /// How long it lives.
    pub ttl: TimeDelta,
    /// The application it is bound to.
    pub binding: Binding,
}

/// The session a user's token comes from.
#[derive(Debug, Clone, Default)]
pub struct Session {
    /// Its id.
    pub sid: Option<String>,
    /// When the user proved who they are.
    pub auth_time: Option<i64>,
    /// How.
    pub amr: Vec<String>,
    /// When it is over (Unix seconds), if it has an end of its own: no token of it lives longer.
    pub ends_at: Option<i64>,
}

impl Terms {
    /// A client's token for itself.
    #[must_use]
    pub fn for_client(self, client: &Client) -> AccessClaims {
        AccessClaims {
            organization_id: client.organization_id.clone(),
            roles: client.roles.clone(),
            permissions: client.permissions.clone(),
            ..self.about(client.id.as_str().to_owned(), SubjectKind::Client)
        }
    }

    /// A token for an account, through the client, with the account's claims as they are now.
    #[must_use]
    pub fn for_account(self, account: &Account, session: Session) -> AccessClaims {
        let own = self.about(account.id.to_string(), SubjectKind::User);
        AccessClaims {
            exp: session.ends_at.map_or(own.exp, |end| own.exp.min(end)),
            sid: session.sid,
            session_exp: session.ends_at,
            auth_time: session.auth_time,
            amr: session.amr,
            email: account.vouched_email().map(str::to_owned),
            name: account.shown_name(),
            organization_id: account.organization_id.clone(),
            organizations: account.organizations.clone(),
            service_id: account.service_id.clone(),
            roles: account.effective_roles(),
            groups: account.groups.clone(),
            ..own
        }
    }

    /// A token with everything another token says about its subject (RFC 8693), lifetime at most that token's.
    ///
    /// It belongs to that token's session; a token without one is the session of all that comes of it.
    #[must_use]
    pub fn for_subject(self, subject: &AccessClaims, actor: Box<Actor>) -> AccessClaims {
        let own = self.about(subject.sub.clone(), subject.kind);
        AccessClaims {
            iss: own.iss,
            aud: own.aud,
            exp: own.exp.min(subject.exp),
            iat: own.iat,
            nbf: own.nbf,
            jti: own.jti,
            client_id: own.client_id,
            scope: own.scope,
            application_id: own.application_id,
            act: Some(actor),
            sid: Some(subject.sid.as_ref().unwrap_or(&subject.jti).clone()),
            ..subject.clone()
        }
    }

    fn about(self, sub: String, kind: SubjectKind) -> AccessClaims {
        let iat = self.issued_at.timestamp();
        AccessClaims {
            iss: self.issuer,
            sub,
            aud: self.audience,
            exp: iat.saturating_add(self.ttl.num_seconds()),
            iat,
            nbf: Some(iat),
            jti: Uuid::new_v4().to_string(),
            client_id: self.client_id,
            scope: self.scope,
            auth_time: None,
            amr: Vec::new(),
            act: None,
            kind,
            sid: None,
            session_exp: None,
            email: None,
            name: None,
            organization_id: None,
            organizations: Vec::new(),
            service_id: None,
            roles: Vec::new(),
            groups: Vec::new(),
            permissions: Vec::new(),
            application_id: self.binding.into_application_id(),
            user_id: None,
            delegated: false,
        }
    }
}
