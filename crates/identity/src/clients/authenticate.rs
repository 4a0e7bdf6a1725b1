//! Client authentication: unknown client, wrong secret and missing secret look and cost the same (threat 17).
//!
//! Until its first use, a client with an imported hash takes the time of that hash, and so can be told from an unknown
//! one. Making every failure as slow would let anybody keep the password pool busy; a client id is no secret.

use std::sync::Arc;

use secrecy::SecretString;
use store::StoreError;

use super::{Client, ClientId, cache::Known, find};
use crate::{
    client_secrets::{self, HashedSecret, StoredSecret},
    errors::IdentityError,
    identity::Identity,
    passwords::Verdict,
};

/// Why a client is not authenticated.
#[derive(Debug, thiserror::Error)]
pub enum ClientRefusal {
    /// No such client, or another secret: told apart by nobody.
    #[error("bad client credentials")]
    Invalid,
    /// The secret is right and the client disabled.
    #[error("the client is disabled")]
    Inactive,
    /// It could not be found out.
    #[error(transparent)]
    Failed(#[from] IdentityError),
}

impl Identity {
    /// The client that this id and secret belong to.
    ///
    /// # Errors
    /// [`ClientRefusal`]; `Inactive` only after the right secret.
    pub async fn authenticate_client(
        &self,
        id: &ClientId,
        secret: &SecretString,
    ) -> Result<Arc<Client>, ClientRefusal> {
        let proof = client_secrets::proof(&self.secrets, id, secret);
        if let Some(known) = self.clients.get(id, self.clock.uptime())
            && known.client.enabled
            && client_secrets::accepts(&known.secrets, &proof, self.clock.now())
        {
            return Ok(known.client.clone());
        }
        // Boxed, for it is large and seldom needed.
        Box::pin(self.prove_client(id, secret, proof)).await
    }

    #[tracing::instrument(name = "client.authenticate", skip_all, fields(client.id = %id))]
    async fn prove_client(
        &self,
        id: &ClientId,
        secret: &SecretString,
        proof: [u8; 32],
    ) -> Result<Arc<Client>, ClientRefusal> {
        let Some(known) = self.look_up(id).await? else {
            // The comparison a known client's two secrets would have cost.
            client_secrets::accepts(&StoredSecret::nobodys(), &proof, self.clock.now());
            return Err(ClientRefusal::Invalid);
        };
        let proven = client_secrets::accepts(&known.secrets, &proof, self.clock.now())
            || self.accepts_imported(id, &known, secret, proof).await?;
        match (proven, known.client.enabled) {
            (false, _) => Err(ClientRefusal::Invalid),
            (true, false) => Err(ClientRefusal::Inactive),
            (true, true) => Ok(known.client.clone()),
        }
    }

    async fn look_up(&self, id: &ClientId) -> Result<Option<Arc<Known>>, IdentityError> {
        let (changes, loaded) = (self.clients.count(), self.clock.uptime());
        let wanted = id.clone();
        // Both queries for an unknown client too.
        let (client, secrets) = self
            .db
            .look_up(move |conn| {
                Ok::<_, StoreError>((find(conn, &wanted)?, client_secrets::list(conn, &wanted)?))
            })
            .await?;
        let Some(client) = client else { return Ok(None) };
        let known = Arc::new(Known { client: Arc::new(client), secrets });
        self.clients.put(id, known.clone(), changes, loaded);
        Ok(Some(known))
    }

    /// Tries the secrets whose hashes came from another system, and replaces the one that matches by our own form.
    async fn accepts_imported(
        &self,
        id: &ClientId,
        known: &Known,
        secret: &SecretString,
        proof: [u8; 32],
    ) -> Result<bool, IdentityError> {
        for stored in known.secrets.iter().filter(|stored| stored.is_live(self.clock.now())) {
            let HashedSecret::Imported(hash) = &stored.hash else { continue };
            let _turn = self.clients.turn().await;
            if self.hasher.verify(hash, secret).await? == Verdict::Mismatch {
                continue;
            }
            let (row, old) = (stored.id.clone(), stored.hash.to_stored());
            let new = HashedSecret::Mac(proof);
            self.db.write(move |conn| client_secrets::replace(conn, &row, &old, &new)).await?;
            self.clients.changed();
            tracing::info!(client.id = %id, "replaced the imported secret hash of client {id}");
            return Ok(true);
        }
        Ok(false)
    }
}
