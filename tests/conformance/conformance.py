"""What the tests with all clients share: the interpreter of their venv, a home, and the clients on it."""

import concurrent.futures
import inspect
import os
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "integration"))
import harness  # noqa: E402  (found through the line above)
from clients import all_clients  # noqa: E402


def at_once(clients, test):
    """test(client) for each of them at the same time; raises the first one's failure, with the client's name."""
    with concurrent.futures.ThreadPoolExecutor(len(clients)) as pool:
        running = [(client, pool.submit(test, client)) for client in clients]
    for client, done in running:
        if done.exception() is not None:
            raise harness.Failed(f"{client.name}: {done.exception()!r}") from done.exception()


class WithClients:
    """Calls test(tidegate, clients), or test(tidegate, client) for all clients at once, by its second parameter's name;
    the clients are made when the control plane is there."""

    def __init__(self, tools, make):
        self.tools, self.make, self.clients = tools, make, None

    def wrap(self, test):
        def run(tidegate):
            if self.clients is None:
                tidegate.run("serve", "--detach", expect=0)
                self.clients = self.make(tidegate.environment(), self.tools)
                print("clients:", ", ".join(client.name for client in self.clients), flush=True)
            if list(inspect.signature(test).parameters)[1] == "client":
                at_once(self.clients, lambda client: test(tidegate, client))
            else:
                test(tidegate, self.clients)
        run.__doc__, run.__name__ = test.__doc__, test.__name__
        return run


def main(namespace, make=all_clients):
    """Runs the module's tests by harness.main(), in the venv's interpreter; make(environment, tools) → the clients."""
    if os.environ.get("TG_CONFORMANCE_VENV") != "1":
        python = pathlib.Path(sys.argv[2]).resolve() / "bin" / "python"
        os.execve(python, [str(python), *sys.argv], os.environ | {"TG_CONFORMANCE_VENV": "1"})
    with_clients = WithClients(sys.argv.pop(2), make)
    for name in [name for name in namespace if name.startswith("test_")]:
        setattr(sys.modules["__main__"], name, with_clients.wrap(namespace[name]))
    harness.main()
