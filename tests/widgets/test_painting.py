"""A painter's changes are no person's, and a person's are not lost while somebody paints."""

import threading

from astuner_nb.widgets.painting import Painting


def test_only_the_painting_thread_is_passed_over():
    painting, heard = Painting(), []
    observer = painting.by_person(heard.append)
    observer("before")
    with painting:
        observer("by the painter")
        person = threading.Thread(target=observer, args=("by a person",))
        person.start()
        person.join()
    observer("after")
    assert heard == ["before", "by a person", "after"]
