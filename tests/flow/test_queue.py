"""Handing images out: one person at a time, nobody for ever, and an end that is recorded."""

import threading
import uuid
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from engine.errors import Conflict, InvalidInput, NotFound
from engine.flow.images import ImageFilter, list_images
from engine.flow.projects import order_images, summarize_project
from engine.flow.queue import Turn, finish, hold, release, reopen, skip, take_next
from engine.store.tables import Assignment, AssignmentState, Event, Image, ImageOrder, Project, User, utc_now
from engine.store.unit_of_work import unit_of_work
from tests.fixtures.deployment import add_image, make_user


@pytest.fixture
def anna(owner: User) -> User:
    return make_user("Anna")


@pytest.fixture
def ben(owner: User) -> User:
    return make_user("Ben")


@pytest.fixture
def images(project: Project, owner: User) -> list[Image]:
    """Five, in order of import."""
    return [add_image(project, owner, seed) for seed in range(5)]


def take(user: User, project: Project, after: Image | uuid.UUID | None = None) -> Turn:
    with unit_of_work() as uow:
        return take_next(uow, user, project.id, after.id if isinstance(after, Image) else after)


def state_of(image: Image) -> tuple[AssignmentState, bool]:
    """Its state, and whether a lease holds."""
    with unit_of_work() as uow:
        assignment = uow.session.get_one(Assignment, image.id)
        return assignment.state, assignment.leased_until is not None and assignment.leased_until > utc_now()


def let_leases_run_out(user: User) -> None:
    with unit_of_work() as uow:
        passed = utc_now() - timedelta(seconds=1)
        uow.session.execute(update(Assignment).where(Assignment.user_id == user.id).values(leased_until=passed))


def close(user: User, image: Image, reason: str | None = None) -> Assignment:
    with unit_of_work() as uow:
        return finish(uow, user, image.id) if reason is None else skip(uow, user, image.id, reason)


def test_images_come_in_order_with_the_next_two_reserved(anna: User, project: Project, images: list[Image]) -> None:
    ids = [image.id for image in images]
    assert take(anna, project) == Turn(ids[0], ids[1:3], left=5, elsewhere=0)
    close(anna, images[0])
    assert take(anna, project, images[0]) == Turn(ids[1], ids[2:4], left=4, elsewhere=0)


def test_a_second_window_of_one_person_gets_another_image_and_leaves_the_first_alone(
    anna: User, project: Project, images: list[Image]
) -> None:
    first, second, third, *_ = images
    take(anna, project)
    with unit_of_work() as uow:
        assert take_next(uow, anna, project.id, keep=[first.id]).image_id == second.id
        assert take_next(uow, anna, project.id, second.id, keep=[first.id]).image_id == third.id
    assert state_of(first) == (AssignmentState.OPEN, True)
    with unit_of_work() as uow:
        assert hold(uow, anna, images[-1].id).ahead == [second.id, images[3].id]
    assert state_of(first) == (AssignmentState.OPEN, True)


def test_two_browsers_of_one_account_never_share_an_image(anna: User, project: Project, images: list[Image]) -> None:
    ids = [image.id for image in images]

    def take_in(browser: str, after: uuid.UUID | None = None) -> Turn:
        with unit_of_work() as uow:
            return take_next(uow, anna, project.id, after, browser=browser)

    assert take_in("office").image_id == ids[0]
    at_home = take_in("home")
    assert (at_home.image_id, at_home.elsewhere) == (ids[3], 1)
    # What the one leaves or goes on from stays with the other.
    with unit_of_work() as uow:
        release(uow, anna, ids[0], "home")
    assert take_in("home", ids[3]).image_id == ids[4]
    assert state_of(images[0]) == (AssignmentState.OPEN, True)
    # The same image opened in both is with whoever opened it last.
    with unit_of_work() as uow:
        hold(uow, anna, ids[0], "home")
        release(uow, anna, ids[0], "office")
    assert state_of(images[0]) == (AssignmentState.OPEN, True)
    with unit_of_work() as uow:
        release(uow, anna, ids[0], "home")
    assert state_of(images[0]) == (AssignmentState.OPEN, False)


def test_two_people_never_share_an_image(anna: User, ben: User, project: Project, images: list[Image]) -> None:
    first, second = take(anna, project), take(ben, project)
    assert not {first.image_id, *first.ahead} & {second.image_id, *second.ahead}
    assert second.elsewhere == 1


def test_racing_people_get_different_images(owner: User, project: Project, images: list[Image]) -> None:
    people = [make_user(f"Person {number}") for number in range(5)]
    got = list[uuid.UUID | None]()
    threads = [threading.Thread(target=lambda user=user: got.append(take(user, project).image_id)) for user in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, got)) == sorted(str(image.id) for image in images)


def test_a_reserved_image_goes_to_somebody_with_nothing_else(
    anna: User, ben: User, project: Project, images: list[Image]
) -> None:
    for image in images[2:]:
        close(anna, image)
    assert take(anna, project) == Turn(images[0].id, [images[1].id], left=2, elsewhere=0)
    assert take(ben, project) == Turn(images[1].id, [], left=2, elsewhere=1)
    assert take(anna, project, images[0]).image_id is None


def test_a_lease_that_runs_out_brings_the_image_back(
    anna: User, ben: User, project: Project, images: list[Image]
) -> None:
    take(anna, project)
    let_leases_run_out(anna)
    assert take(ben, project).image_id == images[0].id
    with unit_of_work() as uow:
        held = hold(uow, anna, images[0].id)
    assert (held.assignment.user_id, held.ahead) == (ben.id, [])


