"""Card: what a checkpoint is and how it came to be, as its `card.json` says it."""

import dataclasses
import math
from collections.abc import Iterator, Mapping
from typing import Any

# What fields may hold, so that a damaged card neither asks for memory nor shows nonsense.
MAX_CLASSES, MAX_NAME = 1000, 200  # classes; characters of a name
ARGUMENT_RANGES = {  # of a network's arguments
    "widths": (1, 1024),
    "depth": (1, 16),
    "features": (0, 8192),
    "members": (1, 32),
    "places": (1, 1024),  # of a PenNetwork
}
MAX_WIDTHS = 4  # a PageNetwork has the most
MAX_DROPOUT = 0.99
DIGITS = tuple("0123456789")  # the classes of what reads digits
SHARES = ("accuracy", "ece")  # of an evaluation's summary, from 0 to 1


class CardError(ValueError):
    """A card can't be used; the message is half a sentence that names the fault."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Card:
    """A checkpoint's card. What has a default may be missing from a file.

    Attributes:
        name: of the checkpoint.
        classes: names of the classes, in the order of the logits.
        network: the arguments of DigitCNN; with "members", of Ensemble; with "places", of
            PenNetwork; or of PageNetwork.
        temperature: what logits are divided by, above 0 (Guo et al., 2017: On calibration of
            modern neural networks).
        config: the run's Config.
        seed: the run's seed.
        versions: of Python and the packages that decide how a training comes out.
        data: the dataset's "name", and how many images each split has.
        history: an entry for each epoch.
        test: the summary of the test images, as train.metrics makes it; empty where there is none.
        description: one line for people.
        command: what repeats the run.
        least_certainty: model.classifier.certainty below it makes the reader abstain.
        parameters: how many numbers were trained; 0 where nobody counted.
        hardware: what the run ran on.
        seconds: that the run took.
        validation: the summary of the validation images.
        members: of an ensemble, what is told of each member.
        average: of two runs' average, their cards and the share of the second.
        compared: of a network that started from a checkpoint, what both read of the same images:
            the name of a dataset → train.metrics.Comparison's values.
        kept: whether somebody taught it on the dashboard and kept it.
        sha256: of the weights' file.
    """

    name: str
    classes: tuple[str, ...]
    network: Mapping[str, Any]
    temperature: float
    config: Mapping[str, Any]
    seed: int
    versions: Mapping[str, str]
    data: Mapping[str, Any]
    history: tuple[Mapping[str, Any], ...]
    test: Mapping[str, Any]
    description: str = ""
    command: str = ""
    least_certainty: float = 0.0
    parameters: int = 0
    hardware: str = ""
    seconds: float = 0.0
    validation: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    members: tuple[Mapping[str, Any], ...] = ()
    average: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    compared: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    kept: bool = False
    sha256: str = ""

    @property
    def dataset(self) -> str:
        """The name of the dataset, "" where it is unknown."""
        return str(self.data.get("name", ""))

    @classmethod
    def parse(cls, values: object) -> "Card":
        """The card that a JSON value describes. Fields that no card has are left out.

        Raises:
            CardError: it is no object, a field is missing, or one holds what it may not.
        """
        if not isinstance(values, dict):
            raise CardError(f"should hold an object, but holds a {type(values).__name__}")
        for field in dataclasses.fields(cls):
            if field.name in values:
                _check_type(field.name, values[field.name])
            elif field.name in REQUIRED:
                raise CardError(f"the field '{field.name}' is missing")
        for fault in _faults(values):
            raise CardError(fault)
        if "least_certainty" not in values and values.get("threshold"):
            values = values | {"least_certainty": _certainty_of(values)}
        known = {field.name for field in dataclasses.fields(cls)}
        card = cls(**{name: _with_tuples(values[name]) for name in values.keys() & known})
        network = {name: _with_tuples(value) for name, value in card.network.items()}
        return dataclasses.replace(card, network=network)

    def in_words(self) -> str:
        """What it is, in one sentence, as far as it tells."""
        words = [f"Trained on {self.dataset or 'unknown data'}"]
        if "accuracy" in self.test:
            words.append(f"reads {self.test['accuracy']:.2%} of its test images right")
        if self.parameters:
            words.append(f"has {self.parameters:,} parameters")
        return ", ".join(words) + "."

    def as_json(self) -> dict[str, Any]:
        """The fields that say something, for `json.dumps`."""
        defaults = {field.name: _default(field) for field in dataclasses.fields(self)}
        values = {name: getattr(self, name) for name in defaults}
        return {
            name: value
            for name, value in values.items()
            if name in REQUIRED or value != defaults[name]
        }


REQUIRED = frozenset(
    field.name
    for field in dataclasses.fields(Card)
    if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
)
KINDS: Mapping[str, tuple[tuple[type, ...], str]] = {
    "name": ((str,), "text"),
    "classes": ((list,), "a list"),
    "network": ((dict,), "an object"),
    "temperature": ((int, float), "a number"),
    "config": ((dict,), "an object"),
    "seed": ((int,), "a whole number"),
    "versions": ((dict,), "an object"),
    "data": ((dict,), "an object"),
    "history": ((list,), "a list"),
    "test": ((dict,), "an object"),
    "description": ((str,), "text"),
    "command": ((str,), "text"),
    "least_certainty": ((int, float), "a number"),
    "parameters": ((int,), "a count"),
    "hardware": ((str,), "text"),
    "seconds": ((int, float), "a number"),
    "validation": ((dict,), "an object"),
    "members": ((list,), "a list"),
    "average": ((dict,), "an object"),
    "compared": ((dict,), "an object"),
    "kept": ((bool,), "true or false"),
    "sha256": ((str,), "text"),
}


def one_line(fault: object) -> str:
    """What somebody else says of a fault, or a value, on one line of bearable length."""
    return " ".join(str(fault).split())[:120]


def _check_type(name: str, value: object) -> None:
    kinds, words = KINDS[name]
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        raise CardError(f"'{name}' should be {words}, not {one_line(repr(value))}")


def _faults(values: dict[str, Any]) -> Iterator[str]:
    """Which of a card's fields are out of range, in words."""
    if not 0 < values["temperature"] < math.inf:
        yield f"'temperature' should be above 0, not {values['temperature']}"
    names = values["classes"]
    if not all(isinstance(name, str) and 0 < len(name) <= MAX_NAME for name in names):
        yield f"'classes' should be a list of names of at most {MAX_NAME} characters"
    elif not 0 < len(names) <= MAX_CLASSES or len(set(names)) < len(names):
        yield f"'classes' should be 1 to {MAX_CLASSES} names, each once"
    for field, name in {"name": values["name"], "data": values["data"].get("name", "")}.items():
        if not isinstance(name, str) or len(name) > MAX_NAME:
            yield (
                f"'{field}' should have a name of at most {MAX_NAME} characters, not "
                f"{one_line(repr(name))}"
            )
    for field in ("least_certainty", "threshold"):
        if not _is_within(values.get(field, 0), 0, 1):
            yield f"'{field}' should be from 0 to 1, not {one_line(repr(values[field]))}"
    if values.get("parameters", 0) < 0:
        yield f"'parameters' should be a count, not {one_line(repr(values['parameters']))}"
    for split in ("validation", "test"):
        summary = values.get(split, {})
        if any(not _is_within(summary.get(share, 0), 0, 1) for share in SHARES):
            yield f"'{split}' should have shares from 0 to 1"
    for field in ("history", "members"):
        if not all(isinstance(entry, dict) for entry in values.get(field, [])):
            yield f"'{field}' should be a list of objects"
    yield from _argument_faults(values["network"])


