//! What every grant of every dialect ends in: a signature, or a refusal, and the trace either leaves behind.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};

use actix_web::HttpRequest;
use auth_claims::claims::AccessClaims;
use identity::applications::ApplicationId;
use identity::audit::{AuditEvent, Origin, Outcome, TokenIssue};
use metrics::Counter;
use secrecy::SecretString;
use serde_json::json;
use service_kit::client_address;
use service_kit::request_id::RequestId;

use crate::app::App;
use crate::domain::applications::BindingRefusal;
use crate::keys::KeysError;

thread_local! {
    /// By dialect, grant and outcome. Looking one up in the recorder takes longer than everything else that audit does.
    static COUNTERS: RefCell<HashMap<[&'static str; 3], Counter>> = RefCell::default();
}

/// A request for a token on its way: what audit and metrics will say of it.
#[derive(Debug)]
pub(crate) struct Attempt {
    /// On whose behalf.
    pub(crate) origin: Origin,
    dialect: &'static str,
    grant_type: &'static str,
}

impl Attempt {
    /// An attempt of which nothing is known yet but where it comes from.
    pub(crate) fn new(request: &HttpRequest, dialect: &'static str) -> Self {
        Self { origin: origin(request, dialect), dialect, grant_type: "none" }
    }

    /// An attempt of a service in this process.
    pub(crate) const fn within(origin: Origin) -> Self {
        Self { origin, dialect: "internal", grant_type: "none" }
    }

    /// The address it comes from.
    pub(crate) fn address(&self) -> IpAddr {
        address(&self.origin)
    }

    /// Notes the client it claims to come from.
    pub(crate) fn client(&mut self, client_id: &str) {
        self.origin.client_id = Some(client_id.to_owned());
        tracing::Span::current().record("client.id", client_id);
    }

    /// Notes the grant; a bounded label, never what the client sent.
    pub(crate) fn grant(&mut self, grant_type: &'static str) {
        self.grant_type = grant_type;
        tracing::Span::current().record("grant_type", grant_type);
    }

    /// Signs the token, and says so.
    pub(crate) async fn issue(&self, app: &App, claims: &AccessClaims) -> Result<SecretString, KeysError> {
        let token = app.keys.sign(claims, app.identity.clock().now()).await?;
        self.count("success");
        let at = app.identity.clock().now();
        app.identity.audit().issued(&TokenIssue {
            at,
            origin: &self.origin,
            grant_type: self.grant_type,
            claims,
        });
        Ok(token.into())
    }

    /// Says that nothing was issued, why, and through which application, if one is the reason.
    pub(crate) fn refused(
        &self,
        app: &App,
        outcome: &'static str,
        why: &str,
        application: Option<&BindingRefusal>,
    ) {
        self.count(outcome);
        let mut detail = json!({ "grant_type": self.grant_type, "error": outcome, "reason": why });
        if let Some(refusal) = application {
            detail["application_id"] = refusal.application_id.as_ref().map(ApplicationId::as_str).into();
            detail["application"] = refusal.word().into();
            metrics::counter!("tessera_application_refusals_total",
                "dialect" => self.dialect, "reason" => refusal.word())
            .increment(1);
        }
        let event = self.event(app, "token.issue").outcome(Outcome::Failure);
        app.identity.audit().record(event.detail(detail));
    }

    fn event(&self, app: &App, action: &'static str) -> AuditEvent {
        AuditEvent::new(app.identity.clock().now(), action, &self.origin)
    }

    /// Counts what came of it, where the audit trail hears it from the directory.
    pub(crate) fn count(&self, outcome: &'static str) {
        tracing::Span::current().record("outcome", outcome);
        let labels = [self.dialect, self.grant_type, outcome];
        COUNTERS.with_borrow_mut(|counters| {
            counters.entry(labels).or_insert_with(|| counter(labels)).increment(1);
        });
    }
}

fn counter([dialect, grant_type, outcome]: [&'static str; 3]) -> Counter {
    metrics::counter!("tessera_tokens_issued_total",
        "dialect" => dialect, "grant_type" => grant_type, "outcome" => outcome)
}

/// Where a request comes from.
pub(crate) fn origin(request: &HttpRequest, dialect: &'static str) -> Origin {
    Origin {
        actor: None,
        client_id: None,
        dialect: Some(dialect.to_owned()),
        address: Some(client_address(request)),
        request_id: Some(RequestId::of(request).to_string()),
    }
}

/// The address in an origin.
pub(crate) fn address(origin: &Origin) -> IpAddr {
    origin.address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
}

/// Says that something else than a token was refused.
pub(crate) fn refused(app: &App, origin: &Origin, action: &'static str, error: &'static str) {
    let event = AuditEvent::new(app.identity.clock().now(), action, origin).outcome(Outcome::Failure);
    app.identity.audit().record(event.detail(json!({ "error": error })));
}
