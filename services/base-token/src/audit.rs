//! Records of what was done to bases, for whoever keeps the log.

use auth_claims::claims::AccessClaims;

use crate::domain::base::Base;

/// Leaves one record at INFO of something that is committed, such as `base.create`.
pub(crate) fn record(action: &'static str, base: &Base, by: &AccessClaims) {
    let AccessClaims { sub, client_id, .. } = by;
    tracing::info!(
        dialect = "seatable",
        action,
        base.id = base.id,
        base.uuid = %base.uuid,
        account.id = sub,
        client.id = client_id,
        "{action}: base {}, by {sub} through client {client_id}",
        base.uuid
    );
}
