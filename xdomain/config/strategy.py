"""Parameters of training strategies for mixed phases, without torch, so that a plan can check them.

An experiment writes a name or a mapping: `strategies: [joint, {name: cgpo, alpha: 1.0}]`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, ConfigDict, Discriminator, Field, Tag

from xdomain.config.mistakes import PLUGIN
from xdomain.config.model_base import ConfigModel
from xdomain.config.plugin import PluginConfig, kind_tag, known_kind, named_in, names_itself
from xdomain.core.registry import Registry

BUILT_IN = {
    "joint": "xdomain.strategies.joint:Joint",
    "scaled": "xdomain.strategies.scaled:Scaled",
    "cgpo": "xdomain.strategies.cgpo:CGPO",
    "famo": "xdomain.strategies.famo:FAMO",
    "pcgrad": "xdomain.strategies.gramian:GramianStrategy",
    "cagrad": "xdomain.strategies.gramian:GramianStrategy",
    "mgda": "xdomain.strategies.gramian:GramianStrategy",
    "upgrad": "xdomain.strategies.gramian:GramianStrategy",
    "aligned_mtl": "xdomain.strategies.gramian:GramianStrategy",
    "mgs": "xdomain.strategies.mgs:MGS",
    "dacsp": "xdomain.strategies.dacsp:DACSP",
    "bandit": "xdomain.strategies.adaptive:Bandit",
    "transfer_aware": "xdomain.strategies.adaptive:TransferAware",
}

STRATEGIES = Registry("strategy", BUILT_IN, "xdomain.strategies")
"""A target takes the strategy's parameters, the phase's domains and a seed, and makes a `Strategy`."""


class StrategyModel(ConfigModel):
    """Base class of every strategy's parameters."""

    model_config = ConfigDict(json_schema_extra=names_itself("name"))

    neutral: ClassVar[Mapping[str, Any]] = {}
    """Fields that were added after a release. Each is left out of identity at the given value, so that old keys stay
    valid."""
    version: ClassVar[int] = 1
    """Version of the method. It is incremented when the same parameters lead to another step. 1 is left out of
    identity."""

    learning_rate_scale: float = Field(1.0, gt=0)
    """Factor on `training.learning_rate` in the phases that the strategy acts on. Use it to compare strategies that
    move the weights equally far."""

    def identity(self) -> dict[str, Any]:
        """Return the part of the parameters that is included in a stage's key."""
        neutral = {"learning_rate_scale": 1.0, **self.neutral}
        values = self.model_dump(mode="json")
        found = {name: each for name, each in values.items() if name not in neutral or neutral[name] != each}
        return found | ({"version": self.version} if self.version > 1 else {})

    def acts_on(self, phase_index: int, is_mixed: bool) -> bool:
        """Return whether a phase is trained differently than with joint.

        Args:
            phase_index: Position of the phase in its curriculum, from 0.
            is_mixed: Whether the phase has several domains.
        """
        return is_mixed

    def equals_joint(self, domains: Sequence[str]) -> bool:
        """Return whether the strategy with these parameters is joint on a phase of these domains."""
        return self.learning_rate_scale == 1.0 and self.directs_as_joint(domains)

    def directs_as_joint(self, domains: Sequence[str]) -> bool:
        """Return whether a step on these domains equals joint's, except for `learning_rate_scale`."""
        return False

    @property
    def label(self) -> str:
        """Return "cgpo", or "cgpo(alpha=1.0)" if a parameter differs from its default."""
        name = str(self.model_dump()["name"])
        changed = self.model_dump(exclude_defaults=True, exclude={"name"})
        inside = ", ".join(f"{key}={_short(value)}" for key, value in sorted(changed.items()))
        return f"{name}({inside})" if inside else name


def _short(value: Any) -> str:
    """Return a parameter as text for a run's label, without brackets: "logic:1 math:2", "math/logic"."""
    if isinstance(value, Mapping):
        return " ".join(f"{key}:{_short(each)}" for key, each in sorted(value.items()))
    if isinstance(value, list | tuple):
        return "/".join(_short(each) for each in value)
    return str(value)


