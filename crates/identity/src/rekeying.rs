//! Which master key a database belongs to, and giving it another one.
//!
//! | database | its mark, the fact `master_key` | codes (HMACs) are derived from | sealed with |
//! | --- | --- | --- | --- |
//! | as its first start made it | a code under its key | the master key | the master key |
//! | after a replacement | another code under its new key | the fact `mac_root`, sealed with the new key | the new key |
//!
//! What is kept as a code alone (secrets of clients, refresh tokens, device tokens, app passwords, the chain of the audit
//! trail) cannot be made anew, so what codes are derived from stays the same for the life of the database, and everything
//! that is sealed is sealed anew. The mark is another one so that a version that knows of no replacement refuses to start
//! rather than taking every secret for a wrong one.

mod resealing;

use ::master_key::{MacRoot, SubKeys};
use auth_claims::clock::Clock;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::json;
use store::{Db, DbConn, StoreError};
use token_signing::Sealer;

use crate::MIGRATIONS;
use crate::audit::{self, AuditEvent, Origin};
use crate::errors::IdentityError;
use crate::facts::{self, Fact};
use crate::locks::Lock;
use crate::master::{MasterKey, Purpose, Secrets};

/// Separates the marks of replaced keys from everything else that is derived from a master key.
const MARKS: &[u8] = b"tessera identity master-key mark v1";

/// What the root of codes is sealed for.
const ROOT: &[u8] = b"mac-root";

/// What a database says of its master key.
struct Standing {
    mark: Option<String>,
    root: Option<String>,
}

/// What was sealed anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Resealed {
    /// Private halves of signing keys.
    pub signing_keys: usize,
    /// Account-Tokens, those of deleted accounts included.
    pub account_tokens: usize,
    /// Secrets of second factors.
    pub otp_secrets: usize,
}

/// What replacing a master key has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rekeyed {
    /// The database belongs to the new key.
    Done(Resealed),
    /// It did before: nothing has changed.
    Already,
}

/// The sub-keys of a database, if the key is its own. The first start notes a value that only this master key gives; later
/// ones compare. A wrong key would otherwise show as every client secret being wrong.
pub(crate) async fn open(db: &Db, master: &MasterKey) -> Result<Secrets, IdentityError> {
    let standing = db.read(find).await?;
    if standing.root.is_some() || standing.mark.is_some() {
        return standing.secrets(master).ok_or(IdentityError::ForeignMasterKey);
    }
    let mark = first_mark(&Secrets::new(master));
    db.write(move |conn| facts::note(conn, Fact::MasterKey, &mark)).await?;
    // Somebody else may have been faster.
    db.read(find).await?.secrets(master).ok_or(IdentityError::ForeignMasterKey)
}

/// Gives a database another master key, in one transaction, while nothing else uses the database: whoever still had the old
/// key would go on sealing with it. Migrates the database first.
///
/// # Errors
/// [`IdentityError::ForeignMasterKey`] unless `old` or `new` is its key; [`IdentityError::InUse`] while others are
/// connected to it (PostgreSQL; an embedded database is to be opened with [`Db::open_alone`]); those of the database.
/// Nothing has changed then.
pub async fn rekey(
    db: &Db,
    old: &MasterKey,
    new: &MasterKey,
    clock: &Clock,
    origin: &Origin,
) -> Result<Rekeyed, IdentityError> {
    db.migrate(&MIGRATIONS).await?;
    db.wait_until_alone().await?.then_some(()).ok_or(IdentityError::InUse("database"))?;
    let (old, new, origin, now) = (old.clone(), new.clone(), origin.clone(), clock.now());
    db.write(move |conn| {
        facts::lock(conn)?;
        Lock::SigningKeys.take(conn)?;
        resealing::hold(conn)?;
        let standing = find(conn)?;
        if standing.root.is_some() && standing.secrets(&new).is_some() {
            return Ok(Rekeyed::Already);
        }
        let known = standing.secrets(&old).ok_or(IdentityError::ForeignMasterKey)?;
        let root = standing.root_under(&old).ok_or(IdentityError::ForeignMasterKey)?;
        let next = Secrets::after_replacement(&new, &root);
        let done = resealing::all(conn, known.sealer(), next.sealer())?;
        facts::replace(conn, Fact::MacRoot, &sealed(&root, next.sealer())?)?;
        facts::replace(conn, Fact::MasterKey, &later_mark(&new))?;
        let event = AuditEvent::new(now, "master_key.replace", &origin).target("identity");
        audit::insert(conn, &event.detail(json!(done)))?;
        Ok(Rekeyed::Done(done))
    })
    .await
}

impl Standing {
    /// The sub-keys, if the database belongs to this key.
    fn secrets(&self, master: &MasterKey) -> Option<Secrets> {
        let mark = self.mark.as_deref()?;
        if self.root.is_some() {
            let root = self.root_under(master)?;
            return (mark == later_mark(master)).then(|| Secrets::after_replacement(master, &root));
        }
        let secrets = Secrets::new(master);
        (mark == first_mark(&secrets)).then_some(secrets)
    }

    /// What codes are derived from, if the database belongs to this key.
    fn root_under(&self, master: &MasterKey) -> Option<MacRoot> {
        let Some(kept) = &self.root else { return Some(Secrets::mac_root(master)) };
        let kept = STANDARD.decode(kept).ok()?;
        let opened = Secrets::new(master).sealer().open(&kept, ROOT).ok()?;
        MacRoot::from_slice(&opened)
    }
}

fn find(conn: &mut DbConn) -> Result<Standing, StoreError> {
    let [mark, root] = facts::find_both(conn, [Fact::MasterKey, Fact::MacRoot])?;
    Ok(Standing { mark, root })
}

fn sealed(root: &MacRoot, sealer: &Sealer) -> Result<String, StoreError> {
    let kept = sealer.seal(root.expose(), ROOT);
    kept.map(|kept| STANDARD.encode(kept)).map_err(|error| StoreError::corrupt("mac root", error))
}

/// The mark of a key that is the first of its database.
fn first_mark(secrets: &Secrets) -> String {
    hex::encode(secrets.mac(Purpose::BootstrapFingerprint, b"master key"))
}

/// The mark of a key that has replaced another.
fn later_mark(master: &MasterKey) -> String {
    hex::encode(SubKeys::new(master, MARKS).mac(b"mark", b"master key"))
}
