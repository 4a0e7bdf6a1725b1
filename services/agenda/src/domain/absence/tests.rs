use chrono::NaiveDate;
use identity::absences::{Absence, NewAbsence};
use identity::accounts::AccountId;
use proptest::prelude::*;
use rdv_dialect::violations::Violations;
use rstest::rstest;
use serde_json::{Value, json};

use super::AbsenceForm;
use crate::domain::examples;

const TODAY: &str = "2026-01-31";

fn form(parameters: &Value) -> AbsenceForm<'_> {
    AbsenceForm {
        title: parameters.get("title").into(),
        first_day: parameters.get("first_day").into(),
        start_time: parameters.get("start_time").into(),
        end_day: parameters.get("end_day").into(),
        end_time: parameters.get("end_time").into(),
    }
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn agent() -> AccountId {
    examples::agent().id
}

/// The example of the contract, with some of it replaced.
fn example(replaced: &Value) -> Value {
    let mut parameters = json!({
        "title": "Formation", "first_day": "2026-02-09", "start_time": "08:30", "end_day": "2026-02-10",
        "end_time": "17:00",
    });
    for (name, value) in replaced.as_object().unwrap() {
        parameters[name] = value.clone();
    }
    parameters
}

fn create(parameters: &Value) -> Result<NewAbsence, Value> {
    form(parameters).create(Some(agent()), day(TODAY)).map_err(|violations| told(&violations))
}

fn update(parameters: &Value) -> Result<Absence, Value> {
    form(parameters).update(examples::absence(), day(TODAY)).map_err(|violations| told(&violations))
}

fn told(violations: &Violations) -> Value {
    json!([violations, violations.messages()])
}

#[test]
fn the_example_of_the_contract_is_an_absence() {
    let absence = create(&example(&json!({}))).unwrap();
    assert_eq!(absence.agent, agent());
    assert_eq!(absence.title, "Formation");
    assert_eq!(absence.first_day.and_time(absence.start_time).to_string(), "2026-02-09 08:30:00");
    assert_eq!(absence.end_day.and_time(absence.end_time).to_string(), "2026-02-10 17:00:00");
}

#[rstest]
#[case::absent(json!({ "title": "x", "first_day": "2028-02-29", "start_time": "8:00", "end_time": "9:00" }))]
#[case::null(example(&json!({ "first_day": "2028-02-29", "end_day": null })))]
#[case::empty(example(&json!({ "first_day": "2028-02-29", "end_day": "" })))]
fn it_ends_on_the_day_on_which_it_begins_unless_another_is_given(#[case] parameters: Value) {
    let absence = create(&parameters).unwrap();
    assert_eq!((absence.first_day, absence.end_day), (day("2028-02-29"), day("2028-02-29")));
}

#[test]
fn the_white_space_around_a_title_goes() {
    assert_eq!(
        create(&example(&json!({ "title": " \u{a0}Congés d’été \t" }))).unwrap().title,
        "Congés d’été"
    );
    assert_eq!(create(&example(&json!({ "title": 2026 }))).unwrap().title, "2026");
}

#[test]
fn without_an_agent_it_says_that_there_has_to_be_one() {
    let violations = form(&example(&json!({}))).create(None, day(TODAY)).unwrap_err();
    assert_eq!(told(&violations), json!([{"agent": [{"error": "blank"}]}, ["agent doit exister"]]));
}

const BLANK: &str = "doit être rempli(e)";

#[rstest]
#[case::title_missing("title", None)]
#[case::title_null("title", Some(json!(null)))]
#[case::title_empty("title", Some(json!("")))]
#[case::title_of_spaces("title", Some(json!(" \n\u{2003}")))]
#[case::title_as_a_list("title", Some(json!(["Formation"])))]
#[case::first_day_missing("first_day", None)]
#[case::first_day_null("first_day", Some(json!(null)))]
#[case::first_day_french("first_day", Some(json!("09/02/2026")))]
#[case::first_day_that_is_none("first_day", Some(json!("2026-02-30")))]
#[case::first_day_number("first_day", Some(json!(20_260_209)))]
#[case::start_time_missing("start_time", None)]
#[case::start_time_with_a_letter("start_time", Some(json!("8h")))]
#[case::start_time_too_late("start_time", Some(json!("25:00")))]
#[case::start_time_word("start_time", Some(json!("abc")))]
#[case::end_time_missing("end_time", None)]
#[case::end_time_with_a_letter("end_time", Some(json!("8h")))]
#[case::end_time_too_late("end_time", Some(json!("25:00")))]
#[case::end_time_word("end_time", Some(json!("abc")))]
#[case::end_day_that_is_none("end_day", Some(json!("2026-02-30")))]
#[case::end_day_word("end_day", Some(json!("demain")))]
fn what_is_missing_or_malformed_is_blank(#[case] attribute: &str, #[case] value: Option<Value>) {
    let mut parameters = example(&json!({}));
    match value {
        Some(value) => parameters[attribute] = value,
        None => drop(parameters.as_object_mut().unwrap().remove(attribute)),
    }
    let expected = json!([{ attribute: [{"error": "blank"}] }, [format!("{attribute} {BLANK}")]]);
    assert_eq!(create(&parameters), Err(expected));
}

