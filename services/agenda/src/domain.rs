//! Rules of absences and organisations: no HTTP, no database.
