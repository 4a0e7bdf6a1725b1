//! Records of what was done to bases, for whoever keeps the log.

use auth_claims::claims::AccessClaims;

use crate::domain::base::Base;
use crate::domain::id::AccountId;
use crate::store::leavers::Left;

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

/// Leaves one record at INFO of what a deleted account has left, unless it was nothing.
pub(crate) fn record_leaver(account: &AccountId, left: Left) {
    let Left { bases, api_tokens, external_links, shares } = left;
    if left == Left::default() {
        return;
    }
    tracing::info!(
        dialect = "seatable",
        action = "account.leave",
        account.id = %account,
        bases,
        api_tokens,
        external_links,
        shares,
        reason = "account_deleted",
        "account.leave: account {account} is deleted: {bases} bases are in the trash, {api_tokens} API-Tokens, \
         {external_links} external links and {shares} shares are gone"
    );
}
