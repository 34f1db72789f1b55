"""When there is nothing left to do; the waiting itself is tried end to end."""

from demo.drain import describe


def test_what_is_left_is_told_in_words_most_first() -> None:
    left = {"messages to send": 2, "events for points to hear": 1_200}
    assert describe(left) == "1,200 events for points to hear, 2 messages to send"
