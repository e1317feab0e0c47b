"""The section `clips`: sound that is kept. Nothing is, unless somebody writes so into the file."""

from typing import Annotated, Final, Literal

from pydantic import BaseModel, Field

from osa_daemon.settings.about import About
from osa_daemon.settings.section import CONFIG
from osa_daemon.settings.text import AbsolutePath

Keep = Literal["nothing", "alerts", "events"]
MB: Final = 1_000_000


class Clips(BaseModel):
    """Sound around pauses that is kept as files. Nothing is kept by default."""

    model_config = CONFIG

    # not live: whoever may write to the broker must not be able to record a bedroom
    keep: Annotated[
        Keep,
        About(
            "What sound is kept of: `alerts` keeps each pause that raises an alert, `events` each "
            "decided event, `nothing` none. Ask everybody who sleeps in the room first."
        ),
    ] = "nothing"
    before_s: Annotated[
        int, Field(ge=0, le=60), About("How much of what came before is kept with it.", "s")
    ] = 15
    after_s: Annotated[
        int, Field(ge=0, le=60), About("How much of what comes after is kept with it.", "s")
    ] = 15
    keep_nights: Annotated[
        int,
        Field(ge=1, le=365),
        About("For how many nights clips are kept, the present one among them."),
    ] = 14
    max_mb: Annotated[
        int,
        Field(ge=10, le=10_000),
        About(
            "How many MB all clips may take together (a minute is about 1 MB): the oldest are "
            "deleted for new ones."
        ),
    ] = 200
    key_file: Annotated[
        AbsolutePath | None,
        About(
            "File that holds 64 hexadecimal digits, readable by the daemon only: clips are "
            "encrypted with that key (AES-256-GCM); null stores them as plain FLAC. The variable "
            "OSA_CLIPS_KEY_FILE may name it instead.",
            allowed="an absolute path, or null",
        ),
    ] = None
