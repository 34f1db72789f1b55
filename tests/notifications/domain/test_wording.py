import pytest

from services.notifications.domain.causes import CauseKind
from services.notifications.domain.errors import (
    TemplateBlank,
    TemplateConstructRefused,
    TemplateMalformed,
    TemplateVariableMissing,
    TemplateVariableUnknown,
    TemplateVariableWrong,
)
from services.notifications.domain.wording import (
    Wording,
    check_values,
    check_wording,
    examples,
    render,
)

POINTS = CauseKind.REWARD_POINTS


def test_variables_are_put_in_and_numbers_grouped() -> None:
    wording = Wording("{{ points | grouped }} points", "from {{ campaign_name }}")
    shown = render(wording, {"points": 1234567, "campaign_name": "Spring"})
    assert shown == Wording("1,234,567 points", "from Spring")


def test_a_variable_without_a_value_is_refused_and_never_a_blank() -> None:
    with pytest.raises(TemplateMalformed):
        render(Wording("Hello", "{{ points }}"), {})


def test_a_template_that_comes_out_blank_is_refused() -> None:
    with pytest.raises(TemplateBlank):
        render(Wording("Hello", "{% if points > 5 %}much{% endif %}"), {"points": 1})


def test_a_template_that_is_blank_for_the_examples_is_refused_when_saved() -> None:
    with pytest.raises(TemplateBlank):
        check_wording(POINTS, Wording("Hello", "{% if points < 5 %}few{% endif %}"))


def test_a_variable_of_another_cause_is_refused_when_saved() -> None:
    with pytest.raises(TemplateVariableUnknown) as refused:
        check_wording(POINTS, Wording("Hello", "one\ntwo {{ gift_name }}"))
    assert refused.value.facts["line"] == 2
    assert "points" in refused.value.facts["variables"]


@pytest.mark.parametrize("source", ["{{ points", "{% if %}", "{% nothing %}", "{{ 'a }}"])
def test_a_template_that_cannot_be_read_is_refused(source: str) -> None:
    with pytest.raises(TemplateMalformed):
        check_wording(POINTS, Wording("Hello", source))


def test_parentheses_without_end_are_refused_and_do_not_break_the_parser() -> None:
    with pytest.raises((TemplateMalformed, TemplateConstructRefused)):
        check_wording(POINTS, Wording("Hello", "{{ " + "(" * 1_900 + "1" + ")" * 1_900 + " }}"))


def test_a_member_named_like_markup_is_text() -> None:
    shown = render(Wording("{{ campaign_name }}", "x"), {"campaign_name": "{{ 7 * 7 }}<b>"})
    assert shown.title == "{{ 7 * 7 }}<b>"


def test_a_preview_needs_every_variable() -> None:
    with pytest.raises(TemplateVariableMissing) as refused:
        check_values(POINTS, {"points": 5})
    assert refused.value.facts["missing"] == ["campaign_name", "explanation", "happened_on"]


@pytest.mark.parametrize(
    "wrong",
    [{"points": "5"}, {"points": True}, {"campaign_name": 5}, {"campaign_name": ""}, {"x": "y"}],
)
def test_a_preview_needs_variables_of_the_declared_kind(wrong: dict[str, str | int]) -> None:
    with pytest.raises(TemplateVariableWrong):
        check_values(POINTS, {**examples(POINTS), **wrong})
