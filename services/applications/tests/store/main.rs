//! Lists and changes on real databases, with an authorization server that remembers what it was told.

#![cfg(test)]

mod bootstrap;
mod changes;
mod killed;
mod paging;
mod races;
mod repair;
mod support;
mod threats;
