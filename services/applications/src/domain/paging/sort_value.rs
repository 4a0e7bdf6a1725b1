//! One value of `sort`: names, perhaps a direction, perhaps `ignorecase`.

use crate::domain::sort::{Direction, Order, UnknownProperty};

/// A value, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SortValue<'v> {
    names: Vec<&'v str>,
    direction: Direction,
    ignore_case: bool,
}

impl<'v> SortValue<'v> {
    /// Reads a value, whose elements stand between commas.
    pub(super) fn parse(value: &'v str) -> Self {
        Self::of(&value.split(',').collect::<Vec<_>>())
    }

    /// Reads elements. What is blank or only dots is no element.
    pub(super) fn of(elements: &[&'v str]) -> Self {
        let solid = |element: &&&str| !element.replace('.', "").trim().is_empty();
        let mut names: Vec<_> = elements.iter().filter(solid).copied().collect();
        let ignore_case = names.pop_if(|last| last.eq_ignore_ascii_case("ignorecase")).is_some();
        let direction = names.last().and_then(|last| parse_direction(last));
        if direction.is_some() {
            names.pop();
        }
        Self { names, direction: direction.unwrap_or(Direction::Asc), ignore_case }
    }

    /// A criterion for each name.
    pub(super) fn orders(self) -> impl Iterator<Item = Result<Order, UnknownProperty>> + use<'v> {
        let Self { names, direction, ignore_case } = self;
        names.into_iter().map(move |name| Ok(Order { property: name.parse()?, direction, ignore_case }))
    }
}

fn parse_direction(word: &str) -> Option<Direction> {
    let directions = [("asc", Direction::Asc), ("desc", Direction::Desc)];
    directions.into_iter().find(|(name, _)| word.eq_ignore_ascii_case(name)).map(|(_, direction)| direction)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{Direction, SortValue};

    #[rstest]
    #[case::one("type", &["type"], Direction::Asc, false)]
    #[case::down("type,desc", &["type"], Direction::Desc, false)]
    #[case::several("type,id,DESC", &["type", "id"], Direction::Desc, false)]
    #[case::ignoring_case("id,DESC,IgnoreCase", &["id"], Direction::Desc, true)]
    #[case::ignoring_case_upwards("id,ignorecase", &["id"], Direction::Asc, true)]
    #[case::wrong_place("id,ignorecase,desc", &["id", "ignorecase"], Direction::Desc, false)]
    #[case::direction_first("desc,id", &["desc", "id"], Direction::Asc, false)]
    #[case::sideways("createdAt,sideways", &["createdAt", "sideways"], Direction::Asc, false)]
    #[case::only_a_direction("desc", &[], Direction::Desc, false)]
    #[case::two_directions("asc,desc", &["asc"], Direction::Desc, false)]
    #[case::nothing("", &[], Direction::Asc, false)]
    #[case::commas(",, ,", &[], Direction::Asc, false)]
    #[case::dots("id,.,..,. .,desc,", &["id"], Direction::Desc, false)]
    #[case::path("config.a", &["config.a"], Direction::Asc, false)]
    #[case::not_trimmed("id, desc", &["id", " desc"], Direction::Asc, false)]
    fn a_value_is_taken_apart_from_its_end(
        #[case] value: &str,
        #[case] names: &[&str],
        #[case] direction: Direction,
        #[case] ignore_case: bool,
    ) {
        assert_eq!(SortValue::parse(value), SortValue { names: names.to_vec(), direction, ignore_case });
    }
}
