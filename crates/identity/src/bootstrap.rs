//! Bootstrap files: a directory declared in YAML and applied as often as one likes.
//!
//! Applying creates what is missing, updates what is declared and differs, and removes only with `prune`, and then only
//! what an earlier file made. A field that is not declared stays as it is. Everything happens in one transaction, and a
//! plan is that same transaction, rolled back: the two cannot disagree.
//!
//! A declared password or secret is compared by a fingerprint of the declaration. So it is not hashed again at every
//! start, and what its owner has changed since is not set back until the declaration changes.
//!
//! To add a section: a module with its entry (what serde reads), a `check` (every fault, without the database) and a
//! `reconcile` (in the transaction), a field of `sections::File`, and a line in `Document::parse` and `facade::transact`.
//! One of things with an id and a name takes the last two from `named`, and gives what its `Entry` asks for.

mod accounts;
mod change;
mod clients;
mod declarations;
mod demo;
mod document;
mod facade;
mod file;
mod groups;
mod named;
mod organizations;
mod pass;
mod prune;
mod secrets;
mod sections;
mod services;
mod territories;

pub use change::{Action, Change};
pub use demo::DEMO_DOCUMENT;
pub use document::Document;
pub use facade::BootstrapError;
pub use file::BootstrapSettings;
pub use secrets::SecretSources;
