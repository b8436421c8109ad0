"""Asks ClickHouse, in this process: statements as a JSON list on stdin, their rows on stdout.

`ask_chdb.py DIR` reads the Parquet files of a lake. It runs with the Python of the engines and needs
nothing of ours.
"""

import json
import sys

from chdb import session

SETTINGS = (
    "SET use_hive_partitioning = 1",
    "SET output_format_json_quote_64bit_integers = 0",
    "SET date_time_output_format = 'iso'",
    "SET session_timezone = 'UTC'",
)


def main() -> None:
    asked = session.Session()
    for each in SETTINGS:
        asked.query(each)
    asked.query("CREATE DATABASE lake ENGINE = Atomic")
    asked.query("USE lake")
    # A day is a text, as in other engines; ClickHouse would take it for a number.
    asked.query(
        "CREATE VIEW events AS SELECT * REPLACE (toString(eventday) AS eventday) "
        f"FROM file('{sys.argv[1]}/eventday=*/*.parquet', 'Parquet')"
    )
    answers = []
    for statement in json.load(sys.stdin):
        lines = str(asked.query(statement, "JSONCompactEachRow")).splitlines()
        answers.append([json.loads(line) for line in lines])
    version = str(asked.query("SELECT version()", "TabSeparated")).strip()
    json.dump({"version": version, "answers": answers}, sys.stdout)


if __name__ == "__main__":
    main()
