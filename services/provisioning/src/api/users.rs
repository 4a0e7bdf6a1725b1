//! Accounts. `contracts/ocs-provisioning.md` §5.9, §7.1–§7.6, §7.8–§7.10.

mod by_phone;
mod create;
mod edit;
mod lists;
mod show;
mod states;

pub use self::by_phone::SearchByPhone;
pub use self::create::Create;
pub use self::edit::{Edit, EditCollection};
pub use self::lists::{ListDetails, ListDisabled, ListIds, ListRecent};
pub use self::show::{Show, ShowOneself};
pub use self::states::{Delete, Disable, Enable, Welcome, Wipe};
