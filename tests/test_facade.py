"""The public face: what it names, and what importing it costs."""

import pkgutil
import subprocess
import sys

import pytest

import astuner_nb as anb

HEAVY = ("numpy", "pandas", "plotly", "ipywidgets", "anywidget", "pydantic", "yaml", "swanlab", "wandb", "torch")


def test_every_name_is_found_and_every_found_name_is_listed():
    for name in anb.__all__:
        assert getattr(anb, name) is not None
    assert set(anb.__all__) <= set(dir(anb))
    assert sorted(anb.__all__) == anb.__all__


def test_no_name_is_hidden_by_a_module_of_the_same_name():
    """Importing a module sets it as an attribute of its package: no public name may be called like one."""
    modules = {module.name for module in pkgutil.iter_modules(anb.__path__)}
    assert not modules & set(anb.__all__)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'Labb'"):
        _ = anb.Labb


def test_importing_loads_nothing_heavy():
    code = f"import sys, astuner_nb; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_recorder_needs_the_standard_library_alone():
    code = f"import sys, astuner_nb as anb; anb.init, anb.Recorder; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_lab_without_a_display_loads_no_widget(tmp_path):
    code = (
        "import sys, astuner_nb as anb\n"
        f"lab = anb.Lab(runs={str(tmp_path)!r}); repr(lab); lab.close()\n"
        "print([m for m in ('plotly', 'ipywidgets', 'anywidget', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
