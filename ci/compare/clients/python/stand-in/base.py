"""Stands in for the package of this name, which the source distribution leaves out: the cluster of the tests is that of KUBECONFIG."""

import os


def get_e2e_configuration():
    # The same file serves both clients; each is imported only where it is used, because each needs libraries of its own.
    if ".aio." in __name__:
        import asyncio

        from kubernetes.aio import client, config

        configuration = client.Configuration()
        asyncio.run(config.load_kube_config(os.environ["KUBECONFIG"], client_configuration=configuration))
    else:
        from kubernetes import client, config

        configuration = client.Configuration()
        config.load_kube_config(os.environ["KUBECONFIG"], client_configuration=configuration)
    return configuration
