"""When a host contacts a registry: the ECS agent's four behaviours, and Kubernetes' three."""

import pytest
from pulling import Bench
from worlds import image

from sim.core.token_bucket import Quota
from sim.image import KUBERNETES, ImageCleanup, PullPolicy, RetryPolicy
from sim.units import MiB

PICTURE = image(10 * MiB)
SHUT = {
    "pulls": Quota(size=1.0, refill=1e-9),
    "retry_policy": RetryPolicy(
        waiting="retry", first=1.0, tries=1, word="CannotPullContainerError"
    ),
}
"""A registry that answers once."""

CONTACTS: dict[PullPolicy, tuple[bool, bool, bool]] = {
    "default": (True, True, True),
    "always": (True, True, True),
    "once": (True, True, False),
    "prefer-cached": (True, False, False),
    "never": (False, False, False),
}
"""Whether the registry is contacted: no image, one of the machine image, one pulled before."""


def contacted(bench: Bench) -> int:
    """How often the registry was asked for an image."""
    return len(bench.lengths("resolve"))


@pytest.mark.parametrize("how", CONTACTS)
def test_each_behavior_contacts_the_registry_when_it_should(how: PullPolicy) -> None:
    """With nothing on the disk, with a warm image, and after a start that pulled it."""
    absent = Bench().pull(PICTURE, how=how).run()
    warm = Bench()
    warm.store.load(PICTURE)
    warm.pull(PICTURE, how=how).run()
    pulled = Bench().pull(PICTURE, how="always").pull(PICTURE, how=how, at=50.0).run()
    times = (contacted(absent), contacted(warm), contacted(pulled) - 1)

    assert tuple(bool(n) for n in times) == CONTACTS[how]
    assert len(absent.ended) == (how != "never")
    assert len(warm.ended) == 1
    assert len(pulled.ended) == 2


def test_default_falls_back_on_the_cached_image_and_always_does_not() -> None:
    """The second contact is refused: the image is here, which helps `default` alone."""
    ends = {}
    for how in ("default", "always"):
        bench = Bench(hub=SHUT).pull(PICTURE).pull(PICTURE, how=how, at=50.0).run()  # type: ignore[arg-type]
        ends[how] = (len(bench.ended), bench.failed)

    assert ends["default"] == (2, [])
    assert ends["always"] == (1, [(50.0, "CannotPullContainerError")])


def test_default_has_nothing_to_fall_back_on_where_the_image_is_not_here() -> None:
    """An image of which not a layer is here."""
    other = image(5 * MiB, name="other")
    bench = Bench(hub=SHUT).pull(PICTURE).pull(other, how="default", at=50.0).run()

    assert [text for _, text in bench.failed] == ["CannotPullContainerError"]
    assert bench.store.images == (PICTURE,)


def test_once_contacts_the_registry_again_after_the_image_was_cleaned_up() -> None:
    """Pulled, used for 10 s, deleted by the cycle at 100 s."""
    for at, contacts in ((90.0, 1), (110.0, 2)):
        bench = Bench(cleanup=ImageCleanup(every=100.0))
        bench.pull(PICTURE, how="once", uses=10.0).pull(PICTURE, how="once", at=at).run()

        assert contacted(bench) == contacts
        assert bench.moved == pytest.approx(contacts * PICTURE.wire)


def test_never_says_what_kubernetes_says() -> None:
    """`ErrImageNeverPull`, at once."""
    bench = Bench().pull(PICTURE, how="never", at=7.0).run()

    assert bench.failed[0][0] == 7.0
    assert bench.failed[0][1].startswith("ErrImageNeverPull")


def test_kubernetes_policies_are_the_same_words() -> None:
    """Always, IfNotPresent, Never."""
    assert KUBERNETES == {
        "Always": "always",
        "IfNotPresent": "prefer-cached",
        "Never": "never",
    }