def _argument_faults(arguments: dict[str, Any]) -> Iterator[str]:
    """Which of a network's arguments are out of range, in words."""
    for name, (least, most) in ARGUMENT_RANGES.items():
        numbers = arguments.get(name, least)
        numbers = numbers if isinstance(numbers, list) else [numbers]
        fits = all(isinstance(n, int) and _is_within(n, least, most) for n in numbers)
        if not fits or len(numbers) > MAX_WIDTHS:
            yield (
                f"'network' has {name} {one_line(repr(numbers))}, which should be from {least} to "
                f"{most}"
            )
    if not _is_within(arguments.get("dropout", 0), 0, MAX_DROPOUT):
        yield f"'network' has a dropout that is not from 0 to {MAX_DROPOUT}"


def _certainty_of(values: dict[str, Any]) -> float:
    """The least certainty of a card that has a "threshold" of the largest probability instead, as
    cards had up to November 2026: as certain as where the rest is shared by two other classes, or
    by more where two can't hold it. On MNIST's validation digits that abstains from nearly as many.
    """
    p, classes = values["threshold"], len(values["classes"])
    if p in (0, 1) or p * classes <= 1:
        return float(p == 1)
    others = max(min(2, classes - 1), math.ceil((1 - p) / p))
    entropy = -p * math.log(p) - (1 - p) * math.log((1 - p) / others)
    return 1 - entropy / math.log(classes)


def _is_within(value: object, least: float, most: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most


def _with_tuples(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _default(field: "dataclasses.Field[Any]") -> Any:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default
