"""Policies from their stored form. Versions stored before a field existed do without it."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from services.points.domain.expiry.expiry import NEVER, ExpiryModel, read_expiry
from services.points.domain.expiry.pending import NOT_PENDING, PendingMode, PendingTerms
from services.points.domain.receipts.caps import Cap, CapPeriod, Exceeded, Limits
from services.points.domain.receipts.earning import (
    BUILT_IN_ID,
    Clawback,
    Policy,
    Rounding,
    RoundingLevel,
)
from services.points.domain.receipts.earning_rates import (
    Basis,
    Combine,
    Levels,
    Rate,
    Rule,
    RulesCombine,
)

Spec = Mapping[str, Any]


def read_policy(version: int, effective_from: str, spec: Spec) -> Policy:
    """A policy from its stored form."""
    return Policy(
        version=version,
        effective_from=datetime.fromisoformat(effective_from),
        levels=_read_levels(spec),
        basis=_read_basis(spec.get("eligible", {})),
        tier_multipliers_milli=spec["tier_multipliers_milli"],
        rounding=Rounding(spec["rounding"]),
        rounding_level=RoundingLevel(spec.get("rounding_level", "receipt")),
        minimum_minor=spec.get("minimum_minor", 0),
        limits=_read_limits(spec),
        pending=read_pending(spec.get("pending")),
        expiry=_read_expiry(spec),
        clawback=Clawback(spec.get("clawback", "debt")),
        policy_id=UUID(spec["policy_id"]) if "policy_id" in spec else BUILT_IN_ID,
        spec=spec,
    )


def _read_levels(spec: Spec) -> Levels:
    def rates(name: str) -> dict[str, Rate]:
        return {code: Rate(**rate) for code, rate in spec.get(name, {}).items()}

    return Levels(
        programme=Rate(**spec["programme"]),
        malls={UUID(mall): rate for mall, rate in rates("malls").items()},
        categories=rates("categories"),
        brands=rates("brands"),
        shops={UUID(shop): rate for shop, rate in rates("shops").items()},
        combine=Combine(spec.get("combine", "most_specific")),
        rules=tuple(_read_rule(rule) for rule in spec.get("rules", ())),
        rules_combine=RulesCombine(spec.get("rules_combine", "sum")),
    )


def _read_rule(rule: Spec) -> Rule:
    return Rule(
        rule["code"],
        Rate(**rule["rate"]) if rule.get("rate") else None,
        rule.get("multiplier_milli"),
        frozenset(map(UUID, rule.get("malls", ()))),
        frozenset(map(UUID, rule.get("shops", ()))),
        frozenset(rule.get("categories", ())),
        frozenset(rule.get("brands", ())),
        frozenset(rule.get("skus", ())),
    )


def _read_basis(spec: Spec) -> Basis:
    return Basis(
        counts_tax=spec.get("tax", "included") == "included",
        counts_delivery=spec.get("delivery", "included") == "included",
        excluded_tenders=frozenset(spec.get("excluded_tenders", ())),
        excluded_categories=frozenset(spec.get("excluded_categories", ())),
        excluded_brands=frozenset(spec.get("excluded_brands", ())),
        excluded_skus=frozenset(spec.get("excluded_skus", ())),
    )


def _read_limits(spec: Spec) -> Limits:
    caps = [
        Cap(cap["code"], CapPeriod(cap["period"]), cap["points"], Exceeded(cap["when_exceeded"]))
        for cap in spec.get("caps", ())
    ]
    return Limits(tuple(caps), spec.get("cooldown_seconds", 0))


def read_pending(spec: Spec | None) -> PendingTerms:
    """Pending terms from their stored form: also for what is earned without a purchase."""
    if spec is None or spec["mode"] == "none":
        return NOT_PENDING
    on = spec.get("on")
    return PendingTerms(
        PendingMode(spec["mode"]),
        spec.get("days") or 0,
        date.fromisoformat(on) if on else None,
        spec.get("event"),
    )


def _read_expiry(spec: Spec) -> ExpiryModel:
    if spec.get("expiry") is not None:
        return read_expiry(spec["expiry"])
    months = spec.get("expires_months")
    return NEVER if months is None else read_expiry({"kind": "months", "months": months})
