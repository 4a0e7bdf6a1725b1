//! External links of a base. `contracts/seatable-tokens.md` §10.

use std::sync::Arc;

use argon2::Argon2;
use argon2::password_hash::PasswordHasher as _;
use secrecy::{ExposeSecret as _, SecretString};
use store::DbConn;
use tokio::sync::Semaphore;

use super::{App, AppError, BasePath};
use crate::domain::access::Operation;
use crate::domain::base::Base;
use crate::domain::external_link::{ExpireDays, ExternalLink, LinkKind, LinkToken};
use crate::domain::id::AccountId;
use crate::domain::refusal::Refusal;
use crate::store::external_links::{self, NewExternalLink};
use crate::tokens::TokenError;

const MANAGE: Operation = Operation::ManageLinks;

/// The most links of a base. §10.2.
const MOST_LINKS: i64 = 100;

/// So many passwords are hashed at once; each takes 19 MiB.
const AT_ONCE: usize = 2;

/// Bounds the hashing of passwords.
#[derive(Debug, Clone)]
pub(super) struct Hashing(Arc<Semaphore>);

impl Default for Hashing {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

impl Hashing {
    /// The Argon2id hash of a password, made off the async workers.
    async fn hash(&self, password: SecretString) -> Result<String, AppError> {
        let failed = |error: &dyn std::fmt::Display| AppError::Password(error.to_string());
        let turn = Arc::clone(&self.0).acquire_owned().await.map_err(|error| failed(&error))?;
        let hashed = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            let hash = Argon2::default().hash_password(password.expose_secret().as_bytes());
            hash.map(|hash| hash.to_string()).map_err(|error| error.to_string())
        });
        hashed.await.map_err(|error| failed(&error))?.map_err(AppError::Password)
    }
}

/// What is asked of a new link.
#[derive(Debug, Clone, Default)]
pub struct LinkWish {
    /// The token that somebody chose.
    pub token: Option<LinkToken>,
    /// What an HTML page would ask for.
    pub password: Option<SecretString>,
    /// How long it lasts.
    pub expire_days: Option<ExpireDays>,
}

impl App {
    /// The links of a base, the newest first. §10.1.
    ///
    /// # Errors
    /// As [`App::permit`].
    pub async fn list_links(&self, caller: &AccountId, at: BasePath) -> Result<Vec<ExternalLink>, AppError> {
        let base = self.permit(caller, at, MANAGE).await?.base().id;
        Ok(self.db.read(move |conn| external_links::list(conn, base)).await?)
    }

    /// Makes a link. §10.2.
    ///
    /// # Errors
    /// As [`App::change`]; [`Refusal::LinkTaken`], [`Refusal::TooManyLinks`].
    pub async fn create_link(
        &self,
        caller: &AccountId,
        at: BasePath,
        wish: LinkWish,
    ) -> Result<(Base, ExternalLink), AppError> {
        // Nobody hashes for strangers, nor for a link that there is no room for. The transaction looks again.
        let base = self.permit(caller, at.clone(), MANAGE).await?.base().id;
        let wanted = wish.token.clone();
        self.db.read(move |conn| has_room(conn, base, wanted.as_ref())).await?;
        let password_hash = match wish.password {
            Some(password) => Some(self.hashing.hash(password).await?),
            None => None,
        };
        let (kind, token) = match wish.token {
            Some(token) => (LinkKind::Custom, token),
            None => (LinkKind::Plain, drawn()?),
        };
        let (by, now) = (caller.clone(), self.clock.now());
        self.change(caller, at, MANAGE, move |conn, permitted| {
            let base = permitted.base();
            let new = NewExternalLink {
                token: token.clone(),
                kind,
                base_id: base.id,
                password_hash: password_hash.clone(),
                created_by: by.clone(),
                at: now,
                expires_at: wish.expire_days.map(|days| days.after(now)),
            };
            has_room(conn, base.id, Some(&token))?;
            let made = external_links::insert(conn, &new)?.ok_or(Refusal::LinkTaken)?;
            Ok((base.clone(), made))
        })
        .await
    }

    /// Deletes a link: it is exchanged no more. A text that can be no token is the token of none. §10.3.
    ///
    /// # Errors
    /// As [`App::change`]; [`Refusal::NoLink`].
    pub async fn delete_link(
        &self,
        caller: &AccountId,
        at: BasePath,
        token: Option<LinkToken>,
    ) -> Result<Base, AppError> {
        self.change(caller, at, MANAGE, move |conn, permitted| {
            let token = token.as_ref().ok_or(Refusal::NoLink)?;
            let gone = external_links::delete(conn, permitted.base().id, token)?;
            if gone { Ok(permitted.base().clone()) } else { Err(Refusal::NoLink.into()) }
        })
        .await
    }
}

/// Whether a base may have one link more. A token that is taken is told first.
fn has_room(conn: &mut DbConn, base: i64, token: Option<&LinkToken>) -> Result<(), AppError> {
    if let Some(token) = token
        && external_links::find(conn, token)?.is_some()
    {
        return Err(Refusal::LinkTaken.into());
    }
    let is_full = external_links::count(conn, base)? >= MOST_LINKS;
    if is_full { Err(Refusal::TooManyLinks.into()) } else { Ok(()) }
}

fn drawn() -> Result<LinkToken, TokenError> {
    let mut octets = [0; 10];
    getrandom::fill(&mut octets).map_err(TokenError::Random)?;
    Ok(LinkToken::from_random(&octets))
}
