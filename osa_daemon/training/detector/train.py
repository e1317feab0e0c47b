"""The training loop: deterministic by seed, resumable, best network by validation F1."""

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from tqdm import tqdm

from osa_daemon.training.detector.corpus import FeatureNight
from osa_daemon.training.detector.crops import Crops
from osa_daemon.training.detector.network import Disturbance, Network, NetworkShape

# audible, breath, apnea, hypopnea, snore, gasp
CAUSAL_SHARE = torch.tensor([0.5, 0.5, 1.5, 1.0, 0.3, 0.3])
DELAYED_SHARE = torch.tensor([0.5, 0.5, 0.3, 0.3])
EVENT_SHARE = 2.0
TAUGHT_BY = (
    "crops.py",
    "judge.py",
    "members.py",
    "network.py",
    "self_similarity.py",
    "targets.py",
    "train.py",
)
EVENT_CLASS_WEIGHT = torch.tensor([1.0, 1.0, 3.0])  # hypopneas that sound can find are rare


# the shipped detector is a committee of these; the second never does without the encoder
MEMBERS = (Disturbance(), Disturbance(encoder_dropout=0.0))


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """How long and how fast.

    Rates were chosen on validation nights; steps are those that two cores do within two hours,
    nights included, and the step that does best on the watched nights is kept.
    """

    seed: int = 1
    steps: int = 7_000
    batch: int = 8
    learning_rate: float = 2e-3
    weight_decay: float = 1e-2
    average: float = 0.995  # of the weights that are kept (exponential moving average)
    check_every: int = 500


def loss_of(causal: Tensor, delayed: Tensor, batch: dict[str, Tensor]) -> Tensor:
    """Return the weighted sum over both readings and all classes."""
    entropy = functional.binary_cross_entropy_with_logits
    now = entropy(causal, batch["causal"], reduction="none") * batch["causal_weight"]
    single = entropy(delayed[..., :4], batch["delayed"], reduction="none")
    single = single * batch["delayed_weight"]
    event = functional.cross_entropy(
        delayed[..., 4:].transpose(1, 2), batch["event"], EVENT_CLASS_WEIGHT, reduction="none"
    )
    event = event * batch["event_weight"]
    frames = batch["valid"].sum().clamp(min=1)
    total = (now * CAUSAL_SHARE).sum() + (single * DELAYED_SHARE).sum()
    return (total + EVENT_SHARE * event.sum()) / frames


def in_bfloat16() -> bool:
    """Return whether products are faster in bfloat16 here.

    With AVX-512 a step takes about half as long; without, bfloat16 is emulated and takes five
    times as long (measured on an EPYC of the third generation).
    """
    return torch.backends.cpu.get_cpu_capability().startswith("AVX512")


def fit_scaling(network: Network, crops: Crops) -> None:
    """Set the input scaling from the mean and spread of the nights that are trained on."""
    spread = crops.spread()
    for name, column in (("encoder", "encoder"), ("level", "levels")):
        mean, deviation = spread[column]
        getattr(network, f"{name}_mean").copy_(torch.from_numpy(mean))
        getattr(network, f"{name}_scale").copy_(torch.from_numpy(1 / (deviation + 1e-3)))


def _digest(
    network: Network, plan: TrainingPlan, names: Sequence[str], watched: Sequence[str]
) -> str:
    """Digest of all that a checkpoint depends on; a night's name is one of its making."""
    made_of = [asdict(plan), asdict(network.shape), asdict(network.disturbance)]
    text = json.dumps([*made_of, list(names), list(watched)], sort_keys=True)
    digest = hashlib.sha256(text.encode())
    for module in TAUGHT_BY:
        digest.update(Path(__file__).with_name(module).read_bytes())
    return digest.hexdigest()


