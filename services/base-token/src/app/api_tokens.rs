//! API-Tokens of a base. `contracts/seatable-tokens.md` §6.

use super::{App, AppError, BasePath};
use crate::domain::access::Operation;
use crate::domain::api_token::ApiToken;
use crate::domain::base::Base;
use crate::domain::id::AccountId;
use crate::domain::name::AppName;
use crate::domain::permission::Permission;
use crate::domain::refusal::Refusal;
use crate::store::api_tokens::{self, NewApiToken};

const MANAGE: Operation = Operation::ManageApiTokens;

impl App {
    /// The API-Tokens of a base, in the order in which they were made. §6.1.
    ///
    /// # Errors
    /// As [`App::permit`].
    pub async fn list_api_tokens(&self, caller: &AccountId, at: BasePath) -> Result<Vec<ApiToken>, AppError> {
        let base = self.permit(caller, at, MANAGE).await?.base().id;
        let secrets = self.tokens.secrets().clone();
        let mut tokens = self.db.read(move |conn| api_tokens::list(conn, base, &secrets)).await?;
        for token in &mut tokens {
            self.bring_up_to_date(token);
        }
        Ok(tokens)
    }

    /// Makes an API-Token. §6.2.
    ///
    /// # Errors
    /// As [`App::change`]; [`Refusal::AppNameTaken`].
    pub async fn create_api_token(
        &self,
        caller: &AccountId,
        at: BasePath,
        app_name: AppName,
        permission: Permission,
    ) -> Result<(Base, ApiToken), AppError> {
        let (_, kept) = self.tokens.secrets().make_api_token()?;
        let (secrets, by, now) = (self.tokens.secrets().clone(), caller.clone(), self.clock.now());
        self.change(caller, at, MANAGE, move |conn, permitted| {
            let base = permitted.base();
            let new = NewApiToken {
                base_id: base.id,
                app_name: app_name.clone(),
                kept: kept.clone(),
                permission,
                generated_by: by.clone(),
                at: now,
            };
            if !api_tokens::insert(conn, &new)? {
                return Err(Refusal::AppNameTaken.into());
            }
            let made = api_tokens::find_by_name(conn, base.id, &app_name, &secrets)?;
            Ok((base.clone(), made.ok_or(Refusal::NoApiToken)?))
        })
        .await
    }

    /// Changes what an API-Token opens its base for; nothing else of it. A name that can be none is the name of none. §6.3.
    ///
    /// # Errors
    /// As [`App::change`]; [`Refusal::NoApiToken`], [`Refusal::SamePermission`].
    pub async fn change_api_token(
        &self,
        caller: &AccountId,
        at: BasePath,
        app_name: Option<AppName>,
        permission: Permission,
    ) -> Result<(Base, ApiToken), AppError> {
        let secrets = self.tokens.secrets().clone();
        let changed = self.change(caller, at, MANAGE, move |conn, permitted| {
            let base = permitted.base();
            let name = app_name.as_ref().ok_or(Refusal::NoApiToken)?;
            let token = api_tokens::find_by_name(conn, base.id, name, &secrets)?;
            let token = token.ok_or(Refusal::NoApiToken)?;
            if token.permission == permission {
                return Err(Refusal::SamePermission(permission).into());
            }
            api_tokens::set_permission(conn, token.id, permission)?;
            Ok((base.clone(), ApiToken { permission, ..token }))
        });
        let (base, mut token) = changed.await?;
        self.bring_up_to_date(&mut token);
        Ok((base, token))
    }

    /// Deletes an API-Token: it is exchanged no more. §6.4.
    ///
    /// # Errors
    /// As [`App::change`]; [`Refusal::NoApiToken`].
    pub async fn delete_api_token(
        &self,
        caller: &AccountId,
        at: BasePath,
        app_name: Option<AppName>,
    ) -> Result<Base, AppError> {
        self.change(caller, at, MANAGE, move |conn, permitted| {
            let name = app_name.as_ref().ok_or(Refusal::NoApiToken)?;
            let gone = api_tokens::delete(conn, permitted.base().id, name)?;
            if gone { Ok(permitted.base().clone()) } else { Err(Refusal::NoApiToken.into()) }
        })
        .await
    }

    /// What is not written yet of when a token was used last.
    fn bring_up_to_date(&self, token: &mut ApiToken) {
        token.last_access = self.last_access.latest(token.id, token.last_access);
    }
}
