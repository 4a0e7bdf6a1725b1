//! `tessera keys`

use anyhow::Context;
use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use token_signing::{ManualRotation, StoredKey};

use super::rekey;
use crate::cli::KeysCommand;
use crate::directory;
use crate::failure::Failure;
use crate::output::Output;
use crate::settings::Settings;

/// A signing key as it is shown: never its private half.
#[derive(Serialize)]
struct KeyView {
    kid: String,
    algorithm: String,
    state: &'static str,
    signs_from: DateTime<Utc>,
    signs_until: Option<DateTime<Utc>>,
    published_until: Option<DateTime<Utc>>,
}

pub(super) async fn run(settings: &Settings, command: KeysCommand, output: Output) -> Result<(), Failure> {
    let rotation = match command {
        // It has the database for itself.
        KeysCommand::Rekey(flags) => return rekey::run(settings, &flags, output).await,
        KeysCommand::List => None,
        KeysCommand::Rotate { now, withdraw } => Some(match (withdraw, now) {
            (true, _) => ManualRotation::Withdraw,
            (false, true) => ManualRotation::Immediate,
            (false, false) => ManualRotation::Normal,
        }),
    };
    let identity = directory::open(settings).await?;
    let keys = match rotation {
        None => identity.load_keys().await,
        Some(manual) => {
            let policy = settings.auth.signing.rotation_policy();
            identity.rotate_keys(&policy, manual, &directory::operator()).await
        }
    };
    let now = identity.clock().now();
    let views: Vec<KeyView> = keys.context("signing keys")?.iter().map(|key| view(key, now)).collect();
    let headings = ["kid", "algorithm", "state", "signs from", "signs until", "published until"];
    output.table(&views, &headings, row).context("standard output")?;
    Ok(())
}

fn view(key: &StoredKey, now: DateTime<Utc>) -> KeyView {
    let state = if now < key.activates_at {
        "next"
    } else if key.retires_at.is_some_and(|end| end <= now) {
        "retired"
    } else {
        "signing"
    };
    KeyView {
        kid: key.kid.clone(),
        algorithm: key.algorithm.as_str().to_owned(),
        state,
        signs_from: key.activates_at,
        signs_until: key.retires_at,
        published_until: key.expires_at,
    }
}

fn row(key: &KeyView) -> Vec<String> {
    let time = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
    let end = |at: Option<DateTime<Utc>>| at.map_or_else(|| "-".to_owned(), time);
    let ends = [end(key.signs_until), end(key.published_until)];
    [vec![key.kid.clone(), key.algorithm.clone(), key.state.to_owned(), time(key.signs_from)], ends.to_vec()]
        .concat()
}
