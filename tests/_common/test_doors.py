import pytest

import tfrwc  # noqa: F401  # the face says what is behind the doors
from tfrwc._common import doors


def test_a_room_is_only_entered_when_its_door_is_opened(monkeypatch):
    monkeypatch.setattr(doors, "_LOADERS", {})
    entered = []

    def load():
        entered.append(True)
        return max

    doors.provide("largest", load)
    assert not entered
    assert doors.behind("largest")(1, 3) == 3
    assert entered


def test_what_nothing_is_behind_is_refused():
    with pytest.raises(NotImplementedError, match=r"nothing that does 'fly'.*summary"):
        doors.behind("fly")


@pytest.mark.parametrize("name", sorted(doors._LOADERS))
def test_behind_each_door_of_the_package_is_a_function(name):
    assert callable(doors.behind(name))
