//! Who owns the bases of a bootstrap file: people and groups of the directory, by their names.

use base_token::bootstrap::Owners;
use base_token::domain::id::AccountId;
use futures_util::future::{BoxFuture, FutureExt as _};
use identity::Identity;

/// The directory, asked by names.
pub(crate) struct ByName<'i>(pub(crate) &'i Identity);

impl Owners for ByName<'_> {
    fn account<'a>(&'a self, login: &'a str) -> BoxFuture<'a, anyhow::Result<Option<AccountId>>> {
        async move {
            let found = self.0.find_account_by_login(login).await?;
            Ok(found.map(|account| account.id.to_string().parse()).transpose()?)
        }
        .boxed()
    }

    fn group<'a>(&'a self, id: &'a str) -> BoxFuture<'a, anyhow::Result<Option<i64>>> {
        async move { Ok(self.0.find_group(id).await?.map(|group| group.number)) }.boxed()
    }
}
