//! The secrets of clients: shown once, stored as an HMAC under a key of their own, at most two live at a time.
//!
//! | state | `expires_at` | accepted |
//! | --- | --- | --- |
//! | current | none | yes |
//! | previous, kept by a rotation | an instant | until then |
//! | older, or expired | row removed by the next rotation | no |
//!
//! A hash that was imported (Django's) verifies slowly, once: then it is replaced by the HMAC.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use secrecy::{ExposeSecret, SecretString};
use store::{DbConn, StoreError, on_backend};
use subtle::{Choice, ConstantTimeEq};
use uuid::Uuid;

use self::schema::client_secrets;
use crate::{
    clients::{ClientId, ClientKind},
    errors::IdentityError,
    faults::Faults,
    master::{Purpose, Secrets},
    passwords::EncodedHash,
};

mod schema {
    diesel::table! {
        client_secrets (id) {
            id -> Text,
            client_id -> Text,
            hash -> Text,
            created_at -> Timestamp,
            expires_at -> Nullable<Timestamp>,
        }
    }
}

/// The shortest secret an administrator may choose.
pub const MIN_CLIENT_SECRET: usize = 32;
const MAX_CLIENT_SECRET: usize = 1024;
const MAC_PREFIX: &str = "hmac-sha256$";
/// Lengths of generated values (contracts/meet.md §3.1): 62 symbols, so more than 5.9 bits each.
const ID_LENGTH: usize = 40;
const APPLICATION_SECRET_LENGTH: usize = 128;
const SERVICE_SECRET_LENGTH: usize = 64;

/// A secret in clear: made here, shown once, wiped when dropped.
#[derive(Clone, Debug)]
pub struct PlainClientSecret(SecretString);

impl PlainClientSecret {
    pub(crate) fn generate(kind: ClientKind) -> Result<Self, IdentityError> {
        let length =
            if kind == ClientKind::Application { APPLICATION_SECRET_LENGTH } else { SERVICE_SECRET_LENGTH };
        Ok(Self(alphanumeric(length)?.into()))
    }

    /// The secret, for the one answer that shows it.
    #[must_use]
    pub fn expose(&self) -> &SecretString {
        &self.0
    }
}

/// When a live secret was made and ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretSummary {
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it ends, if a rotation has set an end.
    pub expires_at: Option<DateTime<Utc>>,
}

impl From<&StoredSecret> for SecretSummary {
    fn from(secret: &StoredSecret) -> Self {
        Self { created_at: secret.created_at, expires_at: secret.expires_at }
    }
}

/// A secret as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum HashedSecret {
    Mac([u8; 32]),
    Imported(EncodedHash),
}

impl HashedSecret {
    pub(crate) fn to_stored(&self) -> String {
        match self {
            Self::Mac(mac) => format!("{MAC_PREFIX}{}", hex::encode(mac)),
            Self::Imported(hash) => hash.to_stored(),
        }
    }

    fn parse(text: &str) -> Result<Self, StoreError> {
        let Some(mac) = text.strip_prefix(MAC_PREFIX) else {
            let hash = text.parse().map_err(|error| StoreError::corrupt("client_secrets.hash", error))?;
            return Ok(Self::Imported(hash));
        };
        let mut bytes = [0; 32];
        hex::decode_to_slice(mac, &mut bytes)
            .map_err(|error| StoreError::corrupt("client_secrets.hash", error))?;
        Ok(Self::Mac(bytes))
    }
}

/// A row of the table.
#[derive(Clone, Debug)]
pub(crate) struct StoredSecret {
    pub(crate) id: String,
    pub(crate) hash: HashedSecret,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) expires_at: Option<DateTime<Utc>>,
}

impl StoredSecret {
    /// What an unknown client's proof is compared with.
    pub(crate) fn nobodys() -> [Self; 1] {
        let (id, hash) = (String::new(), HashedSecret::Mac([0; 32]));
        // Expired, so that not even an all-zero code would be accepted.
        let expired = Some(DateTime::UNIX_EPOCH);
        [Self { id, hash, created_at: DateTime::UNIX_EPOCH, expires_at: expired }]
    }

    pub(crate) fn is_live(&self, now: DateTime<Utc>) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }
}

/// The code of a presented secret. Bound to the client, so that a row copied to another client is worth nothing.
pub(crate) fn proof(secrets: &Secrets, client: &ClientId, secret: &SecretString) -> [u8; 32] {
    let secret = secret.expose_secret().as_bytes();
    // A client id has no NUL, so the pair cannot be read in two ways.
    let message = zeroize::Zeroizing::new([client.as_str().as_bytes(), &[0], secret].concat());
    secrets.mac(Purpose::ClientSecret, &message)
}

/// Whether the code is that of a live secret; compares with all of them, in constant time.
pub(crate) fn accepts(stored: &[StoredSecret], proof: &[u8; 32], now: DateTime<Utc>) -> bool {
    let mut accepted = Choice::from(0);
    for secret in stored {
        if let HashedSecret::Mac(mac) = &secret.hash {
            accepted |= mac.ct_eq(proof) & Choice::from(u8::from(secret.is_live(now)));
        }
    }
    accepted.into()
}

