"""Published form of an analysis, as pydantic models."""

from xdomain.analysis.matrix import (
    AccuracyMatrix,
    AnswerShape,
    Cell,
    Direction,
    Matrix,
    ResultModel,
    Section,
    SpeaksOf,
    Unit,
    Word,
)
from xdomain.analysis.result.alarms import AlarmLook, MonitoredDomain, RaisedAlarm
from xdomain.analysis.result.analysis_result import (
    RESULT_SCHEMA_VERSION,
    AnalysisResult,
    DeclaredContrast,
    Meta,
    Summary,
    result_schema,
)
from xdomain.analysis.result.course import Course, DamageOnset, GainsAtStep, LaterCourse, StepsToTarget
from xdomain.analysis.result.diagnoses import DiagnosedStage, Diagnoses
from xdomain.analysis.result.findings import Finding
from xdomain.analysis.result.predictions import PredictedValue, PredictionScore, ScoredPredictions
from xdomain.analysis.result.published import (
    PublishedEffect,
    PublishedStudy,
    Standing,
)
from xdomain.analysis.result.recovery import Recovery, Repair, RepairPoint
from xdomain.analysis.result.runs import (
    EndCheckpoint,
    ItemChange,
    RunEffort,
    Trajectory,
    TrajectoryPoint,
)
from xdomain.analysis.result.strategies import (
    BestSet,
    StrategyComparison,
    StrategyCost,
    StrategyGradients,
)
from xdomain.analysis.result.ways import ChosenScale, RunCost, TriedScale, Way, WayArm, WaysToCombine

__all__ = [
    "RESULT_SCHEMA_VERSION",
    "AccuracyMatrix",
    "AlarmLook",
    "AnalysisResult",
    "AnswerShape",
    "BestSet",
    "Cell",
    "ChosenScale",
    "Course",
    "DamageOnset",
    "DeclaredContrast",
    "DiagnosedStage",
    "Diagnoses",
    "Direction",
    "EndCheckpoint",
    "Finding",
    "GainsAtStep",
    "ItemChange",
    "LaterCourse",
    "Matrix",
    "Meta",
    "MonitoredDomain",
    "PredictedValue",
    "PredictionScore",
    "PublishedEffect",
    "PublishedStudy",
    "RaisedAlarm",
    "Recovery",
    "Repair",
    "RepairPoint",
    "ResultModel",
    "RunCost",
    "RunEffort",
    "ScoredPredictions",
    "Section",
    "SpeaksOf",
    "Standing",
    "StepsToTarget",
    "StrategyComparison",
    "StrategyCost",
    "StrategyGradients",
    "Summary",
    "Trajectory",
    "TrajectoryPoint",
    "TriedScale",
    "Unit",
    "Way",
    "WayArm",
    "WaysToCombine",
    "Word",
    "result_schema",
]
