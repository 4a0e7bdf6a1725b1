//! What opens a base is exchanged for a Base-Token. `contracts/seatable-tokens.md` §7, §8, §10.4.

use super::{App, AppError, BasePath};
use crate::domain::access::Operation;
use crate::domain::api_token::PlainApiToken;
use crate::domain::base::Base;
use crate::domain::external_link::LinkToken;
use crate::domain::id::AccountId;
use crate::domain::name::AppName;
use crate::domain::permission::Permission;
use crate::domain::refusal::Refusal;
use crate::store::{api_tokens, bases, external_links};
use crate::tokens::{Bearer, SCRIPTS};

/// What an exchange gives.
#[derive(Debug, Clone)]
pub struct Exchanged {
    /// The Base-Token.
    pub access_token: String,
    /// The base.
    pub base: Base,
    /// The name of the API-Token that was exchanged.
    pub app_name: Option<String>,
}

/// A credential for one base, recognised.
#[derive(Debug, Clone)]
pub struct AppKey {
    base: Base,
    permission: Permission,
    holder: Holder,
}

#[derive(Debug, Clone)]
enum Holder {
    App {
        token: i64,
        name: AppName,
    },
    /// Of an account that is gone nothing is said.
    Script(Option<AccountId>),
}

impl AppKey {
    /// The base that it opens, which may lie in the trash.
    #[must_use]
    pub fn base(&self) -> &Base {
        &self.base
    }

    /// Leaves out whoever fetched a temporary token if they are gone by now. §3.1.
    #[must_use]
    pub fn unless_gone(mut self, is_gone: impl FnOnce(&AccountId) -> bool) -> Self {
        if let Holder::Script(account) = &mut self.holder
            && account.as_ref().is_some_and(is_gone)
        {
            *account = None;
        }
        self
    }

    fn bearer(&self) -> Bearer<'_> {
        match &self.holder {
            Holder::App { name, .. } => Bearer::App(name.as_str()),
            Holder::Script(account) => Bearer::Script(account.as_ref()),
        }
    }
}

impl App {
    /// What an API-Token or a temporary one opens; nothing for every other text. One read by an index at most, and nobody
    /// else is asked. §8.1.
    ///
    /// # Errors
    /// The database's.
    pub async fn find_app_key(&self, presented: &str) -> Result<Option<AppKey>, AppError> {
        if let Ok(token) = presented.parse::<PlainApiToken>() {
            let mac = self.tokens.secrets().mac(&token);
            let found = self.db.look_up(move |conn| api_tokens::find(conn, &mac)).await?;
            return Ok(found.map(|api_tokens::Key { id, app_name, permission, base }| AppKey {
                base,
                permission,
                holder: Holder::App { token: id, name: app_name },
            }));
        }
        let Some(temporary) = self.tokens.read_temporary(presented) else { return Ok(None) };
        let base = self.db.look_up(move |conn| bases::find_by_uuid(conn, temporary.base)).await?;
        // §3.1: always `rw`. Who may not write gets no temporary token.
        let holder = Holder::Script(Some(temporary.account));
        Ok(base.map(|base| AppKey { base, permission: Permission::Write, holder }))
    }

    /// The Base-Token of such a credential. That it was used is noted for later. §8.1.
    ///
    /// # Errors
    /// [`Refusal::NoBase`] with the name that a base has in the trash; [`AppError`].
    pub fn exchange_app_key(&self, key: AppKey) -> Result<Exchanged, AppError> {
        if key.base.trashed_at.is_some() {
            count("api_token", "trashed");
            return Err(Refusal::NoBase(key.base.shown_name().into_owned()).into());
        }
        let access_token = self.tokens.base_token(&key.base, key.permission, key.bearer())?;
        let app_name = match key.holder {
            Holder::App { token, name } => {
                self.last_access.note(token, self.clock.now());
                count("api_token", "issued");
                name.to_string()
            }
            Holder::Script(_) => {
                count("temporary_api_token", "issued");
                SCRIPTS.to_owned()
            }
        };
        Ok(Exchanged { access_token, base: key.base, app_name: Some(app_name) })
    }

    /// The Base-Token of somebody with an account, for as much as they may. §8.2.
    ///
    /// # Errors
    /// As [`App::permit`].
    pub async fn exchange_account(&self, caller: &AccountId, at: BasePath) -> Result<Exchanged, AppError> {
        let permitted = self.permit(caller, at, Operation::ReadBase).await?;
        let bearer = Bearer::Account(caller);
        let access_token = self.tokens.base_token(permitted.base(), permitted.permission(), bearer)?;
        count("account", "issued");
        Ok(Exchanged { access_token, base: permitted.base().clone(), app_name: None })
    }

    /// The Base-Token of anybody with a link: it only reads. §8.3, §10.4.
    ///
    /// # Errors
    /// [`Refusal::NoLink`]; [`Refusal::Forbidden`] for one that has ended or wants a password, which nobody can give
    /// here; [`Refusal::NoBase`] for a base in the trash; [`AppError`].
    pub async fn exchange_link(&self, token: Option<LinkToken>) -> Result<Exchanged, AppError> {
        let token = token.ok_or(Refusal::NoLink)?;
        let found = self.db.read(move |conn| external_links::find(conn, &token)).await?;
        let (link, base) = found.ok_or(Refusal::NoLink)?;
        // What has ended, or wants a password, tells nothing of its base.
        if link.protected || link.is_expired(self.clock.now()) {
            count("external_link", "denied");
            return Err(Refusal::Forbidden.into());
        }
        if base.trashed_at.is_some() {
            count("external_link", "trashed");
            return Err(Refusal::NoBase(base.shown_name().into_owned()).into());
        }
        let access_token = self.tokens.base_token(&base, Permission::Read, Bearer::Anybody)?;
        count("external_link", "issued");
        Ok(Exchanged { access_token, base, app_name: None })
    }

    /// A temporary API-Token, for whoever may write. §7.
    ///
    /// # Errors
    /// As [`App::permit`].
    pub async fn issue_temporary_token(&self, caller: &AccountId, at: BasePath) -> Result<String, AppError> {
        let permitted = self.permit(caller, at, Operation::IssueTemporaryToken).await?;
        Ok(self.tokens.temporary_token(permitted.base(), caller)?)
    }
}

/// Counts an exchange, by what was exchanged and what came of it.
pub(crate) fn count(credential: &'static str, outcome: &'static str) {
    metrics::counter!("tessera_base_tokens_issued_total", "credential" => credential, "outcome" => outcome)
        .increment(1);
}
