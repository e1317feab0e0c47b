"""Where sounds, timelines and airflow of simulated nights come from, and their licences."""

SOURCES = (  # part, source, licence
    (
        "encoder",
        "Whisper tiny.en (OpenAI), conv stem and first 2 of 4 blocks",
        "MIT",
    ),
    (
        "event timelines",
        "PSG-Audio (Korompili et al. 2021, doi 10.11922/sciencedb.00345)",
        "CC BY 4.0",
    ),
    (
        "event timelines",
        "phone nights, by their file names those of Tao et al. 2025 (doi 10.57760/sciencedb.19070)",
        "CC BY 4.0 if they are",
    ),
    ("event timelines", "UCDDB (PhysioNet)", "ODC-By 1.0"),
    (
        "airflow",
        "treated sleepers with residual apneas, from three projects on GitHub (apnea-score, "
        "CPAP-Exporter, SNORE)",
        "MIT",
    ),
    (
        "airflow and timelines, test nights only",
        "untreated sleepers of a sleep study (DeepMedico), re-digitised",
        "none stated: not trained on",
    ),
    (
        "breath, snore, gasp, cough, speech, music, pet, household and noise clips, set (a)",
        "a respiratory-rate database, ESC-10, Speech Commands, sounds of games and of Debian "
        "packages",
        "CC0, CC BY, CC BY-SA, MIT, BSD, public domain",
    ),
    (
        "the same classes, added by set (b)",
        "public repositories, freesound, a video site's snores labelled by AudioSet",
        "none stated, not checked, the uploader's, or (L)GPL; none NC or ND",
    ),
    (
        "clips of test nights only",
        "set aside before anything was trained",
        "any, NC and ND among them: not trained on",
    ),
    (
        "synthesised breaths, snores, gasps and efforts",
        "`osa_daemon/training/synthesis`",
        "this project",
    ),
)
DIVISION = """\
Training, validation and test nights share no person, no recording and no timeline. Of the groups
of sounds (people, recordings) that are not set aside for tests, one of seven, drawn by its name,
validates, and trains nothing.

Airflow is of few people: one treated sleeper in training, another in validation, and in tests one
treated and four untreated. Its nights are many, its people are not, so intervals of airflow's rows
say little of people."""
MATERIAL = {
    "clear": "set (a): only sounds with a clear licence that allows it, and what is synthesised",
    "all": (
        "set (b): as (a), and public recordings without a stated licence; none under a "
        "non-commercial or no-derivatives licence"
    ),
}