class JointConfig(StrategyModel):
    """The sum of the domains' losses: TRL's own step."""

    name: Literal["joint"] = "joint"

    def acts_on(self, phase_index: int, is_mixed: bool) -> bool:
        return is_mixed and self.learning_rate_scale != 1.0


class ScaledConfig(StrategyModel):
    """A fixed factor for each domain's advantages, which is the simplest remedy.

    Scaling rewards per domain would have no effect under `scale_rewards: group`, which divides each group by its own
    spread.
    """

    name: Literal["scaled"] = "scaled"
    weights: dict[str, Annotated[float, Field(ge=0)]] | Literal["equal"] = "equal"
    """Factor by domain (by default 1), or "equal": every domain gets the same share of the step, independent of its
    number of tokens or samples."""

    def directs_as_joint(self, domains: Sequence[str]) -> bool:
        return self.weights != "equal" and all(self.weights.get(name, 1.0) == 1 for name in domains)


class CGPOConfig(StrategyModel):
    """Curvature-guided policy optimization: one inner step per domain in random order, then a stretched total."""

    version: ClassVar[int] = 2  # the share scales the gradient; it scaled the learning rate

    name: Literal["cgpo"] = "cgpo"
    alpha: float = Field(1.2, gt=0, le=2)
    """Factor on the total displacement. The paper searched 0.5 to 1.5."""
    fixed_order: tuple[str, ...] = ()
    """Fixed order of the domains, instead of a new random order per step (the paper's ablation)."""
    step_scale: Literal["authors", "once"] = "authors"
    """Kind of inner steps. `authors`: every inner step is a full optimizer step on the domain's part of the gradient,
    as in the authors' code. Under Adam, the total step is then longer than joint's. `once`: inner steps only determine
    the weights at which each gradient is computed, and one optimizer step on the sum of gradients moves the weights as
    far as joint does. It needs `training.optimizer: adamw_torch` or `adamw_torch_fused`."""


class FAMOConfig(StrategyModel):
    """Fast adaptive multitask optimization: weights that even out the domains' relative progress in error rate."""

    version: ClassVar[int] = 2  # unscored samples are left out; they counted as wrong

    name: Literal["famo"] = "famo"
    learning_rate: float = Field(0.025, gt=0)
    """Learning rate of the Adam optimizer that updates the task weights."""
    weight_decay: float = Field(0.01, ge=0)
    """Weight decay of that optimizer, which draws the logits of the task weights to 0."""
    floor: float = Field(0.02, gt=0, lt=1)
    """Lower bound of error rates, because their logarithm is taken."""


class PCGradConfig(StrategyModel):
    """Each domain's gradient without its components against the others, in random order."""

    name: Literal["pcgrad"] = "pcgrad"


class CAGradConfig(StrategyModel):
    """The direction near the average that helps the worst domain most."""

    name: Literal["cagrad"] = "cagrad"
    c: float = Field(0.4, ge=0, lt=1)
    """Radius of the ball around the average gradient, relative to its norm."""


class MGDAConfig(StrategyModel):
    """The shortest vector in the convex hull of the gradients."""

    name: Literal["mgda"] = "mgda"


class UPGradConfig(StrategyModel):
    """Each domain's gradient projected onto the cone of directions without conflict, then averaged."""

    name: Literal["upgrad"] = "upgrad"


class AlignedMTLConfig(StrategyModel):
    """Principal components of the gradients, rescaled to equal length."""

    name: Literal["aligned_mtl"] = "aligned_mtl"
    scale_mode: Literal["min", "median", "rmse"] = "min"
    """Length to which components are rescaled: the shortest or the median one, or their root mean square (the authors'
    code)."""


class MGSConfig(StrategyModel):
    """Modular gradient surgery: PCGrad inside each parameter tensor."""

    version: ClassVar[int] = 2  # each tensor draws its own order of projections; one order served all

    name: Literal["mgs"] = "mgs"


