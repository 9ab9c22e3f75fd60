"""Values out of a frozen dataset: decimals, moments and members by name. The dataset stays as it was stored."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.dateparse import parse_datetime

from reports.datasets.rows import values_of

Dataset = Mapping[str, Any]
# What a reader may not see who is not yet given scores.
SCORES = ("mean_score", "counted", "points", "perfect", "high", "middle", "low", "zero", "perfect_share", "zero_share")
BANDS = ("perfect", "high", "middle", "low", "zero")


def moment(text: str | None) -> datetime | None:
    return parse_datetime(text) if text else None


def has_scores(dataset: Dataset) -> bool:
    return dataset["total"].get("counted") is not None


def has_change(dataset: Dataset) -> bool:
    return dataset["total"].get("change") is not None


def has_last_year(dataset: Dataset) -> bool:
    return bool(dataset.get("last_year"))


def round_of(dataset: Dataset) -> Mapping[str, Any] | None:
    """The round the dataset is about; None for the report over the contest."""
    return dataset.get("round")


def rows_of(dataset: Dataset, name: str) -> Sequence[Mapping[str, Any]]:
    return dataset.get(name) or ()


def weeks(dataset: Dataset) -> Sequence[Mapping[str, Any]]:
    """The totals of the rounds, in order: up to the report's own, or all of the contest's."""
    return dataset.get("trend") or dataset.get("rounds") or ()


def silent_units(dataset: Dataset) -> list[Mapping[str, Any]]:
    """The units in which nobody took part."""
    return [unit for unit in dataset["units"] if not unit["participants"]]


def units_named(dataset: Dataset, name: str) -> list[Mapping[str, Any]]:
    """The units that a list of codes names, in its order."""
    by_code = {unit["unit_code"]: unit for unit in dataset["units"]}
    return [by_code[code] for code in dataset.get(name) or () if code in by_code]


def without_scores(dataset: Dataset) -> dict[str, Any]:
    """The dataset for a reader to whom scores are not released: none of them, nor the winners."""

    def bare(figures: Mapping[str, Any]) -> dict[str, Any]:
        return {name: None if name in SCORES else value for name, value in figures.items()}

    lists = {
        name: [bare(one) for one in dataset[name]]
        for name in ("kinds", "blocks", "units", "trend", "rounds")
        if dataset.get(name)
    }
    return {**dataset, **lists, "total": bare(dataset["total"]), "winners": []}


def only_units(dataset: Dataset, codes: frozenset[str]) -> dict[str, Any]:
    """The rows of some units and what names the report; no total and nothing about other units."""
    kept = ("format", "definitions", "kind", "contest", "round", "unit", "as_of")
    return {name: dataset[name] for name in kept if name in dataset} | {
        "units": [unit for unit in dataset["units"] if unit["unit_code"] in codes]
    }


def with_values(dataset: Dataset) -> dict[str, Any]:
    """The dataset with decimals and moments as values, for templates."""
    lists = {name: [values_of(one) for one in rows_of(dataset, name)] for name in ("kinds", "blocks", "units")}
    titles = {one["number"]: one["title"] for one in weeks(dataset)}
    winners = [
        {**one, "round_title": titles.get(one.get("round")), "submitted_at": moment(one["submitted_at"])}
        for one in rows_of(dataset, "winners")
    ]
    total = values_of(dataset["total"]) if "total" in dataset else None
    clips = dataset.get("clips")
    if clips:
        winning = [{**one, "score": Decimal(one["score"])} for one in clips["winners"]]
        lists["clips"] = {**clips, "winners": winning}  # type: ignore[assignment]
    return {
        **dataset,
        **lists,
        "trend": [values_of(one) for one in weeks(dataset)],
        "total": total,
        "winners": winners,
        "as_of": moment(dataset["as_of"]),
    }
