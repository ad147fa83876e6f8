"""The parts of plotly that `LiveFigure` stands on and that plotly does not promise: a new plotly is found out here."""

import inspect

import plotly.graph_objects as go
import plotly.io as pio
import pytest
from plotly.basedatatypes import BaseFigure, BaseTraceType

HOOKS = {
    "_send_addTraces_msg": ["new_traces_data"],
    "_send_deleteTraces_msg": ["delete_inds"],
    "_send_moveTraces_msg": ["current_inds", "new_inds"],
    "_send_restyle_msg": ["style", "trace_indexes", "source_view_id"],
    "_send_relayout_msg": ["layout", "source_view_id"],
    "_send_update_msg": ["restyle_data", "relayout_data", "trace_indexes", "source_view_id"],
    "_send_animate_msg": ["styles_data", "relayout_data", "trace_indexes", "animation_opts"],
}


@pytest.mark.parametrize("name", HOOKS)
def test_plotly_still_calls_this_hook(name):
    hook = getattr(BaseFigure, name, None)
    assert hook is not None, f"plotly has no BaseFigure.{name} any more: live_figure/figure.py must learn its new name"
    assert list(inspect.signature(hook).parameters)[1:] == HOOKS[name], f"BaseFigure.{name} takes other arguments"


@pytest.mark.parametrize("name", ["_normalize_trace_indexes", "_str_to_dict_path", "_is_key_path_compatible"])
def test_plotly_still_has_this_function(name):
    assert callable(getattr(BaseFigure, name, None)), f"plotly has no BaseFigure.{name} any more"


@pytest.mark.parametrize("name", ["_data", "_layout", "_data_objs"])
def test_a_figure_still_keeps_its_state_here(name):
    assert hasattr(go.Figure(go.Scatter(y=[1])), name), f"a plotly figure has no {name} any more"


@pytest.mark.parametrize("name", ["click", "hover", "unhover", "select", "deselect"])
def test_a_trace_still_keeps_its_callbacks_in_a_list(name):
    kept = getattr(go.Scatter(), f"_{name}_callbacks", None)
    assert isinstance(kept, list), f"a plotly trace has no list _{name}_callbacks any more"


@pytest.mark.parametrize("name", ["_dispatch_on_selection", "_dispatch_on_deselect"])
def test_a_trace_still_passes_selections_on(name):
    assert callable(getattr(BaseTraceType, name, None)), f"a plotly trace has no {name} any more"


def test_hooks_run_after_the_figure_changed_and_know_who_asked():
    seen = []

    class Spy(go.Figure):
        def _send_relayout_msg(self, layout, source_view_id=None):
            seen.append((self._layout["title"]["text"], source_view_id))

        def _send_addTraces_msg(self, new_traces_data):  # noqa: N802
            seen.append((len(self._data), len(self._data_objs)))

    figure = Spy()
    figure.plotly_relayout({"title.text": "t"}, source_view_id="page")
    figure.layout.title.text = "u"
    figure.add_scatter(y=[1])
    assert seen == [("t", "page"), ("u", None), (1, 1)]


def test_moving_traces_keeps_their_property_dictionaries():
    figure = go.Figure([go.Scatter(y=[1]), go.Scatter(y=[2])])
    before = list(map(id, figure._data))
    figure.data = figure.data[::-1]
    assert list(map(id, figure._data)) == before[::-1]


def test_a_new_figure_has_plotlys_own_template():
    assert go.Figure()._layout["template"] == pio.templates["plotly"].to_plotly_json()
