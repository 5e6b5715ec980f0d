"""Where reports lie thick, what is more than chance, and how far the measures agree."""

from hotspots.analyses import names_on
from hotspots.analyses.registry import DENSITY
from hotspots.app import answers, widgets


def main() -> None:
    widgets.page(DENSITY)
    answers.show_questions(widgets.current_run(), names_on(DENSITY))
    widgets.footer()


main()
