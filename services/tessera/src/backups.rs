//! What a backup is: a folder with a copy of each embedded database, perhaps the master keys, and a manifest.
//!
//! | state | what is on the disk |
//! | --- | --- |
//! | being made | `.NAME.incomplete`, without a manifest ([`draft`]) |
//! | made | `NAME`, by one rename, when everything in it is on the disk ([`manifest`]) |
//! | being restored | copies in `.restore` of the data directory; nothing of what is there has changed ([`place`]) |
//! | being put in place | the marker [`store::RESTORE_MARKER`], with which nothing opens the databases |
//! | restored | no marker; what was there before is in a folder of its own |
//!
//! Whoever is killed on the way leaves one of these states, and none of them can be mistaken for another.

pub(crate) mod draft;
pub(crate) mod files;
pub(crate) mod manifest;
pub(crate) mod place;

use std::path::PathBuf;

use secrecy::ExposeSecret;
use store::{DatabaseSettings, Migrations};

use crate::failure::Failure;
use crate::settings::Settings;

/// One of the databases.
pub(crate) struct Part {
    /// Its section of the settings.
    section: &'static str,
    /// Its file in the data directory and in a backup.
    pub(crate) file: &'static str,
    pub(crate) migrations: &'static Migrations,
    settings: DatabaseSettings,
}

/// A master key, which a file in the data directory holds unless the settings do.
pub(crate) struct Key {
    pub(crate) file: &'static str,
    /// Whether the settings hold it.
    pub(crate) is_set: bool,
}

/// Every database, the directory last: what the others hold refers to it and follows it. A copy of it that is younger knows
/// whoever the others know, and tells them whom to forget; one that is older would have lost what they rely on.
pub(crate) fn parts(settings: &Settings) -> [Part; 4] {
    let part = |section, file, migrations, own: &DatabaseSettings| {
        let settings = own.clone().or_sqlite(&settings.data_dir.join(file));
        Part { section, file, migrations, settings }
    };
    [
        part(
            "applications",
            applications::settings::DATABASE_FILE,
            &applications::store::MIGRATIONS,
            &settings.applications.database,
        ),
        part(
            "bases",
            base_token::settings::DATABASE_FILE,
            &base_token::store::MIGRATIONS,
            &settings.bases.database,
        ),
        part("rooms", rooms::settings::DATABASE_FILE, &rooms::store::MIGRATIONS, &settings.rooms.database),
        part("identity", identity::DATABASE_FILE, &identity::MIGRATIONS, &settings.identity.database),
    ]
}

/// The master keys.
pub(crate) fn keys(settings: &Settings) -> [Key; 2] {
    [
        Key { file: identity::MASTER_KEY_FILE, is_set: settings.identity.master_key.is_some() },
        Key { file: base_token::settings::MASTER_KEY_FILE, is_set: settings.bases.master_key.is_some() },
    ]
}

impl Part {
    /// The database as it is opened.
    pub(crate) fn settings(&self) -> &DatabaseSettings {
        &self.settings
    }

    /// The file it is.
    pub(crate) fn path(&self) -> Result<PathBuf, Failure> {
        let url = self.settings.url.expose_secret();
        let path = url.strip_prefix("sqlite:").ok_or_else(|| self.is_elsewhere())?;
        Ok(PathBuf::from(path.strip_prefix("//").unwrap_or(path)))
    }

    /// What is said of a database that this program does not back up.
    fn is_elsewhere(&self) -> Failure {
        Failure::Usage(format!(
            "{}.database.url: backup and restore are for embedded databases; for PostgreSQL use `pg_dump --format=custom` and \
             `pg_restore --clean --if-exists`",
            self.section
        ))
    }

    /// Refuses a file that lies elsewhere than in the data directory.
    pub(crate) fn require_in(&self, data_dir: &std::path::Path) -> Result<(), Failure> {
        if self.path()? == data_dir.join(self.file) {
            return Ok(());
        }
        Err(Failure::Usage(format!(
            "{}.database.url: restore is for databases in the data directory; unset it, or copy {} by hand while nothing runs",
            self.section, self.file
        )))
    }
}
