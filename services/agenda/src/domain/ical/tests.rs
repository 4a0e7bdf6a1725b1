use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, Offset as _, TimeZone as _};
use icalendar::{Calendar, CalendarComponent, Component};
use proptest::prelude::*;
use rstest::rstest;

use super::{calendar, uid};
use crate::domain::examples;
use crate::domain::paris::ZONE;

fn text_of(title: &str) -> String {
    let absence = identity::absences::Absence { title: title.to_owned(), ..examples::absence() };
    calendar(&absence, "2026-01-31T23:15:09.654321Z".parse().unwrap())
}

/// The text as another implementation reads it.
fn read(text: &str) -> Calendar {
    text.parse().unwrap_or_else(|error| panic!("{error} in {text}"))
}

fn event(calendar: &Calendar) -> &icalendar::Event {
    calendar.events().next().unwrap()
}

fn zone(calendar: &Calendar) -> &impl Component {
    calendar
        .components
        .iter()
        .find_map(|component| match component {
            CalendarComponent::Other(other) if other.component_kind() == "VTIMEZONE" => Some(other),
            _ => None,
        })
        .unwrap()
}

#[test]
fn an_absence_is_a_calendar_of_one_event() {
    let lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:RDV Solidarités",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        "BEGIN:VTIMEZONE",
        "TZID:Europe/Paris",
        "BEGIN:DAYLIGHT",
        "DTSTART:19960331T020000",
        "TZOFFSETFROM:+0100",
        "TZOFFSETTO:+0200",
        "TZNAME:CEST",
        "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3",
        "END:DAYLIGHT",
        "BEGIN:STANDARD",
        "DTSTART:19961027T030000",
        "TZOFFSETFROM:+0200",
        "TZOFFSETTO:+0100",
        "TZNAME:CET",
        "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10",
        "END:STANDARD",
        "END:VTIMEZONE",
        "BEGIN:VEVENT",
        "DTSTAMP:20260131T231509Z",
        "UID:absence_902@RDV Solidarités",
        "DTSTART;TZID=Europe/Paris:20260209T083000",
        "DTEND;TZID=Europe/Paris:20260210T170000",
        "ORGANIZER:mailto:secretariat-auto@rdv-solidarites.fr",
        "SEQUENCE:0",
        "SUMMARY:RDV Solidarités Formation",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ];
    assert_eq!(text_of("Formation"), lines.join("\r\n"));
    assert_eq!(uid(902), "absence_902@RDV Solidarités");
}

#[rstest]
#[case::comma("a, b", r"SUMMARY:RDV Solidarités a\, b")]
#[case::semicolon("a; b", r"SUMMARY:RDV Solidarités a\; b")]
#[case::backslash(r"a\n", r"SUMMARY:RDV Solidarités a\\n")]
#[case::line_feed("a\nb", r"SUMMARY:RDV Solidarités a\nb")]
#[case::colon("a: \"b\"", "SUMMARY:RDV Solidarités a: \"b\"")]
#[case::line_ends("a\r\nb\rc", r"SUMMARY:RDV Solidarités a\nb\nc")]
#[case::injection("a\r\nEND:VEVENT", r"SUMMARY:RDV Solidarités a\nEND:VEVENT")]
fn what_has_a_meaning_in_a_calendar_is_escaped(#[case] title: &str, #[case] line: &str) {
    assert!(text_of(title).split("\r\n").any(|found| found == line));
}

/// The last Sunday of a month, found without the rule under test.
fn last_sunday(year: i32, month: u32) -> NaiveDate {
    let last = NaiveDate::from_ymd_opt(year, month, 31).unwrap();
    last - Days::new(last.weekday().num_days_from_sunday().into())
}

fn seconds_from(offset: &str) -> i32 {
    let sign = if offset.starts_with('-') { -1 } else { 1 };
    sign * (offset[1..3].parse::<i32>().unwrap() * 3600 + offset[3..5].parse::<i32>().unwrap() * 60)
}

#[rstest]
#[case::daylight("DAYLIGHT", 3)]
#[case::standard("STANDARD", 10)]
fn the_time_zone_changes_when_the_clocks_of_paris_do(#[case] kind: &str, #[case] month: u32) {
    let calendar = read(&text_of("x"));
    let halves = zone(&calendar).components();
    assert_eq!(halves.len(), 2);
    let half = halves.iter().find(|half| half.component_kind() == kind).unwrap();
    let property = |name: &str| half.property_value(name).unwrap();
    let first = NaiveDateTime::parse_from_str(property("DTSTART"), "%Y%m%dT%H%M%S").unwrap();
    assert_eq!(first.date(), last_sunday(first.year(), month));
    assert_eq!(property("RRULE"), format!("FREQ=YEARLY;BYDAY=-1SU;BYMONTH={month}"));
    let (before, after) = (seconds_from(property("TZOFFSETFROM")), seconds_from(property("TZOFFSETTO")));
    for year in first.year()..=2050 {
        let local = last_sunday(year, month).and_time(first.time());
        let change = (local - chrono::Duration::seconds(before.into())).and_utc();
        let offset_at = |instant: chrono::DateTime<chrono::Utc>| {
            ZONE.offset_from_utc_datetime(&instant.naive_utc()).fix().local_minus_utc()
        };
        assert_eq!(offset_at(change - chrono::Duration::seconds(1)), before, "before {change}");
        assert_eq!(offset_at(change), after, "at {change}");
    }
}

proptest! {
    #[test]
    fn another_reader_finds_the_title_again(title in "\\PC{1,300}|[a-z,;:\\\\\"nN\n\té🦀]{1,255}") {
        let text = text_of(&title);
        let calendar = read(&text);
        let expected = format!("RDV Solidarités {title}");
        prop_assert_eq!(event(&calendar).get_summary(), Some(expected.as_str()));
        prop_assert_eq!(event(&calendar).get_uid(), Some("absence_902@RDV Solidarités"));
        prop_assert_eq!(calendar.components.len(), 2);
    }

    #[test]
    fn lines_are_short_and_end_in_both_characters(title in any::<String>()) {
        let text = text_of(&title);
        prop_assert!(text.ends_with("END:VCALENDAR\r\n"));
        for line in text.split("\r\n") {
            // Each of them is a str: no character is cut in two.
            prop_assert!(line.len() <= 75, "{} octets: {line}", line.len());
            prop_assert!(!line.contains(['\r', '\n']));
        }
        prop_assert_eq!(text.matches("\r\nEND:VEVENT\r\n").count(), 1);
    }
}
