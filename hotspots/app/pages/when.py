"""When reports fall: hours of the week, day and night, holidays, months of the year."""

from hotspots.analyses import names_on
from hotspots.analyses.registry import WEEK
from hotspots.app import answers, widgets


def main() -> None:
    widgets.page(WEEK)
    answers.show_questions(widgets.current_run(), names_on(WEEK))
    widgets.footer()


main()
