"""statements.py RECORD TARGET: sorts what a test run recorded into TARGET/{sqlite,postgres}.sql and TARGET/schema.txt.

Statements that differ in the length of a list alone are one. What tests ask of the catalogue and of the bookkeeping of
migrations is left out: replicas at work do not.
"""

import pathlib
import re
import sys

COMPONENTS = {
    "identity": "crates/identity",
    "rooms": "services/rooms",
    "applications": "services/applications",
    "base-token": "services/base-token",
}
NOT_OURS = re.compile(
    r"tessera_migrations|sqlite_master|sqlite_sequence|pragma_|\bpg_\w+|to_regclass|information_schema|generate_series", re.IGNORECASE
)
PLACE = r"(?:\?|\$\d+|DEFAULT|NULL)"
# `VALUES (?, ?), (?, ?)` and `IN (?, ?)`
ROWS = re.compile(rf"(\({PLACE}(?:, {PLACE})*\))(?:, \({PLACE}(?:, {PLACE})*\))+")
LIST = re.compile(rf"IN \({PLACE}(?:, {PLACE})+\)")
# A value that a test wrote into the text would be a value of the record.
LITERAL = re.compile(r"'(?:[^']{17,})'")
# What a statement reads or changes, unless it is a function; and what it calls so itself.
TABLE = re.compile(r"\b(?:FROM|JOIN|INTO|UPDATE) [`\"]?([a-z][a-z_]*)\b(?![`\"]?\()")
OWN = re.compile(r"\b([a-z_]+)(?: \([^()]*\))? AS (?:NOT )?(?:MATERIALIZED )?\(")


def tables():
    """Those of the migrations: tests make some of their own."""
    scripts = (path.read_text() for owner in COMPONENTS.values() for path in pathlib.Path(owner, "migrations").rglob("up.sql"))
    return {name for script in scripts for name in re.findall(r"CREATE TABLE (\w+)", script)}


def generalised(statement):
    statement = LIST.sub(lambda found: "IN (" + re.search(PLACE, found.group()).group() + ")", statement)
    return ROWS.sub(lambda found: found.group(1), statement)


def renumbered(statement):
    """PostgreSQL wants every number up to the highest."""
    numbers = {}
    return re.sub(r"\$(\d+)", lambda found: "$" + str(numbers.setdefault(found.group(1), len(numbers) + 1)), statement)


def main(record, target):
    found, known = {"sqlite": set(), "postgres": set()}, tables()
    for file in pathlib.Path(record).iterdir():
        for line in file.read_text().splitlines():
            backend, statement = line.split("\t", 1)
            named = set(TABLE.findall(statement))
            if NOT_OURS.search(statement) or LITERAL.search(statement) or not named & known or named - known - set(OWN.findall(statement)):
                continue
            found[backend].add(renumbered(generalised(statement)))
    for backend, statements in found.items():
        (pathlib.Path(target) / f"{backend}.sql").write_text("".join(f"{line}\n" for line in sorted(statements)))
        print(f"{backend}: {len(statements)} statements")
    last = {name: max(path.name for path in pathlib.Path(owner, "migrations/postgres").iterdir() if path.is_dir())
            for name, owner in COMPONENTS.items()}
    versions = {name: folder.split("_")[0].replace("-", "") for name, folder in last.items()}
    (pathlib.Path(target) / "schema.txt").write_text("".join(f"{name} {version}\n" for name, version in versions.items()))


main(*sys.argv[1:])
