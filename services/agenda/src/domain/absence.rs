//! What may be said about an absence, when it is made and when it is changed. `contracts/rdv-sign-in.md` §12.5.

use chrono::{Datelike, Months, NaiveDate, NaiveTime};
use identity::absences::{Absence, MAX_TITLE, NewAbsence, check_title};
use identity::accounts::AccountId;
use rdv_dialect::violations::{Code, Violations};

use super::given::{Given, too_long};

mod moments;

use moments::{day, time};

/// How many years ahead an absence may lie.
const YEARS_AHEAD: u32 = 5;

/// The first year in which there are absences.
const FIRST_YEAR: i32 = 2018;

/// The attributes of a new or a changed absence, as the request gives them.
#[derive(Debug, Clone, Default)]
pub struct AbsenceForm<'a> {
    /// What it is called.
    pub title: Given<'a>,
    /// The day on which it begins, `YYYY-MM-DD`.
    pub first_day: Given<'a>,
    /// The time at which it begins on that day, `H:MM`, `HH:MM` or `HH:MM:SS`.
    pub start_time: Given<'a>,
    /// The day on which it ends; without one, that on which it begins.
    pub end_day: Given<'a>,
    /// The time at which it ends.
    pub end_time: Given<'a>,
}

/// The attributes with what was there before, each of them missing where it has no usable value.
#[derive(Debug, Clone)]
struct Draft {
    title: Option<String>,
    first_day: Option<NaiveDate>,
    start_time: Option<NaiveTime>,
    end_day: Option<NaiveDate>,
    end_time: Option<NaiveTime>,
    /// Whether something was given as the last day that is none.
    end_day_unusable: bool,
}

impl AbsenceForm<'_> {
    /// A new absence of this agent; no agent when the request names none, or one that there is not.
    ///
    /// # Errors
    /// Everything that is wrong, in the order of the contract.
    pub fn create(&self, agent: Option<AccountId>, today: NaiveDate) -> Result<NewAbsence, Violations> {
        let mut violations = Violations::default();
        if agent.is_none() {
            violations.add("agent", Code::MustExist);
        }
        let draft = self.draft(None);
        draft.check(today, &mut violations);
        match (agent, draft.complete()) {
            (Some(agent), Some(fields)) if violations.is_empty() => Ok(NewAbsence {
                agent,
                title: fields.title,
                first_day: fields.first_day,
                start_time: fields.start_time,
                end_day: fields.end_day,
                end_time: fields.end_time,
            }),
            _ => Err(violations),
        }
    }

    /// This absence with what the request gives; what it does not give stays.
    ///
    /// # Errors
    /// Everything that would be wrong with the whole, in the order of the contract.
    pub fn update(&self, mut absence: Absence, today: NaiveDate) -> Result<Absence, Violations> {
        let mut violations = Violations::default();
        let draft = self.draft(Some(&absence));
        draft.check(today, &mut violations);
        let Some(fields) = draft.complete().filter(|_| violations.is_empty()) else {
            return Err(violations);
        };
        absence.title = fields.title;
        absence.first_day = fields.first_day;
        absence.start_time = fields.start_time;
        absence.end_day = fields.end_day;
        absence.end_time = fields.end_time;
        Ok(absence)
    }

    fn draft(&self, before: Option<&Absence>) -> Draft {
        let first_day = merge(&self.first_day, before.map(|absence| absence.first_day), day);
        let end_day = match self.end_day.trimmed() {
            Some(text) => day(text),
            None if self.end_day == Given::Absent => before.map(|absence| absence.end_day).or(first_day),
            None => first_day,
        };
        Draft {
            title: merge(&self.title, before.map(|absence| absence.title.clone()), |text| {
                Some(text.to_owned())
            }),
            first_day,
            start_time: merge(&self.start_time, before.map(|absence| absence.start_time), time),
            end_day,
            end_time: merge(&self.end_time, before.map(|absence| absence.end_time), time),
            end_day_unusable: end_day.is_none() && self.end_day.trimmed().is_some(),
        }
    }
}

/// What is given, or what was there when nothing is.
fn merge<T>(given: &Given<'_>, before: Option<T>, read: impl FnOnce(&str) -> Option<T>) -> Option<T> {
    if *given == Given::Absent { before } else { given.trimmed().and_then(read) }
}

/// A draft in which nothing is missing.
struct Fields {
    title: String,
    first_day: NaiveDate,
    start_time: NaiveTime,
    end_day: NaiveDate,
    end_time: NaiveTime,
}

impl Draft {
    fn complete(self) -> Option<Fields> {
        Some(Fields {
            title: self.title?,
            first_day: self.first_day?,
            start_time: self.start_time?,
            end_day: self.end_day?,
            end_time: self.end_time?,
        })
    }

    /// The checks of §12.5, in the order of its table.
    fn check(&self, today: NaiveDate, violations: &mut Violations) {
        match &self.title {
            None => violations.add("title", Code::Blank),
            Some(title) if title.chars().count() > MAX_TITLE => violations.add("title", too_long(MAX_TITLE)),
            Some(title) if !check_title(title) => violations.add("title", Code::Invalid),
            Some(_) => {}
        }
        let blank = [
            ("first_day", self.first_day.is_none()),
            ("start_time", self.start_time.is_none()),
            ("end_day", self.end_day_unusable),
            ("end_time", self.end_time.is_none()),
        ];
        for (attribute, _) in blank.into_iter().filter(|(_, blank)| *blank) {
            violations.add(attribute, Code::Blank);
        }
        if self.ends_before_it_begins() {
            violations.add("ends_time", Code::text("doit être après le début."));
        }
        for (attribute, day) in [("first_day", self.first_day), ("end_day", self.end_day)] {
            check_range(attribute, day, today, violations);
        }
    }

    /// Wall-clock times are compared as they are written, also across a change of the clocks.
    fn ends_before_it_begins(&self) -> bool {
        let start = self.first_day.zip(self.start_time);
        let end = self.end_day.zip(self.end_time);
        start.zip(end).is_some_and(|(start, end)| end <= start)
    }
}

fn check_range(
    attribute: &'static str,
    day: Option<NaiveDate>,
    today: NaiveDate,
    violations: &mut Violations,
) {
    let Some(day) = day else { return };
    // The 29th of February becomes the 28th in a year that has none.
    let last = today.checked_add_months(Months::new(12 * YEARS_AHEAD)).unwrap_or(NaiveDate::MAX);
    if day > last {
        violations.add(attribute, Code::text("ne peut pas être dans plus de 5 ans"));
    }
    if day.year() < FIRST_YEAR {
        violations.add(attribute, Code::text("ne peut pas être avant 2018"));
    }
}

#[cfg(test)]
mod tests;
