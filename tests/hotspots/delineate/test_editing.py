"""What an analyst changes: the numbers follow, the ids stay, the rules broken are said, and edits can be undone."""

from __future__ import annotations

import itertools

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geodata import cells as h3cells
from geodata.errors import DesignError
from hotspots.config import RunConfig, with_settings
from hotspots.delineate import draw
from hotspots.editing import best_cut, drawn_list, edit_hotspots, is_contiguous, notes_on
from hotspots.edits import Edit, edits_of, edits_toml, read_edits

MIDDLE = "8a194da9a6cffff"
WHY = "officers know it"
RING = sorted(set(h3cells.disk(MIDDLE, 1)) - {MIDDLE})


def step(steps):
    return next(cell for cell in h3cells.disk(MIDDLE, 12) if h3cells.steps_between(MIDDLE, cell) == steps)


FAR = step(9)


@pytest.fixture(scope="module")
def basis(basis_from):
    return basis_from({MIDDLE: 10, RING[0]: 8, RING[1]: 7, RING[3]: 1, FAR: 5})


@pytest.fixture(scope="module")
def drawn(basis):
    return draw(basis)[0]


def edited(drawn, basis, *edits):
    return edit_hotspots(drawn, [Edit(**{"hotspot": "H01", "reason": WHY} | edit) for edit in edits], basis)


def cells_of(hotspots, hotspot_id):
    return set(hotspots.loc[hotspot_id, "cells"].split(","))


def without_record(hotspots):
    return pd.DataFrame(hotspots.drop(columns=["edited", "flags", "geometry"])).sort_index()


def test_added_and_removed_cells_change_every_number(drawn, basis):
    assert cells_of(drawn, "H01") == {MIDDLE, RING[0], RING[1]}
    more = edited(drawn, basis, {"action": "add", "cells": (RING[3],)})
    assert more.loc["H01", "n"] == drawn.loc["H01", "n"] + 24
    assert more.loc["H01", "n_12m"] == drawn.loc["H01", "n_12m"] + 12
    assert more.loc["H01", "n_cells"] == 4
    assert more.loc["H01", "patrol_minutes"] > drawn.loc["H01", "patrol_minutes"]
    assert more.loc["H01", "edited"] == f"1 cell added: {WHY}"
    assert more.loc["H02", "edited"] == ""
    less = edited(drawn, basis, {"action": "remove", "cells": (RING[1],)})
    assert less.loc["H01", "n"] == 18 * 24
    assert less.loc["H01", "reason"].startswith("432 reports in 24 months")


def test_numbers_after_edits_equal_a_fresh_count_of_the_reports(drawn, basis):
    after = edited(drawn, basis, {"action": "split", "cells": (RING[0],)}, {"action": "add", "cells": (RING[3],)})
    for _, row in after.iterrows():
        own = basis.reports["cell"].isin(row["cells"].split(","))
        assert row["n"] == own.sum()
        assert row["n_12m"] == (own & (basis.reports["month"] > "2023-04-01")).sum()
        assert row["expected"] == pytest.approx(basis.cells.loc[row["cells"].split(","), "expected"].sum())
    assert after["rank"].to_list() == [1, 2, 3]
    assert after["score"].is_monotonic_decreasing


def test_a_split_then_a_merge_gives_the_hotspot_back(drawn, basis):
    split = edited(drawn, basis, {"action": "split"})
    assert list(split.sort_index().index) == ["H01", "H02", "H03"]
    assert cells_of(split, "H01") | cells_of(split, "H03") == cells_of(drawn, "H01")
    back = edited(drawn, basis, {"action": "split"}, {"action": "merge", "other": "H03"})
    pd.testing.assert_frame_equal(without_record(back), without_record(drawn))
    assert back.geometry.geom_equals(drawn.geometry).all()


def test_removing_what_was_added_gives_the_hotspot_back(drawn, basis):
    back = edited(
        drawn, basis, {"action": "add", "cells": (RING[3],)}, {"action": "remove", "cells": (RING[3],)}
    )  # fmt: skip
    pd.testing.assert_frame_equal(without_record(back), without_record(drawn))


def test_a_new_name_stays_and_a_part_split_off_gets_a_name_of_its_own(drawn, basis):
    named = edited(drawn, basis, {"action": "rename", "name": "The Precinct"}, {"action": "split"})
    assert named.loc["H01", "name"] == "The Precinct"
    assert named["name"].is_unique
    assert named.loc["H03", "edited"].startswith("split from H01")


def test_a_dropped_hotspot_leaves_and_the_rest_move_up(drawn, basis):
    left = edited(drawn, basis, {"action": "drop"})
    assert left.index.to_list() == ["H02"]
    assert left["rank"].to_list() == [1]
    assert edited(drawn, basis, {"action": "drop"}, {"action": "drop", "hotspot": "H02"}).empty


