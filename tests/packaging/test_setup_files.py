"""The files that set maskloop up: versions agree with each other, and a failure says what to do."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

REPOSITORY = Path(__file__).resolve().parents[2]


def locked() -> list[Requirement]:
    lines = (REPOSITORY / "requirements.lock").read_text().splitlines()
    return [Requirement(line) for line in lines if line and not line.lstrip().startswith("#")]


def wanted() -> list[Requirement]:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"].values()
    return [Requirement(line) for line in [*project["dependencies"], *(line for extra in extras for line in extra)]]


def test_the_lock_pins_every_dependency_but_torch_to_one_version_that_is_allowed() -> None:
    pinned = {canonicalize_name(requirement.name): requirement for requirement in locked()}
    for requirement in locked():
        assert re.fullmatch(r"==[\w.]+", str(requirement.specifier)), requirement
    for requirement in wanted():
        name = canonicalize_name(requirement.name)
        if name == "torch":
            assert name not in pinned
            continue
        version = str(pinned[name].specifier).removeprefix("==")
        assert requirement.specifier.contains(version), f"{requirement} but {pinned[name]}: run `make lock`"


def test_the_lock_names_no_host_and_no_cuda_package() -> None:
    text = (REPOSITORY / "requirements.lock").read_text()
    assert "://" not in text
    assert not [requirement for requirement in locked() if requirement.name.startswith(("nvidia", "cuda", "triton"))]


def test_torch_has_the_same_version_wherever_it_is_named() -> None:
    (torch,) = [str(requirement) for requirement in wanted() if requirement.name == "torch"]
    assert f'TORCH = "{torch}"' in (REPOSITORY / "tools" / "setup.py").read_text()
    assert f"{torch};" in (REPOSITORY / "tools" / "lock-overrides.txt").read_text()
    assert f" {torch} " in (REPOSITORY / "Dockerfile").read_text()


def test_compose_accepts_the_services() -> None:
    """Compose itself where it is installed; otherwise at least that what depends on a service names one."""
    for command in (["docker", "compose"], ["docker-compose"]):
        if (
            shutil.which(command[0])
            and subprocess.run([*command, "version"], check=False, capture_output=True).returncode == 0
        ):
            checked = subprocess.run(
                [*command, "--project-directory", str(REPOSITORY), "config", "--quiet"],
                cwd=REPOSITORY,
                check=False,
                capture_output=True,
                text=True,
            )
            assert checked.returncode == 0, checked.stderr
    services = yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text())["services"]
    assert {"api", "worker", "beat", "postgres", "redis", "objects"} <= services.keys()
    for service in services.values():
        assert service.get("depends_on", {}).keys() <= services.keys()
        assert "image" in service


def test_set_up_without_a_network_says_so_and_what_to_do(tmp_path: Path) -> None:
    for name in ("tools", "pyproject.toml", "requirements.lock"):
        copy = shutil.copytree if (REPOSITORY / name).is_dir() else shutil.copy
        copy(REPOSITORY / name, tmp_path / name)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_"))}
    # Nothing listens there: the same as a machine that is not connected.
    environment |= {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_CONFIG_FILE": os.devnull, "PIP_RETRIES": "1"}
    result = subprocess.run(
        [sys.executable, "tools/setup.py"], cwd=tmp_path, env=environment, check=False, capture_output=True, text=True
    )
    assert result.returncode == 1
    assert "There is no network" in result.stderr
    assert "run the same command again" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("target", ["help", "up", "setup", "lint", "test", "benchmark"])
def test_make_lists_its_targets_and_does_nothing_else(target: str) -> None:
    said = subprocess.run(["make", "--no-print-directory"], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert f"make {target} " in said.stdout
