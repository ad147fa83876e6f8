"""What all clouds share: kept curves, polite following, and errors that are told once."""

import stat

import pytest

from astuner_nb.core.errors import NotFound, RateLimited, ServerFailed
from astuner_nb.core.states import RunState
from astuner_nb.trackers import cloud_tail, history_cache
from astuner_nb.trackers.history_cache import HistoryCache

from .places import Server, cloud_run

CURVES = {"critic/score/mean": {0: 0.5, 1: 0.75}, "actor/kl_loss": {0: 0.0}, "other": {0: 1.0}}


@pytest.fixture
def cache(tmp_path):
    return HistoryCache(tmp_path / "kept")


@pytest.fixture
def patient(monkeypatch):
    """No pause between two questions; how long it would be is read from the tail."""
    monkeypatch.setattr(cloud_tail, "POLL_S", 0.0)


def followed(tail, wait_for, holds):
    """Poll until `holds(tail)`."""
    wait_for(lambda: (tail.poll(), holds(tail))[1])
    return tail


def test_an_ended_run_costs_requests_once(cache):
    server = Server(CURVES)
    first = cloud_run(server, cache).history(["reward", "kl"])
    assert server.asked == ["keys", "fetch ['actor/kl_loss', 'critic/score/mean']"]
    again = cloud_run(server, cache).history(["reward", "kl"])
    assert len(server.asked) == 2
    assert {name: s.value.tolist() for name, s in first.items()} == {
        name: s.value.tolist() for name, s in again.items()
    }
    assert again["reward"].key == "critic/score/mean"


def test_what_was_not_asked_for_before_is_fetched_and_kept_beside(cache):
    server = Server(CURVES)
    cloud_run(server, cache).history(["reward"])
    cloud_run(server, cache).history(["reward", "other"])
    assert server.asked[2:] == ["fetch ['other']"]
    cloud_run(server, cache).history()  # all of them
    assert server.asked[3:] == ["fetch ['actor/kl_loss']"]
    cloud_run(server, cache).history(["no such metric"])
    assert len(server.asked) == 4


def test_resolutions_are_kept_apart(cache):
    server = Server(CURVES, sampled=True)
    assert cloud_run(server, cache).history(["reward"]).sampled
    server.sampled = False
    assert not cloud_run(server, cache).history(["reward"], max_points="all").sampled
    assert cloud_run(server, cache).history(["reward"]).sampled  # from the disk, and it still says so


@pytest.mark.parametrize("state", [RunState.RUNNING, RunState.STARTING, RunState.LOST])
def test_a_run_that_may_go_on_is_never_kept(cache, state):
    server = Server(CURVES, state)
    cloud_run(server, cache).history(["reward"])
    cloud_run(server, cache).history(["reward"])
    assert len(server.asked) == 4
    assert not cache.folder.exists()


@pytest.mark.parametrize("damage", [b"", b"not a zip", None])
def test_a_damaged_cache_means_asking_again(cache, damage):
    server = Server(CURVES)
    cloud_run(server, cache).history(["reward"])
    (file,) = cache.folder.glob("*.npz")
    file.write_bytes(file.read_bytes()[:-9] if damage is None else damage)
    assert cloud_run(server, cache).history(["reward"])["reward"].value.tolist() == [0.5, 0.75]
    assert len(server.asked) == 4


def test_runs_and_hosts_are_kept_apart_and_for_their_owner_alone(cache):
    one, other = Server(CURVES), Server({"critic/score/mean": {0: 9.0}})
    cloud_run(one, cache, place="host-a/p").history(["reward"])
    assert cloud_run(other, cache, place="host-b/p").history(["reward"])["reward"].last == 9.0
    assert stat.S_IMODE(cache.folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in cache.folder.iterdir()} == {0o600}


def test_the_cache_is_bounded_and_the_longest_unused_goes(cache, monkeypatch, tmp_path):
    for name in ("first", "second"):
        cloud_run(Server(CURVES), cache, name).history(["reward"])
    cloud_run(Server(CURVES), cache, "first").history(["reward"])  # used again
    size = max(file.stat().st_size for file in cache.folder.iterdir())
    monkeypatch.setattr(history_cache, "MOST_BYTES", 2 * size)
    cloud_run(Server(CURVES), cache, "third").history(["reward"])
    assert len(list(cache.folder.iterdir())) == 2
    kept = Server(CURVES)
    cloud_run(kept, cache, "first").history(["reward"])
    assert kept.asked == []


def test_a_cache_that_cannot_be_written_loses_nothing(tmp_path):
    (tmp_path / "file").write_text("")
    cache = HistoryCache(tmp_path / "file" / "kept")
    assert cloud_run(Server(CURVES), cache).history(["reward"])["reward"].last == 0.75


