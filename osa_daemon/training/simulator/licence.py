"""Which clips may be trained on, from their line in the manifest."""

import re
import zlib
from collections.abc import Mapping

from osa_daemon.training.simulator.night import Split, Which

_FORBIDDEN = re.compile(r"\b(NC|ND)\b|personal use|test[ -]only", re.IGNORECASE)
_UNCLEAR = re.compile(
    r"no licence|not checked|not stated|youtube|pixabay|uploader|\(code\)|^\?$", re.IGNORECASE
)
_CLEAR = re.compile(r"CC0|CC-BY(-SA)?\b|\bMIT\b|\bBSD|public domain", re.IGNORECASE)
_KEPT_BACK = 7, 3  # of so many groups by the checksum of their name, this one
_COPYLEFT = re.compile(r"GPL", re.IGNORECASE)


def split_of(row: Mapping[str, str]) -> str:
    """Return the split of a manifest row's group.

    Of seven groups set aside for training one validates, drawn by its name: six people's breaths
    are too few to choose by.
    """
    parts, kept = _KEPT_BACK
    kept_back = zlib.crc32(row["group"].encode()) % parts == kept
    return "val" if row["split"] == "train" and kept_back else row["split"]


def may_be_used(row: Mapping[str, str], split: Split, which: Which) -> bool:
    """Return whether a manifest row may enter nights of `split` made from `which` material.

    Test nights may hold everything set aside for tests. Elsewhere NC, ND, "personal use" and
    test-only clips never enter; in training `clear` also leaves out whatever has no plain free
    licence (validation trains nothing: the same nights judge both training sets).
    """
    if split_of(row) != split:
        return False
    if split == "test":
        return True
    licence = row["source_licence"].strip()
    if _FORBIDDEN.search(licence.replace("_", "-")) or _FORBIDDEN.search(row["notes"]):
        return False
    return which == "all" or split == "val" or _is_clear(row, licence)


def _is_clear(row: Mapping[str, str], licence: str) -> bool:
    if _COPYLEFT.search(licence):
        return row["shippable"] == "yes"
    named = licence.replace("version not stated", "")  # CC-BY all the same
    return _CLEAR.search(named) is not None and _UNCLEAR.search(named) is None
