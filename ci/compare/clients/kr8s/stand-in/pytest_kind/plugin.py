"""The option of the real package that kr8s' tests read."""


def pytest_addoption(parser):
    parser.addoption("--keep-cluster", action="store_true", default=False, dest="keep_cluster")
