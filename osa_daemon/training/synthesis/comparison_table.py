"""What a comparison of real and synthetic sounds says, in lines of text."""

import numpy as np

from osa_daemon.training.synthesis import likeness
from osa_daemon.training.synthesis.compare import Comparison
from osa_daemon.training.synthesis.measures import FIGURES, Measures
from osa_daemon.training.synthesis.shaping import Floats

CURVES = ("spectrum", "envelope", "modulation")


def curve(measures: list[Measures], name: str) -> Floats:
    """Return one measure of all sounds, shape (sounds, points)."""
    return np.stack([np.asarray(getattr(each, name)) for each in measures])


def inside_share(real: Floats, synthetic: Floats) -> float:
    """Return the share of points whose synthetic median lies in the real 10-90 % band."""
    low, high = np.percentile(real, (10, 90), axis=0)
    middle = np.median(synthetic, axis=0)
    return float(np.mean((middle >= low) & (middle <= high)))


def band_cover(real: Floats, synthetic: Floats) -> float:
    """Return the mean share of the real 10-90 % band that the synthetic 10-90 % band covers."""
    low, high = np.percentile(real, (10, 90), axis=0)
    made_low, made_high = np.percentile(synthetic, (10, 90), axis=0)
    shared = np.clip(np.minimum(high, made_high) - np.maximum(low, made_low), 0.0, None)
    return float(np.mean(shared / np.maximum(high - low, 1e-9)))


def table(comparisons: list[Comparison], seed: int) -> str:
    """Return the figures of all classes as text."""
    return "\n\n".join(_class_lines(each, np.random.default_rng(seed)) for each in comparisons)


def _class_lines(comparison: Comparison, rng: np.random.Generator) -> str:
    lines = [
        f"{comparison.label}: {len(comparison.real)} sounds, {len(set(comparison.groups))} groups"
    ]
    for name in CURVES:
        real, made = curve(comparison.real, name), curve(comparison.synthetic, name)
        lines.append(
            f"  {name:<11} synthetic median inside the real 10-90 % band at "
            f"{inside_share(real, made):4.0%} of points; covers {band_cover(real, made):4.0%} of it"
        )
    real, made = curve(comparison.real, "figures"), curve(comparison.synthetic, "figures")
    for number, name in enumerate(FIGURES):
        values = [np.percentile(each[:, number], (10, 50, 90)) for each in (real, made)]
        texts = [" ".join(f"{value:8.2f}" for value in each) for each in values]
        lines.append(f"  {name:<15} 10/50/90 %   real {texts[0]}   synthetic {texts[1]}")
    return "\n".join(lines + _feature_lines(comparison, rng))


def _feature_lines(comparison: Comparison, rng: np.random.Generator) -> list[str]:
    real, made = comparison.real_features, comparison.synthetic_features
    if real is None or made is None or len(real) < likeness.LEAST_SOUNDS:
        return [f"  encoder     not compared: needs {likeness.LEAST_SOUNDS} sounds and the encoder"]
    real_axes, made_axes = likeness.principal(real, made)
    return [
        f"  encoder     linear classifier real against synthetic: AUC "
        f"{likeness.linear_auc(real, made, comparison.groups):.3f} (0.5 = cannot tell)",
        f"  encoder     Fréchet distance {likeness.frechet(real_axes, made_axes):.1f}; "
        f"half of the real groups against the other "
        f"{likeness.yardstick(rng, real_axes, comparison.groups):.1f}",
        f"  encoder     real sounds nearer to a synthetic one than to another real group: "
        f"{likeness.coverage(real_axes, made_axes, comparison.groups):.0%}",
    ]
