"""Which places are reported again and again, and what follows from it."""

from hotspots.analyses import names_on
from hotspots.analyses.registry import REPEATS
from hotspots.app import answers, widgets


def main() -> None:
    widgets.page(REPEATS)
    answers.show_questions(widgets.current_run(), names_on(REPEATS))
    widgets.footer()


main()
