"""The detector's network in torch: a causal dilated CNN with two readings.

Input per frame of 0.2 s: encoder features through a narrow bottleneck (384 features and few
voices overfit at once), band levels, and whether there was sound at all; from these, how alike the
frame is to each of the last 40 s (`self_similarity`). Eight causal blocks see 102 s back. One head
reads the present, the other reads a delay back, knowing what followed.
Training and bedside run the same `forward`: a stream that begins has a memory of zeros.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from osa_daemon.training.detector.self_similarity import KEYS_IN_ROW, LAGS, SelfSimilarity

KERNEL = 3
DILATIONS = (1, 2, 4, 8, 16, 32, 64, 128)
DELAY_FRAMES = 100  # 20 s: enough for the recovery breaths after nine of ten events
PIECE_FRAMES = 600  # of a night that is read at once
CAUSAL_CLASSES = 6  # audible, breath, apnea, hypopnea, snore, gasp


@dataclass(frozen=True, slots=True)
class NetworkShape:
    """Widths of the network, and how far it sees.

    `bottleneck` 0 leaves the encoder out (levels alone). One block for each of `dilations`
    (frames); the delayed reading lies `delay_frames` back. The frame is compared with those before
    it in `similarity_heads` ways at once, 0 for not at all; twice as many divide `channels`.
    """

    encoder_width: int
    level_width: int
    bottleneck: int = 16
    level_channels: int = 32
    channels: int = 96
    dilations: tuple[int, ...] = DILATIONS
    delay_frames: int = DELAY_FRAMES
    similarity_heads: int = 4
    similarity_channels: int = 32

    @property
    def memory_rows(self) -> int:
        """Rows of memory: of the comparison, then of the blocks."""
        blocks = sum((KERNEL - 1) * dilation for dilation in self.dilations)
        return blocks + (LAGS // KEYS_IN_ROW if self.similarity_heads else 0)


@dataclass(frozen=True, slots=True)
class Disturbance:
    """What is done to the input in training, in units of its spread; see `Network.disturb`.

    `encoder_dropout`: share of stretches that must do without the encoder: levels alone must be
    able to tell, where a voice is like none in training.
    """

    encoder_dropout: float = 0.2
    feature_dropout: float = 0.4
    feature_noise: float = 0.3
    feature_offset: float = 0.4
    level_noise: float = 0.15
    level_offset: float = 0.1
    block_dropout: float = 0.1


def keep_mask(x: Tensor, dropout: float) -> Tensor:
    """Return which columns of (B, T, C) are kept over the whole stretch: (B, 1, C), scaled."""
    keep = 1 - dropout
    return torch.bernoulli(torch.full((x.shape[0], 1, x.shape[2]), keep)) / keep


def offset_like(x: Tensor) -> Tensor:
    """Return one normal number for each column of (B, T, C), the same over time: (B, 1, C)."""
    return torch.randn(x.shape[0], 1, x.shape[2])


class Block(nn.Module):
    """Residual causal convolution over time; keeps its last inputs as memory.

    Written as one product over shifted copies: on a CPU several times faster than `Conv1d`.
    """

    def __init__(self, channels: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.dilation = dilation
        self.dropout = dropout
        self.memory = (KERNEL - 1) * dilation
        self.norm = nn.LayerNorm(channels)
        self.over_time = nn.Linear(KERNEL * channels, channels)
        self.mix = nn.Linear(channels, channels)

    def forward(self, x: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
        """(B, T, C), (B, memory, C) → the same shapes."""
        longer = torch.cat([memory, self.norm(x)], dim=1)
        d = self.dilation
        shifted = [longer[:, : -2 * d], longer[:, d:-d], longer[:, 2 * d :]]
        y = torch.relu(self.over_time(torch.cat(shifted, dim=2)))
        if self.training:
            y = y * keep_mask(y, self.dropout)
        return x + self.mix(y), longer[:, -self.memory :]


class Network(nn.Module):
    """Features to logits; see the module's docstring."""

    def __init__(self, shape: NetworkShape, disturbance: Disturbance | None = None) -> None:
        super().__init__()
        self.shape = shape
        self.disturbance = disturbance or Disturbance()
        self.register_buffer("encoder_mean", torch.zeros(shape.encoder_width))
        self.register_buffer("encoder_scale", torch.ones(shape.encoder_width))
        self.register_buffer("level_mean", torch.zeros(shape.level_width))
        self.register_buffer("level_scale", torch.ones(shape.level_width))
        self.from_encoder = nn.Linear(shape.encoder_width, max(shape.bottleneck, 1))
        self.from_levels = nn.Linear(shape.level_width, shape.level_channels)
        width = max(shape.bottleneck, 1) + shape.level_channels
        beside = 0
        if shape.similarity_heads:
            beside = shape.similarity_channels
            self.similarity = SelfSimilarity(
                width, shape.channels, shape.similarity_heads, shape.similarity_channels
            )
        self.enter = nn.Linear(width + 1 + beside, shape.channels)
        self.blocks = nn.ModuleList(
            Block(shape.channels, d, self.disturbance.block_dropout) for d in shape.dilations
        )
        self.leave = nn.LayerNorm(shape.channels)
        self.causal_head = nn.Linear(shape.channels, CAUSAL_CLASSES)
        # audible, breath, snore, gasp; none, apnea, hypopnea
        self.delayed_head = nn.Linear(shape.channels, 4 + 3)

    @property
    def members(self) -> tuple["Network", ...]:
        """Itself, as a committee has members."""
        return (self,)

    def forward(
        self, encoder: Tensor, levels: Tensor, valid: Tensor, state: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return causal logits (B, T, 6), delayed logits (B, T, 7) and the new state.

        `encoder` (B, T, encoder_width), `levels` (B, T, level_width), `valid` (B, T, 1) of 0 and
        1, `state` (B, memory_rows, channels). Rows of `delayed` belong to the frame
        `delay_frames` earlier.
        """
        e = (encoder - self.encoder_mean) * self.encoder_scale
        v = (levels - self.level_mean) * self.level_scale
        if self.training:
            e, v = self.disturb(e, v)
        e = torch.relu(self.from_encoder(e)) * (1.0 if self.shape.bottleneck else 0.0)
        v = torch.relu(self.from_levels(v))
        parts = [e * valid, v * valid, valid]
        memories = []
        at = 0
        if self.shape.similarity_heads:
            at = self.similarity.rows
            alike, memory = self.similarity(torch.cat(parts[:2], dim=2), valid, state[:, :at])
            parts.append(alike)
            memories.append(memory)
        x = self.enter(torch.cat(parts, dim=2))
        for block in self.blocks:
            x, memory = block(x, state[:, at : at + block.memory])
            memories.append(memory)
            at += block.memory
        y = self.leave(x)
        return self.causal_head(y), self.delayed_head(y), torch.cat(memories, dim=1)

    def disturb(self, e: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """Disturb scaled features and levels, so that no voice, room or microphone is learned."""
        by = self.disturbance
        e = e + by.feature_noise * torch.randn_like(e) + by.feature_offset * offset_like(e)
        v = v + by.level_noise * torch.randn_like(v) + by.level_offset * offset_like(v)
        kept = torch.bernoulli(torch.full((len(e), 1, 1), 1 - by.encoder_dropout))
        return e * keep_mask(e, by.feature_dropout) * kept, v

    def zero_state(self, batch: int) -> Tensor:
        """Return the memory of a stream that has not begun: (batch, memory_rows, channels)."""
        return torch.zeros(batch, self.shape.memory_rows, self.shape.channels)


class Committee(nn.Module):
    """Networks of one shape that are asked together: the mean of their logits is the answer.

    Two that learned from differently disturbed input err in different places; together they err
    less than either.
    """

    def __init__(self, members: Sequence[Network]) -> None:
        super().__init__()
        self.networks = nn.ModuleList(members)
        self.shape = members[0].shape

    @property
    def members(self) -> tuple[Network, ...]:
        """The networks."""
        return tuple(cast("Network", network) for network in self.networks)

    def forward(
        self, encoder: Tensor, levels: Tensor, valid: Tensor, state: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """As `Network.forward`; `state` holds the members' memories side by side in channels."""
        states = state.split(self.shape.channels, dim=2)
        answers = [
            member(encoder, levels, valid, own)
            for member, own in zip(self.members, states, strict=True)
        ]
        causal, delayed, memories = zip(*answers, strict=True)
        count = len(answers)
        return sum(causal) / count, sum(delayed) / count, torch.cat(memories, dim=2)

    def zero_state(self, batch: int) -> Tensor:
        """Return the memory of a stream that has not begun."""
        return torch.cat([member.zero_state(batch) for member in self.members], dim=2)


AnyNetwork = Network | Committee


@torch.no_grad()
def read_whole(
    network: AnyNetwork, encoder: Tensor, levels: Tensor, valid: Tensor
) -> tuple[Tensor, Tensor]:
    """Return both readings of a night, (T, 6) and (T, 7) logits; inputs (T, …).

    In pieces that carry the memory on: compared at once, a night would take its length squared.
    """
    network.eval()
    state = network.zero_state(1)
    causal, delayed = [], []
    pieces = zip(*(rows.split(PIECE_FRAMES) for rows in (encoder, levels, valid)), strict=True)
    for piece in pieces:
        now, then, state = network(*(rows[None] for rows in piece), state)
        causal.append(now[0])
        delayed.append(then[0])
    return torch.cat(causal), torch.cat(delayed)


class Probabilities(nn.Module):
    """The network as it is exported: logits become the probabilities of `detector.CLASSES`."""

    def __init__(self, network: AnyNetwork) -> None:
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
