//! Making a client what the file declares.

use secrecy::ExposeSecret;
use store::DbConn;

use super::{CheckedClient, DeclaredSecret, KIND};
use crate::{
    bootstrap::{
        Action,
        declarations::{self, Declaration},
        pass::{Declared, Pass},
    },
    client_secrets::{self, HashedSecret},
    clients::{self, Client, ClientId, ClientKind, Registration},
    errors::IdentityError,
    faults::Faults,
};

pub(in crate::bootstrap) fn reconcile(
    conn: &mut DbConn,
    pass: &mut Pass<'_>,
    entry: &CheckedClient,
) -> Result<(), IdentityError> {
    let (Some(id), Some(kind)) = (&entry.id, entry.kind) else { return Ok(()) };
    let current = clients::find(conn, id)?;
    let made = current.is_none();
    let created_at = current.as_ref().map_or(pass.act.now(), |client| client.created_at);
    let outcome = match current {
        None => create(conn, pass, entry, id, kind),
        Some(client) => update(conn, pass, entry, client, kind),
    };
    let Some((action, fields)) = pass.absorb(&entry.path, outcome)? else { return Ok(()) };
    if !fields.is_empty() {
        pass.change(action, KIND, id.as_str(), fields);
    }
    let fingerprint = fingerprint(pass, entry, id);
    let row = Declared { id: id.to_string(), created_at, made, fingerprint };
    Ok(pass.declare(conn, KIND, row)?)
}

fn create(
    conn: &mut DbConn,
    pass: &Pass<'_>,
    entry: &CheckedClient,
    id: &ClientId,
    kind: ClientKind,
) -> Result<(Action, Vec<&'static str>), IdentityError> {
    let secret = hashed(pass, entry, id);
    if kind.is_confidential() && secret.is_none() {
        let mut faults = Faults::default();
        faults.push("secret", "is missing: a new client of this kind needs a secret or a secret_hash");
        return Err(faults.into());
    }
    let registration = entry.declared.registration(id.as_str()).check(kind)?;
    clients::insert(conn, pass.act, id, &registration, secret.as_ref())?;
    let mut fields = vec!["kind"];
    fields.extend(entry.declared.put_over(&mut Registration::new(String::new())));
    if secret.is_some() {
        fields.push("secret");
    }
    Ok((Action::Create, fields))
}

fn update(
    conn: &mut DbConn,
    pass: &Pass<'_>,
    entry: &CheckedClient,
    client: Client,
    kind: ClientKind,
) -> Result<(Action, Vec<&'static str>), IdentityError> {
    if client.kind != kind {
        let mut faults = Faults::default();
        faults.push("kind", format!("is {} for ever: this client exists", client.kind.as_str()));
        return Err(faults.into());
    }
    let known = declarations::find(conn, KIND, client.id.as_str(), client.created_at)?;
    let id = client.id.clone();
    let mut desired = Registration::from(client);
    let mut fields = entry.declared.put_over(&mut desired);
    if !fields.is_empty() {
        clients::update(conn, pass.act, &id, &desired.check(kind)?)?;
    }
    if let Some(secret) = hashed(pass, entry, &id)
        && secret_differs(conn, pass, entry, &id, known.as_ref(), &secret)?
    {
        // The file says which secret is valid, so the one before ends.
        clients::rotate(conn, pass.act, &id, &secret, None)?;
        fields.push("secret");
    }
    Ok((Action::Update, fields))
}

/// Whether the declared secret has to be set: it was not declared before, and is none of the client's own.
fn secret_differs(
    conn: &mut DbConn,
    pass: &Pass<'_>,
    entry: &CheckedClient,
    id: &ClientId,
    known: Option<&Declaration>,
    secret: &HashedSecret,
) -> Result<bool, IdentityError> {
    if known.is_some_and(|known| known.fingerprint == fingerprint(pass, entry, id)) {
        return Ok(false);
    }
    let live = client_secrets::list(conn, id)?;
    Ok(!live.iter().any(|stored| stored.is_live(pass.act.now()) && stored.hash == *secret))
}

fn hashed(pass: &Pass<'_>, entry: &CheckedClient, id: &ClientId) -> Option<HashedSecret> {
    Some(match entry.secret.as_ref()? {
        DeclaredSecret::Plain(secret) => HashedSecret::Mac(client_secrets::proof(pass.secrets, id, secret)),
        DeclaredSecret::Imported(hash) => HashedSecret::Imported(hash.clone()),
    })
}

fn fingerprint(pass: &Pass<'_>, entry: &CheckedClient, id: &ClientId) -> Option<String> {
    Some(match entry.secret.as_ref()? {
        DeclaredSecret::Plain(secret) => pass.fingerprint(KIND, id.as_str(), "plain", secret.expose_secret()),
        DeclaredSecret::Imported(hash) => pass.fingerprint(KIND, id.as_str(), "hash", &hash.to_stored()),
    })
}
