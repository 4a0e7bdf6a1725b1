//! An absence as a calendar. `contracts/rdv-sign-in.md` §12.5, `ical`; RFC 5545.

use calcard::common::{CalendarScale, PartialDateTime};
use calcard::icalendar::{
    ICalendar, ICalendarComponent, ICalendarComponentType, ICalendarDay, ICalendarFrequency, ICalendarMethod,
    ICalendarMonth, ICalendarParameter, ICalendarProperty, ICalendarRecurrenceRule, ICalendarWeekday, Uri,
};
use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, Timelike, Utc};
use identity::absences::Absence;

use super::paris::ZONE;

/// The name under which the agendas are published.
const PRODUCT: &str = "RDV Solidarités";

/// Whose calendar it is, for calendar programs: nobody reads mail there.
const ORGANIZER: &str = "mailto:secretariat-auto@rdv-solidarites.fr";

/// The id of an absence in the calendars of the world.
#[must_use]
pub fn uid(id: i64) -> String {
    format!("absence_{id}@{PRODUCT}")
}

/// The calendar with this absence in it, made now: lines end in CR LF and have at most 75 octets.
#[must_use]
pub fn calendar(absence: &Absence, now: DateTime<Utc>) -> String {
    let [standard, daylight] = [STANDARD, DAYLIGHT].map(Observance::component);
    let calendar = ICalendar {
        components: vec![
            component(ICalendarComponentType::VCalendar, calendar_properties, &[1, 4]),
            component(ICalendarComponentType::VTimezone, zone_properties, &[2, 3]),
            daylight,
            standard,
            component(ICalendarComponentType::VEvent, |event| event_properties(event, absence, now), &[]),
        ],
    };
    calendar.to_string()
}

/// A component with its properties and the places of those inside of it.
fn component(
    kind: ICalendarComponentType,
    fill: impl FnOnce(&mut ICalendarComponent),
    inside: &[u32],
) -> ICalendarComponent {
    let mut component = ICalendarComponent::new(kind);
    component.component_ids = inside.to_vec();
    fill(&mut component);
    component
}

fn calendar_properties(calendar: &mut ICalendarComponent) {
    calendar.add_property(ICalendarProperty::Version, "2.0");
    calendar.add_property(ICalendarProperty::Prodid, PRODUCT);
    calendar.add_property(ICalendarProperty::Calscale, CalendarScale::Gregorian);
    calendar.add_property(ICalendarProperty::Method, ICalendarMethod::Publish);
}

fn zone_properties(zone: &mut ICalendarComponent) {
    zone.add_property(ICalendarProperty::Tzid, ZONE.name());
}

fn event_properties(event: &mut ICalendarComponent, absence: &Absence, now: DateTime<Utc>) {
    let utc = PartialDateTime { tz_hour: Some(0), tz_minute: Some(0), ..moment(now.naive_utc()) };
    event.add_dtstamp(utc);
    event.add_uid(&uid(absence.id));
    let moments = [
        (ICalendarProperty::Dtstart, absence.first_day.and_time(absence.start_time)),
        (ICalendarProperty::Dtend, absence.end_day.and_time(absence.end_time)),
    ];
    for (property, wall_clock) in moments {
        let zone = ICalendarParameter::tzid(ZONE.name().to_owned());
        event.add_property_with_params(property, [zone], moment(wall_clock));
    }
    event.add_property(ICalendarProperty::Organizer, Uri::Location(ORGANIZER.to_owned()));
    event.add_sequence(0);
    // A line end in a text is a line feed in RFC 5545 §3.3.11, which knows no carriage return there.
    let title = absence.title.replace("\r\n", "\n").replace('\r', "\n");
    event.add_property(ICalendarProperty::Summary, format!("{PRODUCT} {title}"));
}

/// One of the two halves of the year: since 1996 the clocks of the European Union change at 01:00 UTC on the last Sunday
/// of March and of October. Directive 2000/84/EC; absences begin in 2018.
#[derive(Clone, Copy)]
struct Observance {
    kind: fn() -> ICalendarComponentType,
    name: &'static str,
    /// Hours ahead of UTC before and after.
    offsets: (u8, u8),
    /// The first change, on the clock of before.
    since: (i32, u32, u32),
    hour: u32,
}

const DAYLIGHT: Observance = Observance {
    kind: || ICalendarComponentType::Daylight,
    name: "CEST",
    offsets: (1, 2),
    since: (1996, 3, 31),
    hour: 2,
};

const STANDARD: Observance = Observance {
    kind: || ICalendarComponentType::Standard,
    name: "CET",
    offsets: (2, 1),
    since: (1996, 10, 27),
    hour: 3,
};

impl Observance {
    fn component(self) -> ICalendarComponent {
        let (year, month, day) = self.since;
        let first = NaiveDate::from_ymd_opt(year, month, day)
            .unwrap_or_default()
            .and_time(NaiveTime::from_hms_opt(self.hour, 0, 0).unwrap_or_default());
        let rule = ICalendarRecurrenceRule {
            freq: ICalendarFrequency::Yearly,
            byday: vec![ICalendarDay { ordwk: Some(-1), weekday: ICalendarWeekday::Sunday }],
            bymonth: vec![ICalendarMonth::new(byte(month), false)],
            ..ICalendarRecurrenceRule::default()
        };
        component(
            (self.kind)(),
            |half| {
                half.add_property(ICalendarProperty::Dtstart, moment(first));
                half.add_property(ICalendarProperty::Tzoffsetfrom, offset(self.offsets.0));
                half.add_property(ICalendarProperty::Tzoffsetto, offset(self.offsets.1));
                half.add_property(ICalendarProperty::Tzname, self.name);
                half.add_property(ICalendarProperty::Rrule, rule);
            },
            &[],
        )
    }
}

fn offset(hours: u8) -> PartialDateTime {
    PartialDateTime { tz_hour: Some(hours), tz_minute: Some(0), ..PartialDateTime::default() }
}

fn moment(at: NaiveDateTime) -> PartialDateTime {
    PartialDateTime {
        year: u16::try_from(at.year()).ok(),
        month: Some(byte(at.month())),
        day: Some(byte(at.day())),
        hour: Some(byte(at.hour())),
        minute: Some(byte(at.minute())),
        second: Some(byte(at.second())),
        ..PartialDateTime::default()
    }
}

/// A part of a date or a time; none of them is greater than 59.
fn byte(part: u32) -> u8 {
    u8::try_from(part).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests;
