//! Bootstrap files, as everybody reads them who has a section of them: where their text comes from, how it becomes values,
//! where the secrets in it are, what is wrong with it, and what applying it changes.
//!
//! Each section belongs to whoever owns its database: the directory's to crate `identity`, `applications` to the service of
//! that name. Each reads the whole text and takes its own sections; the others it knows by name only, as an
//! [`Elsewhere`], so that a misspelt section is refused by all of them.
//!
//! To add a section: a field in its owner's file structure, and one that is [`Elsewhere`] in everybody else's.

mod change;
mod demo;
mod faults;
mod secrets;
mod settings;
mod source;

pub use change::{Action, Change};
pub use demo::DEMO_DOCUMENT;
pub use faults::{Fault, Faults};
pub use secrets::SecretSources;
pub use settings::BootstrapSettings;
pub use source::{Elsewhere, Source, Syntax, list, read};
