"""A night or a recording as a PNG picture."""

from datetime import tzinfo

from osa_daemon.report.course import Course, course_of
from osa_daemon.report.drawing import draw, drawing, panels_of, png_of
from osa_daemon.report.night import Night
from osa_daemon.report.words import hours_of, title_of

SIZE_IN = (11.0, 5.6)
DPI = 90


def picture_of(night: Night, zone: tzinfo | None = None) -> bytes:
    """Return the picture of a night; `zone` is where its clock stands, by default here.

    Raises:
        ResourceError: matplotlib is not usable.
    """
    title = f"{title_of(night)}, {hours_of(night, zone)}"
    return draw_course(course_of(night, zone), title, "--picture")


def draw_course(course: Course, title: str, option: str) -> bytes:
    """Return the picture of a course under a title; `option` asked for it.

    Raises:
        ResourceError: matplotlib is not usable.
    """
    with drawing(option) as new_figure:
        figure = new_figure(figsize=SIZE_IN, layout="constrained")
        heights = [height for _, height in panels_of(course)]
        axes = figure.subplots(len(heights), 1, sharex=True, height_ratios=heights)
        figure.suptitle(title, fontsize=9)
        draw(course, list(axes))
        return png_of(figure, DPI)
