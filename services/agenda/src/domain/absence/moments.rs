//! Days and times of day as clients write them. `contracts/rdv-sign-in.md` §2.

use chrono::{NaiveDate, NaiveTime};

/// `YYYY-MM-DD`, of a day that there is.
pub(super) fn day(text: &str) -> Option<NaiveDate> {
    let [year, month, day] = numbers(text, '-')?;
    let lengths = (year.len(), month.len(), day.len());
    if lengths != (4, 2, 2) {
        return None;
    }
    NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
}

/// `H:MM`, `HH:MM` or `HH:MM:SS`, from 00:00 to 23:59:59. An hour of one digit is taken with seconds, too.
pub(super) fn time(text: &str) -> Option<NaiveTime> {
    let without_seconds = || numbers(text, ':').map(|[hour, minute]| [hour, minute, "00"]);
    let [hour, minute, second] = numbers(text, ':').or_else(without_seconds)?;
    if !matches!((hour.len(), minute.len(), second.len()), (1 | 2, 2, 2)) {
        return None;
    }
    NaiveTime::from_hms_opt(hour.parse().ok()?, minute.parse().ok()?, second.parse().ok()?)
}

/// Exactly so many groups of digits: no sign, no space, and no digit but ASCII's, all of which a number's own parser or
/// chrono's would let through somewhere.
fn numbers<const COUNT: usize>(text: &str, separator: char) -> Option<[&str; COUNT]> {
    let mut parts = text.split(separator);
    let mut numbers = [""; COUNT];
    for number in &mut numbers {
        *number = parts.next().filter(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))?;
    }
    parts.next().is_none().then_some(numbers)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::{day, time};

    #[rstest]
    #[case::ordinary("2026-02-09")]
    #[case::leap_day("2028-02-29")]
    #[case::leap_century("2000-02-29")]
    #[case::last_of_the_year("2026-12-31")]
    fn a_day_is_read_and_rendered_alike(#[case] text: &str) {
        assert_eq!(day(text).unwrap().to_string(), text);
    }

    #[rstest]
    #[case::empty("")]
    #[case::no_leap_year("2027-02-29")]
    #[case::century("2100-02-29")]
    #[case::thirty_first("2026-04-31")]
    #[case::month_zero("2026-00-10")]
    #[case::month_thirteen("2026-13-01")]
    #[case::french("09/02/2026")]
    #[case::compact("20260209")]
    #[case::one_digit("2026-2-9")]
    #[case::year_of_two_digits("26-02-09")]
    #[case::year_of_five_digits("12026-02-09")]
    #[case::instant("2026-02-09T08:00:00")]
    #[case::space(" 2026-02-09")]
    #[case::sign("+026-02-09")]
    #[case::negative("-2026-02-09")]
    #[case::week("2026-W07-1")]
    #[case::other_digits("２０２６-02-09")]
    fn nothing_else_is_a_day(#[case] text: &str) {
        assert_eq!(day(text), None);
    }

    #[rstest]
    #[case::hour_of_one_digit("8:30", "08:30:00")]
    #[case::minutes("08:30", "08:30:00")]
    #[case::seconds("08:30:15", "08:30:15")]
    #[case::hour_of_one_digit_with_seconds("8:30:15", "08:30:15")]
    #[case::first("0:00", "00:00:00")]
    #[case::last("23:59:59", "23:59:59")]
    fn a_time_is_read_with_or_without_seconds(#[case] given: &str, #[case] rendered: &str) {
        assert_eq!(time(given).unwrap().to_string(), rendered);
    }

    #[rstest]
    #[case::empty("")]
    #[case::letter("8h")]
    #[case::french("8h30")]
    #[case::hour_twenty_five("25:00")]
    #[case::midnight_at_the_end("24:00")]
    #[case::minute_sixty("08:60")]
    #[case::leap_second("23:59:60")]
    #[case::word("abc")]
    #[case::hour("8")]
    #[case::minute_of_one_digit("8:3")]
    #[case::second_of_one_digit("08:30:1")]
    #[case::fraction("08:30:00.5")]
    #[case::zone("08:30Z")]
    #[case::offset("08:30:00+01:00")]
    #[case::afternoon("8:30 PM")]
    #[case::sign("+8:30")]
    #[case::four_parts("08:30:00:00")]
    #[case::instant("2026-02-09T08:30")]
    fn nothing_else_is_a_time(#[case] text: &str) {
        assert_eq!(time(text), None);
    }

    proptest! {
        #[test]
        fn every_day_and_time_that_is_rendered_is_read_again(number in 0_i32..3_000_000, second in 0_u32..86_400) {
            let date = chrono::NaiveDate::from_num_days_from_ce_opt(number).unwrap();
            prop_assert_eq!(day(&date.to_string()), Some(date).filter(|_| date.to_string().len() == 10));
            let clock = chrono::NaiveTime::from_num_seconds_from_midnight_opt(second, 0).unwrap();
            prop_assert_eq!(time(&clock.to_string()), Some(clock));
        }

        #[test]
        fn no_text_makes_them_panic(text in "[0-9:hé +-]{0,12}|.*") {
            let _ = (day(&text), time(&text));
        }
    }
}