#[rstest]
#[case::same_moment(json!({ "end_day": "2026-02-09", "end_time": "08:30:00" }))]
#[case::second_before(json!({ "end_day": "2026-02-09", "end_time": "08:29:59" }))]
#[case::day_before(json!({ "end_day": "2026-02-08", "end_time": "23:59" }))]
#[case::on_one_day(json!({ "end_day": null, "start_time": "17:00", "end_time": "08:30" }))]
fn it_ends_after_it_begins(#[case] replaced: Value) {
    let sentence = "doit être après le début.";
    let expected = json!([{"ends_time": [{"error": sentence}]}, [format!("ends_time {sentence}")]]);
    assert_eq!(create(&example(&replaced)), Err(expected));
}

#[rstest]
#[case::second_later(json!({ "end_day": "2026-02-09", "end_time": "08:30:01" }))]
#[case::night(json!({ "start_time": "23:59", "end_time": "0:00" }))]
#[case::clocks_go_back(json!({
    "first_day": "2026-10-25", "end_day": "2026-10-25", "start_time": "02:59", "end_time": "03:00"
}))]
#[case::hour_that_there_is_not(json!({
    "first_day": "2026-03-29", "end_day": "2026-03-29", "start_time": "02:15", "end_time": "02:45"
}))]
fn wall_clock_times_are_compared_as_written(#[case] replaced: Value) {
    assert!(create(&example(&replaced)).is_ok());
}

const TOO_LATE: &str = "ne peut pas être dans plus de 5 ans";
const TOO_EARLY: &str = "ne peut pas être avant 2018";

#[rstest]
#[case::first_day_too_late(json!({ "first_day": "2031-02-01", "end_day": "2031-02-02" }), TODAY, &[
    ("first_day", TOO_LATE), ("end_day", TOO_LATE)
])]
#[case::only_the_end_too_late(json!({ "end_day": "2031-02-01" }), TODAY, &[("end_day", TOO_LATE)])]
#[case::last_day_that_may_be(json!({ "first_day": "2031-01-31", "end_day": "2031-01-31" }), TODAY, &[])]
#[case::leap_day_in_five_years(
    json!({ "first_day": "2033-02-28", "end_day": "2033-02-28" }), "2028-02-29", &[]
)]
#[case::day_after_leap_day_in_five_years(
    json!({ "first_day": "2033-02-28", "end_day": "2033-03-01" }), "2028-02-29", &[("end_day", TOO_LATE)]
)]
#[case::first_day_that_may_be(json!({ "first_day": "2018-01-01", "end_day": "2018-01-01" }), TODAY, &[])]
#[case::only_the_beginning_too_early(json!({ "first_day": "2017-12-31" }), TODAY, &[("first_day", TOO_EARLY)])]
#[case::both_too_early(json!({ "first_day": "2017-12-30", "end_day": "2017-12-31" }), TODAY, &[
    ("first_day", TOO_EARLY), ("end_day", TOO_EARLY)
])]
#[case::far_too_early(json!({ "first_day": "0000-01-01", "end_day": "0000-01-02" }), TODAY, &[
    ("first_day", TOO_EARLY), ("end_day", TOO_EARLY)
])]
#[case::far_too_late(json!({ "first_day": "9999-12-30", "end_day": "9999-12-31" }), TODAY, &[
    ("first_day", TOO_LATE), ("end_day", TOO_LATE)
])]
fn days_lie_between_2018_and_five_years_ahead(
    #[case] replaced: Value,
    #[case] today: &str,
    #[case] wrong: &[(&str, &str)],
) {
    let found = form(&example(&replaced)).create(Some(agent()), day(today)).err().unwrap_or_default();
    let errors: serde_json::Map<_, _> =
        wrong.iter().map(|(name, text)| ((*name).to_owned(), json!([{"error": text}]))).collect();
    let messages: Vec<_> = wrong.iter().map(|(name, text)| format!("{name} {text}")).collect();
    assert_eq!(told(&found), json!([errors, messages]));
}

