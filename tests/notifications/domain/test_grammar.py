import pytest
from jinja2 import Environment

from services.notifications.domain.causes import VariableKind
from services.notifications.domain.errors import TemplateConstructRefused, TemplateVariableUnknown
from services.notifications.domain.grammar import check_grammar

DECLARED = {
    "points": VariableKind.INTEGER,
    "name": VariableKind.TEXT,
    "day": VariableKind.DAY,
}


def check(source: str) -> None:
    check_grammar(Environment().parse(source), DECLARED)


@pytest.mark.parametrize(
    "source",
    [
        "plain text, 中文 and {# a note #}",
        "{{ points }} {{ points | grouped }} {{ name }} {{ day }} {{ 5 }} {{ 'x' }}",
        "{% if points > 100 and not name == 'x' %}a{% elif points <= 3 %}b{% else %}c{% endif %}",
        "{{ 'one point' if points == 1 else name }}",
        "{% raw %}{{ anything }}{% endraw %}",
    ],
)
def test_text_variables_and_conditions_are_allowed(source: str) -> None:
    check(source)


@pytest.mark.parametrize(
    "source",
    [
        "{% for i in points %}{{ i }}{% endfor %}",
        "{{ ''.__class__.__mro__ }}",
        "{{ name.upper() }}",
        "{{ name[0] }}",
        "{{ 'a' * 1000000000 }}",
        "{{ 2 ** 9999999 }}",
        "{{ name ~ name }}",
        "{{ name | upper }}",
        "{{ points | grouped(3) }}",
        "{{ name | grouped }}",
        "{% filter grouped %}5{% endfilter %}",
        "{% set x = 1 %}",
        "{% include 'x' %}",
        "{% import 'x' as y %}",
        "{% extends 'x' %}",
        "{% macro m() %}{% endmacro %}",
        "{% block b %}{% endblock %}",
        "{{ range(5) }}",
        "{{ true }}",
        "{{ 1.5 }}",
        "{{ [points] }}",
        "{{ points is defined }}",
        "{{ name in 'abc' }}",
    ],
)
def test_what_loops_calls_or_reaches_into_objects_is_refused(source: str) -> None:
    with pytest.raises((TemplateConstructRefused, TemplateVariableUnknown)):
        check(source)


@pytest.mark.parametrize("source", ["{{ points > name }}", "{% if day < 3 %}x{% endif %}"])
def test_comparing_a_number_with_text_is_refused_in_branches_never_taken_too(source: str) -> None:
    with pytest.raises(TemplateConstructRefused):
        check(source)


def test_an_inline_choice_without_its_other_half_is_refused() -> None:
    with pytest.raises(TemplateConstructRefused):
        check("{{ name if points > 1 }}")


def test_an_unknown_variable_in_a_branch_is_refused() -> None:
    with pytest.raises(TemplateVariableUnknown):
        check("{% if points > 1 %}{{ points }}{% else %}{{ pionts }}{% endif %}")


def test_deep_nesting_is_refused() -> None:
    with pytest.raises(TemplateConstructRefused):
        check("{% if points %}" * 12 + "x" + "{% endif %}" * 12)
    with pytest.raises(TemplateConstructRefused):
        check("{{ " + "not " * 12 + "points }}")


def test_many_choices_in_a_row_are_not_deep() -> None:
    check("{% if points == 0 %}a" + "{% elif points == 1 %}b" * 50 + "{% endif %}")