class Trainer:
    """Trains a network on nights, keeping a checkpoint to go on from.

    Its name is that of `checkpoint`, prolonged by a digest of all that it depends on, the code that
    teaches included. `start`: a trained network of the same shape to begin with, its input scaling
    kept. A checkpoint does not tell one from another: each wants a path of its own. `disturbance`:
    what is done to the input, the usual where None. `watched`: names of the nights that choose the
    best step.
    """

    def __init__(
        self,
        shape: NetworkShape,
        plan: TrainingPlan,
        nights: Iterable[FeatureNight],
        checkpoint: Path,
        *,
        start: Network | None = None,
        disturbance: Disturbance | None = None,
        watched: Sequence[str] = (),
    ) -> None:
        torch.manual_seed(plan.seed)
        self.plan = plan
        self.network = Network(shape, disturbance)
        self._crops = Crops(nights, plan.seed, shape.delay_frames)
        if start is None:
            fit_scaling(self.network, self._crops)
        else:
            self.network.load_state_dict(start.state_dict())
        self._optimiser = torch.optim.AdamW(
            self.network.parameters(), lr=plan.learning_rate, weight_decay=plan.weight_decay
        )
        self._schedule = torch.optim.lr_scheduler.OneCycleLR(
            self._optimiser, plan.learning_rate, total_steps=plan.steps, pct_start=0.1
        )
        self._averaged = {k: v.clone() for k, v in self.network.state_dict().items()}
        self._made_of = _digest(self.network, plan, self._crops.names, watched)
        # a trial must not overwrite what a long run has reached
        self._checkpoint = checkpoint.with_stem(f"{checkpoint.stem}-{self._made_of[:12]}")
        self._step = 0
        self._best: tuple[float, dict[str, Tensor]] = (-1.0, self._averaged)

    def run(self, score: Callable[[Network], float], told: str = "validation F1") -> Network:
        """Train to the end of the plan; return the averaged network that scored best.

        `score` of at least 0, more is better; `told` is what it is called beside the progress bar.
        """
        self._resume()
        bar = tqdm(total=self.plan.steps, initial=self._step, desc="training")
        while self._step < self.plan.steps:
            loss = self._one_step()
            self._step += 1
            bar.update()
            if self._step % self.plan.check_every == 0:
                figure = score(self.averaged())
                bar.write(f"step {self._step}: loss {loss:.3f}, {told} {figure:.3f}")
                if figure > self._best[0]:
                    self._best = (figure, {k: v.clone() for k, v in self._averaged.items()})
                self._save()
        bar.close()
        return self._with(self._best[1])

    def averaged(self) -> Network:
        """Return a copy of the network with the averaged weights, ready to be used."""
        return self._with(self._averaged)

    def _with(self, weights: dict[str, Tensor]) -> Network:
        network = Network(self.network.shape)
        network.load_state_dict(weights)
        return network.eval()

    def _one_step(self) -> float:
        self.network.train()
        batch = self._crops.draw(self.plan.batch)
        state = self.network.zero_state(self.plan.batch)
        inputs = (batch["encoder"], batch["levels"], batch["valid"], state)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=in_bfloat16()):
            causal, delayed, _ = self.network(*inputs)
        loss = loss_of(causal.float(), delayed.float(), batch)
        self._optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self._optimiser.step()
        self._schedule.step()
        keep = min(self.plan.average, self._step / (self._step + 10))
        for name, value in self.network.state_dict().items():
            self._averaged[name].lerp_(value, 1 - keep)
        return float(loss.detach())

    def _state(self) -> dict[str, Any]:
        return {
            "made_of": self._made_of,
            "step": self._step,
            "network": self.network.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "schedule": self._schedule.state_dict(),
            "averaged": self._averaged,
            "best": self._best,
            "crops": self._crops.state(),
            "torch_rng": torch.get_rng_state(),
        }

    def _save(self) -> None:
        temporary = self._checkpoint.with_suffix(".part")
        torch.save(self._state(), temporary)
        temporary.rename(self._checkpoint)

    def _resume(self) -> None:
        """Go on from a checkpoint of the same plan, network and nights; another one is left out."""
        if not self._checkpoint.exists():
            return
        saved = torch.load(self._checkpoint, weights_only=False)
        if saved.get("made_of") != self._made_of:
            return
        self._step, self._best, self._averaged = saved["step"], saved["best"], saved["averaged"]
        self.network.load_state_dict(saved["network"])
        self._optimiser.load_state_dict(saved["optimiser"])
        self._schedule.load_state_dict(saved["schedule"])
        self._crops.restore(saved["crops"])
        torch.set_rng_state(saved["torch_rng"])
