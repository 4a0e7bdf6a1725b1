//! What this service can do. `contracts/ocs-provisioning.md` §6.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use ocs_dialect::{OcsError, Value};

use super::caller::Anybody;
use super::pipeline::{Call, Operation};

/// The generation of the reference server that the contract describes.
const VERSION: (i64, i64, i64) = (30, 0, 2);
/// The version of the provisioning API.
pub const API_VERSION: &str = "1.20.0";

/// `GET /cloud/capabilities`
#[derive(Debug)]
pub struct Show;

impl Operation for Show {
    const NAME: &'static str = "capabilities.show";
    type Caller = Anybody;

    async fn run(call: Call<Anybody>) -> Result<Value, OcsError> {
        let mut capabilities = vec![(
            "core",
            Value::map([("pollinterval", Value::from(60)), ("webdav-root", "remote.php/webdav".into())]),
        )];
        if call.caller.0.is_some() {
            capabilities.push(("provisioning_api", provisioning_api()));
        }
        Ok(Value::map([("version", version()), ("capabilities", Value::map(capabilities))]))
    }

    fn tag(data: &Value) -> Option<String> {
        let mut hasher = DefaultHasher::new();
        format!("{data:?}").hash(&mut hasher);
        Some(format!("{:016x}", hasher.finish()))
    }
}

fn version() -> Value {
    let (major, minor, micro) = VERSION;
    Value::map([
        ("major", Value::from(major)),
        ("minor", minor.into()),
        ("micro", micro.into()),
        ("string", format!("{major}.{minor}.{micro}").into()),
        ("edition", "".into()),
        ("extendedSupport", false.into()),
    ])
}

fn provisioning_api() -> Value {
    Value::map([
        ("version", Value::from(API_VERSION)),
        ("AccountPropertyScopesVersion", 2.into()),
        ("AccountPropertyScopesFederatedEnabled", true.into()),
        ("AccountPropertyScopesPublishedEnabled", true.into()),
    ])
}
