"""Commands that try things out: rehearse (stored events through other rules) and simulate (made worlds)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from rollout_core.cli.call import Call, shared
from rollout_core.cli.commands.reading import read_every
from rollout_core.cli.progress import working
from rollout_core.cli.value_words import moment

if TYPE_CHECKING:
    from rollout_core.simulation.run_world import Result
    from rollout_core.simulation.worlds import World

Values = Mapping[str, Any]


class When(click.ParamType[datetime]):
    """A day or an instant; without a zone UTC."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Reads "2026-03-01" or "2026-03-01T12:00"."""
        try:
            found = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is no day or time; write for instance 2026-03-01 or 2026-03-01T12:00", param, ctx)
        return found if found.tzinfo else found.replace(tzinfo=UTC)


@click.command("rehearse")
@click.option("--from", "since_at", type=When(), required=True, help="The first sweep.")
@click.option("--to", "until_at", type=When(), help="The last one; now otherwise.")
@click.option("--every", default="1h", show_default=True, metavar="TIME", help="How often it sweeps: 15m, 1h, 1d.")
@click.option("--plan", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="A variant of the rollout's plan, to see what other rules would have done.")
@shared
def rehearse(call: Call, since_at: datetime, until_at: datetime | None, every: str, plan: Path | None) -> None:
    """Replays stored events through sweeps: when it would have held, reduced or advanced, and why.

    Works on copies in a temporary folder; the live state is only read.
    """
    try:
        seconds = read_every(every).total_seconds()
    except ValueError as error:
        raise click.BadParameter("write for instance 15m, 1h or 1d", param_hint="--every") from error
    given = {"rollout": call.rollout, "since_at": since_at.isoformat(), "every_seconds": seconds,
             "until_at": None if until_at is None else until_at.isoformat(),
             "plan": None if plan is None else {"text": plan.read_text(encoding="utf-8"), "source": plan.name}}
    with working("Rehearsing", quiet=call.as_json, total=1.0) as say:
        found = call.connection.rehearse(given, say)
    call.show(found, rehearsed)


def rehearsed(found: Values) -> str:
    """Every change of mind, in order of time."""
    rules = f"{'a variant of ' if found.get('variant') else ''}plan version {found['plan_version']}"
    lines = [f"{found['rollout']}, {rules}: {found['sweeps']:,} sweeps; "
             + ("a line where what it decided changed:" if found["decisions"] else "none decided anything.")]
    for each in found["decisions"]:
        because = f" ({', '.join(each['because'])})" if each["because"] else ""
        act = str(each["act"]).replace("_", " ")
        lines.append(f"  {moment(each['swept_at'])}  {act}{because}: {each['failed'] or each['words']}")
    return "\n".join(lines)


class WorldsNamed(click.Command):
    """A command whose help ends with the shipped worlds; they are looked up when somebody asks for help."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes their names."""
        from rollout_core.simulation.world_documents import world_names

        formatter.write_paragraph()
        formatter.write_text(f"Shipped worlds: {', '.join(world_names())}.")


@click.command("simulate", cls=WorldsNamed)
@click.option("--world", "name", required=True, metavar="NAME|FILE", help="A shipped world, or a document of your own.")
@click.option("--runs", type=click.IntRange(min=1), help="How many; the world's own number otherwise.")
@click.option("--seed", type=click.IntRange(min=0), help="The same seed gives the same runs.")
@click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
def simulate(name: str, runs: int | None, seed: int | None, as_json: bool) -> None:
    """Runs a made world through the sweep's own functions: false alarms, harm found, delay."""
    from rollout_core.simulation.world_documents import read_world, world_named

    path = Path(name)
    world = read_world(path) if path.suffix in {".yaml", ".yml"} else world_named(name)
    count = runs or world.runs
    with working(f"Running {world.name}", quiet=as_json, total=1.0) as say:
        found = run(world, count, world.seed if seed is None else seed, say)
    click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2) if as_json else simulated(world, found))


def run(world: World, count: int, seed: int, say: Any) -> Result:
    """`simulate` of the simulation, run by run, so that somebody waiting sees that it goes on."""
    from rollout_core.simulation.run_world import draw, outcome_of, policy_of, summary

    policy, outcomes = policy_of(world), []
    for number in range(count):
        outcomes.append(outcome_of(draw(world, number, seed), policy))
        say((number + 1) / count)
    return summary(world, outcomes, seed)


def simulated(world: World, found: Result) -> str:
    """A result in words."""
    lines = [f"{world.name}: {world.summary}", f"  {found.runs:,} runs, seed {found.seed}",
             f"  paused without harm: {_rate(found.false_alarm_rate, found.false_alarm_low, found.false_alarm_high)}"]
    if found.found_share is not None:
        lines.append(f"  harm found: {_rate(found.found_share, found.found_low, found.found_high)}")
    if found.median_delay_hours is not None:
        lines.append(f"  after {found.median_delay_hours:g} h (median of those found)")
    held = _rate(found.hold_rate, found.hold_low, found.hold_high)
    return "\n".join([*lines, f"  held for a split that is not the planned one: {held}"])


def _rate(rate: float, low: float | None, high: float | None) -> str:
    """ "0.0% (95% interval 0.0% to 16.1%)": a few runs say little, and so it is said."""
    return f"{rate:.1%}" if low is None or high is None else f"{rate:.1%} (95% interval {low:.1%} to {high:.1%})"


COMMANDS = (rehearse, simulate)
