"""Published figures to stand beside ours: all clinical, where ours are simulated."""

from osa_daemon.evaluation.cells import grid

PUBLISHED = (  # what, figure, source
    (
        "events, non-contact microphone, 59 people",
        "precision 0.81, sensitivity 0.78",
        "Wang 2022, Nat Sci Sleep, 10.2147/NSS.S373367",
    ),
    (
        "events, phone at home, 13 people",
        "sensitivity 0.76, positive predictive value 0.82; apneas 0.89, hypopneas 0.61",
        "Castillo-Escario 2019, IEEE Access 7:128224",
    ),
    (
        "level alone, ambient microphone of a sleep laboratory",
        "sensitivity for apneas 0.70, hypopneas about 0.50; error of the mean duration 3.2 s",
        "Korompili 2021, Appl Sci 11:6888",
    ),
    (
        "frames, log-mel and energy, 286 people, 60 external",
        "macro-F1 0.64, event IoU 0.82; mean error of the index 6.0 per hour",
        "Diagnostics 2026, 16(4):577",
    ),
    (
        "Whisper encoder and decoder, PSG-Audio, 284 people",
        "F1 of clips 0.82, of frames 0.70",
        "Nat Sci Sleep 2025;17:2455",
    ),
    (
        "epochs of 30 s, trained with home noise",
        "macro-F1 0.75; apnea 84 %, hypopnea 51 %, none 92 %",
        "Le 2023, JMIR e44818",
    ),
    (
        "open project, PSG-Audio split by patient, windows of 30 s",
        "area under the curve 0.71 (men), 0.62 (women)",
        "its repository's logs, 2025",
    ),
    (
        "whole nights, 15 events per hour and more, 16 studies of sound pooled",
        "sensitivity 86 %, specificity 87 %",
        "PMC12405919",
    ),
    (
        "devices cleared or approved, whole nights, 15 events per hour and more",
        "sensitivity / specificity in %: SleepCheckRx 83/80, Snorefox M 91/83, Apple Watch "
        "66/98.5, Samsung 83/87",
        "K213360, JCM 13:4664, K240929, DEN230041",
    ),
    (
        "**people**: five experts with the whole polysomnography, single events",
        "F1 0.55 among them",
        "Thorey 2019, arXiv 1906.09936",
    ),
    (
        "**people**: agreement of scorers by class",
        "obstructive 77 %, hypopnea 65 %, central 52 %, none 97 %",
        "Rosenberg 2014, PMC3960390",
    ),
)


def reference_section() -> str:
    """Return the section of the card that names published figures."""
    return "\n\n".join(
        [
            "## Figures to stand beside",
            "All of these are **clinical**: people in a laboratory or at home, scored by people "
            "from a polysomnography. Ours are **simulated**, and their truth is exact and holds "
            "only what sound can find: a higher figure of ours does not mean a better detector. "
            "Experts who see every signal agree on single events of real nights with an F1 of "
            "0.55. Most papers above 95 % classify snores already cut out, or split by clip.",
            grid(["what", "figure", "source"], PUBLISHED),
        ]
    )