def test_renewing_keeps_the_image_and_what_is_reserved_after_it(
    anna: User, ben: User, project: Project, images: list[Image]
) -> None:
    take(anna, project)
    with unit_of_work() as uow:
        soon = utc_now() + timedelta(seconds=30)
        uow.session.execute(update(Assignment).values(leased_until=soon))
    with unit_of_work() as uow:
        hold(uow, anna, images[0].id)
    with unit_of_work(read_only=True) as uow:
        leases = uow.session.scalars(select(Assignment)).all()
        assert len(leases) == 3
        assert all(lease.leased_until and lease.leased_until > soon + timedelta(minutes=5) for lease in leases)
    assert take(ben, project).image_id == images[3].id


def test_an_image_that_is_opened_from_the_list_is_held_like_any_other(
    anna: User, ben: User, project: Project, images: list[Image]
) -> None:
    with unit_of_work() as uow:
        held = hold(uow, anna, images[3].id)
    assert (held.assignment.user_id, held.ahead) == (anna.id, [images[4].id, images[0].id])
    assert take(ben, project) == Turn(images[1].id, [images[2].id], left=5, elsewhere=1)


def test_leaving_an_image_unfinished_gives_it_back(
    anna: User, ben: User, project: Project, images: list[Image]
) -> None:
    take(anna, project)
    with unit_of_work() as uow:
        release(uow, anna, images[0].id)
    assert take(ben, project).image_id == images[0].id


def test_going_on_without_finishing_comes_round_at_the_end(anna: User, project: Project, images: list[Image]) -> None:
    assert take(anna, project, images[4]).image_id == images[0].id
    for image in images[:4]:
        close(anna, image)
    assert take(anna, project, images[4]) == Turn(None, [], left=1, elsewhere=0)
    assert take(anna, project).image_id == images[4].id


def test_finished_and_skipped_images_do_not_come_again(anna: User, project: Project, images: list[Image]) -> None:
    close(anna, images[0])
    close(anna, images[1], "  too   blurred ")
    assert take(anna, project).image_id == images[2].id
    with unit_of_work(read_only=True) as uow:
        summary = summarize_project(uow, project.id)
        assert (summary.finished_image_count, summary.skipped_image_count) == (1, 1)
        (skipped,) = list_images(uow, project.id, 0, 10, ImageFilter.SKIPPED).items
        assert skipped.assignment is not None
        assert (skipped.image.id, skipped.assignment.reason) == (images[1].id, "too blurred")
        (finished,) = list_images(uow, project.id, 0, 10, ImageFilter.FINISHED).items
        assert finished.image.id == images[0].id
        kinds = uow.session.scalars(select(Event.kind).where(Event.kind.like("image.%"))).all()
        assert {"image.finished", "image.skipped"} <= set(kinds)


def test_finishing_twice_is_one_event(anna: User, project: Project, images: list[Image]) -> None:
    for _ in range(2):
        assert close(anna, images[0]).state is AssignmentState.FINISHED
    with unit_of_work(read_only=True) as uow:
        assert len(uow.session.scalars(select(Event).where(Event.kind == "image.finished")).all()) == 1


def test_a_reopened_image_is_in_the_queue_again(anna: User, ben: User, project: Project, images: list[Image]) -> None:
    close(anna, images[0])
    for _ in range(2):
        with unit_of_work() as uow:
            assert reopen(uow, ben, images[0].id).user_id == ben.id
    assert take(anna, project).image_id != images[0].id
    let_leases_run_out(ben)
    assert take(anna, project, images[4]).image_id == images[0].id


def test_what_somebody_else_works_on_is_not_closed(
    anna: User, ben: User, project: Project, images: list[Image]
) -> None:
    take(anna, project)
    with pytest.raises(Conflict, match="Anna is working"):
        close(ben, images[0])
    with pytest.raises(Conflict, match="Anna is working"):
        close(ben, images[0], "blurred")
    close(ben, images[1])  # only reserved


@pytest.mark.parametrize("reason", ["", "  ", "a\x00b", "x" * 201])
def test_a_skip_needs_a_reason(anna: User, images: list[Image], reason: str) -> None:
    with pytest.raises(InvalidInput, match="why"):
        close(anna, images[0], reason)


def test_the_order_is_the_projects(anna: User, owner: User, project: Project, images: list[Image]) -> None:
    by_order = {
        ImageOrder.NAME: sorted(images, key=lambda image: image.file_name),
        ImageOrder.SHUFFLED: sorted(images, key=lambda image: image.sha256),
    }
    for order, expected in by_order.items():
        with unit_of_work() as uow:
            order_images(uow, owner, project.id, order)
        turn = take(anna, project)
        assert [turn.image_id, *turn.ahead] == [image.id for image in expected[:3]]
        assert take(anna, project, expected[2]).image_id == expected[3].id


def test_what_is_not_there_is_not_found(anna: User, project: Project) -> None:
    with pytest.raises(NotFound, match="project"), unit_of_work() as uow:
        take_next(uow, anna, uuid.uuid4())
    with pytest.raises(NotFound, match="image"):
        take(anna, project, uuid.uuid4())
    assert take(anna, project) == Turn(None, [], left=0, elsewhere=0)
