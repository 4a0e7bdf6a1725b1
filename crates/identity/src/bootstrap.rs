//! Bootstrap files: a directory declared in YAML and applied as often as one likes.
//!
//! Applying creates what is missing, updates what is declared and differs, and removes only with `prune`, and then only
//! what an earlier file made. A field that is not declared stays as it is. Everything happens in one transaction, and a
//! plan is that same transaction, rolled back: the two cannot disagree.
//!
//! A declared password or secret is compared by a fingerprint of the declaration. So it is not hashed again at every
//! start, and what its owner has changed since is not set back until the declaration changes.
//!
//! Sections of other services are theirs to read; the text of a file is read by each of them (crate `bootstrap`).
//!
//! To add a section: a module with its entry (what serde reads), a `check` (every fault, without the database) and a
//! `reconcile` (in the transaction), a field of `sections::File`, and a line in `Document::parse` and `facade::transact`.
//! One of things with an id and a name takes the last two from `named`, and gives what its `Entry` asks for.

mod accounts;
mod apps;
mod clients;
mod declarations;
mod document;
mod facade;
mod groups;
mod named;
mod organizations;
mod pass;
mod prune;
mod secrets;
mod sections;
mod services;
mod start;
mod territories;

pub use ::bootstrap::{Action, BootstrapSettings, Change, DEMO_DOCUMENT, SecretSources, Source};
pub use document::Document;
pub use facade::BootstrapError;
