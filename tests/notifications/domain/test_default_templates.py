from itertools import product

import pytest

from services.notifications.domain.causes import VARIABLES, CauseKind
from services.notifications.domain.default_templates import DEFAULTS
from services.notifications.domain.locales import LOCALES
from services.notifications.domain.wording import check_wording, examples, render


def test_a_new_programme_has_words_for_every_cause_in_every_language() -> None:
    assert set(DEFAULTS) == set(product(CauseKind, LOCALES))


@pytest.mark.parametrize(("kind", "locale"), DEFAULTS)
def test_the_house_s_own_words_pass_the_check_that_staff_s_words_must(
    kind: CauseKind, locale: str
) -> None:
    check_wording(kind, DEFAULTS[kind, locale])


@pytest.mark.parametrize(("kind", "locale"), DEFAULTS)
def test_the_house_s_own_words_tell_all_that_is_known(kind: CauseKind, locale: str) -> None:
    wording = DEFAULTS[kind, locale]
    for name in VARIABLES[kind]:
        assert name in wording.title + wording.body
    assert "{" not in render(wording, examples(kind)).body
