//! Clients, as services ask for them.

use std::time::Duration;

use secrecy::SecretString;
use store::DbConn;

use super::{
    CheckedRegistration, Client, ClientCursor, ClientFilter, ClientId, ClientKind, NewClient, NewSecret,
    Registration, changes, find, queries,
};
use crate::{
    audit::Origin,
    client_secrets::{self, HashedSecret, PlainClientSecret, SecretSummary},
    errors::IdentityError,
    faults::Faults,
    identity::Identity,
    pages::Page,
};

/// How a client's secret is replaced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SecretRotation {
    /// How long the secret before stays valid beside the new one. Default: not at all.
    pub keep_previous: Option<Duration>,
    /// Whether tokens issued so far are revoked. Default: they live on until they expire.
    pub revoke_tokens: bool,
}

impl Identity {
    /// Registers a client. A secret made here comes back in clear, this once.
    ///
    /// # Errors
    /// [`IdentityError::Invalid`], [`IdentityError::Taken`].
    pub async fn create_client(
        &self,
        new: NewClient,
        origin: &Origin,
    ) -> Result<(Client, Option<PlainClientSecret>), IdentityError> {
        let registration = new.registration.check(new.kind)?;
        let id = match new.id {
            Some(id) => id,
            None => client_secrets::generate_id()?,
        };
        let (secret, shown) = self.secret_of(&id, new.kind, new.secret)?;
        let act = self.act(origin);
        let client = self
            .changing_clients(move |conn| changes::insert(conn, &act, &id, &registration, secret.as_ref()))
            .await?;
        Ok((client, shown))
    }

    fn secret_of(
        &self,
        id: &ClientId,
        kind: ClientKind,
        secret: NewSecret,
    ) -> Result<(Option<HashedSecret>, Option<PlainClientSecret>), IdentityError> {
        let hashed =
            |secret: &SecretString| HashedSecret::Mac(client_secrets::proof(&self.secrets, id, secret));
        match (kind.is_confidential(), secret) {
            (true, NewSecret::Generate) => {
                let secret = PlainClientSecret::generate(kind)?;
                Ok((Some(hashed(secret.expose())), Some(secret)))
            }
            (true, NewSecret::Given(secret)) => {
                client_secrets::check(&secret)?;
                Ok((Some(hashed(&secret)), None))
            }
            (true, NewSecret::Imported(hash)) => Ok((Some(HashedSecret::Imported(hash)), None)),
            (false, NewSecret::Generate) => Ok((None, None)),
            (false, NewSecret::Given(_) | NewSecret::Imported(_)) => {
                let mut faults = Faults::default();
                faults.push("secret", "a public client keeps none");
                Err(faults.into())
            }
        }
    }

    /// Gives a client this registration in place of its own. Its secrets stay.
    ///
    /// # Errors
    /// [`IdentityError::Invalid`], [`IdentityError::Unknown`].
    pub async fn update_client(
        &self,
        id: &ClientId,
        registration: Registration,
        origin: &Origin,
    ) -> Result<Client, IdentityError> {
        let (id, act) = (id.clone(), self.act(origin));
        self.changing_clients(move |conn| {
            let kind = find(conn, &id)?.ok_or(IdentityError::Unknown("client"))?.kind;
            let checked: CheckedRegistration = registration.clone().check(kind)?;
            changes::update(conn, &act, &id, &checked)
        })
        .await
    }

    /// Enables or disables a client. While it is disabled, every token it has is revoked.
    ///
    /// # Errors
    /// [`IdentityError::Unknown`].
    pub async fn set_client_enabled(
        &self,
        id: &ClientId,
        enabled: bool,
        origin: &Origin,
    ) -> Result<Client, IdentityError> {
        let (id, act) = (id.clone(), self.act(origin));
        self.changing_clients(move |conn| changes::set_enabled(conn, &act, &id, enabled)).await
    }

    /// Makes a new secret for a client, shown this once.
    ///
    /// # Errors
    /// [`IdentityError::Unknown`]; [`IdentityError::Invalid`] for a public client.
    pub async fn rotate_secret(
        &self,
        id: &ClientId,
        rotation: SecretRotation,
        origin: &Origin,
    ) -> Result<PlainClientSecret, IdentityError> {
        let client = self.find_client(id).await?.ok_or(IdentityError::Unknown("client"))?;
        if !client.kind.is_confidential() {
            let mut faults = Faults::default();
            faults.push("secret", "a public client keeps none");
            return Err(faults.into());
        }
        let plain = PlainClientSecret::generate(client.kind)?;
        let hashed = HashedSecret::Mac(client_secrets::proof(&self.secrets, id, plain.expose()));
        let (id, act) = (id.clone(), self.act(origin));
        let keep_until = rotation.keep_previous.map(|keep| act.now() + keep);
        self.changing_clients(move |conn| {
            changes::rotate(conn, &act, &id, &hashed, keep_until)?;
            if rotation.revoke_tokens { changes::revoke_tokens(conn, &act, &id) } else { Ok(()) }
        })
        .await?;
        Ok(plain)
    }

    /// Removes a client with its secrets and refresh tokens, and revokes its tokens.
    ///
    /// # Errors
    /// [`IdentityError::Unknown`].
    pub async fn delete_client(&self, id: &ClientId, origin: &Origin) -> Result<(), IdentityError> {
        let (id, act) = (id.clone(), self.act(origin));
        self.changing_clients(move |conn| changes::delete(conn, &act, &id)).await
    }

    /// The client with this id.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn find_client(&self, id: &ClientId) -> Result<Option<Client>, IdentityError> {
        let id = id.clone();
        Ok(self.db.look_up(move |conn| find(conn, &id)).await?)
    }

    /// Clients, newest first.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn list_clients(
        &self,
        filter: ClientFilter,
        after: Option<ClientCursor>,
        limit: i64,
    ) -> Result<Page<Client, ClientCursor>, IdentityError> {
        Ok(self.db.read(move |conn| queries::list(conn, &filter, after.as_ref(), limit)).await?)
    }

    /// When the live secrets of a client were made and end, newest first; never the secrets themselves.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn list_client_secrets(&self, id: &ClientId) -> Result<Vec<SecretSummary>, IdentityError> {
        let (id, now) = (id.clone(), self.clock.now());
        let secrets = self.db.read(move |conn| client_secrets::list(conn, &id)).await?;
        Ok(secrets.iter().filter(|secret| secret.is_live(now)).map(SecretSummary::from).collect())
    }

    /// A write that may change a client: announces revocations, and forgets remembered clients once it is committed.
    pub(crate) async fn changing_clients<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut DbConn) -> Result<T, IdentityError> + Send + 'static,
    ) -> Result<T, IdentityError> {
        let outcome = self.write_revoking(work).await;
        // After a failure too: whether a commit whose connection broke has happened is not known.
        self.clients.changed();
        outcome
    }
}
