"""Tries the Ray job of `docs/guide/cluster.md` on a real cluster: three nodes on this machine's loopback, of which one is killed
in the middle; says whether all songs are there, each once.

    python scripts/research/ray_cluster.py FOLDER

Needs the package `vibelux` and `ray[data]`. A folder of a few hundred songs takes some minutes.
"""

import argparse
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

import pyarrow.parquet
import ray

ROOT = pathlib.Path(__file__).resolve().parents[2]
JOB = ROOT / "crates/vibelux-python/examples/ray_songs.py"
# Not 127.0.0.1, which Ray replaces by the address of the machine's network.
NODES = ["127.0.0.2", "127.0.0.3", "127.0.0.4"]
HEAD = f"{NODES[0]}:6399"
ENVIRONMENT = {**os.environ, "RAY_USAGE_STATS_ENABLED": "0", "RAY_DISABLE_IMPORT_WARNING": "1"}
RAY = pathlib.Path(sys.executable).with_name("ray")


def start(*arguments):
    command = [str(RAY), "start", "--block", "--num-cpus=1", "--object-store-memory=120000000", *arguments]
    return subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def processes_of(node, address):
    """The node's processes: those that `ray start` began, and all that were told the node's address."""
    output = subprocess.run(["ps", "-eo", "pid=,ppid=,args="], stdout=subprocess.PIPE, check=True).stdout
    children, found = {}, {node.pid}
    for line in output.decode().splitlines():
        pid, parent, command = line.split(maxsplit=2)
        children.setdefault(int(parent), []).append(int(pid))
        if "ray" in command and address in command:
            found.add(int(pid))
    waiting = list(found)
    while waiting:
        for pid in children.get(waiting.pop(), []):
            if pid not in found:
                found.add(pid)
                waiting.append(pid)
    return found - {os.getpid()}


def kill(node, address):
    pids = processes_of(node, address)
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    return len(pids)


def alive():
    """Which nodes the cluster has had, and whether each lives."""
    ray.init(address=HEAD, log_to_driver=False, logging_level="ERROR")
    try:
        return {node["NodeManagerAddress"]: node["Alive"] for node in ray.nodes()}
    finally:
        ray.shutdown()


def wait_for(count):
    """Until the cluster has so many nodes; a minute at most."""
    for _ in range(30):
        time.sleep(2)
        try:
            if sum(alive().values()) == count:
                return
        except ConnectionError:
            pass
    raise SystemExit(f"the cluster does not come to {count} nodes")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--kill-after", type=float, default=12.0, help="seconds after the job began")
    args = parser.parse_args()
    out = tempfile.mkdtemp()
    nodes = [start("--head", f"--node-ip-address={NODES[0]}", "--port=6399", "--include-dashboard=false")]
    for count, node in enumerate(NODES[1:], start=1):
        wait_for(count)
        nodes.append(start(f"--address={HEAD}", f"--node-ip-address={node}"))
    wait_for(len(NODES))
    job = subprocess.Popen(
        [sys.executable, str(JOB), args.folder, out, "--address", HEAD, "--jobs", "3"], env=ENVIRONMENT
    )
    begun = time.monotonic()
    try:
        time.sleep(args.kill_after)
        assert job.poll() is None, "the job was done before a node could be killed: use more songs"
        count = kill(nodes[2], f"--node-ip-address={NODES[2]}")
        print(f"killed node 3 ({count} processes) after {time.monotonic() - begun:.0f} s", flush=True)
        assert job.wait(timeout=1800) == 0
        seconds = time.monotonic() - begun
        nodes_alive = alive()
    finally:
        for node, address in zip(nodes, NODES):
            kill(node, f"--node-ip-address={address}")
    assert nodes_alive == {NODES[0]: True, NODES[1]: True, NODES[2]: False}, nodes_alive
    table = pyarrow.parquet.read_table(out)
    paths = table.column("path").to_pylist()
    sys.path.insert(0, str(JOB.parent))
    import ray_songs

    wanted = ray_songs.find(args.folder)
    assert sorted(paths) == wanted, f"{len(paths)} rows, {len(set(paths))} songs of {len(wanted)}"
    failed = sum(error is not None for error in table.column("error").to_pylist())
    print(f"Ray {ray.__version__}: {len(paths)} songs in {seconds:.0f} s, each once, {failed} without a vector; in {out}")


if __name__ == "__main__":
    main()
