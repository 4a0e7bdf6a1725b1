//! How an answer is written. `contracts/ocs-provisioning.md` §1.4, §1.5.

mod json;
mod xml;

use crate::format::Format;
use crate::value::Value;

/// The document whose root `ocs` holds these entries.
#[must_use]
pub fn document(format: Format, entries: Vec<(String, Value)>) -> String {
    match format {
        Format::Json => json::document(Value::Map(vec![("ocs".to_owned(), Value::Map(entries))])),
        Format::Xml => xml::document("ocs", &Value::Map(entries)),
    }
}
