"""What `svcgen new --deploy` writes: it must say what the command line takes."""

import fnmatch
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli_process import Running
from cli_waiting import page, wait_for
from svcgen.cli import main
from svcgen.new_project import NewProjectError, add_deployment, new_project
from svcrt.embedded import EmbeddedBroker

ADDED = [".dockerignore", "Containerfile", "deploy/kubernetes.yaml"]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return new_project("tea_waiter", tmp_path, deploy=True)


def manifest(project: Path) -> dict[str, Any]:
    """The objects of the manifest by kind."""
    return {each["kind"]: each for each in yaml.safe_load_all((project / "deploy" / "kubernetes.yaml").read_text())}


def instruction(project: Path, name: str) -> str:
    """The last instruction of this name in the container file."""
    found: list[str] = re.findall(rf"(?m)^{name} (.*)$", (project / "Containerfile").read_text())
    return found[-1]


def flag(command: list[str], name: str) -> str:
    return command[command.index(name) + 1]


def test_the_files_carry_the_name_of_the_project(project: Path) -> None:
    assert [path for path in ADDED if not (project / path).is_file()] == []
    texts = {path: (project / path).read_text() for path in [*ADDED, "README.md"]}
    assert not [path for path, text in texts.items() if "greeter" in text.lower() or "@VERSION@" in text]
    assert {each["metadata"]["name"] for each in manifest(project).values()} == {"tea-waiter"}
    assert "## Deployment" in texts["README.md"]


def test_the_parts_of_the_manifest_fit_each_other_and_the_container(project: Path) -> None:
    objects = manifest(project)
    spec = objects["Deployment"]["spec"]
    labels = spec["template"]["metadata"]["labels"]
    assert spec["selector"]["matchLabels"] == labels
    assert objects["Service"]["spec"]["selector"] == labels
    assert objects["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"] == labels
    assert objects["PodDisruptionBudget"]["spec"]["minAvailable"] < spec["replicas"]
    assert spec["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    (container,) = spec["template"]["spec"]["containers"]
    ports = {each["name"]: each["containerPort"] for each in container["ports"]}
    command = json.loads(instruction(project, "CMD"))
    assert ports == {name: int(flag(command, f"--{name}").rpartition(":")[2]) for name in ("http", "admin")}
    assert sorted(map(str, ports.values())) == instruction(project, "EXPOSE").split()
    assert [each["targetPort"] for each in objects["Service"]["spec"]["ports"]] == ["http"]
    probes = {
        path: container[f"{kind}Probe"]["httpGet"] for path, kind in (("/live", "liveness"), ("/ready", "readiness"))
    }
    assert probes == {path: {"path": path, "port": "admin"} for path in ("/live", "/ready")}
    assert instruction(project, "USER").split(":")[0] == str(spec["template"]["spec"]["securityContext"]["runAsUser"])
    assert {each["name"] for each in container["volumeMounts"]} == {
        each["name"] for each in spec["template"]["spec"]["volumes"]
    }


def test_a_pod_has_more_time_to_stop_than_the_run_takes(project: Path) -> None:
    from svcrt.cli.workers import GRACE_SECONDS

    pod = manifest(project)["Deployment"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    drain = float(next(each["value"] for each in container["env"] if each["name"] == "SVCGEN_DRAIN"))
    pause = float(container["lifecycle"]["preStop"]["exec"]["command"][1])
    assert pod["terminationGracePeriodSeconds"] > pause + drain + GRACE_SECONDS
    assert instruction(project, "STOPSIGNAL") == "SIGTERM"


def ignored(project: Path, path: Path) -> bool:
    """Whether `.dockerignore` keeps the path out of the image."""
    patterns = [line for line in (project / ".dockerignore").read_text().splitlines() if not line.startswith("#")]
    name = path.relative_to(project).as_posix()
    return any(
        fnmatch.fnmatch(name, each) or fnmatch.fnmatch(f"/{name}", each.replace("**/", "*/")) for each in patterns
    )


@pytest.mark.slow
def test_the_command_of_the_container_answers_the_probes_of_the_manifest(project: Path, tmp_path: Path) -> None:
    """The steps of the container file, without the container: only the ports and the folder are others."""
    image = tmp_path / "app"
    image.mkdir()
    for path in project.iterdir():
        if not ignored(project, path):
            shutil.copy(path, image)
    assert sorted(path.name for path in image.iterdir()) == ["svcgen.toml", "tea_waiter.idl", "tea_waiter_service.py"]
    steps = re.findall(r"(?m)^RUN (svcgen compile .*)$", (project / "Containerfile").read_text())
    tools = f'svcgen() {{ {sys.executable} -m svcgen "$@"; }}; python() {{ {sys.executable} "$@"; }}; {steps[0]}'
    subprocess.run(["sh", "-ec", tools], cwd=image, check=True, capture_output=True)
    files = set(image.rglob("*"))
    assert image / "tea_waiter" / "v1" / "contract.py" in files
    assert image / "tea_waiter.idl" not in files

    python, module, package, command, *arguments = json.loads(instruction(project, "CMD"))
    assert [python, module, package] == ["python", "-m", "svcrt"]
    (container,) = manifest(project)["Deployment"]["spec"]["template"]["spec"]["containers"]
    with EmbeddedBroker() as broker:
        variables = {each["name"]: each.get("value", broker.url) for each in container["env"]}
        assert "SVCGEN_BROKER" in variables
        here = [re.sub(r"^0\.0\.0\.0:\d+$", "127.0.0.1:0", each) for each in arguments]
        with Running(image, *here, command=command, variables={**variables, "PYTHONDONTWRITEBYTECODE": "1"}) as run:
            live, ready = (container[f"{kind}Probe"]["httpGet"]["path"] for kind in ("liveness", "readiness"))
            wait_for(lambda: page(run, ready) == (200, {"ready": True}))
            assert page(run, live) == (200, {"live": True})
            assert run.stop() == 0
            assert [json.loads(line)["level"] for line in run.said.splitlines() if '"error"' in line] == []
    # The root file system of the pod cannot be written.
    assert set(image.rglob("*")) == files


def test_a_project_gets_the_files_later(tmp_path: Path) -> None:
    folder = new_project("waiter", tmp_path)
    readme = (folder / "README.md").read_text()
    assert add_deployment(folder) == ADDED
    assert manifest(folder)["Deployment"]["metadata"]["name"] == "waiter"
    assert (folder / "README.md").read_text() == readme


def test_nothing_is_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = new_project("waiter", tmp_path)
    (folder / "deploy").mkdir()
    (folder / "deploy" / "kubernetes.yaml").write_text("mine")
    monkeypatch.chdir(folder)
    assert main(["new", "--deploy"]) == 2
    assert capsys.readouterr().err == (
        "Error: deploy/kubernetes.yaml exists already: remove it to have it written anew\n"
    )
    assert not (folder / "Containerfile").exists()
    assert (folder / "deploy" / "kubernetes.yaml").read_text() == "mine"


def test_a_folder_without_a_project_gets_nothing(tmp_path: Path) -> None:
    with pytest.raises(NewProjectError, match=r"there is no svcgen\.toml here"):
        add_deployment(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_name_or_deploy_is_needed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new"]) == 2
    assert "Missing argument 'NAME'" in capsys.readouterr().err
