//! `bootstrap.*`

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{DEMO_DOCUMENT, Source, Syntax};

/// `bootstrap.*`
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct BootstrapSettings {
    /// The bootstrap file that is applied at the start. Default: none.
    pub file: Option<PathBuf>,
}

impl BootstrapSettings {
    /// What is declared for the start: the demo's document in demo mode, then the file.
    ///
    /// # Errors
    /// [`Syntax`] for a file that cannot be read.
    pub fn sources(&self, demo: bool) -> Result<Vec<Source>, Syntax> {
        let own = demo.then(|| Ok(Source::new(DEMO_DOCUMENT, Path::new("."))));
        let file = self.file.as_ref().map(|path| Source::open(path));
        own.into_iter().chain(file).collect()
    }
}
