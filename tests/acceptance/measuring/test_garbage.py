"""While moments are stamped, no collection goes through everything that a long run holds."""

import gc

from streamspace_acceptance.measuring.garbage import collected_while_young


def test_long_lived_objects_are_not_gone_through() -> None:
    usual, full = gc.get_threshold(), []

    def note(phase: str, about: dict[str, int]) -> None:
        if phase == "start" and about["generation"] == 2:
            full.append(about)

    gc.callbacks.append(note)
    try:
        with collected_while_young():
            held = [[[number]] for number in range(300_000)]  # without the context: several full collections
        within = len(full)
        held += [[[number]] for number in range(300_000)]
    finally:
        gc.callbacks.remove(note)
    assert within == 0
    assert gc.get_threshold() == usual
    assert len(held) == 600_000
