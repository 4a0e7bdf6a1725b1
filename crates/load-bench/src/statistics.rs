//! What several rounds say together.

use serde::Serialize;

/// The median of some figures, and how far they lie apart.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Spread {
    /// The one in the middle; of an even number the mean of the two.
    pub(crate) median: f64,
    /// The smallest.
    pub(crate) min: f64,
    /// The greatest.
    pub(crate) max: f64,
}

impl Spread {
    /// Of at least one figure; of none, nothing but zeros.
    pub(crate) fn of(figures: impl IntoIterator<Item = f64>) -> Self {
        let mut figures: Vec<f64> = figures.into_iter().collect();
        figures.sort_by(f64::total_cmp);
        let (Some(min), Some(max)) = (figures.first().copied(), figures.last().copied()) else {
            return Self { median: 0.0, min: 0.0, max: 0.0 };
        };
        let (left, right) = (figures[(figures.len() - 1) / 2], figures[figures.len() / 2]);
        Self { median: f64::midpoint(left, right), min, max }
    }

    /// Each figure of several rounds of something.
    pub(crate) fn over<T>(rounds: &[T], figure: impl Fn(&T) -> f64) -> Self {
        Self::of(rounds.iter().map(figure))
    }
}

/// A whole number, its digits in groups of three.
pub(crate) fn thousands(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_in_groups_of_three() {
        for (number, text) in [(7.0, "7"), (99.6, "100"), (1000.0, "1,000"), (1_234_567.0, "1,234,567")] {
            assert_eq!(thousands(number), text);
        }
    }

    #[test]
    fn one_bad_round_moves_the_spread_and_not_the_median() {
        assert_eq!(Spread::of([5.0, 1.0, 4.0]), Spread { median: 4.0, min: 1.0, max: 5.0 });
        assert_eq!(Spread::of([4.0, 1.0, 5.0, 6.0]), Spread { median: 4.5, min: 1.0, max: 6.0 });
        assert_eq!(Spread::of([2.0]), Spread { median: 2.0, min: 2.0, max: 2.0 });
        assert_eq!(Spread::of([]), Spread { median: 0.0, min: 0.0, max: 0.0 });
        assert_eq!(Spread::over(&[("a", 3.0), ("b", 1.0)], |round| round.1), Spread::of([1.0, 3.0]));
    }
}
