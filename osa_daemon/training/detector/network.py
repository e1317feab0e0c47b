"""The detector's network in torch: a causal dilated CNN with two readings.

Input per frame of 0.2 s: encoder features through a narrow bottleneck (384 features and few
voices overfit at once), band levels, and whether there was sound at all. Eight causal blocks see
102 s back. One head reads the present, the other reads `DELAY_FRAMES` back, knowing what followed.
Training and bedside run the same `forward`: a stream that begins has a memory of zeros.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

KERNEL = 3
DILATIONS = (1, 2, 4, 8, 16, 32, 64, 128)
DELAY_FRAMES = 100  # 20 s: enough for the recovery breaths after nine of ten events
CAUSAL_CLASSES = 6  # audible, breath, apnea, hypopnea, snore, gasp
MEMORY_FRAMES = sum((KERNEL - 1) * d for d in DILATIONS)


@dataclass(frozen=True, slots=True)
class NetworkShape:
    """Widths of the network; `bottleneck` 0 leaves the encoder out (levels alone)."""

    encoder_width: int
    level_width: int
    bottleneck: int = 16
    level_channels: int = 32
    channels: int = 64


class Block(nn.Module):
    """Residual causal convolution over time; keeps its last inputs as memory.

    Written as one product over shifted copies: on a CPU several times faster than `Conv1d`.
    """

    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.dilation = dilation
        self.memory = (KERNEL - 1) * dilation
        self.norm = nn.LayerNorm(channels)
        self.over_time = nn.Linear(KERNEL * channels, channels)
        self.mix = nn.Linear(channels, channels)

    def forward(self, x: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
        """(B, T, C), (B, memory, C) → the same shapes."""
        longer = torch.cat([memory, self.norm(x)], dim=1)
        d = self.dilation
        shifted = [longer[:, : -2 * d], longer[:, d:-d], longer[:, 2 * d :]]
        y = self.mix(torch.relu(self.over_time(torch.cat(shifted, dim=2))))
        return x + y, longer[:, -self.memory :]


class Network(nn.Module):
    """Features to logits; see the module's docstring."""

    def __init__(self, shape: NetworkShape, input_dropout: float = 0.4, noise: float = 0.3) -> None:
        super().__init__()
        self.shape = shape
        self.noise = noise
        self.register_buffer("encoder_mean", torch.zeros(shape.encoder_width))
        self.register_buffer("encoder_scale", torch.ones(shape.encoder_width))
        self.register_buffer("level_mean", torch.zeros(shape.level_width))
        self.register_buffer("level_scale", torch.ones(shape.level_width))
        self.input_dropout = input_dropout
        self.from_encoder = nn.Linear(shape.encoder_width, max(shape.bottleneck, 1))
        self.from_levels = nn.Linear(shape.level_width, shape.level_channels)
        self.enter = nn.Linear(max(shape.bottleneck, 1) + shape.level_channels + 1, shape.channels)
        self.blocks = nn.ModuleList(Block(shape.channels, d) for d in DILATIONS)
        self.leave = nn.LayerNorm(shape.channels)
        self.causal_head = nn.Linear(shape.channels, CAUSAL_CLASSES)
        # audible, breath, snore, gasp; none, apnea, hypopnea
        self.delayed_head = nn.Linear(shape.channels, 4 + 3)

    def forward(
        self, encoder: Tensor, levels: Tensor, valid: Tensor, state: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return causal logits (B, T, 6), delayed logits (B, T, 7) and the new state.

        `encoder` (B, T, encoder_width), `levels` (B, T, level_width), `valid` (B, T, 1) of 0 and
        1, `state` (B, MEMORY_FRAMES, channels). Rows of `delayed` belong to the frame
        `DELAY_FRAMES` earlier.
        """
        e = (encoder - self.encoder_mean) * self.encoder_scale
        v = (levels - self.level_mean) * self.level_scale
        if self.training:
            e = e + self.noise * torch.randn_like(e)
            e = e * self._kept(e)
            v = v + 0.5 * self.noise * torch.randn_like(v)
        e = torch.relu(self.from_encoder(e)) * (1.0 if self.shape.bottleneck else 0.0)
        v = torch.relu(self.from_levels(v))
        x = self.enter(torch.cat([e * valid, v * valid, valid], dim=2))
        memories = []
        at = 0
        for block in self.blocks:
            x, memory = block(x, state[:, at : at + block.memory])
            memories.append(memory)
            at += block.memory
        y = self.leave(x)
        return self.causal_head(y), self.delayed_head(y), torch.cat(memories, dim=1)

    def _kept(self, e: Tensor) -> Tensor:
        """Return the features that are kept, the same ones over a whole stretch: (B, 1, width)."""
        keep = 1 - self.input_dropout
        return torch.bernoulli(torch.full((e.shape[0], 1, e.shape[2]), keep)) / keep

    def zero_state(self, batch: int) -> Tensor:
        """Return the memory of a stream that has not begun: (batch, MEMORY_FRAMES, channels)."""
        return torch.zeros(batch, MEMORY_FRAMES, self.shape.channels)


class Probabilities(nn.Module):
    """The network as it is exported: logits become the probabilities of `detector.CLASSES`.

    `causal_scale` and `delayed_scale` are temperatures fitted on validation nights.
    """

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(
        self, encoder: Tensor, levels: Tensor, valid: Tensor, state_in: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """As `Network.forward`; both readings as (B, T, 6) probabilities."""
        causal, delayed, state_out = self.network(encoder, levels, valid, state_in)
        single = torch.sigmoid(delayed[:, :, :4])
        event = torch.softmax(delayed[:, :, 4:], dim=2)
        # order of CLASSES: audible, breath, apnea, hypopnea, snore, gasp
        reading = torch.cat([single[:, :, :2], event[:, :, 1:], single[:, :, 2:]], dim=2)
        return torch.sigmoid(causal), reading, state_out