def test_a_rule_an_edit_breaks_is_said_not_refused(drawn, basis):
    big = edited(drawn, basis, {"action": "add", "cells": tuple(set(h3cells.disk(MIDDLE, 2)) - cells_of(drawn, "H01"))})
    assert "over 10 ha or 7 cells" in big.loc["H01", "flags"]
    tiny = edited(drawn, basis, {"action": "add", "cells": (RING[3],)}, {"action": "split", "cells": (RING[3],)})
    assert "12 reports in the last 12 months, fewer than 36" in tiny.loc["H03", "flags"]
    assert "closer than 500 m" in tiny.loc["H03", "flags"]
    assert "closer than" not in tiny.loc["H02", "flags"]


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        ({"action": "merge", "other": "H02"}, "would not all touch"),
        ({"action": "add", "cells": (step(4),)}, "would not all touch"),
        ({"action": "add", "cells": (FAR,)}, "belongs to H02 already"),
        ({"action": "add", "cells": ("8a1f1d48a01ffff",)}, "no cell of the study area"),
        ({"action": "remove", "cells": (FAR,)}, "is not part of H01"),
        ({"action": "remove", "cells": (MIDDLE, RING[0], RING[1])}, "use 'drop'"),
        ({"action": "split", "cells": (MIDDLE, RING[0], RING[1])}, "leave at least one"),
        ({"action": "drop", "hotspot": "H09"}, "there is no hotspot H09"),
        ({"action": "merge", "other": "H01"}, "there is no hotspot H01"),
        ({"action": "split", "hotspot": "H02"}, "one cell cannot be split"),
        ({"action": "rename", "name": "\u200b"}, "the new name is empty"),
    ],
)
def test_what_cannot_be_done_is_one_clear_sentence(drawn, basis, edit, said):
    with pytest.raises(DesignError, match=said):
        edited(drawn, basis, edit)


def test_a_name_another_hotspot_has_is_refused(drawn, basis):
    with pytest.raises(DesignError, match="another hotspot is called"):
        edited(drawn, basis, {"action": "rename", "name": drawn.loc["H02", "name"]})


def test_the_best_cut_is_the_best_of_all_cuts(basis):
    cells = [MIDDLE, *RING]

    def value(part):
        own = list(part)
        return basis.cells.loc[own, "score"].sum() / (15 + basis.minutes.loc[own].sum())

    cuts = [
        value(part) + value(set(cells) - set(part))
        for size in range(1, len(cells))
        for part in itertools.combinations(cells, size)
        if is_contiguous(part) and is_contiguous(sorted(set(cells) - set(part)))
    ]
    kept, parted = best_cut(cells, basis)
    assert value(kept) + value(parted) == pytest.approx(max(cuts))
    assert MIDDLE in kept
    assert sorted(kept + parted) == sorted(cells)


def test_a_list_has_one_fingerprint_and_another_list_has_another(drawn, basis):
    assert drawn_list(drawn) == drawn_list(drawn.copy())
    assert drawn_list(drawn) != drawn_list(edited(drawn, basis, {"action": "drop"}))


TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=30).filter(lambda text: text.strip())


@given(st.lists(st.tuples(TEXT, TEXT, st.sets(st.sampled_from(RING), min_size=1)), max_size=4))
def test_edits_come_back_from_their_file_as_they_were(tmp_path_factory, given_edits):
    edits = [
        edit
        for name, reason, cells in given_edits
        for edit in (
            Edit(action="rename", hotspot="H01", reason=reason, name=name),
            Edit(action="add", hotspot=name, reason=reason, cells=tuple(cells)),
        )
    ]
    path = tmp_path_factory.mktemp("edits") / "edits.toml"
    path.write_bytes(edits_toml(edits, "0123456789abcdef"))
    assert read_edits(path) == (tuple(edits), "0123456789abcdef")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("edits = 3", "Edit 1 needs at least"),
        ("[[edits]]\naction = 'add'\nhotspot = 'H01'\nreason = 'x'", "needs 'cells'"),
        ("[[edits]]\naction = 'drop'\nhotspot = 'H01'\nreason = ' '", "needs 'reason'"),
        ("[[edits]]\naction = 'drop'\nhotspot = 'H01'\nreason = 'x'\nname = 'y'", "does not take 'name'"),
        ("[[edits]]\naction = 'move'\nhotspot = 'H01'\nreason = 'x'", "'move' is not known"),
        ("[[edits]]\naction = 'drop'\nhotspot = 1\nreason = 'x'", "everything else a text"),
        ("[[edits]]\naction = 'add'\nhotspot = 'H01'\nreason = 'x'\ncells = ['abc']", "no H3 cell"),
        ("[[edits]]\naction = 'add'\nhotspot = 'H01'\nreason = 'x'\ncells = [1]", "list of texts"),
        ("[[edits]]\naction = 'add'\nhotspot = 'H01'\nreason = 'x'\ncells = 1", "list of texts"),
        ("[[edits]]\naction = 'drop'\nhotspot = 'H01'\nreason = 'x'\nwhy = 'y'", "has 'why'"),
        ("[patrol]\nx = 1", "file of edits has"),
        ("= =", "not valid TOML"),
    ],
)
def test_a_file_of_edits_that_is_not_one_is_refused_in_words(tmp_path, text, said):
    path = tmp_path / "edits.toml"
    path.write_text(text)
    with pytest.raises(DesignError, match=said):
        read_edits(path)


def test_edits_are_settings_like_any_other_and_say_what_was_done():
    tables = [{"action": "drop", "hotspot": "H02", "reason": "a prison"}]
    config = with_settings(RunConfig(), {"edits": tables, "drawn_list": "abc"})
    assert config.edits == edits_of(tables)
    assert config.to_dict()["edits"][0]["reason"] == "a prison"
    assert notes_on(config.edits) == ("Changed by hand: H02, taken off the list. Reason: a prison",)