def test_following_asks_in_a_thread_and_appends_what_is_new(cache, patient, wait_for):
    server = Server({"critic/score/mean": {0: 0.5}}, RunState.RUNNING)
    tail = followed(cloud_run(server, cache).tail(), wait_for, lambda tail: tail.caught_up)
    assert tail.history["critic/score/mean"].value.tolist() == [0.5]
    server.curves = {"critic/score/mean": {0: 0.5, 1: 0.75}}
    chunks = wait_for(lambda: tail.poll())
    assert (chunks["critic/score/mean"].start, chunks["critic/score/mean"].value.tolist()) == (1, [0.75])
    assert tail.generation == 0
    server.state = RunState.FINISHED
    wait_for(lambda: (tail.poll(), tail.status().state)[1] is RunState.FINISHED)
    count = len(server.asked)
    for _ in range(20):
        tail.poll()
    assert len(server.asked) == count  # it has ended: nobody is asked any more


def test_a_poll_never_waits_for_the_network(cache, wait_for):
    server = Server(CURVES, RunState.RUNNING)
    server.gate.clear()
    tail = cloud_run(server, cache).tail()
    assert tail.poll() == {}
    assert not tail.caught_up
    server.gate.set()
    followed(tail, wait_for, lambda tail: tail.caught_up)


def test_other_sampled_points_begin_anew(cache, patient, wait_for):
    server = Server({"critic/score/mean": {0: 1.0, 2: 2.0}}, RunState.RUNNING, sampled=True)
    tail = followed(cloud_run(server, cache).tail(), wait_for, lambda tail: tail.caught_up)
    server.curves = {"critic/score/mean": {0: 1.0, 3: 2.0, 4: 3.0}}
    chunks = wait_for(lambda: tail.poll())
    assert tail.generation == 1
    assert (chunks["critic/score/mean"].start, len(chunks["critic/score/mean"])) == (0, 3)
    assert tail.history.sampled


def test_the_pause_is_ten_seconds_at_least_and_longer_where_the_server_asks(cache, wait_for, monkeypatch):
    assert cloud_tail.POLL_S >= 10
    now = [1000.0]
    monkeypatch.setattr(cloud_tail.time, "monotonic", lambda: now[0])
    server = Server(CURVES, RunState.RUNNING)
    tail = cloud_run(server, cache).tail()

    def settle():
        """Let the worker end and take its answer, without the clock moving."""
        wait_for(lambda: tail._answer is None or tail._answer.done())
        try:
            tail._read(0)
        except (RateLimited, ServerFailed) as error:
            return error
        return None

    tail._read(0)
    settle()
    count = len(server.asked)
    now[0] += 9.9
    tail._read(0)
    assert len(server.asked) == count
    now[0] += 0.2
    server.fail = RateLimited("slow down", retry_after_s=100)
    tail._read(0)
    assert isinstance(settle(), RateLimited)
    count = len(server.asked)
    now[0] += 99
    with pytest.raises(RateLimited):
        tail._read(0)
    assert len(server.asked) == count
    server.fail = ServerFailed("broken")
    now[0] += 2
    with pytest.raises(RateLimited):
        tail._read(0)  # asks again, and says what it knows until there is an answer
    assert isinstance(settle(), ServerFailed)
    count = len(server.asked)
    now[0] += 11  # it failed twice in a row: twice the pause
    with pytest.raises(ServerFailed):
        tail._read(0)
    assert len(server.asked) == count


def test_a_run_that_was_deleted_is_said_once_and_not_asked_for_again(cache, patient, wait_for):
    server = Server(CURVES, RunState.RUNNING)
    tail = followed(cloud_run(server, cache).tail(), wait_for, lambda tail: tail.caught_up)
    server.fail = NotFound("it was deleted")

    def gone():
        try:
            tail.poll()
        except NotFound:
            return True
        return False

    wait_for(gone)
    assert (tail.status().state, tail.status().detail) == (RunState.LOST, "it was deleted")
    count = len(server.asked)
    for _ in range(20):
        with pytest.raises(NotFound):
            tail.poll()
    assert len(server.asked) == count
    assert tail.history["critic/score/mean"].value.tolist() == [0.5, 0.75]  # what was read stays


def test_a_run_without_canonical_metrics_shows_its_first_keys(cache, wait_for):
    curves = {f"own/{index}": {0: index} for index in range(9)}
    tail = followed(cloud_run(Server(curves), cache).tail(), wait_for, lambda tail: tail.caught_up)
    assert list(tail.history) == [f"own/{index}" for index in range(6)]
    asked = followed(cloud_run(Server(curves), cache).tail(["own/8"]), wait_for, lambda tail: tail.caught_up)
    assert list(asked.history) == ["own/8"]
