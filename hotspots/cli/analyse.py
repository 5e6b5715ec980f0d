"""Ask single questions: any analysis by name, or all of them, with its table and its picture."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hotspots.cli.common import Records, progress, read_street_lines, settings_of
from hotspots.cli.options import Category, Database, FromMonth, Mapping, Places, Profile, Query, ToMonth

if TYPE_CHECKING:
    from hotspots.analyses import Options
    from hotspots.results import Run

EVERYTHING = "all"


def analyse(
    *,
    asked: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="NAME... PATH...",
            help="Names of analyses (or 'all'), then the files as for `hotspots run`. --list shows the names.",
            show_default=False,
        ),
    ] = None,
    show_list: Annotated[bool, typer.Option("--list", help="Show every analysis and its question, and end.")] = False,
    area: Annotated[Path | None, typer.Option("--area", help="Any polygon file: LPA, local authority, ward.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for the results.")] = None,
    config: Annotated[Path | None, typer.Option("--config", help="Settings as TOML.")] = None,
    category: Category = None,
    first: FromMonth = None,
    last: ToMonth = None,
    streets: Annotated[Path | None, typer.Option(help="Street lines, for the density along streets.")] = None,
    places: Places = None,
    facilities: Annotated[
        Path | None, typer.Option(help="Facilities: a table of name, type, longitude, latitude.")
    ] = None,
    facility_within: Annotated[
        float, typer.Option("--facility-within", help="Metres within which a report counts for a facility.")
    ] = 50.0,
    boundaries: Annotated[
        Path | None, typer.Option(help="Wards, neighbourhoods or LSOAs as polygons, to count reports by (areas).")
    ] = None,
    harm_weights: Annotated[
        Path | None, typer.Option("--harm-weights", help="Your weights: category or offence_code, and weight (R4.13).")
    ] = None,
    asb_weight: Annotated[
        float, typer.Option("--asb-weight", help="Weight of one anti-social behaviour report: your declared choice.")
    ] = 1.0,
    school_holidays: Annotated[
        Path | None, typer.Option("--school-holidays", help="Your school holidays: first_day, last_day, name.")
    ] = None,
    bank_holidays: Annotated[
        Path | None, typer.Option("--bank-holidays", help="Your bank holidays: day, name; for the years it lists.")
    ] = None,
    nation: Annotated[str, typer.Option(help="Whose bank holidays: England, Wales, Scotland, Northern Ireland.")] = (
        "England"
    ),
    hotspot: Annotated[str, typer.Option(help="One hotspot in depth, by its id, e.g. H01.")] = "",
    bandwidth: Annotated[
        str, typer.Option(help="Smoothing in metres, or rule, likelihood or hold-out. [the run's setting]")
    ] = "",
    half_life: Annotated[
        float, typer.Option("--half-life", help="Days after which a report counts half in density-lately.")
    ] = 60.0,
    compare: Annotated[
        tuple[str, str] | None,
        typer.Option(help="Two categories for density-compare. [the last 12 months and the 12 before]"),
    ] = None,
    near_repeat_category: Annotated[
        list[str] | None,
        typer.Option("--near-repeat-category", help="Category of the near-repeat test; repeatable; 'all' takes every "
                                                    "report. [burglary, vehicle-crime, criminal-damage-arson]"),
    ] = None,
    mapping: Mapping = None,
    profile: Profile = None,
    database: Database = None,
    query: Query = None,
) -> None:  # fmt: skip
    """Ask single questions about a run: each gives sentences, a table and a picture, or says why it cannot."""
    from geodata.area import read_area
    from geodata.calendar import own_bank_holidays
    from geodata.calendar import school_holidays as read_holidays
    from geodata.categories import slug
    from geodata.context import read_boundaries
    from hotspots import analyses, pipeline, terminal
    from hotspots.facilities import read_facilities
    from hotspots.harm import read_weights
    from hotspots.near_repeat import CATEGORIES

    if show_list:
        terminal.console().print(terminal.questions(analyses.listing()))
        return
    names, paths = _names_and_paths(asked or [])
    if area is None or out is None:
        raise typer.BadParameter("give --area FILE and --out DIR, or --list")
    settings = settings_of(config, category, first, last, places=places)
    options = analyses.Options(
        hotspot=hotspot, bandwidth=bandwidth, nation=nation, half_life_days=half_life,
        facility_within_m=facility_within,
        compare=None if compare is None else (slug(compare[0]), slug(compare[1])),
        facilities=None if facilities is None else read_facilities(facilities),
        harm=None if harm_weights is None else read_weights(harm_weights, asb_weight=asb_weight),
        school_holidays=None if school_holidays is None else read_holidays(school_holidays),
        bank_holidays=None if bank_holidays is None else own_bank_holidays(bank_holidays),
        near_repeat_categories=tuple(map(slug, near_repeat_category)) if near_repeat_category else CATEGORIES,
    )  # fmt: skip
    with progress() as say:
        say("Reading the area")
        study = read_area(area)
        if boundaries is not None:
            options = replace(options, boundaries=read_boundaries(boundaries, area=study))
        say("Reading the records")
        intake = Records(paths, mapping, profile, database, query).read()
        run = pipeline.run(intake, study, settings, streets=read_street_lines(streets, study), progress=say)
    terminal.console().print(terminal.banner(run))
    answer_questions(run, names, options, out)


def answer_questions(run: Run, names: list[str], options: Options, out: Path) -> None:
    """Ask a run these questions, write the answers and say them; a refusal is an answer."""
    from hotspots import analyses, terminal
    from hotspots.files import write_files
    from hotspots.report.analyses import analysis_files

    with progress() as say:
        found = []
        for name in names:
            say(analyses.ANALYSES[name].question)
            found.append(analyses.analyse(run, name, options))
        say("Drawing")
        written = write_files(out, analysis_files(run, found))
    screen = terminal.console()
    for analysis in found:
        screen.print(terminal.analysis(analysis))
    screen.print(terminal.written(written))


def _names_and_paths(asked: list[str]) -> tuple[list[str], list[Path] | None]:
    """Return the analyses asked for and the paths after them; a word that is no file must be a name."""
    from hotspots.analyses import ANALYSES, known

    names: list[str] = []
    rest = list(asked)
    while rest and (rest[0] in ANALYSES or rest[0] == EVERYTHING or not _is_path(rest[0])):
        word = rest.pop(0)
        names += list(ANALYSES) if word == EVERYTHING else [known(word)]
    if not names:
        raise typer.BadParameter("name at least one analysis before the files, or 'all'; --list shows them")
    return list(dict.fromkeys(names)), [Path(word) for word in rest] or None


def _is_path(word: str) -> bool:
    return Path(word).exists() or any(sign in word for sign in "./\\")
