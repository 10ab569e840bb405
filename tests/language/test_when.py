"""`when` over values that the compiler knows."""

from __future__ import annotations

from .compiling import codes, plan, steps, value_text

BRANCHES = "param n: int = {n}\nwhen n > 5:\n    x = big(n)\nelse:\n    x = small(n)\nf(x)\n"


def test_the_compiler_decides() -> None:
    assert steps(BRANCHES.format(n=9)) == ["x = big(9)", "f#1 = f(<x>)"]
    assert steps(BRANCHES.format(n=1)) == ["x = small(1)", "f#1 = f(<x>)"]
    assert codes(BRANCHES.format(n=1)) == []


def test_a_name_of_the_branch_not_taken_is_null() -> None:
    assert steps("when false:\n    x = a()\nf(x)\n") == ["f#1 = f(None)"]


def test_a_value_read_from_one_branch_is_optional() -> None:
    declared = "task p.give() -> int\ntask p.take(x: int)\ntask p.opt(x: int?)\n"
    assert codes(declared + "when true:\n    x = p.give()\np.take(x)\n") == ["F0405"]
    assert codes(declared + "when true:\n    x = p.give()\np.opt(x)\n") == []


def test_both_branches_are_checked() -> None:
    assert codes("when true:\n    a()\nelse:\n    f(wrong)\n") == ["F0203"]


def test_branches_nest() -> None:
    assert steps("when 1 < 2:\n    when 2 < 1:\n        a()\n    else:\n        b()\nc()\n") == ["b#1 = b()", "c#1 = c()"]


def test_a_branch_may_stand_on_its_line() -> None:
    assert steps("when true: a(); b()\n") == ["a#1 = a()", "b#1 = b()"]


def test_over_results_it_is_not_yet_supported() -> None:
    assert codes("x = a()\nwhen x:\n    b()\n") == ["F0804"]
    assert codes("x = a()\nwhen x.ok == true:\n    b()\n") in (["F0361"], ["F0804"])


def test_values_are_true_as_in_python() -> None:
    for value, taken in (
        ("0", False),
        ("[]", False),
        ('""', False),
        ("null", False),
        ("1", True),
        ("[0]", True),
        ('"x"', True),
        ("{}", False),
    ):
        assert bool(plan(f"when {value}:\n    a()\n").calls) is taken


def test_in_a_sub_flow_a_branch_may_return() -> None:
    text = "flow go(n: int):\n    when n > 1:\n        return a(n)\n    else:\n        return b(n)\ngo(1)\ngo(2)\n"
    assert steps(text) == ["go#1/b#1 = b(1)", "go#2/a#1 = a(2)"]


def test_what_is_bound_in_a_branch_is_bound_once() -> None:
    assert codes("x = a()\nwhen true:\n    x = b()\nf(x)\n") in (["F0205"], ["F0206"])


def test_a_file_that_ends_with_a_when_is_worth_the_branch_taken() -> None:
    assert value_text(plan("when true:\n    a()\n").value) in ("<a#1>", "None")
