"""The cluster of a test session: `proofmark up --bare --nodes 1`, with some pods in kube-system as kind has them."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time


class KindCluster:
    """What kr8s' tests use of the class of this name."""

    def __init__(self, name, image=None):
        self.name = name
        self.folder = tempfile.TemporaryDirectory()
        self.kubeconfig_path = pathlib.Path(self.folder.name, "kubeconfig")
        self.kubectl_path = pathlib.Path(shutil.which("kubectl"))

    def create(self):
        up = [os.environ["PROOFMARK"], "up", "--bare", "--nodes", "1", "--quiet", "--kubeconfig", self.kubeconfig_path]
        self.process = subprocess.Popen(up)
        while not self.kubeconfig_path.exists():
            if self.process.poll() is not None:
                raise RuntimeError("the server did not start")
            time.sleep(0.05)
        container = {"name": "coredns", "image": "registry.k8s.io/coredns/coredns:v1.13.1"}
        labels = {"k8s-app": "kube-dns"}
        deployment = {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "coredns", "namespace": "kube-system", "labels": labels},
            "spec": {"replicas": 2, "selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}}},
        }
        self.kubectl("create", "-f", "-", input=json.dumps(deployment))
        self.kubectl("-n", "kube-system", "rollout", "status", "deployment/coredns", "--timeout=30s")

    def kubectl(self, *arguments, **options):
        environment = os.environ | {"KUBECONFIG": str(self.kubeconfig_path)}
        return subprocess.check_output(["kubectl", *map(str, arguments)], env=environment, text=True, **options)

    def delete(self):
        self.process.terminate()
        self.process.wait()
        self.folder.cleanup()
