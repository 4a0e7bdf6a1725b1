//! `tessera org`, `tessera service`, `tessera territory`

use rstest::rstest;
use serde_json::{Value, json};

use super::{NOT_FOUND, REFUSED, both, refused};
use crate::stack::{Plan, Topology};

/// What somebody sets up by hand is shown, listed and changed field by field.
#[rstest]
fn organizations_are_made_and_changed(#[values(Topology::Single, Topology::Separate)] topology: Topology) {
    let stack = Plan::new(topology).idle();
    let territory = ["territory", "create", "--id", "drome", "--name", "Drôme", "--json"];
    assert_eq!(stack.tessera(&territory).expect(0).json()["name"], "Drôme");
    let create = [
        "org",
        "create",
        "--id",
        "mds-die",
        "--name",
        "MDS Die",
        "--territory",
        "drome",
        "--phone-number",
        "04 75 00 00 00",
        "--json",
    ];
    let made = stack.tessera(&create).expect(0).json();
    assert_eq!((&made["territory_id"], &made["number"]), (&json!("drome"), &json!(1)), "{made}");
    assert_eq!(made["verticale"], "rdv_solidarites", "{made}");

    let update =
        ["org", "update", "mds-die", "--email", " accueil@mds.example ", "--verticale", "rdv_mairie"];
    stack.tessera(&update).expect(0);
    // By its number; an empty text takes away, and what is not named stays.
    stack.tessera(&["org", "update", "1", "--phone-number", ""]).expect(0);
    let (text, shown) = both(&stack, &["org", "show", "mds-die"]);
    assert_eq!(shown["email"], "accueil@mds.example", "{shown}");
    assert_eq!(
        (&shown["phone_number"], &shown["verticale"]),
        (&Value::Null, &json!("rdv_mairie")),
        "{shown}"
    );
    assert_eq!(shown["name"], "MDS Die", "{shown}");
    assert!(text.contains("phone number  -") && text.contains("accueil@mds.example"), "{text}");
    let (text, list) = both(&stack, &["org", "list"]);
    assert_eq!((list.as_array().map(Vec::len), &list[0]["id"]), (Some(1), &json!("mds-die")), "{list}");
    assert!(text.lines().nth(1).is_some_and(|line| line.contains("MDS Die")), "{text}");
    assert_eq!(both(&stack, &["org", "show", "1"]).1, shown);
}

#[rstest]
fn services_and_territories_are_listed(#[values(Topology::Single, Topology::Separate)] topology: Topology) {
    let stack = Plan::new(topology).idle();
    stack.tessera(&["service", "create", "--id", "soc", "--name", "Social", "--short-name", "S"]).expect(0);
    stack.tessera(&["service", "create", "--id", "pmi", "--name", "Secrétariat"]).expect(0);
    stack.tessera(&["territory", "create", "--id", "t1", "--name", "Drôme"]).expect(0);
    let (text, list) = both(&stack, &["service", "list"]);
    let pmi = json!({ "id": "pmi", "number": 2, "name": "Secrétariat", "short_name": null });
    assert_eq!((&list[0], &list[1]["short_name"]), (&pmi, &json!("S")), "{list}");
    assert!(text.lines().count() == 3 && text.contains("Secrétariat"), "{text}");
    let territory = json!([{ "id": "t1", "number": 1, "name": "Drôme" }]);
    assert_eq!(both(&stack, &["territory", "list"]).1, territory);
}

#[rstest]
fn what_cannot_be_done_to_organizations_has_its_exit_status(
    #[values(Topology::Single, Topology::Separate)] topology: Topology,
) {
    let stack = Plan::new(topology).idle();
    stack.tessera(&["territory", "create", "--id", "t1", "--name", "Drôme"]).expect(0);
    let place = ["--name", "MDS", "--territory", "t1"];
    stack.tessera(&[&["org", "create", "--id", "a"], &place[..]].concat()).expect(0);
    for (arguments, status, words) in [
        (&["org", "show", "nowhere"][..], NOT_FOUND, &["there is no organization nowhere"][..]),
        (&["org", "update", "7", "--name", "x"], NOT_FOUND, &["there is no organization 7"]),
        (&["org", "create", "--id", "a", "--name", "B"], REFUSED, &["organization id", "taken"]),
        (&["org", "create", "--id", "b", "--name", "MDS", "--territory", "t1"], REFUSED, &["name", "taken"]),
        (&["org", "create", "--id", "b", "--name", "B", "--territory", "t2"], REFUSED, &["territory"]),
        (&["org", "update", "a", "--phone-number", "12"], REFUSED, &["phone_number"]),
        (&["org", "update", "a", "--name", " "], REFUSED, &["name"]),
        (&["org", "update", "a", "--verticale", "rdv"], 2, &["--verticale", "rdv"]),
        (&["service", "create", "--id", "", "--name", "x"], REFUSED, &["id"]),
        (&["territory", "create", "--id", "t1", "--name", "x"], REFUSED, &["territory id", "taken"]),
    ] {
        refused(&stack, arguments, status, words);
    }
    assert_eq!(stack.tessera(&["org", "list", "--json"]).expect(0).json()[0]["name"], "MDS");
    assert_eq!(stack.tessera(&["service", "list", "--json"]).expect(0).json(), json!([]));
}
