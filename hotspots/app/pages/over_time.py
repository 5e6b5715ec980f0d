"""What is new, what is long-standing, and where the last month differs from the season."""

from hotspots.analyses import names_on
from hotspots.analyses.registry import TIME
from hotspots.app import answers, widgets


def main() -> None:
    widgets.page(TIME)
    answers.show_questions(widgets.current_run(), names_on(TIME))
    widgets.footer()


main()
