"""A walk through the typed clients of the Python package `kubernetes` against the cluster of KUBECONFIG. Each check is one line of output."""

import sys
import tempfile
import time
import traceback

import yaml
from kubernetes import client, config, utils, watch
from kubernetes.client.rest import ApiException
from kubernetes.leaderelection import electionconfig, leaderelection
from kubernetes.leaderelection.resourcelock.configmaplock import ConfigMapLock

config.load_kube_config()
core, apps, batch = client.CoreV1Api(), client.AppsV1Api(), client.BatchV1Api()
custom, extensions = client.CustomObjectsApi(), client.ApiextensionsV1Api()
SPACE = "typed"


def settings(name, **data):
    return client.V1ConfigMap(metadata=client.V1ObjectMeta(name=name, labels={"app": "typed"}), data=data)


def web(replicas):
    container = client.V1Container(name="web", image="nginx", ports=[client.V1ContainerPort(container_port=80)])
    template = client.V1PodTemplateSpec(
        metadata=client.V1ObjectMeta(labels={"app": "web"}), spec=client.V1PodSpec(containers=[container])
    )
    selector = client.V1LabelSelector(match_labels={"app": "web"})
    spec = client.V1DeploymentSpec(replicas=replicas, selector=selector, template=template)
    return client.V1Deployment(metadata=client.V1ObjectMeta(name="web"), spec=spec)


def refused(status, reason, call, *arguments, **options):
    try:
        call(*arguments, **options)
    except ApiException as error:
        body = yaml.safe_load(error.body)
        assert (error.status, body["reason"]) == (status, reason), (error.status, body)
        return body
    raise AssertionError(f"not refused with {status} {reason}")


def until(what, patience=60):
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if found := what():
            return found
        time.sleep(0.1)
    raise AssertionError("it did not come to that")


def versions():
    assert client.VersionApi().get_code().minor == "35"
    groups = [group.name for group in client.ApisApi().get_api_versions().groups]
    assert "apps" in groups, groups
    names = [resource.name for resource in apps.get_api_resources().resources]
    assert "deployments/scale" in names, names


def namespaces():
    core.create_namespace(client.V1Namespace(metadata=client.V1ObjectMeta(name=SPACE)))
    assert core.read_namespace(SPACE).status.phase == "Active"
    until(lambda: core.list_namespaced_service_account(SPACE).items)
    body = refused(409, "AlreadyExists", core.create_namespace, client.V1Namespace(metadata=client.V1ObjectMeta(name=SPACE)))
    assert body["message"] == f'namespaces "{SPACE}" already exists', body


def objects():
    made = core.create_namespaced_config_map(SPACE, settings("one", a="1"))
    made.data["b"] = "2"
    replaced = core.replace_namespaced_config_map("one", SPACE, made)
    assert replaced.metadata.resource_version != made.metadata.resource_version
    refused(409, "Conflict", core.replace_namespaced_config_map, "one", SPACE, made)
    merged = core.patch_namespaced_config_map("one", SPACE, {"data": {"a": None, "c": "3"}})
    assert merged.data == {"b": "2", "c": "3"}, merged.data
    pointed = core.patch_namespaced_config_map("one", SPACE, [{"op": "remove", "path": "/data/b"}])
    assert pointed.data == {"c": "3"}, pointed.data
    refused(404, "NotFound", core.read_namespaced_config_map, "none", SPACE)
    refused(422, "Invalid", core.create_namespaced_config_map, SPACE, settings("Not A Name"))
    dry = core.create_namespaced_config_map(SPACE, settings("dry"), dry_run="All")
    assert dry.metadata.uid
    refused(404, "NotFound", core.read_namespaced_config_map, "dry", SPACE)


def chunks():
    for number in range(7):
        core.create_namespaced_config_map(SPACE, settings(f"chunk-{number}", n=str(number)))
    names, go_on = [], None
    while True:
        page = core.list_namespaced_config_map(SPACE, limit=3, _continue=go_on, label_selector="app=typed")
        assert len(page.items) <= 3
        names += [item.metadata.name for item in page.items]
        go_on = page.metadata._continue
        if not go_on:
            break
    assert names == sorted(names) and len(names) == 8, names
    core.delete_collection_namespaced_config_map(SPACE, label_selector="app=typed")
    assert not core.list_namespaced_config_map(SPACE, label_selector="app=typed").items


def watches():
    start = core.list_namespaced_config_map(SPACE).metadata.resource_version
    core.create_namespaced_config_map(SPACE, settings("seen", n="1"))
    core.patch_namespaced_config_map("seen", SPACE, {"data": {"n": "2"}})
    core.delete_namespaced_config_map("seen", SPACE)
    seen, stream = [], watch.Watch()
    for event in stream.stream(core.list_namespaced_config_map, SPACE, resource_version=start, timeout_seconds=30):
        seen.append((event["type"], event["object"].data["n"]))
        if event["type"] == "DELETED":
            stream.stop()
    assert seen == [("ADDED", "1"), ("MODIFIED", "2"), ("DELETED", "2")], seen


