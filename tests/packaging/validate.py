"""Validates the packaging for several machines: manifests of Kubernetes as kubectl renders them, the
settings by `kenduri check`, and the balancer's by HAProxy."""

import os
import pathlib
import subprocess
import sys

import kubernetes_validate
import yaml

ROOT = pathlib.Path(__file__).parents[2]
KUBERNETES = ROOT / "packaging" / "kubernetes"
CLUSTER = ROOT / "packaging" / "cluster"
# The first with `preStop: sleep` on.
VERSION = "1.30"
KINDS = {"ConfigMap", "Service", "Deployment", "PodDisruptionBudget", "Job"}


def run(*command, **environment):
    result = subprocess.run(
        command, env=os.environ | environment, capture_output=True, text=True, check=False
    )
    if result.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{result.stdout}{result.stderr}")
    return result.stdout


def main():
    program = os.environ.get("TESTED_PROGRAM", ROOT / "target" / "debug" / "kenduri")
    manifests = list(yaml.safe_load_all(run("kubectl", "kustomize", KUBERNETES)))
    for manifest in manifests:
        kubernetes_validate.validate(manifest, VERSION, strict=True)
    kinds = {manifest["kind"] for manifest in manifests}
    assert kinds == KINDS, kinds
    settings = [one["data"] for one in manifests if one["kind"] == "ConfigMap"]
    assert settings == [{"kenduri.toml": (KUBERNETES / "kenduri.toml").read_text()}]
    run(program, "check", "--config", KUBERNETES / "kenduri.toml")

    compose = yaml.safe_load((CLUSTER / "compose.yaml").read_text())
    services = compose["services"]
    for number in ["1", "2"]:
        machine = services[f"kenduri-{number}"]
        run(program, "check", "--config", CLUSTER / "kenduri.toml", **machine["environment"])
        assert f"kenduri-{number}:8080" in (CLUSTER / "haproxy.cfg").read_text()
    assert {"haproxy", "postgres", "minio", "bucket"} < services.keys()
    run("/usr/sbin/haproxy", "-c", "-f", CLUSTER / "haproxy.cfg")
    print(f"{len(manifests)} manifests, {len(services)} services and 2 settings files are valid")


main()
