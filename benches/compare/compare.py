"""Runs the same audiences through Camp, statements, dbt-duckdb and sqlmesh.

Started by `run.sh`, which makes the Python environment, the program and the data.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

import duckdb

THREADS = 2
# In the folder of each run.
DATABASE = "bench.duckdb"
AS_OF = "2026-07-01T12:00:00Z"
BIN = Path(sys.executable).parent
ENVIRONMENT = os.environ | {
    # Nobody waits for a report to somebody else's server.
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "SQLMESH__DISABLE_ANONYMIZED_ANALYTICS": "true",
}


@dataclass(frozen=True)
class Rule:
    """Customers of a country whose paid orders of the last days give enough.

    What is asked of the orders is in the words of Camp, with `{}` for them, and in SQL.
    """

    country: str
    days: int
    of_camp: str
    of_sql: str

    def camp(self) -> str:
        orders = f'orders where status = "paid" and ordered_at in last {self.days} days'
        return f'where country = "{self.country}" and {self.of_camp.format(orders)}'

    def first_day(self) -> date:
        # Today is the last of the days.
        return date(2026, 7, 1) - timedelta(days=self.days - 1)

    def sql(self, data: Path, orders: str | None = None) -> str:
        orders = orders or f"'{data}/orders.parquet'"
        # Not USING, which the optimizer of sqlmesh does not know for semi joins.
        return f"""\
