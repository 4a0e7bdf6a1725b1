//! Agents, organisations and absences of the RDV-Solidarités agent API. The contract is `contracts/rdv-sign-in.md`.

pub mod domain;
