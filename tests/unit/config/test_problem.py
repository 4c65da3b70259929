from bridge.config import Problem, Severity
from bridge.config.problem import suggestion


def test_a_problem_is_one_line():
    problem = Problem(file="/f.toml", key="a.b", found='"x\ny"', allowed="z", hint="try z")
    assert str(problem) == 'error: /f.toml: a.b: found "x y"; allowed: z; try z'


def test_a_warning_says_so():
    problem = Problem(file="/f.toml", key="", found="x", severity=Severity.WARNING)
    assert str(problem) == "warning: /f.toml: found x"


def test_a_word_can_be_masked():
    problem = Problem(file="f", key="k", found="hunter2!", hint="not hunter2").without(["hunter2"])
    assert (problem.found, problem.hint) == ("***!", "not ***")


def test_the_nearest_name_ignores_case():
    assert suggestion("LISTN", ["listen", "url"]) == 'did you mean "listen"?'


def test_nothing_near_means_no_suggestion():
    assert suggestion("xyzzy", ["listen", "url"]) == ""
