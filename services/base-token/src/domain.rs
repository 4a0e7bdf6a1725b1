//! Bases and the rules about them. Knows nothing of HTTP and of databases.
//!
//! | module | subject |
//! | --- | --- |
//! | [`access`] | who may do what: the table of §9 |
//! | [`id`] | ids of accounts |
//! | [`workspace`], [`base`] | workspaces with their owners, and the bases in them |
//! | [`name`] | names of bases and of applications that hold tokens |
//! | [`permission`] | `r` and `rw` |
//! | [`api_token`] | API-Tokens |
//! | [`external_link`] | external links |
//! | [`refusal`] | why something is not done |

pub mod access;
pub mod api_token;
pub mod base;
pub mod external_link;
pub mod id;
pub mod name;
pub mod permission;
pub mod refusal;
pub mod workspace;
