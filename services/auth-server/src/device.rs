//! Device sessions as every dialect looks at them: three values, and whose session they prove.

use auth_claims::device::DeviceTriple;
use identity::device_sessions::DeviceCredential;

/// What the directory is asked with.
pub(crate) fn credential(triple: DeviceTriple) -> DeviceCredential {
    DeviceCredential { access_token: triple.access_token.into(), client: triple.client, uid: triple.uid }
}
