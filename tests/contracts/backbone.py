"""What every backbone keeps. A new one is done when a class of its own, with a `backbone` fixture, passes this."""

from astuner_nb.core.protocols import Backbone, JobSpec
from astuner_nb.core.space import Space
from astuner_nb.recorder import create_run_directory


class BackboneContract:
    """Subclass it and give a fixture `backbone`."""

    def test_it_is_a_backbone(self, backbone):
        assert isinstance(backbone, Backbone)
        assert backbone.name

    def test_its_defaults_and_presets_are_inside_its_own_space(self, backbone):
        assert backbone.space.check(backbone.space.defaults) == backbone.space.defaults
        assert backbone.settings.check(backbone.settings.defaults) == backbone.settings.defaults
        for preset in backbone.presets.values():
            assert Space({**backbone.space, **backbone.settings}).check(preset) == dict(preset)
        assert not set(backbone.space) & set(backbone.settings)

    def test_every_parameter_has_its_sentence(self, backbone):
        for name, param in {**backbone.space, **backbone.settings}.items():
            assert param.help.endswith("."), name

    def test_its_problems_are_sentences(self, backbone):
        assert all(problem.endswith(".") for problem in backbone.problems())

    def test_it_prepares_a_command_without_secrets_and_without_starting_it(self, backbone, tmp_path):
        values = {**backbone.space.defaults, **backbone.settings.defaults}
        files = create_run_directory(tmp_path, "p", "n", values, (), backbone.name)
        spec = backbone.prepare(files.directory, values)
        assert isinstance(spec, JobSpec)
        assert spec.argv
        assert all(isinstance(part, str) for part in spec.argv)
        assert not files.metrics.exists()
        assert not files.exit.exists()