def workloads():
    apps.create_namespaced_deployment(SPACE, web(2))
    until(lambda: apps.read_namespaced_deployment("web", SPACE).status.available_replicas == 2)
    apps.patch_namespaced_deployment_scale("web", SPACE, {"spec": {"replicas": 3}})
    until(lambda: apps.read_namespaced_deployment_status("web", SPACE).status.ready_replicas == 3)
    strategic = {"spec": {"template": {"spec": {"containers": [{"name": "web", "image": "nginx:2"}]}}}}
    patched = apps.patch_namespaced_deployment("web", SPACE, strategic)
    (container,) = patched.spec.template.spec.containers
    assert (container.image, container.ports[0].container_port) == ("nginx:2", 80), container
    until(lambda: apps.read_namespaced_deployment("web", SPACE).status.updated_replicas == 3)
    pods = core.list_namespaced_pod(SPACE, label_selector="app=web", field_selector="status.phase=Running").items
    assert pods and isinstance(core.read_namespaced_pod_log(pods[0].metadata.name, SPACE), str)
    apps.delete_namespaced_deployment("web", SPACE, propagation_policy="Foreground")
    until(lambda: not core.list_namespaced_pod(SPACE, label_selector="app=web").items)
    refused(404, "NotFound", apps.read_namespaced_deployment, "web", SPACE)


def files():
    documents = [
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "file"}, "stringData": {"k": "v"}},
        {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "file"},
         "spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "busybox"}]}}}},
    ]
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        yaml.safe_dump_all(documents, file)
        file.flush()
        utils.create_from_yaml(client.ApiClient(), file.name, namespace=SPACE)
    assert core.read_namespaced_secret("file", SPACE).data == {"k": "dg=="}
    assert batch.read_namespaced_job("file", SPACE).spec.backoff_limit == 6


def custom_objects():
    schema = {"type": "object", "properties": {"spec": {"type": "object", "properties": {"teeth": {"type": "integer", "minimum": 1}}}}}
    names = {"plural": "gears", "singular": "gear", "kind": "Gear"}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema},
               "subresources": {"status": {}}}
    definition = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "gears.example.org"},
                  "spec": {"group": "example.org", "scope": "Namespaced", "names": names, "versions": [version]}}
    extensions.create_custom_resource_definition(definition)

    def established():
        conditions = extensions.read_custom_resource_definition("gears.example.org").status.conditions or []
        return any(c.type == "Established" and c.status == "True" for c in conditions)

    until(established)
    at = ("example.org", "v1", SPACE, "gears")
    gear = {"apiVersion": "example.org/v1", "kind": "Gear", "metadata": {"name": "g"}, "spec": {"teeth": 8}}
    until(lambda: custom.list_namespaced_custom_object(*at)["kind"] == "GearList")
    custom.create_namespaced_custom_object(*at, gear)
    custom.patch_namespaced_custom_object_status(*at, "g", {"status": {}})
    refused(422, "Invalid", custom.patch_namespaced_custom_object, *at, "g", {"spec": {"teeth": 0}})
    assert custom.get_namespaced_custom_object(*at, "g")["spec"] == {"teeth": 8}
    custom.delete_namespaced_custom_object(*at, "g")
    assert custom.list_namespaced_custom_object(*at)["items"] == []


def access():
    attributes = client.V1ResourceAttributes(namespace=SPACE, verb="get", resource="pods")
    user = f"system:serviceaccount:{SPACE}:default"
    review = client.V1SubjectAccessReview(spec=client.V1SubjectAccessReviewSpec(user=user, resource_attributes=attributes))
    assert not client.AuthorizationV1Api().create_subject_access_review(review).status.allowed
    request = client.AuthenticationV1TokenRequest(spec=client.V1TokenRequestSpec(audiences=[], expiration_seconds=600))
    token = core.create_namespaced_service_account_token("default", SPACE, request).status.token
    review = client.V1TokenReview(spec=client.V1TokenReviewSpec(token=token))
    answer = client.AuthenticationV1Api().create_token_review(review).status
    assert answer.authenticated and answer.user.username == user, answer
    admin = client.Configuration.get_default_copy()
    own = client.Configuration(host=admin.host, api_key={"BearerToken": f"Bearer {token}"})
    own.ssl_ca_cert = admin.ssl_ca_cert
    body = refused(403, "Forbidden", client.CoreV1Api(client.ApiClient(own)).list_namespaced_pod, SPACE)
    assert body["message"].startswith(f'pods is forbidden: User "{user}" cannot list resource "pods"'), body


def leaders():
    lock = ConfigMapLock("leader", SPACE, "typed")
    timing = {"lease_duration": 17, "renew_deadline": 15, "retry_period": 1}
    election = leaderelection.LeaderElection(
        electionconfig.Config(lock, **timing, onstarted_leading=print, onstopped_leading=None)
    )
    assert election.acquire()
    assert election.try_acquire_or_renew()
    record = core.read_namespaced_config_map("leader", SPACE).metadata.annotations
    assert any("typed" in value for value in record.values()), record


def ends():
    core.delete_namespace(SPACE)

    def gone():
        try:
            core.read_namespace(SPACE)
        except ApiException as error:
            return error.status == 404

    until(gone)


def main():
    steps = [versions, namespaces, objects, chunks, watches, workloads, files, custom_objects, access, leaders, ends]
    failed = 0
    for step in steps:
        try:
            step()
            print(f"ok      {step.__name__}")
        except Exception:
            failed += 1
            print(f"FAILED  {step.__name__}")
            traceback.print_exc()
    print(f"typed clients: {len(steps) - failed} of {len(steps)}")
    return 1 if failed else 0


sys.exit(main())
