//! Records of what was done to applications, for whoever keeps the log.

use auth_claims::claims::AccessClaims;

use crate::domain::id::ApplicationId;

/// Leaves one record at INFO of something that is committed, such as `application.create`.
pub fn record(action: &'static str, application: &ApplicationId, by: &AccessClaims) {
    let AccessClaims { sub, client_id, .. } = by;
    tracing::info!(
        dialect = "auvious",
        action,
        application.id = %application,
        subject.id = sub,
        client.id = client_id,
        "{action}: application {application}, by {sub} through client {client_id}"
    );
}