#[test]
fn everything_is_told_at_once_in_the_order_of_the_contract() {
    let nothing = form(&Value::Null).create(None, day(TODAY)).unwrap_err();
    assert_eq!(
        nothing.messages(),
        [
            "agent doit exister",
            "title doit être rempli(e)",
            "first_day doit être rempli(e)",
            "start_time doit être rempli(e)",
            "end_time doit être rempli(e)",
        ]
    );
    let odd = example(&json!({ "title": "a\0", "first_day": "2032-01-01", "end_day": "2017-01-01" }));
    assert_eq!(
        form(&odd).create(None, day(TODAY)).unwrap_err().messages(),
        [
            "agent doit exister".to_owned(),
            "title n'est pas valide".to_owned(),
            "ends_time doit être après le début.".to_owned(),
            format!("first_day {TOO_LATE}"),
            format!("end_day {TOO_EARLY}"),
        ]
    );
}

#[rstest]
#[case::too_long(&"é".repeat(1001), "est trop long (pas plus de 1000 caractères)")]
#[case::null_character("a\0b", "n'est pas valide")]
#[case::escape("\u{1b}[2J", "n'est pas valide")]
fn a_title_that_cannot_be_kept_is_refused(#[case] title: &str, #[case] sentence: &str) {
    let refused = create(&example(&json!({ "title": title }))).unwrap_err();
    assert_eq!(refused[1], json!([format!("title {sentence}")]));
}

#[rstest]
#[case::longest(&"é".repeat(1000))]
#[case::two_lines("Formation\nsalle 2")]
#[case::marked_up("<b>Réunion</b>, \"équipe\"; 🦀 \\n")]
fn other_titles_stay_as_they_are(#[case] title: &str) {
    assert_eq!(create(&example(&json!({ "title": title }))).unwrap().title, title);
}

#[test]
fn an_update_keeps_what_it_does_not_give() {
    assert_eq!(update(&json!({})), Ok(examples::absence()));
    assert_eq!(update(&json!({ "agent_id": 3, "id": 4, "title": {} })), Ok(examples::absence()));
    let renamed = Absence { title: "Congés".to_owned(), ..examples::absence() };
    assert_eq!(update(&json!({ "title": " Congés " })), Ok(renamed));
    let moved =
        Absence { end_day: day("2026-02-11"), end_time: "9:05:00".parse().unwrap(), ..examples::absence() };
    assert_eq!(update(&json!({ "end_day": "2026-02-11", "end_time": "9:05" })), Ok(moved));
}

#[rstest]
#[case::beginning_moved_past_the_end(json!({ "first_day": "2026-02-11" }), &["ends_time doit être après le début."])]
#[case::title_taken_away(json!({ "title": null }), &["title doit être rempli(e)"])]
#[case::first_day_taken_away(json!({ "first_day": "" }), &["first_day doit être rempli(e)"])]
#[case::malformed_time(json!({ "start_time": "8h" }), &["start_time doit être rempli(e)"])]
#[case::malformed_end(json!({ "end_day": "x" }), &["end_day doit être rempli(e)"])]
#[case::too_late(json!({ "end_day": "2040-01-01" }), &["end_day ne peut pas être dans plus de 5 ans"])]
fn an_update_is_checked_as_a_whole(#[case] parameters: Value, #[case] messages: &[&str]) {
    assert_eq!(update(&parameters).unwrap_err()[1], json!(messages));
}

#[test]
fn an_update_that_takes_the_last_day_away_ends_it_on_the_first() {
    let shorter = Absence { end_day: day("2026-02-09"), ..examples::absence() };
    assert_eq!(update(&json!({ "end_day": null })), Ok(shorter));
}

proptest! {
    #[test]
    fn what_is_taken_is_within_every_rule(
        title in "\\PC{0,60}|é{990,1010}|[a-z \n]{0,20}",
        first in "20(1[5-9]|2[0-9]|3[0-4])-[01][0-9]-[0-3][0-9]|.{0,10}",
        last in "20(1[5-9]|2[0-9]|3[0-4])-[01][0-9]-[0-3][0-9]|",
        start in "[0-2]?[0-9]:[0-6][0-9]|.{0,5}",
        end in "[0-2]?[0-9]:[0-6][0-9]:[0-6][0-9]",
    ) {
        let parameters = json!({
            "title": title, "first_day": first, "end_day": last, "start_time": start, "end_time": end,
        });
        if let Ok(absence) = create(&parameters) {
            prop_assert_eq!(absence.title.as_str(), title.trim());
            prop_assert!(!absence.title.is_empty() && absence.title.chars().count() <= 1000);
            let span = absence.first_day.and_time(absence.start_time)..absence.end_day.and_time(absence.end_time);
            prop_assert!(span.start < span.end);
            prop_assert!(absence.first_day >= day("2018-01-01") && absence.end_day <= day("2031-01-31"));
        }
    }
}
