"""Parameters of training strategies for mixed phases; torch-free, so that a plan can check them.

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
"""A target takes its parameters, the phase's domains and a seed and makes a `Strategy`."""


class StrategyModel(ConfigModel):
    """Base of every strategy's parameters."""

    model_config = ConfigDict(json_schema_extra=names_itself("name"))

    neutral: ClassVar[Mapping[str, Any]] = {}
    """Fields added after release, with the value at which they are left out of identity, so that old keys survive."""
    version: ClassVar[int] = 1
    """Raised when the same parameters come to mean another step; 1 is left out of identity."""

    learning_rate_scale: float = Field(1.0, gt=0)
    """Factor on `training.learning_rate` in the phases that the strategy acts on. Use it to compare strategies that
    move the weights equally far."""

    def identity(self) -> dict[str, Any]:
        """What of the parameters counts in a stage's key."""
        neutral = {"learning_rate_scale": 1.0, **self.neutral}
        values = self.model_dump(mode="json")
        found = {name: each for name, each in values.items() if name not in neutral or neutral[name] != each}
        return found | ({"version": self.version} if self.version > 1 else {})

    def acts_on(self, phase_index: int, is_mixed: bool) -> bool:
        """Whether a phase at this place (from 0) of a curriculum is trained otherwise than by joint."""
        return is_mixed

    def equals_joint(self, domains: Sequence[str]) -> bool:
        """Return whether these parameters make it joint on a phase of these domains."""
        return self.learning_rate_scale == 1.0 and self.directs_as_joint(domains)

    def directs_as_joint(self, domains: Sequence[str]) -> bool:
        """Return whether a step on these domains is joint's up to `learning_rate_scale`."""
        return False

    @property
    def label(self) -> str:
        """ "cgpo", or "cgpo(alpha=1.0)" where a parameter is not at its default."""
        name = str(self.model_dump()["name"])
        changed = self.model_dump(exclude_defaults=True, exclude={"name"})
        inside = ", ".join(f"{key}={_short(value)}" for key, value in sorted(changed.items()))
        return f"{name}({inside})" if inside else name


def _short(value: Any) -> str:
    """A parameter in a run's label, which holds no brackets: "logic:1 math:2", "math/logic"."""
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
    """A fixed factor for each domain's advantages, the remedy that people try first.

    Rewards scaled per domain would do nothing under `scale_rewards: group`, which divides each group by its own spread.
    """

    name: Literal["scaled"] = "scaled"
    weights: dict[str, Annotated[float, Field(ge=0)]] | Literal["equal"] = "equal"
    """Factor by domain (by default 1), or "equal": every domain gets the same part of the step, however many
    tokens or samples it has."""

    def directs_as_joint(self, domains: Sequence[str]) -> bool:
        return self.weights != "equal" and all(self.weights.get(name, 1.0) == 1 for name in domains)


class CGPOConfig(StrategyModel):
    """Curvature-guided policy optimization: one inner step per domain in random order, then a stretched total."""

    version: ClassVar[int] = 2  # the share scales the gradient; it scaled the learning rate

    name: Literal["cgpo"] = "cgpo"
    alpha: float = Field(1.2, gt=0, le=2)
    """Factor on the total displacement; the paper searched 0.5 to 1.5."""
    fixed_order: tuple[str, ...] = ()
    """Visit the domains in this order instead of a fresh random one each step (the paper's ablation)."""
    step_scale: Literal["authors", "once"] = "authors"
    """`authors`: every inner step is a full optimizer step on the domain's part of the gradient, as in the authors'
    code; under Adam the total is then longer than joint's. `once`: inner steps only find where each gradient is taken,
    and one optimizer step on their sum moves the weights as far as joint does; needs `training.optimizer: adamw_torch`
    or `adamw_torch_fused`."""


