//! Figures of a measurement beside the targets that they are to meet, for people and for programs.

use std::fmt;

use serde::Serialize;

use crate::statistics::Spread;

/// What was measured, in the order in which it is shown.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Findings {
    figures: Vec<Figure>,
    targets: Vec<Target>,
}

#[derive(Debug, Serialize)]
struct Figure {
    what: String,
    unit: &'static str,
    #[serde(flatten)]
    spread: Spread,
}

#[derive(Debug, Serialize)]
struct Target {
    what: &'static str,
    unit: &'static str,
    measured: f64,
    #[serde(flatten)]
    bound: Bound,
    met: bool,
}

/// Where a figure has to lie.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(tag = "bound", content = "target", rename_all = "snake_case")]
pub(crate) enum Bound {
    /// Here or above.
    AtLeast(f64),
    /// Here or below.
    AtMost(f64),
    /// Below.
    LessThan(f64),
    /// Above.
    MoreThan(f64),
}

impl Findings {
    /// Adds a figure of every round.
    pub(crate) fn figure(&mut self, what: impl Into<String>, unit: &'static str, spread: Spread) {
        self.figures.push(Figure { what: what.into(), unit, spread });
    }

    /// Adds what a target is about, and judges it.
    pub(crate) fn target(&mut self, what: &'static str, unit: &'static str, measured: f64, bound: Bound) {
        self.targets.push(Target { what, unit, measured, bound, met: bound.holds(measured) });
    }
}

impl Bound {
    fn holds(self, measured: f64) -> bool {
        match self {
            Self::AtLeast(bound) => measured >= bound,
            Self::AtMost(bound) => measured <= bound,
            Self::LessThan(bound) => measured < bound,
            Self::MoreThan(bound) => measured > bound,
        }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtLeast(bound) => write!(f, "at least {bound}"),
            Self::AtMost(bound) => write!(f, "at most {bound}"),
            Self::LessThan(bound) => write!(f, "less than {bound}"),
            Self::MoreThan(bound) => write!(f, "more than {bound}"),
        }
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Figure { what, unit, spread: Spread { median, min, max } } in &self.figures {
            write!(f, "  {what:<48} {median:>10.2} {unit}")?;
            // A figure of a single round has no spread to show.
            if min < max {
                write!(f, ", {min:.2} – {max:.2}")?;
            }
            writeln!(f)?;
        }
        for Target { what, unit, measured, bound, met } in &self.targets {
            let judgement = if *met { "met" } else { "MISSED" };
            let unit = if unit.is_empty() { String::new() } else { format!(" {unit}") };
            writeln!(f, "{what}: {measured:.2}{unit}; target: {bound}{unit}: {judgement}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_target_is_judged_by_its_bound() {
        for (bound, met, missed) in [
            (Bound::AtLeast(5.0), 5.0, 4.99),
            (Bound::AtMost(5.0), 5.0, 5.01),
            (Bound::LessThan(5.0), 4.99, 5.0),
            (Bound::MoreThan(0.0), 1.0, 0.0),
        ] {
            assert!(bound.holds(met) && !bound.holds(missed), "{bound}");
            assert!(!bound.holds(f64::NAN), "{bound}: what could not be measured is not met");
        }
    }

    #[test]
    fn people_and_programs_see_figures_and_whether_targets_are_met() {
        let mut findings = Findings::default();
        findings.figure("floor A", "µs", Spread::of([6.0, 7.0, 9.0]));
        findings.figure("turned away", "", Spread::of([40.0]));
        findings.target("added", "%", 12.5, Bound::AtMost(10.0));
        findings.target("ratio", "", 5.0, Bound::AtLeast(5.0));
        let text = findings.to_string();
        let lines: Vec<String> =
            text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        assert_eq!(lines[..2], ["floor A 7.00 µs, 6.00 – 9.00", "turned away 40.00"]);
        assert_eq!(lines[2], "added: 12.50 %; target: at most 10 %: MISSED");
        assert_eq!(lines[3], "ratio: 5.00; target: at least 5: met");
        let json = serde_json::to_value(findings).unwrap();
        let floor = json!({ "what": "floor A", "unit": "µs", "median": 7.0, "min": 6.0, "max": 9.0 });
        assert_eq!(json["figures"][0], floor);
        let added = json!({
            "what": "added", "unit": "%", "measured": 12.5, "bound": "at_most", "target": 10.0, "met": false,
        });
        assert_eq!(json["targets"][0], added);
    }
}
