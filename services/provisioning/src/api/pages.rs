//! Which part of a list is wanted. `contracts/ocs-provisioning.md` §5.9, §7.1, §7.2, §7.12.

use identity::directory_search::Window;
use identity::pages::{MAX_PAGE, Slice};
use ocs_dialect::OcsError;
use ocs_dialect::parameters::Parameters;

/// Records that are read in one step.
pub const AT_ONCE: usize = 500;

/// What a client asks of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// What has to occur in the records.
    pub search: String,
    /// The most records; nothing is all of them.
    pub limit: Option<i64>,
    /// Records to skip.
    pub offset: i64,
}

impl Wish {
    /// What a request asks for. A negative limit is none, and a negative offset nothing to skip.
    ///
    /// # Errors
    /// [`OcsError::BadParameter`] for a search that is no text.
    pub fn of(parameters: &Parameters) -> Result<Self, OcsError> {
        Ok(Self {
            search: parameters.text_or_empty("search")?,
            limit: parameters.integer("limit").filter(|limit| *limit >= 0),
            offset: parameters.integer("offset").unwrap_or_default().max(0),
        })
    }

    /// The same, where negative numbers are refused (§5.9, §7.2).
    ///
    /// # Errors
    /// [`OcsError::BadParameter`].
    pub fn strict(parameters: &Parameters) -> Result<Self, OcsError> {
        for name in ["limit", "offset"] {
            if parameters.integer(name).is_some_and(i64::is_negative) {
                return Err(OcsError::BadParameter(name.into()));
            }
        }
        Self::of(parameters)
    }

    /// The part of the list, of at most `most` records.
    #[must_use]
    pub fn window(&self, most: i64) -> Window {
        Window { offset: self.offset, limit: Some(self.limit.unwrap_or(most).min(most)) }
    }
}

/// Reads a window slice by slice.
///
/// # Errors
/// Those of `read`.
pub fn all<T>(
    window: Window,
    mut read: impl FnMut(Slice) -> Result<Vec<T>, OcsError>,
) -> Result<Vec<T>, OcsError> {
    let (mut found, mut left) = (Vec::new(), window.limit.unwrap_or(i64::MAX));
    let mut offset = window.offset;
    while left > 0 {
        let limit = left.min(MAX_PAGE);
        let page = read(Slice { offset, limit })?;
        let length = i64::try_from(page.len()).unwrap_or(limit);
        found.extend(page);
        if length < limit {
            break;
        }
        left -= limit;
        offset = offset.saturating_add(limit);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use identity::directory_search::Window;
    use proptest::prelude::*;

    use super::all;

    proptest! {
        /// A window is what it says, however many slices it takes.
        #[test]
        fn slices_make_a_window(length in 0_i64..1800, offset in 0_i64..1800, limit in prop::option::of(0_i64..1800)) {
            let list: Vec<i64> = (0..length).collect();
            let read = |slice: identity::pages::Slice| {
                let page = list.iter().skip(usize::try_from(slice.offset).unwrap());
                Ok(page.take(usize::try_from(slice.limit).unwrap()).copied().collect())
            };
            let found = all(Window { offset, limit }, read).unwrap();
            let take = usize::try_from(limit.unwrap_or(i64::MAX)).unwrap();
            let expected: Vec<i64> = (offset..length.max(offset)).take(take).collect();
            prop_assert_eq!(found, expected);
        }
    }
}