class FAMOConfig(StrategyModel):
    """Fast adaptive multitask optimization: weights that even out the domains' relative progress in error rate."""

    version: ClassVar[int] = 2  # unscored samples are left out; they counted as wrong

    name: Literal["famo"] = "famo"
    learning_rate: float = Field(0.025, gt=0)
    """Of the weights' own Adam."""
    weight_decay: float = Field(0.01, ge=0)
    floor: float = Field(0.02, gt=0, lt=1)
    """Least error rate used, since its logarithm is taken."""


class PCGradConfig(StrategyModel):
    """Each domain's gradient without its components against the others, in random order."""

    name: Literal["pcgrad"] = "pcgrad"


class CAGradConfig(StrategyModel):
    """The direction near the average that helps the worst domain most."""

    name: Literal["cagrad"] = "cagrad"
    c: float = Field(0.4, ge=0, lt=1)
    """Radius of the ball round the average gradient, relative to its norm."""


class MGDAConfig(StrategyModel):
    """The shortest vector in the convex hull of the gradients."""

    name: Literal["mgda"] = "mgda"


class UPGradConfig(StrategyModel):
    """Each domain's gradient projected onto the cone that conflicts with none, then averaged."""

    name: Literal["upgrad"] = "upgrad"


class AlignedMTLConfig(StrategyModel):
    """Principal components of the gradients brought to one length."""

    name: Literal["aligned_mtl"] = "aligned_mtl"
    scale_mode: Literal["min", "median", "rmse"] = "min"


class MGSConfig(StrategyModel):
    """Modular gradient surgery: PCGrad inside each parameter tensor."""

    version: ClassVar[int] = 2  # each tensor draws its own order of projections; one order served all

    name: Literal["mgs"] = "mgs"


class DACSPConfig(StrategyModel):
    """Inspired by CARE-RL: a later phase is pushed along what earlier ones did to the weights, held back against it."""

    name: Literal["dacsp"] = "dacsp"
    rank: int = Field(8, ge=1)
    """Directions kept of each earlier phase and weight matrix."""
    amplify: float = Field(0.1, ge=0, le=1)
    """Added to the part of a step along an earlier direction."""
    suppress: float = Field(0.5, ge=0, le=1)
    """Taken from the part of a step against an earlier direction."""

    def acts_on(self, phase_index: int, is_mixed: bool) -> bool:
        return phase_index > 0

    def directs_as_joint(self, domains: Sequence[str]) -> bool:
        return self.amplify == self.suppress == 0


class AdaptiveConfig(StrategyModel):
    """Shared by strategies that choose how many prompts of each domain a rollout has. The phase's own weights stay a
    prior."""

    version: ClassVar[int] = 2  # unscored samples are left out; they counted as advantages of 0

    temperature: float = Field(0.1, gt=0)
    """Of the softmax over the domains' values; a high one leaves the phase's own weights."""
    exploration: float = Field(1.0, ge=0)
    """Factor on the confidence bound, which favours domains that had few prompts."""
    memory: float = Field(0.9, ge=0, lt=1)
    """Of the running means; 0 looks at the latest rollout alone."""
    floor: float = Field(0.05, ge=0, lt=1)
    """Least part of a rollout that every domain gets."""


class BanditConfig(AdaptiveConfig):
    """More prompts for domains whose advantages are large, chosen as training goes."""

    name: Literal["bandit"] = "bandit"


class TransferAwareConfig(AdaptiveConfig):
    """More prompts for domains whose advantages are large and whose gradients agree with the other domains'."""

    name: Literal["transfer_aware"] = "transfer_aware"
    transfer: float = Field(1.0, ge=0)
    """Weight of the mean cosine with the other domains' gradients."""


class PluginStrategyConfig(PluginConfig, StrategyModel):
    """A strategy that another package registers under the entry points `xdomain.strategies`."""

    registry: ClassVar[Registry] = STRATEGIES
    key: ClassVar[str] = "name"

    name: Annotated[str, named_in(STRATEGIES)]

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
