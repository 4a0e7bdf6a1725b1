//! Argon2id in its PHC string form, `$argon2id$v=19$m=…,t=…,p=…$salt$hash`.

use std::{fmt, str::FromStr};

use argon2::{Algorithm, Argon2, Params, Version};
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use subtle::ConstantTimeEq;

use super::{PasswordSettings, UnsupportedHash, memory::Memory};

const HASH_BYTES: usize = 32;
const SALT_BYTES: usize = 16;
/// Beyond these an imported hash is an attack on our memory or time, not a cost somebody chose.
const MAX_MEMORY_KIB: u32 = 262_144;
const MAX_ITERATIONS: u32 = 16;
const MAX_LANES: u32 = 16;

/// Cost parameters within the accepted bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cost {
    memory_kib: u32,
    iterations: u32,
    lanes: u32,
}

impl Cost {
    pub(super) fn new(memory_kib: u32, iterations: u32, lanes: u32) -> Result<Self, UnsupportedHash> {
        let bounded = memory_kib <= MAX_MEMORY_KIB && iterations <= MAX_ITERATIONS && lanes <= MAX_LANES;
        if !bounded || Params::new(memory_kib, iterations, lanes, Some(HASH_BYTES)).is_err() {
            return Err(UnsupportedHash("the Argon2 parameters are out of bounds"));
        }
        Ok(Self { memory_kib, iterations, lanes })
    }

    pub(super) fn from_settings(settings: &PasswordSettings) -> Result<Self, UnsupportedHash> {
        Self::new(settings.memory_kib, settings.iterations, settings.parallelism)
    }

    fn compute(
        self,
        password: &[u8],
        salt: &[u8],
        out: &mut [u8],
        memory: &mut Memory,
    ) -> Result<(), UnsupportedHash> {
        let refused = |_| UnsupportedHash("the Argon2 parameters are refused");
        let params =
            Params::new(self.memory_kib, self.iterations, self.lanes, Some(out.len())).map_err(refused)?;
        let blocks = params.block_count();
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        memory
            .lend(blocks, |blocks| argon.hash_password_into_with_memory(password, salt, out, blocks))
            .map_err(refused)
    }
}

/// An Argon2id hash with everything needed to check a password against it.
#[derive(Clone, PartialEq, Eq)]
pub struct ArgonHash {
    cost: Cost,
    salt: Vec<u8>,
    digest: Vec<u8>,
}

impl ArgonHash {
    pub(super) fn compute(
        cost: Cost,
        password: &[u8],
        salt: [u8; SALT_BYTES],
        memory: &mut Memory,
    ) -> Result<Self, UnsupportedHash> {
        let mut digest = vec![0; HASH_BYTES];
        cost.compute(password, &salt, &mut digest, memory)?;
        Ok(Self { cost, salt: salt.to_vec(), digest })
    }

    pub(super) fn matches(&self, password: &[u8], memory: &mut Memory) -> Result<bool, UnsupportedHash> {
        let mut computed = vec![0; self.digest.len()];
        self.cost.compute(password, &self.salt, &mut computed, memory)?;
        Ok(computed.ct_eq(&self.digest).into())
    }

    pub(super) fn has_cost(&self, cost: Cost) -> bool {
        self.cost == cost && self.digest.len() == HASH_BYTES
    }
}

impl fmt::Display for ArgonHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Cost { memory_kib, iterations, lanes } = self.cost;
        let (salt, digest) = (STANDARD_NO_PAD.encode(&self.salt), STANDARD_NO_PAD.encode(&self.digest));
        write!(f, "$argon2id$v=19$m={memory_kib},t={iterations},p={lanes}${salt}${digest}")
    }
}

impl FromStr for ArgonHash {
    type Err = UnsupportedHash;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let malformed = || UnsupportedHash("the Argon2id hash is malformed");
        let parts: Vec<&str> = text.split('$').collect();
        let ["", "argon2id", "v=19", cost, salt, digest] = parts[..] else { return Err(malformed()) };
        let mut numbers = cost
            .split(',')
            .zip(["m=", "t=", "p="])
            .map(|(member, name)| member.strip_prefix(name).and_then(decimal).ok_or_else(malformed));
        let mut next = || numbers.next().unwrap_or_else(|| Err(malformed()));
        let (memory_kib, iterations, lanes) = (next()?, next()?, next()?);
        if cost.split(',').count() != 3 {
            return Err(malformed());
        }
        let decode = |part: &str| STANDARD_NO_PAD.decode(part).map_err(|_| malformed());
        let (salt, digest) = (decode(salt)?, decode(digest)?);
        if !(8..=64).contains(&salt.len()) || !(16..=64).contains(&digest.len()) {
            return Err(malformed());
        }
        Ok(Self { cost: Cost::new(memory_kib, iterations, lanes)?, salt, digest })
    }
}

/// A decimal as hash formats write it: no sign, no leading zero.
pub(super) fn decimal(text: &str) -> Option<u32> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    plain.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_vector_verifies() {
        // phc-winner-argon2, src/test.c: Argon2id, version 13, t=2, m=65536, p=1, "password", "somesalt".
        let hash: ArgonHash =
            "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
                .parse()
                .unwrap();
        let mut memory = Memory::default();
        assert!(hash.matches(b"password", &mut memory).unwrap());
        assert!(!hash.matches(b"Password", &mut memory).unwrap());
    }

    #[test]
    fn absurd_or_malformed_parameters_are_refused() {
        let tail = "$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
        for cost in [
            "m=4194304,t=2,p=1",
            "m=65536,t=4000000000,p=1",
            "m=65536,t=2,p=100",
            "m=1,t=2,p=1",
            "m=65536,t=0,p=1",
            "m=65536,t=2,p=0",
            "m=65536,t=2",
            "m=65536,t=2,p=1,x=1",
            "t=2,m=65536,p=1",
            "m=+65536,t=2,p=1",
            "m=065536,t=2,p=1",
            "m=99999999999999999999,t=2,p=1",
        ] {
            assert!(format!("$argon2id$v=19${cost}{tail}").parse::<ArgonHash>().is_err(), "{cost}");
        }
        for text in
            ["$argon2i$v=19$m=65536,t=2,p=1", "$argon2id$v=16$m=65536,t=2,p=1", "$argon2id$m=65536,t=2,p=1"]
        {
            assert!(format!("{text}{tail}").parse::<ArgonHash>().is_err(), "{text}");
        }
    }
}
