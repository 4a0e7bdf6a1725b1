//! Another master key for a database.
//!
//! Tokens and keys are sealed anew; what the MACs of API-Tokens are derived from is kept, sealed, so that each token is
//! found as before. The text that the master key is recognised by is sealed for another purpose then: a version that
//! knows of no replacement refuses to start rather than finding no API-Token.

use auth_claims::clock::Clock;
use chrono::{DateTime, Utc};
use master_key::{MacRoot, MasterKey};
use serde::Serialize;
use store::{Db, DbConn};
use token_signing::Sealer;

use super::TokenError;
use super::secrets::{self, CHECK, Secret, Secrets};
use crate::store::{MIGRATIONS, api_tokens, secrets as rows, signing_keys};

/// So many API-Tokens are in memory at once.
const BATCH: i64 = 500;

/// What the check is sealed for once a key was replaced.
const LATER_CHECK: &[u8] = b"secret:check of a later key";

/// What was sealed anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Resealed {
    /// API-Tokens.
    pub api_tokens: usize,
    /// Keys of tokens: shared secrets and signing keys.
    pub keys: usize,
}

/// Gives the database another master key, in one transaction, while nothing else uses it. Nothing where it has that key
/// already. Migrates the database first.
///
/// # Errors
/// [`TokenError::MasterKey`] unless `old` or `new` is its key; [`TokenError::InUse`] while others are connected to it
/// (PostgreSQL; an embedded database is to be opened with [`Db::open_alone`]). Nothing has changed then.
pub async fn rekey(
    db: &Db,
    old: &MasterKey,
    new: &MasterKey,
    clock: &Clock,
) -> Result<Option<Resealed>, TokenError> {
    db.migrate(&MIGRATIONS).await?;
    if !db.wait_until_alone().await? {
        return Err(TokenError::InUse);
    }
    let (old, new, now) = (old.clone(), new.clone(), clock.now());
    db.write(move |conn| {
        signing_keys::lock(conn)?;
        rows::hold(conn)?;
        replace(conn, &old, &new, now)
    })
    .await
}

fn replace(
    conn: &mut DbConn,
    old: &MasterKey,
    new: &MasterKey,
    now: DateTime<Utc>,
) -> Result<Option<Resealed>, TokenError> {
    let (known, root) = match rows::find(conn, Secret::MacRoot.name())? {
        Some(kept) => {
            if secrets::open_root(&Secrets::new(new), &kept).is_ok() {
                return Ok(None);
            }
            let root = secrets::open_root(&Secrets::new(old), &kept)?;
            (Secrets::after_replacement(old, &root), root)
        }
        None => first(conn, old)?,
    };
    let next = Secrets::after_replacement(new, &root);
    let sealers = (known.key_sealer(), next.key_sealer());
    let done = Resealed {
        api_tokens: reseal_api_tokens(conn, known.api_token_sealer(), next.api_token_sealer())?,
        keys: reseal_keys(conn, &sealers.0, &sealers.1)?,
    };
    let kept = next.key_sealer().seal(root.expose(), &Secret::MacRoot.purpose())?;
    rows::replace(conn, Secret::MacRoot.name(), &kept, now)?;
    rows::replace(conn, Secret::Check.name(), &sealers.1.seal(CHECK, LATER_CHECK)?, now)?;
    Ok(Some(done))
}

/// The sub-keys of a database whose key was never replaced, and what its MACs are derived from.
fn first(conn: &mut DbConn, master: &MasterKey) -> Result<(Secrets, MacRoot), TokenError> {
    let (secrets, name) = (Secrets::new(master), Secret::Check.name());
    let foreign = || TokenError::MasterKey(name);
    let kept = rows::find(conn, name)?.ok_or_else(foreign)?;
    secrets.key_sealer().open(&kept, &Secret::Check.purpose()).map_err(|_| foreign())?;
    Ok((secrets, Secrets::mac_root(master)))
}

fn reseal_api_tokens(conn: &mut DbConn, old: &Sealer, new: &Sealer) -> Result<usize, TokenError> {
    let (mut count, mut after) = (0, 0);
    loop {
        let rows = api_tokens::list_sealed(conn, after, BATCH)?;
        let Some((last, _, _)) = rows.last() else { return Ok(count) };
        (after, count) = (*last, count + rows.len());
        for (id, mac, sealed) in &rows {
            let sealed = old.reseal(sealed, &secrets::purpose(mac), new);
            let sealed = sealed.map_err(|error| TokenError::Reseal("an API-Token", error))?;
            api_tokens::replace_sealed(conn, *id, &sealed)?;
        }
    }
}

fn reseal_keys(conn: &mut DbConn, old: &Sealer, new: &Sealer) -> Result<usize, TokenError> {
    let mut count = 0;
    for secret in [Secret::BaseKey, Secret::TemporaryKey] {
        let Some(sealed) = rows::find(conn, secret.name())? else { continue };
        let sealed = old.reseal(&sealed, &secret.purpose(), new);
        let sealed = sealed.map_err(|error| TokenError::Reseal(secret.name(), error))?;
        rows::replace_sealed(conn, secret.name(), &sealed)?;
        count += 1;
    }
    for key in signing_keys::list(conn)? {
        let sealed = key.resealed(old, new).map_err(|error| TokenError::Reseal("a signing key", error))?;
        signing_keys::replace_sealed(conn, &key.kid, &sealed)?;
        count += 1;
    }
    Ok(count)
}
