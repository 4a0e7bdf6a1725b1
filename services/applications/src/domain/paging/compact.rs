//! `pageable=page,0,size,1,sort,string`: the object parameter of the seed, written as its sample writes it.

/// The members that were given, as texts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Compact<'v> {
    pub(super) page: Option<&'v str>,
    pub(super) size: Option<&'v str>,
    /// The elements of each `sort`.
    pub(super) sorts: Vec<Vec<&'v str>>,
}

impl<'v> Compact<'v> {
    /// Reads from left to right. `page` and `size` take the next element, whatever it is; `sort` takes all up to the
    /// next key; an unknown key is skipped.
    pub(super) fn parse(value: &'v str) -> Self {
        let (mut compact, mut rest) = (Self::default(), value.split(',').peekable());
        while let Some(key) = rest.next() {
            match key {
                "page" => compact.page = rest.next(),
                "size" => compact.size = rest.next(),
                "sort" => {
                    let elements = std::iter::from_fn(|| rest.next_if(|element| !is_key(element)));
                    compact.sorts.push(elements.collect());
                }
                _ => {}
            }
        }
        compact
    }
}

fn is_key(element: &str) -> bool {
    matches!(element, "page" | "size" | "sort")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::Compact;

    /// Each `sort` with its elements between blanks.
    #[rstest]
    #[case::sample("page,0,size,1,sort,string", Some("0"), Some("1"), &["string"])]
    #[case::other_order("sort,type,id,desc,size,5", None, Some("5"), &["type id desc"])]
    #[case::twice("sort,type,sort,id,desc", None, None, &["type", "id desc"])]
    #[case::unknown("colour,page,3,red,size,2,x", Some("3"), Some("2"), &[])]
    #[case::key_as_value("page,size,5", Some("size"), None, &[])]
    #[case::no_value("size,7,page", None, Some("7"), &[])]
    #[case::no_elements("sort", None, None, &[""])]
    #[case::nothing("", None, None, &[])]
    fn it_is_read_from_left_to_right(
        #[case] value: &str,
        #[case] page: Option<&str>,
        #[case] size: Option<&str>,
        #[case] sorts: &[&str],
    ) {
        let compact = Compact::parse(value);
        assert_eq!((compact.page, compact.size), (page, size));
        assert_eq!(compact.sorts.iter().map(|elements| elements.join(" ")).collect::<Vec<_>>(), sorts);
    }
}
