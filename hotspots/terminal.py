"""What a run says in a terminal: the quality report, the ranked list with its reasons, the verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from geodata.text import readable

if TYPE_CHECKING:  # at run time every command would load all that any of them shows
    import pandas as pd

    from geodata.quality import QualityReport
    from geodata.sources import Intake
    from geodata.sources.fetch import FetchReport
    from hotspots.analyses import Analysis
    from hotspots.evaluate import Evaluation, SampleSize
    from hotspots.results import Refusal, Run
    from hotspots.targeting import Backtest

MARKS = {"info": "·", "amber": "!", "red": "✗"}
STYLES = {"info": "dim", "amber": "yellow", "red": "bold red"}
GRADES = {"A": "green", "B": "yellow", "C": "bold red"}


def _text(words: str, **style: Any) -> Text:
    """Return words that may hold text from the data: shown letter by letter, obeyed by no terminal."""
    return Text(readable(words), **style)


def quality_report(report: QualityReport, area_name: str) -> RenderableType:
    """Return the quality report as a person reads it: grade, where the records went, what was found."""
    ledger = Table(box=box.SIMPLE_HEAD, show_header=False, pad_edge=False)
    ledger.add_column(justify="left")
    ledger.add_column(justify="right")
    ledger.add_row("records read", f"{report.n_read:,}")
    for reason, n in report.dropped.items():
        ledger.add_row(_text(f"  dropped: {reason}"), f"{n:,}")
    ledger.add_row("reports used", _text(f"{report.n_used:,}", style="bold"))
    found = Table(box=None, show_header=False, pad_edge=False)
    found.add_column(width=1)
    found.add_column(ratio=1)
    found.add_column(justify="right", style="dim")
    for item in sorted(report.findings, key=lambda item: list(MARKS).index(item.severity), reverse=True):
        style = STYLES[item.severity]
        found.add_row(_text(MARKS[item.severity], style=style), _text(item.message, style=style), item.rule)
    heading = Text.assemble(
        "Data quality of ", (readable(area_name), "bold"), ": grade ", (report.grade, GRADES[report.grade]),
        f"   ({report.time_precision} times, {report.location_precision.replace('_', ' ')} places)",
    )  # fmt: skip
    reading = [_text(f"  while reading: {note}", style="dim") for note in report.reading_notes]
    return Group(heading, ledger, found, *reading)


def matching(intake: Intake) -> RenderableType:
    """Return which column each field was read from."""
    from geodata.sources.profiles import describe_matching

    lines = [_text(f"  {line}", style="dim") for line in describe_matching(intake)]
    return Group(_text("Columns read", style="dim"), *lines)


def outcomes(table: pd.DataFrame) -> RenderableType:
    """Return what became of the crimes of each category; anti-social behaviour has no outcomes on police.uk."""
    if table.empty:
        return _text("None of the records in the area tells what became of it.", style="dim")
    from geodata.categories import label

    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading, side in (("What became of", "left"), ("records", "right"), ("told", "right"), ("mostly", "left")):
        shown.add_column(heading, justify=side)  # type: ignore[arg-type]
    for row in table.itertuples():
        mostly = f"{row.outcome} ({row.n_outcome:,})"
        shown.add_row(_text(label(str(row.category))), f"{row.n:,}", f"{row.n_told:,}", _text(mostly))
    return shown


def ranked_list(run: Run) -> RenderableType:
    """Return the ranked hotspots with their reasons."""
    if run.hotspots.empty:
        return _text("No hotspot list: see the reason below. The map shows the counts.", style="yellow")
    from hotspots.report import words
    from hotspots.why import what_would_move, why

    k = run.config.delineation.n_hotspots
    lines: list[RenderableType] = []
    for row in run.hotspots.sort_values("rank").itertuples():
        heading = _text(f"{row.rank:>2}  {words.placed(run.hotspots.loc[row.Index])}", style="bold")
        count = f"{words.counted(row.n_12m)} {words.year_label(run)}; truly in the top {k}: {words.likely(row.p_top)}"
        kind = f"{row.kind_label}: {row.kind_why}" if row.kind_label else ""
        details = [
            text for text in (row.reason, kind, row.peak, row.flags, words.by_hand(run.hotspots.loc[row.Index])) if text
        ]
        if row.rank == 1:
            details.append(" ".join(["What would move it up or down the list?", *what_would_move(why(run), row.Index)]))
        lines.extend([heading, Padding(_text(count, style="cyan"), (0, 0, 0, 4))])
        lines.extend(Padding(_text(text), (0, 0, 0, 4)) for text in details)
    return Padding(Group(*lines), (1, 0))


def confidence(run: Run) -> RenderableType:
    """Return how concentrated, how stable and how agreed the list is, and what was refused."""
    from hotspots.report import words

    unsteady = run.stability is not None and not run.stability.is_stable
    lines = [
        _text(said, style="bold yellow" if unsteady and said.startswith("UNSTABLE") else "")
        for said in words.sureness(run)
    ]
    lines.extend(_text(note) for note in run.notes)
    return Group(*lines, *(_refusal(refusal) for refusal in run.refused))


def _refusal(refusal: Refusal) -> Text:
    return Text.assemble(("Not shown: ", "yellow"), (refusal.analysis, "bold"), f". {readable(refusal.reason)}")


def questions(listing: pd.DataFrame) -> RenderableType:
    """Return every analysis with the question it answers, by page of the app."""
    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title in ("name", "question", "page of the app"):
        shown.add_column(title)
    for row in listing.itertuples():
        shown.add_row(str(row.Index), str(row.question), str(row.page))
    return shown


def analysis(answered: Analysis) -> RenderableType:
    """Return what an analysis says: its question, its sentences, or why it cannot answer."""
    heading = _text(answered.title, style="bold")
    if answered.refusal is not None:
        return Padding(Group(heading, Padding(_refusal(answered.refusal), (0, 0, 0, 4))), (1, 0, 0, 0))
    said = [Padding(_text(sentence), (0, 0, 0, 4)) for sentence in answered.sentences]
    return Padding(Group(heading, *said), (1, 0, 0, 0))


def designs(found: SampleSize) -> RenderableType:
    """Return what each design could detect, and the one sentence that sums it up."""
    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    shown.add_column("design")
    for title in ("treated at a time", "months", "detectable fall", "finds 20%", "finds 30%", "finds 50%", "level"):
        shown.add_column(title, justify="right")
    for row in found.table.to_dict("records"):
        numbers = [float(row[name]) for name in ("mde_pct", "power_20", "power_30", "power_50")]
        said = [f"{number:.0f}%" for number in numbers] if numbers[0] >= 0 else ["list too short", "", "", ""]
        shown.add_row(str(row["design"]), str(row["hotspots"]), str(row["months"]), *said, str(row["level"]))
    return Group(_text(found.sentence, style="bold"), shown)


def assignment(rows: pd.DataFrame) -> RenderableType:
    """Return the assignment list: for a rotation the months of each hotspot, else its arm."""
    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False, title=f"Drawn by lot, seed {rows['seed'].iloc[0]}")
    for title in ("hotspot", "name", "treated from", "to"):
        shown.add_column(title)
    for row in rows[rows["arm"] == "treated"].sort_values(["hotspot_id", "first_day"]).to_dict("records"):
        days = (f"{row[day]:%Y-%m-%d}" for day in ("first_day", "last_day"))
        shown.add_row(str(row["hotspot_id"]), _text(str(row["name"])), *days)
    return shown


def rota(times: pd.DataFrame, said: str) -> RenderableType:
    """Return who is visited how often in a rota, and in words who is not."""
    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False, title=f"Visit times, seed {times['seed'].iloc[0]}")
    for title in ("hotspot", "name", "visits", "first", "last"):
        shown.add_column(title)
    for (hotspot_id, name), own in times.groupby(["hotspot_id", "name"], sort=True):
        days = (f"{own['start'].agg(which):%Y-%m-%d %H:%M}" for which in ("min", "max"))
        shown.add_row(str(hotspot_id), _text(str(name)), str(len(own)), *days)
    return Group(shown, _text(said))


def backtest(found: Backtest, methods: Sequence[str]) -> RenderableType:
    """Return how good each ranking was, area by area, and what that means."""
    from hotspots.report import words  # it would load the map and the type-setter for every command

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("method")
    table.add_column("land", justify="right")
    for heading in ("reports found", "PAI", "PEI", "overlap", "times a simple count"):
        table.add_column(heading, justify="right")
    for row in found.accuracy.itertuples():
        table.add_row(
            str(row.method), f"{row.area:.1%}", f"{row.hit_rate:.1%}", f"{row.pai:.1f}", f"{row.pei:.2f}",
            f"{row.overlap:.0%}", f"{row.ratio:.3f} ({row.ratio_low:.3f} to {row.ratio_high:.3f})",
        )  # fmt: skip
    said = [_text(f"{name}: {' '.join(words.accuracy(found.of_list(name)))}") for name in methods]
    return Group(table, *said)


def fallback() -> RenderableType:
    """Return the word on a ranking made without other crime."""
    from hotspots.report import words

    return _text(words.ONE_KIND, style="yellow")


def verdict(evaluation: Evaluation) -> RenderableType:
    """Return the verdict of an evaluation: verdict, interval and doubt first, then what it rests on."""
    from hotspots.report.words import tidy

    first = (evaluation.interval_sentence, evaluation.doubt_sentence, evaluation.level_text)
    after = [*evaluation.notes, *(outcome.sentence for outcome in evaluation.outcomes)]
    after += [evaluation.economics.sentence] if evaluation.economics else []
    body = Group(
        *(_text(text, style="bold") for text in evaluation.amendments),
        _text(tidy(evaluation.headline), style="bold"),
        *(_text(tidy(text)) for text in first),
        _text(""),
        *(_text(f"- {tidy(text)}", style="dim") for text in after),
    )
    return Panel(body, title=_text(f"Did it work? {evaluation.design.name}"), title_align="left", box=box.ROUNDED)


def written(paths: Mapping[str, Path]) -> RenderableType:
    """Return where the files went."""
    lines = [_text("Files")] + [_text(f"  {path}", no_wrap=True, overflow="ignore") for path in paths.values()]
    return Padding(Group(*lines), (1, 0))


def fetched(report: FetchReport, folder: Path) -> RenderableType:
    """Return what was fetched, what was there already, and where it is."""
    files = f"{len(report.files):,} monthly street {'file' if len(report.files) == 1 else 'files'}"
    fetched, kept = len(report.months_fetched), len(report.months_cached)
    return _text(
        f"{files} in {folder}: {fetched:,} fetched, {kept:,} there already; "
        f"{report.n_bytes / 1e6:,.1f} MB in {report.n_requests:,} requests."
    )


def banner(run: Run) -> RenderableType:
    """Return the first lines of a run: what, where, when, under which marking."""
    from hotspots.report import words

    label = " SYNTHETIC DATA " if run.is_synthetic else ""
    return Text.assemble(
        (f" {run.short_marking} ", "reverse"), (label, "bold black on yellow"),
        f" Where reports have concentrated: {readable(run.area.name)}, {words.months_and_hours(run)}, "
        f"{run.quality.n_used:,} reports",
    )  # fmt: skip


def console(*, stderr: bool = False) -> Console:
    """Return the terminal to write to."""
    return Console(stderr=stderr, highlight=False)


@contextmanager
def download() -> Iterator[Callable[[str, int, int], None]]:
    """Show on stderr what is being fetched, how much of it is there, and of how much (0: unknown)."""
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console(stderr=True)) as bar:
        task = bar.add_task("Asking", total=None)
        yield lambda text, done, total: bar.update(task, description=text, completed=done, total=total or None)
