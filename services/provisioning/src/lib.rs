//! The OCS provisioning API: accounts, groups, sub-admins and apps. The contract is `contracts/ocs-provisioning.md`.
