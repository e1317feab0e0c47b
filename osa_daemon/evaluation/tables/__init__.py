"""The tables of an evaluation: from plain figures to Markdown, one section a module."""

from osa_daemon.evaluation.tables.markdown import markdown_of

__all__ = ["markdown_of"]
