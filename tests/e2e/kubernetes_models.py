# SPDX-License-Identifier: BSD-2-Clause
"""Compares manifests with Kubernetes' own schemas, for test_kubernetes: reads
each into the model that the client library has for its kind, which misses what
is required, and writes it again, which shows what the model does not know.
Needs Debian's python3-kubernetes and so its Python: kubernetes_models.py FILE...
"""
import json
import sys

import yaml
from kubernetes import client

API = client.ApiClient()


class Answer:
    """What the library takes a response's text from."""

    def __init__(self, manifest):
        self.data = json.dumps(manifest)


def model_of(manifest):
    """The model's name, and what it is to be compared with."""
    if "kind" in manifest:
        return "V1" + manifest["kind"], manifest
    return "V1PodTemplateSpec", manifest["spec"]["template"]


def differences(path, given, kept):
    if isinstance(given, dict) and isinstance(kept, dict):
        for key in sorted(set(given) | set(kept)):
            yield from differences(f"{path}.{key}", given.get(key), kept.get(key))
    elif isinstance(given, list) and isinstance(kept, list) and len(given) == len(kept):
        for i, pair in enumerate(zip(given, kept)):
            yield from differences(f"{path}[{i}]", *pair)
    elif given != kept:
        yield f"{path}: {given!r} became {kept!r}"


def check(name):
    with open(name, encoding="utf-8") as file:
        manifests = [manifest for manifest in yaml.safe_load_all(file) if manifest]
    for manifest in manifests:
        model, part = model_of(manifest)
        try:
            kept = API.sanitize_for_serialization(API.deserialize(Answer(part), model))
        except (ValueError, AttributeError, TypeError) as error:
            yield f"{name}: {model}: {error}"
            continue
        yield from (f"{name}: {model}{text}" for text in differences("", part, kept))
    if not manifests:
        yield f"{name}: no manifests"


def main():
    bad = [text for name in sys.argv[1:] for text in check(name)]
    print("\n".join(bad))
    sys.exit(1 if bad else 0)


main()
