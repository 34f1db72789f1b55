"""Templates: checked when they are saved, so that rendering has nothing left to refuse.

A template is text with `{{ variable }}`, `{% if %}` and the filter `grouped`; nothing that loops,
calls or reaches into objects, so the time and size of a rendering are bounded by its length.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from jinja2 import StrictUndefined, Template, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from services.notifications.domain.causes import VARIABLES, CauseKind, VariableKind
from services.notifications.domain.errors import (
    TemplateBlank,
    TemplateMalformed,
    TemplateVariableMissing,
    TemplateVariableWrong,
)
from services.notifications.domain.grammar import check_grammar

Values = Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Wording:
    """A title and a body: templates before rendering, the member's text after it."""

    title: str
    body: str


def _grouped(number: int) -> str:
    """1234567 as 1,234,567."""
    return f"{number:,}"


_environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
_environment.globals.clear()
_environment.filters = {"grouped": _grouped}


@lru_cache(maxsize=2_000)
def _compiled(source: str) -> Template:
    return _environment.from_string(source)


def check_wording(kind: CauseKind, template: Wording) -> None:
    """Raise unless the template can be rendered with whatever the cause will offer.

    Raises `TemplateMalformed`, `TemplateConstructRefused`, `TemplateVariableUnknown`,
    `TemplateBlank`.
    """
    declared = {name: variable.kind for name, variable in VARIABLES[kind].items()}
    for source in (template.title, template.body):
        try:
            check_grammar(_environment.parse(source), declared)
        except (TemplateError, RecursionError) as error:
            raise TemplateMalformed(
                "The template cannot be read; see the line.", line=getattr(error, "lineno", None)
            ) from error
    render(template, examples(kind))


def render(template: Wording, values: Values) -> Wording:
    """The member's text. Raises `TemplateMalformed` or `TemplateBlank`; never yields a blank."""
    return _rendered(template, tuple(values.items()))


@lru_cache(maxsize=2_000)
def _rendered(template: Wording, items: tuple[tuple[str, str | int], ...]) -> Wording:
    """Rewards of one campaign mostly read alike on one day."""
    values = dict(items)
    try:
        title = _compiled(template.title).render(values).strip()
        body = _compiled(template.body).render(values).strip()
    except (TemplateError, ArithmeticError, TypeError, ValueError, RecursionError) as error:
        raise TemplateMalformed("The template cannot be rendered.") from error
    if not title or not body:
        raise TemplateBlank("A message needs a title and a body.")
    return Wording(title, body)


def examples(kind: CauseKind) -> Values:
    """A value for each variable of the cause."""
    return {name: variable.example for name, variable in VARIABLES[kind].items()}


def check_values(kind: CauseKind, values: Values) -> None:
    """Raise unless `values` are exactly the cause's variables, each of its kind and not blank."""
    declared = VARIABLES[kind]
    missing = sorted(declared.keys() - values.keys())
    if missing:
        raise TemplateVariableMissing("Give every variable of the cause.", missing=missing)
    if len(values) > len(declared):
        raise TemplateVariableWrong(
            "Some variables are not this cause's.", variables=sorted(declared)
        )
    for name, variable in declared.items():
        value = values[name]
        wanted = int if variable.kind is VariableKind.INTEGER else str
        if type(value) is not wanted or value == "":
            raise TemplateVariableWrong(f"{name} must be {variable.kind}.", variable=name)