/// Checks a secret that an administrator has chosen.
pub(crate) fn check(secret: &SecretString) -> Result<(), Faults> {
    let mut faults = Faults::default();
    let text = secret.expose_secret();
    if text.chars().count() < MIN_CLIENT_SECRET {
        faults.push("secret", format!("must have at least {MIN_CLIENT_SECRET} characters"));
    }
    if let Err(message) = check_form(secret) {
        faults.push("secret", message);
    }
    faults.into_result(())
}

/// Meet trims what is presented, so that a secret with blanks around it would never match.
pub(crate) fn check_form(secret: &SecretString) -> Result<(), String> {
    crate::text::check(secret.expose_secret(), MAX_CLIENT_SECRET)
}

/// A new client id.
pub(crate) fn generate_id() -> Result<ClientId, IdentityError> {
    let id = alphanumeric(ID_LENGTH)?;
    id.parse().map_err(|error| StoreError::corrupt("clients.id", error).into())
}

fn alphanumeric(length: usize) -> Result<String, IdentityError> {
    const SYMBOLS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut text = String::with_capacity(length);
    let mut random = zeroize::Zeroizing::new([0_u8; 64]);
    while text.len() < length {
        getrandom::fill(random.as_mut_slice()).map_err(IdentityError::Random)?;
        // Six bits each; 62 and 63 are thrown away, so that every symbol is equally likely.
        let symbols = random.iter().filter_map(|byte| SYMBOLS.get(usize::from(byte & 63)));
        let missing = length - text.len();
        text.extend(symbols.take(missing).map(|symbol| char::from(*symbol)));
    }
    Ok(text)
}

type Row = (String, String, NaiveDateTime, Option<NaiveDateTime>);

/// The secrets of a client, newest first, expired ones included.
pub(crate) fn list(conn: &mut DbConn, client: &ClientId) -> Result<Vec<StoredSecret>, StoreError> {
    let query = client_secrets::table
        .filter(client_secrets::client_id.eq(client.as_str()))
        .order(client_secrets::id.desc())
        .select((
            client_secrets::id,
            client_secrets::hash,
            client_secrets::created_at,
            client_secrets::expires_at,
        ));
    let rows: Vec<Row> = on_backend!(conn, |c| query.load(c))?;
    rows.into_iter()
        .map(|(id, hash, created_at, expires_at)| {
            let (created_at, expires_at) = (created_at.and_utc(), expires_at.map(|at| at.and_utc()));
            Ok(StoredSecret { id, hash: HashedSecret::parse(&hash)?, created_at, expires_at })
        })
        .collect()
}

/// Adds a secret.
pub(crate) fn insert(
    conn: &mut DbConn,
    now: DateTime<Utc>,
    client: &ClientId,
    secret: &HashedSecret,
    expires_at: Option<DateTime<Utc>>,
) -> Result<(), StoreError> {
    diesel::insert_into(client_secrets::table)
        .values((
            client_secrets::id.eq(Uuid::now_v7().to_string()),
            client_secrets::client_id.eq(client.as_str()),
            client_secrets::hash.eq(secret.to_stored()),
            client_secrets::created_at.eq(now.naive_utc()),
            client_secrets::expires_at.eq(expires_at.map(|at| at.naive_utc())),
        ))
        .execute(conn)?;
    Ok(())
}

/// Ends the secrets there are: the newest live one at `keep_until`, if given, all others now.
pub(crate) fn retire(
    conn: &mut DbConn,
    now: DateTime<Utc>,
    client: &ClientId,
    keep_until: Option<DateTime<Utc>>,
) -> Result<(), StoreError> {
    let newest = list(conn, client)?.into_iter().find(|secret| secret.is_live(now));
    let kept = newest
        .zip(keep_until)
        .map(|(secret, until)| (secret.id, secret.expires_at.map_or(until, |earlier| earlier.min(until))));
    let others = client_secrets::table
        .filter(client_secrets::client_id.eq(client.as_str()))
        .filter(client_secrets::id.ne(kept.as_ref().map_or("", |(id, _)| id)));
    diesel::delete(others).execute(conn)?;
    if let Some((id, until)) = kept {
        diesel::update(client_secrets::table.find(id))
            .set(client_secrets::expires_at.eq(until.naive_utc()))
            .execute(conn)?;
    }
    Ok(())
}

/// Replaces a stored form by another one of the same secret, unless it has changed meanwhile.
pub(crate) fn replace(
    conn: &mut DbConn,
    row: &str,
    old: &str,
    new: &HashedSecret,
) -> Result<bool, StoreError> {
    let same = client_secrets::table.find(row).filter(client_secrets::hash.eq(old));
    Ok(diesel::update(same).set(client_secrets::hash.eq(new.to_stored())).execute(conn)? == 1)
}