class DACSPConfig(StrategyModel):
    """A method inspired by CARE-RL that acts on later phases.

    It amplifies the part of a step along the weight changes of earlier phases, and damps the part against them.
    """

    name: Literal["dacsp"] = "dacsp"
    rank: int = Field(8, ge=1)
    """Number of directions that are kept per earlier phase and weight matrix."""
    amplify: float = Field(0.1, ge=0, le=1)
    """Share that is added to the part of a step along an earlier direction."""
    suppress: float = Field(0.5, ge=0, le=1)
    """Share that is removed from the part of a step against an earlier direction."""

    def acts_on(self, phase_index: int, is_mixed: bool) -> bool:
        return phase_index > 0

    def directs_as_joint(self, domains: Sequence[str]) -> bool:
        return self.amplify == self.suppress == 0


class AdaptiveConfig(StrategyModel):
    """Parameters of strategies that choose the number of prompts per domain in a rollout. The phase's weights are the
    prior."""

    version: ClassVar[int] = 2  # unscored samples are left out; they counted as advantages of 0

    temperature: float = Field(0.1, gt=0)
    """Temperature of the softmax over the domains' values. A high one approaches the phase's weights."""
    exploration: float = Field(1.0, ge=0)
    """Factor on the confidence bound, which favours domains with few prompts so far."""
    memory: float = Field(0.9, ge=0, lt=1)
    """Decay of the running means; 0 uses only the latest rollout."""
    floor: float = Field(0.05, ge=0, lt=1)
    """Smallest share of a rollout that every domain gets."""


class BanditConfig(AdaptiveConfig):
    """More prompts for domains whose advantages are large, adapted during training."""

    name: Literal["bandit"] = "bandit"


class TransferAwareConfig(AdaptiveConfig):
    """More prompts for domains whose advantages are large and whose gradients agree with the other domains'."""

    name: Literal["transfer_aware"] = "transfer_aware"
    transfer: float = Field(1.0, ge=0)
    """Weight of the mean cosine similarity to the other domains' gradients."""


class PluginStrategyConfig(PluginConfig, StrategyModel):
    """A strategy that another package registers under the entry points `xdomain.strategies`."""

    registry: ClassVar[Registry] = STRATEGIES
    key: ClassVar[str] = "name"

    name: Annotated[str, named_in(STRATEGIES)]
    """Name under which the package registers the strategy."""

    def identity(self) -> dict[str, Any]:
        version = self.plugin_version
        return super().identity() | ({"version": version} if version > 1 else {})


GramianConfig = PCGradConfig | CAGradConfig | MGDAConfig | UPGradConfig | AlignedMTLConfig


_Kinds = Annotated[
    Annotated[JointConfig, Tag("[joint]")]
    | Annotated[ScaledConfig, Tag("[scaled]")]
    | Annotated[CGPOConfig, Tag("[cgpo]")]
    | Annotated[FAMOConfig, Tag("[famo]")]
    | Annotated[PCGradConfig, Tag("[pcgrad]")]
    | Annotated[CAGradConfig, Tag("[cagrad]")]
    | Annotated[MGDAConfig, Tag("[mgda]")]
    | Annotated[UPGradConfig, Tag("[upgrad]")]
    | Annotated[AlignedMTLConfig, Tag("[aligned_mtl]")]
    | Annotated[MGSConfig, Tag("[mgs]")]
    | Annotated[DACSPConfig, Tag("[dacsp]")]
    | Annotated[BanditConfig, Tag("[bandit]")]
    | Annotated[TransferAwareConfig, Tag("[transfer_aware]")]
    | Annotated[PluginStrategyConfig, Tag(PLUGIN)],
    Discriminator(kind_tag(STRATEGIES, "name")),
]
_Forms = Annotated[str, named_in(STRATEGIES)] | _Kinds
StrategyConfig = Annotated[_Kinds, BeforeValidator(known_kind(STRATEGIES, "name"), json_schema_input_type=_Forms)]
