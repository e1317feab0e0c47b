"""Pages that tests serve, ended with them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.web.page import ServedPage


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., ServedPage]]:
    """Makes pages and starts them; they end with the test."""
    made: list[ServedPage] = []

    def start(settings: str = "", *, password: bool = False) -> ServedPage:
        folder = tmp_path / f"page{len(made)}"
        folder.mkdir()
        made.append(ServedPage(folder, settings, password=password))
        return made[-1].start()

    yield start
    for page in made:
        page.close()


@pytest.fixture(scope="module")
def shared_page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedPage]:
    """A page on loopback without a password, which a module's tests share."""
    page = ServedPage(tmp_path_factory.mktemp("page")).start()
    yield page
    page.close()


@pytest.fixture(scope="module")
def guarded_page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedPage]:
    """A page with a password, which a module's tests share."""
    page = ServedPage(tmp_path_factory.mktemp("page"), password=True).start()
    yield page
    page.close()
