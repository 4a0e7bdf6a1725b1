//! A point of the chain, to be kept where whoever writes the database does not write.

use std::fmt;
use std::str::FromStr;

/// A partition, the number of an event in it, and the hash there. As text `PARTITION:SEQ:HASH`, the hash in hexadecimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Anchor {
    /// The partition.
    pub part: i64,
    /// The event's number in it, from 1 on; 0 is where the partition begins.
    pub seq: i64,
    /// The hash.
    pub hash: [u8; 32],
}

impl Anchor {
    /// `None` for a hash that is none.
    pub(super) fn new(part: i64, seq: i64, hash: &[u8]) -> Option<Self> {
        Some(Self { part, seq, hash: hash.try_into().ok()? })
    }
}

impl fmt::Display for Anchor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.part, self.seq, hex::encode(self.hash))
    }
}

/// A text that is no anchor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not of the form PARTITION:SEQ:HASH, with two numbers and 64 hexadecimal digits")]
pub struct InvalidAnchor;

impl FromStr for Anchor {
    type Err = InvalidAnchor;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts: Vec<&str> = text.split(':').collect();
        let [part, seq, hash] = parts[..] else { return Err(InvalidAnchor) };
        let number = |text: &str| text.parse::<i64>().ok().filter(|number| *number >= 0);
        let mut anchor = Self {
            part: number(part).ok_or(InvalidAnchor)?,
            seq: number(seq).ok_or(InvalidAnchor)?,
            hash: [0; 32],
        };
        hex::decode_to_slice(hash, &mut anchor.hash).map_err(|_| InvalidAnchor)?;
        Ok(anchor)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_anchor_is_read_as_it_is_written(part in 0_i64.., seq in 0_i64.., hash in any::<[u8; 32]>()) {
            let anchor = Anchor { part, seq, hash };
            prop_assert_eq!(anchor.to_string().parse(), Ok(anchor));
        }

        #[test]
        fn no_text_panics(text in any::<String>()) {
            let _ = text.parse::<Anchor>();
        }
    }

    #[test]
    fn what_is_no_anchor_is_refused() {
        let hash = "ab".repeat(32);
        assert!(format!("1:2:{hash}").parse::<Anchor>().is_ok());
        for text in ["", "1", "1:2", "1:2:ab", "1:2:3:4"].map(str::to_owned).into_iter().chain([
            format!("-1:2:{hash}"),
            format!("1:-2:{hash}"),
            format!("1:x:{hash}"),
            format!("1:2:{hash}00"),
            format!("1:2:{}", "zz".repeat(32)),
            format!("1:2:{hash} "),
        ]) {
            assert_eq!(text.parse::<Anchor>(), Err(InvalidAnchor), "{text}");
        }
    }
}