SELECT customer_id, email FROM '{data}/customers.parquet' AS c
SEMI JOIN (
  SELECT customer_id FROM {orders}
  WHERE status = 'paid' AND ordered_at >= TIMESTAMP '{self.first_day()}'
    AND ordered_at <= TIMESTAMP '2026-07-01 12:00:00'
  GROUP BY customer_id HAVING {self.of_sql}
) AS s ON c.customer_id = s.customer_id
WHERE country = '{self.country}'"""


def rules(count: int) -> list[Rule]:
    """The rules of `benches/camp/many.rs`."""
    countries = ["FR", "DE", "IT", "ES", "NL"]

    def rule(i: int) -> Rule:
        step = i // 14
        asked = [
            ("sum(amount of {}) >= %d", "sum(amount) >= %d", 100 + step * 50),
            ("count({}) >= %d", "count(*) >= %d", 2 + step),
            ("max(amount of {}) >= %d", "max(amount) >= %d", 60 + step * 2),
        ]
        camp, sql, least = asked[i % 3]
        return Rule(countries[i % 5], 30 + i % 14 * 15, camp % least, sql % least)

    return [rule(i) for i in range(count)]


@dataclass
class Contestant:
    """`prepare` writes what is run into an empty folder and returns the command.

    `relation` names an audience in the database. `models_only` reads, after a run,
    how long the program took from the start of the first model to the end of the last.
    """

    name: str
    relation: str
    prepare: Callable[[Path, Path, list[Rule]], list[str | Path]]
    models_only: Callable[[Path], float] | None = None
    walls: list[float] = field(default_factory=list)
    models: list[float] = field(default_factory=list)
    peaks: list[int] = field(default_factory=list)


def camp(program: Path) -> Contestant:
    def prepare(folder: Path, data: Path, audiences: list[Rule]) -> list[str | Path]:
        lines = [
            'campaign "Bench" timezone "UTC"',
            f'dimension customers = "{data}/customers.parquet" key customer_id',
            f'dimension orders = "{data}/orders.parquet" key order_id',
            "link customers.orders, orders.customer "
            "on customers.customer_id = orders.customer_id",
        ]
        for i, rule in enumerate(audiences):
            lines += [
                f"a{i} = build audience from customers",
                f"  {rule.camp()}",
                "  select email",
                f'save audience a{i} as "Audience {i}"',
            ]
        script = folder / "bench.camp"
        script.write_text("\n".join(lines) + "\n")
        options = [
            "--db",
            folder / DATABASE,
            "--as-of",
            AS_OF,
            "--threads",
            str(THREADS),
        ]
        return [program, "run", script, *options]

    return Contestant("Camp", 'audience."Audience {}"', prepare)


def statements(*, staged: bool) -> Contestant:
    """`staged`: by one who knows the rules, and reads once what any of them needs."""
    code = (
        "import duckdb, pathlib;"
        f"connection = duckdb.connect('{DATABASE}', config={{'threads': {THREADS}}});"
        "connection.execute(pathlib.Path('bench.sql').read_text())"
    )

    def prepare(folder: Path, data: Path, audiences: list[Rule]) -> list[str | Path]:
        first = min(rule.first_day() for rule in audiences)
        stage = (
            "CREATE TEMP TABLE staged AS SELECT customer_id, ordered_at, status, amount"
            f" FROM '{data}/orders.parquet'"
            f" WHERE status = 'paid' AND ordered_at >= TIMESTAMP '{first}';"
        )
        orders = "staged" if staged else None
        creations = [
            f"CREATE TABLE audience_{i} AS {rule.sql(data, orders)};"
            for i, rule in enumerate(audiences)
        ]
        (folder / "bench.sql").write_text(
            "\n".join([stage, *creations] if staged else creations)
        )
        return [sys.executable, "-c", code]

    name = "statements, orders staged by hand" if staged else "plain statements"
    return Contestant(name, "audience_{}", prepare)


def dbt() -> Contestant:
    def prepare(folder: Path, data: Path, audiences: list[Rule]) -> list[str | Path]:
        output = {
            "type": "duckdb",
            "path": str(folder / DATABASE),
            "threads": THREADS,
            "settings": {"threads": THREADS},
        }
        # JSON is YAML.
        write_json(
            folder / "profiles.yml",
            {"bench": {"target": "bench", "outputs": {"bench": output}}},
        )
        project = {
            "name": "bench",
            "profile": "bench",
            "models": {"bench": {"materialized": "table"}},
        }
        write_json(folder / "dbt_project.yml", project)
        (folder / "models").mkdir()
        for i, rule in enumerate(audiences):
            (folder / f"models/audience_{i}.sql").write_text(rule.sql(data))
        return [BIN / "dbt", "run", "--project-dir", folder, "--profiles-dir", folder]

    def models_only(folder: Path) -> float:
        results = json.loads((folder / "target/run_results.json").read_text())[
            "results"
        ]
        phases = [phase for result in results for phase in result["timing"]]
        begun = min(datetime.fromisoformat(phase["started_at"]) for phase in phases)
        ended = max(datetime.fromisoformat(phase["completed_at"]) for phase in phases)
        return (ended - begun).total_seconds()

    return Contestant("dbt-duckdb", "audience_{}", prepare, models_only)


def sqlmesh() -> Contestant:
    def prepare(folder: Path, data: Path, audiences: list[Rule]) -> list[str | Path]:
        connection = {
            "type": "duckdb",
            "database": str(folder / DATABASE),
            "concurrent_tasks": THREADS,
            "connector_config": {"threads": THREADS},
        }
        config = {
            "gateways": {"bench": {"connection": connection}},
            "model_defaults": {"dialect": "duckdb"},
        }
        write_json(folder / "config.yaml", config)
        (folder / "models").mkdir()
        for i, rule in enumerate(audiences):
            head = f"MODEL (name main.audience_{i}, kind FULL);\n"
            (folder / f"models/audience_{i}.sql").write_text(head + rule.sql(data))
        return [BIN / "sqlmesh", "plan", "--auto-apply", "--no-prompts"]

    def models_only(folder: Path) -> float:
        (log,) = (folder / "logs").iterdir()
        stages = re.findall(
            r"^(\S+ \S+) .*Evaluating plan stage (\w+)", log.read_text(), re.MULTILINE
        )
        times = [datetime.strptime(at, "%Y-%m-%d %H:%M:%S,%f") for at, _ in stages]
        backfill = [stage for _, stage in stages].index("BackfillStage")
        return (times[backfill + 1] - times[backfill]).total_seconds()

    return Contestant("sqlmesh", "audience_{}", prepare, models_only)


def write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=2))


def run(command: list[str | Path], folder: Path) -> tuple[float, int]:
    """Seconds and peak memory in MB of a process, as the system counted them."""
    with (folder / "output.txt").open("w") as output:
        begun = time.perf_counter()
        child = subprocess.Popen(
            command,
            cwd=folder,
            env=ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - begun
    if status != 0:
        sys.exit(f"{command[0]} failed:\n{(folder / 'output.txt').read_text()[-4000:]}")
    # macOS counts bytes, Linux KiB.
    return wall, usage.ru_maxrss // (1024 * 1024 if sys.platform == "darwin" else 1024)


def members(database: Path, relation: str, count: int) -> list[tuple[int, int]]:
    """Of each audience the number of members and a hash that has no order."""
    digest = "hash(CAST(customer_id AS BIGINT), CAST(email AS VARCHAR))::HUGEINT"
    with duckdb.connect(database, read_only=True) as connection:
        return [
            connection.sql(
                f"SELECT count(*), coalesce(sum({digest}), 0) FROM {relation.format(i)}"
            ).fetchone()
            for i in range(count)
        ]


def race(
    contestants: list[Contestant], data: Path, audiences: list[Rule], measured: bool
) -> None:
    """Runs every contestant once, each in a new folder, and compares the members."""
    results: dict[str, list[tuple[int, int]]] = {}
    for contestant in contestants:
        with tempfile.TemporaryDirectory(prefix="camp-compare-") as name:
            folder = Path(name)
            wall, peak = run(contestant.prepare(folder, data, audiences), folder)
            results[contestant.name] = members(
                folder / DATABASE, contestant.relation, len(audiences)
            )
            if measured:
                contestant.walls.append(wall)
                contestant.peaks.append(peak)
                if contestant.models_only:
                    contestant.models.append(contestant.models_only(folder))
    for i in range(len(audiences)):
        found = {name: result[i] for name, result in results.items()}
        if len(set(found.values())) > 1:
            sys.exit(f"audience {i} differs (members, hash): {found}")
        if (0, 0) in found.values():
            sys.exit(f"audience {i} is empty: that it is equal would prove nothing")


def table(contestants: list[Contestant]) -> str:
    base = statistics.median(contestants[0].walls)
    lines = [
        "| contestant | median | fastest | ratio to Camp | models only, median"
        " | its ratio to the whole of Camp | peak memory |",
        "|---|---|---|---|---|---|---|",
    ]
    for contestant in contestants:
        median = statistics.median(contestant.walls)
        models = statistics.median(contestant.models) if contestant.models else None
        lines.append(
            f"| {contestant.name} | {median:.2f} s | {min(contestant.walls):.2f} s "
            f"| {median / base:.2f} "
            + (f"| {models:.2f} s | {models / base:.2f} " if models else "| | ")
            + f"| {max(contestant.peaks)} MB |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--audiences", type=int, default=100, metavar="N", help="how many (100)"
    )
    parser.add_argument(
        "--rounds", type=int, default=5, metavar="N", help="measured rounds (5)"
    )
    parser.add_argument("--camp", type=Path, required=True, help="the program")
    parser.add_argument(
        "--data", type=Path, required=True, help="the folder of the data"
    )
    options = parser.parse_args()

    data = options.data.resolve()
    contestants = [
        camp(options.camp.resolve()),
        statements(staged=False),
        statements(staged=True),
        dbt(),
        sqlmesh(),
    ]
    # The first round warms the file cache.
    race(contestants, data, rules(1), measured=False)
    for turn in range(options.rounds):
        print(f"round {turn + 1} of {options.rounds}", file=sys.stderr)
        race(contestants, data, rules(options.audiences), measured=True)

    packages = ["duckdb", "dbt-core", "dbt-duckdb", "sqlmesh"]
    print(
        f"audiences: {options.audiences}, rounds: {options.rounds}, "
        f"threads: {THREADS}, cores: {os.cpu_count()}; "
        + ", ".join(f"{name} {version(name)}" for name in packages)
    )
    print(
        "In every round all have the same members in each audience: "
        "number, and hash of (customer_id, email).\n"
    )
    print(table(contestants))


if __name__ == "__main__":
    main()
