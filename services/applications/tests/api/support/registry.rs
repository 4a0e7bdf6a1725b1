//! The authorization server, as far as applications are concerned: it remembers what it is told.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use auth_client::applications::{ApplicationRegistry, ApplicationStatus, RegistryError};
use futures_util::future::{BoxFuture, FutureExt as _, ready};

#[derive(Default)]
pub(crate) struct Registry {
    calls: Mutex<Vec<String>>,
    out_of_reach: AtomicBool,
}

impl Registry {
    /// What it was told since it was last asked.
    pub(crate) fn told(&self) -> Vec<String> {
        std::mem::take(&mut self.calls.lock().unwrap())
    }

    /// From now on it answers, or not.
    pub(crate) fn is_reachable(&self, reachable: bool) {
        self.out_of_reach.store(!reachable, Ordering::SeqCst);
    }

    fn hear(&self, call: String) -> BoxFuture<'static, Result<(), RegistryError>> {
        if self.out_of_reach.load(Ordering::SeqCst) {
            return ready(Err(out_of_reach())).boxed();
        }
        self.calls.lock().unwrap().push(call);
        ready(Ok(())).boxed()
    }
}

fn out_of_reach() -> RegistryError {
    RegistryError::Unconfirmed("auth.internal does not answer".to_owned())
}

impl ApplicationRegistry for Registry {
    fn revision<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<i64, RegistryError>> {
        if self.out_of_reach.load(Ordering::SeqCst) {
            return ready(Err(out_of_reach())).boxed();
        }
        ready(Ok(0)).boxed()
    }

    fn put<'a>(
        &'a self,
        id: &'a str,
        status: &'a ApplicationStatus,
        _after: i64,
    ) -> BoxFuture<'a, Result<(), RegistryError>> {
        let state = if status.disabled { " disabled" } else { "" };
        self.hear(format!("put {id} of {}{state}", status.organization_id))
    }

    fn delete<'a>(&'a self, id: &'a str, _after: i64) -> BoxFuture<'a, Result<(), RegistryError>> {
        self.hear(format!("delete {id}"))
    }
}
